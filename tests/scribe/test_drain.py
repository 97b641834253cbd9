"""A server that is told to end: what is told to whom, what is still finished, and how long that may take."""

from __future__ import annotations

import asyncio
import json
import signal
import threading
from collections.abc import Iterator

import httpx
import pytest
from completions import Completions, completion, completions
from fastapi import Request, Response
from running import TOKEN, RunningServer, StartServer, consented, fed
from scenario import sound
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from scribe.client import ClientError, ScribeClient
from scribe.wire import ErrorMessage, NoteReady

START = {"type": "start", "encoding": "pcm_s16le", "sample_rate": 16_000, "channels": 1}


class Slow:
    """A note's engine that answers when it is let."""

    def __init__(self, running: Completions) -> None:
        self.url = running.url
        self.asked = threading.Event()
        self.may_answer = threading.Event()
        running.waits = self._wait

    async def _wait(self, _request: Request) -> Response:
        self.asked.set()
        await asyncio.to_thread(self.may_answer.wait, 60)
        return completion('{"statements": []}')


@pytest.fixture
def slow() -> Iterator[Slow]:
    with completions() as running:
        engine = Slow(running)
        yield engine
        engine.may_answer.set()


def engine_of(slow: Slow) -> dict[str, str]:
    return {
        "asr": "pocketsphinx",
        "note_engine": "openai",
        "note_url": slow.url,
        "note_model": "small-instruct",
    }


async def opened(client: ScribeClient, running: RunningServer) -> ClientConnection:
    """The bare socket of a new session, not started yet."""
    session = await client.create_session(consented())
    return await connect(
        f"{running.url.replace('http', 'ws')}/v1/sessions/{session.id}/stream",
        subprotocols=[Subprotocol("scribe.v1")],
        additional_headers={"Authorization": f"Bearer {TOKEN}"},
        proxy=None,
    )


async def said_at_the_end(socket: ClientConnection) -> tuple[str, int | None]:
    """The code of the last message, and the close code."""
    last = {}
    try:
        async with asyncio.timeout(20):
            async for message in socket:
                last = json.loads(message)
    except ConnectionClosed:
        pass
    return str(last.get("code")), socket.close_code


async def ends(client: ScribeClient) -> list[ErrorMessage | NoteReady]:
    """A session from its start to its end; what was said of its note."""
    said: list[ErrorMessage | NoteReady] = []
    session = await client.create_session(consented())
    async with client.stream(session, patience_seconds=0) as stream, asyncio.TaskGroup() as tasks:
        tasks.create_task(fed(stream, sound(1, 30).tobytes()))
        async for message in stream:
            if isinstance(message, ErrorMessage | NoteReady):
                said.append(message)
    return said


def test_it_tells_open_streams_refuses_new_ones_finishes_drafts_and_exits_well(
    start_server: StartServer, slow: Slow
) -> None:
    running = start_server(drain_seconds="60", **engine_of(slow))

    async def check() -> None:
        async with ScribeClient(running.url, TOKEN) as client:
            drafting = asyncio.create_task(ends(client))
            assert await asyncio.to_thread(slow.asked.wait, 60)
            listening, late = await opened(client, running), await opened(client, running)
            await listening.send(json.dumps(START))
            assert json.loads(await listening.recv())["type"] == "ready"

            running.process.send_signal(signal.SIGTERM)
            assert await said_at_the_end(listening) == ("restarting", 1012)
            probe = await asyncio.to_thread(httpx.get, f"{running.url}/readyz", trust_env=False)
            assert (probe.status_code, probe.json()["status"]) == (503, "draining")
            await late.send(json.dumps(START))
            assert await said_at_the_end(late) == ("restarting", 1012)
            assert not drafting.done()

            slow.may_answer.set()
            assert [type(one) for one in await drafting] == [NoteReady]

    asyncio.run(check())
    assert running.process.wait(timeout=30) == 0
    assert "Traceback" not in running.said.read_text()


@pytest.mark.faults
def test_a_draft_that_takes_too_long_is_left_and_its_client_sent_to_the_next_server(
    start_server: StartServer, slow: Slow
) -> None:
    running = start_server(drain_seconds="0.5", **engine_of(slow))

    async def left() -> None:
        async with ScribeClient(running.url, TOKEN) as client:
            drafting = asyncio.create_task(ends(client))
            assert await asyncio.to_thread(slow.asked.wait, 60)
            running.process.send_signal(signal.SIGTERM)
            with pytest.raises(ExceptionGroup) as gone:
                await drafting
            assert gone.group_contains(ClientError, match="server goes down before the note is written")

    asyncio.run(left())
    assert running.process.wait(timeout=30) == 0
    with start_server(asr="pocketsphinx").http as http:
        (session,) = http.get("/v1/sessions").json()["sessions"]
        assert session["state"] == "ended"
        assert http.post(f"/v1/sessions/{session['id']}/note", json={}).status_code == 201


@pytest.mark.faults
def test_told_twice_it_does_not_wait(start_server: StartServer, slow: Slow) -> None:
    running = start_server(drain_seconds="600", **engine_of(slow))

    async def check() -> None:
        async with ScribeClient(running.url, TOKEN) as client:
            drafting = asyncio.create_task(ends(client))
            assert await asyncio.to_thread(slow.asked.wait, 60)
            listening = await opened(client, running)
            await listening.send(json.dumps(START))
            running.process.send_signal(signal.SIGTERM)
            assert await said_at_the_end(listening) == ("restarting", 1012)  # so it drains by now
            running.process.send_signal(signal.SIGTERM)
            await asyncio.gather(drafting, return_exceptions=True)

    asyncio.run(check())
    assert running.process.wait(timeout=25) == 0
