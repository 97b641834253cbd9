"""Which demuxer takes which compressed encoding."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias

from asr.container import Demuxer
from asr.flac import FlacDemuxer
from asr.ogg import OggDemuxer
from asr.webm import WebmDemuxer

Compressed: TypeAlias = Literal["opus_webm", "opus_ogg", "flac"]

DEMUXERS: Mapping[str, Callable[[], Demuxer]] = {
    "opus_webm": WebmDemuxer,
    "opus_ogg": OggDemuxer,
    "flac": FlacDemuxer,
}
"""By encoding; each stream needs its own."""
