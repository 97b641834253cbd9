"""The one place where audio rests."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr.errors import RingOverflow
from asr.ring import AudioRing

CAPACITY = 1_600
SECONDS = CAPACITY / 16_000


def counted(start: int, count: int, channels: int = 1) -> np.ndarray:
    """Samples that say their own position and channel."""
    positions = np.arange(start + 1, start + count + 1, dtype=np.float32)
    return np.stack([positions + 0.25 * channel for channel in range(channels)], axis=1)


def test_what_was_written_is_read_back_by_position_and_channel():
    ring = AudioRing(SECONDS, 2)
    ring.write(counted(0, 100, 2))

    assert ring.read(1, 10, 13).tolist() == [11.25, 12.25, 13.25]
    assert ring.read(0, 5, 5).tolist() == []


@given(st.lists(st.tuples(st.integers(0, 900), st.integers(0, 900)), max_size=30))
def test_positions_hold_however_often_the_ring_goes_round(steps):
    ring = AudioRing(SECONDS, 1, start=10_000)
    for write, release in steps:
        count = min(write, ring.room)
        ring.write(counted(ring.end, count))
        ring.release(ring.start + release)

        assert (
            ring.read(0, ring.start, ring.end).tolist()
            == counted(ring.start, ring.end - ring.start)[:, 0].tolist()
        )
        assert ring.room == CAPACITY - (ring.end - ring.start)


def test_released_audio_is_overwritten_at_once():
    ring = AudioRing(SECONDS, 2)
    ring.write(counted(0, CAPACITY, 2))
    ring.release(CAPACITY - 1)

    assert np.count_nonzero(ring._samples) == 2  # the last sample of each channel
    with pytest.raises(IndexError, match="not within"):
        ring.read(0, 0, 1)


def test_released_audio_is_overwritten_across_the_seam():
    ring = AudioRing(SECONDS, 1)
    ring.write(counted(0, 1_500))
    ring.release(1_400)
    ring.write(counted(1_500, 1_000))
    ring.release(2_499)

    assert np.count_nonzero(ring._samples) == 1
    assert ring.read(0, 2_499, 2_500).tolist() == [2_500.0]


def test_a_read_is_a_copy_that_may_be_overwritten():
    ring = AudioRing(SECONDS, 1)
    ring.write(counted(0, 10))
    ring.read(0, 0, 10).fill(0.0)

    assert ring.read(0, 0, 1).tolist() == [1.0]


def test_too_much_audio_is_refused_and_nothing_of_it_is_taken():
    ring = AudioRing(SECONDS, 1)
    ring.write(counted(0, 1_000))

    with pytest.raises(RingOverflow, match="at most 600 samples, but 601"):
        ring.write(counted(1_000, 601))
    assert (ring.end, ring.room) == (1_000, 600)


def test_release_never_goes_backwards_nor_past_the_end():
    ring = AudioRing(SECONDS, 1)
    ring.write(counted(0, 100))
    ring.release(50)
    ring.release(10)
    assert ring.start == 50
    ring.release(10_000)
    assert (ring.start, ring.end) == (100, 100)


def test_audio_that_is_not_there_yet_cannot_be_read():
    with pytest.raises(IndexError, match="not within"):
        AudioRing(SECONDS, 1).read(0, 0, 1)


def test_discard_overwrites_everything_and_counts_what_is_left():
    ring = AudioRing(SECONDS, 2)
    ring.write(counted(0, 1_000, 2))

    assert ring.discard() == 0
    assert not ring._samples.any()
    assert (ring.start, ring.end, ring.room) == (1_000, 1_000, CAPACITY)


def test_discard_counts_the_memory_itself():
    class Stuck(np.ndarray):
        def fill(self, value):
            """Memory that does not take the zeros."""

    ring = AudioRing(SECONDS, 1)
    ring.write(np.full((3, 1), 1.0, dtype=np.float32))  # 1.0 is 00 00 80 3f: two bytes of four
    ring._samples = ring._samples.view(Stuck)

    assert ring.discard() == 6
