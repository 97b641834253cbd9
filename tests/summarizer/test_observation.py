"""Spoken findings, turned to speak of the client."""

from __future__ import annotations

import pytest

from summarizer.observation import found, recalled
from summarizer.subject import client_of
from summarizer.types import Style

STYLE = Style()
CLIENT = client_of(STYLE)


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("your lungs are clear", "client's lungs are clear"),
        ("I appreciate a small effusion", "Clinician appreciates a small effusion"),
        ("I think you have a sprain", "Clinician believes that client has a sprain"),
        (
            "for your last problem, your hypertension, I think it is out of control",
            "Regarding client's hypertension, clinician believes that it is out of control",
        ),
    ],
)
def test_a_finding_speaks_of_the_client(said: str, written: str) -> None:
    assert found(said, CLIENT, STYLE) == written


@pytest.mark.parametrize(
    "said",
    [
        "it is a little high",
        "on your examination of the abdomen",
        "your lungs are",
        "I see that we should talk",
    ],
)
def test_a_finding_without_its_thing_is_none(said: str) -> None:
    assert found(said, CLIENT, STYLE) is None


def test_what_the_clinician_recalls_is_the_clinicians_note() -> None:
    assert (
        recalled("I see that you had surgery last year", CLIENT, STYLE)
        == "Clinician noted that client had surgery last year"
    )
    assert recalled("you had surgery", CLIENT, STYLE) is None
