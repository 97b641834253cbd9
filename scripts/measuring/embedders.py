"""How well an embedder tells voices apart: equal error rates over pairs of windows of readers it never heard.

Every pair of windows is a trial. A reader's windows are of one recording, so the condition `rooms` puts each window
into a room and before a microphone of its own; the others keep the recording's channel, as one seat in a session does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asr.embedding import SpeakerEmbedder
from asr.types import SAMPLE_RATE, Audio
from measuring.voices import Part, Reader, noise, readers, response, room, telephone, through, with_noise

SECONDS = (1.5, 3.0)


def _noisy(audio: Audio, rng: np.random.Generator, talkers: Sequence[Audio]) -> Audio:
    return with_noise(audio, noise(rng, len(audio), talkers), 10.0)


def _placed(audio: Audio, rng: np.random.Generator, _talkers: Sequence[Audio]) -> Audio:
    return through(audio, room(rng), response(rng, 129))


Channel = Callable[[Audio, np.random.Generator, Sequence[Audio]], Audio]
CONDITIONS: dict[str, Channel] = {
    "clean": lambda audio, _rng, _talkers: audio,
    "8 kHz µ-law": lambda audio, _rng, _talkers: telephone(audio),
    "noise 10 dB": _noisy,
    "rooms": _placed,
}


def equal_error_rates(
    embedder: SpeakerEmbedder, data: Path, part: Part = "held out", seconds: Sequence[float] = SECONDS
) -> dict[str, float]:
    """Equal error rates, 0 to 1, named `<seconds> s, <condition>, all pairs` and `…, one sex`.

    `… , threshold` is the cosine at the first; `ms, 1.5 s` the milliseconds of CPU time for a window of 1.5 s. Noise
    and rooms are the same for every embedder. With babble, the talkers are the training readers.
    """
    heard = readers(data, part)
    talkers = [reader.audio for reader in readers(data, "train")[:40]]
    rates: dict[str, float] = {}
    for length in seconds:
        for name, channel in CONDITIONS.items():
            windows, voices = windows_of(heard, length, channel, talkers)
            begun = time.process_time()
            vectors = np.stack([embedder.embed(window) for window in windows])
            spent = time.process_time() - begun
            if (length, name) == (1.5, "clean"):
                rates["ms, 1.5 s"] = 1_000 * spent / len(windows)
            numbers = np.array([voice.number for voice in voices])
            sexes = np.array([voice.sex for voice in voices])
            key = f"{length:g} s, {name}"
            rates[f"{key}, all pairs"], rates[f"{key}, threshold"] = equal_error_rate(
                *alike(vectors, numbers)
            )
            same, different = zip(
                *(alike(vectors[sexes == sex], numbers[sexes == sex]) for sex in "FM"), strict=True
            )
            rates[f"{key}, one sex"], _ = equal_error_rate(np.concatenate(same), np.concatenate(different))
    return rates


def windows_of(
    heard: Sequence[Reader], seconds: float, channel: Channel, talkers: Sequence[Audio], seed: int = 3
) -> tuple[list[Audio], list[Reader]]:
    """Windows one after the other, each through the channel, and the reader of each."""
    rng = np.random.default_rng(seed)
    length = round(seconds * SAMPLE_RATE)
    windows, voices = [], []
    for reader in heard:
        for begin in range(0, len(reader.audio) - length + 1, length):
            windows.append(channel(reader.audio[begin : begin + length], rng, talkers))
            voices.append(reader)
    return windows, voices


def alike(
    vectors: NDArray[np.float32], voices: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Cosines of all pairs of one voice, and of all pairs of two voices."""
    cosines = vectors @ vectors.T
    pairs = np.triu(np.ones_like(cosines, dtype=bool), 1)
    same = voices[:, None] == voices
    return cosines[pairs & same], cosines[pairs & ~same]


def equal_error_rate(same: NDArray[np.float32], different: NDArray[np.float32]) -> tuple[float, float]:
    """The share of errors at the cosine where both kinds are equally frequent, and that cosine."""
    thresholds = np.unique(np.concatenate([same, different]))
    rejected = np.searchsorted(np.sort(same), thresholds) / len(same)
    accepted = 1 - np.searchsorted(np.sort(different), thresholds) / len(different)
    at = int(np.abs(rejected - accepted).argmin())
    return float(rejected[at] + accepted[at]) / 2, float(thresholds[at])


def table(measured: dict[str, dict[str, float]]) -> str:
    """A line for each length and condition, a column for each embedder: all pairs and pairs of one sex, in percent."""
    first = next(iter(measured.values()))
    lines = [
        "equal error rate, % (all pairs / one sex)".ljust(44) + "".join(f"{name:>26}" for name in measured)
    ]
    for key in (key.removesuffix(", all pairs") for key in first if key.endswith("all pairs")):
        cells = (
            f"{100 * rates[f'{key}, all pairs']:.1f} / {100 * rates[f'{key}, one sex']:.1f}"
            for rates in measured.values()
        )
        lines.append(key.ljust(44) + "".join(f"{cell:>26}" for cell in cells))
    lines.append(
        "ms of CPU for 1.5 s".ljust(44)
        + "".join(f"{rates['ms, 1.5 s']:>26.1f}" for rates in measured.values())
    )
    return "\n".join(lines)
