"""Audio of one session in; utterances with speakers, voice activity and audio health out.

Sans compute: the pipeline names what has to be decoded (`next_job`), whoever owns a recogniser decodes it when it
can and brings the words back (`deliver`). So it needs no thread, no clock and no model of its own but the small
ones for voice activity and speakers. It stores nothing: what may be stored so that a new pipeline goes on
exactly where this one was is a `Checkpoint`, which holds no audio.

A channel with one speaker needs no telling apart: of two channels, the first is SPEAKER_00 and the second
SPEAKER_01. On a channel with several a diarizer says who speaks; of two channels, the first then has the even
numbers and the second the odd ones.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asr.diarizer import FIRST_SPEAKER, Diarizer
from asr.embedding import SpeakerEmbedder
from asr.health import AudioHealthMonitor
from asr.recognizer import Hypothesis
from asr.ring import AudioRing
from asr.stream import ChannelState, ChannelStream, DecodeJob, Heard, Policy, Want, silence
from asr.types import SAMPLE_RATE, Event, SpeakerRevision, Utterance
from asr.vad import DetectorState, VoiceActivityModel

__all__ = ["Checkpoint", "DecodeJob", "Pipeline", "Policy", "Want"]

_STATE_VERSION = 2


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a store keeps so that a new pipeline goes on exactly where this one was.

    Everything before `position` is decided on every channel. `state` is JSON and holds no audio, but it holds
    voice vectors and the state of the voice activity model: store it encrypted.
    """

    position: int
    state: bytes


class Pipeline:
    """One session. Not safe for several threads at once; its jobs may be decoded anywhere, in any number.

    A final decode depends on nothing but its own audio and vocabulary, and a checkpoint holds all state that
    reaches over its position. So audio fed again from a checkpoint gives word for word and id for id what an
    uncut run gives, wherever the first run was cut.

    `speakers` is how many take part on each channel, where that is known: there are never more, and as many are
    looked for. Where it is not, one channel has any number and of two each has one.

    Raises ValueError for a checkpoint of another shape of session.
    """

    def __init__(
        self,
        *,
        channels: int,
        vad: VoiceActivityModel,
        embedder: SpeakerEmbedder,
        policy: Policy | None = None,
        speakers: Sequence[int] | None = None,
        vocabulary: tuple[str, ...] = (),
        language: str | None = "en",
        checkpoint: Checkpoint | None = None,
    ) -> None:
        self._policy = policy or Policy()
        position = 0 if checkpoint is None else checkpoint.position
        state = (
            _fresh_state(channels) if checkpoint is None else _read_state(checkpoint, channels, embedder.name)
        )
        self._embedder_name = embedder.name
        self._labelled: list[int] = state["labelled"]
        self._checkpoint: Checkpoint | None = None
        self._settled: list[ChannelState] = []
        self._diarizers = [
            Diarizer(embedder, max_speakers=number or None, state=one)
            if channels == 1 or number > 1
            else None
            for number, one in zip(speakers or [0] * channels, state["diarizers"], strict=True)
        ]
        self._ring = AudioRing(self._policy.ring_seconds, channels, position)
        self._health = AudioHealthMonitor(channels, position)
        self._streams = [
            ChannelStream(
                channel,
                self._ring,
                vad,
                self._policy,
                vocabulary=vocabulary,
                language=language,
                state=state["channels"][channel],
            )
            for channel in range(channels)
        ]

    @property
    def position(self) -> int:
        """The next sample expected, counted from the start of the session's audio."""
        return self._ring.end

    @property
    def memory_locked(self) -> bool:
        """Whether the system keeps this session's audio out of swap."""
        return self._ring.locked

    @property
    def room(self) -> int:
        """Samples that `push` takes now."""
        return self._ring.room

    def push(self, audio: NDArray[np.float32]) -> Sequence[Event]:
        """Hear float32 [n, channels] at 16 kHz.

        Raises RingOverflow, and takes nothing, where n is more than `room`; ValueError for another shape.
        """
        if audio.ndim != 2 or audio.shape[1] != len(self._streams):
            raise ValueError(
                f"expected audio of shape [n, {len(self._streams)}], but it is {list(audio.shape)}"
            )
        self._ring.write(audio)
        events: list[Event] = list(self._health.push(audio))
        for stream in self._streams:
            events += stream.listen()
        return events

    def flush(self) -> Sequence[Event]:
        """Close every open utterance, so that `next_job` gives their finals: at a pause and at the end.

        Audio pushed afterwards is heard with fresh state; but for what waits for its words, nothing is kept of it.
        """
        self._health.discard()
        return [event for stream in self._streams for event in stream.flush()]

    @property
    def owes(self) -> bool:
        """Whether a closed utterance still waits for its words."""
        return any(stream.owes for stream in self._streams)

    @property
    def want(self) -> Want | None:
        """What `next_job` would give, without giving it."""
        return min((want for stream in self._streams if (want := stream.want) is not None), default=None)

    def next_job(self) -> DecodeJob | None:
        """What is most wanted now: the finals, each exactly once and in order of time; then a partial.

        A partial is given only if enough audio is new since the last one, and supersedes it; one that is not
        decoded may be dropped. A final must be decoded and delivered, unless it comes with what is known.
        """
        want = self.want
        return None if want is None else self._streams[want.channel].next_job()

    def deliver(self, job: DecodeJob, hypothesis: Hypothesis) -> Sequence[Event]:
        """What the words of a job bring about.

        Finals of a channel are delivered in the order of `next_job` (ValueError otherwise). A partial that comes
        after its utterance closed, or after a later partial, is ignored. A final without words is an event only
        where a partial of it had some, which it erases.
        """
        stream = self._streams[job.channel]
        others = stream.others(job)
        heard = stream.deliver(job, hypothesis)
        if heard is None:
            return ()
        if not heard.is_final:
            return (_utterance(heard, self._current_speaker(job.channel)),)
        events: list[Event] = []
        audio = self._ring.read(job.channel, job.start, job.end)
        try:
            if heard.words:
                events += self._health.utterance(job.channel, audio, job.end)
            silence(audio, job.start, others)
            events = [*self._label(heard, audio, job.start), *events]
        finally:
            audio.fill(0.0)
        return events

    def finish(self) -> Sequence[Event]:
        """After the last final: the last look at all the speakers."""
        self._checkpoint = None
        return [event for channel in range(len(self._streams)) for event in self._revised(channel)]

    def checkpoint(self) -> Checkpoint:
        """The latest point that may be committed, once the events so far are stored with it."""
        settled = [stream.settled for stream in self._streams]
        # No further than what was fed: a resumed channel may lie ahead of the others.
        position = min(self._ring.end, *(one.position for one in settled))
        # With an hour of voices the state takes milliseconds to write, and a server asks after every frame.
        if (
            self._checkpoint is not None
            and self._settled == settled
            and self._checkpoint.position == position
        ):
            return self._checkpoint
        state = {
            "version": _STATE_VERSION,
            "channels": [
                {
                    "position": one.position,
                    "detector": one.detector.encode(),
                    "languages": dict(one.languages),
                }
                for one in settled
            ],
            "embedder": self._embedder_name,
            "labelled": self._labelled,
            "diarizers": [None if one is None else one.state() for one in self._diarizers],
        }
        self._settled = settled
        self._checkpoint = Checkpoint(position, json.dumps(state, separators=(",", ":")).encode())
        return self._checkpoint

    def release(self, checkpoint: Checkpoint) -> None:
        """Overwrite all audio before a checkpoint that is stored."""
        self._ring.release(checkpoint.position)

    def discard(self) -> int:
        """Overwrite all audio, decided or not; the bytes of it that are not zero afterwards, wherever they lay."""
        left = sum(stream.discard() for stream in self._streams)
        return left + self._health.discard() + self._ring.discard()

    def _speaker(self, channel: int, voice: str) -> str:
        """The session's name for a voice of a channel's diarizer; SPEAKER_00 is the channel's first."""
        channels = len(self._streams)
        return f"SPEAKER_{int(voice.removeprefix('SPEAKER_')) * channels + channel:02d}"

    def _current_speaker(self, channel: int) -> str:
        diarizer = self._diarizers[channel]
        return self._speaker(channel, FIRST_SPEAKER if diarizer is None else diarizer.current)

    def _label(self, heard: Heard, audio: NDArray[np.float32], start: int) -> Sequence[Event]:
        diarizer = self._diarizers[heard.channel]
        if diarizer is None or not heard.words:
            return (_utterance(heard, self._current_speaker(heard.channel)),)
        self._checkpoint = None
        parts = diarizer.label(heard.utterance, audio, start / SAMPLE_RATE, heard.words)
        events: list[Event] = []
        for part in parts:
            first = part.id == heard.utterance
            events.append(
                Utterance(
                    id=part.id,
                    speaker=self._speaker(heard.channel, part.speaker),
                    channel=heard.channel,
                    start=heard.start if part is parts[0] else part.words[0].start,
                    end=heard.end if part is parts[-1] else part.words[-1].end,
                    words=part.words,
                    is_final=True,
                    revision=heard.revision if first else 0,
                    stable=len(part.words),
                )
            )
        self._labelled[heard.channel] += 1
        labelled, every = self._labelled[heard.channel], self._policy.revise_every
        # While few utterances were heard, each may tell which of the voices are one.
        if labelled < every or labelled % every == 0:
            events += self._revised(heard.channel)
        return events

    def _revised(self, channel: int) -> Sequence[Event]:
        diarizer = self._diarizers[channel]
        revision = None if diarizer is None else diarizer.revise()
        if revision is None:
            return ()
        return (
            SpeakerRevision(
                tuple((part, self._speaker(channel, voice)) for part, voice in revision.speakers)
            ),
        )


def _utterance(heard: Heard, speaker: str) -> Utterance:
    return Utterance(
        id=heard.utterance,
        speaker=speaker,
        channel=heard.channel,
        start=heard.start,
        end=heard.end,
        words=heard.words,
        is_final=heard.is_final,
        revision=heard.revision,
        stable=heard.stable,
    )


def _fresh_state(channels: int) -> dict[str, Any]:
    return {
        "channels": [ChannelState(0)] * channels,
        "labelled": [0] * channels,
        "diarizers": [None] * channels,
    }


def _read_state(checkpoint: Checkpoint, channels: int, embedder: str) -> dict[str, Any]:
    state: dict[str, Any] = json.loads(checkpoint.state)
    if state["version"] != _STATE_VERSION or len(state["channels"]) != channels:
        raise ValueError(
            f"expected a checkpoint of version {_STATE_VERSION} with {channels} channels, but it is of version "
            f"{state['version']} with {len(state['channels'])}; it belongs to another session"
        )
    if any(state["diarizers"]) and state["embedder"] != embedder:
        raise ValueError(
            f"expected a checkpoint made with the speaker embedder {embedder}, but it was made with "
            f"{state['embedder']}; voices of two embedders cannot be compared"
        )
    state["channels"] = [
        ChannelState(one["position"], DetectorState.decode(one["detector"]), one.get("languages", {}))
        for one in state["channels"]
    ]
    return state
