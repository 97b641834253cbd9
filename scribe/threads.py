"""Blocking work in a thread, waited for to its end even where the waiting is called off."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def to_the_end(work: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
    """Run blocking work in a thread, and do not leave before it is done, even when cancelled.

    A thread cannot be stopped: leaving early would give the lock, and the pipeline, to the next one while the
    thread still changes it.
    """
    running = asyncio.ensure_future(asyncio.to_thread(work, *args, **options))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait({running})
        raise
