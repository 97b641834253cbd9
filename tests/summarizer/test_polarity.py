"""Yes, no and not."""

from __future__ import annotations

import pytest

from summarizer.polarity import answer_polarity, has_negation, is_negated, is_pure_no, is_pure_yes


@pytest.mark.parametrize(
    "answer", ["No.", "no, nothing like that", "Nope, never.", "not that i've noticed", "Absolutely not!"]
)
def test_a_plain_no_denies_everything(answer: str) -> None:
    assert is_pure_no(answer)


@pytest.mark.parametrize(
    "answer",
    ["No, just the cough.", "not really", "no but sometimes", "Uh.", "Yes.", "No, I wouldn't do it."],
)
def test_a_no_with_anything_more_is_not_a_plain_no(answer: str) -> None:
    assert not is_pure_no(answer)


def test_the_polarity_of_an_answer_is_how_it_begins() -> None:
    assert answer_polarity("Yeah, most days") == "yes"
    assert answer_polarity("I haven't, no") == "no"
    assert answer_polarity("About four") == "open"
    assert answer_polarity("I have noticed some changes") == "open"
    assert is_pure_yes("Yes, I do.")
    assert not is_pure_yes("Yes, two pills.")


def test_negation_reaches_forward_until_something_ends_it() -> None:
    text = "I don't have any pain but I have nausea"
    assert is_negated(text, text.index("pain"))
    assert not is_negated(text, text.index("nausea"))


def test_a_leading_no_is_an_answer_and_negates_nothing_after_it() -> None:
    text = "No, I have pain"
    assert not is_negated(text, text.index("pain"))
    assert not has_negation("It helped not only at night")


@pytest.mark.parametrize("said", ["i dont sleep", "it wasnt there", "she cant eat", "we havent talked"])
def test_a_not_without_its_apostrophe_is_a_not(said: str) -> None:
    assert has_negation(said)


def test_an_answer_without_its_apostrophe_is_a_no() -> None:
    assert answer_polarity("i dont") == "no"
