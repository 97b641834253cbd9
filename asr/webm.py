"""Opus in WebM, as a browser's MediaRecorder sends it: bytes cut anywhere in, blocks out.

The live subset of Matroska (RFC 9559): segments and clusters of known or unknown length, one Opus track, blocks
without lacing. Timestamps are not used: samples are counted. Element ids that do not belong there are damage,
except right after a pause, where the next whole block is looked for.
"""

from __future__ import annotations

from collections.abc import Iterator

from asr.container import MAX_UNIT_BYTES, PreSkip, Track, Unit, opus_samples, opus_track, overwritten
from asr.errors import UndecodableAudio, UnsupportedAudio

EBML = 0x1A45DFA3
SEGMENT = 0x18538067
TRACKS = 0x1654AE6B
CLUSTER = 0x1F43B675
TIMESTAMP = 0xE7
BLOCK_GROUP = 0xA0
SIMPLE_BLOCK = 0xA3

_TRACK_ENTRY = 0xAE
_TRACK_NUMBER = 0xD7
_CODEC_ID = 0x86
_CODEC_PRIVATE = 0x63A2
_CONTENT_ENCODINGS = 0x6D80
_BLOCK = 0xA1
_DISCARD_PADDING = 0x75A2

_SKIPPED = frozenset(
    {
        0x1549A966,  # Info
        0x114D9B74,  # SeekHead
        0x1C53BB6B,  # Cues
        0x1254C367,  # Tags
        0x1043A770,  # Chapters
        0x1941A469,  # Attachments
        TIMESTAMP,
        0xA7,  # Position
        0xAB,  # PrevSize
        0xEC,  # Void
        0xBF,  # CRC-32
    }
)
_KNOWN = _SKIPPED | {EBML, SEGMENT, TRACKS, CLUSTER, BLOCK_GROUP, SIMPLE_BLOCK}

_MAX_PROBED_BYTES = 8 * 1024
"""Of an element that is looked for after a pause: 120 ms at Opus' highest rate, 510 kbit/s, are 7,650 bytes."""

_MAX_INTEGER_BYTES = 8
"""RFC 8794, section 7.1."""

_LIVE_SEGMENT = bytes.fromhex("1853806701ffffffffffffff")
_LIVE_CLUSTER = bytes.fromhex("1f43b67501ffffffffffffffe78100")
"""A segment and a cluster of unknown length, the cluster with timestamp 0."""


class WebmDemuxer:
    """Bytes of one WebM stream to units of one block each; stateful, see `container.Demuxer`."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self._skip = 0
        self._header = b""
        self._track: Track | None = None
        self._number = 0
        self._fresh = False
        # After a flush: what comes may not go on where the bytes stopped.
        self._loose = False

    def push(self, chunk: bytes) -> Iterator[Unit]:
        """All blocks that are complete by now; raises UndecodableAudio or UnsupportedAudio."""
        self._pending += chunk
        return self._units(ended=False)

    def flush(self) -> Iterator[Unit]:
        """A block that waited to be told from noise after the last pause; seldom any."""
        yield from self._units(ended=True)
        if self._track is not None:
            self._skip = 0
            self._loose = True

    def discard(self) -> int:
        """Overwrite the bytes that wait for more; how many are not zero afterwards."""
        return overwritten(self._pending)

    def _units(self, *, ended: bool) -> Iterator[Unit]:
        pending = self._pending
        while True:
            skipped = min(self._skip, len(pending))
            del pending[:skipped]
            self._skip -= skipped
            if self._loose and not self._align(ended=ended):
                return
            if not self._header and pending[:4] != EBML.to_bytes(4, "big")[: len(pending)]:
                raise _headless()
            element = _element(pending)
            if element is None:
                return
            identity, begin, size = element
            if identity in (SEGMENT, CLUSTER):
                del pending[:begin]
                continue
            if size is None:
                raise _damaged()
            if identity in _SKIPPED:
                self._skip = begin + size
                continue
            if size > MAX_UNIT_BYTES:
                raise _damaged()
            if len(pending) < begin + size:
                return
            whole = bytes(pending[: begin + size])
            del pending[: begin + size]
            if identity == EBML:
                self._header, self._track = whole, None
            elif identity == TRACKS:
                self._enter(whole, whole[begin:])
            else:
                unit = self._unit(identity, whole, whole[begin:])
                if unit is not None:
                    yield unit

    def _enter(self, element: bytes, tracks: bytes) -> None:
        entries = [_children(body) for identity, body in _each(tracks) if identity == _TRACK_ENTRY]
        found = [entry for entry in entries if entry.get(_CODEC_ID) == b"A_OPUS"]
        if not found or _CONTENT_ENCODINGS in found[0]:
            raise UnsupportedAudio(
                "Expected WebM with an Opus track, but it has none; record as 'audio/webm;codecs=opus'."
            )
        opening = self._header + _LIVE_SEGMENT + element + _LIVE_CLUSTER
        self._track = opus_track(found[0].get(_CODEC_PRIVATE, b""), opening)
        self._number = int.from_bytes(found[0].get(_TRACK_NUMBER, b""), "big")
        if not 0 < self._number < 127:
            raise _damaged()
        self._pre_skip = PreSkip(self._track)
        self._fresh = True

    def _unit(self, identity: int, element: bytes, body: bytes) -> Unit | None:
        """The unit of a block; None where the block is of another track."""
        if self._track is None:
            raise _headless()
        padding = 0
        if identity == BLOCK_GROUP:
            children = _children(body)
            body = children.get(_BLOCK, b"")
            discarded = children.get(_DISCARD_PADDING, b"")
            if len(discarded) > _MAX_INTEGER_BYTES:
                raise _damaged()
            nanoseconds = int.from_bytes(discarded, "big", signed=True)
            padding = max(0, round(nanoseconds * self._track.sample_rate / 1e9))
        if len(body) < 5:
            raise _damaged()
        number, begin = _number(body, 0) or (0, 0)
        if number != self._number:
            return None
        if len(body) < begin + 3:
            raise _damaged()
        # RFC 9559, section 10.1: two bytes of timestamp, then flags, of which 0x06 is lacing.
        if body[begin + 2] & 0x06:
            raise UnsupportedAudio(
                "Expected WebM blocks without lacing, as browsers write; send it as opus_ogg."
            )
        packet = body[begin + 3 :]
        decoded = opus_samples(packet)
        padding = min(padding, decoded)
        first, self._fresh = self._fresh, False
        samples = max(0, self._pre_skip.added(decoded) - padding)
        return Unit(self._track, element, (packet,), samples, padding, entry=True, is_first=first)

    def _align(self, *, ended: bool) -> bool:
        """Drop what does not belong to a whole element; False while that cannot be told yet."""
        pending = self._pending
        at = 0
        while at < len(pending):
            verdict = self._leads_on(at, ended=ended)
            if verdict:
                self._loose = False
            if verdict is not False:
                break
            at += 1
        del pending[:at]
        return not self._loose

    def _leads_on(self, at: int, *, ended: bool) -> bool | None:
        """Whether a header, cluster or block lies there with an element behind it; None: not enough bytes."""
        pending = self._pending
        try:
            element = _element(pending, at)
            if element is None:
                return None
            identity, begin, size = element
            if identity == CLUSTER:
                follower = _element(pending, begin)
                return None if follower is None else follower[0] == TIMESTAMP
            if identity not in (EBML, BLOCK_GROUP, SIMPLE_BLOCK) or size is None or size > _MAX_PROBED_BYTES:
                return False
            if identity != EBML:
                block = _number(pending, begin + 1) if identity == BLOCK_GROUP else (0, begin)
                if block is None or len(pending) < block[1] + 4:
                    return None
                if identity == BLOCK_GROUP and pending[begin] != _BLOCK:
                    return False
                # A track number below 127 is one byte; the flags' reserved bits and lacing are 0.
                if pending[block[1]] != 0x80 | self._number or pending[block[1] + 3] & 0x76:
                    return False
            if begin + size == len(pending):
                return True if ended else None
            if begin + size > len(pending):
                return None
            follower = _element(pending, begin + size)
        except UndecodableAudio:
            return False
        return None if follower is None else identity != EBML or follower[0] == SEGMENT


def _number(data: bytes | bytearray, at: int, *, whole: bool = False) -> tuple[int, int] | None:
    """A variable-length number (RFC 8794, section 4) and where it ends; None where bytes are missing.

    `whole` keeps the length marker, as ids do. Raises UndecodableAudio where it is longer than eight bytes.
    """
    if at >= len(data):
        return None
    length = 9 - data[at].bit_length()
    if length > 8:
        raise _damaged()
    if at + length > len(data):
        return None
    value = int.from_bytes(data[at : at + length], "big")
    return (value if whole else value & ~(1 << 7 * length)), at + length


def _element(data: bytes | bytearray, at: int = 0) -> tuple[int, int, int | None] | None:
    """Id of the element at `at`, where its body begins and how long it is (None: unknown); None: bytes are missing.

    Raises UndecodableAudio where no element of a live stream begins.
    """
    identity = _number(data, at, whole=True)
    if identity is None:
        return None
    if identity[0] not in _KNOWN:
        raise _damaged()
    size = _number(data, identity[1])
    if size is None:
        return None
    unknown = size[0] == (1 << 7 * (size[1] - identity[1])) - 1
    return identity[0], size[1], None if unknown else size[0]


def _each(body: bytes) -> Iterator[tuple[int, bytes]]:
    """Ids and bodies of the elements within a master element."""
    at = 0
    while at < len(body):
        identity = _number(body, at, whole=True)
        size = identity and _number(body, identity[1])
        if not identity or not size or size[1] + size[0] > len(body):
            raise _damaged()
        at = size[1] + size[0]
        yield identity[0], body[size[1] : at]


def _children(body: bytes) -> dict[int, bytes]:
    return dict(_each(body))


def _headless() -> UndecodableAudio:
    return UndecodableAudio(
        "Expected a WebM stream that begins with its header, but something else came first; "
        "start a new recorder and send all of its chunks from the first on."
    )


def _damaged() -> UndecodableAudio:
    return UndecodableAudio(
        "Expected WebM to go on, but bytes are missing or damaged; reconnect and start a new recorder."
    )
