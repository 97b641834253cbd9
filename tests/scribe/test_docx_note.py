"""The Word document: styles, page fields, watermark, what the file says of itself."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from docx import Document
from notes_of_record import HOSTILE, draft_of, heading_of, note_of

from scribe.blocks import WATERMARK
from scribe.docx_form import docx_lines
from scribe.export import export_note
from scribe.note import Note


def written(note: Note) -> bytes:
    return export_note(note, heading_of("soap"), "docx")


def read(note: Note) -> Any:
    return Document(io.BytesIO(written(note)))


def styled(note: Note, style: str) -> list[str]:
    return [paragraph.text for paragraph in read(note).paragraphs if paragraph.style.name == style]


def test_headings_are_headings_and_sentences_a_list() -> None:
    note = note_of("soap", "added")
    assert styled(note, "Title") == ["SOAP progress note"]
    headings = ["Subjective", "Objective", "Assessment", "Plan", "Record", "Signature"]
    additions = ["Addendum", "Correction", "Late entry"]
    assert styled(note, "Heading 1")[1:] == [*headings, *additions]
    assert HOSTILE in styled(note, "List Bullet")
    assert "Date of service\t2026-03-02" in styled(note, "Fact")


def test_every_page_has_a_running_head_and_its_number() -> None:
    section = read(note_of("soap", "signed")).sections[0]
    assert section.header.paragraphs[0].text == "Zoë <K> Łukasz · MRN|77 · 2026-03-02 · SOAP progress note"
    foot = section.footer._element.xml
    assert 'w:instr="PAGE"' in foot
    assert 'w:instr="NUMPAGES"' in foot


def test_a_draft_has_its_watermark_in_the_head_of_every_page_and_a_signed_note_none() -> None:
    for note, draft in ((draft_of("soap"), True), (note_of("soap", "signed"), False)):
        document = read(note)
        head = document.sections[0].header._element.xml
        assert ('string="DRAFT"' in head) == draft
        assert (WATERMARK in document.sections[0].footer.paragraphs[0].text) == draft
        assert not document.sections[0].different_first_page_header_footer


def test_the_file_says_its_title_and_who_stands_for_it_and_nothing_else() -> None:
    core = read(note_of("soap", "signed")).core_properties
    assert (core.title, core.author, core.last_modified_by) == ("SOAP progress note", "R. Díaz, LCSW", "")
    assert core.created.isoformat() == core.modified.isoformat() == "2026-03-02T16:04:00+00:00"
    assert core.language == "en-US"
    with zipfile.ZipFile(io.BytesIO(written(draft_of("soap")))) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert [name for name in archive.namelist() if name.startswith("docProps/")] == ["docProps/core.xml"]


def test_the_note_can_be_read_by_what_reads_word_forms_here() -> None:
    lines = docx_lines(written(note_of("soap", "signed")))
    assert "# SOAP progress note" in lines
    assert HOSTILE in lines


def test_words_with_characters_that_xml_cannot_hold_do_not_spoil_the_file() -> None:
    assert styled(draft_of("soap").model_copy(update={"title": "A\x00 note\x0b"}), "Title") == ["A note"]
