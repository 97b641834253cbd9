"""A network that cuts, stalls, loses one way or is slow: the same transcript and draft as without."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from proxy import Proxy, proxy
from running import TOKEN, RunningServer, consented, server, whisper_is_here
from scenario import Outcome, Scenario, free_port, pinned_scenario, progress, same

from scribe.client import ScribeClient
from scribe.session import State
from scribe.wire import Ack, ServerMessage, UtteranceMessage

pytestmark = pytest.mark.skipif(
    not whisper_is_here(), reason="no Whisper model in SCRIBE_MODELS_DIR or ../shared/models"
)


@dataclass(frozen=True)
class Whole:
    """A server and what it gives where nothing is wrong."""

    running: RunningServer
    port: int
    scenario: Scenario
    outcome: Outcome


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """Sixty seconds heard over a good network."""
    # Between the two stands a proxy with a port of its own, which callers then name.
    settings = {"idle_seconds": "8", "send_seconds": "5", "allowed_hosts": "127.0.0.1"}
    with server(tmp_path_factory.mktemp("network") / "data", **settings) as running:
        scenario, outcome = asyncio.run(pinned_scenario(running.url, 2, 60))
        yield Whole(running, urlsplit(running.url).port or 0, scenario, outcome)


class Storm:
    """Does something to the network at every so many finals."""

    def __init__(self, between: Proxy, finals: tuple[int, ...]) -> None:
        self.between = between
        self._at = list(finals)
        self._finals = 0
        self.struck = 0

    async def heard(self, message: ServerMessage) -> None:
        """Another message came through."""
        self._finals += isinstance(message, UtteranceMessage) and message.is_final
        if self._at and self._finals >= self._at[0]:
            del self._at[0]
            self.struck += 1
            await self.strike()

    async def strike(self) -> None:
        self.between.cut()


class Stall(Storm):
    async def strike(self) -> None:
        self.between.weather.still.clear()
        asyncio.get_running_loop().call_later(4.0, self.between.weather.still.set)


class HalfClose(Storm):
    async def strike(self) -> None:
        self.between.half_close()


class LosesWhatGoesUp(Storm):
    """Nothing arrives at the server, which lets go when it was idle for too long."""

    async def strike(self) -> None:
        self.between.weather.to_server = False
        asyncio.get_running_loop().call_later(6.0, self._mend)

    def _mend(self) -> None:
        self.between.cut()
        self.between.weather.to_server = self.between.weather.to_client = True


class LosesWhatComesBack(LosesWhatGoesUp):
    async def strike(self) -> None:
        self.between.weather.to_client = False
        asyncio.get_running_loop().call_later(6.0, self._mend)


@pytest.mark.parametrize("kind", [Storm, Stall, HalfClose, LosesWhatGoesUp, LosesWhatComesBack])
def test_what_a_network_does_changes_neither_transcript_nor_draft(whole: Whole, kind: type[Storm]) -> None:
    async def check() -> None:
        port = free_port()
        async with (
            proxy(port, whole.port) as between,
            ScribeClient(f"http://127.0.0.1:{port}", TOKEN) as client,
        ):
            storm = kind(between, (1, 4, 7))
            again = await whole.scenario.run(client, storm.heard)
            progress(f"  {kind.__name__}: struck {storm.struck} times, {between.connections} connections")
            # What is lost on its way back may be the very final that the third is to come at.
            assert storm.struck >= 2
            same(again, whole.outcome)

    asyncio.run(check())


@pytest.mark.parametrize(("delay", "speed"), [(0.05, 0.0), (0.0, 400_000.0)])
def test_a_slow_network_changes_neither_transcript_nor_draft(
    whole: Whole, delay: float, speed: float
) -> None:
    async def check() -> None:
        port = free_port()
        async with (
            proxy(port, whole.port) as between,
            ScribeClient(f"http://127.0.0.1:{port}", TOKEN) as client,
        ):
            between.weather.delay_seconds, between.weather.bytes_per_second = delay, speed
            same(await whole.scenario.run(client), whole.outcome)

    asyncio.run(check())


def test_a_client_that_is_gone_without_a_word_is_let_go_and_its_session_can_be_ended(whole: Whole) -> None:
    async def check() -> None:
        port = free_port()
        async with proxy(port, whole.port) as between, ScribeClient(whole.running.url, TOKEN) as client:
            session = await client.create_session(consented(channels=2))
            through = ScribeClient(f"http://127.0.0.1:{port}", TOKEN)
            async with through, through.stream(session, channels=2) as stream:
                await stream.send(b"\0\0\0\0" * 16_000 * 12)
                async for message in stream:
                    if isinstance(message, Ack):
                        break
                between.weather.to_server = False
                async with asyncio.timeout(60):
                    while (await client.session(session.id)).state is not State.INTERRUPTED:
                        pass  # the server notices by itself
            assert (await client.end(session.id)).state is State.ENDED

    asyncio.run(check())
