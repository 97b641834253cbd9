"""Opus in Ogg: bytes cut anywhere in, pages out, each checked against its checksum.

RFC 3533 for pages, RFC 7845 for Opus in them. One logical stream; a new one may follow the one that ended.
A page that does not verify is damage, except right after a pause, where the next one that does is looked for.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from asr.container import MAX_UNIT_BYTES, PreSkip, Track, Unit, opus_samples, opus_track, overwritten
from asr.errors import UndecodableAudio, UnsupportedAudio

_CAPTURE = b"OggS"
_HEADER_BYTES = 27
_CONTINUED, _BEGINS, _ENDS = 1, 2, 4
"""Flags of a page, RFC 3533, section 6."""

_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


class OggDemuxer:
    """Bytes of one Ogg stream to units of one page each; stateful, see `container.Demuxer`."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self._head = b""
        self._opening = b""
        self._track: Track | None = None
        self._serial = b""
        self._part: bytes | None = None
        self._granule: int | None = None
        self._page = 0
        self._fresh = False
        # After a flush: what comes may not go on where the bytes stopped.
        self._loose = False

    def push(self, chunk: bytes) -> Iterator[Unit]:
        """All pages of sound that are complete by now; raises UndecodableAudio or UnsupportedAudio."""
        self._pending += chunk
        return self._units()

    def flush(self) -> Iterator[Unit]:
        """Nothing: a page says itself where it ends."""
        self._loose = bool(self._opening)
        return iter(())

    def discard(self) -> int:
        """Overwrite the bytes that wait for more; how many are not zero afterwards."""
        self._part = None
        return overwritten(self._pending)

    def _units(self) -> Iterator[Unit]:
        while (page := self._next_page()) is not None:
            flags, serial = page[5], page[14:18]
            if flags & _BEGINS:
                self._begin(page, serial)
            elif not self._opening:
                raise _headless()
            elif serial == self._serial:
                unit = self._unit(page, flags)
                if unit is not None:
                    yield unit

    def _next_page(self) -> bytes | None:
        """A whole page whose checksum is right; None while bytes are missing."""
        pending = self._pending
        if self._loose:
            return self._found_page()
        if pending[:4] != _CAPTURE[: len(pending)]:
            raise _damaged() if self._opening else _headless()
        page = _page_at(pending, 0)
        if page is None:
            return None
        if _checksum(page) != page[22:26]:
            raise _damaged()
        del pending[: len(page)]
        return page

    def _found_page(self) -> bytes | None:
        """After a pause: the first page that verifies, whatever lies before it; None while there is none."""
        pending = self._pending
        keep, at = len(pending) - len(_CAPTURE) + 1, -1
        while (at := pending.find(_CAPTURE, at + 1)) >= 0:
            page = _page_at(pending, at)
            if page is None:
                keep = min(keep, at)
            elif _checksum(page) == page[22:26]:
                del pending[: at + len(page)]
                self._loose = False
                return page
        del pending[: max(0, keep)]
        return None

    def _begin(self, page: bytes, serial: bytes) -> None:
        self._head = page[_HEADER_BYTES + page[26] :]
        if not self._head.startswith(b"OpusHead"):
            raise UnsupportedAudio(
                "Expected Opus in the Ogg stream, but it holds something else; send Opus, or flac as its own stream."
            )
        self._serial, self._opening = serial, page
        self._track, self._part, self._granule = None, None, None

    def _unit(self, page: bytes, flags: int) -> Unit | None:
        """The unit of a page; None where no packet of sound ends on it."""
        number = int.from_bytes(page[18:22], "little")
        if number != self._page + 1:
            self._part = None
        self._page = number
        packets = self._packets(page, flags)
        if self._track is None:
            self._opening += page
            if len(self._opening) > 4 * MAX_UNIT_BYTES:
                raise UnsupportedAudio(
                    "Expected a short comment header, but it is over 500 kB; send the stream without pictures."
                )
            if packets:
                self._track = opus_track(self._head, self._opening)
                self._pre_skip = PreSkip(self._track)
                self._fresh = True
            return None
        if not packets:
            return None
        decoded = sum(opus_samples(packet) for packet in packets)
        before, self._granule = self._granule, int.from_bytes(page[6:14], "little", signed=True)
        # RFC 7845, section 4.4: the last page's granule position says how much of it is sound.
        trimmed = 0
        if flags & _ENDS and (before is not None or self._fresh):
            trimmed = min(decoded, max(0, (before or 0) + decoded - self._granule))
        first, self._fresh = self._fresh, False
        samples = max(0, self._pre_skip.added(decoded) - trimmed)
        entry = first or not flags & (_CONTINUED | _ENDS)
        return Unit(self._track, page, packets, samples, trimmed, entry=entry, is_first=first)

    def _packets(self, page: bytes, flags: int) -> tuple[bytes, ...]:
        """The packets that end on this page; what does not end waits for the next."""
        packets = []
        part = self._part if flags & _CONTINUED else b""
        at = _HEADER_BYTES + page[26]
        for lacing in page[_HEADER_BYTES:at]:
            if part is not None:
                part += page[at : at + lacing]
            at += lacing
            if lacing < 255:
                # None: the rest of a packet whose beginning was not sent.
                if part:
                    packets.append(part)
                part = b""
        self._part = part
        if part is not None and len(part) > 4 * MAX_UNIT_BYTES:
            raise _damaged()
        return tuple(packets)


def _page_at(data: bytearray, at: int) -> bytes | None:
    """The page that begins there; None where it is not whole."""
    if len(data) < at + _HEADER_BYTES or len(data) < at + _HEADER_BYTES + data[at + 26]:
        return None
    body = at + _HEADER_BYTES + data[at + 26]
    end = body + sum(data[at + _HEADER_BYTES : body])
    return bytes(data[at:end]) if end <= len(data) else None


def _checksum(page: bytes) -> bytes:
    """RFC 3533, section 6: CRC-32 of the page with its checksum field zero, most significant bit first.

    zlib's goes the other way and inverts: it is given the bytes mirrored, and its result is mirrored back.
    """
    mirrored = (page[:22] + b"\0\0\0\0" + page[26:]).translate(_REVERSED)
    crc = zlib.crc32(mirrored, 0xFFFFFFFF) ^ 0xFFFFFFFF
    return crc.to_bytes(4, "big").translate(_REVERSED)


def _headless() -> UndecodableAudio:
    return UndecodableAudio(
        "Expected an Ogg stream that begins with its header, but something else came first; "
        "start a new recorder and send all of its chunks from the first on."
    )


def _damaged() -> UndecodableAudio:
    return UndecodableAudio(
        "Expected Ogg pages to follow one another, but bytes are missing or damaged; "
        "reconnect and start a new recorder."
    )
