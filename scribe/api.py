"""The REST calls for sessions, their consents, their transcript and their records.

Each is as thin as it can be: check, ask the room that knows, record in the audit. Calls that only read or write
the store are plain functions and run in a thread; those that touch a live session run in the event loop.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import Annotated

from fastapi import APIRouter, Query, Response

from asr.types import SAMPLE_RATE
from scribe.calls import ACTOR, On, SessionId, audit
from scribe.drafting import request_as, template_named, templates_of
from scribe.errors import BadRequest, NotFound, WrongState
from scribe.live import require_language
from scribe.note import DraftNote
from scribe.roles import with_roles
from scribe.server import Server
from scribe.session import (
    Consent,
    NewSession,
    SpeakerAssignment,
    State,
    Step,
    missing_consent,
)
from scribe.store import Details, StoredSession
from scribe.wire import (
    AssignSpeakers,
    CorrectLine,
    Receipt,
    SessionList,
    SessionSummary,
    SessionView,
    StreamAccess,
    TranscriptLine,
    TranscriptView,
)

router = APIRouter(prefix="/v1")

# --- sessions -------------------------------------------------------------------------------------------


@router.post("/sessions", status_code=201)
def create_session(new: NewSession, on: On) -> SessionView:
    """Begin a session; it is `awaiting_consent` until every participant's consent is complete."""
    template_named(new.template, templates_of(on.settings))
    require_language(new.context.language, on.engines)
    session_id = secrets.token_hex(8)
    now = on.clock()
    on.store.create_session(session_id, new, now)
    if not missing_consent(new.participants, new.consents, now):
        on.store.advance(session_id, Step.CONSENTED, now)
    on.audit.record(ACTOR, "session created", session_id, participants=len(new.participants))
    return _view(on, on.store.session(session_id))


@router.get("/sessions")
def list_sessions(on: On) -> SessionList:
    """All sessions, the newest first."""
    on.audit.record(ACTOR, "sessions listed")
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
def read_session(session_id: SessionId, on: On) -> SessionView:
    """One session; while it may be recorded, with a fresh stream token."""
    stored = on.store.session(session_id)
    on.audit.record(ACTOR, "session read", session_id)
    return _view(on, stored)


@router.delete("/sessions/{session_id}", status_code=204)
async def shred_session(session_id: SessionId, on: On) -> None:
    """Crypto-shred: the data key and every sealed value are destroyed; receipt and audit trail stay."""
    await asyncio.to_thread(on.store.shred, session_id, on.clock())
    await on.live.revoke(session_id)
    await audit(on, "session shredded", session_id)


@router.post("/sessions/{session_id}/end", status_code=202)
async def end_session(session_id: SessionId, on: On) -> SessionView:
    """End a session whose stream is gone: the rest is transcribed and the draft written."""
    await asyncio.shield(on.keep(on.live.end(session_id)))
    await audit(on, "session ended", session_id)
    return _view(on, await asyncio.to_thread(on.store.session, session_id))


@router.post("/sessions/{session_id}/consents", status_code=201)
def add_consent(session_id: SessionId, consent: Consent, on: On) -> SessionView:
    """Record one participant's consent; a newer one stands beside the older ones."""

    def change(details: Details) -> tuple[Consent, ...]:
        if consent.participant_id not in {participant.id for participant in details.participants}:
            raise BadRequest("The consent names a participant_id that this session does not have.")
        if consent.revoked_at is not None:
            raise BadRequest(
                "A consent is revoked with DELETE …/consents/{participant_id}, not given revoked."
            )
        return (*details.consents, consent)

    now = on.clock()
    stored = on.store.session(session_id)
    covered = not missing_consent(stored.details.participants, (*stored.details.consents, consent), now)
    step = Step.CONSENTED if covered and stored.state in (State.AWAITING_CONSENT, State.READY) else None
    stored = on.store.change_consents(session_id, change, step, now)
    on.audit.record(
        ACTOR, "consent given", session_id, participant=consent.participant_id, method=consent.method
    )
    return _view(on, stored)


@router.delete("/sessions/{session_id}/consents/{participant_id}")
async def revoke_consent(
    session_id: SessionId, participant_id: SessionId, on: On, purge: Annotated[bool, Query()] = False
) -> Response:
    """Revoke: live capture stops at once; with `purge`, transcript and draft are destroyed too."""
    now = on.clock()

    def change(details: Details) -> tuple[Consent, ...]:
        if participant_id not in {participant.id for participant in details.participants}:
            raise NotFound("This session has no such participant.")
        return tuple(
            consent.model_copy(update={"revoked_at": now})
            if consent.participant_id == participant_id and consent.revoked_at is None
            else consent
            for consent in details.consents
        )

    stored = await asyncio.to_thread(on.store.change_consents, session_id, change, Step.REVOKED, now)
    await on.live.revoke(session_id)
    await audit(on, "consent revoked", session_id, participant=participant_id, purge=int(purge))
    if purge and stored.state is State.SIGNED:
        # What was signed is part of the record; DELETE on the session itself destroys that too.
        await asyncio.to_thread(on.store.forget_transcript, session_id)
        await audit(on, "transcript destroyed", session_id)
    elif purge:
        await asyncio.to_thread(on.store.shred, session_id, now)
        await audit(on, "session shredded", session_id)
    return Response(status_code=204)


# --- transcript -----------------------------------------------------------------------------------------


@router.get("/sessions/{session_id}/transcript")
def read_transcript(session_id: SessionId, on: On) -> TranscriptView:
    """Who said what when."""
    on.audit.record(ACTOR, "transcript read", session_id)
    return _transcript(on, session_id)


@router.patch("/sessions/{session_id}/transcript/{utterance_id}")
async def correct_line(
    session_id: SessionId, utterance_id: SessionId, change: CorrectLine, on: On
) -> TranscriptView:
    """Correct the words of one line; draft again to have the note follow."""

    def correct() -> TranscriptLine:
        _require_unsigned(on, session_id)
        line = next((line for line in on.store.transcript(session_id) if line.id == utterance_id), None)
        if line is None:
            raise NotFound(f"This transcript has no line {utterance_id}.")
        text = " ".join(change.text.split())
        corrected = line.model_copy(update={"text": text, "words": (), "corrected": True})
        on.store.commit_words(session_id, (corrected,))
        on.audit.record(ACTOR, "line corrected", session_id, utterance=utterance_id)
        return corrected

    on.live.correct(session_id, await asyncio.to_thread(correct))
    return await asyncio.to_thread(_transcript, on, session_id)


@router.patch("/sessions/{session_id}/speakers")
async def assign_speakers(session_id: SessionId, assign: AssignSpeakers, on: On) -> SessionView:
    """Say which speaker is which participant; a draft in review is derived again."""
    stored = await asyncio.to_thread(on.store.session, session_id)
    if stored.state is State.SIGNED:
        raise WrongState("The note is signed; its speakers do not change. Add a correction instead.")
    known = {participant.id for participant in stored.details.participants}
    if not set(assign.speakers.values()) <= known:
        raise BadRequest("Every speaker must be one of the session's participants, by participant id.")
    confirmed = {
        speaker: SpeakerAssignment(participant_id=participant, confidence=1.0, confirmed=True)
        for speaker, participant in assign.speakers.items()
    }
    speakers = {**stored.speakers, **confirmed}
    await asyncio.to_thread(on.store.commit_words, session_id, (), speakers=speakers)
    on.live.confirm(session_id, confirmed)
    await audit(on, "speakers confirmed", session_id, speakers=len(confirmed))
    if stored.state is State.IN_REVIEW:
        note = await asyncio.to_thread(on.store.note, session_id)
        if isinstance(note, DraftNote):
            await on.live.draft(session_id, request_as(note))
    return _view(on, await asyncio.to_thread(on.store.session, session_id))


# --- records --------------------------------------------------------------------------------------------


@router.get("/sessions/{session_id}/receipt")
def read_receipt(session_id: SessionId, on: On) -> Receipt:
    """What became of the session's audio."""
    return on.store.receipt(session_id)


@router.get("/audit")
def read_audit(on: On) -> list[dict[str, object]]:
    """Who did what when; each event with its link of the hash chain."""
    on.audit.record(ACTOR, "audit read")
    return list(on.audit.events())


# --- inside ---------------------------------------------------------------------------------------------


def _view(on: Server, stored: StoredSession) -> SessionView:
    now = on.clock()
    details = stored.details
    lacking = missing_consent(details.participants, details.consents, now)
    open_states = (State.READY, State.RECORDING, State.PAUSED, State.INTERRUPTED, State.INTERRUPTED_PAUSED)
    access = None
    if not lacking and stored.state in open_states:
        token = on.auth.new_stream_token(stored.id, now)
        access = StreamAccess(
            url=f"/v1/sessions/{stored.id}/stream", token=token.text, expires_at=token.expires_at
        )
    return SessionView(
        id=stored.id,
        state=stored.state,
        created_at=stored.created_at,
        started_at=stored.started_at,
        ended_at=stored.ended_at,
        template=stored.template,
        participants=details.participants,
        consents=details.consents,
        context=details.context,
        missing_consent=lacking,
        speakers=stored.speakers,
        seconds=round(stored.position / SAMPLE_RATE, 2),
        stream=access,
    )


def _transcript(on: Server, session_id: str) -> TranscriptView:
    stored = on.store.session(session_id)
    lines = with_roles(on.store.transcript(session_id), stored.speakers, stored.details.participants)
    return TranscriptView(session_id=session_id, utterances=lines, marks=on.store.marks(session_id))


def _require_unsigned(on: Server, session_id: str) -> None:
    if on.store.session(session_id).state is State.SIGNED:
        raise WrongState("The note is signed; its transcript does not change. Add a correction instead.")
