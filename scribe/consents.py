"""The REST calls for consent: given, taken back, heard in the session; and the statements that people agree to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Body, Query, Response

from scribe.access import Right, require
from scribe.calls import On, SessionId, Who, audit, reach, reached
from scribe.consent import Agreement, spoken_consent, with_consent, without_consent
from scribe.errors import BadRequest, NotConsented, NotFound, WrongState
from scribe.server import Server
from scribe.session import Consent, State, Step
from scribe.spoken_consent import words_of
from scribe.store import Details, StoredSession
from scribe.views import session_view
from scribe.wire import ChooseEvidence, SessionView, StatementList, StatementText, StatementView

router = APIRouter(prefix="/v1")

EXAMPLES = [
    {
        "participant_id": "client",
        "method": "electronic",
        "scope": ["record", "transcribe", "draft"],
        "statement_version": "1",
        "given_at": "2026-11-02T14:58:00Z",
        "jurisdiction": "US-IL",
        "expires_at": "2027-11-02T00:00:00Z",
        "purpose": "Progress notes of my therapy",
    },
    {
        "participant_id": "child",
        "method": "written",
        "statement_version": "1",
        "given_at": "2026-11-02T14:58:00Z",
        "given_by": {"relationship": "mother", "guardian_id": "mother"},
        "assent": True,
    },
]


@router.post("/sessions/{session_id}/consents", status_code=201)
async def add_consent(
    session_id: SessionId, consent: Annotated[Consent, Body(examples=EXAMPLES)], who: Who, on: On
) -> SessionView:
    """Record one participant's consent; for each scope the newest holds."""
    try:
        consent.require_as_given()
    except ValueError as error:
        raise BadRequest(f"The consent does not fit the contract: {error}.") from None
    now = on.clock()

    def add() -> StoredSession:
        reach(on, who, session_id, Right.CONSENT)
        only_known = on.settings.consent_known_statements
        (named,) = on.statements.named((consent,), only_known=only_known)
        with on.store.together():
            stored = on.store.change_consents(
                session_id,
                lambda details: with_consent(details.participants, details.consents, named),
                lambda stored: _after_consent(on, stored),
                now,
            )
            on.audit.record(
                who.actor, "consent given", session_id, participant=named.participant_id, method=named.method
            )
        return stored

    stored = await asyncio.to_thread(add)
    await on.live.renew(session_id)
    return session_view(on, who, stored)


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
        return without_consent(details.participants, details.consents, participant_id, now)

    await reached(on, who, session_id, Right.CONSENT)

    def revoke() -> StoredSession:
        with on.store.together():
            stored = on.store.change_consents(session_id, change, Step.REVOKED, now)
            on.audit.record(
                who.actor, "consent revoked", session_id, participant=participant_id, purge=int(purge)
            )
        return stored

    stored = await asyncio.to_thread(revoke)
    await on.live.revoke(session_id)
    if purge and stored.state is State.SIGNED:
        # What was signed is part of the record; DELETE on the session itself destroys that too.
        await asyncio.to_thread(on.store.forget_transcript, session_id)
        await audit(on, who, "transcript destroyed", session_id)
    elif purge:
        await asyncio.to_thread(on.store.shred, session_id, now)
        await audit(on, who, "session shredded", session_id)
    return Response(status_code=204)


@router.put("/sessions/{session_id}/consents/{participant_id}/evidence")
def choose_evidence(
    session_id: SessionId, participant_id: SessionId, choice: ChooseEvidence, who: Who, on: On
) -> SessionView:
    """Say in which utterance a participant is heard to agree; what the rule found there is confirmed by it.

    The words are copied into the consent. A doubt that the rule had about this participant is settled by it.
    """
    reach(on, who, session_id, Right.CONSENT)
    line = next((one for one in on.store.transcript(session_id) if one.id == choice.utterance_id), None)
    if line is None:
        raise NotFound(f"This transcript has no line {choice.utterance_id}.")

    def chosen(consent: Consent) -> Consent:
        found = consent.evidence
        words = found if found is not None and line.id in found.utterance_ids else words_of((line,))
        words = words.model_copy(update={"found_by": "clinician", "confirmed": True})
        return consent.model_copy(update={"evidence": words, "doubt": None})

    stored = on.store.change_consents(
        session_id,
        lambda details: _with_spoken(details, participant_id, chosen),
        _not_revoked,
        on.clock(),
    )
    on.audit.record(who.actor, "consent evidence chosen", session_id, participant=participant_id)
    return session_view(on, who, stored)


@router.delete("/sessions/{session_id}/consents/{participant_id}/evidence")
def remove_evidence(session_id: SessionId, participant_id: SessionId, who: Who, on: On) -> SessionView:
    """Take the evidence out of a consent; the consent itself stays as the clinician attested it."""
    reach(on, who, session_id, Right.CONSENT)

    def removed(consent: Consent) -> Consent:
        return consent.model_copy(update={"evidence": None})

    stored = on.store.change_consents(
        session_id, lambda details: _with_spoken(details, participant_id, removed), None, on.clock()
    )
    on.audit.record(who.actor, "consent evidence removed", session_id, participant=participant_id)
    return session_view(on, who, stored)


@router.get("/consent-statements")
def list_statements(who: Who, on: On) -> StatementList:
    """Every version of the consent statement that is kept here."""
    require(who, Right.CONSENT)
    return StatementList(statements=on.statements.all())


@router.get("/consent-statements/{version}")
def read_statement(version: SessionId, who: Who, on: On) -> StatementView:
    """One version, word for word, with its hash."""
    require(who, Right.CONSENT)
    return on.statements.statement(version)


@router.put("/consent-statements/{version}")
def put_statement(version: SessionId, statement: StatementText, who: Who, on: On) -> StatementView:
    """Keep a version; the same again changes nothing, other words are refused (409)."""
    require(who, Right.MANAGE)
    kept = on.statements.keep(version, statement, on.clock())
    on.audit.record(who.actor, "consent statement kept", version=version, sha256=kept.sha256)
    return kept


def _after_consent(on: Server, stored: StoredSession) -> Step | None:
    if stored.state not in (State.AWAITING_CONSENT, State.READY):
        return None
    details = stored.details
    agreement = Agreement.of(details.participants, details.consents, details.context, on.rules)
    return None if agreement.missing(on.clock()) else Step.CONSENTED


def _not_revoked(stored: StoredSession) -> None:
    if stored.state is State.REVOKED:
        raise NotConsented("Consent to this session was revoked; no more of its words are kept.")


def _with_spoken(
    details: Details, participant_id: str, change: Callable[[Consent], Consent]
) -> tuple[Consent, ...]:
    number = spoken_consent(details.consents, participant_id)
    if number is None:
        raise WrongState(
            "This participant has no verbal consent that holds; evidence from the session is for verbal consents."
        )
    consents = list(details.consents)
    consents[number] = change(consents[number])
    return tuple(consents)
