"""Who calls, and what they may do to a session. Pure: no store, no web, no clock.

Goes in: a caller, whose a session is, and a right. Comes out: yes or no, from one table. Roles add up; whatever the
table does not say is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from scribe.errors import NotAllowed


class Right(StrEnum):
    """What a call does."""

    CREATE = "create"
    """Begin a session, or have a text drafted that is not kept."""
    STATUS = "status"
    """State, participants, consents and receipt; no word that was said."""
    CONSENT = "consent"
    STREAM = "stream to"
    """Send sound, and end the capture."""
    READ = "read"
    """Transcript, facts, note and draft exports."""
    CHANGE = "change"
    EXPORT = "export"
    """The note as final, for the record."""
    SIGN = "sign"
    """The signature, and what is added after it."""
    SHRED = "shred"
    AUDIT = "audit"
    MANAGE = "manage"
    """What belongs to everybody: templates, retention, keys."""
    OBSERVE = "observe"
    """How much is going on: the figures of the server, nothing of anybody."""


class Role(StrEnum):
    """What somebody is to the organisation."""

    CLINICIAN = "clinician"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"
    PLATFORM = "platform"
    """A telehealth system with an API key; never a person."""


PERSONS = frozenset({Role.CLINICIAN, Role.SUPERVISOR, Role.ADMINISTRATOR})
"""Roles that the organisation's provider may give to somebody."""


class Standing(StrEnum):
    """What a session is to a caller."""

    ANY = "any"
    """No session at all: what is done to the server."""
    OWN = "own"
    MADE = "made"
    """A platform began it for a clinician, whose own it is."""
    SUPERVISED = "supervised"
    """The own one of a clinician whom the caller supervises."""


class KeyScope(StrEnum):
    """What an API key may do beside its platform's role."""

    SESSIONS = "sessions"
    READ = "read"


R, S = Right, Standing
_HANDLING = frozenset({R.STATUS, R.CONSENT, R.STREAM})
TABLE: Mapping[tuple[Role, Standing], frozenset[Right]] = {
    (Role.CLINICIAN, S.ANY): frozenset({R.CREATE}),
    (Role.CLINICIAN, S.OWN): _HANDLING | {R.READ, R.CHANGE, R.EXPORT, R.SIGN, R.SHRED},
    (Role.SUPERVISOR, S.SUPERVISED): frozenset({R.STATUS, R.READ}),
    (Role.ADMINISTRATOR, S.ANY): frozenset({R.AUDIT, R.MANAGE, R.OBSERVE}),
    (Role.PLATFORM, S.ANY): frozenset({R.CREATE}),
    (Role.PLATFORM, S.OWN): _HANDLING | {R.READ},
    (Role.PLATFORM, S.MADE): _HANDLING | {R.READ},
}
"""Every right there is. A session that is none of these to a caller does not exist for them."""

SCOPED: Mapping[Right, KeyScope] = {
    R.CREATE: KeyScope.SESSIONS,
    R.STATUS: KeyScope.SESSIONS,
    R.CONSENT: KeyScope.SESSIONS,
    R.STREAM: KeyScope.SESSIONS,
    R.READ: KeyScope.READ,
}
"""The scope that a platform's key needs for each right of its role."""


@dataclass(frozen=True, slots=True)
class Whose:
    """The account that a session belongs to, and the one that began it."""

    owner: str
    made_by: str


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever was let in; `actor` is the id that the audit names, never a person's name.

    `rights` is what they may do at all: to the server, or to some session. `key` is the id of the API key that came.
    `confirmed_at` is when they last showed the provider who they are in order to sign; `until` when their sign-in ends.
    """

    actor: str
    rights: frozenset[Right]
    roles: frozenset[Role] = frozenset()
    supervises: frozenset[str] = frozenset()
    scopes: frozenset[KeyScope] = frozenset(KeyScope)
    key: str = ""
    sign_in: str = ""
    confirmed_at: datetime | None = None
    until: datetime | None = None

    def at_page(self, sign_in: str, until: datetime) -> Caller:
        """The same, signed in at the page."""
        return replace(self, sign_in=sign_in, until=until)


LOCAL = Caller("local", frozenset(Right))
"""Local single-user mode knows one person, who may do everything to their own sessions, and all are theirs."""

SCRAPER = Caller("scraper", frozenset({Right.OBSERVE}))
"""Whoever holds SCRIBE_METRICS_TOKEN; let in to `/metrics` alone."""


def caller(
    actor: str,
    roles: frozenset[Role],
    *,
    supervises: frozenset[str] = frozenset(),
    scopes: frozenset[KeyScope] = frozenset(),
    key: str = "",
    sign_in: str = "",
    confirmed_at: datetime | None = None,
    until: datetime | None = None,
) -> Caller:
    """Somebody of these roles, with the rights that the table gives them."""
    rights = frozenset(
        right for role in roles for standing in Standing for right in _granted(role, standing, scopes)
    )
    return Caller(actor, rights, roles, supervises, scopes, key, sign_in, confirmed_at, until)


def rights_to(who: Caller, whose: Whose) -> frozenset[Right]:
    """What they may do to this session; nothing where it does not exist for them."""
    if who.actor == LOCAL.actor:
        return who.rights if whose.owner == LOCAL.actor else frozenset()
    return frozenset(
        right
        for role in who.roles
        for standing in _standings(who, role, whose)
        for right in _granted(role, standing, who.scopes)
    )


def require(who: Caller, right: Right) -> None:
    """Raise NotAllowed unless the caller has the right at all."""
    if right not in who.rights:
        raise refused(right)


def refused(right: Right) -> NotAllowed:
    """The error for a right that is not there."""
    return NotAllowed(f"This sign-in has not the right `{right.value}`; ask whoever administers this server.")


def _standings(who: Caller, role: Role, whose: Whose) -> tuple[Standing, ...]:
    found = []
    if whose.owner == who.actor:
        found.append(Standing.OWN)
    if whose.made_by == who.actor and role is Role.PLATFORM:
        found.append(Standing.MADE)
    if whose.owner in who.supervises:
        found.append(Standing.SUPERVISED)
    return tuple(found)


def _granted(role: Role, standing: Standing, scopes: frozenset[KeyScope]) -> frozenset[Right]:
    rights = TABLE.get((role, standing), frozenset())
    if role is Role.PLATFORM:
        return frozenset(right for right in rights if SCOPED.get(right) in scopes)
    return rights
