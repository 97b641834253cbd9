"""Compressed streams over a real socket: whatever happens on the way, the transcript is that of the whole file.

The server runs in the test's own process, with a recogniser whose words are digests of the samples it gets: other
samples, other words.
"""

from __future__ import annotations

import asyncio
import json
import threading
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from compressed import compressed
from playwright.sync_api import sync_playwright
from pydantic import SecretStr
from running import TOKEN, consented, server, whisper_is_here
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from asr.demuxer import DEMUXERS
from asr.testing import ScriptedRecognizer, SteadyEmbedder
from asr.vad import VoiceActivityModel
from scribe.app import build_app
from scribe.client import ScribeClient
from scribe.config import Settings
from scribe.engines import Engines
from scribe.errors import UnusableAudio
from scribe.listening import listen, uvicorn_server
from scribe.recognition import Recognition
from scribe.sample import sample_audio
from scribe.wire import Ack, Encoding, Ended, ErrorMessage, Gap, Ready
from summarizer.extractive import ExtractiveEngine

RATE = 16_000
AUDIO = sample_audio()[: 24 * RATE]
ENCODINGS: list[Encoding] = ["opus_webm", "opus_ogg", "flac"]
STREAMS = {encoding: compressed(encoding, AUDIO) for encoding in ENCODINGS}
Line = tuple[str, str, float, float]


@asynccontextmanager
async def serving(folder: Path, **settings: object) -> AsyncIterator[str]:
    """The address of a server in this event loop."""
    chosen = Settings.model_validate({"data_dir": folder / "data", "token": SecretStr(TOKEN), **settings})
    engines = Engines(
        Recognition(ScriptedRecognizer()), VoiceActivityModel(), SteadyEmbedder(), ExtractiveEngine()
    )
    listener = listen("127.0.0.1", 0)
    listener.listen(16)
    server = uvicorn_server(build_app(chosen, engines))
    running = asyncio.create_task(server.serve([listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running
        listener.close()


async def begun(url: str, session_id: str, **start: object) -> tuple[ClientConnection, dict[str, Any]]:
    """A socket after `start`, and what the server answered; the caller closes."""
    connection = await connect(
        f"ws{url.removeprefix('http')}/v1/sessions/{session_id}/stream",
        subprotocols=[Subprotocol("scribe.v1")],
        additional_headers={"Authorization": f"Bearer {TOKEN}"},
        compression=None,
        proxy=None,
    )
    given = {"type": "start", "encoding": "flac", "sample_rate": RATE, "channels": 2}
    await connection.send(json.dumps(given | start))
    return connection, json.loads(await connection.recv())


@asynccontextmanager
async def opened(
    url: str, session_id: str, **start: object
) -> AsyncIterator[tuple[ClientConnection, dict[str, Any]]]:
    """As `begun`; closes."""
    connection, answer = await begun(url, session_id, **start)
    try:
        yield connection, answer
    finally:
        await connection.close()


async def reopened(url: str, session_id: str, **start: object) -> tuple[ClientConnection, dict[str, Any]]:
    """As `begun`, once the server noticed that the socket before is gone."""
    while True:
        connection, answer = await begun(url, session_id, **start)
        if answer["type"] == "ready":
            return connection, answer
        assert answer["code"] == "stream_busy", answer
        await connection.close()


async def told(connection: ClientConnection) -> tuple[list[dict[str, Any]], int]:
    """Every message up to the close, and the close code."""
    messages: list[dict[str, Any]] = []
    while True:
        try:
            messages.append(json.loads(await connection.recv()))
        except ConnectionClosed as closed:
            return messages, closed.rcvd.code if closed.rcvd else 1006


async def send(connection: ClientConnection, data: bytes, rng: np.random.Generator) -> None:
    """All of the bytes, cut anywhere."""
    at = 0
    while at < len(data):
        size = int(rng.integers(1, 20_000))
        await connection.send(data[at : at + size])
        at += size


async def created(client: ScribeClient, channels: int = 2) -> str:
    return (await client.create_session(consented(channels=channels))).id


async def lines(client: ScribeClient, session_id: str) -> list[Line]:
    found = (await client.transcript(session_id)).utterances
    assert len(found) > 3
    return [(line.id, line.text, line.start, line.end) for line in found]


async def uploaded(url: str, client: ScribeClient, data: bytes) -> list[Line]:
    """The transcript of the whole file, sent as a recording: `decode` reads it."""
    session_id = await created(client)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60, trust_env=False) as http:
        answer = await http.post(f"/v1/sessions/{session_id}/audio", content=data)
        assert "event: ended" in answer.text
    return await lines(client, session_id)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_stream_cut_anywhere_gives_the_transcript_of_the_whole_file(
    tmp_path: Path, encoding: Encoding
) -> None:
    data = STREAMS[encoding]

    async def check() -> None:
        async with serving(tmp_path) as url, ScribeClient(url, TOKEN) as client:
            expected = await uploaded(url, client, data)
            for seed in range(3):
                session_id = await created(client)
                async with opened(url, session_id, encoding=encoding) as (connection, _):
                    await send(connection, data, np.random.default_rng(seed))
                    await connection.send('{"type":"stop"}')
                    messages, code = await told(connection)
                assert code == 1000
                assert messages[-1]["receipt"]["seconds_received"] == pytest.approx(24, abs=0.001)
                assert await lines(client, session_id) == expected

    asyncio.run(check())


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_socket_cut_at_any_moment_loses_nothing_and_leaves_no_thread(
    tmp_path: Path, encoding: Encoding
) -> None:
    data = STREAMS[encoding]

    async def check() -> None:
        async with serving(tmp_path) as url, ScribeClient(url, TOKEN) as client:
            expected = await uploaded(url, client, data)
            session_id = await created(client)
            rng = np.random.default_rng(5)
            before = own_threads()
            connection, _ = await reopened(url, session_id, encoding=encoding, at=0)
            for _ in range(12):
                await send(connection, data[: rng.integers(1, len(data))], rng)
                connection.transport.abort()
                connection, _ = await reopened(url, session_id, encoding=encoding, at=0, resume=True)
            await send(connection, data, rng)
            await connection.send('{"type":"stop"}')
            messages, code = await told(connection)
            assert code == 1000
            assert messages[-1]["receipt"]["seconds_received"] == pytest.approx(24, abs=0.001)
            assert await lines(client, session_id) == expected
            assert own_threads() == before

    asyncio.run(check())


def own_threads() -> set[str]:
    """Threads but those of the event loop's own pool and of the HTTP client's."""
    return {
        thread.name for thread in threading.enumerate() if not thread.name.startswith(("asyncio_", "AnyIO"))
    }


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_cut_stream_that_never_comes_back_is_heard_to_its_last_whole_unit(
    tmp_path: Path, encoding: Encoding
) -> None:
    async def check() -> None:
        async with serving(tmp_path, linger_seconds=600) as url, ScribeClient(url, TOKEN) as client:
            session_id = await created(client)
            connection, _ = await begun(url, session_id, encoding=encoding)
            await send(connection, STREAMS[encoding], np.random.default_rng(1))
            received = 0
            while received < 23.5 * RATE:
                message = json.loads(await connection.recv())
                received = message.get("received", received)
            connection.transport.abort()
            while (await client.session(session_id)).state.value == "recording":
                pass  # the server notices the cut socket by itself
            await client.end(session_id)
            # What was in the kernel when the connection was reset is lost to the server, a unit or two.
            assert received / RATE < (await client.receipt(session_id)).seconds_received <= 24.001

    asyncio.run(check())


# --- pauses -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("how", ["recorder paused", "recorder ran on", "new recorder"])
def test_a_recorder_may_pause_run_on_or_begin_anew(tmp_path: Path, encoding: Encoding, how: str) -> None:
    data = STREAMS[encoding]
    half, later = len(data) // 2, len(data) * 3 // 4

    async def check() -> None:
        async with serving(tmp_path) as url, ScribeClient(url, TOKEN) as client:
            session_id = await created(client)
            rng = np.random.default_rng(2)
            async with opened(url, session_id, encoding=encoding) as (connection, _):
                await send(connection, data[:half], rng)
                await connection.send('{"type":"pause"}')
                if how == "recorder ran on":
                    await send(connection, data[half:later], rng)
                await connection.send('{"type":"resume"}')
                rest = {
                    "recorder paused": data[half:],
                    "recorder ran on": data[later:],
                    "new recorder": data,
                }[how]
                await send(connection, rest, rng)
                await connection.send('{"type":"stop"}')
                messages, code = await told(connection)
            assert code == 1000
            share = {"recorder paused": 1.0, "recorder ran on": 0.75, "new recorder": 1.5}[how]
            seconds = messages[-1]["receipt"]["seconds_received"]
            assert seconds == pytest.approx(24 * share, abs=0.001 if how == "recorder paused" else 1.5)
            gaps = [message for message in messages if message["type"] == "gap"]
            assert [gap["reason"] for gap in gaps] == ["off_the_record"]
            assert [mark.kind for mark in (await client.transcript(session_id)).marks] == ["pause", "resume"]
            assert [message for message in messages if message["type"] == "error"] == (
                [message for message in messages if message.get("code") == "off_the_record"]
            )

    asyncio.run(check())


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_stream_cut_off_the_record_replays_nothing_and_loses_nothing(
    tmp_path: Path, encoding: Encoding
) -> None:
    data = STREAMS[encoding]

    async def check() -> None:
        async with serving(tmp_path) as url, ScribeClient(url, TOKEN) as client:
            session_id = await created(client)
            rng = np.random.default_rng(4)
            connection, _ = await begun(url, session_id, encoding=encoding)
            await send(connection, data, rng)
            await connection.send('{"type":"pause"}')
            while json.loads(await connection.recv())["type"] != "gap":
                pass
            connection.transport.abort()
            connection, answer = await reopened(url, session_id, encoding=encoding, at=0, resume=True)
            assert answer["paused"]
            assert answer["resume_from"] == pytest.approx(24 * RATE, abs=16)
            await connection.send('{"type":"resume"}')
            await send(connection, data, rng)
            await connection.send('{"type":"stop"}')
            messages, code = await told(connection)
            assert code == 1000
            assert messages[-1]["receipt"]["seconds_received"] == pytest.approx(48, abs=0.002)

    asyncio.run(check())


# --- refusals and harm ------------------------------------------------------------------------------------


def test_what_was_decoded_before_damage_is_kept_and_the_session_goes_on(tmp_path: Path) -> None:
    data = STREAMS["opus_webm"]

    async def check() -> None:
        async with serving(tmp_path) as url, ScribeClient(url, TOKEN) as client:
            session_id = await created(client)
            async with opened(url, session_id, encoding="opus_webm") as (connection, _):
                await send(connection, data[: len(data) // 2] + b"\0" * 5_000, np.random.default_rng(3))
                messages, code = await told(connection)
            assert code == 4422
            assert messages[-1]["code"] == "audio_undecodable"
            assert messages[-1]["detail"].endswith("start a new recorder.")
            connection, answer = await reopened(url, session_id, encoding="opus_webm", resume=True)
            assert answer["resume_from"] == pytest.approx(12 * RATE, rel=0.1)
            await connection.send(data[len(data) // 2 :][:9_000])
            messages, code = await told(connection)
            assert code == 4422
            assert "begins with its header" in messages[-1]["detail"]

    asyncio.run(check())


@pytest.mark.parametrize(
    ("start", "sent", "why"),
    [
        ({"encoding": "flac", "channels": 1}, "flac", "says 2"),
        ({"encoding": "flac", "sample_rate": 44_100}, "flac", "says 16000"),
        ({"encoding": "opus_ogg", "channels": 1}, "opus_ogg", "says 2"),
        ({"encoding": "opus_ogg"}, "opus_webm", "begins with its header"),
        ({"encoding": "opus_webm"}, "flac", "begins with its header"),
    ],
)
def test_what_is_not_what_start_says_is_refused_in_one_sentence(
    tmp_path: Path, start: dict[str, object], sent: Encoding, why: str
) -> None:
    async def check() -> None:
        async with serving(tmp_path) as url, ScribeClient(url, TOKEN) as client:
            session_id = await created(client, channels=1 if "channels" in start else 2)
            async with opened(url, session_id, **start) as (connection, _):
                await connection.send(STREAMS[sent][:40_000])
                messages, code = await told(connection)
            assert (code, messages[-1]["code"]) == (4422, "audio_undecodable")
            assert why in messages[-1]["detail"]
            assert messages[-1]["detail"].count(". ") == 0

    asyncio.run(check())


def test_damaged_streams_end_with_their_code_and_nothing_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def check() -> list[int]:
        rng = np.random.default_rng(7)
        codes = []
        async with serving(tmp_path) as url, ScribeClient(url, TOKEN) as client:
            for number in range(60):
                encoding = ENCODINGS[number % 3]
                data = bytearray(STREAMS[encoding][: rng.integers(1, 60_000)])
                for at in rng.integers(0, len(data), 8):
                    data[at] ^= int(rng.integers(1, 256))
                session_id = await created(client)
                async with opened(url, session_id, encoding=encoding) as (connection, _):
                    with suppress(ConnectionClosed):
                        await send(connection, bytes(data), rng)
                        await connection.send('{"type":"stop"}')
                    codes.append((await told(connection))[1])
        return codes

    codes = asyncio.run(check())
    assert set(codes) == {1000, 4422}
    assert codes.count(4422) > 20
    assert not [record for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")]
    assert "Traceback" not in caplog.text


def test_a_few_bytes_that_are_minutes_wait_for_the_ring(tmp_path: Path) -> None:
    first = next(DEMUXERS["opus_webm"]().push(STREAMS["opus_webm"]))
    # A frame of 60 ms and one byte, with nothing in it, two to a packet: RFC 6716, section 3.2.3.
    silent = bytes([0xA3, 0x80 | 5, 0x81, 0, 0, 0x80, 3 << 3 | 4 | 1])
    ring_seconds = 40

    async def check() -> None:
        async with serving(tmp_path, ring_seconds=ring_seconds) as url, ScribeClient(url, TOKEN) as client:
            session_id = await created(client)
            async with opened(url, session_id, encoding="opus_webm") as (connection, answer):
                assert answer["max_unacked_seconds"] == ring_seconds
                await connection.send(first.track.opening + silent * 1_000)
                await connection.send('{"type":"stop"}')
                messages, code = await told(connection)
            assert code == 1000
            acks = [message for message in messages if message["type"] == "ack"]
            assert max(ack["received"] - ack["committed"] for ack in acks) <= ring_seconds * RATE
            assert len(acks) > 10
            received = messages[-1]["receipt"]["seconds_received"]
            assert received == pytest.approx(1_000 * 0.12, abs=0.02)

    asyncio.run(check())


# --- the client -------------------------------------------------------------------------------------------


class Road:
    """The way to a server, which can be cut."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._writers: list[asyncio.StreamWriter] = []

    async def begin(self) -> str:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def end(self) -> None:
        self._server.close()
        self.cut()

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._port)
        self._writers += [writer, back]
        with suppress(OSError):
            await asyncio.gather(_pipe(reader, back), _pipe(there, writer))


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while piece := await reader.read(4_096):
            writer.write(piece)
            await writer.drain()
    finally:
        writer.close()


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_client_goes_on_with_a_compressed_stream_after_cuts(tmp_path: Path, encoding: Encoding) -> None:
    data = STREAMS[encoding]

    async def check() -> None:
        async with serving(tmp_path) as url, ScribeClient(url, TOKEN) as direct:
            expected = await uploaded(url, direct, data)
            road = Road(int(url.rpartition(":")[2]))
            async with ScribeClient(await road.begin(), TOKEN) as client:
                session = await client.create_session(consented(channels=2))
                async with client.stream(session, encoding=encoding, sample_rate=RATE, channels=2) as stream:

                    async def feed() -> None:
                        for at in range(0, len(data), 1_777):
                            await stream.send(data[at : at + 1_777])
                        await stream.stop()

                    feeding = asyncio.create_task(feed())
                    kinds: list[str] = []
                    cuts = 0
                    async for message in stream:
                        kinds.append(message.type)
                        if message.type == "utterance" and cuts < 3 and kinds.count("utterance") > 3 * cuts:
                            cuts += 1
                            road.cut()
                    await feeding
                assert isinstance(message, Ended)
                assert message.receipt.seconds_received == pytest.approx(24, abs=0.001)
                assert stream.reconnects >= 3
                assert await lines(client, session.id) == expected
            await road.end()

    asyncio.run(check())


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("when", ["before it is back", "once it is back"])
def test_the_client_goes_on_after_a_cut_off_the_record(tmp_path: Path, encoding: Encoding, when: str) -> None:
    data = STREAMS[encoding]
    half, later = len(data) // 2, len(data) * 3 // 4
    delay = next(DEMUXERS[encoding]().push(data)).track.delay / 48_000

    async def check() -> None:
        async with serving(tmp_path) as url:
            road = Road(int(url.rpartition(":")[2]))
            async with ScribeClient(await road.begin(), TOKEN) as client:
                session = await client.create_session(consented(channels=2))
                async with client.stream(session, encoding=encoding, sample_rate=RATE, channels=2) as stream:
                    messages = aiter(stream)

                    async def until(kind: type) -> Any:
                        async for message in messages:
                            assert not isinstance(message, ErrorMessage)
                            if isinstance(message, kind):
                                return message
                        raise AssertionError("the stream ended")

                    assert not (await until(Ready)).paused
                    await stream.send(data[:half])
                    await stream.pause()
                    await until(Gap)
                    road.cut()
                    if when == "once it is back":
                        assert (await until(Ready)).paused
                    await stream.resume()
                    await stream.send(data[half:later])
                    if when == "before it is back":
                        assert (await until(Ready)).paused
                    while (await until(Ack)).received < 15 * RATE:
                        pass
                    # What was counted anew is replayed where it belongs.
                    road.cut()
                    assert not (await until(Ready)).paused
                    await stream.send(data[later:])
                    await stream.stop()
                    ended = await until(Ended)
                assert stream.reconnects >= 2
                # The header that was said again dropped the encoder's delay again.
                assert ended.receipt.seconds_received == pytest.approx(24 - delay, abs=0.001)
                marks = (await client.transcript(session.id)).marks
                assert [mark.kind for mark in marks] == ["pause", "resume"]
            await road.end()

    asyncio.run(check())


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_client_drops_what_is_stored_but_for_the_decoders_run_up(
    tmp_path: Path, encoding: Encoding
) -> None:
    data = STREAMS[encoding]

    async def check() -> None:
        async with serving(tmp_path) as url, ScribeClient(url, TOKEN) as client:
            session = await client.create_session(consented(channels=2))
            async with client.stream(session, encoding=encoding, sample_rate=RATE, channels=2) as stream:
                await stream.send(data)
                await stream.pause()
                async for message in stream:
                    if isinstance(message, Gap):
                        break
                kept = sum(len(item.payload) for item in stream._kept)
                assert 0 < kept < len(data) / 5

    asyncio.run(check())


def test_the_client_refuses_what_is_no_stream_of_its_encoding(tmp_path: Path) -> None:
    async def check() -> None:
        async with serving(tmp_path) as url, ScribeClient(url, TOKEN) as client:
            session = await client.create_session(consented())
            async with client.stream(session, encoding="opus_ogg") as stream:
                await stream.send(STREAMS["opus_webm"])

    with pytest.raises(UnusableAudio, match="begins with its header"):
        asyncio.run(check())


# --- a browser --------------------------------------------------------------------------------------------

CHROMIUM = Path("/usr/bin/chromium")
RECORD = """
async ([path, token, chunks, pause]) => {
    const media = await navigator.mediaDevices.getUserMedia({audio: {
        echoCancellation: false, noiseSuppression: false, autoGainControl: false}});
    const url = location.origin.replace("http", "ws") + path;
    const socket = new WebSocket(url, ["scribe.v1", "token." + token]);
    const told = [];
    // Whatever the microphone is, the recorder writes as many channels as it gets.
    const context = new AudioContext();
    const mono = new MediaStreamAudioDestinationNode(context, {channelCount: 1});
    context.createMediaStreamSource(media).connect(mono);
    const recorder = new MediaRecorder(mono.stream, {mimeType: "audio/webm;codecs=opus"});
    let sent = 0, first = 0, heard = 0, recorded = 0;
    recorder.ondataavailable = ({data}) => {
        socket.send(data);
        sent += 1;
        if (sent === pause) {
            // What the recorder still holds comes with the first chunk after it goes on.
            recorder.pause();
            socket.send('{"type":"pause"}');
            socket.send('{"type":"resume"}');
            recorder.resume();
        }
        if (sent === chunks) recorder.stop();
    };
    recorder.onstop = () => {
        recorded = performance.now() - first;
        socket.send('{"type":"stop"}');
    };
    socket.onopen = () => socket.send(JSON.stringify(
        {type: "start", encoding: "opus_webm", sample_rate: 48000, channels: 1}));
    return await new Promise((resolve) => {
        socket.onmessage = ({data}) => {
            const message = JSON.parse(data);
            if (message.type === "ready") { first = performance.now(); recorder.start(250); }
            if (message.type === "ack" && !heard && message.received > 0) heard = performance.now() - first;
            told.push(message);
        };
        socket.onclose = ({code}) => resolve({code, told, heard, recorded, type: recorder.mimeType});
    });
}
"""


@pytest.mark.whisper
@pytest.mark.faults
@pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}")
@pytest.mark.skipif(not whisper_is_here(), reason="no Whisper model in SCRIBE_MODELS_DIR or ../shared/models")
def test_what_a_browsers_recorder_sends_becomes_words_before_and_after_a_pause(tmp_path: Path) -> None:
    spoken = tmp_path / "spoken.wav"
    with wave.open(str(spoken), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes((AUDIO.sum(axis=1).clip(-1, 1) * 32767).astype("<i2").tobytes())
    flags = (
        "--no-sandbox",
        "--disable-gpu",
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={spoken}%noloop",
    )
    with server(tmp_path / "data") as running, running.http as http:
        new = consented().model_dump(mode="json")
        stream = http.post("/v1/sessions", json=new).json()["stream"]
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
            page = browser.new_page()
            page.goto(running.url)
            found = page.evaluate(RECORD, [stream["url"], stream["token"], 60, 30])
            browser.close()
    told = found["told"]
    assert found["code"] == 1000, told[-1]
    assert "opus" in found["type"]
    assert (
        0 < found["heard"] < 1_500
    )  # milliseconds until the server has sound: the first chunk and little more
    assert told[-1]["receipt"]["seconds_received"] == pytest.approx(found["recorded"] / 1000, abs=0.5)
    words = " ".join(m["text"] for m in told if m["type"] == "utterance" and m["is_final"])
    assert len(words.split()) > 15
    assert [m["reason"] for m in told if m["type"] == "gap"] == ["off_the_record"]
