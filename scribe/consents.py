"""The REST calls for consent: given, and taken back."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Response

from scribe.calls import On, SessionId, Who, audit
from scribe.errors import BadRequest, NotFound
from scribe.session import Consent, State, Step, missing_consent
from scribe.store import Details
from scribe.views import session_view
from scribe.wire import (
    SessionView,
)

router = APIRouter(prefix="/v1")


@router.post("/sessions/{session_id}/consents", status_code=201)
def add_consent(session_id: SessionId, consent: Consent, who: Who, on: On) -> SessionView:
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
        who.actor, "consent given", session_id, participant=consent.participant_id, method=consent.method
    )
    return session_view(on, stored)


@router.delete("/sessions/{session_id}/consents/{participant_id}", status_code=204)
async def revoke_consent(
    session_id: SessionId,
    participant_id: SessionId,
    who: Who,
    on: On,
    purge: Annotated[bool, Query()] = False,
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
    await audit(on, who, "consent revoked", session_id, participant=participant_id, purge=int(purge))
    if purge and stored.state is State.SIGNED:
        # What was signed is part of the record; DELETE on the session itself destroys that too.
        await asyncio.to_thread(on.store.forget_transcript, session_id)
        await audit(on, who, "transcript destroyed", session_id)
    elif purge:
        await asyncio.to_thread(on.store.shred, session_id, now)
        await audit(on, who, "session shredded", session_id)
    return Response(status_code=204)
