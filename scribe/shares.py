"""Who may have one more stream where there are not enough: a limit for each account, and a fair share when it is full.

Pure; time is an argument. No stream is ever taken from anybody: an account that found the server full is remembered,
and what becomes free next is kept for it while others hold their share. So nobody waits longer than until any one
stream of those who have more ends, however many they ask for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

Refusal: TypeAlias = Literal["quota", "full", "share"]

REMEMBERED_SECONDS = 30.0
"""After which an account that does not ask again is held to want no stream any more. Clients that are refused ask at
least every ten seconds."""


class Shares:
    """Who waits; one for a server, stateful. `most` is how many streams an account may hold, 0 for any number."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: dict[str, float] = {}

    def ask(
        self, account: str, held: Mapping[str, int], capacity: int, now: float, *, full: bool
    ) -> Refusal | None:
        """Why the account gets no stream now; None where it gets one.

        `held` is how many streams each account has, `full` whether the server takes none from anybody.
        """
        self._waiting = {one: at for one, at in self._waiting.items() if now - at < REMEMBERED_SECONDS}
        own = held.get(account, 0)
        if self._most and own >= self._most:
            return "quota"
        claimants = {one for one, count in held.items() if count} | self._waiting.keys() | {account}
        share = max(1, capacity // len(claimants))
        if full:
            if own < share:
                self._waiting[account] = now
            return "full"
        before = sum(held.get(one, 0) < share for one in self._waiting if one != account)
        if own >= share and capacity - sum(held.values()) <= before:
            return "share"
        self._waiting.pop(account, None)
        return None
