"""A session while it is heard, with the real store and voice activity, and a recogniser that does as it is told."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from running import consented

from asr.recognizer import Hypothesis, Recognizer, Request
from asr.testing import OracleRecognizer, ScriptedRecognizer, SteadyEmbedder
from asr.types import Word
from asr.vad import VoiceActivityModel
from scribe.capture import Capture, speakers_of
from scribe.config import Settings
from scribe.crypto import KeyEncryptionKey
from scribe.database import Database
from scribe.engines import Engines
from scribe.errors import NotConsented, StoreFailed
from scribe.outbox import Outbox
from scribe.recognition import Recognition
from scribe.sample import sample_audio, sample_mono
from scribe.session import Participant, Step
from scribe.store import Store
from scribe.stream import AudioFrame, StreamProtocol
from scribe.surroundings import Surroundings
from scribe.wire import ErrorMessage, Gap, Ready, Resume, ServerMessage, Start, UtteranceMessage
from summarizer.extractive import ExtractiveEngine

RATE = 16_000
START = Start(type="start", encoding="pcm_s16le", sample_rate=RATE, channels=2)


class Failing(ScriptedRecognizer):
    """Fails on every second final."""

    finals = 0

    def recognize(self, requests: Sequence[Request]) -> list[Hypothesis]:
        if requests[0].kind == "final":
            self.finals += 1
            if self.finals % 2 == 0:
                raise RuntimeError("the device was lost")
        return super().recognize(requests)


@asynccontextmanager
async def captured(
    folder: Path,
    recognizer: Recognizer,
    *,
    ring_seconds: float = 60.0,
    store_seconds: float = 60.0,
    channels: int = 2,
) -> AsyncIterator[tuple[Capture, Store, Outbox]]:
    """An open capture of a fresh session."""
    database = Database(f"sqlite:///{folder / 's.db'}")
    store = Store(database, KeyEncryptionKey(os.urandom(32)))
    store.migrate()
    now = datetime.now(UTC)
    store.create_session("s1", consented(channels=channels), now)
    for what in (Step.CONSENTED, Step.OPENED):
        store.advance("s1", what, now)
    engines = Engines(Recognition(recognizer), VoiceActivityModel(), SteadyEmbedder(), ExtractiveEngine())
    settings = Settings(data_dir=folder, ring_seconds=ring_seconds, store_seconds=store_seconds)
    capture = Capture(
        store.session("s1"), channels, Surroundings(settings, engines, store, lambda: datetime.now(UTC))
    )
    outbox = Outbox()
    capture.attach(outbox, START.model_copy(update={"channels": channels}))
    try:
        yield capture, store, outbox
    finally:
        await capture.let_go()
        await engines.recognition.close()
        database.close()


async def heard(capture: Capture, audio: NDArray[np.float32]) -> None:
    """All of it, to the end."""
    await capture.hear_samples(audio)
    await capture.finish()


async def said(outbox: Outbox) -> list[ServerMessage]:
    outbox.close()
    told = []
    while (message := await outbox.get()) is not None:
        told.append(message)
    return told


def test_what_cannot_be_recognised_is_a_gap_and_the_session_goes_on(tmp_path: Path) -> None:
    async def check() -> None:
        async with captured(tmp_path, Failing()) as (capture, store, outbox):
            await capture.hear_samples(sample_audio()[: 40 * RATE])
            assert await capture.finish() == 0
            told = await said(outbox)
            gaps = [message for message in told if isinstance(message, Gap)]
            finals = [m for m in told if isinstance(m, UtteranceMessage) and m.is_final and m.text]
            assert gaps
            assert finals
            assert all(gap.reason == "recognizer_failed" and gap.end > gap.start for gap in gaps)
            assert [mark.kind for mark in store.marks("s1")] == ["gap"] * len(gaps)
            lost = sum(gap.end - gap.start for gap in gaps)
            heard = store.session("s1").transcribed / RATE
            assert heard == pytest.approx(40 - lost, abs=0.01), (
                "what was not heard is not counted as transcribed"
            )

    asyncio.run(check())


def test_more_audio_than_the_ring_holds_waits_and_is_not_lost(tmp_path: Path) -> None:
    async def check() -> None:
        async with captured(tmp_path, ScriptedRecognizer(), ring_seconds=40.0) as (capture, store, _):
            await capture.hear_samples(sample_audio()[: 120 * RATE])
            await capture.finish()
            assert capture.position == 120 * RATE
            assert store.session("s1").transcribed == 120 * RATE

    asyncio.run(check())


def test_when_the_store_fails_for_good_whoever_feeds_hears_of_it_and_nothing_is_acknowledged(
    tmp_path: Path,
) -> None:
    async def check() -> None:
        async with captured(tmp_path, ScriptedRecognizer(), store_seconds=0) as (capture, store, outbox):

            def full(connection: sa.Connection) -> None:
                raise sa.exc.OperationalError("", {}, Exception("disk full"))

            sa.event.listen(store._database._engine, "begin", full)
            with pytest.raises(StoreFailed):
                await heard(capture, sample_audio()[: 90 * RATE])
            sa.event.remove(store._database._engine, "begin", full)
            acknowledged = [getattr(message, "committed", 0) for message in await said(outbox)]
            assert set(acknowledged) <= {0}
            assert store.session("s1").position == 0

    asyncio.run(check())


def test_a_store_that_fails_is_waited_for_and_nothing_is_lost(tmp_path: Path) -> None:
    async def check() -> None:
        async with captured(tmp_path, ScriptedRecognizer()) as (capture, store, outbox):
            failed = 0

            def full(connection: sa.Connection) -> None:
                nonlocal failed
                failed += 1
                if failed == 1:
                    assert capture.status().store == "ok"
                if failed == 3:
                    assert capture.status().store == "waiting"
                    sa.event.remove(store._database._engine, "begin", full)
                raise sa.exc.OperationalError("", {}, Exception("disk full"))

            sa.event.listen(store._database._engine, "begin", full)
            await heard(capture, sample_audio()[: 60 * RATE])
            assert failed == 3
            assert capture.status().store == "ok"
            assert store.session("s1").transcribed == 60 * RATE
            told = [message for message in await said(outbox) if isinstance(message, ErrorMessage)]
            assert [message.code for message in told] == ["store_failed"], "it is told once"

    asyncio.run(check())


def test_audio_is_let_go_at_once_while_the_store_is_waited_for(tmp_path: Path) -> None:
    async def check() -> None:
        async with captured(tmp_path, ScriptedRecognizer()) as (capture, store, outbox):

            def full(connection: sa.Connection) -> None:
                raise sa.exc.OperationalError("", {}, Exception("disk full"))

            sa.event.listen(store._database._engine, "begin", full)
            outbox.put(Ready(resume_from=0, max_unacked_seconds=60.0))
            feeding = asyncio.create_task(capture.hear_samples(sample_audio()[: 90 * RATE]))
            while not isinstance(await outbox.get(), ErrorMessage):
                pass
            assert await capture.let_go(NotConsented("Consent was revoked.")) == 0
            with pytest.raises(NotConsented):
                await feeding
            sa.event.remove(store._database._engine, "begin", full)

    asyncio.run(check())


def test_letting_go_overwrites_everything_and_tells_the_feeder_why(tmp_path: Path) -> None:
    async def check() -> None:
        async with captured(tmp_path, ScriptedRecognizer()) as (capture, _, _outbox):
            await capture.hear_samples(sample_audio()[: 5 * RATE])
            assert await capture.let_go(NotConsented("Consent was revoked.")) == 0
            with pytest.raises(NotConsented):
                await capture.hear_samples(np.zeros((160, 2), np.float32))

    asyncio.run(check())


def test_off_the_record_is_stored_with_its_state_in_one_step(tmp_path: Path) -> None:
    async def check() -> None:
        async with captured(tmp_path, ScriptedRecognizer()) as (capture, store, _):
            await capture.hear_samples(sample_audio()[: 3 * RATE])
            await capture.pause()
            await capture.pause()
            assert store.session("s1").state == "paused"
            assert store.session("s1").position == 3 * RATE, "what was said before is decided"
            await capture.resume()
            assert store.session("s1").state == "recording"
            assert [mark.kind for mark in store.marks("s1")] == ["pause", "resume"]

    asyncio.run(check())


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.booleans(), st.integers(5, 30)), min_size=2, max_size=6))
def test_what_is_said_off_the_record_never_comes_near_the_recogniser_or_the_store(
    stretches: list[tuple[bool, int]],
) -> None:
    """Each stretch is on or off the record and some tenths of a second long; words are named by where they lie."""
    audio = (sample_mono()[: 20 * RATE] * 32767).astype("<i2")
    named = [Word(f"w{n}", n / 5, n / 5 + 0.19, 0.9) for n in range(100)]
    oracle = OracleRecognizer(audio.astype(np.float32) / 32768, named)

    async def check(folder: Path) -> None:
        async with captured(folder, oracle, channels=1) as (capture, store, _):
            protocol = StreamProtocol()
            protocol.receive_text(START.model_copy(update={"channels": 1}).model_dump_json())
            at, heard, kept = 0, 0, set[str]()
            for on, tenths in stretches:
                what = protocol.receive_text('{"type":"resume"}' if on else '{"type":"pause"}')
                await (capture.resume() if isinstance(what, Resume) else capture.pause())
                for _ in range(tenths):
                    frame = audio[at : at + RATE // 10]
                    event = protocol.receive_bytes(frame.tobytes())
                    assert isinstance(event, AudioFrame) == on
                    if isinstance(event, AudioFrame):
                        await capture.hear(event.payload)
                        heard += len(frame)
                        kept |= {f"w{at * 5 // RATE}"}
                    at += len(frame)
            assert capture.position == heard
            await capture.finish()
            told = {word for line in store.transcript("s1") for word in line.text.split()}
            assert told <= kept

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(check(Path(folder)))


@pytest.mark.parametrize(
    ("on_channels", "channels", "voices"),
    [
        ([None, None], 1, (2,)),
        ([None], 1, (2,)),
        ([None, None, None], 1, (3,)),
        ([0, 1, 1], 1, (3,)),
        ([0, 1], 2, (1, 1)),
        ([0, 1, 1], 2, (1, 2)),
        ([None, None], 2, (1, 1)),
    ],
)
def test_a_channel_has_as_many_voices_as_participants_were_named_on_it(
    on_channels: list[int | None], channels: int, voices: tuple[int, ...]
) -> None:
    people = [
        Participant.model_validate({"id": f"p{number}", "role": "client", "channel": channel})
        for number, channel in enumerate(on_channels)
    ]
    assert speakers_of(people, channels) == voices
