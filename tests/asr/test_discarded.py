"""What decoders and resamplers keep after they were told to let go: nothing, however the stream was cut."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from compressed import compressed
from hypothesis import given, settings
from hypothesis import strategies as st

from asr.demuxer import DEMUXERS
from asr.incoming import Incoming
from asr.pcm import PcmDecoder
from asr.resampler import Resampler
from asr.ring import AudioRing

RATE = 16_000
NOISE = np.random.default_rng(3).uniform(-0.5, 0.5, (RATE, 1)).astype(np.float32)
STREAMS = {encoding: compressed(encoding, NOISE) for encoding in DEMUXERS}


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(sorted(STREAMS)), st.data())
def test_a_discarded_stream_holds_no_byte_of_it(encoding, data):
    stream = STREAMS[encoding]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), min_size=1, max_size=6)))
    incoming = Incoming(encoding, RATE if encoding == "flac" else 48_000, 1)
    for begin, end in zip([0, *cuts], cuts, strict=False):
        for _ in incoming.push(stream[begin:end]):
            pass
    pending = incoming._demuxer._pending

    assert incoming.discard() == 0
    assert len(pending) == 0
    assert incoming._decoder is None


@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000])
def test_a_discarded_resampler_gives_nothing_of_what_was_before(rate):
    resampler = Resampler(rate, 1)
    resampler.push(np.full((rate // 7, 1), 0.9, dtype=np.float32))
    resampler.discard()
    after = [resampler.push(np.zeros((rate, 1), dtype=np.float32)), resampler.flush()]

    assert not np.concatenate(after).any()


@pytest.mark.parametrize("encoding", ["mulaw", "alaw", "pcm_s16le", "pcm_f32le"])
def test_no_small_array_that_numpy_keeps_for_later_holds_sound(encoding):
    # Made without an array of that size, which numpy would keep as well.
    codes = np.random.default_rng(4).bytes(320 if encoding == "pcm_s16le" else 160)
    piece = NOISE[:160].tobytes() if encoding == "pcm_f32le" else codes
    incoming, twin = Incoming(encoding, 8_000, 1), PcmDecoder(encoding, 8_000, 1)
    for _ in range(10):
        for block in incoming.push(piece):
            block.fill(0.0)
    kept = [np.empty(160, dtype=np.float32) for _ in range(8)]

    sound = twin.push(piece)[:, 0]
    assert np.count_nonzero(sound) > 100
    assert not [one for one in kept if np.array_equal(one, sound)]


def test_a_ring_that_is_forgotten_is_overwritten():
    ring = AudioRing(0.1, 1)
    ring.write(NOISE[:500])
    samples = ring._samples
    del ring

    assert not samples.any()


def test_a_ring_is_overwritten_when_its_process_ends():
    program = """
import atexit
import numpy as np
# Of two such calls the later one is made first: this one looks after the ring's own.
atexit.register(lambda: print(int(np.count_nonzero(samples))))
from asr.ring import AudioRing
ring = AudioRing(0.1, 1)
ring.write(np.ones((500, 1), dtype=np.float32))
samples = ring._samples
print(int(np.count_nonzero(samples)))
"""
    said = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert said.stdout.split() == ["500", "0"]
