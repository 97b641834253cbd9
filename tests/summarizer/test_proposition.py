"""What a question puts to the client."""

from __future__ import annotations

import pytest

from summarizer.proposition import proposition
from summarizer.subject import client_of
from summarizer.types import Style

CLIENT = client_of(Style())


@pytest.mark.parametrize(
    ("question", "denies"),
    [
        ("Have you had any thoughts of suicide?", "thoughts of suicide"),
        (
            "any chest pains , shortness of breath , any swelling in your legs ?",
            "chest pains, shortness of breath, or swelling in their legs",
        ),
        (
            "Are you having any thoughts of hurting yourself or anyone else?",
            "thoughts of hurting themself or anyone else",
        ),
        ("Do you smoke?", "smoking"),
        ("Have you ever been hospitalized?", "ever having been hospitalized"),
        ("Any burning when you urinate?", "burning when they urinate"),
        (
            "So, no issues, no feelings of wanting to harm yourself or hurt others?",
            "feelings of wanting to harm themself or hurt others",
        ),
    ],
)
def test_a_no_denies_what_was_asked_in_the_questions_own_words(question: str, denies: str) -> None:
    found = proposition(question, CLIENT)
    assert found is not None
    assert found.denies == denies


def test_a_yes_affirms_one_thing_but_never_one_of_a_list() -> None:
    one = proposition("Are you taking your medication?", CLIENT)
    several = proposition("Any nausea or vomiting?", CLIENT)
    assert one is not None
    assert several is not None
    assert (one.reports, several.reports) == ("taking their medication", "")


@pytest.mark.parametrize(
    "question",
    [
        "Do you feel better or worse?",
        "What do you take for it?",
        "Do you have any questions?",
        "Are you sleeping and are you eating?",
        "Did you take it?",
        "Any other symptoms?",
    ],
)
def test_a_question_that_cannot_be_turned_round_puts_nothing(question: str) -> None:
    assert proposition(question, CLIENT) is None


def test_nobody_is_said_to_deny_doing_well() -> None:
    found = proposition("Are you sleeping okay?", CLIENT)
    assert found is not None
    assert found.denies == ""


@pytest.mark.parametrize(
    ("question", "reports"),
    [
        ("Does your back hurt at night?", "that their back hurts at night"),
        ("Is your sleep getting better?", "that their sleep is getting better"),
        ("and you're still due for a checkup, right?", "that they are still due for a checkup"),
        ("Did your hand swell up?", "that their hand swelled up"),
    ],
)
def test_a_question_about_something_of_the_clients_is_turned_into_its_clause(
    question: str, reports: str
) -> None:
    found = proposition(question, CLIENT)
    assert found is not None
    assert found.reports == found.denies == reports


def test_a_no_to_two_things_denies_both_and_a_yes_affirms_neither() -> None:
    found = proposition("Are you experiencing fever or chills?", CLIENT)
    assert found is not None
    assert (found.reports, found.denies) == ("", "experiencing fever or chills")
