"""The words of the speech side: what the recogniser hears and who said it.

Times are float seconds and positions are int samples at 16 kHz, both from the start of the session's audio.
A speaker is a label that holds within one session (`SPEAKER_00`); who that is, is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 16_000
"""Samples a second of all audio behind the resampler."""

Audio: TypeAlias = NDArray[np.float32]
"""Mono audio at 16 kHz: float32, shape [samples], in [-1, 1]; where two channels are meant, the name says so."""


@dataclass(frozen=True, slots=True)
class Word:
    """One recognised word; `text` without surrounding space, punctuation attached; probability in [0, 1]."""

    text: str
    start: float
    end: float
    probability: float


@dataclass(frozen=True, slots=True)
class Utterance:
    """What one speaker said without a pause that ends it.

    `id` is made from channel and position, so a replay of the same audio gives the same ids. The same id
    replaces an earlier one until `is_final`; after that only the speaker may change. `revision` counts the
    replacements. `start` and `end` are those of the speech, also where no word was recognised. The first `stable`
    words do not change any more before the final.
    """

    id: str
    speaker: str
    channel: int
    start: float
    end: float
    words: tuple[Word, ...]
    is_final: bool
    revision: int
    stable: int = 0

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)


@dataclass(frozen=True, slots=True)
class SpeakerTurn:
    """A stretch of time that belongs to one speaker."""

    speaker: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class SpeakerRevision:
    """Final utterances whose speaker is now known better: (utterance id, speaker) pairs."""

    speakers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class VoiceActivity:
    """Speech began or ended on a channel; `at` is the position where it did."""

    channel: int
    active: bool
    at: int


HealthKind: TypeAlias = Literal["silence", "clipping", "low_level", "dual_mono", "noise"]


@dataclass(frozen=True, slots=True)
class AudioHealth:
    """Something about the sound that the person recording can mend."""

    kind: HealthKind
    channel: int
    at: int


Event: TypeAlias = Utterance | SpeakerRevision | VoiceActivity | AudioHealth
Transcript: TypeAlias = Sequence[Utterance]
