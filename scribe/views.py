"""A stored session as a caller sees it."""

from __future__ import annotations

from asr.types import SAMPLE_RATE
from scribe.access import Caller, Right, rights_to
from scribe.consent import Agreement
from scribe.jurisdictions import DISCLAIMER
from scribe.purge import retention_of
from scribe.roles import unsure
from scribe.server import Server
from scribe.session import State
from scribe.store import StoredSession
from scribe.wire import (
    SessionView,
    StreamAccess,
)


def session_view(on: Server, who: Caller, stored: StoredSession) -> SessionView:
    """The session; while it may be recorded, with a fresh stream token for a caller who may stream to it."""
    now = on.clock()
    details = stored.details
    agreement = Agreement.of(details.participants, details.consents, details.context, on.rules)
    lacking = agreement.missing(now)
    open_states = (State.READY, State.RECORDING, State.PAUSED, State.INTERRUPTED, State.INTERRUPTED_PAUSED)
    access = None
    retention = retention_of(on.settings)
    rights = rights_to(who, stored.whose)
    if Right.STREAM in rights and not lacking and stored.state in open_states:
        token = on.identity.new_stream_token(stored.id, who)
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
        owner=stored.whose.owner,
        participants=details.participants,
        consents=details.consents,
        context=details.context,
        missing_consent=lacking,
        consent=agreement.standings(now),
        consent_doubt=tuple(
            dict.fromkeys(
                consent.participant_id
                for consent in details.consents
                if consent.doubt is not None and consent.revoked_at is None
            )
        ),
        rights=tuple(sorted(rights)),
        consent_rules=f"{on.rules.version}. {DISCLAIMER}",
        speakers=stored.speakers,
        unsure_speakers=unsure(stored.speakers),
        seconds=round(stored.position / SAMPLE_RATE, 2),
        stream=access,
        transcript_until=retention.transcript_until(stored.signed_at),
        note_until=retention.note_until(stored.signed_at),
    )
