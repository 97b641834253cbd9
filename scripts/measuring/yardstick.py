"""The policy of whisper_streaming, to measure ours against: a recogniser and a recording in, confirmed words out.

Written from its published description (Macháček, Dabre and Bojar, "Turning Whisper into Real-Time Transcription
System", IJCNLP-AACL 2023, system demonstrations): audio grows in a buffer; whenever at least a second is new, the
whole buffer is transcribed with word timestamps; the longest prefix that two consecutive hypotheses agree on is
confirmed; where a new hypothesis begins by repeating the last confirmed words, up to five of them, these are
dropped; a buffer longer than 15 s is cut at the end of a finished segment whose words are confirmed. The
published system also gives the recogniser the confirmed text as a prompt; that is left to the caller, because
some models loop on it.

The clock is simulated: a transcription takes as long as it computed, and meanwhile audio comes in. Nothing waits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from asr.types import SAMPLE_RATE, Audio, Word

MIN_CHUNK = 1.0
LONGEST_BUFFER = 15.0
"""Seconds; the published defaults."""

LONGEST_REPEAT = 5
NEAR = 1.0
SLACK = 0.1
"""Seconds: a hypothesis that begins within NEAR of the last confirmed word is looked through for repeated words;
words that begin more than SLACK before its end are confirmed already."""

Hypothesis: TypeAlias = Sequence[Sequence[Word]]
"""Segments of words with times in seconds from the start of the buffer."""

Hear: TypeAlias = Callable[[Audio, float], tuple[Hypothesis, float]]
"""A buffer, float32 [n], and the second at which it begins; the hypothesis and the seconds that it took."""


@dataclass(slots=True)
class LocalAgreement:
    """Confirmed words, and the last hypothesis of what comes after them; times in seconds of the recording."""

    confirmed: list[Word] = field(default_factory=list)
    _unconfirmed: list[Word] = field(default_factory=list)

    @property
    def until(self) -> float:
        """The end of the last confirmed word."""
        return self.confirmed[-1].end if self.confirmed else 0.0

    def push(self, hypothesis: Sequence[Word], begin: float) -> list[Word]:
        """The words that this hypothesis of a buffer that begins at `begin` confirms."""
        fresh = [word for word in hypothesis if word.start > self.until - SLACK]
        fresh = fresh[self._repeated(fresh, begin) :]
        agreed = 0
        for before, now in zip(self._unconfirmed, fresh, strict=False):
            if before.text != now.text:
                break
            agreed += 1
        self.confirmed += fresh[:agreed]
        self._unconfirmed = fresh[agreed:]
        return fresh[:agreed]

    def rest(self) -> list[Word]:
        """What was heard last and never confirmed: given out at the end."""
        return self._unconfirmed

    def _repeated(self, fresh: Sequence[Word], begin: float) -> int:
        """How many leading words say again what was confirmed last and still lies in the buffer."""
        if not fresh or not self.confirmed or abs(fresh[0].start - self.until) >= NEAR:
            return 0
        tail = [word.text for word in self.confirmed[-LONGEST_REPEAT:] if word.end > begin]
        for length in range(1, min(len(tail), len(fresh)) + 1):
            if tail[-length:] == [word.text for word in fresh[:length]]:
                return length
        return 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run gave: each word with the moment at which it was out, in seconds since the audio began to play.

    `computed` is the sum of what the transcriptions took, `calls` their number.
    """

    words: tuple[tuple[Word, float], ...]
    computed: float
    calls: int


def simulate(audio: Audio, hear: Hear) -> Outcome:
    """Play float32 [n] at 16 kHz in real time on a simulated clock."""
    total = len(audio) / SAMPLE_RATE
    agreement = LocalAgreement()
    out: list[tuple[Word, float]] = []
    now = begin = heard = computed = 0.0
    calls = 0
    while heard < total:
        now = max(now, min(heard + MIN_CHUNK, total))
        heard = min(now, total)
        segments, seconds = hear(audio[round(begin * SAMPLE_RATE) : round(heard * SAMPLE_RATE)], begin)
        now += seconds
        computed += seconds
        calls += 1
        moved = [[_later(word, begin) for word in segment] for segment in segments]
        confirmed = agreement.push([word for segment in moved for word in segment], begin)
        out += [(word, now) for word in confirmed]
        if heard - begin > LONGEST_BUFFER:
            begin = _cut(moved, agreement.until, begin)
    out += [(word, now) for word in agreement.rest()]
    return Outcome(tuple(out), computed, calls)


def _cut(segments: Sequence[Sequence[Word]], confirmed_until: float, begin: float) -> float:
    """Where the buffer begins from now on: the end of the last finished segment that is confirmed."""
    # The newest segment may go on; where a longer buffer comes of it, the next hypothesis finds more segments.
    ends = [segment[-1].end for segment in segments[:-1] if segment]
    return max((end for end in ends if end <= confirmed_until), default=begin)


def _later(word: Word, seconds: float) -> Word:
    return replace(word, start=word.start + seconds, end=word.end + seconds)
