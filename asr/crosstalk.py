"""Two channels' newest audio in; whether what one of them hears is only the other person's voice out.

Each person has a microphone, and each microphone also hears the other person: later, quieter and through the
room. Or a device has put one signal on both channels. Both questions are answered from the last third of a second
alone, so an answer depends on nothing that lies further back. Nothing is taken out of the audio: where one's own
voice is there as well, the answer is no.

What crosstalk is, and that its level beside the other channel's betrays it: Wrigley, Brown, Wan and Renals, Speech
and Crosstalk Detection in Multichannel Audio, IEEE Trans. Speech and Audio Processing 13 (2005).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asr.types import SAMPLE_RATE, Audio

_HOP = 256
_FRAME = 2 * _HOP
"""Frames of 32 ms every 16 ms."""

_NEWEST = 4
"""Frames that are explained: the last 80 ms."""

_LAGS = 20
"""Frames that the other's voice may come later: 320 ms, which is 250 ms of way and the room's first echoes."""

REACH = (_NEWEST + _LAGS + 1) * _HOP
"""Samples that `is_leak` looks back: 400 ms."""

UNKNOWN = 20 * _HOP
"""Samples, 320 ms, below which a leak that comes late cannot be told yet.

That is the padding of an utterance: where the segmenter begins anew in silence nothing was said in the first 320 ms.
Where it begins in the middle of speech, at a cut or at the start, only loudness is left to go by.
"""

_LOUDEST_LEAK = 10.0 ** (-7 / 10)
"""Power of a leak over that of the voice where it is spoken, at most: -7 dB.

A leak of -10 dB comes louder in the bands that the room favours.
"""

_OWN = 0.12
"""Share of the power that no leak explains from which somebody speaks here.

Measured: of the windows that hold a leak of -10 to -20 dB, 0 to 250 ms late, in a room of 0.3 s, at most 5 in 100
have more (synthetic speech). Of one's own speech over another's that is as loud, or 3, 6 and 10 dB louder, 2, 4, 9
and 20 in 100 windows have less (20 pairs of LibriSpeech). What is missed is shorter than an onset, and the gaps are
shorter than the pause that ends an utterance.
"""

_EDGES = np.array([3, 5, 7, 9, 11, 13, 16, 19, 22, 26, 30, 35, 41, 48, 57, 68, 82, 100, 125])
"""First bins, 31.25 Hz each, of 18 bands from 94 Hz to 3.9 kHz, about as wide as the ear's."""

_WINDOW = np.hanning(_FRAME).astype(np.float32)

COPY_SPAN = 4_096
"""Samples that are compared for sameness: 256 ms, in which no two people keep the same pitch."""

_COPY_LAG = SAMPLE_RATE // 100
"""10 ms by which one of two channels of one signal may come later."""

_COPY = 0.85
"""Correlation from which two channels carry one signal: with noise of their own 11 dB below it.

Of 535 stretches in which two people of LibriSpeech read at once, equally loud, none had more than 0.39.
"""

_COPY_GAIN = 10.0 ** (8 / 10)
"""Power of one channel over the other's up to which they can be one signal: 8 dB. Beyond, the quieter is a leak."""

_COPY_LOOK = 100.0
"""Power ratio, 20 dB with hum and all, beyond which they are not even compared."""

_COPY_BAND = (150, 3_500)
"""Hz that are compared: hum is the same on both channels, whoever speaks."""


def is_leak(own: Audio, other: Audio) -> bool:
    """Whether the last 80 ms of `own` hold nothing but what `other` heard up to a quarter of a second before.

    Both are float32 [n] at 16 kHz that end at the same sample; of more than `REACH` the last samples are looked at.
    With fewer than `UNKNOWN` samples the answer is yes wherever the other is loud enough. No for a voice of one's
    own down to about 6 dB below the other's, and for any voice while the other is silent. Two equal channels are no
    leak of each other, but a copy.

    Raises ValueError for two lengths.
    """
    _check(own, other)
    if len(own) < UNKNOWN:
        return _LOUDEST_LEAK * _loudest(other) >= (1.0 - _OWN) * _loudest(own[-_FRAME:])
    hops = min(len(own), REACH) // _HOP
    mine = _band_powers(own[-(_NEWEST + 1) * _HOP :])
    total = float(mine.sum())
    if total == 0.0:
        return True
    heard = other[-hops * _HOP :]
    # Parseval: a frame's bands hold at most this, so where the other is silent no spectrum is needed.
    hop_energies = np.square(heard).reshape(hops, _HOP).sum(axis=1)
    most_of_a_frame = float((hop_energies[1:] + hop_energies[:-1]).max()) * _FRAME / 2
    if _LOUDEST_LEAK * _NEWEST * most_of_a_frame <= (1.0 - _OWN) * total:
        return False
    theirs = _band_powers(heard)
    # For each of the newest frames the most that the other channel had, band by band, at any lag.
    lags = len(theirs) - _NEWEST
    most = np.maximum.reduce([theirs[lag : lag + _NEWEST] for lag in range(lags + 1)])
    unexplained = float(np.maximum(mine - np.float32(_LOUDEST_LEAK) * most, 0.0).sum())
    return unexplained < _OWN * total


def is_copy(one: Audio, other: Audio) -> bool:
    """Whether both channels carry one signal, whatever its level, its noise or up to 10 ms between them.

    Both are float32 [n] at 16 kHz that end at the same sample; the last 256 ms are looked at. Silence, and less
    audio than that, is no copy.

    Raises ValueError for two lengths.
    """
    _check(one, other)
    if len(one) < COPY_SPAN:
        return False
    whole = [float(np.vdot(audio[-COPY_SPAN:], audio[-COPY_SPAN:])) for audio in (one, other)]
    if min(whole) * _COPY_LOOK < max(whole):
        return False
    size = 2 * COPY_SPAN
    low, high = (round(edge * size / SAMPLE_RATE) for edge in _COPY_BAND)
    # Zeros behind, so that what leaves at one end does not come in at the other.
    first, second = (np.fft.rfft(audio[-COPY_SPAN:], size)[low:high] for audio in (one, other))
    powers = float(np.vdot(first, first).real), float(np.vdot(second, second).real)
    if min(powers) <= 1e-12 or max(powers) > _COPY_GAIN * min(powers):
        return False
    cross = np.zeros(size // 2 + 1, dtype=np.complex64)
    cross[low:high] = first * second.conj()
    # Half of the bins are here, so the inverse counts each twice.
    correlation = np.fft.irfft(cross, size) * (size / 2) / np.sqrt(powers[0] * powers[1])
    return float(max(correlation[: _COPY_LAG + 1].max(), correlation[-_COPY_LAG:].max())) >= _COPY


def _check(one: Audio, other: Audio) -> None:
    if len(one) != len(other):
        raise ValueError(
            f"expected two stretches that begin and end at the same samples, but they have {len(one)} and {len(other)}"
        )


def _loudest(audio: Audio) -> float:
    """The power of the loudest 16 ms; 0.0 for less than that."""
    hops = audio[: len(audio) // _HOP * _HOP].reshape(-1, _HOP)
    return float(np.square(hops).mean(axis=1).max()) if len(hops) else 0.0


def _band_powers(audio: Audio) -> NDArray[np.float32]:
    """float32 [frames, bands]: the power in each band of each frame."""
    frames = np.lib.stride_tricks.sliding_window_view(audio, _FRAME)[::_HOP] * _WINDOW
    spectrum = np.fft.rfft(frames)[:, : _EDGES[-1]]
    powers: NDArray[np.float32] = np.add.reduceat(
        spectrum.real**2 + spectrum.imag**2, _EDGES[:-1], axis=1, dtype=np.float32
    )
    return powers
