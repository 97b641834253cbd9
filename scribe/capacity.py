"""How many live sessions this machine holds with this recogniser: measured when the server starts.

One utterance of the bundled sample is decoded; what that takes, and what a session costs besides, gives the number
of streams whose finals keep up. It is an estimate: the server also refuses streams when finals do wait (see
`recognition`), whatever was measured.
"""

from __future__ import annotations

import math
from time import perf_counter

from asr.recognizer import Recognizer, Request
from asr.types import SAMPLE_RATE, Audio
from scribe.sample import sample_audio

UTTERANCE = (1.0, 7.0)
"""Seconds of the sample in which its clinician speaks without a pause that ends an utterance."""

TALK = 0.9
"""Seconds of speech in a second of session, both voices together: therapy has more pauses, not fewer."""

PARTIALS = 0.5
"""What partials cost beside the finals when they are thinned to about one in two seconds."""

BESIDES = 0.03
"""CPU seconds a second that a stream costs without its words: voice activity, socket, store."""

BUSY = 0.75
"""Share of the machine that may be planned for."""

ENOUGH = 1.0
"""Seconds after which a measurement is not repeated."""


def measure_capacity(recognizer: Recognizer, cores: int) -> int:
    """Streams whose finals keep up; at least 1, whatever the machine."""
    begin, end = UTTERANCE
    clip = sample_audio(end)[round(begin * SAMPLE_RATE) :, 0]
    first = _seconds(recognizer, clip)
    best = first if first > ENOUGH else min(_seconds(recognizer, clip) for _ in range(3))
    decoding = best / (len(clip) / SAMPLE_RATE) * TALK * (1 + PARTIALS)
    workers = recognizer.info.workers
    return max(1, math.floor(BUSY * min(workers / decoding, cores / (decoding * cores / workers + BESIDES))))


def _seconds(recognizer: Recognizer, clip: Audio) -> float:
    began = perf_counter()
    recognizer.recognize([Request(clip.copy(), "final")])
    return perf_counter() - began
