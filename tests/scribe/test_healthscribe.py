"""Transcript and note in HealthScribe's shapes, held against models of those shapes written for this test."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict
from running import PROVENANCE

from scribe.healthscribe import clinical_documentation, conversation
from scribe.note import DraftNote, Evidence, NoteRisk, NoteSection, NoteStatement
from scribe.review import ATTESTATION, add_addendum, sign
from scribe.wire import TranscriptLine, WireWord

NOW = datetime(2026, 3, 2, 15, 4, tzinfo=UTC)


class Exact(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Alternative(Exact):
    Confidence: float | None
    Content: str


class Item(Exact):
    Alternatives: list[Alternative]
    BeginAudioTime: float
    EndAudioTime: float
    Type: Literal["pronunciation", "punctuation"]


class Participant(Exact):
    ParticipantRole: str


class Where(Exact):
    SectionName: Literal["SUBJECTIVE", "OBJECTIVE", "ASSESSMENT_AND_PLAN", "VISIT_FLOW_MANAGEMENT"]


class Segment(Exact):
    BeginAudioTime: float
    EndAudioTime: float
    Content: str
    ParticipantDetails: Participant
    SectionDetails: Where
    SegmentId: str


class Conversation(Exact):
    ConversationId: str
    SessionId: str
    LanguageCode: str
    ClinicalInsights: list[object]
    TranscriptItems: list[Item]
    TranscriptSegments: list[Segment]


class Transcript(Exact):
    Conversation: Conversation


class Link(Exact):
    SegmentId: str


class Summarized(Exact):
    EvidenceLinks: list[Link]
    SummarizedSegment: str


class Section(Exact):
    SectionName: str
    Summary: list[Summarized]


class Documentation(Exact):
    SessionId: str
    Sections: list[Section]


class Insights(Exact):
    ClinicalDocumentation: Documentation


def line(line_id: str, speaker: str, role: str, text: str, *, words: bool = True) -> TranscriptLine:
    timed = tuple(
        WireWord(text=word, start=1.0 + i, end=1.5 + i, probability=0.9)
        for i, word in enumerate(text.split())
    )
    return TranscriptLine(
        id=line_id,
        speaker=speaker,
        role=role,
        start=1.0,
        end=9.0,
        text=text,
        words=timed if words else (),
        corrected=not words,
    )


LINES = (
    line("u0-1", "SPEAKER_00", "clinician", "How do you sleep?"),
    line("u1-2", "SPEAKER_01", "client", "Four hours, maybe…"),
    line("u0-3", "SPEAKER_00", "clinician", "Breathe out slowly.", words=False),
    line("u1-4", "SPEAKER_02", "family", "She cries at night."),
    line("u1-5", "SPEAKER_01", "client", "I want to stay."),
)


def statement(number: int, text: str, *utterances: str) -> NoteStatement:
    evidence = tuple(Evidence(utterance=u, start=0, end=3, quote="abc") for u in utterances)
    return NoteStatement(id=f"s-{number}", text=text, evidence=evidence, support="direct")


@pytest.fixture
def draft() -> DraftNote:
    risk = Evidence(utterance="u1-5", start=0, end=15, quote="I want to stay.")
    return DraftNote(
        session_id="s1",
        template="birp",
        title="BIRP",
        created_at=NOW,
        sections=(
            NoteSection(
                code="SUBJECTIVE",
                title="Subjective",
                status="drafted",
                statements=(statement(1, "Client reports four hours of sleep.", "u1-2", "u0-1", "u1-2"),),
            ),
            NoteSection(
                code="INTERVENTION",
                title="Intervention",
                status="drafted",
                statements=(statement(2, "Clinician used breathing.", "u0-3"),),
            ),
            NoteSection(code="HPI", title="History of present illness", status="not_discussed"),
        ),
        risk=(
            NoteRisk(
                quote="I want to stay.", role="client", topic="si", polarity="negated", evidence=(risk,)
            ),
        ),
        provenance=PROVENANCE,
    )


def test_both_files_have_the_documented_shape(draft: DraftNote) -> None:
    Transcript.model_validate_json(json.dumps(conversation("s1", LINES, draft, "en")))
    Insights.model_validate_json(json.dumps(clinical_documentation("s1", draft)))


def test_every_evidence_link_is_a_segment_once(draft: DraftNote) -> None:
    told = Insights.model_validate(clinical_documentation("s1", draft)).ClinicalDocumentation
    heard = Transcript.model_validate(conversation("s1", LINES, draft, "en")).Conversation
    known = {segment.SegmentId for segment in heard.TranscriptSegments}
    links = [
        [link.SegmentId for link in one.EvidenceLinks] for section in told.Sections for one in section.Summary
    ]
    assert links == [["u1-5"], ["u1-2", "u0-1"], ["u0-3"]]
    assert all(link in known for found in links for link in found)


def test_risk_stands_first_word_for_word_and_sections_have_their_names(draft: DraftNote) -> None:
    told = Insights.model_validate(clinical_documentation("s1", draft)).ClinicalDocumentation
    assert [section.SectionName for section in told.Sections] == [
        "RISK_STATEMENTS",
        "SUBJECTIVE",
        "INTERVENTION",
        "HISTORY_OF_PRESENT_ILLNESS",
    ]
    assert told.Sections[0].Summary[0].SummarizedSegment == "Patient: “I want to stay.”"
    assert told.Sections[3].Summary == []


def test_what_was_added_after_the_signature_stands_last(draft: DraftNote) -> None:
    signed = sign(draft, name="R. Diaz", credentials="LCSW", attestation=ATTESTATION, at=NOW)
    signed = add_addendum(
        signed, kind="late_entry", text="Sister called.", author="R. Diaz", credentials="LCSW", at=NOW
    )
    last = Insights.model_validate(clinical_documentation("s1", signed)).ClinicalDocumentation.Sections[-1]
    assert last.SectionName == "ADDENDA"
    assert (
        last.Summary[0].SummarizedSegment
        == "Late entry by R. Diaz, LCSW, 2026-03-02 15:04 UTC: Sister called."
    )


def test_a_line_is_filed_by_what_it_is_evidence_for_and_no_client_word_as_small_talk(
    draft: DraftNote,
) -> None:
    heard = Transcript.model_validate(conversation("s1", LINES, draft, "en")).Conversation
    assert {one.SegmentId: one.SectionDetails.SectionName for one in heard.TranscriptSegments} == {
        "u0-1": "SUBJECTIVE",
        "u1-2": "SUBJECTIVE",
        "u0-3": "OBJECTIVE",
        "u1-4": "SUBJECTIVE",
        "u1-5": "SUBJECTIVE",
    }
    alone = Transcript.model_validate(conversation("s1", LINES, None, "en")).Conversation
    assert alone.TranscriptSegments[0].SectionDetails.SectionName == "VISIT_FLOW_MANAGEMENT"


def test_nobody_but_the_client_is_the_patient_and_two_of_a_role_are_numbered() -> None:
    heard = Transcript.model_validate(conversation("s1", LINES, None, "en")).Conversation
    assert [one.ParticipantDetails.ParticipantRole for one in heard.TranscriptSegments] == [
        *("CLINICIAN", "PATIENT", "CLINICIAN", "FAMILY", "PATIENT")
    ]
    couple = (*LINES[:2], line("u1-9", "SPEAKER_03", "client", "Me too."))
    heard = Transcript.model_validate(conversation("s1", couple, None, None)).Conversation
    assert [one.ParticipantDetails.ParticipantRole for one in heard.TranscriptSegments] == [
        *("CLINICIAN", "PATIENT_0", "PATIENT_1")
    ]


def test_marks_are_items_of_their_own_and_together_the_items_are_the_text() -> None:
    heard = Transcript.model_validate(conversation("s1", LINES, None, "en")).Conversation
    items = heard.TranscriptItems[:8]
    assert [(one.Alternatives[0].Content, one.Type) for one in items] == [
        *(("How", "pronunciation"), ("do", "pronunciation"), ("you", "pronunciation")),
        *(("sleep", "pronunciation"), ("?", "punctuation")),
        *(("Four", "pronunciation"), ("hours", "pronunciation"), (",", "punctuation")),
    ]
    assert items[0].Alternatives[0].Confidence == 0.9
    written = "".join(one.Alternatives[0].Content for one in heard.TranscriptItems)
    assert written == "".join(line.text for line in LINES).replace(" ", "")


def test_a_line_that_was_put_right_has_the_times_of_the_line() -> None:
    heard = Transcript.model_validate(conversation("s1", LINES[2:3], None, "en")).Conversation
    assert {(one.BeginAudioTime, one.EndAudioTime) for one in heard.TranscriptItems[:3]} == {(1.0, 9.0)}


def test_another_language_is_named_as_it_is_known() -> None:
    assert conversation("s1", LINES, None, "es")["Conversation"]["LanguageCode"] == "es"
