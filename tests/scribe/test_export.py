"""What leaves the house: every format, draft and signed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from running import PROVENANCE

from scribe.export import FORMATS, WATERMARK, Format, Heading, export_note
from scribe.note import DraftNote, Evidence, NoteRisk, NoteSection, NoteStatement, SignedNote
from scribe.review import ATTESTATION, add_addendum, sign
from scribe.session import Consent, Participant, SessionContext, TreatmentGoal

NOW = datetime(2026, 3, 2, 15, 4, tzinfo=UTC)
QUOTE = "No. Nothing like that."
HEADING = Heading(
    session_id="s1",
    started_at=NOW,
    ended_at=NOW.replace(hour=15, minute=57),
    participants=(
        Participant(id="cl", role="clinician", label="R. Diaz"),
        Participant(id="pt", role="client", label="<script>alert(1)</script>"),
    ),
    consents=(Consent(participant_id="pt", method="verbal", statement_version="3", given_at=NOW),),
    context=SessionContext(
        modality="telehealth", treatment_goals=(TreatmentGoal(id="g1", text="Sleep 7 h"),)
    ),
)


@pytest.fixture
def draft() -> DraftNote:
    evidence = (Evidence(utterance="u1", start=0, end=22, quote=QUOTE),)
    heard = NoteStatement(
        id="s-1",
        text='Client reports *four* hours & "bad" <b>sleep</b>.',
        evidence=evidence,
        support="direct",
    )
    return DraftNote(
        session_id="s1",
        template="soap",
        title="SOAP progress note",
        created_at=NOW,
        sections=(
            NoteSection(code="S", title="Subjective", status="drafted", statements=(heard,)),
            NoteSection(code="O", title="Objective", status="not_discussed"),
        ),
        risk=(NoteRisk(quote=QUOTE, role="client", topic="si", polarity="negated", evidence=evidence),),
        provenance=PROVENANCE,
    )


@pytest.fixture
def signed(draft: DraftNote) -> SignedNote:
    note = sign(draft, name="R. Diaz", credentials="LCSW", attestation=ATTESTATION, at=NOW)
    return add_addendum(
        note, kind="late_entry", text="Sister called.", author="R. Diaz", credentials="LCSW", at=NOW
    )


@pytest.mark.parametrize("form", ["markdown", "text", "html"])
def test_a_draft_says_that_it_is_one_and_a_signed_note_who_signed_it(
    draft: DraftNote, signed: SignedNote, form: Format
) -> None:
    assert WATERMARK in export_note(draft, HEADING, form)
    final = export_note(signed, HEADING, form)
    assert WATERMARK not in final
    for expected in ("R. Diaz, LCSW", signed.sha256, "Sister called.", "2026-03-02", "15:04 to 15:57 UTC"):
        assert expected in final


@pytest.mark.parametrize("form", ["markdown", "text", "html"])
def test_risk_stands_before_the_sections_word_for_word(draft: DraftNote, form: Format) -> None:
    written = export_note(draft, HEADING, form)
    assert 0 < written.lower().index(QUOTE.lower()) < written.lower().index("subjective")


def test_a_section_that_nobody_spoke_of_says_so(draft: DraftNote) -> None:
    assert "OBJECTIVE\nNot discussed." in export_note(draft, HEADING, "text")


def test_the_consent_stands_in_the_record(draft: DraftNote) -> None:
    assert "pt (verbal, 2026-03-02, statement 3)" in export_note(draft, HEADING, "text")


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.words = ""

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)

    def handle_data(self, data: str) -> None:
        self.words += data


def test_hostile_text_is_only_text_in_html(draft: DraftNote) -> None:
    parser = Tags()
    parser.feed(export_note(draft, HEADING, "html"))
    assert not parser.seen & {"script", "b", "img"}
    assert "<script>alert(1)</script>" in parser.words


def test_markdown_keeps_the_words_and_not_their_marks(draft: DraftNote) -> None:
    assert r"\*four\*" in export_note(draft, HEADING, "markdown")


def test_json_is_the_note_itself(signed: SignedNote) -> None:
    assert SignedNote.model_validate(json.loads(export_note(signed, HEADING, "json"))) == signed


def test_evidence_quotes_stay_in_the_house_except_in_json(draft: DraftNote) -> None:
    only_evidence = draft.model_copy(update={"risk": ()})
    for form in FORMATS:
        assert (QUOTE in export_note(only_evidence, HEADING, form)) == (form == "json")
