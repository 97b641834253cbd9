"""Audio in, what the person recording can mend out: a dead microphone, clipping, noise, a low level, one source twice.

Looks at whole seconds counted from the start of the session, so that the cut of the input does not matter, and
says each thing at most once a minute for a channel. It changes nothing and judges no words.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from asr.crosstalk import COPY_SPAN, is_copy
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

COPY_LEVEL = 10.0 ** (-45 / 20)
"""Root mean square from which two channels are compared: -45 dBFS, above the hum that one device gives to both."""

COPY_BLOCKS = 10
COPY_MEMORY = 30
"""Seconds in which both channels carried one signal, of the last so many that were loud enough to tell."""

NOISE_FRAME = SAMPLE_RATE // 50
NOISE_BLOCKS = 30
NOISE_FLOOR_PERCENTILE = 10
NOISE_SPEECH_PERCENTILE = 95
"""20 ms frames of the last 30 s: the noise is the power below which a tenth of them lie, which even a fast speaker
leaves in stops and breaths; the speech that above which a twentieth lie.

After stnr of NIST's Speech Quality Assurance package, which takes speech at the 95th percentile of 20 ms frames too.
"""

NOISE_RATIO = 10.0 ** (15 / 10)
"""Power of speech over that of the noise, below which the noise is told: 15 dB.

The loudest frames lie some 9 dB over the mean of the speech: this tells a mean of about 6 dB over the noise, from
where the recogniser mishears a third of the words of a clear voice.
"""

NOISE_AUDIBLE = 10.0 ** (-40 / 10)
"""Power of the loudest frames from which it is: -40 dBFS. A quiet room in which nobody speaks is no noise."""


class AudioHealthMonitor:
    """The sound of one session; `start` is where it is taken up.

    Keeps the begun second, and of those before it numbers alone, for half a minute. What needs more than a second
    is judged on what was heard since `start`, so a session taken up tells it up to half a minute later.
    """

    def __init__(self, channels: int, start: int = 0) -> None:
        self._channels = channels
        # Taken up within a second: that second is left out, so that all others lie where they always would.
        self._skip = -start % BLOCK
        self._at = start + self._skip
        self._rest = np.zeros((0, channels), dtype=np.float32)
        # Whether nothing was ever heard is known only to one who listened from the start.
        self._blocks_without_energy = [0 if start == 0 else None for _ in range(channels)]
        self._copies: deque[bool] = deque(maxlen=COPY_MEMORY)
        # float32 [channels, frames of a second] of each of the last seconds: powers, from which no sound can be had.
        self._powers: deque[NDArray[np.float32]] = deque(maxlen=NOISE_BLOCKS)
        self._said: dict[tuple[HealthKind, int], int] = {}

    def push(self, audio: NDArray[np.float32]) -> Sequence[AudioHealth]:
        """What the seconds completed by float32 [n, channels] more samples show."""
        skipped = min(self._skip, len(audio))
        self._skip -= skipped
        begun, heard = self._rest, np.concatenate((self._rest, audio[skipped:]))
        begun.fill(0.0)
        self._rest = heard
        found: list[AudioHealth] = []
        while len(self._rest) >= BLOCK:
            block, self._rest = self._rest[:BLOCK], self._rest[BLOCK:]
            self._at += BLOCK
            found += self._look(block)
        # Our own copy, so that no view keeps a longer stretch of audio alive.
        self._rest = self._rest.copy()
        heard.fill(0.0)
        return found

    def utterance(self, channel: int, audio: Audio, at: int) -> Sequence[AudioHealth]:
        """Whether float32 [n] of one closed utterance was too quiet; silence between utterances never is."""
        low = len(audio) > 0 and float(np.max(np.abs(audio))) < LOW_PEAK
        return self._say("low_level", channel, at) if low else ()

    def discard(self) -> int:
        """Overwrite the begun second, which is left out; what was learnt of those before it stays.

        Returns the bytes of it that are not zero afterwards.
        """
        kept = self._rest
        kept.fill(0.0)
        if len(kept):
            self._skip = BLOCK - len(kept)
            self._at += BLOCK
        self._rest = np.zeros((0, self._channels), dtype=np.float32)
        return int(np.count_nonzero(kept.view(np.uint8)))

    def _look(self, block: NDArray[np.float32]) -> list[AudioHealth]:
        """What the second float32 [16000, channels] shows, beside those before it."""
        found: list[AudioHealth] = []
        # One channel after the other: numpy adds up along a row many times as fast as down two columns.
        sound = np.ascontiguousarray(block.T)
        loud = np.abs(sound)
        peaks = loud.max(axis=1)
        for channel in range(self._channels):
            silent = self._blocks_without_energy[channel]
            if silent is not None:
                energy = peaks[channel] >= NO_ENERGY
                self._blocks_without_energy[channel] = None if energy else silent + 1
                if not energy and silent + 1 >= SILENCE_BLOCKS:
                    found += self._say("silence", channel, self._at)
            if np.count_nonzero(loud[channel] >= FULL_SCALE) >= CLIPPED:
                found += self._say("clipping", channel, self._at)
        found += self._noise(sound)
        if self._channels == 2:
            found += self._one_source(sound)
        return found

    def _noise(self, sound: NDArray[np.float32]) -> list[AudioHealth]:
        self._powers.append(np.mean(np.square(sound.reshape(self._channels, -1, NOISE_FRAME)), axis=2))
        if len(self._powers) < NOISE_BLOCKS:
            return []
        floors, tops = np.percentile(
            np.concatenate(self._powers, axis=1), (NOISE_FLOOR_PERCENTILE, NOISE_SPEECH_PERCENTILE), axis=1
        )
        noisy = (tops >= NOISE_AUDIBLE) & (tops - floors < NOISE_RATIO * floors)
        return [
            one for channel in np.flatnonzero(noisy) for one in self._say("noise", int(channel), self._at)
        ]

    def _one_source(self, sound: NDArray[np.float32]) -> Sequence[AudioHealth]:
        stretches = sound[:, : BLOCK // COPY_SPAN * COPY_SPAN].reshape(2, -1, COPY_SPAN)
        powers = np.mean(np.square(stretches), axis=2).max(axis=0)
        loudest = int(powers.argmax())
        if powers[loudest] < COPY_LEVEL**2:
            return ()
        # A pause holds each channel's own noise, so seconds that differ are no proof against those that do not.
        self._copies.append(is_copy(*stretches[:, loudest]))
        return self._say("dual_mono", 0, self._at) if sum(self._copies) >= COPY_BLOCKS else ()

    def _say(self, kind: HealthKind, channel: int, at: int) -> Sequence[AudioHealth]:
        last = self._said.get((kind, channel))
        if last is not None and at - last < AGAIN:
            return ()
        self._said[kind, channel] = at
        return (AudioHealth(kind, channel, at),)
