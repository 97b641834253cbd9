"""No audio in the memory of a real server, once it is not needed: all that the process may write to is searched.

What is looked for are stretches of 20 ms or more of what was sent and of all that the server makes of it up to the
recogniser, in any encoding, also as a client masks its frames (`memory` in tests/support). There is no list of
exceptions: no buffer of a library may hold one. What is not looked for is what the sound can only be guessed from:
spectra, embeddings, words.
"""

from __future__ import annotations

import asyncio
import io
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

import av
import numpy as np
import pytest
import soxr
from compressed import compressed
from memory import Form, Found, Search, forms_of, may_read_memory, rings, summary
from numpy.typing import NDArray
from running import TOKEN, RunningServer, StartServer, consented, whisper_is_here

from asr.pcm import MULAW
from scribe.client import Refused, ScribeClient
from scribe.client_stream import SessionStream
from scribe.sample import sample_audio, sample_mono
from scribe.wire import Ack, Encoding, Gap, ServerMessage, UtteranceMessage

RATE = 16_000
SECONDS = 12

needs_whisper = pytest.mark.skipif(
    not whisper_is_here(), reason="no Whisper model in SCRIBE_MODELS_DIR or ../shared/models"
)
RECOGNIZERS = ["pocketsphinx", pytest.param("whisper", marks=needs_whisper)]
Shape = tuple[Encoding, int, int, bytes]


def s16(audio: NDArray[np.float32]) -> bytes:
    return (audio * 32767).astype("<i2").tobytes()


def mono(seconds: float = SECONDS, begin: float = 0.0) -> NDArray[np.float32]:
    return sample_mono()[round(begin * RATE) : round((begin + seconds) * RATE), np.newaxis]


def one_channel() -> Shape:
    return "pcm_s16le", RATE, 1, s16(mono())


def two_channels() -> Shape:
    # Each microphone hears a little of the other: beside a channel of zeros the keys of the search would tell little.
    audio = sample_audio()[: SECONDS * RATE] @ np.array([[1.0, 0.05], [0.05, 1.0]], dtype=np.float32)
    return "pcm_s16le", RATE, 2, s16(np.clip(audio, -1, 1))


def floats_48() -> Shape:
    return "pcm_f32le", 48_000, 1, np.clip(soxr.resample(mono(), RATE, 48_000), -1, 1).astype("<f4").tobytes()


def telephone() -> Shape:
    order = np.argsort(MULAW)
    codes = order[np.searchsorted(MULAW[order], soxr.resample(mono(), RATE, 8_000)[:, 0]).clip(0, 255)]
    return "mulaw", 8_000, 1, codes.astype(np.uint8).tobytes()


def browser() -> Shape:
    return "opus_webm", 48_000, 1, compressed("opus_webm", mono())


def ogg() -> Shape:
    return "opus_ogg", 48_000, 1, compressed("opus_ogg", mono())


def flac() -> Shape:
    return "flac", RATE, 1, compressed("flac", mono())


SHAPES = [one_channel, two_channels, floats_48, telephone, browser, ogg, flac]


class Heard:
    """What a client reads of a stream, and a way to wait for some of it."""

    def __init__(self, stream: SessionStream) -> None:
        self._messages = stream.__aiter__()

    async def until(self, wanted: Callable[[ServerMessage], bool]) -> None:
        """Read on until a message is the wanted one."""
        async for message in self._messages:
            if wanted(message):
                return
        raise AssertionError("the stream ended before")

    async def to_the_end(self) -> None:
        """Read all."""
        async for _ in self._messages:
            pass


async def feed(stream: SessionStream, shape: Shape) -> None:
    """All of it in pieces of 20 ms, or of 300 bytes where it is compressed."""
    encoding, rate, channels, sent = shape
    width = {"pcm_s16le": 2, "pcm_f32le": 4, "mulaw": 1}.get(encoding)
    size = 300 if width is None else rate * width * channels // 50
    for begin in range(0, len(sent), size):
        await stream.send(sent[begin : begin + size])


@contextmanager
def halted(running: RunningServer) -> Iterator[None]:
    """The server stands still, so that what is read belongs together."""
    running.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        running.process.send_signal(signal.SIGCONT)


def search(running: RunningServer, shape: Shape) -> Callable[[], list[Found]]:
    """What finds the audio in the server's memory as it is then."""
    if not may_read_memory(running.process.pid):
        pytest.skip("only root may read the memory of a hardened server")
    wanted = Search(forms_of(*shape))

    def look() -> list[Found]:
        with halted(running):
            return wanted.scan(running.process.pid)

    return look


def left(look: Callable[[], list[Found]], times: int = 8) -> Mapping[str, float]:
    """What is still found the last of some times (a search takes a second or more), and nothing once there is nothing.

    A socket is closed after its last message, and a recogniser cannot be stopped within a request.
    """
    for _ in range(times):
        found = look()
        if not found:
            break
    return summary(found)


def is_final(message: ServerMessage) -> bool:
    return isinstance(message, UtteranceMessage) and message.is_final


def is_pause(message: ServerMessage) -> bool:
    return isinstance(message, Gap) and message.reason == "off_the_record"


async def whole_session(running: RunningServer, shape: Shape, look: Callable[[], list[Found]]) -> list[Found]:
    """A session from start to `ended`; what was found in the middle of it."""
    encoding, rate, channels, _ = shape
    async with ScribeClient(running.url, TOKEN) as client:
        session = await client.create_session(consented(channels=channels))
        async with client.stream(session, encoding=encoding, sample_rate=rate, channels=channels) as stream:
            heard = Heard(stream)
            await feed(stream, shape)
            await heard.until(is_final)
            during = look()
            await stream.stop()
            await heard.to_the_end()
    return during


def in_a_ring(found: Found, places: list[tuple[int, int, set[str]]]) -> bool:
    return any(begin <= found.address < end for begin, end, _ in places)


@pytest.mark.parametrize("asr", ["whisper" if whisper_is_here() else "pocketsphinx"])
def test_audio_is_in_the_ring_while_it_is_heard_and_nowhere_after(
    start_server: StartServer, asr: str
) -> None:
    running = start_server(asr=asr)
    shape = one_channel()
    find = search(running, shape)
    places: list[tuple[int, int, set[str]]] = []

    def look() -> list[Found]:
        places.extend(rings(running.process.pid))
        return find()

    during = asyncio.run(whole_session(running, shape, look))

    # What waits for its words: the search finds what is there.
    assert sum(found.windows for found in during if in_a_ring(found, places)) > 20
    assert left(find) == {}


@pytest.mark.faults
@pytest.mark.timeout(400)
@pytest.mark.parametrize("asr", RECOGNIZERS)
@pytest.mark.parametrize("make", SHAPES)
def test_no_encoding_leaves_audio_in_memory(
    start_server: StartServer, asr: str, make: Callable[[], Shape]
) -> None:
    running = start_server(asr=asr)
    shape = make()
    look = search(running, shape)
    during = asyncio.run(whole_session(running, shape, look))

    assert during
    assert left(look) == {}


@pytest.mark.faults
@pytest.mark.timeout(400)
@pytest.mark.parametrize("asr", RECOGNIZERS)
@pytest.mark.parametrize("make", [one_channel, browser])
def test_a_pause_leaves_no_audio_in_memory(
    start_server: StartServer, asr: str, make: Callable[[], Shape]
) -> None:
    running = start_server(asr=asr)
    shape = make()
    encoding, rate, channels, _ = shape
    look = search(running, shape)

    async def paused() -> list[Found]:
        async with ScribeClient(running.url, TOKEN) as client:
            session = await client.create_session(consented(channels=channels))
            async with client.stream(
                session, encoding=encoding, sample_rate=rate, channels=channels
            ) as stream:
                heard = Heard(stream)
                await feed(stream, shape)
                await stream.pause()
                await heard.until(is_pause)
                found = look()
                await stream.stop()
                await heard.to_the_end()
        return found

    assert summary(asyncio.run(paused())) == {}


@pytest.mark.faults
@pytest.mark.timeout(400)
@pytest.mark.parametrize("asr", RECOGNIZERS)
def test_revocation_leaves_no_audio_in_memory(start_server: StartServer, asr: str) -> None:
    running = start_server(asr=asr)
    shape = one_channel()
    look = search(running, shape)

    async def revoked() -> None:
        async with ScribeClient(running.url, TOKEN) as client:
            session = await client.create_session(consented())
            with suppress(Refused):
                async with client.stream(session) as stream:
                    heard = Heard(stream)
                    await feed(stream, shape)
                    await heard.until(
                        lambda message: isinstance(message, Ack) and message.received > 5 * RATE
                    )
                    assert look()
                    with running.http as http:
                        answer = await asyncio.to_thread(
                            http.delete, f"/v1/sessions/{session.id}/consents/pt"
                        )
                        assert answer.status_code < 300
                    await heard.to_the_end()
                    raise AssertionError("the stream went on")

    asyncio.run(revoked())
    # The recogniser cannot be stopped within a request: what it makes of it goes when it returns.
    assert left(look) == {}


@pytest.mark.faults
@pytest.mark.timeout(400)
@pytest.mark.parametrize("asr", RECOGNIZERS)
def test_a_cut_stream_leaves_no_audio_in_memory_when_its_wait_is_over(
    start_server: StartServer, asr: str
) -> None:
    running = start_server(asr=asr, linger_seconds="0.5")
    shape = one_channel()
    look = search(running, shape)

    async def cut() -> None:
        async with ScribeClient(running.url, TOKEN) as client:
            session = await client.create_session(consented())
            async with client.stream(session) as stream:
                await feed(stream, shape)
                await Heard(stream).until(
                    lambda message: isinstance(message, Ack) and message.received > 5 * RATE
                )
                assert look()

    asyncio.run(cut())
    assert left(look, 20) == {}


def recording(kind: str) -> tuple[Shape, bytes]:
    """Audio as a file, and as the stream of samples that it holds."""
    audio = sample_audio()[: SECONDS * RATE]
    if kind == "flac":
        data = compressed("flac", audio)
        return ("flac", RATE, 2, data), data
    out = io.BytesIO()
    with av.open(out, "w", format="wav") as writer:
        stream = writer.add_stream("pcm_s16le", rate=RATE, layout="stereo")
        samples = np.frombuffer(s16(audio), dtype="<i2").reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="stereo")
        frame.sample_rate = RATE
        writer.mux(stream.encode(frame))
        writer.mux(stream.encode(None))
    return ("pcm_s16le", RATE, 2, s16(audio)), out.getvalue()


@pytest.mark.faults
@pytest.mark.timeout(400)
@pytest.mark.parametrize("asr", RECOGNIZERS)
@pytest.mark.parametrize("kind", ["wav", "flac"])
def test_a_recording_leaves_no_audio_in_memory(start_server: StartServer, asr: str, kind: str) -> None:
    running = start_server(asr=asr)
    shape, data = recording(kind)
    look = search(running, shape)
    with running.http as http:
        session = http.post("/v1/sessions", json=consented(channels=2).model_dump(mode="json")).json()
        answer = http.post(f"/v1/sessions/{session['id']}/audio", content=data)
        assert "event: ended" in answer.text, answer.text

    assert left(look) == {}


@pytest.mark.faults
@pytest.mark.timeout(400)
def test_a_recording_that_is_damaged_leaves_no_audio_in_memory(start_server: StartServer) -> None:
    running = start_server(asr="pocketsphinx", linger_seconds="0.5")
    shape, data = recording("flac")
    look = search(running, shape)
    damaged = data[: len(data) // 2] + bytes(5_000) + data[len(data) // 2 + 5_000 :]
    with running.http as http:
        session = http.post("/v1/sessions", json=consented(channels=2).model_dump(mode="json")).json()
        answer = http.post(f"/v1/sessions/{session['id']}/audio", content=damaged)
        assert "event: error" in answer.text
        # What was heard has its words first; a server that stands still to be searched would not come to it.
        while http.get(f"/v1/sessions/{session['id']}").json()["seconds"] < SECONDS - 1:
            pass

    assert left(look, 20) == {}


# --- the search itself ------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", SHAPES)
def test_the_search_finds_each_form_wherever_it_lies(make: Callable[[], Shape]) -> None:
    forms = forms_of(*make())
    wanted = Search(forms)
    random = np.random.default_rng(5)
    for form in forms:
        begin, part = loudest(form)
        place = 4096 * 3 + form.width * int(random.integers(0, 500))
        memory = bytearray(random.bytes(65_536))
        memory[place : place + len(part)] = part

        found = [one for one in wanted.within(bytes(memory)) if one.form == form.name]
        assert [one.address for one in found] == [place]
        assert found[0].windows >= 3
        assert found[0].at == begin


def loudest(form: Form) -> tuple[int, bytes]:
    """Where the 60 ms lie that have the most different bytes, and these."""
    size = 3 * form.window_bytes
    places = range(0, len(form.data) - size, size - size % 8)
    begin = max(places, key=lambda at: len(set(form.data[at : at + size])))
    return begin, form.data[begin : begin + size]


def test_the_search_finds_what_a_client_masked() -> None:
    form = Form("sent", s16(mono()), 640, 1, masked=True)
    begin, data = loudest(form)
    mask = np.frombuffer(b"\x13\xa7\x5c\xe1", dtype=np.uint8)
    part = np.frombuffer(data, dtype=np.uint8)[3:]
    memory = b"head" + (part ^ np.resize(mask, len(part))).tobytes() + b"tail"

    (found,) = Search([form]).within(memory)
    assert (found.address, found.at) == (4, begin + 3)


def test_the_search_finds_no_audio_in_noise_and_none_that_is_too_short() -> None:
    data = s16(mono())
    wanted = Search([Form("sent", data, 640, 1, masked=True), Form("s16", data, 640, 2)])
    assert not list(wanted.within(np.random.default_rng(1).bytes(1 << 20)))
    assert not list(wanted.within(bytes(100) + data[100_000:100_600] + bytes(100)))
