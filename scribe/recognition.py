"""One recogniser for all sessions, and who may use it next.

A session asks for a turn when it has something to decode, and chooses what only when the turn comes: so a partial
that was overtaken by its final, or by newer audio, is never decoded. A session has one turn at a time. Finals go
before partials, and among equals the one that waits longest goes first; so a session that brings an hour of audio
at once gets its share and no more, and under load it is partials that become rare.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from time import perf_counter

from asr.recognizer import Hypothesis, Recognizer, Request
from asr.types import SAMPLE_RATE

log = logging.getLogger("scribe.recognition")

BEHIND_SECONDS = 3.0
"""A final that waits longer for its turn than this tells that there are too many streams."""

REMEMBERED_SECONDS = 30.0


@dataclass(eq=False, slots=True)
class _Waiting:
    """A session in the queue; whether it is urgent may change while it waits."""

    urgent: Callable[[], bool]
    since: float
    granted: asyncio.Future[bool]


class Turn:
    """The right to decode one request."""

    def __init__(self, decode: Callable[[Request], asyncio.Future[Hypothesis]], waited: float) -> None:
        self.waited = waited
        self._decode = decode
        self.running: asyncio.Future[Hypothesis] | None = None

    async def recognize(self, request: Request) -> Hypothesis:
        """The hypothesis of a request; its audio is overwritten afterwards, whatever happened.

        Raises what the recogniser raised. Who is cancelled leaves at once; the audio is overwritten, and the
        turn goes to the next, when the recogniser is done with it.
        """
        self.running = self._decode(request)
        return await asyncio.shield(self.running)


class Recognition:
    """The turns of one recogniser: as many at once as it has workers. One event loop."""

    def __init__(self, recognizer: Recognizer, behind_seconds: float = BEHIND_SECONDS) -> None:
        self.info = recognizer.info
        self.busy_seconds = 0.0
        self.audio_seconds = 0.0
        self._recognizer = recognizer
        self._threads = ThreadPoolExecutor(self.info.workers, thread_name_prefix="recognizer")
        self._free = self.info.workers
        # One worker is kept for finals, where there are several.
        self._free_for_partials = max(1, self.info.workers - 1)
        self._waiting: list[_Waiting] = []
        self._waits: deque[tuple[float, float]] = deque()
        self._behind_seconds = behind_seconds
        self._ended = False

    @asynccontextmanager
    async def turn(self, urgent: Callable[[], bool]) -> AsyncIterator[Turn]:
        """Wait for a worker; `urgent` is asked whenever one is to be given away.

        Raises CancelledError when the server goes down.
        """
        if self._ended:
            raise asyncio.CancelledError
        one = _Waiting(urgent, perf_counter(), asyncio.get_running_loop().create_future())
        self._waiting.append(one)
        self.reconsider()
        try:
            hurried = await one.granted
        except asyncio.CancelledError:
            if one in self._waiting:
                self._waiting.remove(one)
            elif one.granted.done() and not one.granted.cancelled():
                self._leave(one.granted.result())
            raise
        waited = perf_counter() - one.since
        if hurried:
            self._remember(waited)
        turn = Turn(self._start, waited)
        try:
            yield turn
        finally:
            if turn.running is None or turn.running.done():
                self._leave(hurried)
            else:
                turn.running.add_done_callback(lambda _done: self._leave(hurried))

    def reconsider(self) -> None:
        """Give free workers to those who wait; to be called when a wish has become urgent."""
        while (chosen := self._next()) is not None:
            one, hurried = chosen
            self._waiting.remove(one)
            self._free -= 1
            self._free_for_partials -= not hurried
            one.granted.set_result(hurried)

    @property
    def behind(self) -> bool:
        """Whether finals had to wait so long lately that one more stream would be too many."""
        now = perf_counter()
        oldest = min((one.since for one in self._waiting if one.urgent()), default=now)
        recent = (waited for at, waited in self._waits if now - at < REMEMBERED_SECONDS)
        return max(now - oldest, max(recent, default=0.0)) > self._behind_seconds

    @property
    def realtime_factor(self) -> float:
        """Seconds of computing for a second of audio that was decoded."""
        return self.busy_seconds / self.audio_seconds if self.audio_seconds else 0.0

    async def close(self) -> None:
        """Take no more; waits for what is being decoded."""
        self._ended = True
        for one in self._waiting:
            one.granted.cancel()
        self._waiting.clear()
        await asyncio.to_thread(self._threads.shutdown)

    def _next(self) -> tuple[_Waiting, bool] | None:
        if not self._free or not self._waiting:
            return None
        # In the order in which they came, so the first of a kind is the one that waits longest.
        urgent = next((one for one in self._waiting if one.urgent()), None)
        if urgent is not None:
            return urgent, True
        return (self._waiting[0], False) if self._free_for_partials > 0 else None

    def _leave(self, hurried: bool) -> None:
        self._free += 1
        self._free_for_partials += not hurried
        self.reconsider()

    def _remember(self, waited: float) -> None:
        now = perf_counter()
        self._waits.append((now, waited))
        while now - self._waits[0][0] > REMEMBERED_SECONDS:
            self._waits.popleft()

    def _start(self, request: Request) -> asyncio.Future[Hypothesis]:
        if self._ended:
            request.audio.fill(0.0)
            raise asyncio.CancelledError
        running = asyncio.get_running_loop().run_in_executor(self._threads, self._decode, request)
        running.add_done_callback(partial(self._done, request, perf_counter()))
        return running

    def _decode(self, request: Request) -> Hypothesis:
        return self._recognizer.recognize([request])[0]

    def _done(self, request: Request, began: float, running: asyncio.Future[Hypothesis]) -> None:
        self.busy_seconds += perf_counter() - began
        self.audio_seconds += len(request.audio) / SAMPLE_RATE
        request.audio.fill(0.0)
        if not running.cancelled() and (error := running.exception()) is not None:
            # Whatever a model library raises must reach the session, not end the server.
            log.error("the recogniser failed: %s", type(error).__name__)
