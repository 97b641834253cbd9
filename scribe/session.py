"""A session, who takes part in it, what they agreed to, and the one table of what may follow what.

Goes in: events of a session's life and the consents that were given. Comes out: the next state, or the reason
why not. No clock (time is an argument), no store.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal, TypeAlias

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from scribe.errors import NotConsented, WrongState


class State(StrEnum):
    """Where a session stands."""

    AWAITING_CONSENT = "awaiting_consent"
    READY = "ready"
    RECORDING = "recording"
    PAUSED = "paused"
    INTERRUPTED = "interrupted"
    INTERRUPTED_PAUSED = "interrupted_paused"
    ENDED = "ended"
    IN_REVIEW = "in_review"
    SIGNED = "signed"
    REVOKED = "revoked"
    SHREDDED = "shredded"


class Step(StrEnum):
    """What happens to a session."""

    CONSENTED = "consented"
    OPENED = "stream opened"
    PAUSED = "paused"
    RESUMED = "resumed"
    CUT = "stream cut"
    STOPPED = "stopped"
    DRAFTED = "drafted"
    SIGNED = "signed"
    REVOKED = "consent revoked"
    SHREDDED = "shredded"


S, T = State, Step
TRANSITIONS: Mapping[tuple[State, Step], State] = {
    (S.AWAITING_CONSENT, T.CONSENTED): S.READY,
    (S.READY, T.CONSENTED): S.READY,
    (S.READY, T.OPENED): S.RECORDING,
    (S.RECORDING, T.PAUSED): S.PAUSED,
    (S.RECORDING, T.CUT): S.INTERRUPTED,
    (S.RECORDING, T.STOPPED): S.ENDED,
    (S.PAUSED, T.RESUMED): S.RECORDING,
    (S.PAUSED, T.CUT): S.INTERRUPTED_PAUSED,
    (S.PAUSED, T.STOPPED): S.ENDED,
    (S.INTERRUPTED, T.OPENED): S.RECORDING,
    (S.INTERRUPTED, T.STOPPED): S.ENDED,
    # Off the record stays off the record across a cut: only the client's own `resume` ends it.
    (S.INTERRUPTED_PAUSED, T.OPENED): S.PAUSED,
    (S.INTERRUPTED_PAUSED, T.STOPPED): S.ENDED,
    (S.ENDED, T.DRAFTED): S.IN_REVIEW,
    (S.IN_REVIEW, T.DRAFTED): S.IN_REVIEW,
    (S.IN_REVIEW, T.SIGNED): S.SIGNED,
    # Revocation ends capture and drafting; a note that is signed is part of the record and stays.
    (S.AWAITING_CONSENT, T.REVOKED): S.AWAITING_CONSENT,
    (S.READY, T.REVOKED): S.AWAITING_CONSENT,
    (S.RECORDING, T.REVOKED): S.REVOKED,
    (S.PAUSED, T.REVOKED): S.REVOKED,
    (S.INTERRUPTED, T.REVOKED): S.REVOKED,
    (S.INTERRUPTED_PAUSED, T.REVOKED): S.REVOKED,
    (S.ENDED, T.REVOKED): S.REVOKED,
    (S.IN_REVIEW, T.REVOKED): S.REVOKED,
    (S.REVOKED, T.REVOKED): S.REVOKED,
    (S.SIGNED, T.REVOKED): S.SIGNED,
    **{(state, T.SHREDDED): S.SHREDDED for state in State},
}
"""The whole life of a session; what is not in the table is refused."""

CAPTURING = frozenset({State.RECORDING, State.PAUSED})
"""A stream is open."""

UNFINISHED = CAPTURING | {State.INTERRUPTED, State.INTERRUPTED_PAUSED}
"""Words may still come."""


def step(state: State, what: Step) -> State:
    """The state after `what`; raises WrongState where the table has no such step."""
    try:
        return TRANSITIONS[state, what]
    except KeyError:
        possible = sorted({entry.value for (here, entry) in TRANSITIONS if here is state} - {Step.SHREDDED})
        raise WrongState(
            f"A session that is {state.value} cannot be {what.value}; "
            + (f"possible now: {', '.join(possible)}." if possible else "nothing more can happen to it.")
        ) from None


def _client_for_patient(role: object) -> object:
    return "client" if role == "patient" else role


Role: TypeAlias = Annotated[
    Literal["clinician", "client", "family", "interpreter", "other"], BeforeValidator(_client_for_patient)
]
Identifier: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
Scope: TypeAlias = Literal["record", "transcribe", "draft"]
CLOCK_SKEW = timedelta(minutes=5)
"""How far ahead of the server's a client's clock may be before its consent counts as not yet given."""

REQUIRED_SCOPE: frozenset[Scope] = frozenset({"record", "transcribe", "draft"})


class Strict(BaseModel):
    """Base of all that comes from outside: unknown fields are refused, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Participant(Strict):
    """Someone who takes part; `channel` is set where each voice has a channel of its own.

    `relationship` is a family member's to the client.
    """

    id: Identifier
    role: Role
    label: Annotated[str, Field(max_length=120)] = ""
    pronouns: Annotated[str, Field(max_length=40)] = ""
    relationship: Annotated[str, Field(max_length=80)] = ""
    channel: Literal[0, 1] | None = None


class Consent(Strict):
    """What one participant agreed to, how, when and to which wording."""

    participant_id: Identifier
    method: Literal["written", "electronic", "verbal"]
    scope: frozenset[Scope] = REQUIRED_SCOPE
    statement_version: Annotated[str, Field(min_length=1, max_length=64)]
    given_at: AwareDatetime
    jurisdiction: Annotated[str, Field(max_length=16)] = ""
    expires_at: AwareDatetime | None = None
    revoked_at: AwareDatetime | None = None


class TreatmentGoal(Strict):
    """A goal of the treatment plan that the note may address."""

    id: Identifier
    text: Annotated[str, Field(min_length=1, max_length=500)]


class SessionContext(Strict):
    """What the clinician gives beside the recording; nothing here comes from a model."""

    modality: Annotated[str, Field(max_length=80)] = ""
    place: Annotated[str, Field(max_length=120)] = ""
    client_place: Annotated[str, Field(max_length=120)] = ""
    """Where the client was, for telehealth."""
    platform: Annotated[str, Field(max_length=80)] = ""
    psychotherapy_minutes: Annotated[int, Field(ge=0, le=600)] | None = None
    """Beside an evaluation and management service on the same day; None where there was none."""
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}$")] | None = None
    """Two or three letters (ISO 639); None is found out from the first utterances of each channel."""
    vocabulary: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=64)], ...], Field(max_length=200)
    ] = ()
    diagnoses: Annotated[tuple[Annotated[str, Field(max_length=200)], ...], Field(max_length=20)] = ()
    treatment_goals: Annotated[tuple[TreatmentGoal, ...], Field(max_length=30)] = ()
    notes_markdown: Annotated[str, Field(max_length=20_000)] = ""


class NewSession(Strict):
    """What a session starts from."""

    template: Annotated[str, Field(min_length=1, max_length=64)] = "soap"
    participants: Annotated[tuple[Participant, ...], Field(min_length=1, max_length=12)]
    consents: tuple[Consent, ...] = ()
    context: SessionContext = SessionContext()
    clinician: Identifier | None = None
    """Account id of the clinician whose session it is, where a platform begins it; else it is the caller's own."""

    @model_validator(mode="after")
    def _consistent(self) -> NewSession:
        ids = [participant.id for participant in self.participants]
        if len(set(ids)) != len(ids):
            raise ValueError("participants need different ids")
        strangers = {consent.participant_id for consent in self.consents} - set(ids)
        if strangers:
            raise ValueError("every consent needs a participant of the same id")
        channels = [
            participant.channel for participant in self.participants if participant.channel is not None
        ]
        if len(set(channels)) != len(channels):
            raise ValueError("a channel can belong to one participant only")
        return self


class SpeakerAssignment(Strict):
    """Which participant a speaker label is; `confirmed` once the clinician said so."""

    participant_id: Identifier
    confidence: Annotated[float, Field(ge=0, le=1)]
    confirmed: bool = False


def missing_consent(
    participants: Iterable[Participant], consents: Iterable[Consent], now: datetime
) -> dict[str, tuple[str, ...]]:
    """Which scopes are not covered at `now`, by participant id; empty when consent is complete.

    Consent is always that of all parties: federal law and some states ask for one party only, but a session's
    parties may be in different states, and the strictest rule is the one that is safe everywhere.
    """
    given: dict[str, set[Scope]] = {}
    for consent in consents:
        ended = consent.revoked_at is not None or (
            consent.expires_at is not None and consent.expires_at <= now
        )
        if not ended and consent.given_at <= now + CLOCK_SKEW:
            given.setdefault(consent.participant_id, set()).update(consent.scope)
    return {
        participant.id: tuple(sorted(lacking))
        for participant in participants
        if (lacking := REQUIRED_SCOPE - given.get(participant.id, set()))
    }


def consent_until(participants: Iterable[Participant], consents: Iterable[Consent]) -> datetime | None:
    """When consent that is complete now will no longer be; None where none of it expires."""
    given = [consent for consent in consents if consent.revoked_at is None]
    ends: list[datetime] = []
    for participant in participants:
        for scope in REQUIRED_SCOPE:
            covering = [
                c.expires_at for c in given if c.participant_id == participant.id and scope in c.scope
            ]
            expiring = [end for end in covering if end is not None]
            if expiring and len(expiring) == len(covering):
                ends.append(max(expiring))
    return min(ends, default=None)


def require_consent(participants: Iterable[Participant], consents: Iterable[Consent], now: datetime) -> None:
    """Raise NotConsented unless every participant's consent covers recording, transcription and drafting."""
    lacking = missing_consent(participants, consents, now)
    if lacking:
        who = "; ".join(
            f"participant {name}: {', '.join(scopes)}" for name, scopes in sorted(lacking.items())
        )
        raise NotConsented(
            f"Every participant's consent must cover record, transcribe and draft; missing: {who}. "
            "Record the consent with POST /v1/sessions/{id}/consents, then start again."
        )
