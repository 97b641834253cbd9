"""Work in threads is seen through."""

from __future__ import annotations

import asyncio
import threading

import pytest

from scribe.threads import to_the_end


def test_a_cancelled_wait_does_not_leave_its_thread_behind() -> None:
    async def check() -> None:
        go, done = threading.Event(), threading.Event()

        def work() -> None:
            go.wait(20)
            done.set()

        waiting = asyncio.create_task(to_the_end(work))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.sleep(0)
        assert not waiting.done()
        go.set()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert done.is_set()

    asyncio.run(check())
