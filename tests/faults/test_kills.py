"""`kill -9` of the server at random moments of a session: what is kept at the end is that of an uncut run."""

from __future__ import annotations

import asyncio
import random
from contextlib import ExitStack
from pathlib import Path
from time import monotonic
from typing import Literal

import pytest
from running import TOKEN, server, whisper_is_here
from scenario import free_port, pinned_scenario, progress, same

from scribe.client import ScribeClient
from scribe.wire import ServerMessage

SEED = 5
needs_whisper = pytest.mark.skipif(
    not whisper_is_here(), reason="no Whisper model in SCRIBE_MODELS_DIR or ../shared/models"
)


class Killer:
    """Kills a server again and again: after so many seconds, or after so many messages, by turns."""

    def __init__(self, servers: ExitStack, data: Path, port: int, kills: int) -> None:
        self._servers, self._data, self._port = servers, data, port
        self._random = random.Random(SEED)
        self.running = servers.enter_context(server(data, port=port))
        self.left, self._count = kills, 0
        self._messages = 0
        self._after: float = 0.0
        self._choose()

    def _choose(self) -> None:
        self._by_clock = self.left % 2 == 0
        self._messages, self._reached, self._began = 0, False, monotonic()
        self._after = self._random.uniform(0.05, 1.5) if self._by_clock else self._random.randint(1, 40)

    async def heard(self, _message: ServerMessage) -> None:
        """Another message came through."""
        self._messages += 1
        if not self._reached:
            self._reached, self._began = True, monotonic()
        if self.left and not self._by_clock and self._messages >= self._after:
            await self._kill(f"{self._messages} messages")

    async def watch(self) -> None:
        """Kill by the clock while there is something left to kill for.

        Each clock starts with a server's first message: before it there is no session to be cut.
        """
        while self.left:
            await asyncio.sleep(0.02)
            if not self._reached:
                continue
            if self.left and self._by_clock and monotonic() - self._began >= self._after:
                await self._kill(f"{self._after:.2f} s")

    async def _kill(self, when: str) -> None:
        self.running.kill()
        self.left -= 1
        self._count += 1
        progress(f"  kill {self._count} after {when}")
        self.running = await asyncio.to_thread(
            self._servers.enter_context, server(self._data, port=self._port)
        )
        self._choose()


@needs_whisper
@pytest.mark.parametrize(("channels", "seconds", "kills"), [(2, 150, 20), (1, 150, 6)])
def test_killing_the_server_at_random_moments_gives_the_uncut_transcript_and_draft(
    tmp_path: Path, channels: Literal[1, 2], seconds: int, kills: int
) -> None:
    async def check() -> None:
        with ExitStack() as servers:
            killer = Killer(servers, tmp_path / "data", free_port(), kills)
            url = killer.running.url
            killer.left, planned = 0, kills
            scenario, whole = await pinned_scenario(url, channels, seconds)
            killer.left = planned
            killer._choose()
            async with ScribeClient(url, TOKEN) as client:
                watching = asyncio.create_task(killer.watch())
                again = await scenario.run(client, killer.heard, patience_seconds=400.0)
                watching.cancel()
            progress(f"  {planned - killer.left} of {planned} kills")
            assert killer.left == 0, "the session was over before it was killed often enough"
            same(again, whole)

    asyncio.run(check())
