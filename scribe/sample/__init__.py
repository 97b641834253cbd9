"""The bundled sample session: nothing in, its sound and its truth out; made up, with synthetic voices.

`session.flac` holds two channels at 16 kHz, the clinician's and the client's; `session.json` what was said by
whom and when, and what a good note of it must and must not hold. Both are made by `scripts/make_sample.py`.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from asr.decoder import decode
from asr.types import SAMPLE_RATE, Audio, Word
from summarizer.types import Role

AUDIO_NAME = "session.flac"
TRUTH_NAME = "session.json"


@dataclass(frozen=True, slots=True)
class SampleTurn:
    """What one of the two said; times in seconds, words with probability 1 and punctuation attached."""

    id: str
    role: Role
    channel: int
    start: float
    end: float
    text: str
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class SampleFact:
    """Something a note must hold, or must not.

    `words` are texts to look for from the beginning of a word, without regard to case; `|` parts alternatives.
    A note that must hold the fact has one of each; a note that must not has none. `turns` are the ids of the
    turns that say it, and `kind` is a `FactKind`; both are empty where nothing was said.
    """

    id: str
    says: str
    words: tuple[str, ...]
    kind: str = ""
    turns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SampleTruth:
    """All that is known of the session; `duration` in seconds."""

    duration: float
    turns: tuple[SampleTurn, ...]
    must: tuple[SampleFact, ...]
    must_not: tuple[SampleFact, ...]


def sample_audio(seconds: float = math.inf) -> NDArray[np.float32]:
    """Its first `seconds`, float32 [n, 2] at 16 kHz in [-1, 1]: channel 0 the clinician, channel 1 the client."""
    blocks: list[NDArray[np.float32]] = []
    samples = 0
    with resources.files(__name__).joinpath(AUDIO_NAME).open("rb") as file:
        for block in decode(file).blocks:
            blocks.append(block)
            samples += len(block)
            if samples >= seconds * SAMPLE_RATE:
                break
    audio = np.concatenate(blocks)
    return audio if math.isinf(seconds) else audio[: round(seconds * SAMPLE_RATE)]


def sample_mono() -> Audio:
    """float32 [n] at 16 kHz: both channels' mean, as one microphone hears it."""
    return np.asarray(sample_audio().mean(axis=1), dtype=np.float32)


def sample_truth() -> SampleTruth:
    """The truth of `sample_audio`, turns in order of time."""
    truth = json.loads(resources.files(__name__).joinpath(TRUTH_NAME).read_text(encoding="utf-8"))
    turns = tuple(
        SampleTurn(
            **{name: turn[name] for name in ("id", "role", "channel", "start", "end", "text")},
            words=tuple(Word(word["text"], word["start"], word["end"], 1.0) for word in turn["words"]),
        )
        for turn in truth["turns"]
    )
    must, must_not = (
        tuple(
            SampleFact(
                fact["id"],
                fact["says"],
                tuple(fact["words"]),
                fact.get("kind", ""),
                tuple(fact.get("turns", ())),
            )
            for fact in truth[name]
        )
        for name in ("must", "must_not")
    )
    return SampleTruth(truth["duration"], turns, must, must_not)
