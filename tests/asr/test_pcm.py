"""PCM bytes to samples, with ITU-T G.711's own figures and FFmpeg's decoders as truth."""

from __future__ import annotations

from itertools import pairwise

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr.errors import UndecodableAudio, UnsupportedAudio
from asr.pcm import PcmDecoder


def decoded(encoding: str, data: bytes, channels: int = 1, cuts: tuple[int, ...] = ()) -> np.ndarray:
    decoder = PcmDecoder(encoding, 8000, channels)
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    blocks = [decoder.push(data[start:end]) for start, end in pairwise(edges)]
    return np.concatenate([*blocks, decoder.flush()])


def ffmpeg(codec: str, data: bytes) -> np.ndarray:
    context = av.CodecContext.create(codec, "r")
    context.sample_rate = 8000
    context.layout = "mono"
    return np.concatenate([frame.to_ndarray()[0] for frame in context.decode(av.Packet(data))])


def test_16_bit_samples_are_little_endian_and_full_scale_is_minus_one():
    data = np.array([0, 1, -1, 32767, -32768], dtype="<i2").tobytes()

    audio = decoded("pcm_s16le", data)

    assert audio.dtype == np.float32
    assert audio[:, 0].tolist() == [0.0, 1 / 32768, -1 / 32768, 32767 / 32768, -1.0]


def test_two_channels_are_interleaved():
    data = np.array([1, -1, 2, -2], dtype="<i2").tobytes()

    assert (decoded("pcm_s16le", data, channels=2) * 32768).tolist() == [[1.0, -1.0], [2.0, -2.0]]


def test_float_samples_louder_than_full_scale_are_clipped():
    data = np.array([0.25, 1.5, -7.0], dtype="<f4").tobytes()

    assert decoded("pcm_f32le", data)[:, 0].tolist() == [0.25, 1.0, -1.0]


@pytest.mark.parametrize(
    ("encoding", "code", "sixteen_bits"),
    [
        ("mulaw", 0x00, -32124),
        ("mulaw", 0x80, 32124),
        ("mulaw", 0xFF, 0),
        ("mulaw", 0xFE, 8),
        ("mulaw", 0xEF, 132),
        ("alaw", 0xD5, 8),
        ("alaw", 0x55, -8),
        ("alaw", 0xAA, 32256),
        ("alaw", 0x2A, -32256),
    ],
)
def test_telephone_codes_have_the_values_of_g711(encoding, code, sixteen_bits):
    assert decoded(encoding, bytes([code]))[0, 0] * 32768 == sixteen_bits


@pytest.mark.parametrize(("encoding", "codec"), [("mulaw", "pcm_mulaw"), ("alaw", "pcm_alaw")])
def test_all_256_telephone_codes_are_what_ffmpeg_makes_of_them(encoding, codec):
    codes = bytes(range(256))

    assert (decoded(encoding, codes)[:, 0] * 32768).tolist() == ffmpeg(codec, codes).tolist()


@given(
    samples=st.lists(st.integers(-32768, 32767), max_size=60),
    cuts=st.lists(st.integers(0, 240), max_size=12),
    shape=st.sampled_from([("pcm_s16le", 1), ("pcm_s16le", 2), ("mulaw", 2), ("alaw", 1)]),
)
def test_where_the_bytes_are_cut_does_not_matter(samples, cuts, shape):
    encoding, channels = shape
    data = np.array(samples * 2, dtype="<i2").tobytes()

    whole = decoded(encoding, data, channels)

    assert np.array_equal(decoded(encoding, data, channels, tuple(cuts)), whole)


def test_flush_refuses_half_a_sample_and_says_how_much_is_left():
    decoder = PcmDecoder("pcm_s16le", 16000, 2)
    assert len(decoder.push(b"\0" * 7)) == 1

    with pytest.raises(UndecodableAudio, match=r"4 bytes.*3 bytes are left over"):
        decoder.flush()


def test_after_a_refused_flush_the_decoder_begins_a_sample():
    decoder = PcmDecoder("pcm_s16le", 16000, 1)
    decoder.push(b"\x01")
    with pytest.raises(UndecodableAudio):
        decoder.flush()

    assert decoder.push(b"\x00\x40")[0, 0] == 0.5


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_floats_that_are_no_number_are_refused(bad):
    with pytest.raises(UndecodableAudio, match="not a number or infinite"):
        PcmDecoder("pcm_f32le", 16000, 1).push(np.array([0.0, bad], dtype="<f4").tobytes())


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("opus", 16000, 1), "pcm_s16le, pcm_f32le, mulaw, alaw"),
        (("mulaw", 7999, 1), "8000 to 48000"),
        (("mulaw", 48001, 1), "8000 to 48000"),
        (("mulaw", 8000, 3), "1 or 2 channels"),
        (("mulaw", 8000, 0), "1 or 2 channels"),
    ],
)
def test_what_is_not_taken_is_refused_with_what_is(arguments, named):
    with pytest.raises(UnsupportedAudio, match=named):
        PcmDecoder(*arguments)
