"""A live stream in any encoding in, samples at 16 kHz out; fed with bytes cut anywhere.

Joins what belongs to one stream: `pcm` or a demuxer with its decoder, and the resampler. No thread, no file, no
clock. A compressed stream gives sample for sample what `decode` gives of the whole, later by one FLAC frame or
nothing. How much a few bytes decode to is up to the sender, so blocks are made as they are asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from asr.container import OPUS_RATE, Demuxer, Track, Unit, continued
from asr.decoder import PacketDecoder, bounded
from asr.demuxer import DEMUXERS
from asr.errors import AsrError, UndecodableAudio
from asr.pcm import PcmDecoder, require_shape
from asr.resampler import Resampler

BLOCK_SECONDS = 0.25
"""Sound that is gathered into one block; a block is longer only by the unit that completes it."""


class Incoming:
    """Bytes of one stream to float32 [n, channels] in [-1, 1] at 16 kHz; stateful, one for each connection.

    `sample_rate` is that of PCM and FLAC; Opus is decoded at 48 kHz whatever it says. Raises UnsupportedAudio
    for an encoding, rate or channel count that is not taken.
    """

    def __init__(self, encoding: str, sample_rate: int, channels: int) -> None:
        self._encoding = encoding
        self._sample_rate = sample_rate
        self.channels = channels
        self._pcm: PcmDecoder | None = None
        self._demuxer: Demuxer | None = None
        self._damaged = False
        self._track: Track | None = None
        self._decoder: PacketDecoder | None = None
        if encoding in DEMUXERS:
            require_shape(sample_rate, channels)
            self._demuxer = DEMUXERS[encoding]()
        else:
            self._pcm = PcmDecoder(encoding, sample_rate, channels)
        self._resampler = Resampler(OPUS_RATE if encoding.startswith("opus") else sample_rate, channels)

    def push(self, chunk: bytes) -> Iterator[NDArray[np.float32]]:
        """What can be said of the stream by now; walk through it before the next call.

        Raises UndecodableAudio, or UnsupportedAudio where a header says what is not taken; the blocks before
        are good. The stream is of no use afterwards.
        """
        if self._demuxer is not None:
            return self._blocks(self._demuxer.push(chunk))
        assert self._pcm is not None
        decoded = self._pcm.push(chunk)
        block = self._resampler.push(decoded)
        if block is not decoded:
            _overwrite((decoded,))
        return iter((block,))

    def flush(self) -> Iterator[NDArray[np.float32]]:
        """All that is still held back, as far as it is whole; walk through it before the next call.

        Afterwards a compressed stream may go on where its bytes stopped, go on behind a hole, or begin anew with
        a header. Raises UndecodableAudio where PCM ended within a sample.
        """
        if self._pcm is not None:
            self._pcm.flush()
        elif self._demuxer is not None and not self._damaged:
            yield from self._blocks(self._demuxer.flush())
        yield bounded(self._resampler.flush())
        if self._track is not None:
            # What the codec library keeps of the last packets goes with its decoder.
            self._decoder = PacketDecoder(continued(self._track))

    def discard(self) -> int:
        """Let go of all that is kept of the sound: half units, the decoder, the resampler's filter.

        Returns the bytes that are still held, counted where they can be. Of no use afterwards.
        """
        self._damaged = True
        self._decoder = None
        self._resampler.discard()
        return sum(one.discard() for one in (self._pcm, self._demuxer) if one is not None)

    def _blocks(self, units: Iterator[Unit]) -> Iterator[NDArray[np.float32]]:
        gathered: list[NDArray[np.float32]] = []
        samples = 0
        damage: AsrError | None = None
        try:
            for unit in units:
                if unit.track is not self._track:
                    if self._track is not None:
                        # A new recorder on the same connection: the one before it has ended.
                        yield self._resampled(gathered)
                        yield bounded(self._resampler.flush())
                        gathered, samples = [], 0
                    self._enter(unit.track)
                gathered.append(self._decoded(unit))
                samples += unit.samples
                if samples >= BLOCK_SECONDS * unit.track.sample_rate:
                    yield self._resampled(gathered)
                    gathered, samples = [], 0
        except AsrError as error:
            self._damaged = True
            damage = error
        if gathered:
            yield self._resampled(gathered)
        if damage is not None:
            raise damage

    def _enter(self, track: Track) -> None:
        if track.channels != self.channels:
            raise UndecodableAudio(
                f"Expected {self.channels} channel(s) as `start` says, but the stream's header says "
                f"{track.channels}; give `channels` in `start` as they are."
            )
        if track.codec == "flac" and track.sample_rate != self._sample_rate:
            raise UndecodableAudio(
                f"Expected {self._sample_rate} Hz as `start` says, but the stream's header says "
                f"{track.sample_rate}; give `sample_rate` in `start` as it is."
            )
        self._track = track
        self._decoder = PacketDecoder(track)

    def _decoded(self, unit: Unit) -> NDArray[np.float32]:
        assert self._decoder is not None
        decoded = [self._decoder.push(packet) for packet in unit.packets]
        audio = np.concatenate(decoded)
        _overwrite(decoded)
        return audio[: len(audio) - unit.trimmed] if unit.trimmed else audio

    def _resampled(self, gathered: list[NDArray[np.float32]]) -> NDArray[np.float32]:
        nothing = np.zeros((0, self.channels), dtype=np.float32)
        audio = np.concatenate(gathered or [nothing])
        _overwrite(gathered)
        return bounded(self._resampler.push(audio))


def _overwrite(blocks: Iterable[NDArray[np.float32]]) -> None:
    """Leave no sound in arrays that are let go: numpy keeps those below 1 KiB as they were, 20 ms of a telephone."""
    for block in blocks:
        block.fill(0.0)
