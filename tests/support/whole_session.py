"""A session of two channels from its start to its draft, heard by a recogniser that knows its words."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
from running import TOKEN, consented, fed

from asr.testing import OracleRecognizer
from asr.types import Word
from scribe.client import ScribeClient
from scribe.sample import sample_truth
from scribe.wire import TranscriptLine


def oracle(pcm: np.ndarray[Any, Any]) -> OracleRecognizer:
    """Hears the sample's own words, each on its channel."""
    words: tuple[list[Word], list[Word]] = ([], [])
    for turn in sample_truth().turns:
        words[turn.channel].extend(turn.words)
    heard = pcm.astype(np.float32) / 32768
    return OracleRecognizer(heard[:, 0], words[0], more=[(heard[:, 1], words[1])])


async def one_session(url: str, pcm: np.ndarray[Any, Any]) -> list[TranscriptLine]:
    """The sample with a pause in it, to its end; the lines that are kept of it."""
    async with ScribeClient(url, TOKEN) as client:
        session = await client.create_session(consented(channels=2))
        async with client.stream(session, channels=2) as stream, asyncio.TaskGroup() as tasks:

            async def feed() -> None:
                await stream.send(pcm[: 20 * 16_000].tobytes())
                await stream.pause()
                await stream.resume()
                await fed(stream, pcm[20 * 16_000 :].tobytes())

            tasks.create_task(feed())
            async for _ in stream:
                pass
        return list((await client.transcript(session.id)).utterances)
