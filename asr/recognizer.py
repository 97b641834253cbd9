"""What every recogniser is: a batch of closed or open stretches of audio in, one hypothesis each out.

A recogniser is shared by all sessions and stateless between calls: the same request gives the same
hypothesis, whatever was asked before. It is called from at most `info.workers` threads at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from asr.types import Audio, Word


@dataclass(frozen=True, slots=True)
class Request:
    """One stretch of speech to recognise.

    `audio` is float32 [samples] at 16 kHz, at most 30 s. A `final` is decoded with the full search, a
    `partial` greedily, because it will be replaced. `vocabulary` are names and terms that may be spoken. Without
    a `language` the recogniser finds it out.
    """

    audio: Audio = field(repr=False, compare=False)
    kind: Literal["final", "partial"]
    vocabulary: tuple[str, ...] = ()
    language: str | None = "en"


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What was heard: words with times in seconds from the start of the request's audio.

    No words means that nothing was said. The two figures are the recogniser's own, averaged over the words'
    tokens; a recogniser that has none gives 0.0. `language` is what it was decoded in, and its probability 1.0
    where it was asked for.
    """

    words: tuple[Word, ...]
    avg_logprob: float = 0.0
    no_speech_prob: float = 0.0
    language: str = "en"
    language_probability: float = 1.0


@dataclass(frozen=True, slots=True)
class RecognizerInfo:
    """What a note's provenance and the readiness page say of a recogniser.

    `weak` is true for a stand-in that a person should be warned of, and `notice` is that warning. `workers` is
    how many requests it decodes at once. `languages` are the codes of what it understands.
    """

    engine: str
    model: str
    source: str
    version: str
    device: str
    weak: bool = False
    notice: str = ""
    workers: int = 1
    languages: tuple[str, ...] = ("en",)


class Recognizer(Protocol):
    """A speech recogniser behind one door."""

    @property
    def info(self) -> RecognizerInfo: ...

    def recognize(self, requests: Sequence[Request]) -> list[Hypothesis]:
        """One hypothesis for each request, in order."""
        ...
