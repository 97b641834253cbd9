"""Deterministic stand-ins for the heavy parts, for tests of everything that is built on them.

Each fulfils its Protocol with arithmetic alone: no model, no state between calls, the same answer to the same
audio on every machine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

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
    """The known words of known recordings, found again by where a request's samples lie in one of them.

    `audio` is float32 [n] at 16 kHz as the recogniser gets it, `words` are in seconds of it; `more` are further
    pairs, say a second channel. Samples are compared as the 16-bit steps that a socket carries (1/32768), so a
    recording sent as `pcm_s16le` is found again. Audio that is not in any recording has no words; of two places
    with the same samples the first counts. Samples that were silenced on the way (crosstalk) may be anything in the
    recording; a word of which no sample is left is not heard.

    `edge` None hears every word whose middle lies in the request. A number is what a real recogniser does: a word
    that lies wholly in the request and ends `edge` seconds before its end is heard right; of a word that is cut,
    or ends nearer, a syllable is made up from how much of it was there; and of less than a quarter nothing is
    heard. The same request always gives the same words.

    `spend` is called with every request and its words before they are given: to spend what a real recogniser
    does on them. What it returns is thrown away. `workers` is how many requests may be decoded at once, and so how
    many calls of `spend` may run at once.
    """

    def __init__(
        self,
        audio: Audio,
        words: Sequence[Word],
        *,
        more: Sequence[tuple[Audio, Sequence[Word]]] = (),
        edge: float | None = None,
        spend: Callable[[Request, tuple[Word, ...]], object] | None = None,
        workers: int = 1,
    ) -> None:
        pairs = ((audio, words), *more)
        self._recordings = [_steps(one) for one, _ in pairs]
        self._words = [tuple(said) for _, said in pairs]
        self._blocks = _index(self._recordings)
        self._edge = edge
        self._spend = spend
        self._info = RecognizerInfo("oracle", "none", "asr.testing", "1", "cpu", workers=workers)

    @property
    def info(self) -> RecognizerInfo:
        return self._info

    def recognize(self, requests: Sequence[Request]) -> list[Hypothesis]:
        hypotheses = []
        for request in requests:
            words = self._within(request.audio)
            if self._spend is not None:
                self._spend(request, words)
            hypotheses.append(Hypothesis(words, 0.0, 0.0))
        return hypotheses

    def _within(self, audio: Audio) -> tuple[Word, ...]:
        place = self._place(_steps(audio))
        if place is None:
            return ()
        number, at = place
        heard = self._heard(self._words[number], at / SAMPLE_RATE, (at + len(audio)) / SAMPLE_RATE)
        return tuple(word for word in heard if _audible(word, audio))

    def _place(self, needle: bytes) -> tuple[int, int] | None:
        """The first recording that holds these samples, and where in it."""
        block = 2 * _BLOCK
        looked = 0
        for start in range(0, len(needle) - 2 * block + 1, block):
            if _flat(needle[start : start + 2 * block]):
                continue
            places = {
                (number, at - (start + shift) // 2)
                for shift in range(0, block, 2)
                for number, at in self._blocks.get(hash(needle[start + shift : start + shift + block]), ())
            }
            found = [
                (number, at)
                for number, at in places
                if at >= 0 and _same(self._recordings[number][2 * at : 2 * at + len(needle)], needle)
            ]
            looked += 1
            if found or looked == _LOOKS:
                return min(found, default=None)
        for number, recording in enumerate(self._recordings if looked == 0 else ()):
            # Shorter than two blocks, or without any sound.
            at = _find(recording, needle)
            if at is not None:
                return number, at
        return None

    def _heard(self, words: tuple[Word, ...], start: float, end: float) -> tuple[Word, ...]:
        heard = []
        for word in words:
            if word.end <= start or word.start >= end:
                continue
            text: str | None = word.text
            if self._edge is None:
                text = word.text if start <= (word.start + word.end) / 2 < end else None
            elif word.start < start - _MEND or word.end > end - self._edge + _MEND:
                text = _misheard(word, max(start, word.start), min(end, word.end))
            if text is not None:
                heard.append(
                    Word(text, max(0.0, word.start - start), min(word.end, end) - start, word.probability)
                )
        return tuple(heard)


_MEND = 1e-3
"""Seconds: a word's time is rounded to milliseconds, a request's edge to samples."""


def _steps(audio: Audio) -> bytes:
    """Audio as 16-bit samples, two bytes each."""
    return np.clip(np.round(np.asarray(audio) * 32_768.0), -32_768, 32_767).astype("<i2").tobytes()


_BLOCK = 256
_LOOKS = 8
"""Recordings are looked up by blocks of so many samples; a request that differs in eight of its own is another's.

A search through the bytes would cost tens of milliseconds for each request, as much as a small model's decode.
"""


def _index(recordings: Sequence[bytes]) -> dict[int, list[tuple[int, int]]]:
    """Where each block of the recordings that is no silence begins: recording and sample, by the block's hash."""
    size = 2 * _BLOCK
    places: dict[int, list[tuple[int, int]]] = {}
    for number, recording in enumerate(recordings):
        for at in range(0, len(recording) - size + 1, size):
            block = recording[at : at + size]
            if not _flat(block):
                places.setdefault(hash(block), []).append((number, at // 2))
    return places


def _flat(samples: bytes) -> bool:
    """Whether all samples are the same, as in digital silence."""
    return samples == samples[:2] * (len(samples) // 2)


def _audible(word: Word, audio: Audio) -> bool:
    """Whether any of the word's samples was not silenced."""
    return bool(audio[int(word.start * SAMPLE_RATE) : int(word.end * SAMPLE_RATE) + 1].any())


def _same(recorded: bytes, heard: bytes) -> bool:
    """Whether what was heard is what was recorded, but for samples that were silenced."""
    if recorded == heard or len(recorded) != len(heard):
        return recorded == heard
    samples = np.frombuffer(heard, dtype="<i2")
    return bool(((samples == np.frombuffer(recorded, dtype="<i2")) | (samples == 0)).all())


def _find(recording: bytes, needle: bytes) -> int | None:
    """The first sample at which `needle` lies in `recording`."""
    at = recording.find(needle) if needle else -1
    # Two bytes a sample: a hit between two samples is a chance likeness of their bytes.
    while at >= 0 and at % 2:
        at = recording.find(needle, at + 1)
    return None if at < 0 else at // 2


def _misheard(word: Word, start: float, end: float) -> str | None:
    """What is made of the stretch `start` to `end` of a word; None where it is too short to be heard at all."""
    part = (end - start) / max(word.end - word.start, _MEND)
    if part < 0.25:
        return None
    # Another length, another syllable: two decodes that cut a word at different places must not agree by chance.
    digest = hashlib.sha256(f"{word.text} {start:.3f} {end:.3f}".encode()).digest()
    return "".join(_SYLLABLES[byte % len(_SYLLABLES)] for byte in digest[:2])


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
