"""Which documents a note is to a health record, and what each of them holds."""

from __future__ import annotations

from datetime import timedelta

from notes_of_record import NOW, draft_of, heading_of, note_of

from scribe.document import Document, documents
from scribe.note import SignedNote
from scribe.review import edit_statement

HEADING = heading_of("soap")


def words(document: Document) -> str:
    return "\n".join(block.text for block in document.blocks(HEADING))


def test_a_note_keeps_its_number_from_draft_to_signature() -> None:
    draft, signed = (documents(note_of("soap", state), HEADING) for state in ("draft", "signed"))  # type: ignore[arg-type]
    assert [document.number for document in draft] == [document.number for document in signed]
    assert [document.signed for document in (*draft, *signed)] == [False, True]
    assert draft[0].author == "ambient-scribe 0"
    assert signed[0].author == "R. Díaz, LCSW"


def test_an_addendum_is_appended_and_a_correction_replaces() -> None:
    first, addendum, correction, late = documents(note_of("soap", "added"), HEADING)
    assert [d.relation for d in (first, addendum, correction, late)] == [
        None,
        "appends",
        "replaces",
        "appends",
    ]
    assert addendum.parent == correction.parent == first.number
    assert late.parent == correction.number, "what comes after a correction is appended to what it made"
    assert [d.replaced for d in (first, addendum, correction, late)] == [True, False, False, False]
    assert [(d.at - NOW).days for d in (addendum, correction, late)] == [1, 2, 3]
    assert late.author == "O. Supervisor, LCSW"


def test_each_document_holds_what_was_known_when_it_was_made() -> None:
    first, addendum, correction, late = (words(d) for d in documents(note_of("soap", "added"), HEADING))
    assert "Her sister called." not in first
    assert "Subjective" not in addendum
    assert "Her sister called." in addendum
    assert all(part in correction for part in ("Subjective", "Her sister called.", "not Monday"))
    assert "The form was found." not in correction
    assert "The form was found." in late


def test_what_was_sent_before_is_the_same_after_something_was_added() -> None:
    note = note_of("soap", "added")
    assert isinstance(note, SignedNote)
    before = documents(note.model_copy(update={"addenda": note.addenda[:1]}), HEADING)
    after = documents(note, HEADING)
    assert [(d.number, words(d)) for d in before] == [(d.number, words(d)) for d in after[:2]]
    assert len({document.number for document in after}) == 4


def test_a_draft_stands_since_it_was_changed_last() -> None:
    draft = draft_of("soap")
    later = NOW + timedelta(hours=2)
    edited = edit_statement(draft, "s0-1", "Client kept no record.", author="local", at=later)
    assert [documents(note, HEADING)[0].at for note in (draft, edited)] == [NOW, later]
