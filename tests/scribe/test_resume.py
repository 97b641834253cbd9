"""Nothing is lost: a cut stream, a killed server and a client that comes back give the uncut transcript."""

from __future__ import annotations

import asyncio
import socket
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from running import TOKEN, RunningServer, consented, fed, server, whisper_is_here

from scribe.client import ScribeClient
from scribe.sample import sample_audio
from scribe.session import State
from scribe.wire import Ended, TranscriptLine, UtteranceMessage

RATE = 16_000
AUDIO = (sample_audio()[: 60 * RATE] * 32767).astype("<i2")
whisper_only = pytest.mark.skipif(
    not whisper_is_here(), reason="no Whisper model in SCRIBE_MODELS_DIR or ../shared/models"
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def uncut(running: RunningServer) -> tuple[TranscriptLine, ...]:
    async with ScribeClient(running.url, TOKEN) as client:
        session = await client.create_session(consented(channels=2))
        async with client.stream(session, channels=2) as stream, asyncio.TaskGroup() as tasks:
            tasks.create_task(fed(stream, AUDIO.tobytes()))
            async for _ in stream:
                pass
        return (await client.transcript(session.id)).utterances


@pytest.mark.faults
@whisper_only
def test_killing_the_server_again_and_again_gives_the_uncut_transcript(tmp_path: Path) -> None:
    port = free_port()
    data = tmp_path / "data"

    async def check() -> None:
        with ExitStack() as servers:
            running = servers.enter_context(server(data, port=port))
            whole = await uncut(running)
            async with ScribeClient(running.url, TOKEN) as client:
                session = await client.create_session(consented(channels=2))
                finals, kill_at, ended = 0, [1, 2, 4], None
                async with client.stream(session, channels=2, patience_seconds=90) as stream:
                    feeding = asyncio.create_task(fed(stream, AUDIO.tobytes()))
                    async for message in stream:
                        finals += isinstance(message, UtteranceMessage) and message.is_final
                        if kill_at and finals >= kill_at[0]:
                            del kill_at[0]
                            running.kill()
                            running = await asyncio.to_thread(servers.enter_context, server(data, port=port))
                        if isinstance(message, Ended):
                            ended = message
                    await feeding
                assert stream.reconnects >= 3
                assert ended is not None
                assert ended.receipt.seconds_received == 60.0
                again = (await client.transcript(session.id)).utterances
                assert [(line.id, line.text, line.speaker) for line in again] == [
                    (line.id, line.text, line.speaker) for line in whole
                ]
                assert again == whole

    asyncio.run(check())


@pytest.mark.faults
@whisper_only
def test_a_server_told_to_end_lets_the_client_come_back(tmp_path: Path) -> None:
    port = free_port()
    data = tmp_path / "data"

    async def check() -> None:
        with server(data, port=port) as first:
            async with ScribeClient(first.url, TOKEN) as client:
                session = await client.create_session(consented(channels=2))
                async with client.stream(session, channels=2, patience_seconds=90) as stream:
                    await stream.send(AUDIO[: 20 * RATE].tobytes())
                    assert await asyncio.to_thread(first.stop) == 0
                    with server(data, port=port):
                        await stream.send(AUDIO[20 * RATE : 30 * RATE].tobytes())
                        await stream.stop()
                        messages = [message async for message in stream]
                        assert isinstance(messages[-1], Ended)
                        assert messages[-1].receipt.seconds_received == 30.0

    asyncio.run(check())


@pytest.mark.faults
@whisper_only
def test_a_session_whose_client_never_comes_back_can_be_ended(tmp_path: Path) -> None:
    async def check() -> None:
        with server(tmp_path / "data", linger_seconds="600") as running:
            async with ScribeClient(running.url, TOKEN) as client:
                session = await client.create_session(consented(channels=2))
                async with client.stream(session, channels=2) as stream:
                    await stream.send(AUDIO[: 30 * RATE].tobytes())
                    async for message in stream:
                        if isinstance(message, UtteranceMessage) and message.is_final:
                            break
                while (await client.session(session.id)).state is State.RECORDING:
                    pass  # the server notices the cut socket by itself
                assert (await client.session(session.id)).state is State.INTERRUPTED
                ended = await client.end(session.id)
                assert ended.state is State.IN_REVIEW
                receipt = await client.receipt(session.id)
                assert receipt.seconds_received > 5
                assert receipt.seconds_transcribed == receipt.seconds_received == receipt.seconds_discarded

    asyncio.run(check())


def test_the_sample_is_loud_enough_for_these_tests() -> None:
    assert np.abs(AUDIO).max() > 3000
