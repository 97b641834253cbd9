"""A session, who takes part in it, what they agreed to, and the one table of what may follow what.

Goes in: events of a session's life. Comes out: the next state, or the reason why not. Whether the consents of a
session suffice is decided in `consent`. No clock (time is an argument), no store.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Literal, TypeAlias

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from scribe.errors import WrongState


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
Method: TypeAlias = Literal["written", "electronic", "verbal"]
Jurisdiction: TypeAlias = Annotated[str, Field(max_length=16)]
"""Where somebody is, as ISO 3166: `US-IL`; empty where nobody said."""

REQUIRED_SCOPE: frozenset[Scope] = frozenset({"record", "transcribe", "draft"})


class Strict(BaseModel):
    """Base of all that comes from outside: unknown fields are refused, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Participant(Strict):
    """Someone who takes part; `channel` is set where two microphones are heard apart; several may share one.

    `relationship` is a family member's to the client. For a `minor` a guardian consents, unless
    `may_consent_alone` says on what basis the clinician holds that the minor may do so alone.
    """

    id: Identifier
    role: Role
    label: Annotated[str, Field(max_length=120)] = ""
    pronouns: Annotated[str, Field(max_length=40)] = ""
    relationship: Annotated[str, Field(max_length=80)] = ""
    channel: Literal[0, 1] | None = None
    jurisdiction: Jurisdiction = ""
    minor: bool = False
    may_consent_alone: Annotated[str, Field(max_length=300)] = ""


class Guardian(Strict):
    """Whoever gave a consent for somebody else; `guardian_id` where they take part in the session themselves."""

    relationship: Annotated[str, Field(min_length=1, max_length=80)]
    label: Annotated[str, Field(max_length=120)] = ""
    guardian_id: Identifier | None = None


class SpokenWords(Strict):
    """What was said of a consent in the session itself: a copy of the words, so that they outlive the transcript.

    `start` and `end` are seconds. `found_by` a rule it is a guess until somebody confirms it.
    """

    utterance_ids: tuple[str, ...]
    text: str
    start: float
    end: float
    found_by: Literal["rule", "clinician"] = "rule"
    confirmed: bool = False


class Consent(Strict):
    """What one participant agreed to, how, when and to which wording.

    `expires_when` is an event or a condition in words, for consents that name no date; nothing here watches it.
    `assent` is a minor's own. The last four fields are the server's: a consent that comes with them is refused.
    """

    participant_id: Identifier
    method: Method
    scope: frozenset[Scope] = REQUIRED_SCOPE
    statement_version: Annotated[str, Field(min_length=1, max_length=64)]
    given_at: AwareDatetime
    jurisdiction: Jurisdiction = ""
    expires_at: AwareDatetime | None = None
    expires_when: Annotated[str, Field(max_length=300)] = ""
    purpose: Annotated[str, Field(max_length=300)] = ""
    signed_name: Annotated[str, Field(max_length=120)] = ""
    """What was typed as an electronic signature."""
    given_by: Guardian | None = None
    assent: bool = False
    revoked_at: AwareDatetime | None = None
    statement_sha256: str = ""
    """Of the statement's text, where the server keeps that version."""
    evidence: SpokenWords | None = None
    doubt: SpokenWords | None = None
    """Words by which the participant may have refused."""

    def require_as_given(self) -> None:
        """Raise ValueError where a field is set that only the server sets."""
        if self.revoked_at or self.statement_sha256 or self.evidence or self.doubt:
            raise ValueError(
                "a consent is given without revoked_at, statement_sha256, evidence and doubt; the server sets them"
            )


class TreatmentGoal(Strict):
    """A goal of the treatment plan that the note may address."""

    id: Identifier
    text: Annotated[str, Field(min_length=1, max_length=500)]


class RecordLink(Strict):
    """What the platform's own health record calls the client and the visit; exports name them, nothing else reads it.

    `patient_system` says whose number it is: a URI, or the name of an HL7 assigning authority.
    """

    patient_id: Annotated[str, Field(max_length=64)] = ""
    patient_system: Annotated[str, Field(max_length=200)] = ""
    visit_id: Annotated[str, Field(max_length=64)] = ""


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
    part2: bool = False
    """Whether the records are those of a substance use disorder programme (42 CFR Part 2)."""
    vocabulary: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=64)], ...], Field(max_length=200)
    ] = ()
    diagnoses: Annotated[tuple[Annotated[str, Field(max_length=200)], ...], Field(max_length=20)] = ()
    treatment_goals: Annotated[tuple[TreatmentGoal, ...], Field(max_length=30)] = ()
    notes_markdown: Annotated[str, Field(max_length=20_000)] = ""
    record: RecordLink = RecordLink()


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
        for consent in self.consents:
            consent.require_as_given()
            require_guardian(consent, self.participants)
        return self


class SpeakerAssignment(Strict):
    """Which participant a speaker label is; `confirmed` once the clinician said so."""

    participant_id: Identifier
    confidence: Annotated[float, Field(ge=0, le=1)]
    confirmed: bool = False


def require_guardian(consent: Consent, participants: Sequence[Participant]) -> None:
    """Raise ValueError where a consent names a guardian in the session who is not there, or cannot be one."""
    named = consent.given_by.guardian_id if consent.given_by else None
    if named is None:
        return
    guardian = next((person for person in participants if person.id == named), None)
    if guardian is None or guardian.minor or named == consent.participant_id:
        raise ValueError("guardian_id must be another participant of this session who is no minor")
