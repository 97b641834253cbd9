"""The REST calls for sessions.

Each is as thin as it can be: check, ask the room that knows, record in the audit. Calls that only read or write
the store are plain functions and run in a thread; those that touch a live session run in the event loop.
"""

from __future__ import annotations

import asyncio
import secrets

from fastapi import APIRouter

from asr.types import SAMPLE_RATE
from scribe.access import Caller, Right, Role, require, rights_to
from scribe.calls import On, SessionId, Who, admit, audit, reach, reached
from scribe.consent import Agreement
from scribe.drafting import template_named, templates_of
from scribe.errors import BadRequest
from scribe.live import require_language
from scribe.purge import retention_of
from scribe.server import Server
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
    require(who, Right.CREATE)
    owner = _owner(on, who, new.clinician)
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
    with on.store.together():
        first = Step.CONSENTED if covered else None
        on.store.create_session(session_id, new, now, first, owner=owner, made_by=who.actor)
        on.audit.record(who.actor, "session created", session_id, participants=len(new.participants))
    return session_view(on, who, on.store.session(session_id))


@router.get("/sessions")
def list_sessions(who: Who, on: On) -> SessionList:
    """The caller's sessions and those of whom they supervise, the newest first."""
    require(who, Right.STATUS)
    on.audit.record(who.actor, "sessions listed")
    rows = on.store.list_sessions(owners={who.actor, *who.supervises}, made_by=who.actor)
    rights = {row.id: rights_to(who, row.whose) for row in rows}
    read = {row.id for row in rows if Right.READ in rights[row.id]}
    labels, retention = on.store.client_labels(read), retention_of(on.settings)
    return SessionList(
        sessions=tuple(
            SessionSummary(
                id=row.id,
                state=row.state,
                created_at=row.created_at,
                template=row.template,
                owner=row.whose.owner,
                seconds=round(row.position / SAMPLE_RATE, 2),
                ended_at=row.ended_at,
                signed_at=row.signed_at,
                transcript_until=retention.transcript_until(row.signed_at),
                clients=labels.get(row.id, ()),
                rights=tuple(sorted(rights[row.id])),
            )
            for row in rows
        )
    )


@router.get("/sessions/{session_id}")
def read_session(session_id: SessionId, who: Who, on: On) -> SessionView:
    """One session; while it may be recorded, with a fresh stream token."""
    stored = reach(on, who, session_id, Right.STATUS)
    on.audit.record(who.actor, "session read", session_id)
    return session_view(on, who, stored)


@router.delete("/sessions/{session_id}", status_code=204)
async def shred_session(session_id: SessionId, who: Who, on: On) -> None:
    """Crypto-shred: the data key and every sealed value are destroyed; receipt and audit trail stay."""
    await asyncio.to_thread(admit, on, who, session_id, Right.SHRED)

    def shred() -> None:
        with on.store.together():
            on.store.shred(session_id, on.clock())
            on.audit.record(who.actor, "session shredded", session_id)

    await asyncio.to_thread(shred)
    await on.live.revoke(session_id)


@router.post("/sessions/{session_id}/end", status_code=202)
async def end_session(session_id: SessionId, who: Who, on: On) -> SessionView:
    """End a session whose stream is gone: the rest is transcribed and the draft written."""
    await reached(on, who, session_id, Right.STREAM)
    await asyncio.shield(on.keep(on.live.end(session_id)))
    await audit(on, who, "session ended", session_id)
    return session_view(on, who, await asyncio.to_thread(on.store.session, session_id))


def _owner(on: Server, who: Caller, clinician: str | None) -> str:
    """Whose the new session is; raises BadRequest where a platform names nobody who can have it, or a person others."""
    if clinician is None or clinician == who.actor:
        return who.actor
    if Role.PLATFORM not in who.roles:
        raise BadRequest("Only a platform names a `clinician`; leave it out, the session is your own.")
    on.identity.accounts.require_clinician(clinician)
    return clinician
