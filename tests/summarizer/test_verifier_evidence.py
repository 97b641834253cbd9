"""Words with their yes and no, as they are said and as they are written."""

from __future__ import annotations

import pytest

from summarizer.types import Role
from summarizer.verifier_evidence import AFFIRMED, ASKED, NEGATED, read, read_statement

Said = list[tuple[Role | None, str]]


def flags(said: Said) -> dict[str, int]:
    return {word: flag for line in read(said) for word, flag in zip(line.stems, line.flags, strict=True)}


@pytest.mark.parametrize(
    ("answer", "flag"), [("No.", NEGATED), ("Yes.", AFFIRMED), ("Why do you want to know?", ASKED)]
)
def test_a_question_takes_the_polarity_of_its_answer(answer: str, flag: int) -> None:
    assert flags([("clinician", "Any nausea?"), ("client", answer)])["nausea"] == flag


def test_a_negation_ends_where_a_new_subject_begins() -> None:
    found = flags([("client", "I don't have nausea, and I have cramps.")])
    assert (found["nausea"], found["cramp"]) == (NEGATED, AFFIRMED)


def test_an_opening_no_only_answers() -> None:
    assert flags([("client", "No, my knee aches.")])["kne"] == AFFIRMED


def test_a_list_that_is_denied_is_denied_to_its_end() -> None:
    line = read_statement("Denies nausea, cramps, or palpitations but reports itching.")
    assert line.flags == (NEGATED, NEGATED, NEGATED, AFFIRMED, AFFIRMED)


def test_not_unable_affirms() -> None:
    assert NEGATED not in read_statement("Client is not unable to kneel.").flags
