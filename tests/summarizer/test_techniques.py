"""Interventions named only where the words show them being done."""

from __future__ import annotations

import pytest

from summarizer.clinical import counted, visit_of
from summarizer.techniques import techniques_in
from summarizer.types import Turn


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Breathe in for four, hold, and breathe out slowly for six.", "paced breathing"),
        ("What's the evidence for that thought?", "cognitive restructuring"),
        ("Tell me five things you can see in this room.", "grounding"),
        ("On a scale of zero to ten, where are you?", "scaling question"),
        ("Let's look at your thought record together.", "thought record review"),
        ("Panic is what we call the fight or flight response.", "psychoeducation"),
        ("What are some of the good things about drinking?", "decisional balance"),
        ("Let's do a role play, I'll be your boss.", "role play"),
        ("It makes sense that you felt hurt.", "validation"),
        ("It sounds like you're torn.", "reflective listening"),
        ("You've carried this by yourself for years.", "reflective listening"),
        ("Your children mean the world to you.", "reflective listening"),
        ("There are several groups that meet in the evening.", "information"),
        ("A lot of people with a broken arm get a cast for six weeks.", "information"),
        ("That took a lot of courage.", "affirmation"),
    ],
)
def test_a_technique_is_named_by_the_words_that_do_it(said: str, name: str) -> None:
    assert name in [technique.name for technique in techniques_in(said)]


def test_what_is_set_for_home_is_not_done_in_the_room() -> None:
    assert techniques_in("I'd like you to do the grounding every night this week.") == ()


def test_a_specific_technique_outranks_a_broad_one() -> None:
    found = techniques_in("So you think everyone saw it, what's the evidence for that?")
    assert [technique.name for technique in found] == ["cognitive restructuring"]


def test_a_deep_breath_under_a_stethoscope_is_no_breathing_exercise() -> None:
    turns = [
        Turn("1", "clinician", "I'm going to listen to your lungs now, let me get my stethoscope."),
        Turn("2", "clinician", "Take a deep breath in and out."),
    ]
    assert visit_of(map(counted, turns)).exam_room
    assert techniques_in("Breathe in and breathe out.", in_exam_room=True) == ()


def test_small_talk_is_no_technique() -> None:
    assert techniques_in("The parking is over there.") == ()


@pytest.mark.parametrize(
    "said",
    [
        "You should call your doctor about it.",
        "You know, the other day it rained.",
        "You can sit over there by the window.",
    ],
)
def test_advice_and_talk_to_the_client_are_no_reflection(said: str) -> None:
    assert "reflective listening" not in [technique.name for technique in techniques_in(said)]
