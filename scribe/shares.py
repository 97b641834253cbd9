"""Who may have one more stream where there are not enough: a limit for each account, and a fair share when it is full.

Pure; time is an argument. No stream is ever taken from anybody: an account that found the server full is remembered,
and what becomes free next is kept for whoever waits longest with less than a share. So nobody waits for ever, however
many streams somebody else asks for, and however fast.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

Refusal: TypeAlias = Literal["quota", "full", "share"]

REMEMBERED_SECONDS = 30.0
"""After which an account that does not ask again is held to want no stream any more. Clients that are refused ask at
least every ten seconds."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Moments at which an account asked in vain, for the first time and for the last."""

    since: float
    asked_at: float


class Shares:
    """Who waits; one for a server, stateful. `most` is how many streams an account may hold, 0 for any number."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: dict[str, _Waiting] = {}

    def ask(
        self, account: str, held: Mapping[str, int], capacity: int, now: float, *, full: bool
    ) -> Refusal | None:
        """Why the account gets no stream now; None where it gets one.

        `held` is how many streams each account has, `full` whether the server takes none from anybody.
        """
        self._waiting = {
            name: one for name, one in self._waiting.items() if now - one.asked_at < REMEMBERED_SECONDS
        }
        own = held.get(account, 0)
        if self._most and own >= self._most:
            return "quota"
        claimants = {name for name, count in held.items() if count} | self._waiting.keys() | {account}
        share = max(1, capacity // len(claimants))
        since = self._waiting[account].since if account in self._waiting else now
        before = sum(
            held.get(name, 0) < share and (own >= share or one.since < since)
            for name, one in self._waiting.items()
            if name != account
        )
        if full or capacity - sum(held.values()) <= before:
            if own < share:
                self._waiting[account] = _Waiting(since, now)
            return "full" if full else "share"
        self._waiting.pop(account, None)
        return None
