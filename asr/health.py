"""Audio in, what the person recording can mend out: a dead microphone, clipping, a low level, one mixed source.

Looks at whole seconds counted from the start of the session, so that the cut of the input does not matter, and
says each thing at most once a minute for a channel. It changes nothing and judges no words.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from asr.types import SAMPLE_RATE, Audio, AudioHealth, HealthKind

BLOCK = SAMPLE_RATE
AGAIN = 60 * SAMPLE_RATE
"""Samples before the same thing is said again."""

NO_ENERGY = 10.0 ** (-60 / 20)
"""Peak of a second in which a working microphone would have given more: -60 dBFS."""

SILENCE_BLOCKS = 30

FULL_SCALE = 0.999
CLIPPED = BLOCK // 1000
"""Samples at full scale in one second that are clipping and no single knock: 16."""

LOW_PEAK = 10.0 ** (-30 / 20)
"""Peak of a whole utterance below which words get lost in the microphone's own noise: -30 dBFS."""

SAME = 1e-4
"""Difference between two channels that carry one signal: three steps of a 16-bit sample."""

SAME_BLOCKS = 10


class AudioHealthMonitor:
    """The sound of one session; `start` is where it is taken up."""

    def __init__(self, channels: int, start: int = 0) -> None:
        self._channels = channels
        # Taken up within a second: that second is left out, so that all others lie where they always would.
        self._skip = -start % BLOCK
        self._at = start + self._skip
        self._rest = np.zeros((0, channels), dtype=np.float32)
        # Whether nothing was ever heard is known only to one who listened from the start.
        self._blocks_without_energy = [0 if start == 0 else None for _ in range(channels)]
        self._same_blocks = 0
        self._said: dict[tuple[HealthKind, int], int] = {}

    def push(self, audio: NDArray[np.float32]) -> Sequence[AudioHealth]:
        """What the seconds completed by float32 [n, channels] more samples show."""
        skipped = min(self._skip, len(audio))
        self._skip -= skipped
        self._rest = np.concatenate((self._rest, audio[skipped:]))
        found: list[AudioHealth] = []
        while len(self._rest) >= BLOCK:
            block, self._rest = self._rest[:BLOCK], self._rest[BLOCK:]
            self._at += BLOCK
            found += self._look(block)
        # Our own copy, so that no view keeps a longer stretch of audio alive.
        self._rest = self._rest.copy()
        return found

    def utterance(self, channel: int, audio: Audio, at: int) -> Sequence[AudioHealth]:
        """Whether float32 [n] of one closed utterance was too quiet; silence between utterances never is."""
        low = len(audio) > 0 and float(np.max(np.abs(audio))) < LOW_PEAK
        return self._say("low_level", channel, at) if low else ()

    def discard(self) -> None:
        """Overwrite the begun second."""
        self._rest.fill(0.0)

    def _look(self, block: NDArray[np.float32]) -> list[AudioHealth]:
        found: list[AudioHealth] = []
        loud = np.abs(block)
        peaks = loud.max(axis=0)
        for channel in range(self._channels):
            silent = self._blocks_without_energy[channel]
            if silent is not None:
                energy = peaks[channel] >= NO_ENERGY
                self._blocks_without_energy[channel] = None if energy else silent + 1
                if not energy and silent + 1 >= SILENCE_BLOCKS:
                    found += self._say("silence", channel, self._at)
            if np.count_nonzero(loud[:, channel] >= FULL_SCALE) >= CLIPPED:
                found += self._say("clipping", channel, self._at)
        if self._channels == 2 and peaks.max() >= NO_ENERGY:
            same = float(np.max(np.abs(block[:, 0] - block[:, 1]))) < SAME
            self._same_blocks = self._same_blocks + 1 if same else 0
            if self._same_blocks >= SAME_BLOCKS:
                found += self._say("dual_mono", 0, self._at)
        return found

    def _say(self, kind: HealthKind, channel: int, at: int) -> Sequence[AudioHealth]:
        last = self._said.get((kind, channel))
        if last is not None and at - last < AGAIN:
            return ()
        self._said[kind, channel] = at
        return (AudioHealth(kind, channel, at),)
