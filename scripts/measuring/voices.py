"""Real voices for training and measuring embedders: which reader is for what, and channels to put them through.

The readers are those of LibriSpeech train-clean-100 (Panayotov et al., ICASSP 2015, CC BY 4.0), one utterance each. A
channel is a room, a microphone's response, noise, a telephone line; every one is drawn from a generator that the caller
seeds. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from asr.decoder import decode
from asr.types import SAMPLE_RATE, Audio

READERS = Path("speakers/librispeech_train-clean-100")
SEXES = Path("speakers/SPEAKERS.TXT")

Part: TypeAlias = Literal["train", "development", "held out"]


@dataclass(frozen=True, slots=True)
class Reader:
    """One voice: LibriSpeech's number and sex (F or M), and about 14 s of speech."""

    number: int
    sex: str
    audio: Audio


def part_of(number: int) -> Part:
    """Held out is every fifth number and is never trained on or chosen by; development is every tenth."""
    if number % 5 == 0:
        return "held out"
    return "development" if number % 10 == 1 else "train"


def readers(data: Path, part: Part) -> list[Reader]:
    """The readers of a part, by number; raises FileNotFoundError where the data folder does not hold them."""
    lines = (data / SEXES).read_text(encoding="utf-8").splitlines()
    sexes = {
        int(fields[0]): fields[1].strip()
        for fields in (line.split("|") for line in lines if not line.startswith(";"))
    }
    found = []
    for path in (data / READERS).glob("*.flac"):
        number = int(path.stem.split("-")[0])
        if part_of(number) == part:
            with path.open("rb") as file:
                audio = np.concatenate(list(decode(file).blocks))[:, 0]
            found.append(Reader(number, sexes[number], audio))
    return sorted(found, key=lambda reader: reader.number)


def room(rng: np.random.Generator) -> NDArray[np.float32]:
    """An impulse response: the direct sound, a few early reflections, and noise that decays by 60 dB in 0.15–0.8 s."""
    decay = rng.uniform(0.15, 0.8)
    length = int(min(decay, 0.5) * SAMPLE_RATE)
    time = np.arange(length) / SAMPLE_RATE
    tail = rng.standard_normal(length) * 10 ** (-3 * time / decay)
    # Walls swallow high tones sooner: the tail is smoothed more and more.
    dull = np.convolve(tail, np.ones(6) / 6, mode="same")
    share = np.clip(time / (0.5 * decay), 0, 1)
    tail = (1 - share) * tail + share * 2 * dull
    tail[: int(rng.uniform(0.002, 0.012) * SAMPLE_RATE)] = 0
    for _ in range(rng.integers(2, 7)):
        tail[int(rng.uniform(0.001, 0.03) * SAMPLE_RATE)] += rng.choice([-1, 1]) * rng.uniform(1, 5)
    direct_db = rng.uniform(-2, 14)
    tail *= 10 ** (-direct_db / 20) / np.linalg.norm(tail)
    tail[0] += 1
    return (tail / np.linalg.norm(tail)).astype(np.float32)


def response(rng: np.random.Generator, bins: int, depth_db: float = 8.0) -> NDArray[np.float32]:
    """A microphone and its placing: gains float32 [bins] from 0 to 8 kHz, a smooth curve with rolled-off ends."""
    hz = np.linspace(0, SAMPLE_RATE / 2, bins)
    octave = np.log2(np.maximum(hz, 40) / 40)
    knots = np.linspace(0, octave[-1], rng.integers(4, 10))
    gain_db = np.interp(octave, knots, rng.uniform(-depth_db, depth_db, len(knots)))
    gain_db -= rng.uniform(0, 12) * np.clip(1 - hz / rng.uniform(60, 350), 0, 1)
    if rng.random() < 0.3:
        gain_db -= 40 * np.clip((hz - rng.uniform(3_300, 7_500)) / 800, 0, 1)
    return (10 ** (gain_db / 20)).astype(np.float32)


def noise(rng: np.random.Generator, length: int, talkers: Sequence[Audio]) -> Audio:
    """float32 [length] of root mean square 1: white, coloured, mains hum, or several people talking far away."""
    kind = rng.choice(["white", "coloured", "hum", "babble"], p=[0.15, 0.4, 0.1, 0.35])
    if kind == "babble" and talkers:
        sound = np.zeros(length, dtype=np.float32)
        for _ in range(rng.integers(3, 9)):
            talker = talkers[rng.integers(len(talkers))]
            begin = rng.integers(max(1, len(talker) - length))
            part = talker[begin : begin + length]
            sound[: len(part)] += part / (_rms(part) + 1e-6)
    else:
        sound = rng.standard_normal(length, dtype=np.float32)
        if kind in ("coloured", "hum"):
            spectrum = np.fft.rfft(sound)
            hz = np.arange(len(spectrum), dtype=np.float32) * (SAMPLE_RATE / length)
            spectrum /= np.maximum(hz, 30) ** rng.uniform(0.3, 1.1)
            sound = np.fft.irfft(spectrum, length).astype(np.float32)
        if kind == "hum":
            mains, time = rng.choice([50, 60]), np.arange(length) / SAMPLE_RATE
            sound /= _rms(sound)
            for harmonic in range(1, 9):
                tone = np.sin(2 * np.pi * (mains * harmonic * time + rng.random()))
                sound += (rng.uniform(0, 2) / harmonic * tone).astype(np.float32)
    return sound / (_rms(sound) + 1e-9)


def with_noise(audio: Audio, sound: Audio, snr_db: float) -> Audio:
    return audio + sound * np.float32(_rms(audio) * 10 ** (-snr_db / 20))


def through(audio: Audio, impulse: NDArray[np.float32] | None, gains: NDArray[np.float32] | None) -> Audio:
    """The audio in a room and through a microphone; either may be left out. `gains` may have any number of bins."""
    size = 1 << (len(audio) + (0 if impulse is None else len(impulse)) - 1).bit_length()
    spectrum = np.fft.rfft(audio, size)
    if impulse is not None:
        spectrum *= np.fft.rfft(impulse, size)
    if gains is not None:
        bins = np.linspace(0, 1, len(spectrum), dtype=np.float32)
        spectrum *= np.interp(bins, np.linspace(0, 1, len(gains)), gains).astype(np.float32)
    return np.fft.irfft(spectrum, size)[: len(audio)].astype(np.float32)


def telephone(audio: Audio, low_hz: float = 200.0, high_hz: float = 3_500.0) -> Audio:
    """A line of 8 kHz in 8-bit µ-law (ITU-T G.711), and back at 16 kHz; loudest at half of full scale."""
    length = len(audio) // 2 * 2
    spectrum = np.fft.rfft(audio[:length])
    hz = np.arange(len(spectrum)) * (SAMPLE_RATE / length)
    spectrum[(hz < low_hz) | (hz > high_hz)] = 0
    narrow = np.fft.irfft(spectrum[: length // 4 + 1], length // 2)
    narrow *= 0.5 / (np.abs(narrow).max() + 1e-9)
    pressed = np.sign(narrow) * np.log1p(255 * np.abs(narrow)) / np.log(256)
    pressed = np.round(pressed * 127) / 127
    heard = np.sign(pressed) * (256 ** np.abs(pressed) - 1) / 255
    wide = np.zeros(length // 2 + 1, dtype=np.complex128)
    wide[: length // 4 + 1] = 2 * np.fft.rfft(heard)
    return np.fft.irfft(wide, length).astype(np.float32)


def _rms(audio: Audio) -> float:
    return float(np.sqrt(np.mean(np.square(audio), dtype=np.float64)))
