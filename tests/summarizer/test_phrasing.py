"""One fact, one sentence, in a clinician's wording."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from summarizer.facts import extract_facts
from summarizer.phrasing import quoted, worded
from summarizer.types import Style, Turn

Talk = Callable[[str], tuple[Turn, ...]]


def sentences_of(turns: tuple[Turn, ...], *kinds: str, style: Style | None = None) -> list[str]:
    by_id = {turn.id: turn for turn in turns}
    found = (
        worded(fact, by_id, style or Style())
        for fact in extract_facts(turns)
        if not kinds or fact.kind in kinds
    )
    return [wording.text for wording in found if wording is not None]


@pytest.mark.parametrize(
    ("talked", "written"),
    [
        ("C: I've been sleeping badly since march.", "Client reports sleeping badly since March."),
        (
            "T: How many hours do you sleep a night?\nC: About four.",
            "Client reports sleeping about 4 hours a night.",
        ),
        (
            "T: How many hours of sleep do you get?\nC: Maybe five or six hours.",
            "Client reports sleeping maybe 5 or 6 hours.",
        ),
        ("T: Do you smoke?\nC: No.", "Client denies smoking."),
        (
            "T: Any chest pain, or swelling in your legs?\nC: No.",
            "Client denies chest pain or swelling in their legs.",
        ),
        (
            "T: Any thoughts of suicide?\nC: No. Nothing like that.",
            'Client denies thoughts of suicide (asked: "Any thoughts of suicide?"; answered: "No. '
            'Nothing like that.").',
        ),
        (
            "T: Any thoughts of suicide?\nC: Sometimes, at night.",
            'Asked, "Any thoughts of suicide?", client answered, "Sometimes, at night."',
        ),
        ("C: I want to die.", 'Client states, "I want to die."'),
        ("F: My son sleeps all day.", "Family member reports that their son sleeps all day."),
        ("I: I sleep badly.", "Client (through the interpreter) reports sleeping badly."),
    ],
)
def test_the_clients_side_reads_like_a_note(talk: Talk, talked: str, written: str) -> None:
    assert sentences_of(talk(talked)) == [written]


@pytest.mark.parametrize(
    ("said", "written"),
    [
        (
            "I want you to record your blood pressure every day.",
            "Client to record their blood pressure every day.",
        ),
        ("I'm going to start you on a low dose of sertraline.", "Start client on a low dose of sertraline."),
        ("I also want to order an x-ray.", "Order an x-ray."),
        (
            "I'd like you to practice the breathing twice a day.",
            "Client to practice the breathing twice a day.",
        ),
        ("You should avoid caffeine after noon.", "Client advised to avoid caffeine after noon."),
        ("I recommend that you see a dietitian.", "Clinician recommended that client see a dietitian."),
        (
            "If the thoughts get stronger, I want you to call your sister.",
            "If the thoughts get stronger, client to call their sister.",
        ),
        ("Continue taking your medication.", "Client to continue taking their medication."),
        ("I'll see you again in two weeks.", "Next appointment: in 2 weeks."),
        ("We could try a lower dose.", "Option discussed: try a lower dose."),
    ],
)
def test_the_plan_reads_like_a_plan(talk: Talk, said: str, written: str) -> None:
    turns = talk(f"C: I feel bad today.\nT: {said}")
    assert sentences_of(turns, "plan", "homework", "next_appointment") == [written]


def test_agreement_and_refusal_are_told_with_the_plan(talk: Talk) -> None:
    agreed = talk("C: I hurt.\nT: I want you to walk every day.\nC: Okay, I'll try that.")
    refused = talk("C: I hurt.\nT: I want you to walk every day.\nC: I can't do that.")
    assert sentences_of(agreed, "plan", "homework") == ["Client to walk every day; client agreed."]
    assert sentences_of(refused, "plan", "homework") == [
        'Client to walk every day; client responded, "I can\'t do that."'
    ]


def test_the_verb_of_a_recommendation_stays_as_it_is_after_that(talk: Talk) -> None:
    style = Style(client_term="Patient", clinician_term="Dr. Okafor", pronouns="she/her")
    turns = talk("C: I feel bad today.\nT: I want you to call me if your pain gets worse.")
    assert sentences_of(turns, "plan", style=style) == ["Patient to call Dr. Okafor if her pain gets worse."]


def test_what_somebody_seems_to_feel_stays_the_clinicians_spoken_word(talk: Talk) -> None:
    turns = talk("C: I went home.\nT: You seem a little down today.")
    assert sentences_of(turns, "observation") == ['Clinician observed aloud, "You seem a little down today."']


def test_a_clinicians_impression_is_marked_as_theirs(talk: Talk) -> None:
    turns = talk(
        "C: My ankle hurts.\nT: After the physical exam and a look at your knee and your x-ray, "
        "okay.\nT: I think you have a sprain."
    )
    assert "Clinician believes that client has a sprain." in sentences_of(turns, "observation")


def test_quotation_marks_are_chosen_so_that_the_quote_stays_exact() -> None:
    assert quoted("no") == '"no"'
    assert quoted('he said "no" to me') == '“he said "no" to me”'
