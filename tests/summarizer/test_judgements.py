"""Judgements that nobody spoke, and near misses."""

from __future__ import annotations

import pytest

from summarizer.judgements import unspoken


@pytest.mark.parametrize(
    ("words", "said", "kinds"),
    [
        ("Affect was flat.", "it does not affect me", ["not_from_audio"]),
        ("Noise may affect sleep.", "the noise keeps me awake", []),
        ("Client was well-groomed.", "I washed my hair", ["not_from_audio"]),
        ("Insight is limited.", "I have little insight, you said", []),
        ("Client has PTSD.", "I have bad dreams", ["diagnosis"]),
        ("Client has PTSD.", "I was told it is PTSD", []),
        ("Scored 12 on the GAD-7.", "the GAD-7 was twelve", []),
        ("Risk level: low.", "I feel fine", ["risk_level"]),
        ("Client is at low risk.", "I would say your risk is low", []),
    ],
)
def test_only_what_was_spoken_may_be_judged(words: str, said: str, kinds: list[str]) -> None:
    assert [kind for kind, _ in unspoken(words, [said])] == kinds


def test_what_the_clinician_gave_beside_the_recording_counts_as_spoken() -> None:
    assert unspoken("Client has PTSD.", ["I sleep badly"], ["PTSD"]) == ()
