"""What the benches play: recordings with the words that are said in them, and when, where that is known.

The bundled session is always there. The others lie in a data folder that the caller names; what is not there is
left out, and `missing` says why. Nothing is written.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asr.decoder import decode
from asr.metrics import normalize_words
from asr.types import SAMPLE_RATE, Word
from scribe.sample import sample_audio, sample_mono, sample_truth

PAUSE_BETWEEN_CLIPS = 1.0
"""Seconds of silence between two clips that are joined: longer than what ends an utterance."""

QUICK_SECONDS = 60.0
QUICK_CLIPS = 6
DENSE_PAUSE = 0.1
"""Seconds that are left of a pause where speech without pauses is wanted."""

LOOP_PAUSE = 4.0
"""Seconds of silence before a recording is played again."""

CLINIC = Path("speech/clinic-dialogue.json")
LJSPEECH = Path("speech/ljspeech/transcripts.tsv")
JFK = Path("speech/jfk.flac")
JFK_SAYS = (
    "And so, my fellow Americans, ask not what your country can do for you, "
    "ask what you can do for your country."
)


@dataclass(frozen=True, slots=True)
class Recording:
    """`audio` is float32 [n, channels] at 16 kHz; `texts` says what is said on each channel.

    `words` holds each channel's words with their times in seconds, or nothing where the times are not known.
    """

    name: str
    audio: NDArray[np.float32]
    texts: tuple[str, ...]
    words: tuple[tuple[Word, ...], ...] = ()

    @property
    def seconds(self) -> float:
        return len(self.audio) / SAMPLE_RATE

    @property
    def channels(self) -> int:
        return int(self.audio.shape[1])

    def until(self, seconds: float) -> Recording:
        """The beginning, cut in the longest pause of the ten seconds before `seconds`; needs times."""
        if seconds >= self.seconds:
            return self
        assert self.words
        said = sorted((word for channel in self.words for word in channel), key=lambda word: word.end)
        before = [word for word in said if word.end < seconds]
        gaps = [
            (after.start - word.end, (word.end + after.start) / 2)
            for word, after in zip(before, said[1:], strict=False)
            if word.end > seconds - 10
        ]
        return self.between(0.0, max(gaps)[1])

    def between(self, start: float, end: float) -> Recording:
        """The stretch `start` to `end` with the words that lie wholly in it, on a clock of its own."""
        words = tuple(
            tuple(
                Word(word.text, word.start - start, word.end - start, word.probability)
                for word in channel
                if word.start >= start - 1e-6 and word.end <= end + 1e-6
            )
            for channel in self.words
        )
        audio = self.audio[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)]
        return Recording(self.name, audio, _texts(words), words)

    def followed_by(self, silence: float) -> Recording:
        """The same with some seconds of digital silence after it."""
        quiet = np.zeros((round(silence * SAMPLE_RATE), self.channels), dtype=np.float32)
        return Recording(self.name, np.concatenate([self.audio, quiet]), self.texts, self.words)

    def twice(self) -> Recording:
        """The same played two times in a row, so that every stretch over a seam of its loop is in it."""
        words = tuple((*channel, *_later(channel, self.seconds)) for channel in self.words)
        return Recording(self.name, np.concatenate([self.audio, self.audio]), _texts(words), words)

    def rotated(self, seconds: float) -> Recording:
        """The same beginning elsewhere, in the middle of the pause nearest to `seconds`."""
        said = sorted((word for channel in self.words for word in channel), key=lambda word: word.start)
        gaps = [(one.end + other.start) / 2 for one, other in pairwise(said) if other.start - one.end > 0.3]
        at = min(gaps, key=lambda gap: abs(gap - seconds), default=0.0)
        return self.twice().between(at, at + self.seconds)

    def dense(self) -> Recording:
        """The words of the first channel with hardly a pause between them: what no silence ends."""
        said = self.words[0]
        pieces: list[NDArray[np.float32]] = []
        words: list[Word] = []
        at = 0
        for index, word in enumerate(said):
            start = round(word.start * SAMPLE_RATE)
            following = said[index + 1].start if index + 1 < len(said) else self.seconds
            end = round(min(following, word.end + DENSE_PAUSE) * SAMPLE_RATE)
            pieces.append(self.audio[start:end, :1])
            length = min(word.end - word.start, (end - start) / SAMPLE_RATE)
            words.append(Word(word.text, at / SAMPLE_RATE, at / SAMPLE_RATE + length, 1.0))
            at += end - start
        return Recording(f"{self.name}-dense", np.concatenate(pieces), _texts((words,)), (tuple(words),))


def _texts(words: Sequence[Sequence[Word]]) -> tuple[str, ...]:
    return tuple(" ".join(word.text for word in channel) for channel in words)


def _later(words: Sequence[Word], seconds: float) -> tuple[Word, ...]:
    return tuple(
        Word(word.text, word.start + seconds, word.end + seconds, word.probability) for word in words
    )


def sample(*, mono: bool = False) -> Recording:
    """The bundled session, two channels, or both mixed as one microphone hears them."""
    truth = sample_truth()
    channels = [[turn for turn in truth.turns if turn.channel == channel] for channel in (0, 1)]
    if mono:
        channels = [list(truth.turns)]
    words = tuple(tuple(word for turn in turns for word in turn.words) for turns in channels)
    texts = tuple(" ".join(turn.text for turn in turns) for turns in channels)
    audio = sample_mono()[:, np.newaxis] if mono else sample_audio()
    return Recording("sample-mono" if mono else "sample", audio, texts, words)


def clinic(data: Path) -> Recording:
    """The synthetic clinic dialogue, one channel, with force-aligned words."""
    truth = json.loads((data / CLINIC).read_text(encoding="utf-8"))
    words = tuple(Word(word["text"], word["start"], word["end"], 1.0) for word in truth["words"])
    return Recording(
        "clinic", read_audio((data / CLINIC).with_name(truth["file"])), (truth["text"],), (words,)
    )


def ljspeech(data: Path, clips: int | None = None) -> Recording:
    """Read sentences of one voice, joined with pauses; no times."""
    lines = [line.split("\t") for line in (data / LJSPEECH).read_text(encoding="utf-8").splitlines()][:clips]
    pause = np.zeros((round(PAUSE_BETWEEN_CLIPS * SAMPLE_RATE), 1), dtype=np.float32)
    pieces = [pause]
    for line in lines:
        pieces += [read_audio((data / LJSPEECH).with_name(f"{line[0]}.flac")), pause]
    return Recording("ljspeech", np.concatenate(pieces), (" ".join(line[1] for line in lines),))


def jfk(data: Path) -> Recording:
    """Eleven seconds of a speech; no times."""
    return Recording("jfk", read_audio(data / JFK), (JFK_SAYS,))


def named(name: str, data: Path, *, quick: bool = False) -> Recording:
    """A recording by its name, short where `quick`. Raises FileNotFoundError where it is not there."""
    match name:
        case "sample" | "sample-mono":
            whole = sample(mono=name == "sample-mono")
        case "clinic":
            whole = clinic(data)
        case "clinic-dense":
            whole = clinic(data).dense()
        case "sample-dense":
            whole = sample(mono=True).dense()
        case "ljspeech":
            return ljspeech(data, QUICK_CLIPS if quick else None)
        case "jfk":
            return jfk(data)
        case _:
            raise ValueError(f"expected the name of a recording, but it is {name!r}; see recordings.py")
    return whole.until(QUICK_SECONDS) if quick else whole


def missing(name: str, data: Path) -> str | None:
    """Why a recording cannot be played; None where it can."""
    needed = {
        "clinic": CLINIC,
        "clinic-dense": CLINIC,
        "ljspeech": LJSPEECH,
        "jfk": JFK,
    }.get(name)
    if needed is None or (data / needed).exists():
        return None
    return f"{name} is left out: {needed} is not in the data folder; name one with --data"


def read_audio(path: Path) -> NDArray[np.float32]:
    """float32 [n, 1] at 16 kHz: a file's channels as one."""
    with path.open("rb") as file:
        audio = np.concatenate(list(decode(file).blocks))
    return np.asarray(audio.mean(axis=1, keepdims=True), dtype=np.float32)


def spoken(words: Sequence[Word]) -> list[tuple[str, Word]]:
    """Words as they are compared, each with the word that it came from."""
    return [(text, word) for word in words for text in normalize_words(word.text)]
