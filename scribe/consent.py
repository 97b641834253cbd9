"""Whether a session may be heard: who takes part and what they agreed to in, where each of them stands out.

The one place that decides. Consent is always that of all parties: federal law and some states ask for one party
only, but a session's parties may be in different states, and the strictest rule is the one that is safe
everywhere. Pure: time is an argument, nothing is stored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from scribe.errors import BadRequest, NotConsented, NotFound, WrongState
from scribe.jurisdictions import Rule, Rules
from scribe.session import (
    REQUIRED_SCOPE,
    Consent,
    Participant,
    Scope,
    SessionContext,
    SpokenWords,
    Strict,
    require_guardian,
)

CLOCK_SKEW = timedelta(minutes=5)
"""How far ahead of the server's a client's clock may be before its consent counts as not yet given."""

PART2_LAW = (
    "42 CFR § 2.31: written consent, on paper or electronic, that says its purpose and when it expires"
)


class Standing(StrEnum):
    """Where a consent, or a participant, stands at an instant; only what is `given` counts."""

    NONE = "none"
    GIVEN = "given"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    TOO_NARROW = "too_narrow"
    REVOKED = "revoked"
    SUPERSEDED = "superseded"
    GUARDIAN_MISSING = "guardian_missing"
    ASSENT_MISSING = "assent_missing"
    METHOD_NOT_ENOUGH = "method_not_enough"
    INCOMPLETE = "incomplete"


WHY: Mapping[Standing, str] = {
    Standing.NONE: "no consent is on record",
    Standing.GIVEN: "consent is complete",
    Standing.NOT_YET_VALID: "the consent lies in the future",
    Standing.EXPIRED: "the consent has expired",
    Standing.TOO_NARROW: "the consent does not cover everything",
    Standing.REVOKED: "the consent was revoked",
    Standing.SUPERSEDED: "a newer consent took the place of this one",
    Standing.GUARDIAN_MISSING: "a minor's consent must say which guardian gave it (given_by)",
    Standing.ASSENT_MISSING: "the minor's own assent must be recorded here",
    Standing.METHOD_NOT_ENOUGH: "the consent must be written or electronic here",
    Standing.INCOMPLETE: "the consent must say its purpose, and when it expires (42 CFR Part 2)",
}
"""What each means, for whoever has to mend it."""


class ParticipantConsent(Strict):
    """Where one participant stands; `missing` are the scopes that are not covered, none where they are `given`."""

    participant_id: str
    standing: Standing
    why: str
    missing: tuple[str, ...]
    statement_kept: bool
    """Whether the server keeps the words that were agreed to; else whoever recorded the consent keeps them."""
    warnings: tuple[str, ...] = ()
    laws: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    """Where one consent stands, and the scopes that it covers."""

    standing: Standing
    covers: frozenset[Scope] = frozenset()


@dataclass(frozen=True, slots=True)
class Agreement:
    """The consents of one session under the rules that apply to it."""

    participants: Sequence[Participant]
    consents: Sequence[Consent]
    rules: Rules = field(default_factory=Rules)
    part2: bool = False

    @classmethod
    def of(
        cls,
        participants: Sequence[Participant],
        consents: Sequence[Consent],
        context: SessionContext,
        rules: Rules,
    ) -> Agreement:
        """The agreement of a session with this context."""
        return cls(participants, consents, rules, context.part2)

    def standings(self, now: datetime) -> tuple[ParticipantConsent, ...]:
        """Where each participant stands at `now`, in their order."""
        rule = self._rule()
        return tuple(self._standing(person, rule, now) for person in self.participants)

    def missing(self, now: datetime) -> dict[str, tuple[str, ...]]:
        """Which scopes are not covered at `now`, by participant id; empty when consent is complete."""
        return {found.participant_id: found.missing for found in self.standings(now) if found.missing}

    def require(self, now: datetime) -> None:
        """Raise NotConsented unless every participant's consent covers recording, transcription and drafting."""
        lacking = [found for found in self.standings(now) if found.missing]
        if lacking:
            who = "; ".join(
                f"participant {found.participant_id}: {', '.join(found.missing)} ({found.why})"
                for found in sorted(lacking, key=lambda found: found.participant_id)
            )
            raise NotConsented(
                f"Every participant's consent must cover record, transcribe and draft; missing: {who}. "
                "Record the consent with POST /v1/sessions/{id}/consents, then start again."
            )

    def _rule(self) -> Rule:
        """What all places together ask: who is where, by their own word and by their consents'."""
        places = [person.jurisdiction for person in self.participants]
        places += [consent.jurisdiction for consent in self.consents if consent.revoked_at is None]
        return self.rules.of(place for place in places if place)

    def _standing(self, person: Participant, rule: Rule, now: datetime) -> ParticipantConsent:
        each = self._each(person, rule, now)
        given = [self.consents[number] for number, found in each.items() if found.standing is Standing.GIVEN]
        missing = REQUIRED_SCOPE.difference(*(found.covers for found in each.values()))
        if not missing:
            standing = Standing.GIVEN
        elif given:
            standing = Standing.TOO_NARROW
        else:
            # The newest says what to mend; what it took the place of says nothing.
            last = max(
                (number for number, found in each.items() if found.standing is not Standing.SUPERSEDED),
                key=lambda number: (self.consents[number].given_at, number),
                default=None,
            )
            standing = Standing.NONE if last is None else each[last].standing
        return ParticipantConsent(
            participant_id=person.id,
            standing=standing,
            why=WHY[standing],
            missing=tuple(sorted(missing)),
            statement_kept=bool(given) and all(consent.statement_sha256 for consent in given),
            warnings=tuple(_warnings(person, given)),
            laws=rule.laws + ((PART2_LAW,) if self.part2 and person.role == "client" else ()),
        )

    def _each(self, person: Participant, rule: Rule, now: datetime) -> dict[int, _Found]:
        """Where each consent of a person stands, by its place in `consents`."""
        own = {n: consent for n, consent in enumerate(self.consents) if consent.participant_id == person.id}
        revoked = [consent.revoked_at for consent in own.values() if consent.revoked_at is not None]
        found: dict[int, _Found] = {}
        decided: frozenset[Scope] = frozenset()
        # The newest first: for each scope the newest consent that could count says what holds, also when it has
        # expired. One that never could (say, spoken where it must be written) takes nothing away.
        for number in sorted(own, key=lambda n: (own[n].given_at, n), reverse=True):
            consent = own[number]
            if consent.revoked_at is not None or any(consent.given_at <= at for at in revoked):
                found[number] = _Found(Standing.REVOKED)
            elif consent.given_at > now + CLOCK_SKEW:
                found[number] = _Found(Standing.NOT_YET_VALID)
            elif consent.scope <= decided:
                found[number] = _Found(Standing.SUPERSEDED)
            elif (lack := self._lack(person, consent, rule)) is not None:
                found[number] = _Found(lack)
            else:
                expired = consent.expires_at is not None and consent.expires_at <= now
                covers = frozenset() if expired else consent.scope - decided
                found[number] = _Found(Standing.EXPIRED if expired else Standing.GIVEN, covers)
                decided |= consent.scope
        return found

    def _lack(self, person: Participant, consent: Consent, rule: Rule) -> Standing | None:
        """What keeps a consent from ever counting; None where nothing does."""
        if person.minor and not person.may_consent_alone.strip() and consent.given_by is None:
            return Standing.GUARDIAN_MISSING
        part2 = self.part2 and person.role == "client"
        if person.role != "clinician" and (
            consent.method not in rule.methods or (part2 and consent.method == "verbal")
        ):
            return Standing.METHOD_NOT_ENOUGH
        if part2 and not (consent.purpose.strip() and (consent.expires_at or consent.expires_when.strip())):
            return Standing.INCOMPLETE
        if person.minor and rule.assent_required and not consent.assent:
            return Standing.ASSENT_MISSING
        return None


def _warnings(person: Participant, given: Sequence[Consent]) -> list[str]:
    warnings = []
    if person.minor and given and not any(consent.assent for consent in given):
        warnings.append("The minor's own assent is not recorded.")
    if any(consent.doubt is not None for consent in given):
        warnings.append(
            "This participant may have refused in the session; ask them again, and revoke if they do."
        )
    return warnings


# --- changes ----------------------------------------------------------------------------------------------


def with_consent(
    participants: Sequence[Participant], consents: Sequence[Consent], new: Consent
) -> tuple[Consent, ...]:
    """The consents with a new one beside them. Raises BadRequest, or WrongState for one older than a revocation."""
    if new.participant_id not in {participant.id for participant in participants}:
        raise BadRequest("The consent names a participant_id that this session does not have.")
    try:
        require_guardian(new, participants)
    except ValueError as error:
        raise BadRequest(f"The consent does not fit its session: {error}.") from None
    revoked = [c.revoked_at for c in consents if c.participant_id == new.participant_id and c.revoked_at]
    if any(new.given_at <= at for at in revoked):
        # Else a consent that was sent twice, or late, would undo a revocation.
        raise WrongState(
            "The consent was given before this participant revoked; record one that was given after it."
        )
    return (*consents, new)


def without_consent(
    participants: Sequence[Participant], consents: Sequence[Consent], participant_id: str, now: datetime
) -> tuple[Consent, ...]:
    """The consents with all of one participant's revoked; raises NotFound where there is no such participant."""
    if participant_id not in {participant.id for participant in participants}:
        raise NotFound("This session has no such participant.")
    return tuple(
        # Never before what it ends: a clock that is ahead gave it a time that is still to come.
        consent.model_copy(update={"revoked_at": max(now, consent.given_at)})
        if consent.participant_id == participant_id and consent.revoked_at is None
        else consent
        for consent in consents
    )


def spoken_consent(consents: Sequence[Consent], participant_id: str) -> int | None:
    """The place of a participant's newest verbal consent that is not revoked; None where there is none."""
    return max(
        (
            number
            for number, consent in enumerate(consents)
            if consent.participant_id == participant_id
            and consent.method == "verbal"
            and consent.revoked_at is None
        ),
        key=lambda number: (consents[number].given_at, number),
        default=None,
    )


def with_words(
    consents: Sequence[Consent], participant_id: str, *, agreed: bool, words: SpokenWords
) -> tuple[Consent, ...]:
    """The consents with what a participant was heard to say: evidence where they agreed, else a doubt.

    Evidence goes to a verbal consent that has none; what a person chose or confirmed stays. A doubt goes to the
    newest consent of whatever method, once.
    """
    if agreed:
        number = spoken_consent(consents, participant_id)
        if number is None or consents[number].evidence is not None:
            return tuple(consents)
        changed = consents[number].model_copy(update={"evidence": words})
    else:
        mine = [
            n for n, c in enumerate(consents) if c.participant_id == participant_id and c.revoked_at is None
        ]
        if not mine or any(consents[n].doubt is not None for n in mine):
            return tuple(consents)
        number = max(mine, key=lambda n: (consents[n].given_at, n))
        changed = consents[number].model_copy(update={"doubt": words})
    return (*consents[:number], changed, *consents[number + 1 :])
