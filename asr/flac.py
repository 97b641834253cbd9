"""FLAC as its own stream: bytes cut anywhere in, frames out.

RFC 9639. A frame does not say how long it is: it ends where the header of the next one begins, which is known
by its checksum and its number. So the sound is one frame behind what was sent, where FFmpeg's own demuxer waits
for ten. The last frame ends with the stream, and is known by its own checksum.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from asr.container import Track, Unit, overwritten
from asr.errors import UndecodableAudio, UnsupportedAudio

_MAGIC = b"fLaC"
_STREAMINFO_BYTES = 34
_BEGINNING_BYTES = 8 + _STREAMINFO_BYTES
"""The magic, the header of the first metadata block, and that block: RFC 9639, sections 8.1 and 8.2."""

_SYNCS = (b"\xff\xf8", b"\xff\xf9")
"""How a frame begins, RFC 9639, section 9.1: blocks of one size counted by frames, or of any counted by samples."""

_MAX_HEADER_BYTES = 16
_MAX_FRAME_BYTES = 1 << 20
"""The largest block, 65,535 samples of two channels of 32 bits, takes half of it."""


def _table(polynomial: int, bits: int) -> tuple[int, ...]:
    """CRC of each byte, most significant bit first."""
    top, mask = 1 << (bits - 1), (1 << bits) - 1
    table = []
    for byte in range(256):
        crc = byte << (bits - 8)
        for _ in range(8):
            crc = (crc << 1 ^ polynomial if crc & top else crc << 1) & mask
        table.append(crc)
    return tuple(table)


# RFC 9639, sections 9.1.8 and 9.3: of a frame's header, and of the whole frame.
_CRC8 = _table(0x07, 8)
_CRC16 = _table(0x8005, 16)


@dataclass(frozen=True, slots=True)
class _Header:
    """Of a frame: which one it is, how many samples a channel it holds, and the number of the next one."""

    number: int
    samples: int
    follower: int


class FlacDemuxer:
    """Bytes of one FLAC stream to units of one frame each; stateful, see `container.Demuxer`."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self._place: Literal["beginning", "metadata", "frames"] = "beginning"
        self._skip = 0
        self._last_block = False
        self._track: Track | None = None
        self._sync = b""
        self._number: int | None = None
        self._searched = 1
        self._fresh = False
        # After a flush: what comes may not go on where the bytes stopped.
        self._loose = False

    def push(self, chunk: bytes) -> Iterator[Unit]:
        """All frames whose follower has begun; raises UndecodableAudio or UnsupportedAudio."""
        self._pending += chunk
        return self._units(ended=False)

    def flush(self) -> Iterator[Unit]:
        """The last frame, if it is whole."""
        yield from self._units(ended=True)
        if self._place == "frames":
            header = self._header(0)
            if header is not None and header.number == self._number and not _crc16(self._pending):
                yield self._cut(len(self._pending), header)
            # A header that the end cut short may be whole once the stream goes on: the search begins anew.
            self._loose, self._searched = True, 0

    def discard(self) -> int:
        """Overwrite the bytes that wait for more; how many are not zero afterwards."""
        return overwritten(self._pending)

    def _units(self, *, ended: bool) -> Iterator[Unit]:
        while True:
            if self._place == "beginning" and not self._begin():
                return
            if self._place == "metadata" and not self._pass_metadata():
                return
            if self._loose and not self._align(ended=ended):
                if self._place == "beginning":
                    continue
                return
            if not ended and len(self._pending) < _MAX_HEADER_BYTES:
                return
            if not self._pending:
                return
            header = self._first_header(ended=ended)
            if header is None:
                return
            end = self._next_header(header.follower, ended=ended)
            if end is None:
                if len(self._pending) > _MAX_FRAME_BYTES:
                    raise _damaged()
                return
            yield self._cut(end, header)

    def _begin(self) -> bool:
        """Read the stream's beginning; False while bytes are missing."""
        pending = self._pending
        if pending[:4] != _MAGIC[: len(pending)]:
            raise UndecodableAudio(
                "Expected a FLAC stream that begins with its header, but something else came first; "
                "start a new encoder and send all that it writes."
            )
        if len(pending) < _BEGINNING_BYTES:
            return False
        if pending[4] & 0x7F or int.from_bytes(pending[5:8], "big") != _STREAMINFO_BYTES:
            raise _damaged()
        info = bytes(pending[8:_BEGINNING_BYTES])
        # RFC 9639, section 8.2: 20 bits of rate, 3 of channels less one, 5 of bits less one.
        rate, channels = int.from_bytes(info[10:13], "big") >> 4, (info[12] >> 1 & 7) + 1
        if channels > 2:
            raise UnsupportedAudio(
                f"Expected FLAC with 1 or 2 channels, but the header says {channels}; mix it down before sending."
            )
        opening = _MAGIC + b"\x80" + bytes(pending[5:_BEGINNING_BYTES])
        self._track = Track("flac", rate, channels, 0, info, opening)
        self._last_block = bool(pending[4] & 0x80)
        self._place, self._skip, self._sync, self._number = "metadata", 0, b"", None
        self._fresh = True
        del pending[:_BEGINNING_BYTES]
        return True

    def _pass_metadata(self) -> bool:
        """Go past tags and pictures; False while bytes are missing."""
        pending = self._pending
        while True:
            skipped = min(self._skip, len(pending))
            del pending[:skipped]
            self._skip -= skipped
            if self._skip:
                return False
            if self._last_block:
                self._place = "frames"
                return True
            if len(pending) < 4:
                return False
            self._last_block = bool(pending[0] & 0x80)
            self._skip = 4 + int.from_bytes(pending[1:4], "big")

    def _first_header(self, *, ended: bool) -> _Header | None:
        """The header at the front; None where the stream ends within it. Raises UndecodableAudio."""
        header = self._header(0)
        # The first is not 0 where a stream is taken up in its middle.
        if header is None or self._number not in (None, header.number):
            if ended and len(self._pending) < _MAX_HEADER_BYTES:
                return None
            raise _damaged()
        self._sync, self._number = bytes(self._pending[:2]), header.number
        return header

    def _align(self, *, ended: bool) -> bool:
        """After a pause: drop what does not belong to a whole frame; False while that cannot be told yet.

        A new beginning sets the place back, and is then read as any. Raises UndecodableAudio where the frame that
        broke off never ends.
        """
        pending = self._pending
        unread = max(0, self._searched - len(_MAGIC) + 1)
        # Once the search is past 0, the frame that is due lies there.
        due = self._header(0) if self._searched else None
        at = self._next_header(None, ended=ended)
        header = None if at is None else self._header(at)
        if at == 0 and header is not None and header.number == self._number:
            # What broke off goes on, or something else does: the next header tells.
            due, self._searched = header, 1
            at = self._next_header(None, ended=ended)
            header = None if at is None else self._header(at)
        if (
            due is not None
            and header is not None
            and header.number == due.follower
            and not _crc16(pending[:at])
        ):
            self._loose = False
            return True
        beginning = pending.find(_MAGIC, unread)
        if beginning >= 0 and (at is None or beginning < at):
            del pending[:beginning]
            self._place, self._loose, self._searched = "beginning", False, 1
            return False
        if at is None or header is None:
            if due is None:
                # Nothing begins here, but for what the last bytes may be the front of.
                del pending[:-_MAX_HEADER_BYTES]
                self._searched = 0
            elif len(pending) > _MAX_FRAME_BYTES:
                raise _damaged()
            return False
        del pending[:at]
        self._number, self._loose, self._searched = header.number, False, 1
        return True

    def _next_header(self, number: int | None, *, ended: bool) -> int | None:
        """Where the header of frame `number` begins, of any where it is None; None: not within what is here.

        The search goes on where it was; its state is changed only where nothing is found.
        """
        pending = self._pending
        at = self._searched
        # Which of the two syncs it is, the first frame says.
        while (at := pending.find(self._sync or b"\xff", at)) >= 0:
            if not ended and at + _MAX_HEADER_BYTES > len(pending):
                break
            header = self._header(at)
            if header is not None and number in (None, header.number):
                return at
            at += 1
        self._searched = max(self._searched, len(pending) - 1 if at < 0 else at)
        return None

    def _header(self, at: int) -> _Header | None:
        """The header of the frame that begins there (RFC 9639, section 9.1); None where none does."""
        assert self._track is not None
        data = self._pending[at : at + _MAX_HEADER_BYTES]
        sync = bytes(data[:2])
        if len(data) < 6 or sync not in _SYNCS or self._sync not in (b"", sync):
            return None
        size_code, rate_code, channel_code = data[2] >> 4, data[2] & 0x0F, data[3] >> 4
        if not size_code or rate_code == 15 or channel_code > 10 or data[3] & 1:
            return None
        if (channel_code + 1 if channel_code < 8 else 2) != self._track.channels:
            return None
        # The number is written as UTF-8 would write it, up to seven bytes.
        ones = 8 - (~data[4] & 0xFF).bit_length()
        if ones in (1, 8):
            return None
        length = max(1, ones)
        coded = data[5 : 4 + length]
        if any(byte & 0xC0 != 0x80 for byte in coded):
            return None
        number = data[4] & (0x7F >> ones)
        for byte in coded:
            number = number << 6 | byte & 0x3F
        end = 4 + length
        if size_code in (6, 7):
            wide = size_code - 5
            samples = int.from_bytes(data[end : end + wide], "big") + 1
            end += wide
        elif size_code == 1:
            samples = 192
        else:
            samples = 144 << size_code if size_code < 6 else 1 << size_code
        end += {12: 1, 13: 2, 14: 2}.get(rate_code, 0)
        if end >= len(data) or _crc8(data[: end + 1]):
            return None
        return _Header(number, samples, number + (1 if sync == _SYNCS[0] else samples))

    def _cut(self, end: int, header: _Header) -> Unit:
        assert self._track is not None
        frame = bytes(self._pending[:end])
        del self._pending[:end]
        self._number, self._searched = header.follower, 1
        first, self._fresh = self._fresh, False
        return Unit(self._track, frame, (frame,), header.samples, 0, entry=True, is_first=first)


def _crc8(data: bytearray) -> int:
    crc = 0
    for byte in data:
        crc = _CRC8[crc ^ byte]
    return crc


def _crc16(data: bytearray) -> int:
    crc = 0
    for byte in data:
        crc = (crc << 8 & 0xFFFF) ^ _CRC16[crc >> 8 ^ byte]
    return crc


def _damaged() -> UndecodableAudio:
    return UndecodableAudio(
        "Expected FLAC frames to follow one another, but bytes are missing or damaged; "
        "reconnect and start a new encoder."
    )
