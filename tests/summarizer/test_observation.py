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
        ("it looks like your wrist is broken", "Clinician believes that client's wrist is broken"),
        ("I reviewed your blood work", "Clinician reviewed client's blood work"),
        ("we sent you for a scan of the hip", "Clinician sent client for a scan of the hip"),
        ("I do not see any swelling", "no swelling"),
        ("it does show that you have a small hernia", "client has a small hernia"),
        ("I hear a soft murmur, which I have heard before", "Clinician hears a soft murmur"),
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


def test_a_dictated_finding_needs_no_verb() -> None:
    assert found("two small scars on both forearms", CLIENT, STYLE) is None
    assert (
        found("two small scars on both forearms", CLIENT, STYLE, fragment=True)
        == "two small scars on both forearms"
    )


def test_what_the_clinician_recalls_is_the_clinicians_note() -> None:
    assert (
        recalled("I see that you had surgery last year", CLIENT, STYLE)
        == "Clinician noted that client had surgery last year"
    )
    assert recalled("you had surgery", CLIENT, STYLE) is None
