"""Questions and answers read together."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from summarizer.discourse import read_clauses
from summarizer.exchange import exchange_facts
from summarizer.extractive import write_note
from summarizer.facts import extract_facts
from summarizer.templates import load_template
from summarizer.types import Context, Style, Turn

Talk = Callable[[str], tuple[Turn, ...]]


def written(turns: tuple[Turn, ...], name: str = "soap") -> list[str]:
    body = write_note(load_template(name), turns, extract_facts(turns), Style(), Context())
    return [statement.text for section in body.sections for statement in section.statements]


@pytest.mark.parametrize(
    ("asked", "answered", "statement"),
    [
        (
            "Who do you lean on?",
            "My aunt, mostly. And people at church.",
            'Client identified supports: "My aunt, mostly. And people at church."',
        ),
        (
            "What keeps you going?",
            "My kids. They need me.",
            'Client identified supports: "My kids. They need me."',
        ),
        (
            "Is there anyone you can talk to?",
            "No, not really. I keep it to myself.",
            'Asked, "Is there anyone you can talk to?", client answered, "No, not really. I keep it to myself."',
        ),
        ("How have you been eating?", "Badly.", "Client reports eating badly."),
        (
            "How have you been sleeping?",
            "Not well. It got worse in May.",
            "Client reports not sleeping well and that sleep got worse in May.",
        ),
        (
            "How is your mood?",
            "Up and down. It gets worse in the evening.",
            'Asked about mood, client stated, "Up and down. It gets worse in the evening."',
        ),
        (
            "What went through your mind?",
            "That I cannot cope with this.",
            'Client identified the thought, "That I cannot cope with this."',
        ),
        (
            "Are you taking your Lexapro?",
            "Yes, 10 milligrams every night.",
            "Client reports taking their Lexapro, 10 mg every night.",
        ),
        (
            "How are you doing with the medication?",
            "I keep forgetting it. It makes me nauseous.",
            'Asked, "How are you doing with the medication?", client answered, '
            '"I keep forgetting it. It makes me nauseous."',
        ),
        (
            "How strongly do you believe that now, from zero to 100?",
            "About 30. It was 80 before.",
            'Asked, "How strongly do you believe that now, from zero to 100?", client answered, '
            '"About 30. It was 80 before."',
        ),
        (
            "You set a goal to swim every week. How is that going?",
            "Better. I went on Sunday.",
            'Asked, "You set a goal to swim every week. How is that going?", client answered, '
            '"Better. I went on Sunday."',
        ),
    ],
)
def test_an_answer_is_told_with_what_its_question_makes_of_it(
    talk: Talk, asked: str, answered: str, statement: str
) -> None:
    assert statement in written(talk(f"T: {asked}\nC: {answered}"))


def test_question_and_answer_are_both_evidence(talk: Talk) -> None:
    turns = talk("T: Who can you turn to?\nC: My brother. He calls me daily.")
    (fact,), told = exchange_facts(read_clauses(turns), frozenset())
    assert fact.kind == "protective"
    assert {span.turn for span in fact.evidence} == {"t1", "t2"}
    assert told == {("t2", 0), ("t2", 12)}


def test_a_question_about_risk_is_left_to_risk(talk: Talk) -> None:
    turns = talk("T: What thoughts of hurting yourself have you had?\nC: None this week, none at all.")
    assert exchange_facts(read_clauses(turns), frozenset())[0] == []


def test_how_bad_a_pain_is_is_no_progress(talk: Talk) -> None:
    turns = talk("T: On a scale of one to ten, how is the pain?\nC: About a seven.")
    assert not any(fact.kind == "progress" for fact in extract_facts(turns))


def test_an_answer_that_was_broken_off_is_not_quoted_as_a_support(talk: Talk) -> None:
    turns = talk("T: Who do you turn to?\nC: My sister and the-- well, nobody I could name here.")
    assert not any('"My sister and the' in text for text in written(turns))


def test_a_goal_that_was_asked_about_stands_in_the_goal_section(talk: Talk) -> None:
    turns = talk("T: You set a goal to swim every week. How is that going?\nC: Better. I went on Sunday.")
    assert "Goal reviewed: swim every week." in written(turns, "girpp")


def test_a_thought_is_not_told_again_as_a_response(talk: Talk) -> None:
    turns = talk("T: What went through your mind?\nC: That everybody was staring at me.")
    assert sum("everybody was staring" in text for text in written(turns)) == 1


def test_a_topic_is_only_named_where_the_question_names_it(talk: Talk) -> None:
    turns = talk("T: How about alcohol?\nC: Hardly ever.")
    assert not any("drinking" in text for text in written(turns))
