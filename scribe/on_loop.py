"""An engine for a draft that is made in another thread: its calls run on the event loop that it belongs to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any, TypeVar

from summarizer.engine import Engine
from summarizer.templates import Template
from summarizer.types import Context, EngineInfo, Fact, NoteBody, Style, Turn

DRAFTS_AT_ONCE = 2
_POOL = ThreadPoolExecutor(DRAFTS_AT_ONCE, "drafts")
"""Threads of their own: a model may write for minutes, and the others' threads store what is heard."""

T = TypeVar("T")


async def apart(make: Callable[[Engine], Coroutine[Any, Any, T]], engine: Engine) -> T:
    """What `make` makes with the engine, in a thread of its own: finding facts in an hour of talk takes a second.

    The engine itself writes on this loop. Whoever is cancelled cancels both, and leaves when the thread has.
    """
    loop = asyncio.get_running_loop()
    thread = _Thread()
    making = _POOL.submit(lambda: asyncio.run(thread.run(make(OnLoop(engine, loop)))))
    made = asyncio.wrap_future(making)
    try:
        return await asyncio.shield(made)
    except asyncio.CancelledError:
        if not making.cancel():
            thread.cancel()
            # A thread cannot be stopped where it does not wait: its words are not left behind in it.
            await asyncio.wait({made})
            made.cancelled() or made.exception()
        raise


class _Thread:
    """The work of one thread, called off from another."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._task: tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]] | None = None
        self._cancelled = False

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The work, to its end or until it is called off."""
        task = asyncio.ensure_future(work)
        with self._lock:
            self._task = (asyncio.get_running_loop(), task)
            if self._cancelled:
                task.cancel()
        try:
            return await task
        finally:
            with self._lock:
                self._task = None

    def cancel(self) -> None:
        """Call it off, begun or not."""
        with self._lock:
            self._cancelled = True
            if self._task is not None:
                loop, task = self._task
                loop.call_soon_threadsafe(task.cancel)


class OnLoop:
    """Any engine, shared by threads; the loop must run as long as a draft is being made."""

    def __init__(self, engine: Engine, loop: asyncio.AbstractEventLoop) -> None:
        self._engine = engine
        self._loop = loop

    @property
    def info(self) -> EngineInfo:
        return self._engine.info

    async def write(
        self, template: Template, turns: Sequence[Turn], facts: Sequence[Fact], style: Style, context: Context
    ) -> NoteBody:
        """The body of a note; see `Engine.write`."""
        writing = self._engine.write(template, turns, facts, style, context)
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(_awaited(writing), self._loop))


async def _awaited(writing: Any) -> NoteBody:
    body: NoteBody = await writing
    return body
