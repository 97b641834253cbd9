"""What a clinician does to a draft."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from running import PROVENANCE

from scribe.errors import BadRequest, NotFound, SigningRefused, WrongState
from scribe.note import DraftNote, Evidence, NoteFinding, NoteSection, NoteStatement, SignedNote
from scribe.review import (
    ATTESTATION,
    add_addendum,
    edit_statement,
    intact,
    redraft_section,
    remove_statement,
    resolve_finding,
    sign,
    undo,
    write_statement,
)

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
WHO = {"author": "local", "at": NOW}


def statement(name: str, text: str = "Client reports poor sleep.") -> NoteStatement:
    evidence = (Evidence(utterance="u1", start=0, end=5, quote="sleep"),)
    return NoteStatement(id=name, text=text, evidence=evidence, support="direct")


@pytest.fixture
def draft() -> DraftNote:
    return DraftNote(
        session_id="s1",
        template="soap",
        title="SOAP note",
        created_at=NOW,
        sections=(
            NoteSection(
                code="S",
                title="Subjective",
                status="drafted",
                statements=(statement("s-1"), statement("s-2", "B.")),
            ),
            NoteSection(code="O", title="Objective", status="not_discussed"),
            NoteSection(code="P", title="Plan", status="drafted", statements=(statement("p-1", "Call."),)),
        ),
        findings=(
            NoteFinding(id="f1", kind="number", severity="blocking", statement="s-1", detail="A number."),
            NoteFinding(id="f2", kind="wording", severity="advisory", statement="p-1", detail="A word."),
        ),
        provenance=PROVENANCE,
    )


def signed(draft: DraftNote) -> SignedNote:
    return sign(draft, name="R. Diaz", credentials="LCSW", attestation=ATTESTATION, at=NOW)


def test_an_edit_keeps_what_stood_there_and_who_changed_it(draft: DraftNote) -> None:
    edited = edit_statement(draft, "s-1", "  Client sleeps\nfour hours. ", **WHO)
    changed = edited.sections[0].statements[0]
    assert (changed.text, changed.support) == ("Client sleeps four hours.", "clinician")
    assert changed.evidence == draft.sections[0].statements[0].evidence
    assert edited.edits[-1].before == "Client reports poor sleep."
    assert edited.revision == draft.revision + 1


def test_an_edit_resolves_the_findings_of_its_statement_and_no_other(draft: DraftNote) -> None:
    edited = edit_statement(draft, "s-1", "Client sleeps badly.", **WHO)
    assert [finding.resolution for finding in edited.findings] == ["edited", "open"]


def test_an_edit_to_the_same_words_changes_nothing(draft: DraftNote) -> None:
    assert edit_statement(draft, "s-1", "Client reports poor sleep.", **WHO) is draft


def test_a_section_that_loses_its_last_statement_says_so(draft: DraftNote) -> None:
    assert remove_statement(draft, "p-1", **WHO).sections[2].status == "not_discussed"


def test_a_section_nobody_spoke_of_can_be_written(draft: DraftNote) -> None:
    written = write_statement(draft, "o", "Arrived on time.", **WHO)
    section = written.sections[1]
    assert (section.status, section.statements[0].support, section.statements[0].evidence) == (
        "written",
        "clinician",
        (),
    )


def test_a_removed_statement_of_ones_own_does_not_give_its_id_away(draft: DraftNote) -> None:
    first = write_statement(draft, "O", "A.", **WHO)
    second = write_statement(remove_statement(first, "o-c1", **WHO), "O", "B.", **WHO)
    assert second.sections[1].statements[0].id == "o-c2"


@pytest.mark.parametrize("text", ["", "   \n ", "x" * 4001])
def test_a_statement_needs_a_text_of_sane_length(draft: DraftNote, text: str) -> None:
    with pytest.raises(BadRequest):
        edit_statement(draft, "s-1", text, **WHO)


def test_what_is_not_there_cannot_be_changed(draft: DraftNote) -> None:
    with pytest.raises(NotFound, match="s-9"):
        edit_statement(draft, "s-9", "x", **WHO)
    with pytest.raises(NotFound, match="S, O, P"):
        write_statement(draft, "X", "x", **WHO)


def test_a_blocking_finding_needs_a_reason(draft: DraftNote) -> None:
    with pytest.raises(BadRequest, match="reason"):
        resolve_finding(draft, "f1", "justified", " ")
    assert resolve_finding(draft, "f1", "justified", "She said so.").blocking == ()


def test_redrafting_a_section_leaves_edits_elsewhere_untouched(draft: DraftNote) -> None:
    edited = edit_statement(draft, "p-1", "Call Dr. Lin.", **WHO)
    fresh = NoteSection(
        code="S", title="Subjective", status="drafted", statements=(statement("s-1", "New."),)
    )
    finding = NoteFinding(id="f1", kind="number", severity="blocking", statement="s-1", detail="Again.")
    redrafted = redraft_section(edited, fresh, (finding,))
    assert redrafted.sections[2] == edited.sections[2]
    (new,) = redrafted.sections[0].statements
    assert new.text == "New."
    assert new.id not in {"s-1", "s-2", "p-1"}
    assert [(f.statement, f.resolution) for f in redrafted.findings] == [("p-1", "edited"), (new.id, "open")]
    assert len({f.id for f in redrafted.findings}) == 2


def test_an_open_blocking_finding_refuses_the_signature(draft: DraftNote) -> None:
    with pytest.raises(SigningRefused, match="f1"):
        signed(draft)


def test_an_empty_note_and_another_attestation_refuse_the_signature(draft: DraftNote) -> None:
    clear = edit_statement(draft, "s-1", "x", **WHO)
    with pytest.raises(SigningRefused, match="attestation"):
        sign(clear, name="R", credentials="LCSW", attestation="fine", at=NOW)
    for name in ("s-1", "s-2", "p-1"):
        clear = remove_statement(clear, name, **WHO)
    with pytest.raises(SigningRefused, match="no statement"):
        signed(clear)


def test_a_signed_note_and_its_addenda_show_any_change(draft: DraftNote) -> None:
    note = signed(remove_statement(draft, "s-1", **WHO))
    for kind in ("addendum", "correction", "late_entry"):
        note = add_addendum(note, kind=kind, text=f"{kind} text", author="R", credentials="LCSW", at=NOW)
    again = SignedNote.model_validate_json(note.model_dump_json())
    assert intact(again)
    assert not intact(again.model_copy(update={"addenda": again.addenda[1:]}))
    other = again.note.model_copy(update={"title": "Another"})
    assert not intact(again.model_copy(update={"note": other}))


# --- undoing --------------------------------------------------------------------------------------------


def history(first: DraftNote, *changes: Callable[[DraftNote], DraftNote]) -> list[DraftNote]:
    """The revisions that the changes make, the newest first."""
    made = [first]
    for change in changes:
        made.insert(0, change(made[0]))
    return made


def undone(revisions: list[DraftNote]) -> DraftNote:
    return undo(revisions[0], revisions, **WHO)


def test_undoing_an_edit_brings_back_words_evidence_and_finding(draft: DraftNote) -> None:
    revisions = history(draft, lambda note: edit_statement(note, "s-1", "Sleeps badly.", **WHO))
    assert revisions[0].findings[0].resolution == "edited"
    back = undone(revisions)
    assert (back.sections, back.findings) == (draft.sections, draft.findings)
    assert back.revision == 3
    assert [(edit.before, edit.after) for edit in back.edits] == [
        ("Client reports poor sleep.", "Sleeps badly."),
        ("Sleeps badly.", "Client reports poor sleep."),
    ]


def test_a_removed_statement_comes_back_where_it_stood(draft: DraftNote) -> None:
    revisions = history(
        draft,
        lambda note: remove_statement(note, "s-1", **WHO),
        lambda note: resolve_finding(note, "f2", "accepted", ""),
    )
    back = undone(revisions)
    assert back.sections == draft.sections
    assert [finding.resolution for finding in back.findings] == ["open", "accepted"]


def test_every_edit_can_be_undone_one_after_another(draft: DraftNote) -> None:
    revisions = history(
        draft,
        lambda note: edit_statement(note, "s-1", "One.", **WHO),
        lambda note: write_statement(note, "O", "Two.", **WHO),
        lambda note: remove_statement(note, "p-1", **WHO),
        lambda note: edit_statement(note, "s-1", "Three.", **WHO),
    )
    for expected in (revisions[1], revisions[2], revisions[3], revisions[4]):
        revisions.insert(0, undone(revisions))
        assert revisions[0].sections == expected.sections
    assert revisions[0].findings == draft.findings
    with pytest.raises(WrongState, match="no edit to undo"):
        undone(revisions)


def test_an_edit_in_a_section_that_was_drafted_anew_is_not_undone(draft: DraftNote) -> None:
    fresh = draft.sections[0].model_copy(update={"statements": (statement("s-1", "Sleeps four hours."),)})
    revisions = history(
        draft,
        lambda note: edit_statement(note, "s-1", "One.", **WHO),
        lambda note: redraft_section(note, fresh, ()),
    )
    with pytest.raises(WrongState, match="drafted anew"):
        undone(revisions)
