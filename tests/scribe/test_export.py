"""What leaves the house: every format, draft and signed."""

from __future__ import annotations

import base64
import io
import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from docx import Document
from notes_of_record import ANSWERED, STATES, State, heading_of, note_of
from pypdf import PdfReader
from running import PROVENANCE, REPOSITORY

from scribe.blocks import PART2_NOTICE
from scribe.export import FORMATS, WATERMARK, Format, Heading, export_note
from scribe.note import DraftNote, Evidence, Note, NoteRisk, NoteSection, NoteStatement, SignedNote
from scribe.review import ATTESTATION, add_addendum, sign
from scribe.session import Consent, Participant, SessionContext, TreatmentGoal
from summarizer.templates import template_names

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


def text_of(note: Note, heading: Heading, form: Format) -> str:
    return export_note(note, heading, form).decode()


def words_in(data: bytes, form: Format) -> str:
    """What a reader of the file reads; spaces and line breaks are as good as each other."""
    if form == "pdf":
        text = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)
    elif form == "docx":
        document = Document(io.BytesIO(data))
        parts = (document, document.sections[0].header, document.sections[0].footer)
        text = "\n".join(paragraph.text for part in parts for paragraph in part.paragraphs)
    elif form == "fhir":
        entries = [entry["resource"] for entry in json.loads(data)["entry"]]
        pages = [
            base64.b64decode(e["content"][0]["attachment"]["data"]).decode()
            for e in entries
            if "content" in e
        ]
        text = json.dumps(entries, ensure_ascii=False) + "".join(pages)
    else:
        text = data.decode()
    return " ".join(text.split())


@pytest.mark.parametrize("state", ["draft", "added"])
@pytest.mark.parametrize("template", template_names())
def test_every_template_goes_out_in_every_format(template: str, state: State) -> None:
    note, heading = note_of(template, state), heading_of(template)
    for form in FORMATS:
        data = export_note(note, heading, form)
        words = words_in(data, form)
        # The last sentence of the note: nothing is cut off.
        assert "Client did the thought record." in words, form
        if form != "healthscribe":  # it has no place for a signature, nor for notices
            signature = '"credentials": "LCSW"' if form == "json" else "R. Díaz, LCSW"
            assert (signature in words) == (state != "draft"), form
        assert ("Tuesday, not Monday." in words) == (state == "added"), form
        if form not in ("json", "healthscribe"):
            assert (WATERMARK in words) == (state == "draft"), form
        if form not in ("json", "healthscribe"):
            assert PART2_NOTICE in words, form
        assert ANSWERED in words, form


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_note_gives_the_same_bytes(form: Format) -> None:
    for state in STATES:
        first, second = (export_note(note_of("soap", state), heading_of("soap"), form) for _ in range(2))
        assert first == second


WITHOUT_LIBRARIES = """
import sys
sys.modules["reportlab"] = sys.modules["docx"] = None
from notes_of_record import draft_of, heading_of
from scribe.errors import BadRequest
from scribe.export import FORMATS, export_note
for form in FORMATS:
    try:
        export_note(draft_of("soap"), heading_of("soap"), form)
    except BadRequest as error:
        print(form, error.detail)
"""


def test_a_format_whose_library_is_missing_says_what_to_install_and_the_others_go_out() -> None:
    path = os.pathsep.join((str(REPOSITORY), str(REPOSITORY / "tests" / "support")))
    run = subprocess.run(
        [sys.executable, "-c", WITHOUT_LIBRARIES],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": path},
    )
    told = run.stdout.splitlines()
    assert [line.split()[0] for line in told] == ["pdf", "docx"]
    assert all("pip install 'ambient-scribe[documents]'" in line for line in told)


@pytest.mark.parametrize("form", ["markdown", "text", "html"])
def test_a_draft_says_that_it_is_one_and_a_signed_note_who_signed_it(
    draft: DraftNote, signed: SignedNote, form: Format
) -> None:
    assert WATERMARK in text_of(draft, HEADING, form)
    final = text_of(signed, HEADING, form)
    assert WATERMARK not in final
    for expected in ("R. Diaz, LCSW", signed.sha256, "Sister called.", "2026-03-02", "15:04 to 15:57 UTC"):
        assert expected in final


@pytest.mark.parametrize("form", ["markdown", "text", "html"])
def test_risk_stands_before_the_sections_word_for_word(draft: DraftNote, form: Format) -> None:
    written = text_of(draft, HEADING, form)
    assert 0 < written.lower().index(QUOTE.lower()) < written.lower().index("subjective")


def test_a_section_that_nobody_spoke_of_says_so(draft: DraftNote) -> None:
    assert "OBJECTIVE\nNot discussed." in text_of(draft, HEADING, "text")


def test_the_consent_stands_in_the_record(draft: DraftNote) -> None:
    assert "<script>alert(1)</script> (verbal, 2026-03-02, statement 3)" in text_of(draft, HEADING, "text")


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
    parser.feed(text_of(draft, HEADING, "html"))
    assert not parser.seen & {"script", "b", "img"}
    assert "<script>alert(1)</script>" in parser.words


def test_markdown_keeps_the_words_and_not_their_marks(draft: DraftNote) -> None:
    assert r"\*four\*" in text_of(draft, HEADING, "markdown")


def test_json_is_the_note_itself(signed: SignedNote) -> None:
    assert SignedNote.model_validate(json.loads(export_note(signed, HEADING, "json"))) == signed


def test_evidence_quotes_stay_in_the_house_except_in_json_and_where_asked_for(draft: DraftNote) -> None:
    only_evidence = draft.model_copy(update={"risk": ()})
    for form in FORMATS:
        words = words_in(export_note(only_evidence, HEADING, form), form)
        assert (QUOTE in words) == (form == "json"), form
        asked = words_in(export_note(only_evidence, HEADING, form, evidence=True), form)
        assert (QUOTE in asked) == (form in ("json", "fhir")), form


def test_what_a_platform_calls_the_client_and_where_they_were_stand_above_the_note(draft: DraftNote) -> None:
    written = text_of(draft, heading_of("soap", platform="Doxy", psychotherapy_minutes=45), "text")
    for line in ("Record number: MRN|77", "Client's place: Albany, NY", "Platform: Doxy", "45 minutes"):
        assert line in written
    assert re.search(r"Zoë <K> Łukasz \(written, 2026-03-02, statement 3, given by mother\)", written)
