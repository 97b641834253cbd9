"""The REST calls for what proves how a session was handled: the discard receipt and the audit."""

from __future__ import annotations

from fastapi import APIRouter

from scribe.access import Right, require
from scribe.calls import On, SessionId, Who, admit
from scribe.wire import (
    Receipt,
)

router = APIRouter(prefix="/v1")


@router.get("/sessions/{session_id}/receipt")
def read_receipt(session_id: SessionId, who: Who, on: On) -> Receipt:
    """What became of the session's audio."""
    admit(on, who, session_id, Right.STATUS)
    on.audit.record(who.actor, "receipt read", session_id)
    return on.store.receipt(session_id)


@router.get("/audit")
def read_audit(who: Who, on: On) -> list[dict[str, object]]:
    """Who did what when; each event with its link of the hash chain."""
    require(who, Right.AUDIT)
    on.audit.record(who.actor, "audit read")
    return list(on.audit.events())
