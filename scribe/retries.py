"""Writes to the store that are tried again while it fails: a full disk, a lock, a database that restarts.

Whoever writes waits meanwhile, so nothing more is read and nothing is let go; it goes on by itself as soon as the
store takes the write. Given up only after a stated time, or when told to.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import perf_counter
from typing import ParamSpec, TypeVar

from scribe.errors import StoreFailed
from scribe.threads import to_the_end

P = ParamSpec("P")
T = TypeVar("T")

FIRST_WAIT_SECONDS = 0.25
LONGEST_WAIT_SECONDS = 5.0
"""A disk that has room again is found within this time."""


class Retries:
    """The writes of one session; one event loop. `tell` hears once of each time that the store begins to fail."""

    def __init__(self, patience_seconds: float, tell: Callable[[StoreFailed], None]) -> None:
        self._patience = patience_seconds
        self._tell = tell
        self._waiting = 0
        self._over = asyncio.Event()

    @property
    def waiting(self) -> bool:
        """Whether a write waits for the store."""
        return self._waiting > 0

    def give_up(self) -> None:
        """No write is tried again from now on."""
        self._over.set()

    async def write(self, work: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
        """Do blocking work in a thread until it succeeds; raises StoreFailed when given up."""
        began = perf_counter()
        try:
            return await to_the_end(work, *args, **options)
        except StoreFailed as error:
            self._waiting += 1
            try:
                if self._waiting == 1 and not self._over.is_set():
                    self._tell(error)
                return await self._again(began, error, lambda: work(*args, **options))
            finally:
                self._waiting -= 1

    async def _again(self, began: float, error: StoreFailed, work: Callable[[], T]) -> T:
        wait = FIRST_WAIT_SECONDS
        while perf_counter() - began < self._patience and not await self._called_off(wait):
            try:
                return await to_the_end(work)
            except StoreFailed as again:
                error = again
            wait = min(LONGEST_WAIT_SECONDS, 2 * wait)
        raise error

    async def _called_off(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._over.wait()
        except TimeoutError:
            return False
        return True
