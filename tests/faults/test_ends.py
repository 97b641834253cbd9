"""How servers and their parts end: told to, twice, while drafting, with a hanging recogniser; and two clients."""

from __future__ import annotations

import asyncio
import json
import signal
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest
from completions import completions
from fastapi import Response
from running import TOKEN, RunningServer, consented, fed, server, whisper_is_here
from scenario import RATE, Scenario, free_port, outcome, same, sound
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from scribe.client import ScribeClient
from scribe.session import State
from scribe.wire import SUBPROTOCOL, Ended, Gap, Ready, UtteranceMessage

pytestmark = pytest.mark.skipif(
    not whisper_is_here(), reason="no Whisper model in SCRIBE_MODELS_DIR or ../shared/models"
)
PCM = sound(2, 40)


@pytest.mark.parametrize(
    "signals", [[signal.SIGTERM], [signal.SIGINT], [signal.SIGTERM] * 2, [signal.SIGINT] * 2]
)
def test_a_server_told_to_end_in_the_middle_changes_nothing(tmp_path: Path, signals: list[int]) -> None:
    async def check() -> None:
        port, data = free_port(), tmp_path / "data"
        with ExitStack() as servers:
            running = servers.enter_context(server(data, port=port))
            scenario = Scenario(seconds=60)
            async with ScribeClient(running.url, TOKEN) as client:
                whole = await scenario.run(client)
                finals = 0

                async def told(message: object) -> None:
                    nonlocal finals
                    finals += isinstance(message, UtteranceMessage) and message.is_final
                    if finals == 3 and running.process.poll() is None:
                        finals += 1
                        for number in signals:
                            running.process.send_signal(number)
                        assert await asyncio.to_thread(running.process.wait, 30) == 0
                        await asyncio.to_thread(servers.enter_context, server(data, port=port))

                same(await scenario.run(client, told), whole)

    asyncio.run(check())


@pytest.mark.parametrize("how", ["kill", "stop"])
def test_a_session_whose_server_ended_while_its_draft_was_written_is_drafted_by_the_next(
    tmp_path: Path, how: str
) -> None:
    async def check(url: str, model: dict[str, str]) -> None:
        port, data = free_port(), tmp_path / "data"
        with server(data, port=port, **model) as running:
            async with ScribeClient(running.url, TOKEN) as client:
                session = await client.create_session(consented(channels=2))
                async with client.stream(session, channels=2, patience_seconds=90) as stream:
                    await fed(stream, PCM.tobytes())
                    await asyncio.to_thread(asked.wait, 60)
                    assert (await client.session(session.id)).state is State.ENDED
                    if how == "kill":
                        running.kill()
                    else:
                        assert await asyncio.to_thread(running.stop) == 0, (
                            "a model that writes keeps no server"
                        )
                    with server(data, port=port):
                        ended = [message async for message in stream][-1]
                        assert isinstance(ended, Ended)
                        assert ended.receipt.seconds_received == 40.0
                        assert (await client.session(session.id)).state is State.IN_REVIEW
                        await outcome(client, session.id)

    asked = threading.Event()
    with completions() as model:

        async def never(_request: object) -> Response:
            asked.set()
            await asyncio.sleep(600)
            raise AssertionError("nobody waits so long")

        model.waits = never
        settings = {"note_engine": "openai", "note_url": model.url, "note_model": "small-instruct"}
        asyncio.run(check(model.url, settings))


async def close_code(url: str, session_id: str) -> int:
    """With what another stream of a session is closed."""
    address = f"ws{url.removeprefix('http')}/v1/sessions/{session_id}/stream"
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with connect(
        address, subprotocols=[Subprotocol(SUBPROTOCOL)], additional_headers=headers, proxy=None
    ) as socket:
        start = {"type": "start", "encoding": "pcm_s16le", "sample_rate": RATE, "channels": 2}
        await socket.send(json.dumps(start))
        await socket.wait_closed()
        return socket.close_code or 0


def test_a_second_client_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    async def check(running: RunningServer) -> None:
        scenario = Scenario(seconds=60)
        async with ScribeClient(running.url, TOKEN) as client:
            whole = await scenario.run(client)
            refusals: list[int] = []

            async def told(message: object) -> None:
                if isinstance(message, UtteranceMessage) and message.is_final and len(refusals) < 3:
                    newest = (await client.sessions()).sessions[0].id
                    refusals.append(await close_code(running.url, newest))

            same(await scenario.run(client, told), whole)
            assert refusals == [4409] * 3

    with server(tmp_path / "data") as running:
        asyncio.run(check(running))


def test_a_new_client_process_with_its_kept_audio_goes_on_where_the_server_wants_it(tmp_path: Path) -> None:
    async def check(running: RunningServer) -> None:
        async with ScribeClient(running.url, TOKEN) as client:
            first = await client.create_session(consented(channels=2))
            async with client.stream(first, channels=2) as stream, asyncio.TaskGroup() as tasks:
                tasks.create_task(fed(stream, PCM.tobytes()))
                async for _ in stream:
                    pass
            second = await client.create_session(consented(channels=2))
            async with client.stream(second, channels=2) as stream:
                await stream.send(PCM[: 25 * RATE].tobytes())
                async for message in stream:
                    if isinstance(message, UtteranceMessage) and message.is_final:
                        break
        running.kill()
        with server(tmp_path / "data") as fresh:
            async with ScribeClient(fresh.url, TOKEN) as client:
                again = client.stream(await client.session(second.id), channels=2, resume=True)
                async with again as stream, asyncio.TaskGroup() as tasks:
                    async for message in stream:
                        if isinstance(message, Ready):
                            assert message.resume_from > 0
                            tasks.create_task(fed(stream, PCM[message.resume_from :].tobytes()))
                same(await outcome(client, second.id), await outcome(client, first.id))

    with server(tmp_path / "data") as running:
        asyncio.run(check(running))


def test_a_new_client_that_lost_its_audio_leaves_a_gap_that_the_transcript_shows(tmp_path: Path) -> None:
    async def check(running: RunningServer) -> None:
        async with ScribeClient(running.url, TOKEN) as client:
            session = await client.create_session(consented(channels=2))
            async with client.stream(session, channels=2) as stream:
                await stream.send(PCM[: 25 * RATE].tobytes())
                async for message in stream:
                    if isinstance(message, UtteranceMessage) and message.is_final:
                        break
        running.kill()
        with server(tmp_path / "data") as fresh:
            async with ScribeClient(fresh.url, TOKEN) as client:
                view = await client.session(session.id)
                begin = 0
                async with client.stream(view, channels=2) as stream, asyncio.TaskGroup() as tasks:
                    tasks.create_task(fed(stream, PCM[30 * RATE :].tobytes()))
                    async for message in stream:
                        if isinstance(message, Ready):
                            begin = message.resume_from
                        if isinstance(message, Gap):
                            assert message.reason == "broken_off"
                transcript = await client.transcript(session.id)
                assert [(mark.kind, mark.at) for mark in transcript.marks] == [("gap", begin / RATE)]
                assert transcript.utterances[-1].start >= begin / RATE > 0

    with server(tmp_path / "data") as running:
        asyncio.run(check(running))


def test_the_clock_of_the_machine_may_jump_and_no_session_is_lost(tmp_path: Path) -> None:
    library = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
    if library is None:
        pytest.skip("libfaketime is not installed")

    async def check() -> None:
        port, data = free_port(), tmp_path / "data"
        with ExitStack() as servers:
            running = servers.enter_context(server(data, port=port))
            scenario, jumps = (
                Scenario(seconds=60),
                [("env", f"LD_PRELOAD={library}", f"FAKETIME={offset}") for offset in ("+1h", "-1h")],
            )
            async with ScribeClient(running.url, TOKEN) as client:
                whole = await scenario.run(client)
                finals = 0

                async def told(message: object) -> None:
                    nonlocal finals, running
                    finals += isinstance(message, UtteranceMessage) and message.is_final
                    if jumps and finals >= 3:
                        finals = 0
                        running.kill()
                        again = server(data, port=port, prefix=jumps.pop(0))
                        running = await asyncio.to_thread(servers.enter_context, again)

                same(await scenario.run(client, told, patience_seconds=60), whole)
                assert not jumps
                receipt = await client.receipt((await client.sessions()).sessions[0].id)
                assert receipt.ended_at >= receipt.started_at

    asyncio.run(check())
