"""The REST call that says how a participant is called: name or initials, pronouns, relationship."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter

from scribe.access import Right
from scribe.calls import On, SessionId, Who, audit, reached
from scribe.errors import NotFound, WrongState
from scribe.session import Participant, State
from scribe.store import StoredSession
from scribe.views import session_view
from scribe.wire import RenameParticipant, SessionView

router = APIRouter(prefix="/v1")


@router.patch("/sessions/{session_id}/participants/{participant_id}")
async def rename_participant(
    session_id: SessionId, participant_id: SessionId, rename: RenameParticipant, who: Who, on: On
) -> SessionView:
    """Change how somebody is called; a draft in review is derived again, for its words follow the pronouns."""
    await reached(on, who, session_id, Right.CHANGE)

    def change(stored: StoredSession) -> tuple[Participant, ...]:
        if stored.state is State.SIGNED:
            raise WrongState("The note is signed; its participants do not change. Add a correction instead.")
        participants = stored.details.participants
        if participant_id not in {participant.id for participant in participants}:
            raise NotFound("This session has no such participant.")
        given = rename.model_dump(exclude_none=True)
        return tuple(
            participant.model_copy(update=given) if participant.id == participant_id else participant
            for participant in participants
        )

    stored = await asyncio.to_thread(on.store.change_participants, session_id, change)
    await audit(on, who, "participant renamed", session_id, participant=participant_id)
    await on.live.derive_again(stored)
    return await asyncio.to_thread(lambda: session_view(on, who, on.store.session(session_id)))
