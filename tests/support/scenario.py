"""One session as a client drives it, and what came of it: the same whatever is cut, killed or refused meanwhile."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from running import TOKEN, consented

from scribe.client import ScribeClient
from scribe.sample import sample_audio, sample_mono
from scribe.wire import Ended, FactsMessage, ServerMessage, TranscriptLine, TranscriptMark

RATE = 16_000
Told = Callable[[ServerMessage], Awaitable[None]]


def free_port() -> int:
    """A port of loopback that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def progress(text: str) -> None:
    """A line for whoever waits; shown even where the test passes."""
    print(text, file=sys.__stderr__, flush=True)


def sound(channels: Literal[1, 2], seconds: int) -> np.ndarray[Any, Any]:
    """The sample as 16-bit PCM."""
    audio = sample_audio() if channels == 2 else sample_mono()
    return (np.clip(audio[: seconds * RATE], -1, 1) * 32767).astype("<i2")


@dataclass(frozen=True)
class Outcome:
    """What came of a session, without what is another's: its id and its times of drafting."""

    lines: tuple[TranscriptLine, ...]
    marks: tuple[TranscriptMark, ...]
    facts: tuple[Any, ...]
    note: dict[str, Any]
    figures: dict[str, Any]


@dataclass(frozen=True)
class Scenario:
    """Audio with a mark, a pause, and a fact that is pinned; in seconds of the audio."""

    channels: Literal[1, 2] = 2
    seconds: int = 60
    mark: int = 20
    pause: int = 35
    pin: str = ""

    async def run(
        self, client: ScribeClient, told: Told | None = None, *, patience_seconds: float = 120.0
    ) -> Outcome:
        """Drive it to its end; `told` hears every message, and whoever feeds waits for nothing."""
        session = await client.create_session(consented(channels=self.channels))
        pcm = sound(self.channels, self.seconds)
        pinned = asyncio.Event()
        stream = client.stream(
            session, channels=self.channels, facts=bool(self.pin), patience_seconds=patience_seconds
        )
        ended: Ended | None = None
        async with stream, asyncio.TaskGroup() as tasks:

            async def feed() -> None:
                await stream.send(pcm[: self.mark * RATE].tobytes())
                await stream.mark("goal")
                await stream.send(pcm[self.mark * RATE : self.pause * RATE].tobytes())
                await stream.pause()
                await stream.resume()
                await stream.send(pcm[self.pause * RATE :].tobytes())
                if self.pin:
                    await pinned.wait()
                await stream.stop()

            tasks.create_task(feed())
            async for message in stream:
                if isinstance(message, FactsMessage) and self.pin in {fact.id for fact in message.facts}:
                    if not pinned.is_set():
                        await stream.pin(self.pin)
                    pinned.set()
                if isinstance(message, Ended):
                    ended = message
                if told is not None:
                    await told(message)
        assert ended is not None
        return await outcome(client, session.id)


async def outcome(client: ScribeClient, session_id: str) -> Outcome:
    """What is kept of a session that has ended."""
    transcript = await client.transcript(session_id)
    note = (await client.note(session_id)).note.model_dump(mode="json")
    for own in ("session_id", "created_at"):
        note.pop(own)
    receipt = (await client.receipt(session_id)).model_dump(mode="json")
    kept = {name: value for name, value in receipt.items() if name.startswith(("seconds", "bytes", "recog"))}
    facts = tuple((await client.facts(session_id)).facts)
    return Outcome(transcript.utterances, transcript.marks, facts, note, kept)


async def pinned_scenario(url: str, channels: Literal[1, 2], seconds: int) -> tuple[Scenario, Outcome]:
    """A scenario that pins a fact of the first half, and what an uncut run of it gives."""
    async with ScribeClient(url, TOKEN) as client:
        plain = await Scenario(channels, seconds).run(client)
        found = [fact for fact in plain.facts if not fact.kind.startswith(("risk", "safety"))]
        scenario = Scenario(channels, seconds, pin=found[0].id)
        whole = await scenario.run(client)
    assert len(whole.lines) > 5
    assert [mark.kind for mark in whole.marks] == ["mark", "pause", "resume"]
    assert any(fact.status == "pinned" for fact in whole.facts)
    return scenario, whole


def same(outcome: Outcome, whole: Outcome) -> None:
    """Word for word, mark for mark, statement for statement, second for second."""
    assert [(line.id, line.text) for line in outcome.lines] == [(line.id, line.text) for line in whole.lines]
    assert outcome.lines == whole.lines
    assert outcome.marks == whole.marks
    assert outcome.facts == whole.facts
    assert outcome.figures == whole.figures
    assert outcome.note == whole.note
