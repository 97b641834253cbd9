"""First and second person turned to third, and left alone where that is not sure."""

from __future__ import annotations

import pytest

from summarizer.person import on_topic, reported
from summarizer.subject import client_of
from summarizer.types import Style

THEY = client_of(Style())
SHE = client_of(Style(pronouns="she/her"))


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("I've been sleeping badly since March", "Client reports sleeping badly since March"),
        (
            "um, i, i ca n't fall asleep at night , you know",
            "Client reports being unable to fall asleep at night",
        ),
        ("I'm tired all the time", "Client reports being tired all the time"),
        ("I don't sleep well", "Client reports not sleeping well"),
        ("I have to get up at five", "Client reports having to get up at five"),
        (
            "I was scared that I would lose my job",
            "Client reports that they were scared that they would lose their job",
        ),
        ("When I wake up I feel sick", "Client reports that when they wake up they feel sick"),
        ("my husband says I snore", "Client reports that their husband says they snore"),
        ("I think I drink too much", "Client believes that they drink too much"),
        ("I'd like to go back to work", "Client would like to go back to work"),
        ("I want to stop", "Client wants to stop"),
        ("work has been stressful", "Client reports that work has been stressful"),
        ("I feel tired and cry a lot", "Client reports that they feel tired and cry a lot"),
    ],
)
def test_what_a_client_says_is_told_in_the_third_person(said: str, written: str) -> None:
    assert reported(said, THEY) == written


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("When I wake up I feel sick", "Client reports that when she wakes up she feels sick"),
        (
            "I always worry that I'm failing my kids",
            "Client reports always worrying that she is failing her kids",
        ),
        ("I was late", "Client reports that she was late"),
        ("I know I have a problem", "Client reports that she knows she has a problem"),
    ],
)
def test_the_verb_follows_the_pronoun(said: str, written: str) -> None:
    assert reported(said, SHE) == written


@pytest.mark.parametrize(
    "said",
    [
        "you know how it is when you lose somebody",
        "we fight about money",
        "he yells at me",
        "it was that thing",
        "I was like why are you doing that",
        "the panic attacks",
        "because I",
        "I want to",
        "Why did I do it?",
        "I'm trying to think no I don't think so no",
        "work is killing me",
        "my husband and I fight",
    ],
)
def test_what_cannot_be_turned_surely_is_left_alone(said: str) -> None:
    assert reported(said, THEY) is None


def test_a_leading_he_is_named_where_it_is_known_who_he_is() -> None:
    assert (
        reported("he yells at me", THEY, antecedent="my husband")
        == "Client reports that their husband yells at them"
    )


def test_numbers_and_hyphens_survive() -> None:
    assert reported("I have a 12-year-old daughter", THEY) == "Client reports having a 12-year-old daughter"
    assert reported("my a1c was 5.5 last week", THEY) == "Client reports that their a1c was 5.5 last week"


@pytest.mark.parametrize(
    ("answer", "question", "sentence"),
    [
        ("Poorly.", "How are you sleeping?", "Client reports sleeping poorly"),
        ("It has been hard.", "How has work been?", "Client reports that work has been hard"),
        ("Up and down.", "How has work been?", None),
        ("My boss left and it is hard.", "How has work been?", None),
    ],
)
def test_an_answer_takes_its_topic_from_the_question(
    answer: str, question: str, sentence: str | None
) -> None:
    assert on_topic(answer, question, "work", THEY) == sentence


def test_a_comma_where_the_speaker_halted_is_left_out() -> None:
    assert reported("I'd like to, go back to the gym", THEY) == "Client would like to go back to the gym"
    assert (
        reported("my friends did not, like, know", THEY) == "Client reports that their friends did not know"
    )


def test_a_clause_that_breaks_off_before_its_last_word_is_not_told() -> None:
    assert reported("I used to swim quite a bit, and in the last", THEY) is None
