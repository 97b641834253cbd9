"""Recordings in many containers, made here in memory, decoded to one signal."""

from __future__ import annotations

import io

import av
import numpy as np
import pytest

from asr.decoder import decode
from asr.errors import AsrError, UndecodableAudio, UnsupportedAudio

RATE = 16_000
SECONDS = 3.0


def chirp() -> np.ndarray:
    """A tone that rises from 200 to 1400 Hz: any shift, gap or change of speed shows."""
    t = np.arange(round(RATE * SECONDS)) / RATE
    return (0.4 * np.sin(2 * np.pi * (200 * t + 200 * t**2))).astype(np.float32)


def encoded(container: str, codec: str, rate: int = RATE, layout: str = "mono", **options: str) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format=container, options=options) as muxer:
        stream = muxer.add_stream(codec, rate=rate, layout=layout)
        frame = av.AudioFrame.from_ndarray(chirp()[None, :], format="fltp", layout="mono")
        frame.sample_rate = RATE
        context = stream.codec_context
        context.open()
        resampler = av.AudioResampler(
            context.format.name, layout, rate, frame_size=context.frame_size or None
        )
        for converted in [*resampler.resample(frame), *resampler.resample(None)]:
            muxer.mux(stream.encode(converted))
        muxer.mux(stream.encode(None))
    return out.getvalue()


class Pipe:
    """Bytes that come a few at a time and never again."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)
        self.taken = 0

    def read(self, n: int, /) -> bytes:
        piece = self._data.read(min(n, 700))
        self.taken += len(piece)
        return piece


def delay(audio: np.ndarray) -> int:
    """Samples by which the chirp lies late."""
    reference = chirp()
    size = len(audio) + len(reference)
    cross = np.fft.irfft(np.fft.rfft(audio, size) * np.conj(np.fft.rfft(reference, size)), size)
    at = int(np.argmax(cross))
    return at - size if at > size // 2 else at


CONTAINERS = [
    ("wav", "pcm_s16le", 16_000, "mono", 0),
    ("wav", "pcm_s24le", 44_100, "stereo", 1),
    ("wav", "pcm_f32le", 48_000, "mono", 1),
    ("wav", "pcm_mulaw", 8_000, "mono", 1),
    ("flac", "flac", 48_000, "stereo", 1),
    ("mp3", "libmp3lame", 44_100, "mono", 2),
    ("ogg", "libopus", 48_000, "mono", 2),
    ("webm", "libopus", 48_000, "mono", 2),
    ("mp4", "aac", 44_100, "stereo", 1_100),  # the encoder's priming, which the container may leave in
]


@pytest.mark.parametrize(("container", "codec", "rate", "layout", "late"), CONTAINERS)
def test_every_container_gives_the_same_signal(container, codec, rate, layout, late):
    recording = decode(io.BytesIO(encoded(container, codec, rate, layout)))
    audio = np.concatenate(list(recording.blocks))

    assert (recording.sample_rate, recording.channels) == (rate, 2 if layout == "stereo" else 1)
    assert recording.seconds == pytest.approx(SECONDS, abs=0.1)
    assert audio.dtype == np.float32
    assert audio.shape[1] == recording.channels
    assert len(audio) == pytest.approx(SECONDS * RATE, abs=1_200)
    assert abs(delay(audio[:, 0])) <= late


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize(
    ("container", "codec"), [("wav", "pcm_s16le"), ("flac", "flac"), ("ogg", "libopus"), ("webm", "libopus")]
)
def test_a_pipe_that_cannot_seek_gives_every_sample_too(container, codec, live):
    data = encoded(container, codec, 48_000 if codec == "libopus" else RATE)
    whole = np.concatenate(list(decode(io.BytesIO(data)).blocks))

    piped = np.concatenate(list(decode(Pipe(data), live=live).blocks))

    assert np.array_equal(piped, whole)


def test_a_live_stream_is_heard_long_before_it_ends():
    data = encoded("webm", "libopus", 48_000)
    pipe = Pipe(data)

    first = next(iter(decode(pipe, live=True).blocks))

    assert len(first) > 0
    assert pipe.taken < len(data) / 3


def test_an_mp4_with_its_index_in_front_can_be_piped_and_one_without_is_told_so():
    streamed = encoded("mp4", "aac", 44_100, movflags="frag_keyframe+empty_moov")
    assert len(np.concatenate(list(decode(Pipe(streamed)).blocks))) > RATE

    with pytest.raises(UndecodableAudio, match="faststart"):
        list(decode(Pipe(encoded("mp4", "aac", 44_100))).blocks)


def test_more_than_two_channels_are_refused():
    with pytest.raises(UnsupportedAudio, match="1 or 2 channels, but the file has 6"):
        decode(io.BytesIO(encoded("wav", "pcm_s16le", RATE, "5.1")))


@pytest.mark.parametrize(("container", "codec"), [("wav", "adpcm_ms"), ("matroska", "pcm_s16be")])
def test_a_codec_not_on_the_list_is_refused(container, codec):
    with pytest.raises(UnsupportedAudio, match="another codec"):
        decode(io.BytesIO(encoded(container, codec)))


@pytest.mark.parametrize("container", ["avi", "aiff", "au"])
def test_a_container_not_on_the_list_is_never_opened(container):
    with pytest.raises(UndecodableAudio, match="none of these"):
        decode(io.BytesIO(encoded(container, "pcm_s16le" if container == "avi" else "pcm_s16be")))


@pytest.mark.parametrize(
    "data", [b"", b"RIFF", b"no sound at all " * 500, b"ID3" + bytes(5_000), bytes(100_000)]
)
def test_bytes_that_are_no_audio_are_refused(data):
    with pytest.raises(UndecodableAudio):
        list(decode(io.BytesIO(data)).blocks)


def test_a_file_with_pictures_only_is_refused():
    out = io.BytesIO()
    with av.open(out, "w", format="matroska") as muxer:
        stream = muxer.add_stream("mjpeg", rate=1, width=16, height=16)
        stream.pix_fmt = "yuvj420p"
        frame = av.VideoFrame(16, 16, "yuvj420p")
        muxer.mux(stream.encode(frame))
        muxer.mux(stream.encode(None))

    with pytest.raises(UndecodableAudio, match="no audio track"):
        decode(io.BytesIO(out.getvalue()))


def test_damage_anywhere_gives_samples_or_our_own_error_and_nothing_else():
    rng = np.random.default_rng(2)
    for container, codec, rate in [
        ("flac", "flac", RATE),
        ("ogg", "libopus", 48_000),
        ("mp3", "libmp3lame", RATE),
    ]:
        data = encoded(container, codec, rate)
        for _ in range(12):
            broken = bytearray(data[: rng.integers(1, len(data))])
            for at in rng.integers(0, len(broken), 20):
                broken[at] ^= int(rng.integers(1, 256))
            try:
                for block in decode(io.BytesIO(bytes(broken))).blocks:
                    assert np.isfinite(block).all()
                    assert np.abs(block).max(initial=0.0) <= 1.0
            except AsrError:
                pass


def test_a_float_wav_with_values_that_are_no_number_gives_silence_there():
    data = bytearray(encoded("wav", "pcm_f32le"))
    body = data.index(b"data") + 8
    data[body + 400 : body + 404] = np.array([np.nan], dtype="<f4").tobytes()

    audio = np.concatenate(list(decode(io.BytesIO(bytes(data))).blocks))

    assert audio[100, 0] == 0.0
    assert np.isfinite(audio).all()


def test_an_error_of_the_reader_comes_through_unchanged():
    class Hangup(Exception):
        pass

    class Broken(Pipe):
        def read(self, n: int, /) -> bytes:
            if self.taken > 3_000:
                raise Hangup
            return super().read(n)

    with pytest.raises(Hangup):
        list(decode(Broken(encoded("webm", "libopus", 48_000)), live=True).blocks)
