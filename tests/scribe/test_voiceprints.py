"""Voiceprints are sealed while a session may have to go on, and gone from every byte of the store when it has ended."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from running import consented

from asr.embedding import SpectralEmbedder
from asr.testing import ScriptedRecognizer
from asr.vad import VoiceActivityModel
from scribe.config import Settings
from scribe.crypto import KeyEncryptionKey
from scribe.database import Database
from scribe.engines import Engines
from scribe.live import Live
from scribe.outbox import Outbox
from scribe.recognition import Recognition
from scribe.sample import sample_mono
from scribe.session import Step
from scribe.store import Store
from scribe.surroundings import Surroundings
from scribe.wire import Start
from summarizer.extractive import ExtractiveEngine

RATE = 16_000
ONE_MICROPHONE = Start(type="start", encoding="pcm_s16le", sample_rate=RATE, channels=1)
AUDIO = sample_mono()[: 40 * RATE, None]


@asynccontextmanager
async def living(folder: Path) -> AsyncIterator[tuple[Live, Store]]:
    """A consented session `s1`, heard on one microphone with an embedder that really tells the voices apart."""
    database = Database(f"sqlite:///{folder / 's.db'}")
    store = Store(database, KeyEncryptionKey(os.urandom(32)))
    store.migrate()
    now = datetime.now(UTC)
    store.create_session("s1", consented(channels=1), now)
    store.advance("s1", Step.CONSENTED, now)
    recognition = Recognition(ScriptedRecognizer())
    engines = Engines(recognition, VoiceActivityModel(), SpectralEmbedder(), ExtractiveEngine(), 2)
    settings = Settings.model_validate({"data_dir": folder})
    live = Live(Surroundings(settings, engines, store, lambda: datetime.now(UTC)))
    try:
        yield live, store
    finally:
        await live.close()
        await recognition.close()
        database.close()


async def recorded(live: Live) -> None:
    """Hear the sample and go away, as a client that is cut off; everything said so far is stored."""
    capture, _ = await live.open("s1", ONE_MICROPHONE, Outbox())
    await capture.hear_samples(AUDIO)
    await capture.pause()
    await live.leave(capture)


def voices_in(checkpoint: bytes | None) -> list[Any]:
    """What a checkpoint knows of voices."""
    assert checkpoint is not None
    (diarizer,) = json.loads(checkpoint)["diarizers"]
    assert len(diarizer["heard"]) >= 4
    return [diarizer["sums"], diarizer["embeddings"]]


def sealed(folder: Path) -> bytes:
    with sqlite3.connect(folder / "s.db") as raw:
        (checkpoint,) = raw.execute("select checkpoint from sessions").fetchone()
    assert isinstance(checkpoint, bytes)
    return checkpoint


def written(folder: Path) -> bytes:
    """Every byte of the store's files, its log and what it has freed included."""
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_voiceprints_are_sealed_on_disk_and_gone_from_it_when_the_session_has_ended(tmp_path: Path) -> None:
    async def check() -> None:
        async with living(tmp_path) as (live, store):
            await recorded(live)
            voices = voices_in(store.session("s1").checkpoint)
            stored = sealed(tmp_path)
            # What was stored with an earlier checkpoint is no less a voiceprint; a piece of it would be found.
            assert stored[100:400] in written(tmp_path), "the search itself must find what is there"
            assert not any(voice[:200].encode() in written(tmp_path) for voice in voices)

            await live.end("s1")

            assert store.session("s1").checkpoint is None
            assert stored[100:400] not in written(tmp_path)
            assert store.transcript("s1")

    asyncio.run(check())


def test_revoking_consent_to_a_session_that_was_cut_destroys_its_voiceprints(tmp_path: Path) -> None:
    async def check() -> None:
        async with living(tmp_path) as (live, store):
            await recorded(live)
            stored = sealed(tmp_path)

            store.change_consents("s1", lambda _details: (), Step.REVOKED, datetime.now(UTC))
            await live.revoke("s1")

            assert store.session("s1").checkpoint is None
            assert stored[100:400] not in written(tmp_path)

    asyncio.run(check())


def test_shredding_a_session_that_was_cut_destroys_its_voiceprints(tmp_path: Path) -> None:
    async def check() -> None:
        async with living(tmp_path) as (live, store):
            await recorded(live)
            stored = sealed(tmp_path)

            await live.revoke("s1")
            store.shred("s1", datetime.now(UTC))

            assert stored[100:400] not in written(tmp_path)

    asyncio.run(check())


def test_a_voice_heard_in_another_session_is_nobody_known(tmp_path: Path) -> None:
    """Whoever speaks first is SPEAKER_00, also where the server hears the same person as SPEAKER_01 elsewhere."""

    async def check() -> None:
        async with living(tmp_path) as (live, store):
            now = datetime.now(UTC)
            store.create_session("s2", consented(channels=1), now)
            store.advance("s2", Step.CONSENTED, now)
            labels = []
            for session, skipped in (("s1", 0), ("s2", 10)):
                capture, _ = await live.open(session, ONE_MICROPHONE, Outbox())
                await capture.hear_samples(AUDIO[skipped * RATE :])
                await capture.pause()
                # The client's longest turn, from 28 to 35 s; at 10 s it is the client who begins.
                turn = [line for line in store.transcript(session) if 27.5 < line.start + skipped < 35.5]
                labels.append({line.speaker for line in turn})

            assert labels == [{"SPEAKER_01"}, {"SPEAKER_00"}]

    asyncio.run(check())
