"""Samples at any rate in, samples at 16 kHz out; streaming, one resampler per stream.

libsoxr's streaming resampler gives bit for bit the same output however its input is cut, so this adds no
blocks of its own. It keeps channels apart, does not mix or scale, and passes 16 kHz through untouched.
"""

from __future__ import annotations

from typing import cast

import numpy as np
import soxr
from numpy.typing import NDArray

from asr.types import SAMPLE_RATE


class Resampler:
    """float32 [n, channels] at `sample_rate` to float32 [m, channels] at 16 kHz; stateful until `flush`.

    The filter looks ahead, so a push may give fewer samples than it is worth; `flush` gives the rest and makes
    the resampler ready for new audio.
    """

    def __init__(self, sample_rate: int, channels: int) -> None:
        self._sample_rate = sample_rate
        self._channels = channels
        self._stream = (
            None
            if sample_rate == SAMPLE_RATE
            else soxr.ResampleStream(sample_rate, SAMPLE_RATE, channels, dtype="float32", quality="HQ")
        )

    def push(self, audio: NDArray[np.float32]) -> NDArray[np.float32]:
        """What can be said of the audio so far: float32 [m, channels] at 16 kHz."""
        if self._stream is None:
            return audio
        resampled = self._stream.resample_chunk(np.ascontiguousarray(audio, dtype=np.float32))
        return cast("NDArray[np.float32]", resampled)

    def flush(self) -> NDArray[np.float32]:
        """The samples that waited for what follows: float32 [m, channels] at 16 kHz."""
        nothing = np.zeros((0, self._channels), dtype=np.float32)
        if self._stream is None:
            return nothing
        tail = cast("NDArray[np.float32]", self._stream.resample_chunk(nothing, last=True))
        self.discard()
        return tail

    def discard(self) -> None:
        """Overwrite the samples that wait for what follows, and those before them; ready for new audio."""
        if self._stream is not None:
            # Through the same buffers, which libsoxr keeps; what it gives for it is silence or a stump.
            self._stream.clear()
            self._stream.resample_chunk(np.zeros((self._sample_rate, self._channels), dtype=np.float32))
            self._stream.clear()
