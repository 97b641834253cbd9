"""Live streams cut anywhere, against FFmpeg's own reading of the whole file."""

from __future__ import annotations

import io
import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
from compressed import compressed
from hypothesis import given, settings
from hypothesis import strategies as st

from asr.container import OPUS_RATE
from asr.decoder import decode
from asr.demuxer import DEMUXERS
from asr.errors import AsrError, UndecodableAudio, UnsupportedAudio
from asr.incoming import BLOCK_SECONDS, Incoming
from asr.pcm import PcmDecoder
from asr.resampler import Resampler
from scribe.client_stream import PRE_ROLL_SECONDS

RATE = 16_000
SECONDS = 2.3


def speechlike(channels: int, rate: int = RATE) -> np.ndarray:
    """A rising tone in bursts, another in the second channel, and a little noise."""
    t = np.arange(round(rate * SECONDS)) / rate
    bursts = (np.sin(2 * np.pi * 1.7 * t) > 0) * 0.4
    noise = np.random.default_rng(3).standard_normal(len(t)) * 0.01
    tones = [bursts * np.sin(2 * np.pi * (hertz * t + 300 * t**2)) + noise for hertz in (220, 700)]
    return np.stack(tones[:channels], axis=1).astype(np.float32)


def whole(data: bytes) -> np.ndarray:
    return np.concatenate(list(decode(io.BytesIO(data)).blocks))


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


def fed(incoming: Incoming, chunks: list[bytes]) -> np.ndarray:
    blocks = [block for chunk in chunks for block in incoming.push(chunk)]
    return np.concatenate([*blocks, *incoming.flush()])


STREAMS = {
    (encoding, rate, channels): compressed(encoding, speechlike(channels, rate), rate)
    for encoding, rate in [("opus_webm", 48_000), ("opus_ogg", 48_000), ("flac", 16_000), ("flac", 44_100)]
    for channels in (1, 2)
}
WHOLE = {shape: whole(data) for shape, data in STREAMS.items()}
MONO = [("opus_webm", 48_000, 1), ("opus_ogg", 48_000, 1), ("flac", 16_000, 1)]


@given(
    shape=st.sampled_from(list(STREAMS)),
    cuts=st.lists(st.integers(0, max(map(len, STREAMS.values()))), max_size=40),
)
@settings(max_examples=120, deadline=None)
def test_any_cut_gives_sample_for_sample_what_the_whole_file_gives(shape, cuts):
    assert np.array_equal(fed(Incoming(*shape), pieces(STREAMS[shape], cuts)), WHOLE[shape])


@pytest.mark.parametrize("shape", list(STREAMS))
def test_single_bytes_give_the_same_samples_too(shape):
    data = STREAMS[shape]

    assert np.array_equal(fed(Incoming(*shape), pieces(data, list(range(len(data))))), WHOLE[shape])


@pytest.mark.parametrize("seconds", [0.03, 0.1, 1.0])
@pytest.mark.parametrize("encoding", ["opus_webm", "opus_ogg", "flac"])
def test_a_stream_that_ends_within_its_first_units_is_as_long_as_the_file(encoding, seconds):
    data = compressed(encoding, speechlike(1)[: round(seconds * RATE)])

    assert np.array_equal(fed(Incoming(encoding, RATE, 1), [data]), whole(data))


@pytest.mark.parametrize("encoding", ["opus_webm", "flac"])
def test_a_stream_of_one_packet_is_as_long_as_its_sound(encoding):
    # FFmpeg forgets the padding at the end where the delay at the beginning is in the same packet.
    data = compressed(encoding, speechlike(1)[:176])

    assert len(fed(Incoming(encoding, RATE, 1), [data])) == 176


def test_ogg_pages_as_long_as_encoders_make_them_and_packets_across_pages_are_read():
    audio = np.tile(speechlike(2, 48_000), (4, 1))
    out = compressed("opus_ogg", audio, 48_000)

    assert np.array_equal(
        fed(Incoming("opus_ogg", 48_000, 2), pieces(out, list(range(0, len(out), 97)))), whole(out)
    )


def test_a_webm_file_with_known_lengths_and_an_index_is_read_as_well():
    data = compressed("opus_webm", speechlike(1), muxer="matroska")

    assert np.array_equal(fed(Incoming("opus_webm", RATE, 1), pieces(data, [40, 300, 333])), whole(data))


@pytest.mark.parametrize("shape", list(STREAMS))
def test_the_sound_of_a_unit_is_there_when_its_last_byte_is_sent(shape):
    encoding = shape[0]
    demuxer = DEMUXERS[encoding]()
    units = [*demuxer.push(STREAMS[shape]), *demuxer.flush()]
    incoming, heard, sent = Incoming(*shape), 0, 0.0
    list(incoming.push(units[0].track.opening))
    for number, unit in enumerate(units):
        heard += sum(len(block) for block in incoming.push(unit.data))
        # Where a FLAC frame ends is known once the next has begun: one frame behind.
        whole_units = units[number] if encoding != "flac" else units[number - 1]
        sent += (
            whole_units.samples / whole_units.track.sample_rate * RATE if number or encoding != "flac" else 0
        )

        assert sent - heard < RATE * 0.05  # the resampler looks ahead


def test_pcm_goes_the_same_way():
    data = (speechlike(2, 44_100) * 32767).astype("<i2").tobytes()
    resampler = Resampler(44_100, 2)
    expected = np.concatenate(
        [resampler.push(PcmDecoder("pcm_s16le", 44_100, 2).push(data)), resampler.flush()]
    )

    assert np.array_equal(fed(Incoming("pcm_s16le", 44_100, 2), pieces(data, [400, 4_000, 4_004])), expected)


# --- pauses -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", MONO)
def test_a_stream_may_be_flushed_at_any_byte_and_go_on_where_it_was(shape):
    data, expected = STREAMS[shape], WHOLE[shape]
    first_sound = len(data) - sum(len(unit.data) for unit in DEMUXERS[shape[0]]().push(data))
    for at in range(first_sound, len(data), 61):
        incoming = Incoming(*shape)
        before = np.concatenate([fed(incoming, [data[:at]])])
        after = fed(incoming, [data[at : at + 5], data[at + 5 :]])

        # A flush ends the resampler's filter: a few milliseconds around it are not as in the uncut stream.
        joined = np.concatenate([before, after])
        assert abs(len(joined) - len(expected)) <= 1
        same = max(0, len(before) - RATE // 20)
        assert np.array_equal(joined[:same], expected[:same])
        if shape[1] == RATE:
            assert np.array_equal(joined, expected)


@pytest.mark.parametrize("shape", MONO)
def test_a_stream_may_be_flushed_within_its_header_and_before_its_first_sound(shape):
    data, expected = STREAMS[shape], WHOLE[shape]
    first_sound = data.index(next(DEMUXERS[shape[0]]().push(data)).data)
    for at in [*range(0, first_sound, 97), *range(first_sound - 3, first_sound + 20)]:
        incoming = Incoming(*shape)

        assert len(fed(incoming, [data[:at]])) == 0
        assert np.array_equal(fed(incoming, [data[at : at + 1], data[at + 1 :]]), expected)


@pytest.mark.parametrize("shape", MONO)
def test_a_stream_may_begin_anew_where_only_its_header_was_sent(shape):
    data = STREAMS[shape]
    opening = next(DEMUXERS[shape[0]]().push(data)).track.opening
    incoming = Incoming(*shape)

    assert len(fed(incoming, [opening])) == 0
    assert np.array_equal(fed(incoming, [data]), WHOLE[shape])


@pytest.mark.parametrize("noise", [b"\0", b"\xff\xf8"])
def test_after_a_flush_what_is_no_flac_is_not_kept(noise):
    data = STREAMS["flac", 16_000, 1]
    incoming = Incoming("flac", 16_000, 1)
    fed(incoming, [data])
    chunk = noise * (64 * 1024 // len(noise))
    tracemalloc.start()
    for _ in range(8):
        assert not list(incoming.push(chunk))
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()

    assert held < 128 * 1024  # of half a megabyte
    assert np.array_equal(fed(incoming, [data]), WHOLE["flac", 16_000, 1])


def test_a_flac_frame_that_broke_off_and_never_ends_is_refused_after_one_search():
    data = STREAMS["flac", 16_000, 1]
    units = list(DEMUXERS["flac"]().push(data))
    broken_off = data.index(units[2].data) + 40
    incoming = Incoming("flac", 16_000, 1)
    fed(incoming, [data[:broken_off]])

    # Begun anew with each chunk, the search would take minutes.
    with pytest.raises(UndecodableAudio, match="bytes are missing or damaged"):
        fed(incoming, [b"\xff\xf8" * 500] * 1_100)


@pytest.mark.parametrize("shape", MONO)
def test_all_that_was_sent_whole_is_heard_at_a_flush(shape):
    data, expected = STREAMS[shape], WHOLE[shape]
    incoming = Incoming(*shape)

    assert len(fed(incoming, [data])) == len(expected)
    assert sum(len(block) for block in incoming.flush()) == 0


@pytest.mark.parametrize("shape", MONO)
def test_after_a_flush_bytes_may_be_missing_and_the_next_whole_unit_is_found(shape):
    data = STREAMS[shape]
    units = list(DEMUXERS[shape[0]]().push(data))
    longest = max(unit.samples for unit in units) / units[0].track.sample_rate * RATE
    rng = np.random.default_rng(8)
    for _ in range(60):
        at, missing = int(rng.integers(len(data) // 4, len(data) // 2)), int(rng.integers(1, len(data) // 3))
        incoming = Incoming(*shape)
        before = fed(incoming, [data[:at]])
        after = fed(incoming, pieces(data[at + missing :], rng.integers(0, len(data), 6).tolist()))

        # Units that begin behind the hole, but the first: after it another must be seen.
        lost = len(data[: at + missing])
        behind, end = 0.0, len(data)
        for unit in reversed(units):
            end -= len(unit.data)
            if end < lost:
                break
            behind += unit.samples / unit.track.sample_rate * RATE
        assert behind - longest - 2 <= len(after) <= behind + longest + 2
        assert np.isfinite(before).all()


@pytest.mark.parametrize("shape", MONO)
@pytest.mark.parametrize("broken_off", [0, 37])
def test_after_a_flush_a_stream_may_begin_anew_with_its_header(shape, broken_off):
    data, expected = STREAMS[shape], WHOLE[shape]
    incoming = Incoming(*shape)
    first = fed(incoming, [data[: len(data) - broken_off]])

    again = fed(incoming, pieces(data, [1, 2, 3, 50, 900]))

    assert len(first) > len(expected) * 0.8
    assert np.array_equal(again, expected)


@pytest.mark.parametrize("shape", MONO[:2])
def test_a_new_recorder_may_follow_without_a_word(shape):
    data, expected = STREAMS[shape], WHOLE[shape]

    audio = fed(Incoming(*shape), pieces(data + data, [100, 5_000, len(data) + 1]))

    assert np.array_equal(audio, np.concatenate([expected, expected]))


# --- a stream taken up in its middle ----------------------------------------------------------------------


@pytest.mark.parametrize("shape", MONO)
def test_a_stream_cut_at_a_unit_goes_on_with_its_opening_where_its_samples_say(shape):
    data, expected = STREAMS[shape], WHOLE[shape]
    demuxer = DEMUXERS[shape[0]]()
    units = [*demuxer.push(data), *demuxer.flush()]
    rate = units[0].track.sample_rate
    assert sum(unit.samples for unit in units) * RATE / rate == pytest.approx(len(expected), abs=1)
    entries = [number for number, unit in enumerate(units) if unit.entry and number]

    for number in entries[:: max(1, len(entries) // 8)]:
        track = units[number].track
        at = (sum(unit.samples for unit in units[:number]) + track.delay) * RATE // rate
        audio = fed(Incoming(*shape), [track.opening + b"".join(unit.data for unit in units[number:])])

        assert abs(at + len(audio) - len(expected)) <= 1
        settled = round(PRE_ROLL_SECONDS * RATE)
        common = min(len(audio), len(expected) - at)
        apart = np.abs(audio[settled:common] - expected[at + settled : at + common])
        assert apart.max(initial=0.0) < 1e-4


# --- refusals ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", MONO)
@pytest.mark.parametrize("data", [b"no sound at all", bytes(3_000), b"\xff" * 3_000, b"RIFF\0\0\0\0WAVE"])
def test_a_stream_without_its_header_is_refused_in_one_sentence(shape, data):
    with pytest.raises(UndecodableAudio, match="begins with its header"):
        fed(Incoming(*shape), [data])


@pytest.mark.parametrize("shape", MONO)
def test_the_middle_of_a_stream_alone_is_refused(shape):
    data = STREAMS[shape]

    with pytest.raises(UndecodableAudio, match="begins with its header"):
        fed(Incoming(*shape), [data[len(data) // 2 :]])


@pytest.mark.parametrize("shape", MONO)
def test_other_channels_than_were_said_are_refused(shape):
    encoding, rate, _ = shape

    with pytest.raises(UndecodableAudio, match=r"Expected 1 channel\(s\).*says 2"):
        fed(Incoming(encoding, rate, 1), [STREAMS[encoding, rate, 2]])


def test_another_rate_than_was_said_is_refused_for_flac_and_of_no_meaning_for_opus():
    with pytest.raises(UndecodableAudio, match=r"Expected 48000 Hz.*says 16000"):
        fed(Incoming("flac", 48_000, 1), [STREAMS["flac", 16_000, 1]])

    audio = fed(Incoming("opus_webm", 8_000, 1), [STREAMS["opus_webm", 48_000, 1]])
    assert np.array_equal(audio, WHOLE["opus_webm", 48_000, 1])


@pytest.mark.parametrize(
    ("encoding", "muxer", "codec", "why"),
    [
        ("opus_webm", "matroska", "flac", "Opus track, but it has none"),
        ("opus_ogg", "ogg", "flac", "something else"),
        ("opus_webm", "ogg", "", "begins with its header"),
        ("opus_ogg", "webm", "", "begins with its header"),
        ("flac", "ogg", "", "begins with its header"),
    ],
)
def test_another_container_or_codec_is_refused(encoding, muxer, codec, why):
    rate = 48_000
    data = compressed(encoding, speechlike(1, rate), rate, muxer=muxer, codec=codec)

    with pytest.raises(AsrError, match=why):
        fed(Incoming(encoding, rate, 1), [data])


@pytest.mark.parametrize(("encoding", "codec"), [("opus_ogg", "libopus"), ("flac", "flac")])
def test_more_than_two_channels_are_refused(encoding, codec):
    data = bytearray(STREAMS[encoding, 48_000 if encoding != "flac" else 16_000, 1])
    if encoding == "flac":
        data[20] |= 0x0E  # channels less one, in the stream's header

        with pytest.raises(UnsupportedAudio, match="says 8"):
            fed(Incoming(encoding, RATE, 1), [bytes(data)])
    else:
        webm = bytearray(STREAMS["opus_webm", 48_000, 1])
        webm[webm.index(b"OpusHead") + 9] = 6
        with pytest.raises(UnsupportedAudio, match="says 6"):
            fed(Incoming("opus_webm", RATE, 1), [bytes(webm)])


@pytest.mark.parametrize(
    "arguments", [("opus_webm", 7_999, 1), ("flac", 48_001, 1), ("opus_ogg", 48_000, 3), ("mp3", 16_000, 1)]
)
def test_what_no_stream_may_be_is_refused_before_the_first_byte(arguments):
    with pytest.raises(UnsupportedAudio):
        Incoming(*arguments)


# --- harm -------------------------------------------------------------------------------------------------


def test_damage_gives_our_own_error_or_sound_and_takes_nothing_from_what_came_before():
    rng = np.random.default_rng(11)
    refused = 0
    for number in range(300):
        shape = list(STREAMS)[number % len(STREAMS)]
        data = bytearray(STREAMS[shape][: rng.integers(1, len(STREAMS[shape]))])
        hits = sorted(rng.integers(0, len(data), rng.integers(1, 12)).tolist())
        for at in hits:
            data[at] ^= int(rng.integers(1, 256))
        clean = fed_until_refused(Incoming(*shape), [bytes(data[: hits[0]])])[0]

        heard, error = fed_until_refused(
            Incoming(*shape), pieces(bytes(data), rng.integers(0, len(data), 9).tolist())
        )

        refused += error is not None
        assert np.isfinite(heard).all()
        assert np.abs(heard).max(initial=0.0) <= 1.0
        assert np.array_equal(heard[: len(clean)], clean[: len(heard)])
        assert len(heard) >= len(clean)
    assert refused > 100


def fed_until_refused(incoming: Incoming, chunks: list[bytes]) -> tuple[np.ndarray, AsrError | None]:
    """What was heard without the resampler's tail, and what stopped it."""
    blocks = [np.zeros((0, incoming.channels), dtype=np.float32)]
    try:
        for chunk in chunks:
            blocks.extend(incoming.push(chunk))
    except AsrError as error:
        return np.concatenate(blocks), error
    return np.concatenate(blocks), None


def test_an_error_comes_after_the_sound_before_it_and_the_tail_is_still_given():
    data = STREAMS["opus_ogg", 48_000, 1]
    incoming = Incoming("opus_ogg", 48_000, 1)
    heard, error = fed_until_refused(incoming, [data[:9_000] + b"damage" * 100])

    tail = np.concatenate(list(incoming.flush()))

    assert isinstance(error, UndecodableAudio)
    assert 0 < len(tail) < 400
    expected = WHOLE["opus_ogg", 48_000, 1]
    assert np.array_equal(heard, expected[: len(heard)])


def test_a_few_bytes_that_are_hours_are_decoded_block_by_block():
    opening = next(DEMUXERS["opus_webm"]().push(STREAMS["opus_webm", 48_000, 1])).track.opening
    # Two frames of 60 ms each with nothing in them: RFC 6716, section 3.2.3, code 1.
    silent = bytes([0xA3, 0x80 | 5, 0x81, 0, 0, 0x80, 3 << 3 | 1])
    incoming = Incoming("opus_webm", 48_000, 1)

    blocks = incoming.push(opening + silent * 9_000)
    sizes = [len(next(blocks)) for _ in range(20)]

    assert max(sizes) <= (BLOCK_SECONDS + 0.12) * RATE
    assert sum(sizes) > 4 * RATE
    assert OPUS_RATE == 3 * RATE


@pytest.mark.parametrize(
    "block",
    [
        # RFC 8794, section 4: the track's number, 1, in eight bytes, and nothing behind it.
        bytes([0xA3, 0x88]) + bytes([1, 0, 0, 0, 0, 0, 0, 1]),
        # A group with a whole block and a padding of 200 bytes; section 7.1 allows eight.
        bytes([0xA0, 0x40, 9 + 204, 0xA1, 0x87, 0x81, 0, 0, 0, 0xFC, 0xFF, 0xFE])
        + bytes([0x75, 0xA2, 0x40, 200])
        + b"\x7f" * 200,
    ],
    ids=["a track number in eight bytes", "a padding of 200 bytes"],
)
def test_a_webm_block_that_no_recorder_writes_is_refused_as_damage(block):
    opening = next(DEMUXERS["opus_webm"]().push(STREAMS["opus_webm", 48_000, 1])).track.opening

    with pytest.raises(UndecodableAudio, match="Expected WebM to go on"):
        fed(Incoming("opus_webm", 48_000, 1), [opening + block])


@pytest.mark.parametrize("encoding", ["opus_webm", "opus_ogg", "flac"])
def test_a_unit_that_never_ends_is_refused_before_it_fills_the_memory(encoding):
    shape = next(shape for shape in MONO if shape[0] == encoding)
    opening = next(DEMUXERS[encoding]().push(STREAMS[shape])).track.opening
    endless = {
        "opus_webm": bytes([0xA3, 0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]),
        "opus_ogg": b"",
        "flac": STREAMS[shape][STREAMS[shape].index(b"\xff\xf8") :][:20],
    }[encoding]
    incoming = Incoming(*shape)

    with pytest.raises(UndecodableAudio):
        fed(incoming, [opening + endless, *[bytes(64 * 1024)] * 40])
