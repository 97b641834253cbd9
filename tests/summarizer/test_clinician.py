"""The clinician's side of a conversation: plan, appointments, findings, interventions."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from summarizer.facts import extract_facts
from summarizer.types import Fact, Turn

Talk = Callable[[str], tuple[Turn, ...]]


def of_kind(turns: tuple[Turn, ...], *kinds: str) -> list[Fact]:
    return [fact for fact in extract_facts(turns) if fact.kind in kinds]


def test_homework_carries_the_clients_agreement(talk: Talk) -> None:
    (fact,) = of_kind(
        talk(
            "C: I felt bad all week.\nT: I'd like you to write it down every night this week.\nC: Sure, "
            "I can do that."
        ),
        "homework",
    )
    assert dict(fact.attributes) == {"agreement": "agreed", "aspect": "assigned"}
    assert [span.turn for span in fact.evidence] == ["t2", "t3"]


def test_a_refusal_is_told_as_one(talk: Talk) -> None:
    (fact,) = of_kind(
        talk("C: I hurt.\nT: I want you to start swimming twice a week.\nC: I don't want to."),
        "plan",
        "homework",
    )
    assert dict(fact.attributes)["agreement"] == "declined"


def test_a_no_to_any_questions_declines_nothing(talk: Talk) -> None:
    facts = of_kind(
        talk(
            "C: I hurt.\nT: I'm going to order an x-ray. Do you have any other questions?\nC: No, that's it."
        ),
        "plan",
    )
    assert [dict(fact.attributes).get("agreement") for fact in facts] == [None]


def test_an_appointment_that_is_only_proposed_is_none(talk: Talk) -> None:
    assert (
        of_kind(talk("C: I feel fine.\nT: Same time next Tuesday?\nC: I don't know yet."), "next_appointment")
        == []
    )
    assert (
        len(
            of_kind(
                talk("C: I feel fine.\nT: Same time next Tuesday?\nC: Yes, that works."), "next_appointment"
            )
        )
        == 1
    )


def test_what_the_client_wants_is_no_plan(talk: Talk) -> None:
    assert of_kind(talk("T: What now?\nC: I want to start swimming.\nT: Mm-hmm."), "plan", "homework") == []


def test_running_the_session_is_no_plan(talk: Talk) -> None:
    assert (
        of_kind(
            talk("C: I hurt.\nT: I'm going to ask you some questions. Let's talk about your week.\nC: Okay."),
            "plan",
        )
        == []
    )


def test_an_intervention_and_its_response_are_two_facts(talk: Talk) -> None:
    facts = of_kind(
        talk(
            "C: I'm tense.\nT: Breathe in for four and breathe out slowly.\nC: My shoulders feel looser now."
        ),
        "intervention",
        "client_response",
    )
    assert [fact.kind for fact in facts] == ["intervention", "client_response"]
    assert facts[1].text == "My shoulders feel looser now."
    assert [span.turn for span in facts[1].evidence] == ["t3", "t2"]


def test_a_question_is_no_response(talk: Talk) -> None:
    assert (
        of_kind(
            talk("C: I'm tense.\nT: Breathe in for four and breathe out slowly.\nC: Do I keep my eyes open?"),
            "client_response",
        )
        == []
    )


def test_examination_findings_are_taken_only_where_a_body_is_examined(talk: Talk) -> None:
    facts = of_kind(
        talk(
            "C: My leg hurts.\nT: Let me do a physical exam and listen to your heart. Your lungs are "
            "clear and there is no swelling.\nC: Okay."
        ),
        "observation",
    )
    assert ("aspect", "examination") in [entry for fact in facts for entry in fact.attributes]


def test_a_command_that_only_works_a_device_is_nobodys_fact_and_an_order_given_to_one_is_a_plan(
    talk: Talk,
) -> None:
    assert of_kind(talk("C: My leg hurts.\nT: Hey, Dragon, show me the x-ray of the leg."), "plan") == []
    assert of_kind(talk("C: My leg hurts.\nT: Hey, Dragon, order an x-ray of the leg."), "plan") != []


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("Shall we meet again on Monday at noon?", "Yes, Monday at noon works for me."),
        ("Does Wednesday at four work for you?", "Perfect."),
        ("How about Friday morning at nine?", "Friday works."),
        ("Can you come back in three weeks?", "Yeah, I can."),
        ("Would the same time next week be okay?", "That should be fine."),
    ],
)
def test_an_appointment_asked_for_and_taken_is_one(talk: Talk, asked: str, answered: str) -> None:
    (fact,) = of_kind(talk(f"C: I felt bad all week.\nT: {asked}\nC: {answered}"), "next_appointment")
    assert dict(fact.attributes) == {"agreement": "agreed"}
    assert [span.turn for span in fact.evidence] == ["t2", "t3"]


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("Shall we meet on Tuesday?", "No, I cannot do Tuesdays."),
        ("Did you see your doctor in two weeks?", "Yes."),
        ("How about Friday at nine?", "Hmm, let me look at my calendar first."),
    ],
)
def test_an_appointment_that_nobody_took_is_none(talk: Talk, asked: str, answered: str) -> None:
    assert of_kind(talk(f"C: I felt bad.\nT: {asked}\nC: {answered}"), "next_appointment") == []


def test_a_score_carries_the_one_it_is_compared_with(talk: Talk) -> None:
    (fact,) = of_kind(talk("T: Your GAD-7 is 9. It was 14 in May. Well done.\nC: Good."), "measure")
    assert [span.start for span in fact.evidence] == [0, 17]


def test_a_response_keeps_its_sentences_together(talk: Talk) -> None:
    (fact,) = of_kind(
        talk("T: Let's try some slow breathing, in and out.\nC: Okay. That helps. My chest is lighter."),
        "client_response",
    )
    assert fact.text == "That helps. My chest is lighter."
