"""A kind, a length and a seed in; a background sound of a room out, made with numpy alone; for tests and the bench.

None of it is speech, so every word that a recogniser finds in it is invented. The one exception is `babble`,
which is as many voices at once as the caller brings. Nothing here is read from disk, and the same arguments give
the same samples.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from asr.types import SAMPLE_RATE, Audio

NoiseKind: TypeAlias = Literal[
    "silence",
    "room",
    "hum_50",
    "hum_60",
    "keyboard",
    "music",
    "song",
    "slams",
    "coughs",
    "rain",
    "traffic",
    "breathing",
]
KINDS: tuple[NoiseKind, ...] = get_args(NoiseKind)

MIN_VOICES = 8
"""Voices from which a mixture is babble and no conversation (Simpson and Cooke, 2005: words are masked worst by 8)."""

_WINDOW = SAMPLE_RATE // 50
"""20 ms: the windows over which a level is taken."""

_Signal: TypeAlias = NDArray[np.float64]

_VOWELS = (
    ((730, 1_090, 2_440), "a"),
    ((530, 1_840, 2_480), "e"),
    ((270, 2_290, 3_010), "i"),
    ((570, 840, 2_410), "o"),
    ((300, 870, 2_240), "u"),
)
"""Mean formants of men in Hz (Peterson and Barney, 1952)."""

_CHORDS = ((0, 4, 7), (9, 12, 16), (5, 9, 12), (7, 11, 14))
"""I, vi, IV, V in semitones over the root."""

_TIMBRES = ((1.0, 0.5, 0.25, 0.12, 0.06), (1.0, 0.0, 0.6, 0.0, 0.4, 0.0, 0.2), (1.0, 0.9, 0.8, 0.7, 0.5, 0.4))
"""Amplitudes of the partials: plucked, reed, bowed."""


def noise(kind: NoiseKind, seconds: float, seed: int = 0) -> Audio:
    """float32 [n] at 16 kHz in [-1, 1], at -20 dBFS as `at_level` counts; "silence" is digital silence.

    Raises ValueError for a kind that is not in `KINDS`.
    """
    if kind not in KINDS:
        raise ValueError(
            f"expected one of {', '.join(KINDS)}, but it is {kind!r}; babble has its own function"
        )
    samples = round(seconds * SAMPLE_RATE)
    if kind == "silence" or samples == 0:
        return np.zeros(samples, dtype=np.float32)
    # A generator for each kind, so that a new one among them changes none of the others.
    rng = np.random.default_rng([seed, *kind.encode()])
    return at_level(_MAKERS[kind](samples, rng).astype(np.float32), -20.0)


def babble(voices: Sequence[Audio], seconds: float, seed: int = 0) -> Audio:
    """float32 [n] at -20 dBFS: all voices at once, each equally loud, repeated from a random place on.

    Raises ValueError for fewer than 8 voices, or one without any sound.
    """
    if len(voices) < MIN_VOICES:
        raise ValueError(
            f"expected at least {MIN_VOICES} voices, but {len(voices)} came; fewer can be understood"
        )
    rng = np.random.default_rng(seed)
    samples = round(seconds * SAMPLE_RATE)
    mixed = np.zeros(samples, dtype=np.float64)
    for voice in voices:
        level = float(np.sqrt(np.mean(np.square(voice, dtype=np.float64)))) if len(voice) else 0.0
        if level == 0.0:
            raise ValueError("expected voices with sound in them, but one is silent; leave it out")
        repeated = np.roll(voice, int(rng.integers(len(voice))))
        mixed += np.resize(repeated, samples) / level
    return at_level(mixed.astype(np.float32), -20.0)


def at_level(audio: Audio, dbfs: float) -> Audio:
    """The same sound at `dbfs` decibels of full scale, clipped to [-1, 1].

    The level is the root mean square of the loudest twentieth of the sound's 20 ms windows: that of a steady
    sound as a whole, and that of the clicks and not of the pauses of one that is not.
    """
    now = level_of(audio)
    gain = 10.0 ** (dbfs / 20) / now if now > 0.0 else 0.0
    louder: Audio = np.clip(audio * np.float32(gain), -1.0, 1.0)
    return louder


def level_of(audio: Audio) -> float:
    """Root mean square of the loudest twentieth of the 20 ms windows, as `at_level` counts; 0.0 for silence."""
    if len(audio) < _WINDOW:
        return float(np.sqrt(np.mean(np.square(audio, dtype=np.float64)))) if len(audio) else 0.0
    windows = audio[: len(audio) // _WINDOW * _WINDOW].reshape(-1, _WINDOW)
    powers = np.sort(np.mean(np.square(windows, dtype=np.float64), axis=1))
    return float(np.sqrt(np.mean(powers[-max(1, len(powers) // 20) :])))


def _shaped(samples: int, rng: np.random.Generator, gain: Callable[[_Signal], _Signal]) -> _Signal:
    """Gaussian noise whose spectrum has `gain` as a function of the frequency in Hz; root mean square 1."""
    spectrum = np.fft.rfft(rng.standard_normal(samples))
    frequencies = np.fft.rfftfreq(samples, 1 / SAMPLE_RATE).astype(np.float64)
    out: _Signal = np.fft.irfft(spectrum * gain(frequencies), samples)
    return out / max(float(np.sqrt(np.mean(out**2))), 1e-12)


def _band(low: float, high: float) -> Callable[[_Signal], _Signal]:
    return lambda f: ((f >= low) & (f <= high)).astype(np.float64)


def _formants(centres: Sequence[float], width: float = 120.0) -> Callable[[_Signal], _Signal]:
    """Resonances at `centres` Hz, each half as loud as the one before."""

    def gain(f: _Signal) -> _Signal:
        out = np.full_like(f, 0.003)
        for index, centre in enumerate(centres):
            out += 0.5**index / (1.0 + ((f - centre) / width) ** 2)
        return out

    return gain


def _steps(samples: int, rng: np.random.Generator, least: float, most: float) -> list[int]:
    """Starts of events, apart by a random `least` to `most` seconds."""
    starts: list[int] = []
    at = rng.uniform(0, most)
    while at * SAMPLE_RATE < samples:
        starts.append(int(at * SAMPLE_RATE))
        at += rng.uniform(least, most)
    return starts


def _add(out: _Signal, start: int, sound: _Signal) -> None:
    """Add `sound` at `start`, as much of it as fits."""
    fits = min(len(sound), len(out) - start)
    out[start : start + fits] += sound[:fits]


def _decay(samples: int, seconds: float) -> _Signal:
    """1 falling to 1/e in `seconds`."""
    return np.exp(-np.arange(samples) / (seconds * SAMPLE_RATE))


def _room(samples: int, rng: np.random.Generator) -> _Signal:
    # Ventilation: falls by 5 dB an octave, as measured spectra of occupied rooms do (Hoth, 1941).
    return _shaped(samples, rng, lambda f: (np.maximum(f, 30.0) / 30.0) ** -0.83)


def _hum(mains: float) -> Callable[[int, np.random.Generator], _Signal]:
    def make(samples: int, rng: np.random.Generator) -> _Signal:
        t = np.arange(samples) / SAMPLE_RATE
        # The net's frequency is never exact, and what rectifiers add are the harmonics.
        phase = 2 * np.pi * (mains * t + 0.02 * np.sin(2 * np.pi * 0.05 * t))
        out = np.zeros(samples)
        for harmonic in range(1, 21):
            weight = (1.0 if harmonic % 2 else 0.5) / harmonic
            out += weight * np.sin(harmonic * phase + rng.uniform(0, 2 * np.pi))
        return out

    return make


def _keyboard(samples: int, rng: np.random.Generator) -> _Signal:
    """Bursts of strokes: a click when the key lands, a softer one when it comes up."""
    out = np.zeros(samples)
    length = SAMPLE_RATE // 25
    for burst in _steps(samples, rng, 1.0, 6.0):
        at = burst
        for _ in range(int(rng.integers(3, 25))):
            body = _formants((rng.uniform(900, 1_600), rng.uniform(2_500, 5_000)), 500.0)
            click = _shaped(length, rng, body) * _decay(length, 0.004)
            if at < samples:
                _add(out, at, click * rng.uniform(0.5, 1.0))
            up = at + int(rng.uniform(0.06, 0.11) * SAMPLE_RATE)
            if up < samples:
                _add(out, up, click[::-1][: length // 2] * 0.2 + click[: length // 2] * 0.3)
            at += int(rng.uniform(0.07, 0.3) * SAMPLE_RATE)
    return out + 0.002 * _room(samples, rng)


def _note(pitch: float, samples: int, partials: Sequence[float], vibrato: float) -> _Signal:
    """A tone of `pitch` Hz with its overtones below 7 kHz."""
    t = np.arange(samples) / SAMPLE_RATE
    phase = 2 * np.pi * pitch * t + vibrato * np.sin(2 * np.pi * 5.5 * t)
    out = np.zeros(samples)
    for order, amplitude in enumerate(partials, start=1):
        if amplitude and order * pitch < 7_000:
            out += amplitude * np.sin(order * phase)
    return out


def _music(samples: int, rng: np.random.Generator) -> _Signal:
    """Chords, a melody over them and a brushed beat; the timbre changes every four chords."""
    out = np.zeros(samples)
    root = 130.8 * 2 ** (rng.integers(0, 7) / 12)
    beat = round(60 / rng.uniform(70, 120) * SAMPLE_RATE)
    fade = np.minimum(1.0, np.arange(4 * beat) / (0.02 * SAMPLE_RATE))
    for number, at in enumerate(range(0, samples, 4 * beat)):
        chord = _CHORDS[number % 4]
        timbre = _TIMBRES[number // 4 % 3]
        plucked = timbre is _TIMBRES[0]
        for step in chord:
            tone = _note(root * 2 ** (step / 12), 4 * beat, timbre, 0.0) * fade
            _add(out, at, 0.3 * tone * (_decay(4 * beat, 0.8) if plucked else fade[::-1]))
        for quarter in range(0, 4 * beat, beat):
            step = chord[rng.integers(3)] + 12
            if at + quarter < samples:
                tone = _note(root * 2 ** (step / 12), beat, timbre, 0.0 if plucked else 0.3)
                _add(out, at + quarter, 0.5 * tone * fade[:beat] * _decay(beat, 0.4))
                brush = _shaped(beat // 2, rng, _band(3_000, 7_900)) * _decay(beat // 2, 0.03)
                _add(out, at + quarter, 0.1 * brush)
    return out


def _song(samples: int, rng: np.random.Generator) -> _Signal:
    """A hummed melody: a glottal tone with vibrato through the formants of a vowel for each note; no word."""
    out = np.zeros(samples)
    root = rng.uniform(110, 220)
    at = 0
    while at < samples:
        length = int(rng.uniform(0.3, 1.2) * SAMPLE_RATE)
        pitch = root * 2 ** (float(rng.choice((0, 2, 4, 5, 7, 9, 12))) / 12)
        centres, _ = _VOWELS[rng.integers(len(_VOWELS))]
        orders = np.arange(1.0, int(4_000 / pitch) + 1)
        # A glottal pulse falls by 12 dB an octave, and the lips give 6 back.
        partials = _formants(centres, 90.0)(orders * pitch) / orders
        edge = np.minimum(1.0, np.arange(length) / (0.05 * SAMPLE_RATE))
        tone = _note(pitch, length, partials.tolist(), 0.25) * edge * edge[::-1]
        _add(out, at, tone / max(float(np.sqrt(np.mean(tone**2))), 1e-12))
        at += length + int(rng.choice((0.0, 0.05, 0.8), p=(0.6, 0.3, 0.1)) * SAMPLE_RATE)
    return out


def _slams(samples: int, rng: np.random.Generator) -> _Signal:
    """Doors, each with the room's echo of it."""
    out = 0.001 * _room(samples, rng)
    length = SAMPLE_RATE
    for at in _steps(samples, rng, 4.0, 20.0):
        thud = _shaped(length, rng, _formants((70.0, 180.0, 600.0), 80.0)) * _decay(length, 0.06)
        rattle = _shaped(length, rng, _band(300, 4_000)) * _decay(length, 0.02)
        echo = _shaped(length, rng, _band(80, 2_000)) * _decay(length, 0.2)
        _add(out, at, thud + 0.4 * rattle + 0.1 * echo)
    return out


def _coughs(samples: int, rng: np.random.Generator) -> _Signal:
    """One to four bursts through a throat, each ending in a short voiced sound."""
    out = 0.001 * _room(samples, rng)
    for first in _steps(samples, rng, 4.0, 15.0):
        at = first
        for _ in range(int(rng.integers(1, 5))):
            length = int(rng.uniform(0.2, 0.35) * SAMPLE_RATE)
            burst = _shaped(length, rng, _formants((650.0, 1_300.0, 2_600.0), 300.0)) * _decay(length, 0.07)
            voiced = _note(rng.uniform(90, 250), length, [1 / k for k in range(1, 13)], 0.0)
            tail = voiced * np.hanning(length) * 0.3
            if at < samples:
                _add(out, at, burst + tail)
            at += int(rng.uniform(0.3, 0.6) * SAMPLE_RATE)
    return out


def _rain(samples: int, rng: np.random.Generator) -> _Signal:
    """Steady hiss and single drops on a pane."""
    out = _shaped(samples, rng, lambda f: np.clip(f / 1_000, 0.1, 1.0))
    length = SAMPLE_RATE // 50
    for at in _steps(samples, rng, 0.01, 0.15):
        drop = _note(rng.uniform(1_000, 5_000), length, (1.0,), 0.0) * _decay(length, 0.003)
        _add(out, at, drop * rng.uniform(0.5, 3.0))
    return out


def _traffic(samples: int, rng: np.random.Generator) -> _Signal:
    """Cars that come and go, and now and then a horn."""
    out = 0.3 * _shaped(samples, rng, _band(20, 300))
    for at in _steps(samples, rng, 2.0, 8.0):
        length = int(rng.uniform(3, 7) * SAMPLE_RATE)
        tyres = _shaped(length, rng, lambda f: 1.0 / (1.0 + (f / 700.0) ** 2))
        engine = _note(rng.uniform(40, 90), length, [1 / k for k in range(1, 10)], 1.0)
        _add(out, at, (tyres + 0.4 * engine) * np.hanning(length) ** 2 * rng.uniform(0.5, 1.5))
    for at in _steps(samples, rng, 20.0, 60.0):
        length = int(rng.uniform(0.3, 1.2) * SAMPLE_RATE)
        horn = _note(400.0, length, _TIMBRES[2], 0.0) + _note(500.0, length, _TIMBRES[2], 0.0)
        _add(out, at, 0.7 * horn)
    return out


def _breathing(samples: int, rng: np.random.Generator) -> _Signal:
    """In through the nose, out through the mouth, some sixteen times a minute, close to the microphone."""
    out = 0.002 * _room(samples, rng)
    at = 0
    while at < samples:
        for centres, seconds, loud in (((1_600.0, 3_200.0), 1.2, 0.6), ((700.0, 1_500.0), 1.5, 1.0)):
            length = int(seconds * rng.uniform(0.8, 1.2) * SAMPLE_RATE)
            if at < samples:
                breath = _shaped(length, rng, _formants(centres, 500.0)) * np.hanning(length)
                _add(out, at, breath * loud)
            at += length + int(rng.uniform(0.1, 0.8) * SAMPLE_RATE)
    return out


_MAKERS: dict[NoiseKind, Callable[[int, np.random.Generator], _Signal]] = {
    "room": _room,
    "hum_50": _hum(50.0),
    "hum_60": _hum(60.0),
    "keyboard": _keyboard,
    "music": _music,
    "song": _song,
    "slams": _slams,
    "coughs": _coughs,
    "rain": _rain,
    "traffic": _traffic,
    "breathing": _breathing,
}
