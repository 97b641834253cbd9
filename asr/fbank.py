"""Audio in, log-mel filterbank energies out, as Kaldi's `compute-fbank-feats` gives them without dither.

Most published speaker models, and ours, were trained on these features; a model's folder says with which parameters.
The formulas are Kaldi's (feat/feature-window.cc, feat/mel-computations.cc), written anew; nothing is smoothed over
time and no energy is added.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from asr.types import SAMPLE_RATE, Audio

WindowType: TypeAlias = Literal["hamming", "povey", "hanning"]

FRAME = 400
"""Samples of a frame: 25 ms × 16 kHz."""
HOP = 160
"""Samples from one frame to the next: 10 ms × 16 kHz."""
FFT = 512
PREEMPHASIS = 0.97
LEAST_ENERGY = float(np.finfo(np.float32).eps)
"""What a band holds at least, so that digital silence has a logarithm."""


@dataclass(frozen=True, slots=True)
class Fbank:
    """The parameters that models differ in.

    `scale` multiplies samples in [-1, 1] first: 32,768 where the model was trained on 16-bit samples. The bands
    reach from `low_hz` to `high_hz`. With `subtract_mean`, each band's mean over the stretch is taken off.
    """

    bands: int = 80
    low_hz: float = 20.0
    high_hz: float = 8_000.0
    window: WindowType = "hamming"
    scale: float = 32_768.0
    subtract_mean: bool = True

    def __call__(self, audio: Audio) -> NDArray[np.float32]:
        """float32 [frames, bands]: a frame for every 10 ms that has 25 ms of audio; shorter audio is padded to one."""
        if len(audio) < FRAME:
            audio = np.pad(audio, (0, FRAME - len(audio)))
        frames = np.lib.stride_tricks.sliding_window_view(audio, FRAME)[::HOP] * np.float32(self.scale)
        frames -= frames.mean(axis=1, keepdims=True)
        # The first sample of a frame has none before it; Kaldi takes the sample itself.
        before = np.concatenate((frames[:, :1], frames[:, :-1]), axis=1)
        frames = (frames - np.float32(PREEMPHASIS) * before) * _window(self.window)
        spectrum = np.fft.rfft(frames, FFT)[:, : FFT // 2]
        power = np.square(spectrum.real) + np.square(spectrum.imag)
        energies = np.log(np.maximum(power @ _filters(self.bands, self.low_hz, self.high_hz), LEAST_ENERGY))
        if self.subtract_mean:
            energies -= energies.mean(axis=0)
        return energies.astype(np.float32, copy=False)


@lru_cache
def _window(kind: WindowType) -> NDArray[np.float32]:
    """float32 [FRAME]."""
    turn = 2 * np.pi * np.arange(FRAME) / (FRAME - 1)
    if kind == "hamming":
        return (0.54 - 0.46 * np.cos(turn)).astype(np.float32)
    hanning = 0.5 - 0.5 * np.cos(turn)
    # Daniel Povey's window: like Hamming's, but zero at the edges.
    return np.asarray(hanning**0.85 if kind == "povey" else hanning, dtype=np.float32)


@lru_cache
def _filters(bands: int, low_hz: float, high_hz: float) -> NDArray[np.float32]:
    """Triangles of equal width on the mel scale: float32 [FFT // 2, bands]; their sides are straight in mel, not Hz."""
    edges = np.linspace(_mel(np.array(low_hz)), _mel(np.array(high_hz)), bands + 2)
    mel = _mel(np.arange(FFT // 2) * SAMPLE_RATE / FFT)[:, None]
    rising = (mel - edges[:-2]) / np.diff(edges)[:-1]
    falling = (edges[2:] - mel) / np.diff(edges)[1:]
    return np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32)


def _mel(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1127.0 * np.log(1.0 + hz / 700.0))
