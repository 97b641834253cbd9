"""Audio of one session in, stretches of it out, until it is released; the only place where audio rests.

One block of memory, mapped once, addressed by position from the start of the session. Where the system allows, it
is locked into memory, so that it never reaches swap, left out of core dumps, and empty in a forked child. Released
samples are overwritten with zeros at once. Nothing is written anywhere else, and no view of the memory leaves:
`read` copies, and who reads overwrites the copy after use. This is the only file of the package that uses ctypes
and mmap.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import sys
import weakref

import numpy as np
from numpy.typing import NDArray

from asr.errors import RingOverflow
from asr.types import SAMPLE_RATE, Audio

_MADV_WIPEONFORK = 18
"""Linux 4.14 and later, madvise(2); Python's mmap does not name it."""


class AudioRing:
    """The last stretch of a session's audio, `seconds` long at most, `channels` wide.

    `start` is the first position held, `end` the next one expected; both count from the session's start. `locked`
    says whether the memory is kept out of swap: False where the limit on locked memory (RLIMIT_MEMLOCK) is too small.
    """

    def __init__(self, seconds: float, channels: int, start: int = 0) -> None:
        self._capacity = round(seconds * SAMPLE_RATE)
        memory = _mapped(ring_bytes(seconds, channels))
        self.locked = _lock(memory)
        # The array keeps the mapping alive; both go, and the lock with them, when the ring does.
        self._samples = np.frombuffer(memory, dtype=np.float32).reshape(channels, self._capacity)
        # Whoever forgets to discard it, and a process that ends in any order: overwritten before it is unmapped.
        weakref.finalize(self, self._samples.fill, 0.0)
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


def ring_bytes(seconds: float, channels: int) -> int:
    """Memory of one ring."""
    return channels * round(seconds * SAMPLE_RATE) * np.dtype(np.float32).itemsize


def lockable(size: int) -> bool:
    """Whether one more block of `size` bytes could be locked into memory now."""
    return _lock(_mapped(size))


def _mapped(size: int) -> mmap.mmap:
    """Zeros of this process alone, on pages of their own."""
    if sys.platform == "win32":
        return mmap.mmap(-1, size)
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if sys.platform == "linux":
        for advice in (mmap.MADV_DONTDUMP, _MADV_WIPEONFORK):
            try:
                memory.madvise(advice)
            except OSError:
                pass  # an older kernel; nothing here forks, and core dumps are off in the server
    return memory


def _lock(memory: mmap.mmap) -> bool:
    """Whether the system keeps these pages out of swap from now on; unmapping them unlocks them."""
    if os.name != "posix":
        return False
    try:
        mlock = ctypes.CDLL(None).mlock
    except (OSError, AttributeError):
        return False
    first = ctypes.c_char.from_buffer(memory)
    locked: int = mlock(ctypes.c_void_p(ctypes.addressof(first)), ctypes.c_size_t(len(memory)))
    return locked == 0
