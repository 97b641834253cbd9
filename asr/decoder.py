"""A recording in, samples at 16 kHz out, block by block, never on disk; or packets in, samples out.

`decode` reads from any object with `.read(n)`: wav, flac, mp3, m4a (with its index in front where the object
cannot seek), ogg, webm, aac. Containers and codecs are on a list, because a demuxer is attack surface and the
other three hundred are not needed. `PacketDecoder` takes the packets of a live stream, whose container was
opened by `demuxer`. This is the only file that imports PyAV; none of its errors leaves it. Headerless PCM is not
taken here (see `pcm`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Protocol

import av
import av.error
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer
from numpy.typing import NDArray

from asr.container import Track
from asr.errors import UndecodableAudio, UnsupportedAudio
from asr.resampler import Resampler

CONTAINERS = ("wav", "flac", "mp3", "aac", "mov", "ogg", "matroska", "webm")
"""Demuxers, by FFmpeg's names; mov is also m4a and mp4."""

CODECS = (
    "pcm_u8",
    "pcm_s16le",
    "pcm_s24le",
    "pcm_s32le",
    "pcm_f32le",
    "pcm_mulaw",
    "pcm_alaw",
    "flac",
    "mp3",
    "mp3float",
    "aac",
    "alac",
    "opus",
    "libopus",
    "vorbis",
)
"""Decoders, by FFmpeg's names."""

LOWEST_RATE = 8_000
HIGHEST_RATE = 192_000

_LIVE = {"probesize": "4096", "analyzeduration": "0"}
"""FFmpeg options for a stream that is still being spoken: begin with what is there.

Not `fflags=nobuffer`, which throws away the packets it looked at: up to half a second, and every later position.
"""

_LIVE_READ_BYTES = 1024
_FILE_READ_BYTES = 32_768


class Readable(Protocol):
    """Bytes in order; `seek` and `tell` are used where they exist."""

    def read(self, n: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Recording:
    """What is known of the input before it is decoded, and its samples.

    `sample_rate` and `channels` are those of the input. `seconds` is what its header says, None where it says
    nothing; `exact` where that counts every sample, as FLAC's does. `blocks` gives float32 [n, channels] in
    [-1, 1] at 16 kHz, in order; it can be walked through once and raises UndecodableAudio where the input breaks
    off or is corrupt.
    """

    sample_rate: int
    channels: int
    seconds: float | None
    exact: bool
    blocks: Iterator[NDArray[np.float32]]


def decode(source: Readable, *, live: bool = False) -> Recording:
    """Open `source` and say what it is; `live` gives the first samples as soon as they can be decoded.

    Reading blocks as `source.read` does. Raises UnsupportedAudio for more than two channels, a rate or a codec
    that is not taken; UndecodableAudio where it is no audio in a container that is.
    """
    container = _open(source, live=live)
    try:
        stream = _audio_stream(container)
        rate, channels = stream.codec_context.sample_rate, stream.codec_context.channels
    except BaseException:
        container.close()
        raise
    seconds, exact = _seconds(container, stream), container.format.name == "flac"
    return Recording(rate, channels, seconds, exact, _blocks(container, stream, rate, channels))


def _open(source: Readable, *, live: bool) -> InputContainer:
    options = {"format_whitelist": ",".join(CONTAINERS), "codec_whitelist": ",".join(CODECS)}
    try:
        return av.open(
            source,
            mode="r",
            options=options | _LIVE if live else options,
            buffer_size=_LIVE_READ_BYTES if live else _FILE_READ_BYTES,
            metadata_errors="ignore",
        )
    except (av.error.FFmpegError, ValueError, OverflowError) as error:
        raise UndecodableAudio(
            "Expected an audio file (wav, flac, mp3, m4a, ogg or webm), but the bytes are none of these or are "
            "damaged at the beginning; export the recording anew."
        ) from error


def _audio_stream(container: InputContainer) -> AudioStream:
    if not container.streams.audio:
        raise UndecodableAudio(
            "Expected a file with sound, but it holds no audio track; choose the recording itself."
        )
    stream = container.streams.audio[0]
    context = stream.codec_context
    if context is None or context.name not in CODECS:
        raise UnsupportedAudio(
            "Expected sound in PCM, FLAC, MP3, AAC, ALAC, Opus or Vorbis, but it is in another codec; "
            "export the recording as wav or flac."
        )
    if context.channels not in (1, 2):
        raise UnsupportedAudio(
            f"Expected 1 or 2 channels, but the file has {context.channels}; mix it down before uploading."
        )
    if not LOWEST_RATE <= context.sample_rate <= HIGHEST_RATE:
        raise UnsupportedAudio(
            f"Expected a sample rate of {LOWEST_RATE} to {HIGHEST_RATE} Hz, but it is {context.sample_rate}; "
            "export the recording at 16000 Hz or more."
        )
    return stream


def _seconds(container: InputContainer, stream: AudioStream) -> float | None:
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return None if container.duration is None else container.duration / av.time_base


def _blocks(
    container: InputContainer, stream: AudioStream, rate: int, channels: int
) -> Iterator[NDArray[np.float32]]:
    # libswresample only changes the sample format; the rate is changed by the same resampler that live PCM goes
    # through, so that a recording and a stream of one conversation give the same samples.
    to_float = _to_float(rate, channels)
    resampler = Resampler(rate, channels)
    heard_anything = False
    with closing(container):
        try:
            for frame in container.decode(stream):
                if frame.sample_rate != rate or frame.layout.nb_channels != channels:
                    raise UndecodableAudio(
                        f"Expected {rate} Hz and {channels} channels throughout, but they change within the "
                        "file; export the recording anew."
                    )
                heard_anything = True
                yield from _heard(
                    resampler.push(_samples(converted)) for converted in to_float.resample(frame)
                )
            yield from _heard(resampler.push(_samples(converted)) for converted in to_float.resample(None))
        except (av.error.FFmpegError, ValueError, OverflowError) as error:
            if not heard_anything and "mp4" in container.format.name:
                raise UndecodableAudio(
                    "Expected an m4a or mp4 file with its index in front, but no sound can be read from this "
                    "one as a stream; export it for streaming (faststart), or as wav or flac."
                ) from error
            raise UndecodableAudio(
                "Expected audio to the end of the file, but it is damaged or breaks off; what came before the "
                "damage was decoded. Export the recording anew."
            ) from error
        if not heard_anything:
            raise UndecodableAudio(
                "Expected a recording, but the file holds no samples; check that it was saved to the end."
            )
        yield from _heard([resampler.flush()])


class PacketDecoder:
    """Packets of one track to samples; stateful, one for each track.

    The encoder's delay is dropped where the track says that there is one.
    """

    def __init__(self, track: Track) -> None:
        self._rate, self._channels = track.sample_rate, track.channels
        self._context = av.CodecContext.create(track.codec, "r")
        self._context.extradata = track.setup
        self._context.sample_rate = track.sample_rate
        self._context.layout = _layout(track.channels)
        # Threads of its own would hold packets back, and are not worth it for sound.
        self._context.thread_count = 1
        # FLAC has a checksum in each frame; damage is an error, not a noise.
        self._context.options = {"err_detect": "crccheck+explode"}
        self._to_float = _to_float(track.sample_rate, track.channels)

    def push(self, packet: bytes) -> NDArray[np.float32]:
        """float32 [n, channels] at the track's rate, not yet within [-1, 1]; raises UndecodableAudio.

        An empty packet would tell FFmpeg that the stream has ended: demuxers give none.
        """
        try:
            blocks = [
                _samples(converted)
                for frame in self._context.decode(av.Packet(packet))
                for converted in self._to_float.resample(self._checked(frame))
            ]
        except (av.error.FFmpegError, ValueError, OverflowError) as error:
            raise UndecodableAudio(
                "Expected the stream to be sound throughout, but a part of it cannot be decoded; what came before "
                "was heard. Reconnect and begin the stream anew with its header."
            ) from error
        return np.concatenate(blocks) if blocks else np.zeros((0, self._channels), dtype=np.float32)

    def _checked(self, frame: av.AudioFrame) -> av.AudioFrame:
        if frame.sample_rate != self._rate or frame.layout.nb_channels != self._channels:
            raise UndecodableAudio(
                f"Expected {self._rate} Hz and {self._channels} channels as the stream's header says, but "
                f"{frame.sample_rate} Hz and {frame.layout.nb_channels} came; begin the stream anew."
            )
        return frame


def bounded(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    """The same samples in [-1, 1]: lossy codecs overshoot a little.

    Not-a-number, possible in a float wav, becomes silence.
    """
    return np.clip(np.nan_to_num(audio, nan=0.0, posinf=1.0, neginf=-1.0), -1.0, 1.0)


def _layout(channels: int) -> str:
    return "stereo" if channels == 2 else "mono"


def _to_float(rate: int, channels: int) -> av.AudioResampler:
    return av.AudioResampler(format="fltp", layout=_layout(channels), rate=rate)


def _samples(frame: av.AudioFrame) -> NDArray[np.float32]:
    """float32 [n, channels] of a planar frame."""
    return np.ascontiguousarray(frame.to_ndarray().T, dtype=np.float32)


def _heard(blocks: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
    """The blocks that hold samples."""
    for block in blocks:
        if len(block):
            yield bounded(block)
