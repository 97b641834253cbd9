"""Who calls, and what they may do to a session. Pure: no store, no web, no clock.

Goes in: a caller and a right. Comes out: yes, or an error that does not tell whether the session exists.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from scribe.errors import NotAllowed


class Right(StrEnum):
    """What a call does."""

    CREATE = "create"
    READ = "read"
    CHANGE = "change"
    STREAM = "stream"
    SIGN = "sign"
    SHRED = "shred"
    AUDIT = "audit"
    MANAGE = "manage"


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever was let in; `actor` is the id that the audit names, never a person's name."""

    actor: str
    rights: frozenset[Right]


def require(who: Caller, right: Right) -> None:
    """Raise NotAllowed unless the caller has the right at all."""
    if right not in who.rights:
        raise NotAllowed(f"This sign-in may not {right.value}; ask whoever administers this server.")


LOCAL = Caller("local", frozenset(Right))
"""Local single-user mode knows one person, who may do everything."""
