"""The PDF: what a reader sees on each page, what a screen reader is told, and what the file says of itself."""

from __future__ import annotations

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from notes_of_record import STATES, draft_of, heading_of, note_of
from pypdf import PdfReader

from scribe.blocks import WATERMARK, Heading
from scribe.export import export_note
from scribe.note import Note
from scribe.pdf_fonts import BOLD, REGULAR, missing, runs
from scribe.session import Participant


def read(note: Note, heading: Heading | None = None) -> PdfReader:
    return PdfReader(io.BytesIO(export_note(note, heading or heading_of("soap"), "pdf")))


def long_draft(sentences: int = 60) -> Note:
    draft = draft_of("soap")
    first, *others = draft.sections
    one = first.statements[0]
    many = tuple(
        one.model_copy(update={"id": f"m{number}", "text": f"Sentence number {number}. " * 9})
        for number in range(sentences)
    )
    return draft.model_copy(update={"sections": (first.model_copy(update={"statements": many}), *others)})


def test_every_page_says_whose_it_is_which_of_how_many_and_that_it_is_a_draft() -> None:
    pages = [page.extract_text() for page in read(long_draft()).pages]
    assert len(pages) > 3
    for number, text in enumerate(pages, 1):
        assert f"Page {number} of {len(pages)}" in text
        assert "Zoë <K> Łukasz · MRN|77 · 2026-03-02 · SOAP progress note" in text
        assert WATERMARK in text
        assert "DRAFT" in text.replace(WATERMARK, "")
    whole = "".join(pages)
    assert [number for number in range(60) if f"Sentence number {number}." not in whole] == []


def test_a_signed_note_has_no_watermark_on_any_page() -> None:
    assert all("DRAFT" not in page.extract_text() for page in read(note_of("soap", "added")).pages)


def test_what_was_added_is_never_parted_from_who_added_it() -> None:
    by = "R. Díaz, LCSW, 2026-03-03"
    draft = draft_of("soap")
    first, *others = draft.sections
    for lines in range(37, 41):  # so that it comes to stand at the foot of a page
        one = first.statements[1]
        many = tuple(one.model_copy(update={"id": f"m{number}"}) for number in range(lines))
        section = first.model_copy(update={"statements": many})
        note = note_of("soap", "added").model_copy(
            update={"note": draft.model_copy(update={"sections": (section, *others)})}
        )
        (page,) = [text for page in read(note).pages if by in (text := page.extract_text())]
        assert "She will come too." in page


def tags(element: Any) -> Iterator[Any]:
    kids = element.get("/K")
    for kid in kids if isinstance(kids, list) else [kids]:
        if hasattr(inner := kid.get_object(), "get"):
            yield inner
            yield from tags(inner)


def test_headings_and_paragraphs_are_tagged_in_reading_order_and_on_their_pages() -> None:
    reader = read(long_draft())
    root = reader.root_object
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en-US"
    roles = [element["/S"] for element in tags(root["/StructTreeRoot"])]
    assert roles[:3] == ["/Document", "/P", "/H1"]
    titles = 1 + len(draft_of("soap").sections) + 1  # risk, sections, record
    assert roles.count("/H2") == titles
    by_page: dict[int, int] = {}
    for element in tags(root["/StructTreeRoot"]):
        if "/Pg" in element:
            page = element["/Pg"].get_object()
            number = page["/StructParents"]
            by_page[number] = by_page.get(number, 0) + 1
            assert element["/K"] == by_page[number] - 1, "numbers begin anew on each page"
    for number, page in enumerate(reader.pages):
        content = page.get_contents()
        assert content is not None
        assert content.get_data().count(b"/MCID") == by_page[number]
        assert content.get_data().count(b"BDC") + content.get_data().count(
            b"BMC"
        ) == content.get_data().count(b"EMC")


def test_the_outline_leads_to_each_heading() -> None:
    def titles(entries: Any) -> Iterator[str]:
        for entry in entries:
            if isinstance(entry, list):
                yield from titles(entry)
            else:
                yield entry.title

    found = list(titles(read(note_of("soap", "added")).outline))
    assert found[0] == "SOAP progress note"
    assert {"Subjective", "Plan", "Signature", "Addendum", "Correction", "Late entry"} <= set(found)


def test_the_file_says_its_title_and_who_stands_for_it_and_nothing_else() -> None:
    for note, author in (
        (draft_of("soap"), "ambient-scribe 0"),
        (note_of("soap", "signed"), "R. Díaz, LCSW"),
    ):
        assert dict(read(note).metadata or {}) == {"/Title": "SOAP progress note", "/Author": author}
    assert "/Metadata" not in read(draft_of("soap")).root_object
    assert read(draft_of("soap")).viewer_preferences is not None


def test_latin_letters_are_set_in_the_font_that_every_machine_has() -> None:
    text = "Zoë “slept” – café, naïve; 4 €"
    assert list(runs(text)) == [(REGULAR, text)]
    assert list(runs(text, bold=True)) == [(BOLD, text)]
    assert not missing([text])


def test_what_no_font_has_is_shown_by_its_code_and_the_file_says_so() -> None:
    unassigned = "\U0010fffd"
    assert "".join(piece for _, piece in runs(f"a{unassigned}b")) == "a[U+10FFFD]b"
    assert missing([unassigned])
    heading = heading_of("soap")
    people = (*heading.participants, Participant(id="ot", role="other", label="שרה"))
    named = Heading("s1", heading.started_at, None, people, (), heading.context)
    text = "".join(page.extract_text() for page in read(note_of("soap", "signed"), named).pages)
    assert "[U+05E9][U+05E8][U+05D4]" in text, "right to left is not set in the wrong order"
    assert "could not be set on the machine" in " ".join(text.split())


def test_a_quote_longer_than_a_page_goes_over_pages() -> None:
    draft = draft_of("soap")
    long = " ".join(f"said{number}" for number in range(4000))
    reader = read(draft.model_copy(update={"risk": (draft.risk[0].model_copy(update={"quote": long}),)}))
    shown = " ".join(page.extract_text() for page in reader.pages).split()
    assert {f"said{number}" for number in range(4000)} <= {word.strip("“”") for word in shown}


def test_files_that_are_made_at_the_same_time_do_not_mix() -> None:
    notes = {state: note_of("soap", state) for state in STATES}
    alone = {state: export_note(note, heading_of("soap"), "pdf") for state, note in notes.items()}
    with ThreadPoolExecutor(8) as threads:
        states = STATES * 6
        together = threads.map(lambda state: export_note(notes[state], heading_of("soap"), "pdf"), states)
        assert [alone[state] for state in states] == list(together)


@pytest.mark.parametrize("text", ["<b>x</b> & <para> <font size=90>", "\x00\x0b tab\tand\nline", "x" * 1000])
def test_words_cannot_break_the_page(text: str) -> None:
    draft = draft_of("soap")
    one = draft.sections[0].statements[0].model_copy(update={"text": text})
    section = draft.sections[0].model_copy(update={"statements": (one,)})
    written = read(draft.model_copy(update={"sections": (section,), "title": text[:100]}))
    shown = "".join(page.extract_text() for page in written.pages)
    kept = "".join(text.replace("\x00", "").replace("\x0b", "").split())
    assert kept in "".join(shown.split()).replace(WATERMARK, "")
