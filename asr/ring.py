"""Audio of one session in, stretches of it out, until it is released; the only place where audio rests.

One block of memory, allocated once, addressed by position from the start of the session. Released samples are
overwritten with zeros at once. Nothing is written anywhere else, and no view of the memory leaves: `read`
copies, and who reads overwrites the copy after use.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asr.errors import RingOverflow
from asr.types import SAMPLE_RATE, Audio


class AudioRing:
    """The last stretch of a session's audio, `seconds` long at most, `channels` wide.

    `start` is the first position held, `end` the next one expected; both count from the session's start.
    """

    def __init__(self, seconds: float, channels: int, start: int = 0) -> None:
        self._capacity = round(seconds * SAMPLE_RATE)
        self._samples = np.zeros((channels, self._capacity), dtype=np.float32)
        self._start = start
        self._end = start

    @property
    def channels(self) -> int:
        return int(self._samples.shape[0])

    @property
    def start(self) -> int:
        return self._start

    @property
    def end(self) -> int:
        return self._end

    @property
    def room(self) -> int:
        """Samples a channel that `write` takes before anything is released."""
        return self._capacity - (self._end - self._start)

    def write(self, audio: NDArray[np.float32]) -> None:
        """Append float32 [n, channels].

        Raises RingOverflow, and takes nothing, where n is more than `room`.
        """
        count = len(audio)
        if count > self.room:
            raise RingOverflow(
                f"Expected at most {self.room} samples, but {count} came while "
                f"{self._end - self._start} wait for their words; wait for a commit before sending more."
            )
        at = self._end % self._capacity
        first = min(count, self._capacity - at)
        self._samples[:, at : at + first] = audio[:first].T
        self._samples[:, : count - first] = audio[first:].T
        self._end += count

    def read(self, channel: int, start: int, end: int) -> Audio:
        """A copy of positions `start` to `end` of one channel: float32 [end - start].

        Raises IndexError where a position is not held: no longer, or not yet.
        """
        if not self._start <= start <= end <= self._end:
            raise IndexError(f"positions {start} to {end} are not within {self._start} to {self._end}")
        out = np.empty(end - start, dtype=np.float32)
        at = start % self._capacity
        first = min(len(out), self._capacity - at)
        out[:first] = self._samples[channel, at : at + first]
        out[first:] = self._samples[channel, : len(out) - first]
        return out

    def release(self, position: int) -> None:
        """Overwrite everything before `position` with zeros and free its place; never goes backwards."""
        position = min(position, self._end)
        if position <= self._start:
            return
        at = self._start % self._capacity
        count = position - self._start
        first = min(count, self._capacity - at)
        self._samples[:, at : at + first] = 0.0
        self._samples[:, : count - first] = 0.0
        self._start = position

    def discard(self) -> int:
        """Overwrite all of it; the bytes that are not zero afterwards, counted over the whole memory.

        The ring stays usable and goes on at the same position.
        """
        self._samples.fill(0.0)
        self._start = self._end
        return int(np.count_nonzero(self._samples.view(np.uint8)))
