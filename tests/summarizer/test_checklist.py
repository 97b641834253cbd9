"""The payer elements, each with a note that has it and one that lacks it, written out here."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from summarizer.checklist import Attendee, Item, SessionRecord, checklist
from summarizer.templates import load_template
from summarizer.types import Context, NoteBody, RiskStatement, Section, Span, Statement, Support

CLIENT = Attendee("pt", "client", "Record 4711")
CLINICIAN = Attendee("cl", "clinician")
WHOLE = SessionRecord(
    started_at=datetime(2026, 3, 2, 14, 0, 3, tzinfo=UTC),
    stopped_at=datetime(2026, 3, 2, 14, 46, 0, tzinfo=UTC),
    seconds=45 * 60,
    attendees=(CLINICIAN, CLIENT),
    place="the clinic in Albany",
    consented=frozenset({"cl", "pt"}),
    signed_by="R. Diaz",
    credentials="LCSW",
    signed_at=datetime(2026, 3, 2, 15, 0, tzinfo=UTC),
)
GIVEN = Context(
    modality="individual psychotherapy, in person",
    diagnoses=("F41.1 generalized anxiety disorder",),
    treatment_goals=(("g1", "Sleep at least six hours on five nights a week"),),
)
LINES: dict[str, list[tuple[str, Support]]] = {
    "SUBJECTIVE": [
        ('Client denies thoughts of suicide (asked: "Any thoughts of suicide?"; answered: "No.").', "direct"),
        ("Client reports waking at three most nights.", "direct"),
        ("Client reports missing work twice because of panic.", "direct"),
        ("Treatment goal addressed (g1): Sleep at least six hours on five nights a week.", "context"),
    ],
    "OBJECTIVE": [
        (
            'Clinician guided a paced breathing exercise; client responded, "My shoulders dropped."',
            "clinician",
        ),
        ('Clinician observed aloud, "You seem calmer today."', "clinician"),
        ("PHQ-9 score was 14.", "clinician"),
    ],
    "ASSESSMENT": [("Client reports waking less often than in January.", "direct")],
    "PLAN": [("Client will keep the sleep log.", "clinician")],
}
RISK = RiskStatement("No.", "client", "suicidal ideation", "negated", (Span("t1", 0, 3),))


def note(lines: dict[str, list[tuple[str, Support]]], template: str = "soap") -> NoteBody:
    sections = []
    for outline in load_template(template).sections:
        written = tuple(
            Statement(f"{outline.code.lower()}-{i}", text, (Span("t1", 0, 3),), support)
            for i, (text, support) in enumerate(lines.get(outline.code, []), 1)
        )
        sections.append(
            Section(outline.code, outline.title, "drafted" if written else "not_discussed", written)
        )
    return NoteBody(template, tuple(sections))


def items(
    lines: dict[str, list[tuple[str, Support]]] | None = None,
    context: Context = GIVEN,
    record: SessionRecord = WHOLE,
    risk: tuple[RiskStatement, ...] = (RISK,),
    template: str = "soap",
) -> dict[int, Item]:
    body = note(LINES if lines is None else lines, template)
    return {item.number: item for item in checklist(body, load_template(template), context, record, risk)}


def without(section: str, *words: str) -> dict[str, list[tuple[str, Support]]]:
    kept = [line for line in LINES[section] if not any(word in line[0] for word in words)]
    return {**LINES, section: kept}


def test_a_whole_note_has_all_that_applies() -> None:
    found = items()
    assert list(found) == list(range(1, 21))
    assert {number for number, item in found.items() if item.status == "absent"} == set()
    assert {number for number, item in found.items() if item.status == "not_applicable"} == {17, 18}
    assert all(item.needs == "" for item in found.values() if item.status == "present")


def test_each_present_element_says_which_statements_or_facts_it_rests_on() -> None:
    found = items()
    assert all(item.statements or item.facts for item in found.values() if item.status == "present")
    assert found[2].facts == (
        "started 14:00:03 UTC by the session clock",
        "stopped 14:46:00 UTC by the session clock",
    )
    assert found[9].statements == ("objective-1",)
    assert found[10].statements == ("objective-1",)
    assert found[13].statements == ("subjective-1",)
    assert found[15].statements == ("objective-3",)
    assert found[16].statements == ("plan-1",)


LACKING: list[tuple[int, dict[str, object], str]] = [
    (1, {"record": replace(WHOLE, attendees=(CLINICIAN, replace(CLIENT, label="")))}, "record number"),
    (1, {"record": replace(WHOLE, started_at=None)}, "date"),
    (2, {"record": replace(WHOLE, stopped_at=None)}, "end the session"),
    (3, {"context": replace(GIVEN, modality="")}, "modality"),
    (3, {"context": replace(GIVEN, modality="individual psychotherapy")}, "in person or by video"),
    (4, {"record": replace(WHOLE, attendees=())}, "who took part"),
    (4, {"record": replace(WHOLE, attendees=(*WHOLE.attendees, Attendee("m", "family")))}, "relationship"),
    (5, {"record": replace(WHOLE, place="")}, "place where the clinician was"),
    (6, {"context": replace(GIVEN, diagnoses=())}, "never added for you"),
    (7, {"lines": {**LINES, "SUBJECTIVE": []}}, "what brought the client"),
    (8, {"lines": without("SUBJECTIVE", "goal")}, "which goal"),
    (9, {"lines": without("OBJECTIVE", "breathing")}, "not specific"),
    (10, {"lines": without("OBJECTIVE", "breathing")}, "how the client responded"),
    (11, {"lines": {**LINES, "ASSESSMENT": []}}, "since the last session"),
    (11, {"context": replace(GIVEN, treatment_goals=(("g1", "Feel good"),))}, "can be measured"),
    (12, {"lines": without("OBJECTIVE", "calmer")}, "what you observed"),
    (13, {"lines": without("SUBJECTIVE", "suicide")}, "asked about risk"),
    (14, {"lines": without("SUBJECTIVE", "missing")}, "limits work"),
    (16, {"lines": {**LINES, "PLAN": []}}, "next appointment"),
    (17, {"record": replace(WHOLE, seconds=53 * 60.0)}, "53 minutes or more"),
    (18, {"record": replace(WHOLE, psychotherapy_minutes=0)}, "minutes of psychotherapy"),
    (19, {"record": replace(WHOLE, signed_by="", credentials="", signed_at=None)}, "sign the note"),
    (20, {"record": replace(WHOLE, consented=frozenset({"cl"}))}, "consent of every participant"),
]


@pytest.mark.parametrize(("number", "change", "needed"), LACKING, ids=[f"{n}-{w}" for n, _, w in LACKING])
def test_what_lacks_is_named_with_one_sentence_on_what_would_satisfy_it(
    number: int, change: dict[str, object], needed: str
) -> None:
    item = items(**change)[number]  # type: ignore[arg-type]
    assert item.status == "absent"
    assert needed in item.needs
    assert item.needs.startswith("To complete it, ")
    assert item.needs.endswith(".")


def test_a_measure_that_nobody_named_does_not_apply_and_one_without_a_score_is_absent() -> None:
    none = items(without("OBJECTIVE", "PHQ"))[15]
    assert (none.status, none.statements) == ("not_applicable", ())
    scoreless = {**LINES, "OBJECTIVE": [("Clinician went through the GAD questionnaire.", "clinician")]}
    assert items(scoreless)[15].status == "absent"  # type: ignore[arg-type]


def test_supportive_words_alone_are_no_specific_intervention() -> None:
    broad: dict[str, list[tuple[str, Support]]] = {
        **LINES,
        "OBJECTIVE": [("Clinician provided supportive listening.", "clinician")],
    }
    assert items(broad)[9].status == "absent"


def test_a_technique_that_the_client_names_is_no_intervention() -> None:
    named: dict[str, list[tuple[str, Support]]] = {
        **LINES,
        "OBJECTIVE": [("Client reports that grounding helped last year.", "direct")],
    }
    assert items(named)[9].status == "absent"


def test_every_technique_needs_its_response_and_one_told_elsewhere_counts() -> None:
    two: list[tuple[str, Support]] = [
        ("Clinician guided a paced breathing exercise.", "clinician"),
        ("Clinician used cognitive restructuring.", "clinician"),
    ]
    one: list[tuple[str, Support]] = [
        ('In response to paced breathing, client stated, "My heart slowed."', "direct")
    ]
    both = [*one, ('In response to cognitive restructuring, client stated, "Maybe."', "direct")]
    assert items({"INTERVENTION": two, "RESPONSE": one}, template="birp")[10].status == "absent"
    complete = items({"INTERVENTION": two, "RESPONSE": both}, template="birp")[10]  # type: ignore[dict-item]
    assert complete.status == "present"


def test_risk_that_was_affirmed_asks_for_plan_means_protection_and_action() -> None:
    said: list[tuple[str, Support]] = [
        (
            'Asked, "Any thoughts of suicide?" client answered, "Yes, most nights."',
            "direct",
        )
    ]
    affirmed = replace(RISK, polarity="affirmed", quote="Yes, most nights.")
    item = items({"SUBJECTIVE": said}, risk=(affirmed,))[13]
    assert item.status == "absent"
    for words in ("plan or intent", "means", "protects", "safety plan"):
        assert words in item.needs
    more: list[tuple[str, Support]] = [
        ('Asked, "Do you have a plan or intent to act?" client answered, "No plan."', "direct"),
        ("Client denies access to firearms.", "direct"),
        ('Client identified supports: "My sister."', "direct"),
        ("Clinician engaged client in safety planning.", "clinician"),
    ]
    assert items({"SUBJECTIVE": said + more}, risk=(affirmed,))[13].status == "present"


def test_telehealth_asks_for_both_places_the_platform_and_the_consent() -> None:
    remote = replace(GIVEN, modality="individual psychotherapy, telehealth by video")
    item = items(context=remote)[5]
    assert item.status == "absent"
    for words in ("where the client was", "platform", "consented to telehealth"):
        assert words in item.needs
    there = replace(WHOLE, client_place="home in Albany", platform="Doxy")
    consent: list[tuple[str, Support]] = [("Client consented to telehealth today.", "clinician")]
    lines = {**LINES, "SUBJECTIVE": LINES["SUBJECTIVE"] + consent}
    assert items(lines, context=remote, record=there)[5].status == "present"


def test_a_long_session_is_satisfied_by_the_clinicians_own_reason_only() -> None:
    long = replace(WHOLE, seconds=55 * 60.0)
    reason = "An extended session of 55 minutes was needed to complete safety planning."
    own: dict[str, list[tuple[str, Support]]] = {**LINES, "ASSESSMENT": [(reason, "clinician")]}
    other: dict[str, list[tuple[str, Support]]] = {**LINES, "ASSESSMENT": [(reason, "direct")]}
    assert items(own, record=long)[17].status == "present"
    assert items(other, record=long)[17].status == "absent"


def test_time_with_e_m_is_present_once_its_minutes_are_given() -> None:
    item = items(record=replace(WHOLE, psychotherapy_minutes=30))[18]
    assert item.status == "present"
    assert item.facts == ("30 minutes of psychotherapy (given by the clinician)",)


def test_an_empty_note_says_what_every_element_needs_and_makes_nothing_up() -> None:
    found = items({}, Context(), SessionRecord(), ())
    assert all(item.statements == () for item in found.values())
    assert {number for number, item in found.items() if item.status == "present"} == set()


def test_the_same_note_gives_the_same_list() -> None:
    assert items() == items()
