"""One channel: audio from the shared ring in, stretches to decode out; hypotheses in, words in session time out.

Joins voice activity, segmenter and agreement. It never calls a recogniser, knows no speakers, and keeps no
audio of its own. `settled` says up to where this channel owes nothing: every utterance before has its words and
the segmenter begins anew there, so that a new stream goes on from it exactly as this one does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from asr.agreement import Agreement
from asr.recognizer import Hypothesis, Request
from asr.ring import AudioRing
from asr.segmenter import Boundaries, Closed, Opened, Quiet, Segmenter
from asr.types import SAMPLE_RATE, VoiceActivity, Word
from asr.vad import WINDOW, DetectorState, VoiceActivityDetector, VoiceActivityModel

_KEPT_CONTEXT = 4.0
"""Seconds before the newest audio that a shortened partial always hears."""


@dataclass(frozen=True, slots=True)
class Policy:
    """When to decode what; lengths in seconds unless said otherwise."""

    boundaries: Boundaries = field(default_factory=Boundaries)
    ring_seconds: float = 120.0
    """Audio that may wait for its words: the longest utterance four times over."""
    stride: float = 0.8
    """New audio before another partial is worth its cost."""
    partial_window: float = 10.0
    """A partial longer than this is shortened to what is not yet agreed, so its cost does not grow."""
    revise_every: int = 16
    """Final utterances between two looks at all the speakers."""

    def __post_init__(self) -> None:
        rules = self.boundaries
        least = (rules.max_utterance + rules.max_silence) / SAMPLE_RATE + 1.0
        if self.ring_seconds < least:
            raise ValueError(
                f"expected ring_seconds of at least {least:.0f}, the longest utterance and the silence before it, "
                f"but it is {self.ring_seconds}; with less, an utterance could fill the ring and never close"
            )


@dataclass(frozen=True, slots=True)
class ChannelState:
    """Where a channel can be taken up: a position, and the detector's state there. Holds no audio."""

    position: int
    detector: DetectorState = field(default_factory=DetectorState.fresh)


@dataclass(frozen=True, slots=True)
class DecodeJob:
    """A stretch to recognise; `start` and `end` are positions.

    `request.audio` is a copy made for this job alone: who decodes it overwrites it afterwards.
    """

    utterance: str
    channel: int
    kind: Literal["final", "partial"]
    start: int
    end: int
    request: Request


@dataclass(frozen=True, slots=True)
class Heard:
    """Words of an utterance in session time, before anybody said who spoke them; `start` and `end` in seconds."""

    utterance: str
    channel: int
    start: float
    end: float
    words: tuple[Word, ...]
    is_final: bool
    revision: int


@dataclass(slots=True)
class _Utterance:
    """An utterance on its way; `before` is where the segmenter last began anew before it."""

    id: str
    start: int
    before: ChannelState
    closed: Closed | None = None
    final_given: bool = False
    agreement: Agreement = field(default_factory=Agreement)
    partial_from: int = 0
    partial_until: int = 0
    shown: tuple[Word, ...] | None = None
    revisions: int = 0


class ChannelStream:
    """Channel number `channel` of the ring, taken up at `state`; one per session and channel."""

    def __init__(
        self,
        channel: int,
        ring: AudioRing,
        vad: VoiceActivityModel,
        policy: Policy,
        *,
        vocabulary: tuple[str, ...] = (),
        language: str = "en",
        state: ChannelState | None = None,
    ) -> None:
        self._channel = channel
        self._ring = ring
        self._policy = policy
        self._vocabulary = vocabulary
        self._language = language
        self._detector = VoiceActivityDetector(vad)
        self._begin_at(state or ChannelState(0))
        self._open: _Utterance | None = None
        self._closed: deque[_Utterance] = deque()

    @property
    def settled(self) -> ChannelState:
        return self._closed[0].before if self._closed else self._begun

    def listen(self) -> Sequence[VoiceActivity]:
        """Hear all whole windows that the ring holds by now."""
        found: list[VoiceActivity] = []
        while self._cursor + WINDOW <= self._ring.end:
            audio = self._ring.read(self._channel, self._cursor, self._cursor + WINDOW)
            (probability,) = self._detector.push(audio)
            self._states.append(self._detector.state)
            self._cursor += WINDOW
            begun = self._begun
            boundaries = self._segmenter.push(probability)
            for boundary in boundaries:
                found += self._bound(boundary, begun)
            origin = self._segmenter.origin
            if origin != begun.position:
                self._begin_at(ChannelState(origin, self._states[(origin - begun.position) // WINDOW]))
        return found

    def flush(self) -> Sequence[VoiceActivity]:
        """Close what is open where the audio ends; what follows is heard as if nothing had been before."""
        found = list(self.listen())
        # A resumed channel may lie ahead of what was replayed by now; then there is nothing to close.
        end = max(self._ring.end, self._begun.position)
        for boundary in self._segmenter.flush(end):
            found += self._bound(boundary, self._begun)
        self._begin_at(ChannelState(end))
        return found

    def jobs(self) -> list[DecodeJob]:
        """Each final once, in order; a partial if enough of an open utterance is new since the last."""
        jobs = []
        for utterance in self._closed:
            if not utterance.final_given:
                assert utterance.closed is not None
                utterance.final_given = True
                jobs.append(self._job(utterance, "final", utterance.closed.start, utterance.closed.end))
        utterance_open = self._open
        if utterance_open is not None:
            now = self._ring.end
            if now - utterance_open.partial_until >= self._policy.stride * SAMPLE_RATE:
                utterance_open.partial_until = now
                jobs.append(self._job(utterance_open, "partial", utterance_open.partial_from, now))
        return jobs

    def deliver(self, job: DecodeJob, hypothesis: Hypothesis) -> Heard | None:
        """The words of a job, or None where there is nothing (new) to show.

        Raises ValueError where a final comes out of order or was not asked for.
        """
        words = _in_session_time(hypothesis.words, job.start, job.end)
        return self._partial(job, words) if job.kind == "partial" else self._final(job, words)

    def discard(self) -> None:
        """Overwrite what the detector keeps of the audio, and forget everything not yet decided."""
        self._detector.discard()
        self._open = None
        self._closed.clear()
        self._begin_at(ChannelState(self._ring.end))

    def _begin_at(self, state: ChannelState) -> None:
        """Hear what follows `state`, with nothing open."""
        self._begun = state
        # Of each window since: an utterance that closes names a position that was heard a while ago.
        self._states = [state.detector]
        self._cursor = state.position
        self._detector.reset(state.detector)
        self._segmenter = Segmenter(self._policy.boundaries, state.position)

    def _bound(self, boundary: Opened | Closed | Quiet, before: ChannelState) -> Sequence[VoiceActivity]:
        match boundary:
            case Opened(at):
                identity = f"u{self._channel}-{at:09d}"
                self._open = _Utterance(identity, at, before, partial_from=at, partial_until=at)
                return (VoiceActivity(self._channel, True, at),)
            case Closed(end=end):
                assert self._open is not None
                self._open.closed = boundary
                self._closed.append(self._open)
                self._open = None
                return (VoiceActivity(self._channel, False, end),)
            case Quiet():
                return ()

    def _job(
        self, utterance: _Utterance, kind: Literal["final", "partial"], start: int, end: int
    ) -> DecodeJob:
        audio = self._ring.read(self._channel, start, end)
        request = Request(audio, kind, self._vocabulary, self._language)
        return DecodeJob(utterance.id, self._channel, kind, start, end, request)

    def _partial(self, job: DecodeJob, words: tuple[Word, ...]) -> Heard | None:
        utterance = self._open
        if utterance is None or utterance.id != job.utterance:
            return None  # its final is on the way, or has been
        agreed, tentative = utterance.agreement.push(words, job.end / SAMPLE_RATE)
        self._shorten(utterance, job.end)
        shown = agreed + tentative
        if shown == (utterance.shown or ()):
            return None
        utterance.shown = shown
        return self._heard(utterance, utterance.start, job.end, shown, is_final=False)

    def _final(self, job: DecodeJob, words: tuple[Word, ...]) -> Heard | None:
        if not self._closed or self._closed[0].id != job.utterance or not self._closed[0].final_given:
            raise ValueError(
                f"expected the final of the first utterance of channel {self._channel} that waits for one, "
                f"but {job.utterance} came; deliver the finals of a channel in the order of jobs()"
            )
        utterance = self._closed.popleft()
        assert utterance.closed is not None
        if not words and utterance.shown is None:
            return None
        return self._heard(
            utterance, utterance.closed.speech_start, utterance.closed.speech_end, words, is_final=True
        )

    def _heard(
        self, utterance: _Utterance, start: int, end: int, words: tuple[Word, ...], *, is_final: bool
    ) -> Heard:
        revision = utterance.revisions
        utterance.revisions += 1
        from_seconds, to_seconds = start / SAMPLE_RATE, end / SAMPLE_RATE
        if words:
            # A word may begin in the padding, before the detector was sure.
            from_seconds, to_seconds = min(from_seconds, words[0].start), max(to_seconds, words[-1].end)
        return Heard(utterance.id, self._channel, from_seconds, to_seconds, words, is_final, revision)

    def _shorten(self, utterance: _Utterance, end: int) -> None:
        """Let the next partial begin behind agreed words, once it would be long."""
        if (end - utterance.partial_from) / SAMPLE_RATE <= self._policy.partial_window:
            return
        for word in reversed(utterance.agreement.agreed):
            position = round(word.end * SAMPLE_RATE)
            if position <= end - _KEPT_CONTEXT * SAMPLE_RATE:
                utterance.partial_from = max(utterance.partial_from, position)
                return


def _in_session_time(words: Sequence[Word], start: int, end: int) -> tuple[Word, ...]:
    """Words of a request that began at position `start`, moved there and kept within it, in order of time."""
    low, high = start / SAMPLE_RATE, end / SAMPLE_RATE
    moved: list[Word] = []
    for word in words:
        begin = min(max(low + word.start, low), high)
        until = min(max(low + word.end, begin), high)
        moved.append(replace(word, start=begin, end=until))
    return tuple(moved)
