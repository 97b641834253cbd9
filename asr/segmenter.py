"""Probabilities of speech in, window by window; where an utterance opened and closed out.

Hysteresis as one table: a state and a signal give the next state and what is done. Positions are exact samples
and depend on nothing but the probabilities since the segmenter was last fresh. It hears no audio and runs no
model.

Whenever an utterance closes, and from time to time in a long silence, the segmenter begins anew at a position
that it names, a whole number of windows after the one before. Who feeds it goes back to that position. So all
that is found after it depends on nothing before it but the detector's state there, and a session can be taken
up at it as if it had never been cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TypeAlias

from asr.phantoms import voice_of
from asr.types import SAMPLE_RATE
from asr.vad import WINDOW


@dataclass(frozen=True, slots=True)
class Boundaries:
    """What makes an utterance; lengths in samples at 16 kHz."""

    start_threshold: float = 0.5
    end_threshold: float = 0.35
    """Lower than the start, so that a voice that falls does not flicker."""
    min_speech: int = 3 * WINDOW
    """96 ms: shorter than any "no", longer than a click."""
    end_silence: int = 24 * WINDOW
    """768 ms: longer than most pauses within a sentence. With less a slow speaker's sentence falls into pieces
    of two words, which a recogniser mishears: of 1321 words of five recordings 172 were wrong with 768 or 800 ms,
    175 with 704, 180 with 640 and 188 with 512; of 22 words of one slow speech 2, and 5 with 512."""
    padding: int = 10 * WINDOW
    """320 ms before the first and after the last window of speech, for the consonants the model does not hear."""
    foresee: int = 16 * WINDOW
    """512 ms: after so much silence an utterance is likely to end, and its final words can be had before it does."""
    max_utterance: int = 28 * SAMPLE_RATE
    """A recogniser's window is 30 s, and it needs 2 s of silence at the end."""
    max_silence: int = 2 * SAMPLE_RATE
    """Silence after which the segmenter begins anew."""

    def __post_init__(self) -> None:
        if self.padding % WINDOW or not self.padding <= self.foresee <= self.end_silence <= self.max_silence:
            raise ValueError(
                f"expected padding of whole windows of {WINDOW} samples, and padding, foresee, end_silence and "
                f"max_silence in rising order, but they are {self.padding}, {self.foresee}, {self.end_silence} and "
                f"{self.max_silence}"
            )


class State(Enum):
    SILENCE = auto()
    ONSET = auto()
    """Speech, but not yet enough of it."""
    SPEECH = auto()
    PAUSE = auto()
    """An utterance is open, but nothing is said."""


class Signal(Enum):
    """What a window says (the first three), and what the windows so far add up to."""

    VOICE = auto()
    UNSURE = auto()
    HUSH = auto()
    ENOUGH_SPEECH = auto()
    ENOUGH_PAUSE = auto()
    ENOUGH_SILENCE = auto()
    FULL = auto()


class Action(Enum):
    NOTHING = auto()
    MARK_ONSET = auto()
    MARK_PAUSE = auto()
    OPEN = auto()
    CLOSE = auto()
    CUT = auto()
    BEGIN_ANEW = auto()


TRANSITIONS: dict[tuple[State, Signal], tuple[State, Action]] = {
    (State.SILENCE, Signal.VOICE): (State.ONSET, Action.MARK_ONSET),
    (State.SILENCE, Signal.UNSURE): (State.SILENCE, Action.NOTHING),
    (State.SILENCE, Signal.HUSH): (State.SILENCE, Action.NOTHING),
    (State.SILENCE, Signal.ENOUGH_SILENCE): (State.SILENCE, Action.BEGIN_ANEW),
    (State.ONSET, Signal.VOICE): (State.ONSET, Action.NOTHING),
    (State.ONSET, Signal.UNSURE): (State.ONSET, Action.NOTHING),
    (State.ONSET, Signal.HUSH): (State.SILENCE, Action.NOTHING),
    (State.ONSET, Signal.ENOUGH_SPEECH): (State.SPEECH, Action.OPEN),
    (State.SPEECH, Signal.VOICE): (State.SPEECH, Action.NOTHING),
    (State.SPEECH, Signal.UNSURE): (State.SPEECH, Action.NOTHING),
    (State.SPEECH, Signal.HUSH): (State.PAUSE, Action.MARK_PAUSE),
    (State.SPEECH, Signal.FULL): (State.SILENCE, Action.CUT),
    (State.PAUSE, Signal.VOICE): (State.SPEECH, Action.NOTHING),
    (State.PAUSE, Signal.UNSURE): (State.PAUSE, Action.NOTHING),
    (State.PAUSE, Signal.HUSH): (State.PAUSE, Action.NOTHING),
    (State.PAUSE, Signal.ENOUGH_PAUSE): (State.SILENCE, Action.CLOSE),
    (State.PAUSE, Signal.FULL): (State.SILENCE, Action.CUT),
}


@dataclass(frozen=True, slots=True)
class Opened:
    """An utterance began; `at` is where its audio begins, padding included."""

    at: int


@dataclass(frozen=True, slots=True)
class Closed:
    """An utterance ended: its audio is `start` to `end`, its speech `speech_start` to `speech_end`.

    `voice` is how sure the detector was of the speech, in [0, 1]. The segmenter is fresh; the next window pushed
    begins at `end`.
    """

    start: int
    end: int
    speech_start: int
    speech_end: int
    voice: float = field(default=1.0, compare=False)


@dataclass(frozen=True, slots=True)
class Quiet:
    """Nothing was said before `at`. The segmenter is fresh; the next window pushed begins there."""

    at: int


Boundary: TypeAlias = Opened | Closed | Quiet


class Segmenter:
    """One channel's utterances; `origin` is the position at which it was last fresh."""

    def __init__(self, boundaries: Boundaries | None = None, origin: int = 0) -> None:
        self._rules = boundaries or Boundaries()
        self._begin_anew(origin)

    @property
    def origin(self) -> int:
        return self._origin

    @property
    def state(self) -> State:
        return self._state

    def _begin_anew(self, origin: int) -> None:
        self._origin = origin
        self._state = State.SILENCE
        self._probabilities: list[float] = []
        self._onset = origin
        self._pause = origin

    @property
    def _now(self) -> int:
        """The end of the last window."""
        return self._origin + len(self._probabilities) * WINDOW

    @property
    def _start(self) -> int:
        """Where the audio of the utterance begins: never before the origin, which is another's."""
        return max(self._origin, self._onset - self._rules.padding)

    def push(self, probability: float) -> Sequence[Boundary]:
        """What the next window of 512 samples brings about; after Closed or Quiet, go back to where it says."""
        self._probabilities.append(probability)
        boundaries = self._take(self._band(probability))
        reached = self._reached()
        return boundaries if reached is None else (*boundaries, *self._take(reached))

    @property
    def audible_end(self) -> int:
        """The end of what is worth hearing of the open utterance: no more than its padding of silence."""
        return min(self._now, self._pause + self._rules.padding) if self._state is State.PAUSE else self._now

    @property
    def foreseen(self) -> Closed | None:
        """How the open utterance will be closed if the pause lasts; None where that is not likely yet."""
        if self._state is not State.PAUSE or self._now - self._pause < self._rules.foresee:
            return None
        return self._closed(self._pause + self._rules.padding, self._pause)

    def voice_until(self, speech_end: int) -> float:
        """How sure the detector was of the speech of the open utterance up to a position, in [0, 1]."""
        first, last = ((at - self._origin) // WINDOW for at in (self._onset, speech_end))
        return voice_of(self._probabilities[first:last])

    def _closed(self, end: int, speech_end: int) -> Closed:
        return Closed(self._start, end, self._onset, speech_end, self.voice_until(speech_end))

    def flush(self, end: int) -> Sequence[Boundary]:
        """The utterance still open, closed where the audio ends; the segmenter begins anew at `end`."""
        boundaries: Sequence[Boundary] = ()
        if self._state in (State.SPEECH, State.PAUSE):
            spoken = end if self._state is State.SPEECH else self._pause
            until = min(end, spoken + self._rules.padding)
            boundaries = (self._closed(until, spoken),)
        self._begin_anew(end)
        return boundaries

    def _band(self, probability: float) -> Signal:
        if probability >= self._rules.start_threshold:
            return Signal.VOICE
        return Signal.UNSURE if probability >= self._rules.end_threshold else Signal.HUSH

    def _reached(self) -> Signal | None:
        """The length that the windows so far have reached, if any; at most one counts in a state."""
        now, rules = self._now, self._rules
        match self._state:
            case State.SILENCE:
                return Signal.ENOUGH_SILENCE if now - self._origin >= rules.max_silence else None
            case State.ONSET:
                return Signal.ENOUGH_SPEECH if now - self._onset >= rules.min_speech else None
            case State.SPEECH | State.PAUSE:
                if self._state is State.PAUSE and now - self._pause >= rules.end_silence:
                    return Signal.ENOUGH_PAUSE
                return Signal.FULL if now + WINDOW - self._start > rules.max_utterance else None

    def _take(self, signal: Signal) -> Sequence[Boundary]:
        self._state, action = TRANSITIONS[self._state, signal]
        match action:
            case Action.NOTHING:
                return ()
            case Action.MARK_ONSET:
                self._onset = self._now - WINDOW
                return ()
            case Action.MARK_PAUSE:
                self._pause = self._now - WINDOW
                return ()
            case Action.OPEN:
                return (Opened(self._start),)
            case Action.CLOSE:
                end = self._pause + self._rules.padding
                closed = self._closed(end, self._pause)
                self._begin_anew(end)
                return (closed,)
            case Action.CUT:
                cut = self._best_pause()
                closed = self._closed(cut, cut)
                self._begin_anew(cut)
                return (closed,)
            case Action.BEGIN_ANEW:
                # The padding of an utterance that begins now lies after it.
                at = self._now - self._rules.padding
                self._begin_anew(at)
                return (Quiet(at),)

    def _best_pause(self) -> int:
        """Where an utterance that is too long is cut: the middle of the longest pause in its second half.

        Without any pause, before the window in which speech was least likely.
        """
        half = self._start + self._rules.max_utterance // 2
        first = -(-(half - self._origin) // WINDOW)
        best, best_length = first, 0
        run = 0
        for index in range(first, len(self._probabilities)):
            run = run + 1 if self._probabilities[index] < self._rules.end_threshold else 0
            if run > best_length:
                best, best_length = index - run + 1, run
        if best_length == 0:
            best = min(range(first, len(self._probabilities)), key=self._probabilities.__getitem__)
        return self._origin + (best + best_length // 2) * WINDOW
