"""An engine for a draft that is made in another thread: its calls run on the event loop that it belongs to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
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

    The engine itself writes on this loop.
    """
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_POOL, lambda: asyncio.run(make(OnLoop(engine, loop))))


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
