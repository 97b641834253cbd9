"""What the demuxers of compressed streams have in common: the track they found, and the units they cut it into.

A demuxer takes bytes cut anywhere and gives whole units, each with the packets that a decoder wants; it decodes
nothing and knows no clock. `flush` gives what is complete by now. What comes after it may go on where the bytes
stopped, begin anew with a header, or go on behind a hole: so a recorder can be paused in the middle of its file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from asr.errors import UndecodableAudio, UnsupportedAudio

OPUS_RATE = 48_000
"""Opus is decoded at this rate, whatever the microphone had (RFC 7845, section 5.1)."""

MAX_UNIT_BYTES = 128 * 1024
"""Of a WebM element or an Ogg page: the largest Opus packet is 61 kB (RFC 6716, section 3.4), a page 65 kB."""

_MAX_PACKET_SAMPLES = 120 * OPUS_RATE // 1000
"""RFC 6716, section 3.2.5: a packet holds at most 120 ms."""


@dataclass(frozen=True, slots=True)
class Track:
    """What a header says. `setup` is the decoder's own header, `opening` the bytes a new stream of it begins with.

    `delay` is how many samples at `sample_rate` are to be dropped after the header: the encoder's pre-skip.
    """

    codec: Literal["opus", "flac"]
    sample_rate: int
    channels: int
    delay: int
    setup: bytes
    opening: bytes


@dataclass(frozen=True, slots=True)
class Unit:
    """The least that can be cut out of a stream: a WebM block, an Ogg page, a FLAC frame, as `data`.

    `samples` is what it adds to the sound, a channel, at the track's rate; `trimmed` of what its packets decode
    to are padding at the end. A stream of `track.opening` and the units from an `entry` on can be decoded;
    `is_first` says that the header came right before.
    """

    track: Track
    data: bytes
    packets: tuple[bytes, ...]
    samples: int
    trimmed: int
    entry: bool
    is_first: bool


class Demuxer(Protocol):
    """Bytes of one stream in, units out; stateful. Raises UndecodableAudio or UnsupportedAudio."""

    def push(self, chunk: bytes) -> Iterator[Unit]:
        """All units that are complete by now, made as they are asked for; walk through them before the next call."""
        ...

    def flush(self) -> Iterator[Unit]:
        """What is complete but waited for its follower; what broke off is kept in case the stream goes on."""
        ...

    def discard(self) -> int:
        """Overwrite the bytes that wait for more; how many are not zero afterwards. Of no use from then on."""
        ...


def overwritten(pending: bytearray) -> int:
    """Overwrite all bytes, then let them go; how many were not zero in between."""
    pending[:] = bytes(len(pending))
    left = len(pending) - pending.count(0)
    pending.clear()
    return left


class PreSkip:
    """How much of the encoder's delay is still to be dropped; one per track."""

    def __init__(self, track: Track) -> None:
        self._left = track.delay

    def added(self, decoded: int) -> int:
        """Samples that are left of `decoded` ones."""
        dropped = min(self._left, decoded)
        self._left -= dropped
        return decoded - dropped


def opus_track(head: bytes, opening: bytes) -> Track:
    """The track of an identification header (RFC 7845, section 5.1); `opening` is the container's."""
    if len(head) < 19 or not head.startswith(b"OpusHead") or head[8] & 0xF0:
        raise UndecodableAudio(
            "Expected an Opus header of version 1, but it is damaged or of another version; start a new recorder."
        )
    if head[9] not in (1, 2):
        raise UnsupportedAudio(
            f"Expected Opus with 1 or 2 channels, but the header says {head[9]}; mix it down before sending."
        )
    return Track("opus", OPUS_RATE, head[9], int.from_bytes(head[10:12], "little"), head, opening)


def continued(track: Track) -> Track:
    """The same track for a decoder that goes on in its middle, where there is no delay to drop."""
    if track.codec != "opus":
        return track
    return replace(track, delay=0, setup=track.setup[:10] + bytes(2) + track.setup[12:])


def opus_samples(packet: bytes) -> int:
    """Samples a channel at 48 kHz of one packet (RFC 6716, section 3.1); raises UndecodableAudio."""
    if packet:
        config, code = packet[0] >> 3, packet[0] & 3
        if config < 12:  # SILK: 10 to 60 ms
            frame = (480, 960, 1920, 2880)[config & 3]
        elif config < 16:  # hybrid
            frame = (480, 960)[config & 1]
        else:  # CELT: 2.5 to 20 ms
            frame = (120, 240, 480, 960)[config & 3]
        count = 1 if code == 0 else 2 if code < 3 else packet[1] & 0x3F if len(packet) > 1 else 0
        if 0 < frame * count <= _MAX_PACKET_SAMPLES:
            return frame * count
    raise UndecodableAudio(
        "Expected Opus packets of 2.5 to 120 ms, but one is damaged; start a new recorder."
    )
