"""The memory of a running process, searched for audio: every writable mapping, read through /proc.

Goes in: a process id and the audio that it was sent, in every form in which it may lie there. Comes out: each
unbroken stretch of it that is there, 20 ms or longer, with the form and the mapping. A stretch is looked for by a
few bytes every 2.5 ms of audio, and what is found is then compared sample by sample, so nothing is found by chance.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asr.decoder import PacketDecoder
from asr.demuxer import DEMUXERS
from asr.incoming import Incoming
from asr.pcm import FULL_SCALE, PcmDecoder

SHORTEST_SECONDS = 0.020
"""What counts as a window of audio."""

_STEPS_A_SECOND = 400
_KEY_BYTES = 8
_MASK_BYTES = 4
_BLOCK_BYTES = 1 << 24
_PAGE_BYTES = 4096
_TELLING = {1: 6, 2: 5, 4: 5, 8: 4}
"""Different bytes, by the width of a sample, that a key must have: silence is anywhere. A double is one sample."""
_HASH = np.uint64(0x9E3779B97F4A7C15)
_HASH_BITS = 20


@dataclass(frozen=True, slots=True)
class Form:
    """Audio as bytes, and how many of them are 20 ms.

    `width` is that of a sample, on whose multiples the bytes lie in memory. `masked` looks for them also as a client
    masks them (RFC 6455, section 5.3): with any four bytes over all of them.
    """

    name: str
    data: bytes
    window_bytes: int
    width: int
    masked: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """An unbroken stretch of `form` at an address; `at` is where in the audio it lies, both in bytes."""

    form: str
    mapping: str
    address: int
    at: int
    length: int
    windows: float


def forms_of(encoding: str, sample_rate: int, channels: int, sent: bytes) -> list[Form]:
    """What was sent and what the server makes of it, up to what the recogniser hears."""
    incoming = Incoming(encoding, sample_rate, channels)
    blocks = [*incoming.push(sent), *incoming.flush()]
    heard = np.concatenate(blocks)
    seconds = len(heard) / 16_000
    forms = [Form("sent", sent, round(len(sent) / seconds * SHORTEST_SECONDS), 1, masked=True)]
    forms += _float_forms("16 kHz", heard, 16_000)
    if encoding in ("pcm_s16le", "pcm_f32le", "mulaw", "alaw") and sample_rate != 16_000:
        forms += _float_forms("decoded", PcmDecoder(encoding, sample_rate, channels).push(sent), sample_rate)
    elif encoding.startswith("opus") or encoding == "flac":
        demuxer = DEMUXERS[encoding]()
        units = [*demuxer.push(sent), *demuxer.flush()]
        decoder = PacketDecoder(units[0].track)
        decoded = np.concatenate([decoder.push(packet) for unit in units for packet in unit.packets])
        forms += _float_forms("decoded", decoded, units[0].track.sample_rate)
    return forms


def _float_forms(name: str, audio: NDArray[np.float32], rate: int) -> list[Form]:
    """Floats and 16-bit integers of all channels side by side and of each alone."""
    whole = np.ascontiguousarray(audio)
    sides = {name: whole} if audio.shape[1] > 1 else {}
    sides |= {
        f"{name} channel {number}": np.ascontiguousarray(audio[:, number]) for number in range(audio.shape[1])
    }
    forms = []
    for side, samples in sides.items():
        a_window = round(rate * SHORTEST_SECONDS) * (samples.size // len(samples))
        clipped = np.clip(samples, -1.0, 1.0)
        shapes = {
            "f32": samples,
            "f64": samples.astype(np.float64),
            "s16": np.rint(clipped * FULL_SCALE).clip(-32768, 32767).astype("<i2"),
            "s16 (32767)": (clipped * 32767).astype("<i2"),
        }
        forms += [
            Form(f"{side} {shape}", one.tobytes(), a_window * one.itemsize, one.itemsize)
            for shape, one in shapes.items()
        ]
    return forms


def writable_mappings(pid: int) -> list[tuple[int, int, str]]:
    """Begin, end and name of all memory that the process may write to."""
    found = []
    with Path(f"/proc/{pid}/maps").open() as maps:
        for line in maps:
            parts = line.split(maxsplit=5)
            if parts[1].startswith("rw") and not parts[-1].startswith("[vv"):
                begin, end = (int(one, 16) for one in parts[0].split("-"))
                found.append((begin, end, parts[5].strip() if len(parts) > 5 else "anonymous"))
    return found


def rings(pid: int) -> list[tuple[int, int, set[str]]]:
    """Begin, end and flags (proc(5), VmFlags) of the mappings that are left out of core dumps: those of rings."""
    found = []
    begin = end = 0
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        mapping = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw-p 0+ 00:00 0\s*$", line)
        if mapping:
            begin, end = (int(one, 16) for one in mapping.groups())
        elif re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
            begin = end = 0
        elif line.startswith("VmFlags:") and end and "dd" in (flags := set(line.split()[1:])):
            found.append((begin, end, flags))
    return found


def blocks_of(pid: int) -> Iterator[tuple[int, bytes, str]]:
    """All writable memory in blocks that overlap, so that no stretch lies on a seam unseen."""
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for begin, end, name in writable_mappings(pid):
            at = begin
            while at < end:
                size = min(_BLOCK_BYTES + _PAGE_BYTES, end - at)
                try:
                    memory.seek(at)
                    block = memory.read(size)
                except OSError:
                    break  # a guard page or a mapping that is gone
                yield from ((at + offset, part, name) for offset, part in _filled(block))
                at += _BLOCK_BYTES


def _filled(block: bytes) -> Iterator[tuple[int, bytes]]:
    """The stretches of a block that are not zeros alone, and where they lie; most memory was never touched."""
    whole = np.frombuffer(block, dtype=np.uint8, count=len(block) // _PAGE_BYTES * _PAGE_BYTES)
    used = np.concatenate(([False], whole.reshape(-1, _PAGE_BYTES).any(axis=1), [False]))
    edges = np.flatnonzero(used[1:] != used[:-1]) * _PAGE_BYTES
    for begin, end in edges.reshape(-1, 2).tolist():
        yield begin, block[begin:end]


class Search:
    """Forms of audio, ready to be looked for in any memory."""

    def __init__(self, forms: Sequence[Form]) -> None:
        self._forms = forms
        self._passes = []
        for masked in (False, True):
            for width in (1, 2, 4, 8):
                chosen = [n for n, form in enumerate(forms) if form.width == width and form.masked == masked]
                if chosen:
                    self._passes.append((masked, width, *self._keys(chosen, masked)))

    def _keys(
        self, chosen: Sequence[int], masked: bool
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint64], dict[int, list[tuple[int, int]]]]:
        """A filter by hash, all keys in order, and of each the forms and places that begin with it."""
        places: dict[int, list[tuple[int, int]]] = {}
        for number in chosen:
            form = self._forms[number]
            step = max(form.width, round(form.window_bytes / SHORTEST_SECONDS / _STEPS_A_SECOND))
            step -= step % form.width
            span = _KEY_BYTES + (_MASK_BYTES if masked else 0)
            for at in range(0, len(form.data) - span, step):
                piece = form.data[at : at + span]
                if len(set(piece)) < _TELLING[form.width]:
                    continue
                key = int.from_bytes(piece[:_KEY_BYTES], "little")
                if masked:
                    key ^= int.from_bytes(piece[_MASK_BYTES:], "little")
                places.setdefault(key, []).append((number, at))
        table = np.zeros(1 << _HASH_BITS, dtype=np.uint8)
        keys = np.fromiter(places, dtype=np.uint64, count=len(places))
        table[_hashed(keys)] = 1
        return table, np.sort(keys), places

    def scan(self, pid: int) -> list[Found]:
        """Every stretch of 20 ms or more in the memory of a process."""
        found: dict[tuple[str, int], Found] = {}
        for address, block, name in blocks_of(pid):
            for one in self.within(block, address, name):
                key = (one.form, one.address)
                if key not in found or found[key].length < one.length:
                    found[key] = one
        return list(found.values())

    def within(self, block: bytes, address: int = 0, name: str = "") -> Iterator[Found]:
        """Every stretch of 20 ms or more in these bytes."""
        memory = np.frombuffer(block, dtype=np.uint8)
        for masked, width, table, keys, places in self._passes:
            seen: dict[int, tuple[int, int]] = {}
            for offset in range(0, _KEY_BYTES, width):
                words = _words(memory, offset)
                if masked:
                    more = _words(memory, offset + _MASK_BYTES)
                    words = words[: len(more)] ^ more
                # Most memory is empty.
                hits = np.flatnonzero(table[_hashed(words)])
                nearest = np.minimum(np.searchsorted(keys, words[hits]), len(keys) - 1)
                hits = hits[keys[nearest] == words[hits]]
                for hit, word in zip(hits.tolist(), words[hits].tolist(), strict=True):
                    for number, at in places.get(word, ()):
                        here = hit * _KEY_BYTES + offset
                        origin = number, here - at
                        if origin in seen and seen[origin][0] <= here < seen[origin][1]:
                            continue
                        begin, end = self._extent(memory, here, self._forms[number], at)
                        seen[origin] = begin, end
                        form = self._forms[number]
                        if end - begin >= form.window_bytes:
                            yield Found(
                                form.name,
                                name,
                                address + begin,
                                at - (here - begin),
                                end - begin,
                                (end - begin) / form.window_bytes,
                            )

    @staticmethod
    def _extent(memory: NDArray[np.uint8], here: int, form: Form, at: int) -> tuple[int, int]:
        """Where the stretch that agrees with the form around this place begins and ends."""
        data = np.frombuffer(form.data, dtype=np.uint8)
        before, after = min(here, at), min(len(memory) - here, len(data) - at)
        mask = memory[here : here + _MASK_BYTES] ^ data[at : at + _MASK_BYTES]
        if not form.masked:
            mask = np.zeros_like(mask)
        reach = form.window_bytes
        while True:
            back, on = min(before, reach - reach % _MASK_BYTES), min(after, reach)
            difference = memory[here - back : here + on] ^ data[at - back : at + on]
            if form.masked:
                difference ^= np.resize(np.roll(mask, back), len(difference))
            wrong = np.flatnonzero(difference)
            lower, upper = wrong[wrong < back], wrong[wrong >= back]
            if (len(lower) or back == before) and (len(upper) or on == after):
                begin = int(lower[-1]) + 1 if len(lower) else 0
                end = int(upper[0]) if len(upper) else len(difference)
                return here - back + begin, here - back + end
            reach *= 4


def _hashed(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    with np.errstate(over="ignore"):
        return (words * _HASH) >> np.uint64(64 - _HASH_BITS)


def _words(memory: NDArray[np.uint8], offset: int) -> NDArray[np.uint64]:
    count = (len(memory) - offset) // _KEY_BYTES
    return (
        np.frombuffer(memory, dtype="<u8", count=max(0, count), offset=offset)
        if count > 0
        else np.zeros(0, "<u8")
    )


def summary(found: Sequence[Found]) -> Mapping[str, float]:
    """Windows of 20 ms by form and mapping."""
    counted: Counter[str] = Counter()
    for one in found:
        where = re.sub(r"^.*/", "", one.mapping)
        counted[f"{one.form} in {where}"] += one.windows
    return {name: round(windows, 1) for name, windows in sorted(counted.items())}


def may_read_memory(pid: int) -> bool:
    """Whether this user may read that process's memory; of a hardened one only root may."""
    try:
        with Path(f"/proc/{pid}/mem").open("rb"):
            return True
    except OSError:
        return False
