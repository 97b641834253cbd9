"""The note without a model: sections, evidence, order, detail."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence

import pytest

from summarizer.extractive import ExtractiveEngine, write_note
from summarizer.facts import extract_facts
from summarizer.templates import load_template, parse_template, template_names
from summarizer.types import Context, NoteBody, Style, Turn

Talk = Callable[[str], tuple[Turn, ...]]
Session = Callable[[str], tuple[Turn, ...]]


def note(
    turns: Sequence[Turn], name: str = "soap", style: Style | None = None, context: Context | None = None
) -> NoteBody:
    return write_note(
        load_template(name), turns, extract_facts(turns), style or Style(), context or Context()
    )


def texts(body: NoteBody, code: str) -> list[str]:
    return [s.text for section in body.sections if section.code == code for s in section.statements]


def test_a_session_becomes_a_note(session: Session) -> None:
    body = note(session("panic"))
    assert "Client reports sleeping badly since March." in texts(body, "SUBJECTIVE")
    assert "Client reports sleeping about 4 hours a night." in texts(body, "SUBJECTIVE")
    assert (
        'Clinician guided a paced breathing exercise; client responded, "That helps, my shoulders '
        'feel looser."' in texts(body, "OBJECTIVE")
    )
    assert texts(body, "PLAN") == [
        "Client to go to the grocery store once this week with their sister; client agreed.",
        "Client to practice the paced breathing twice a day; client agreed.",
        "Next appointment: Same time next Tuesday; client agreed.",
    ]


def test_risk_opens_the_note_in_the_clients_words(session: Session) -> None:
    first = texts(note(session("risk"), "birp"), "BEHAVIOR")
    assert first[0] == 'Client states, "I keep thinking the kids would be better off without me."'
    assert first[1].startswith(
        'Asked, "Are you having any thoughts of killing yourself?", client answered, "Sometimes, yeah.'
    )


def test_every_statement_has_evidence_that_is_a_slice_of_a_turn(session: Session) -> None:
    for name in template_names():
        turns = session("risk")
        lengths = {turn.id: len(turn.text) for turn in turns}
        for section in note(turns, name).sections:
            for statement in section.statements:
                assert statement.evidence
                assert all(0 <= s.start < s.end <= lengths[s.turn] for s in statement.evidence)


def test_a_section_that_nobody_spoke_of_is_not_discussed(talk: Talk) -> None:
    body = note(talk("T: What brings you in?\nC: I've been sad since my dog died in March."))
    assert {section.code: section.status for section in body.sections}["PLAN"] == "not_discussed"
    assert texts(body, "PLAN") == []


def test_mental_status_stays_empty_whatever_is_said(session: Session) -> None:
    assert texts(note(session("risk"), "intake"), "MENTAL_STATUS") == []


def test_ids_are_the_section_and_a_number(session: Session) -> None:
    for section in note(session("panic")).sections:
        assert [s.id for s in section.statements] == [
            f"{section.code.lower()}-{n}" for n in range(1, len(section.statements) + 1)
        ]


def test_more_detail_tells_no_less(session: Session) -> None:
    turns = session("drinking")
    sizes = [
        sum(len(s.statements) for s in note(turns, style=Style(detail=detail)).sections)
        for detail in ("brief", "standard", "detailed")
    ]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[2]


def test_brief_leaves_out_no_risk(session: Session) -> None:
    turns = session("risk")
    risks = [fact.text for fact in extract_facts(turns) if fact.kind == "risk"]
    written = " ".join(texts(note(turns, style=Style(detail="brief")), "SUBJECTIVE"))
    assert risks
    assert all(risk in written for risk in risks)


def test_the_same_thing_said_twice_is_told_once_with_both_as_evidence(talk: Talk) -> None:
    body = note(talk("C: I feel anxious at work.\nT: Mm-hmm.\nC: I feel really anxious at work."))
    (statement,) = body.sections[0].statements
    assert {span.turn for span in statement.evidence} == {"t1", "t3"}


def test_opposite_polarity_is_never_merged(talk: Talk) -> None:
    body = note(talk("C: I feel anxious at work.\nT: Mm-hmm.\nC: I don't feel anxious at home or at work."))
    assert len(texts(body, "SUBJECTIVE")) == 2


def test_the_response_has_its_own_section_where_the_template_has_one(session: Session) -> None:
    body = note(session("panic"), "birp")
    assert "Clinician guided a paced breathing exercise." in texts(body, "INTERVENTION")
    assert 'In response to paced breathing, client stated, "That helps, my shoulders feel looser."' in texts(
        body, "RESPONSE"
    )


def test_a_treatment_goal_is_named_only_where_the_session_touched_it(session: Session) -> None:
    context = Context(
        treatment_goals=(
            ("G1", "Reduce panic attacks to one a week"),
            ("G2", "Improve marital communication"),
        )
    )
    goals = texts(note(session("panic"), "girpp", context=context), "GOAL")
    assert goals[0] == "Treatment goal addressed (G1): Reduce panic attacks to one a week."
    assert not any("G2" in goal for goal in goals)


def test_risk_has_a_home_even_in_a_template_without_one(session: Session) -> None:
    template = parse_template(
        'name = "x"\nversion = 1\ntitle = "X"\n[[sections]]\ncode = "PLAN"\ntitle = '
        '"Plan"\ninstruction = "Plan."\nkinds = ["plan"]\n'
    )
    turns = session("risk")
    body = write_note(template, turns, extract_facts(turns), Style(), Context())
    assert "better off without me" in texts(body, "PLAN")[0]


def test_the_same_input_gives_the_same_note(session: Session) -> None:
    turns = session("panic")
    facts = extract_facts(turns)
    engine = ExtractiveEngine()
    once, again = (
        asyncio.run(engine.write(load_template("soap"), turns, facts, Style(), Context())) for _ in range(2)
    )
    assert once == again
    assert engine.info.engine == "extractive"


@pytest.mark.parametrize("pronouns", ["she/her", "he/him", "they/them"])
def test_pronouns_are_those_of_the_style_alone(session: Session, pronouns: str) -> None:
    subject = pronouns.split("/")[0]
    written = " ".join(texts(note(session("panic"), style=Style(pronouns=pronouns)), "SUBJECTIVE"))
    assert f"Client reports that {subject} had to leave" in written


ROOM = (
    "T: Have you thought of hurting yourself?\nC: No.\nT: And how was work?\nC: I was late for work on Monday.\n"
    "T: Let's try some slow breathing, in and out.\nC: That loosens my neck a lot.\n"
    "T: I am going to call your psychiatrist about your dose.\nC: Thanks."
)


def test_a_denied_risk_closes_the_clients_report(talk: Talk) -> None:
    told = texts(note(talk(ROOM)), "SUBJECTIVE")
    assert told[-1].startswith("Client denies")
    assert len(told) > 1


def test_a_response_is_not_told_again_as_a_report(talk: Talk) -> None:
    body = note(talk(ROOM))
    assert not any("neck" in text for text in texts(body, "SUBJECTIVE"))
    assert sum("neck" in text for text in texts(body, "OBJECTIVE")) == 1


def test_thoughts_stand_after_what_happened(talk: Talk) -> None:
    told = texts(note(talk("T: Hm.\nC: I am such a failure. I was late for work twice.")), "SUBJECTIVE")
    assert told[-1] == 'Client voiced the thought, "I am such a failure."'
    assert len(told) == 2


def test_what_the_clinician_takes_on_is_the_clinicians(talk: Talk) -> None:
    assert texts(note(talk(ROOM)), "PLAN") == [
        "Clinician will call client's psychiatrist about client's dose."
    ]


def test_homework_asked_for_next_week_is_an_item_of_the_plan(talk: Talk) -> None:
    turns = talk(
        "C: I feel bad.\nT: For next week, please write the diary every night.\nC: Okay, I can do that."
    )
    assert texts(note(turns), "PLAN") == ["Client to write the diary every night; client agreed."]


def test_plain_denials_stand_in_one_sentence_with_every_question_and_answer(talk: Talk) -> None:
    said = talk(
        "T: Any fever?\nC: No.\nT: Any cough?\nC: No.\nT: Any chest pain?\nC: No.\n"
        "T: Your lungs are clear and there is no swelling."
    )
    (section,) = (s for s in note(said, "history_and_physical").sections if s.code == "ROS")
    (statement,) = section.statements
    assert statement.text == "Client denies fever, cough, or chest pain."
    assert {span.turn for span in statement.evidence} == {"t1", "t2", "t3", "t4", "t5", "t6"}


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("I slept five hours. Sorry, I mean six hours.", '"I slept five hours. Sorry, I mean six hours."'),
        ("I take 20 milligrams of Prozac. No, actually, it is 40 milligrams.", "it is 40 milligrams"),
    ],
)
def test_a_number_that_is_taken_back_is_told_with_the_right_one(talk: Talk, said: str, told: str) -> None:
    written = [s.text for section in note(talk(f"C: {said}")).sections for s in section.statements]
    assert len(written) == 1
    assert told in written[0]


def test_what_a_clinician_says_was_denied_is_quoted_and_not_said_by_the_note(talk: Talk) -> None:
    said = talk(
        "T: She denies chest pain and her lungs are clear.\nC: Yes.\n"
        "T: Your heart has a regular rhythm, and there is no swelling of the legs."
    )
    for section in note(said, "history_and_physical").sections:
        for statement in section.statements:
            unquoted = re.sub(r'"[^"]*"', "", statement.text)
            assert "denies" not in unquoted


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Any panic attacks?", "No. Two on the weekend, I guess."),
        ("Are you drinking?", "No. Only wine with dinner."),
        ("Do you smoke?", "No. Well, once, at a party."),
        ("Are you taking the Lexapro?", "Yes. But not every day."),
    ],
)
def test_a_yes_or_no_that_is_taken_back_is_told_with_what_takes_it_back(
    talk: Talk, question: str, answer: str
) -> None:
    written = [
        s.text for section in note(talk(f"T: {question}\nC: {answer}")).sections for s in section.statements
    ]
    assert f'Asked, "{question}", client answered, "{answer}"' in written
    assert not [text for text in written if text.startswith("Client denies")]


def test_a_plan_that_is_half_refused_is_told_with_the_answer(talk: Talk) -> None:
    said = talk(
        "T: I'd like you to call your aunt, and walk twice.\nC: Okay. I'll walk. I'm not calling my aunt."
    )
    (item,) = texts(note(said), "PLAN")
    assert item.endswith("\"Okay. I'll walk. I'm not calling my aunt.\"")
    assert "agreed" not in item


def test_an_appointment_that_was_turned_down_gives_way_to_the_one_that_was_made(talk: Talk) -> None:
    said = talk(
        "T: How about Monday at nine for our next session?\nC: I can't do Monday. Could we do Friday?\n"
        "T: Friday at nine it is.\nC: Okay."
    )
    assert texts(note(said), "PLAN") == ['Clinician stated, "Friday at nine it is."']


def test_what_is_tried_in_the_room_is_no_plan(talk: Talk) -> None:
    said = talk("T: Today I'd like to try an exposure.\nC: Okay, let's do it.")
    assert texts(note(said), "PLAN") == []


def test_a_plan_that_the_clinician_takes_back_is_none(talk: Talk) -> None:
    said = talk(
        "T: I'd like to refer you to Dr. Lund for an evaluation.\nC: I don't want pills.\n"
        "T: Okay, let's hold the referral for now."
    )
    assert texts(note(said), "PLAN") == ["Hold the referral for now."]


def test_a_reply_belongs_to_the_technique_it_follows_however_long_it_took(talk: Talk) -> None:
    said = talk(
        "T: Breathe in for four and breathe out for six. Feel the chair. Let your jaw go. Stay with it. "
        "Notice the sounds. How was that for you?\nC: That helps, my hands are warmer."
    )
    (statement,) = texts(note(said), "OBJECTIVE")
    assert statement.endswith('client responded, "That helps, my hands are warmer."')


def test_a_reply_to_a_plan_is_no_response_to_what_was_done_before_it(talk: Talk) -> None:
    said = talk(
        "T: Let's go over your safety plan and the crisis line. I will file a report today.\n"
        "C: Please don't do that to me."
    )
    written = " ".join(texts(note(said), "OBJECTIVE"))
    assert "safety planning" in written
    assert "Please don't" not in written
