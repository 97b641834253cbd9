"""The REST calls for a clinician's own process note of a session: nobody but its author reads it."""

from __future__ import annotations

from fastapi import APIRouter

from scribe.access import Right
from scribe.calls import On, SessionId, Who, reach
from scribe.errors import NotFound
from scribe.wire import ProcessNoteView, WriteProcessNote

router = APIRouter(prefix="/v1/sessions/{session_id}/process-note")


@router.get("")
def read_process_note(session_id: SessionId, who: Who, on: On) -> ProcessNoteView:
    """The caller's own, empty where there is none; another's is as if it were not there, for a supervisor too."""
    reach(on, who, session_id, Right.CHANGE)
    on.audit.record(who.actor, "process note read", session_id)
    try:
        note = on.process_notes.read(session_id, who.actor)
    except NotFound:
        return ProcessNoteView(session_id=session_id, text="")
    return ProcessNoteView(session_id=session_id, text=note.text, changed_at=note.changed_at)


@router.put("")
def write_process_note(session_id: SessionId, written: WriteProcessNote, who: Who, on: On) -> ProcessNoteView:
    """Write it, in place of what stood there; earlier versions are not kept."""
    reach(on, who, session_id, Right.CHANGE)
    on.audit.record(who.actor, "process note written", session_id)
    note = on.process_notes.write(session_id, who.actor, written.text, on.clock())
    return ProcessNoteView(session_id=session_id, text=note.text, changed_at=note.changed_at)


@router.delete("", status_code=204)
def destroy_process_note(session_id: SessionId, who: Who, on: On) -> None:
    """Destroy it with its key."""
    reach(on, who, session_id, Right.CHANGE)
    on.audit.record(who.actor, "process note destroyed", session_id)
    on.process_notes.destroy(session_id, who.actor)
