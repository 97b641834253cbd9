"""Readers in, dialogues of theirs out, with who said which word when: what the diarization bench plays.

Each reader has about 14 s, so pieces are used again in longer dialogues, never at the same cut and level. All
voices of a dialogue go through one simulated room and microphone, for a session has one: what tells them apart is
the voice, and whatever of the reader's own recording is left under it. Nobody's words are known, so a voice's
speech is cut into pseudo words of equal length. Turns, pauses, overlaps and back-channels are drawn as therapy has
them: the first voice asks briefly, the others tell at length. Everything follows from a seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from asr.decoder import decode
from asr.types import SAMPLE_RATE, Audio, SpeakerTurn, Word

READERS = Path("speakers/librispeech_train-clean-100")
GENDERS = Path("speakers/SPEAKERS.TXT")
HELD_OUT_EVERY = 5
"""Readers whose number is a multiple of this are for measuring only; nothing is trained or tuned on them."""

LEVEL = 0.05
"""Root mean square of a voice: -26 dBFS, a person at a table microphone."""
WORD = 0.3
"""Seconds of a pseudo word: 200 words a minute of speech, pauses not counted."""
BRIDGED = 0.5
"""Seconds of silence within a turn that still count as the speaker's, as a transcriber marks turns."""
AUDIBLE = 10.0 ** (-30 / 20)
"""Level, over a voice's loud frames, from which a frame of 10 ms is speech."""

CONDITIONS = ("clean", "10 dB", "8 kHz")


@dataclass(frozen=True, slots=True)
class Spoken:
    """A session and its truth: `audio` float32 [n, channels] at 16 kHz, and (speaker, channel, word) in order."""

    name: str
    audio: NDArray[np.float32]
    words: tuple[tuple[str, int, Word], ...]
    one_gender: bool = False
    leaks: bool = False
    """Whether each channel also holds the other's voice."""

    @property
    def seconds(self) -> float:
        return len(self.audio) / SAMPLE_RATE

    @property
    def speakers(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(speaker for speaker, _, _ in self.words))

    @property
    def turns(self) -> tuple[SpeakerTurn, ...]:
        return joined([(speaker, word.start, word.end) for speaker, _, word in self.words])


def joined(stretches: Sequence[tuple[str, float, float]]) -> tuple[SpeakerTurn, ...]:
    """(speaker, start, end) as turns; what one speaker says with less than `BRIDGED` between is one turn."""
    turns: list[SpeakerTurn] = []
    last: dict[str, int] = {}
    for speaker, start, end in sorted(stretches, key=lambda one: one[1]):
        index = last.get(speaker)
        if index is not None and start - turns[index].end < BRIDGED:
            before = turns[index]
            turns[index] = SpeakerTurn(speaker, before.start, max(before.end, end))
        else:
            last[speaker] = len(turns)
            turns.append(SpeakerTurn(speaker, start, end))
    return tuple(turns)


def readers(data: Path, *, held_out: bool) -> list[Path]:
    """The recordings of readers who are held out for measuring, or of all others."""
    return sorted(
        path for path in (data / READERS).glob("*.flac") if (_number(path) % HELD_OUT_EVERY == 0) == held_out
    )


def _number(path: Path) -> int:
    return int(path.stem.partition("-")[0])


@cache
def _genders(data: Path) -> dict[int, str]:
    lines = (data / GENDERS).read_text(encoding="utf-8").splitlines()
    rows = [line.split("|") for line in lines if line and not line.startswith(";")]
    return {int(row[0]): row[1].strip() for row in rows}


@cache
def _voice(path: Path) -> tuple[Audio, NDArray[np.bool_]]:
    """A reader's audio at `LEVEL`, and for each frame of 10 ms whether it is speech."""
    with path.open("rb") as file:
        audio = np.concatenate(list(decode(file).blocks))[:, 0]
    audio = (LEVEL * audio / np.sqrt(np.mean(audio**2))).astype(np.float32)
    frames = len(audio) // 160
    level = np.sqrt(np.mean(audio[: frames * 160].reshape(frames, 160) ** 2, axis=1))
    speech = level > AUDIBLE * np.percentile(level, 95)
    return audio, np.asarray(speech, dtype=np.bool_)


class _Scene:
    """A dialogue as it is laid out: pieces of voices added where they are said."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.pieces: list[tuple[int, int, Audio]] = []
        self.words: list[tuple[str, int, Word]] = []

    def say(self, path: Path, channel: int, at: float, seconds: float, gain_db: float = 0.0) -> float:
        """Add about `seconds` of a reader's voice at `at`; when it ends."""
        audio, speech = _voice(path)
        length = min(round(seconds * 100), len(speech) - 20)
        begin = int(self.rng.integers(0, len(speech) - length))
        # Begin and end in speech: a piece that starts with a breath would be a pause nobody made.
        begin = begin + int(speech[begin : begin + length].argmax())
        end = begin + length - int(speech[begin : begin + length][::-1].argmax())
        piece = audio[begin * 160 : end * 160] * np.float32(10.0 ** ((gain_db + self.rng.normal(0, 2)) / 20))
        ramp = np.minimum(1.0, np.arange(len(piece)) / 160).astype(np.float32)
        start = round(at * SAMPLE_RATE)
        self.pieces.append((start, channel, piece * ramp * ramp[::-1]))
        self.words += [
            (path.stem.partition("-")[0], channel, word)
            for word in _pseudo_words(speech[begin:end], start / SAMPLE_RATE)
        ]
        return start / SAMPLE_RATE + len(piece) / SAMPLE_RATE

    def audio(self, seconds: float, channels: int) -> NDArray[np.float32]:
        """float32 [n, channels]."""
        mixed = np.zeros((round(seconds * SAMPLE_RATE), channels), dtype=np.float32)
        for start, channel, piece in self.pieces:
            stop = min(len(mixed), start + len(piece))
            mixed[start:stop, channel] += piece[: stop - start]
        return mixed


def _pseudo_words(speech: NDArray[np.bool_], at: float) -> list[Word]:
    """Words of about `WORD` seconds over the speech of a piece; silence of over 0.2 s is between words."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], speech, [False]]).astype(np.int8)))
    spans: list[list[int]] = []
    for begin, end in edges.reshape(-1, 2).tolist():
        if spans and begin - spans[-1][1] <= 20:
            spans[-1][1] = end
        else:
            spans.append([begin, end])
    words = []
    for begin, end in spans:
        count = max(1, round((end - begin) / 100 / WORD))
        cuts = np.linspace(begin, end, count + 1) / 100 + at
        words += [Word("w", start, stop, 1.0) for start, stop in pairwise(cuts.tolist())]
    return words


def dialogue(
    data: Path,
    *,
    seed: int,
    seconds: float,
    speakers: int,
    held_out: bool,
    one_gender: bool | None = None,
    channel_of: tuple[int, ...] = (),
) -> Spoken:
    """A dry dialogue of `speakers` readers, the first of them asking; `heard` puts it into a room.

    `one_gender` true takes readers of one gender, false of both, None whoever comes. `channel_of` says on which
    channel each of them is; nothing, that all are on one.
    """
    channel_of = channel_of or (0,) * speakers
    rng = np.random.default_rng([seed, speakers])
    voices = _cast(data, rng, speakers, held_out=held_out, one_gender=one_gender)
    scene = _Scene(rng)
    at, who = 0.6, 0
    while at < seconds - 4:
        long = who != 0
        # Log-normal, as turns are: a question of about 4 s, an answer of about 9 s, now and then half a minute.
        length = float(np.clip(rng.lognormal(np.log(9.0 if long else 4.0), 0.7), 1.0, 40.0))
        begin = at
        while length > 0 and at < seconds - 2:
            piece = min(length, float(rng.uniform(4, 10)))
            at = scene.say(voices[who], channel_of[who], at, max(piece, 1.0)) + float(rng.gamma(2.0, 0.2))
            length -= piece
        listeners = [one for one in range(speakers) if one != who]
        for _ in range(rng.poisson((at - begin) / 12) if listeners else 0):
            # "Mm-hm": half of them lie in a pause of the other's, as far as there are any, half over the voice.
            moment = float(rng.uniform(begin + 1, max(begin + 1.1, at - 1)))
            listener = int(rng.choice(listeners))
            scene.say(voices[listener], channel_of[listener], moment, float(rng.uniform(0.3, 0.6)), -6.0)
        if listeners:
            who = int(rng.choice(listeners)) if who == 0 or speakers == 2 or rng.random() < 0.4 else 0
        overlaps = bool(listeners) and rng.random() < 0.15
        at += -float(rng.uniform(0.4, 1.2)) if overlaps else float(rng.gamma(2.0, 0.4))
    words = sorted(scene.words, key=lambda one: one[2].start)
    words = [one for one in words if one[2].end < seconds]
    genders = {_genders(data).get(_number(path), "") for path in voices}
    name = f"{speakers} voices, {seconds / 60:.0f} min, seed {seed}"
    audio = scene.audio(seconds, max(channel_of) + 1)
    return Spoken(name, audio, tuple(words), len(genders) == 1)


def _cast(
    data: Path, rng: np.random.Generator, speakers: int, *, held_out: bool, one_gender: bool | None
) -> list[Path]:
    everyone = readers(data, held_out=held_out)
    of = _genders(data)
    while True:
        chosen = [everyone[index] for index in rng.choice(len(everyone), speakers, replace=False)]
        alike = len({of.get(_number(path), "") for path in chosen}) == 1
        if one_gender is None or alike == one_gender:
            return chosen


def heard(spoken: Spoken, condition: str, *, seed: int, leak_db: float | None = None) -> Spoken:
    """The same through one room and one kind of microphone: clean (30 dB over the noise), in noise, or a telephone.

    With two channels `leak_db` is how loud each voice comes in the other's microphone, 20 ms late; None not at all.
    """
    rng = np.random.default_rng([seed, 77])
    room, colour = _room(rng), _noise_colour(rng)
    dry = spoken.audio.T.astype(np.float64)
    wet = np.stack([_filtered(channel, room) for channel in dry])
    level = np.sqrt(np.mean(wet[np.abs(wet) > 1e-4] ** 2))
    if leak_db is not None:
        leaks = [np.roll(_filtered(channel, _room(rng)), SAMPLE_RATE // 50) for channel in wet]
        wet += 10.0 ** (leak_db / 20) * np.stack(leaks[::-1])
    noise_db = 10.0 if condition == "10 dB" else 30.0
    for channel in wet:
        hiss = _filtered(rng.standard_normal(len(channel)), colour)
        channel += hiss * level * 10.0 ** (-noise_db / 20) / np.sqrt(np.mean(hiss**2))
    wet *= LEVEL / level
    if condition == "8 kHz":
        wet = np.stack([_telephone(channel) for channel in wet])
    audio = np.ascontiguousarray(np.clip(wet, -1, 1).T.astype(np.float32))
    return Spoken(f"{spoken.name}, {condition}", audio, spoken.words, spoken.one_gender, leak_db is not None)


def _telephone(audio: NDArray[np.float64]) -> NDArray[np.float64]:
    """Through 8 kHz and µ-law and back, same length."""
    back = soxr.resample(_mu_law(soxr.resample(audio, SAMPLE_RATE, 8_000)), 8_000, SAMPLE_RATE)
    return np.asarray(np.pad(back, (0, max(0, len(audio) - len(back))))[: len(audio)])


def _room(rng: np.random.Generator) -> NDArray[np.float64]:
    """A room of 0.2 to 0.5 s reverberation 3 to 9 dB under the voice, and the microphone's own response."""
    t = np.arange(round(0.5 * SAMPLE_RATE)) / SAMPLE_RATE
    tail = rng.standard_normal(len(t)) * np.exp(-6.9 * t / rng.uniform(0.2, 0.5)) * (t > 0.002)
    tail *= 10.0 ** (-rng.uniform(3, 9) / 20) / np.sqrt(np.sum(tail**2))
    tail[0] = 1.0
    frequencies = np.fft.rfftfreq(len(tail), 1 / SAMPLE_RATE)
    knots = np.array([0, 100, 300, 1_000, 3_000, 8_000])
    response_db = np.interp(frequencies, knots, np.concatenate([[-20], rng.uniform(-4, 4, 5)]))
    spectrum = np.fft.rfft(tail) * 10.0 ** (response_db / 20)
    return np.fft.irfft(spectrum, len(tail))


def _noise_colour(rng: np.random.Generator) -> NDArray[np.float64]:
    """A filter that makes white noise that of a room: falling 3 to 9 dB an octave above 100 Hz."""
    frequencies = np.fft.rfftfreq(1_024, 1 / SAMPLE_RATE)
    slope = rng.uniform(3, 9) / 6.02
    return np.fft.fftshift(np.fft.irfft(np.maximum(frequencies, 100.0) ** -slope, 1_024))


def _filtered(audio: NDArray[np.float64], response: NDArray[np.float64]) -> NDArray[np.float64]:
    """Convolution in blocks, so that an hour takes little memory; same length as `audio`."""
    block = 1 << 16
    size = 1 << (block + len(response)).bit_length()
    spectrum = np.fft.rfft(response, size)
    out = np.zeros(len(audio) + size)
    for begin in range(0, len(audio), block):
        out[begin : begin + size] += np.fft.irfft(
            np.fft.rfft(audio[begin : begin + block], size) * spectrum, size
        )
    return out[: len(audio)]


def _mu_law(audio: NDArray[np.float64]) -> NDArray[np.float64]:
    """What is left of audio in [-1, 1] behind ITU-T G.711's µ-law with its 256 steps."""
    squeezed = np.sign(audio) * np.log1p(255.0 * np.minimum(1.0, np.abs(audio))) / np.log(256.0)
    steps = np.round(squeezed * 127.5 - 0.5) + 0.5
    return np.sign(steps) * np.expm1(np.abs(steps / 127.5) * np.log(256.0)) / 255.0
