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
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from time import perf_counter

from asr.recognizer import Hypothesis, Recognizer, Request
from asr.types import SAMPLE_RATE
from scribe.errors import GOING_DOWN, RecognizerStuck, Restarting, ScribeError
from scribe.threads import DaemonThreads

log = logging.getLogger("scribe.recognition")

BEHIND_SECONDS = 3.0
"""A final that waits longer for its turn than this tells that there are too many streams."""

REMEMBERED_SECONDS = 30.0

SLOWEST = 20.0
"""Seconds of computing for a second of audio that are no sign of anything but a slow machine."""


@dataclass(eq=False, slots=True)
class _Waiting:
    """A session in the queue; whether it is urgent may change while it waits, and then `hurried_since` is set."""

    urgent: Callable[[], bool]
    since: float
    granted: asyncio.Future[bool]
    hurried_since: float | None = None

    def is_urgent(self, now: float) -> bool:
        """Whether it is by now."""
        urgent = self.urgent()
        if urgent and self.hurried_since is None:
            self.hurried_since = now
        return urgent


class Turn:
    """The right to decode one request."""

    def __init__(
        self,
        decode: Callable[[Request], asyncio.Future[Hypothesis]],
        waited: float,
        patience_seconds: float,
        give_up: Callable[[asyncio.Future[Hypothesis]], None],
    ) -> None:
        self.waited = waited
        self._decode = decode
        self._patience = patience_seconds
        self._give_up = give_up
        self.running: asyncio.Future[Hypothesis] | None = None

    async def recognize(self, request: Request) -> Hypothesis:
        """The hypothesis of a request; its audio is overwritten afterwards, whatever happened.

        Raises what the recogniser raised, and RecognizerStuck where it takes far too long. Who is cancelled leaves
        at once, and its audio is overwritten at once, whatever the recogniser makes of it; the turn goes to the next
        when the recogniser is done.
        """
        self.running = self._decode(request)
        try:
            async with asyncio.timeout(self._patience + SLOWEST * len(request.audio) / SAMPLE_RATE):
                return await asyncio.shield(self.running)
        except asyncio.CancelledError:
            request.audio.fill(0.0)
            raise
        except TimeoutError:
            if self.running.done():
                raise  # the recogniser's own
            self._give_up(self.running)
            raise RecognizerStuck from None


class Recognition:
    """The turns of one recogniser: as many at once as it has workers. One event loop."""

    def __init__(
        self,
        recognizer: Recognizer,
        clock: Callable[[], float] = perf_counter,
        *,
        patience_seconds: float = 60.0,
    ) -> None:
        self.info = recognizer.info
        self.busy_seconds = 0.0
        self.audio_seconds = 0.0
        self._recognizer = recognizer
        self._threads = DaemonThreads(self.info.workers, "recognizer")
        self._patience = patience_seconds
        self._running: set[asyncio.Future[Hypothesis]] = set()
        self._stuck: set[asyncio.Future[Hypothesis]] = set()
        self._free = self.info.workers
        # One worker is kept for finals, where there are several.
        self._free_for_partials = max(1, self.info.workers - 1)
        self._waiting: list[_Waiting] = []
        self._waits: deque[tuple[float, float]] = deque()
        self._clock = clock
        self._ended = False

    @asynccontextmanager
    async def turn(self, urgent: Callable[[], bool]) -> AsyncIterator[Turn]:
        """Wait for a worker; `urgent` is asked whenever one is to be given away.

        Raises Restarting when the server goes down, RecognizerStuck where no worker comes back any more.
        """
        if self._ended:
            raise Restarting(GOING_DOWN)
        if self.stuck:
            raise RecognizerStuck
        one = _Waiting(urgent, self._clock(), asyncio.get_running_loop().create_future())
        self._waiting.append(one)
        self.reconsider()
        try:
            hurried = await one.granted
        except asyncio.CancelledError:
            if one in self._waiting:
                self._waiting.remove(one)
            elif one.granted.done() and not one.granted.cancelled() and one.granted.exception() is None:
                self._leave(one.granted.result())
            raise
        now = self._clock()
        if one.hurried_since is not None:
            # What it waited as a partial is no delay of a final.
            self._remember(now - one.hurried_since)
        turn = Turn(self._start, now - one.since, self._patience, self._give_up)
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
    def stuck(self) -> bool:
        """Whether every worker has been with one request for far too long; over when one of them comes back."""
        return len(self._stuck) == self.info.workers

    @property
    def behind(self) -> bool:
        """Whether finals had to wait so long lately that one more stream would be too many."""
        now = self._clock()
        waiting = (one.hurried_since for one in self._waiting if one.is_urgent(now))
        oldest = min((since for since in waiting if since is not None), default=now)
        recent = (waited for at, waited in self._waits if now - at < REMEMBERED_SECONDS)
        return max(now - oldest, max(recent, default=0.0)) > BEHIND_SECONDS

    @property
    def realtime_factor(self) -> float:
        """Seconds of computing for a second of audio that was decoded."""
        return self.busy_seconds / self.audio_seconds if self.audio_seconds else 0.0

    async def close(self) -> None:
        """Take no more; waits for what is being decoded, unless it is stuck."""
        self._ended = True
        self._turn_away(Restarting(GOING_DOWN))
        self._threads.close()
        if self._running - self._stuck:
            await asyncio.wait(self._running - self._stuck)

    def _turn_away(self, error: ScribeError) -> None:
        for one in self._waiting:
            if not one.granted.done():
                one.granted.set_exception(error)
        self._waiting.clear()

    def _give_up(self, running: asyncio.Future[Hypothesis]) -> None:
        """A worker does not come back; when it does after all, it is as good as before."""
        log.error("the recogniser is stuck: %d of %d workers", len(self._stuck) + 1, self.info.workers)
        self._stuck.add(running)
        running.add_done_callback(self._stuck.discard)
        if self.stuck:
            self._turn_away(RecognizerStuck())

    def _next(self) -> tuple[_Waiting, bool] | None:
        now = self._clock()
        # Who was cancelled stands here until its task has run once more, and can take nothing.
        waiting = [one for one in self._waiting if not one.granted.done()]
        # All are asked, and even when nobody can go: from now on they count as late.
        urgent = [one for one in waiting if one.is_urgent(now)]
        if not self._free or not waiting:
            return None
        # In the order in which they came, so the first of a kind is the one that waits longest.
        if urgent:
            return urgent[0], True
        return (waiting[0], False) if self._free_for_partials > 0 else None

    def _leave(self, hurried: bool) -> None:
        self._free += 1
        self._free_for_partials += not hurried
        self.reconsider()

    def _remember(self, waited: float) -> None:
        now = self._clock()
        self._waits.append((now, waited))
        while now - self._waits[0][0] > REMEMBERED_SECONDS:
            self._waits.popleft()

    def _start(self, request: Request) -> asyncio.Future[Hypothesis]:
        if self._ended:
            request.audio.fill(0.0)
            raise Restarting(GOING_DOWN)
        running = asyncio.wrap_future(self._threads.submit(self._decode, request))
        self._running.add(running)
        running.add_done_callback(self._running.discard)
        running.add_done_callback(partial(self._done, request, self._clock()))
        return running

    def _decode(self, request: Request) -> Hypothesis:
        return self._recognizer.recognize([request])[0]

    def _done(self, request: Request, began: float, running: asyncio.Future[Hypothesis]) -> None:
        self.busy_seconds += self._clock() - began
        self.audio_seconds += len(request.audio) / SAMPLE_RATE
        request.audio.fill(0.0)
        if not running.cancelled() and (error := running.exception()) is not None:
            # Whatever a model library raises must reach the session, not end the server.
            log.error("the recogniser failed: %s", type(error).__name__)
