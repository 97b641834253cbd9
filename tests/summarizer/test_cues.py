"""What gives a kind away, on sentences that are not in the tables."""

from __future__ import annotations

import pytest

from summarizer.cues import CLIENT_CUES, REASON_ASKED


def first_kind(text: str) -> tuple[str, str] | None:
    return next(((kind, aspect) for kind, aspect, pattern in CLIENT_CUES if pattern.search(text)), None)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("I wake up at three", "sleep"),
        ("I skip lunch most days", "appetite"),
        ("I am exhausted", "energy"),
        ("I drink four beers a night", "substance_use"),
        ("I take fifty milligrams of sertraline", "medication"),
        ("I feel guilty about it", "symptom"),
        ("my mother had depression", "history"),
        ("my boss moved the deadline", "functioning"),
        ("I filled out the worksheet", "homework"),
        ("every time I go out I panic", "trigger"),
    ],
)
def test_a_sentence_is_sorted_by_what_it_speaks_of(said: str, kind: str) -> None:
    found = first_kind(said)
    assert found is not None
    assert found[0] == kind


def test_drinking_water_is_no_substance_use() -> None:
    found = first_kind("I drink water all day")
    assert found is None or found[0] != "substance_use"


def test_questions_that_ask_for_the_reason_are_known() -> None:
    assert REASON_ASKED.search("what brings you in today")
    assert not REASON_ASKED.search("what time is it")
