"""Deterministic stand-ins for the heavy parts, for tests of everything that is built on them.

Each fulfils its Protocol with arithmetic alone: no model, no state between calls, the same answer to the same
audio on every machine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from asr.recognizer import Hypothesis, RecognizerInfo, Request
from asr.types import SAMPLE_RATE, Audio, Word

_SYLLABLES = ("ba", "de", "fi", "go", "ku", "la", "me", "ni", "po", "ru", "sa", "te", "vi", "wo", "yu", "za")


class ScriptedRecognizer:
    """A word for each 0.4 s of audio, named by a digest of its samples: other samples, other words.

    Whatever reaches it changed, shifted or cut elsewhere shows in its words.
    """

    SECONDS_A_WORD = 0.4

    @property
    def info(self) -> RecognizerInfo:
        return RecognizerInfo(
            "scripted", "none", "asr.testing", "1", "cpu", weak=True, notice="Invents its words."
        )

    def recognize(self, requests: Sequence[Request]) -> list[Hypothesis]:
        return [Hypothesis(self._words(request.audio), -0.1, 0.0) for request in requests]

    def _words(self, audio: Audio) -> tuple[Word, ...]:
        length = round(self.SECONDS_A_WORD * SAMPLE_RATE)
        return tuple(
            Word(
                _name(audio[start : start + length]), start / SAMPLE_RATE, (start + length) / SAMPLE_RATE, 0.9
            )
            for start in range(0, len(audio) - length + 1, length)
        )


class OracleRecognizer:
    """The known words of a known recording, found again by where a request's samples lie in it.

    Needs requests cut from the very samples it was made with: float32 [n] at 16 kHz, words in seconds of them.
    Audio that is not in the recording has no words.
    """

    def __init__(self, audio: Audio, words: Sequence[Word]) -> None:
        self._recording = np.ascontiguousarray(audio, dtype=np.float32).tobytes()
        self._words = tuple(words)

    @property
    def info(self) -> RecognizerInfo:
        return RecognizerInfo("oracle", "none", "asr.testing", "1", "cpu")

    def recognize(self, requests: Sequence[Request]) -> list[Hypothesis]:
        return [Hypothesis(self._within(request.audio), 0.0, 0.0) for request in requests]

    def _within(self, audio: Audio) -> tuple[Word, ...]:
        needle = np.ascontiguousarray(audio, dtype=np.float32).tobytes()
        at = self._recording.find(needle) if needle else -1
        # Four bytes a sample: a hit between two samples is a chance likeness of their bytes.
        while at >= 0 and at % 4:
            at = self._recording.find(needle, at + 1)
        if at < 0:
            return ()
        start = at / 4 / SAMPLE_RATE
        end = start + len(audio) / SAMPLE_RATE
        return tuple(
            Word(word.text, max(0.0, word.start - start), min(word.end, end) - start, word.probability)
            for word in self._words
            if start <= (word.start + word.end) / 2 < end
        )


class SteadyEmbedder:
    """A voice is how its energy lies over sixteen bands up to 4 kHz: enough to tell two tones apart."""

    dimension = 16
    name = "steady-1"
    same_speaker = 0.9

    def embed(self, audio: Audio) -> NDArray[np.float32]:
        spectrum = np.abs(np.fft.rfft(np.asarray(audio, dtype=np.float64), 8 * SAMPLE_RATE // 10))
        bands = np.array_split(spectrum[: len(spectrum) // 2], self.dimension)
        vector = np.array([np.sqrt(np.mean(band**2)) for band in bands]) + 1e-9
        return (vector / np.linalg.norm(vector)).astype(np.float32)


def _name(audio: Audio) -> str:
    digest = hashlib.sha256(np.round(audio * 32_767).astype("<i2").tobytes()).digest()
    return "".join(_SYLLABLES[byte % len(_SYLLABLES)] for byte in digest[:3])
