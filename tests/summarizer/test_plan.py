"""Items of a plan from what a clinician said."""

from __future__ import annotations

import pytest

from summarizer.plan import appointment, planned
from summarizer.subject import client_of
from summarizer.types import Style

STYLE = Style()


@pytest.mark.parametrize(
    ("said", "item"),
    [
        ("I want you to keep a log", "Client to keep a log"),
        ("we will repeat the labs because I am worried", "repeat the labs"),
        ("let us meet again next week", "meet again next week"),
        ("you need to avoid salt", "Client advised to avoid salt"),
        ("you can take ibuprofen at night", "Client advised that they can take ibuprofen at night"),
        ("for your knee, I want to order an x-ray", "For client's knee, order an x-ray"),
        (
            "I would like you to keep the diary until we meet again, and walk once a day",
            "Client to keep the diary, and walk once a day",
        ),
        (
            "I am also going to send a letter to your doctor",
            "Clinician will send a letter to client's doctor",
        ),
        ("what I want to do is I will repeat the scan", "repeat the scan"),
        ("I would also like you to go to the hospital today", "Client to go to the hospital today"),
        ("I would like to see you eat three meals a day", "Client to eat three meals a day"),
        ("Hey Dragon, order a urine culture", "order a urine culture"),
        ("same time next week", "Next appointment: same time next week"),
    ],
)
def test_a_clause_becomes_an_item(said: str, item: str) -> None:
    assert planned(said, client_of(STYLE), STYLE) == item


@pytest.mark.parametrize(
    "said",
    ["I want you to take that", "I think about it a lot", "we will see", "I want you to bring your"],
)
def test_what_would_say_nothing_is_no_item(said: str) -> None:
    assert planned(said, client_of(STYLE), STYLE) is None


@pytest.mark.parametrize(
    ("said", "when"),
    [
        ("See you next Thursday at ten.", "next Thursday at ten"),
        ("I will book you in for two weeks from today.", "two weeks from today"),
        ("Does Wednesday the 14th at 2:30 work for you?", "Wednesday the 14th at 2:30"),
        ("Let us meet again in three weeks.", "in three weeks"),
        ("Shall we say the same time next week?", "the same time next week"),
        ("If it gets worse, come back in two days.", None),
        ("See you on Monday or Tuesday.", None),
        ("Recheck the labs in two weeks.", None),
    ],
)
def test_an_appointment_is_when_it_was_said_to_be(said: str, when: str | None) -> None:
    assert appointment(said) == when
