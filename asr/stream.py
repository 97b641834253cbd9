"""One channel: audio from the shared ring in, stretches to decode out; hypotheses in, words in session time out.

Joins voice activity, segmenter and agreement. It never calls a recogniser, knows no speakers, and keeps no
audio of its own. `settled` says up to where this channel owes nothing: every utterance before has its words and
the segmenter begins anew there, so that a new stream goes on from it exactly as this one does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from asr.agreement import Agreement
from asr.crosstalk import REACH, UNKNOWN, is_copy, is_leak
from asr.language import LanguageChoice
from asr.phantoms import phantom
from asr.recognizer import Hypothesis, Request
from asr.ring import AudioRing
from asr.segmenter import Boundaries, Closed, Opened, Quiet, Segmenter
from asr.types import SAMPLE_RATE, Audio, VoiceActivity, Word
from asr.vad import WINDOW, DetectorState, VoiceActivityDetector, VoiceActivityModel

_KEPT_CONTEXT = 3.0
"""Seconds before the newest audio that a shortened partial always hears."""


@dataclass(frozen=True, slots=True)
class Policy:
    """When to decode what; lengths in seconds unless said otherwise."""

    boundaries: Boundaries = field(default_factory=Boundaries)
    ring_seconds: float = 120.0
    """Audio that may wait for its words: the longest utterance four times over."""
    stride: float = 0.6
    """New audio before another partial is worth its cost."""
    partial_window: float = 6.0
    """A partial longer than this is shortened to what is not yet agreed, so its cost does not grow.

    Measured with a tiny shape on two recordings, CPU seconds a second of all decoding, and when words were stable
    (median, 95th percentile): 0.6 and 6 s 0.14, 0.95 and 1.8 s; 0.5 and 10 s 0.18, 0.8 and 1.8 s; 0.8 and 10 s 0.14,
    1.2 and 2.3 s; with 3 s of window more words changed in the final.
    """
    revise_every: int = 16
    """Final utterances of a channel between two looks at all its speakers; before, there is one after each."""

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
    """Where a channel can be taken up: a position, the detector's state there, and what languages were heard.

    Holds no audio.
    """

    position: int
    detector: DetectorState = field(default_factory=DetectorState.fresh)
    languages: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, order=True)
class Want:
    """What a channel wants decoded, and since which position; the most urgent is the smallest.

    With `known`, the words are there already and need no recogniser.
    """

    kind: Literal["final", "partial"]
    since: int
    channel: int
    known: bool = False


@dataclass(frozen=True, slots=True)
class DecodeJob:
    """A stretch to recognise; `start` and `end` are positions.

    `request.audio` is a copy made for this job alone: who decodes it overwrites it afterwards. A partial whose
    request is a final one foresees how its utterance will end. Where that came true, the final has its hypothesis
    already, as `known`, and no audio. `voice` is how sure the detector was that somebody speaks, in [0, 1].
    """

    utterance: str
    channel: int
    kind: Literal["final", "partial"]
    start: int
    end: int
    request: Request
    voice: float
    known: Hypothesis | None = None


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
    stable: int


@dataclass(slots=True)
class _Utterance:
    """An utterance on its way; `before` is where the segmenter last began anew before it.

    `others` are the windows, by position, in which only the other channel's person is heard. `foreseen` is the
    last end that was decoded as if it were the utterance's, and `known` what was heard then.
    """

    id: str
    start: int
    before: ChannelState
    closed: Closed | None = None
    final_given: bool = False
    others: frozenset[int] = frozenset()
    foreseen: int = -1
    known: Hypothesis | None = None
    agreement: Agreement = field(default_factory=Agreement)
    partial_from: int = 0
    partial_until: int = 0
    shown: tuple[Word, ...] | None = None
    stable: int = 0
    revisions: int = 0

    @property
    def came_as_foreseen(self) -> bool:
        return self.closed is not None and self.known is not None and self.foreseen == self.closed.end


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
        language: str | None = "en",
        state: ChannelState | None = None,
    ) -> None:
        self._channel = channel
        self._ring = ring
        self._policy = policy
        self._vocabulary = vocabulary
        state = state or ChannelState(0)
        self._language = LanguageChoice(language, state.languages)
        self._detector = VoiceActivityDetector(vad)
        self._begin_at(state)
        self._open: _Utterance | None = None
        self._closed: deque[_Utterance] = deque()

    @property
    def settled(self) -> ChannelState:
        settled = self._closed[0].before if self._closed else self._begun
        return replace(settled, languages=dict(self._language.heard))

    def listen(self) -> Sequence[VoiceActivity]:
        """Hear all whole windows that the ring holds by now."""
        found: list[VoiceActivity] = []
        while self._cursor + WINDOW <= self._ring.end:
            audio = self._ring.read(self._channel, self._cursor, self._cursor + WINDOW)
            (probability,) = self._detector.push(audio)
            audio.fill(0.0)
            self._states.append(self._detector.state)
            self._cursor += WINDOW
            if self._is_other():
                probability = 0.0
            begun = self._begun
            boundaries = self._segmenter.push(probability)
            for boundary in boundaries:
                found += self._bound(boundary, begun)
            origin = self._segmenter.origin
            if origin != begun.position:
                self._begin_at(ChannelState(origin, self._states[(origin - begun.position) // WINDOW]))
        return found

    def _is_other(self) -> bool:
        """Whether what the newest window holds belongs to the other channel; remembers it, so as not to decode it."""
        if self._ring.channels == 1:
            return False
        # Nothing before the position where the segmenter began anew: a resumed session has no more either.
        start = max(self._begun.position, self._cursor - REACH)
        own, other = (
            self._ring.read(channel, start, self._cursor) for channel in (self._channel, 1 - self._channel)
        )
        is_other = is_leak(own, other) or (self._channel == 1 and is_copy(own, other))
        if is_other and self._cursor - start >= UNKNOWN:
            self._others.add(self._cursor - WINDOW)
        own.fill(0.0)
        other.fill(0.0)
        return is_other

    def flush(self) -> Sequence[VoiceActivity]:
        """Close what is open where the audio ends; what follows is heard as if nothing had been before."""
        found = list(self.listen())
        # A resumed channel may lie ahead of what was replayed by now; then there is nothing to close.
        end = max(self._ring.end, self._begun.position)
        for boundary in self._segmenter.flush(end):
            found += self._bound(boundary, self._begun)
        self._begin_at(ChannelState(end))
        return found

    @property
    def owes(self) -> bool:
        """Whether a closed utterance still waits for its words."""
        return bool(self._closed)

    @property
    def _next_closed(self) -> _Utterance | None:
        return next((utterance for utterance in self._closed if not utterance.final_given), None)

    @property
    def want(self) -> Want | None:
        """What `next_job` would give."""
        if self._closed and self._closed[0].final_given and self._language.settled is None:
            return None  # the language of what follows may depend on this one
        final = self._next_closed
        if final is not None:
            assert final.closed is not None
            return Want("final", final.closed.end, self._channel, final.came_as_foreseen)
        if self._open is None:
            return None
        foreseen = self._segmenter.foreseen
        if foreseen is not None:
            # Until more is said, there is nothing else to hear.
            return (
                None if foreseen.end == self._open.foreseen else Want("partial", foreseen.end, self._channel)
            )
        due = self._open.partial_until + round(self._policy.stride * SAMPLE_RATE)
        return Want("partial", due, self._channel) if due <= self._segmenter.audible_end else None

    def next_job(self) -> DecodeJob | None:
        """What is to be decoded now: each final once, in order; then a partial if enough is new since the last.

        In a pause, the partial is what the final will be if the pause lasts, searched as thoroughly.
        """
        if self.want is None:
            return None
        utterance = self._next_closed
        if utterance is not None:
            assert utterance.closed is not None
            utterance.final_given = True
            start, end, voice = utterance.closed.start, utterance.closed.end, utterance.closed.voice
            if utterance.came_as_foreseen:
                nothing = Request(np.zeros(0, dtype=np.float32), "final")
                return DecodeJob(
                    utterance.id, self._channel, "final", start, end, nothing, voice, utterance.known
                )
            return self._job(utterance, "final", "final", start, end, voice)
        utterance_open = self._open
        assert utterance_open is not None
        foreseen = self._segmenter.foreseen
        if foreseen is not None:
            utterance_open.foreseen, utterance_open.known = foreseen.end, None
            utterance_open.partial_until = foreseen.end
            return self._job(utterance_open, "partial", "final", foreseen.start, foreseen.end, foreseen.voice)
        end = utterance_open.partial_until = self._segmenter.audible_end
        voice = self._segmenter.voice_until(end)
        return self._job(utterance_open, "partial", "partial", utterance_open.partial_from, end, voice)

    def deliver(self, job: DecodeJob, hypothesis: Hypothesis) -> Heard | None:
        """The words of a job, or None where there is nothing (new) to show.

        Raises ValueError where a final comes out of order or was not asked for.
        """
        if job.kind == "partial" and job.request.kind == "final":
            self._foresee(job, hypothesis)
        made_up = phantom(hypothesis, job.voice)
        words = () if made_up else _in_session_time(hypothesis.words, job.start, job.end)
        if job.kind == "partial":
            return self._partial(job, words)
        heard = self._final(job, words)
        if words:
            seconds = (job.end - job.start) / SAMPLE_RATE
            self._language.learn(hypothesis.language, hypothesis.language_probability, seconds)
        return heard

    def others(self, job: DecodeJob) -> frozenset[int]:
        """The windows of a final, by position, in which only the other channel's person is heard.

        Known until the final is delivered.
        """
        return next((one.others for one in self._closed if one.id == job.utterance), frozenset())

    def discard(self) -> int:
        """Overwrite what the detector keeps of the audio, and forget everything not yet decided.

        Returns the bytes of it that are not zero afterwards.
        """
        left = self._detector.discard()
        self._open = None
        self._closed.clear()
        self._begin_at(ChannelState(self._ring.end))
        return left

    def _begin_at(self, state: ChannelState) -> None:
        """Hear what follows `state`, with nothing open."""
        self._begun = state
        # Of each window since: an utterance that closes names a position that was heard a while ago.
        self._states = [state.detector]
        self._others: set[int] = set()
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
                self._open.others = frozenset(
                    window for window in self._others if boundary.start - WINDOW < window < boundary.end
                )
                self._closed.append(self._open)
                self._open = None
                return (VoiceActivity(self._channel, False, end),)
            case Quiet():
                return ()

    def _job(
        self,
        utterance: _Utterance,
        kind: Literal["final", "partial"],
        search: Literal["final", "partial"],
        start: int,
        end: int,
        voice: float,
    ) -> DecodeJob:
        audio = self._ring.read(self._channel, start, end)
        silence(audio, start, self._others if utterance.closed is None else utterance.others)
        request = Request(audio, search, self._vocabulary, self._language.settled)
        return DecodeJob(utterance.id, self._channel, kind, start, end, request, voice)

    def _foresee(self, job: DecodeJob, hypothesis: Hypothesis) -> None:
        """Keep what was heard up to where the utterance may end, or has ended meanwhile."""
        for utterance in (self._open, *self._closed):
            if utterance is not None and utterance.id == job.utterance and utterance.foreseen == job.end:
                utterance.known = hypothesis

    def _partial(self, job: DecodeJob, words: tuple[Word, ...]) -> Heard | None:
        utterance = self._open
        if utterance is None or utterance.id != job.utterance:
            return None  # its final is on the way, or has been
        agreed, tentative = utterance.agreement.push(words, job.end / SAMPLE_RATE)
        self._shorten(utterance, job.end)
        shown = agreed + tentative
        if shown == (utterance.shown or ()) and len(agreed) == utterance.stable:
            return None
        utterance.shown, utterance.stable = shown, len(agreed)
        return self._heard(utterance, utterance.start, job.end, shown, is_final=False)

    def _final(self, job: DecodeJob, words: tuple[Word, ...]) -> Heard | None:
        if not self._closed or self._closed[0].id != job.utterance or not self._closed[0].final_given:
            raise ValueError(
                f"expected the final of the first utterance of channel {self._channel} that waits for one, "
                f"but {job.utterance} came; deliver the finals of a channel in the order in which they were asked for"
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
        stable = len(words) if is_final else utterance.stable
        return Heard(utterance.id, self._channel, from_seconds, to_seconds, words, is_final, revision, stable)

    def _shorten(self, utterance: _Utterance, end: int) -> None:
        """Let the next partial begin behind agreed words, once it would be long."""
        if (end - utterance.partial_from) / SAMPLE_RATE <= self._policy.partial_window:
            return
        for word in reversed(utterance.agreement.agreed):
            position = round(word.end * SAMPLE_RATE)
            if position <= end - _KEPT_CONTEXT * SAMPLE_RATE:
                utterance.partial_from = max(utterance.partial_from, position)
                return


def silence(audio: Audio, start: int, windows: Iterable[int]) -> None:
    """Overwrite those windows, by position, in audio that begins at position `start`."""
    for window in windows:
        if start - WINDOW < window < start + len(audio):
            audio[max(0, window - start) : window - start + WINDOW] = 0.0


def _in_session_time(words: Sequence[Word], start: int, end: int) -> tuple[Word, ...]:
    """Words of a request that began at position `start`, moved there and kept within it, in order of time."""
    low, high = start / SAMPLE_RATE, end / SAMPLE_RATE
    moved: list[Word] = []
    for word in words:
        begin = min(max(low + word.start, low), high)
        until = min(max(low + word.end, begin), high)
        moved.append(replace(word, start=begin, end=until))
    return tuple(moved)
