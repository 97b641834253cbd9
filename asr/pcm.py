"""Raw samples as bytes in, float32 samples out; one decoder per stream, fed with chunks cut anywhere.

Takes headerless PCM: 16-bit integers, 32-bit floats and the two telephone laws of ITU-T G.711. The output has
the rate of the input (see `resampler`); compressed audio and anything with a header is not taken here (see
`incoming` for streams, `decoder` for recordings).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from asr.errors import UndecodableAudio, UnsupportedAudio

Encoding: TypeAlias = Literal["pcm_s16le", "pcm_f32le", "mulaw", "alaw"]

LOWEST_RATE = 8_000
HIGHEST_RATE = 48_000
CHANNELS = (1, 2)

FULL_SCALE = 32_768.0
"""A 16-bit sample of this size would be 1.0; G.711 codes are widened to 16 bits first."""


def _mulaw_table() -> NDArray[np.float32]:
    """float32 [256] in (-1, 1): ITU-T G.711 µ-law, table 2a/2b.

    A code is sent inverted: one sign bit (set means positive), three bits of segment, four of step. Magnitude
    = ((2·step + 33) · 2^segment - 33), 14 bits wide, here shifted left by two to fill 16.
    """
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    segment = (code >> 4) & 0x07
    step = code & 0x0F
    magnitude = (((2 * step + 33) << segment) - 33) << 2
    signed = np.where(code & 0x80, -magnitude, magnitude)
    return (signed / FULL_SCALE).astype(np.float32)


def _alaw_table() -> NDArray[np.float32]:
    """float32 [256] in (-1, 1): ITU-T G.711 A-law, table 1a/1b.

    Even bits are sent inverted. Segment 0 is linear (2·step + 1), segment s above it (2·step + 33) · 2^(s-1),
    13 bits wide, here shifted left by three to fill 16. A set sign bit means positive.
    """
    code = np.arange(256, dtype=np.int32) ^ 0x55
    segment = (code >> 4) & 0x07
    step = code & 0x0F
    linear = 2 * step + 1
    curved = (2 * step + 33) << np.maximum(segment - 1, 0)
    magnitude = np.where(segment == 0, linear, curved) << 3
    signed = np.where(code & 0x80, magnitude, -magnitude)
    return (signed / FULL_SCALE).astype(np.float32)


MULAW = _mulaw_table()
ALAW = _alaw_table()


def _s16(samples: bytes) -> NDArray[np.float32]:
    # Without a copy in between: numpy keeps small ones as they were.
    return (np.frombuffer(samples, dtype="<i2") / np.float32(FULL_SCALE)).astype(np.float32, copy=False)


def _f32(samples: bytes) -> NDArray[np.float32]:
    audio = np.frombuffer(samples, dtype="<f4").astype(np.float32, copy=False)
    if not np.isfinite(audio).all():
        raise UndecodableAudio(
            "Expected 32-bit float samples between -1 and 1, but some are not a number or infinite; "
            "check the encoding and the byte order of the sender."
        )
    # A float sender may overshoot by a little; what is louder than full scale is clipped as any input would.
    return np.clip(audio, -1.0, 1.0)


def _mulaw(samples: bytes) -> NDArray[np.float32]:
    return MULAW[np.frombuffer(samples, dtype=np.uint8)]


def _alaw(samples: bytes) -> NDArray[np.float32]:
    return ALAW[np.frombuffer(samples, dtype=np.uint8)]


_DECODERS: dict[str, tuple[int, Callable[[bytes], NDArray[np.float32]]]] = {
    "pcm_s16le": (2, _s16),
    "pcm_f32le": (4, _f32),
    "mulaw": (1, _mulaw),
    "alaw": (1, _alaw),
}
"""Encoding: bytes a sample of one channel, and what turns whole samples into float32 [samples·channels]."""


def require_shape(sample_rate: int, channels: int) -> None:
    """Raise UnsupportedAudio for a rate or channel count that no live stream may have."""
    if not LOWEST_RATE <= sample_rate <= HIGHEST_RATE:
        raise UnsupportedAudio(
            f"Expected a sample rate of {LOWEST_RATE} to {HIGHEST_RATE} Hz, but it is {sample_rate}; "
            "resample before sending."
        )
    if channels not in CHANNELS:
        raise UnsupportedAudio(
            f"Expected 1 or 2 channels, but there are {channels}; send one mixed channel or one per side."
        )


class PcmDecoder:
    """Bytes of one stream to samples; stateful: what is left of a half sample waits for the next push.

    Raises UnsupportedAudio for an encoding, rate or channel count that is not taken.
    """

    def __init__(self, encoding: str, sample_rate: int, channels: int) -> None:
        if encoding not in _DECODERS:
            raise UnsupportedAudio(
                f"Expected the encoding to be one of {', '.join(get_args(Encoding))}, "
                f"but it is {encoding!r}; send one of these."
            )
        require_shape(sample_rate, channels)
        width, self._decode = _DECODERS[encoding]
        self._frame_bytes = width * channels
        self._encoding = encoding
        self._channels = channels
        self._rest = b""

    def push(self, chunk: bytes) -> NDArray[np.float32]:
        """float32 [n, channels] in [-1, 1] at the input rate: all samples that are complete by now.

        Raises UndecodableAudio where a float sample is not finite.
        """
        # Joined only where there is a rest: a chunk that ends on a sample is decoded without a copy.
        joined = self._rest + chunk if self._rest else bytes(chunk)
        whole = len(joined) - len(joined) % self._frame_bytes
        self._rest = joined[whole:]
        return self._decode(joined[:whole]).reshape(-1, self._channels)

    def discard(self) -> int:
        """Let the bytes of a half sample go; how many are left."""
        self._rest = b""
        return 0

    def flush(self) -> NDArray[np.float32]:
        """float32 [0, channels]: nothing is held back but a broken sample.

        Raises UndecodableAudio where the stream ended within a sample.
        """
        rest, self._rest = len(self._rest), b""
        if rest:
            raise UndecodableAudio(
                f"Expected the stream to end on a whole sample of {self._frame_bytes} bytes "
                f"({self._encoding}, {self._channels} channels), but {rest} bytes are left over; "
                "check the encoding and channel count that were declared."
            )
        return np.zeros((0, self._channels), dtype=np.float32)
