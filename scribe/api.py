"""The REST calls for sessions.

Each is as thin as it can be: check, ask the room that knows, record in the audit. Calls that only read or write
the store are plain functions and run in a thread; those that touch a live session run in the event loop.
"""

from __future__ import annotations

import asyncio
import secrets

from fastapi import APIRouter

from asr.types import SAMPLE_RATE
from scribe.calls import On, SessionId, Who, audit
from scribe.consent import Agreement
from scribe.drafting import template_named, templates_of
from scribe.live import require_language
from scribe.session import NewSession, Step
from scribe.views import session_view
from scribe.wire import (
    SessionList,
    SessionSummary,
    SessionView,
)

router = APIRouter(prefix="/v1")


@router.post("/sessions", status_code=201)
def create_session(new: NewSession, who: Who, on: On) -> SessionView:
    """Begin a session; it is `awaiting_consent` until every participant's consent is complete."""
    template_named(new.template, templates_of(on.settings))
    require_language(new.context.language, on.engines)
    session_id = secrets.token_hex(8)
    now = on.clock()
    new = new.model_copy(
        update={
            "consents": on.statements.named(new.consents, only_known=on.settings.consent_known_statements)
        }
    )
    covered = not Agreement.of(new.participants, new.consents, new.context, on.rules).missing(now)
    on.store.create_session(session_id, new, now, Step.CONSENTED if covered else None)
    on.audit.record(who.actor, "session created", session_id, participants=len(new.participants))
    return session_view(on, on.store.session(session_id))


@router.get("/sessions")
def list_sessions(who: Who, on: On) -> SessionList:
    """All sessions, the newest first."""
    on.audit.record(who.actor, "sessions listed")
    return SessionList(
        sessions=tuple(
            SessionSummary(
                id=row.id,
                state=row.state,
                created_at=row.created_at,
                template=row.template,
                seconds=round(row.position / SAMPLE_RATE, 2),
            )
            for row in on.store.list_sessions()
        )
    )


@router.get("/sessions/{session_id}")
def read_session(session_id: SessionId, who: Who, on: On) -> SessionView:
    """One session; while it may be recorded, with a fresh stream token."""
    stored = on.store.session(session_id)
    on.audit.record(who.actor, "session read", session_id)
    return session_view(on, stored)


@router.delete("/sessions/{session_id}", status_code=204)
async def shred_session(session_id: SessionId, who: Who, on: On) -> None:
    """Crypto-shred: the data key and every sealed value are destroyed; receipt and audit trail stay."""
    await asyncio.to_thread(on.store.shred, session_id, on.clock())
    await on.live.revoke(session_id)
    await audit(on, who, "session shredded", session_id)


@router.post("/sessions/{session_id}/end", status_code=202)
async def end_session(session_id: SessionId, who: Who, on: On) -> SessionView:
    """End a session whose stream is gone: the rest is transcribed and the draft written."""
    await asyncio.shield(on.keep(on.live.end(session_id)))
    await audit(on, who, "session ended", session_id)
    return session_view(on, await asyncio.to_thread(on.store.session, session_id))
