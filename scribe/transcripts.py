"""The REST calls for what was said and who said it."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter

from scribe.access import Right
from scribe.calls import On, SessionId, Who, audit, reach, reached
from scribe.errors import BadRequest, NotFound, WrongState
from scribe.healthscribe import conversation
from scribe.roles import with_roles
from scribe.server import Server
from scribe.session import SpeakerAssignment, State
from scribe.store import StoredSession
from scribe.views import session_view
from scribe.wire import (
    AssignSpeakers,
    CorrectLine,
    SessionView,
    TranscriptLine,
    TranscriptView,
)

router = APIRouter(prefix="/v1")


@router.get("/sessions/{session_id}/transcript")
def read_transcript(session_id: SessionId, who: Who, on: On) -> TranscriptView:
    """Who said what when."""
    reach(on, who, session_id, Right.READ)
    transcript = _transcript(on, session_id)
    on.audit.record(who.actor, "transcript read", session_id)
    return transcript


@router.get("/sessions/{session_id}/transcript/healthscribe")
def export_transcript(session_id: SessionId, who: Who, on: On) -> dict[str, Any]:
    """Who said what when, in the JSON shape of an AWS HealthScribe transcript (`Conversation`)."""
    stored = reach(on, who, session_id, Right.READ)
    lines = _transcript(on, session_id).utterances
    try:
        note = on.store.note(session_id)
    except NotFound:
        note = None
    on.audit.record(who.actor, "transcript exported", session_id, format="healthscribe")
    return conversation(session_id, lines, note, stored.details.context.language)


@router.patch("/sessions/{session_id}/transcript/{utterance_id}")
async def correct_line(
    session_id: SessionId, utterance_id: SessionId, change: CorrectLine, who: Who, on: On
) -> TranscriptView:
    """Correct the words of one line; draft again to have the note follow."""

    def correct() -> TranscriptLine:
        reach(on, who, session_id, Right.CHANGE)
        with on.store.together():
            corrected = on.store.correct_line(session_id, utterance_id, " ".join(change.text.split()))
            on.audit.record(who.actor, "line corrected", session_id, utterance=utterance_id)
        return corrected

    on.live.correct(session_id, await asyncio.to_thread(correct))
    return await asyncio.to_thread(_transcript, on, session_id)


@router.patch("/sessions/{session_id}/speakers")
async def assign_speakers(session_id: SessionId, assign: AssignSpeakers, who: Who, on: On) -> SessionView:
    """Say which speaker is which participant; a draft in review is derived again."""
    await reached(on, who, session_id, Right.CHANGE)
    confirmed = {
        speaker: SpeakerAssignment(participant_id=participant, confidence=1.0, confirmed=True)
        for speaker, participant in assign.speakers.items()
    }

    def change(stored: StoredSession) -> dict[str, SpeakerAssignment]:
        if stored.state is State.SIGNED:
            raise WrongState("The note is signed; its speakers do not change. Add a correction instead.")
        known = {participant.id for participant in stored.details.participants}
        if not set(assign.speakers.values()) <= known:
            raise BadRequest("Every speaker must be one of the session's participants, by participant id.")
        return confirmed

    stored = await asyncio.to_thread(on.store.confirm_speakers, session_id, change)
    on.live.confirm(session_id, confirmed)
    await audit(on, who, "speakers confirmed", session_id, speakers=len(confirmed))
    await on.live.derive_again(stored)
    return session_view(on, who, await asyncio.to_thread(on.store.session, session_id))


def _transcript(on: Server, session_id: str) -> TranscriptView:
    stored = on.store.session(session_id)
    lines = with_roles(on.store.transcript(session_id), stored.speakers, stored.details.participants)
    return TranscriptView(session_id=session_id, utterances=lines, marks=on.store.marks(session_id))
