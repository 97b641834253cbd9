"""What one running server is made of; built once by `app`, handed to the socket and the REST calls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from scribe.attempts import Attempts
from scribe.audit import Audit
from scribe.config import Settings
from scribe.deliveries import Deliveries
from scribe.engines import Engines
from scribe.identity import Identity
from scribe.jurisdictions import Rules
from scribe.live import Live
from scribe.metrics import Metrics
from scribe.process_note import ProcessNotes
from scribe.provider import Provider
from scribe.statements import Statements
from scribe.store import Store
from scribe.traces import Traces

T = TypeVar("T")

LAST_WORD_SECONDS = 2.0
"""To be told that a draft was left; a client that does not listen is not waited for longer."""


@dataclass(frozen=True, slots=True)
class Server:
    """The parts of a running server."""

    settings: Settings
    engines: Engines
    store: Store
    audit: Audit
    identity: Identity
    provider: Provider | None
    attempts: Attempts
    live: Live
    clock: Callable[[], datetime]
    process_notes: ProcessNotes
    rules: Rules
    statements: Statements
    deliveries: Deliveries
    metrics: Metrics
    traces: Traces
    _kept: set[asyncio.Task[Any]] = field(default_factory=set)
    _followed: set[asyncio.Task[Any]] = field(default_factory=set)

    def keep(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """A task that is finished even if whoever asked for it goes away."""
        task = asyncio.create_task(work)
        self._kept.add(task)
        task.add_done_callback(self._kept.discard)
        return task

    def follow(self) -> None:
        """The task that calls this tells a client how its stream ends: a server that drains waits for it."""
        task = asyncio.current_task()
        assert task is not None
        self._followed.add(task)
        task.add_done_callback(self._followed.discard)

    async def drain(self) -> None:
        """Take no more streams, have those that are open reconnect, and wait for what is being finished.

        That is ends of sessions, drafts and what clients are told of them; at most as long as the settings say.
        Where it was begun before, nothing is waited for.
        """
        if not self.live.draining:
            await self.live.close()
            await self._finish(
                {*self._kept, *self._followed, *self.live.working}, self.settings.drain_seconds
            )
        self.live.leave_drafts()
        await self._finish({*self._kept, *self._followed}, LAST_WORD_SECONDS)

    async def _finish(self, tasks: set[asyncio.Task[Any]], seconds: float) -> None:
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)

    async def finish_kept(self) -> None:
        """Wait for what must be finished before the server goes."""
        await asyncio.gather(*self._kept, return_exceptions=True)
