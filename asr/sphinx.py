"""The recogniser that needs no download: pocketsphinx with the English model inside its wheel.

Good enough to see the whole system work and to catch clearly spoken words, wrong about every third word of real
speech. It has no punctuation, no vocabulary of the session and no English but US English. This is the only file
that imports pocketsphinx.
"""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Mapping, Sequence

import numpy as np
import pocketsphinx

from asr.errors import ModelUnusable
from asr.recognizer import Hypothesis, RecognizerInfo, Request
from asr.types import SAMPLE_RATE, Audio, Word

NOTICE = (
    "This is the small embedded recogniser; its words are often wrong. "
    "Install a Whisper model with `scribe models pull`."
)

_FRAMES_A_SECOND = 100

_SHORTEST = SAMPLE_RATE // 10
"""Samples below which no word fits and the front end has too few frames to normalise: 0.1 s."""

_SEARCH = {"beam": 1e-64, "wbeam": 1e-40, "maxhmmpf": 5000}
"""Wider beams over fewer active states: of eight settings tried on read speech the least wrong, and no slower."""

_QUICK_SEARCH = {"maxhmmpf": 3000, "ds": 2, "fwdflat": False}
"""One pass, every second frame scored: half the cost, for partials that will be replaced."""

_NO_SPEECH = 10.0 ** (-60 / 20)
"""Root mean square under which there is nothing to hear: -60 dBFS. The decoder finds words even in zeros."""

_VARIANT = re.compile(r"\(\d+\)$")
"""A second pronunciation of a word is listed as `word(2)`."""


class SphinxRecognizer:
    """Implements `asr.recognizer.Recognizer`; one utterance after the other, on one thread.

    Raises ModelUnusable where the wheel's model does not load.
    """

    def __init__(self) -> None:
        try:
            self._final = _decoder(_SEARCH)
            self._partial = _decoder(_QUICK_SEARCH)
        except RuntimeError as error:
            raise ModelUnusable(
                "Expected the English model inside the pocketsphinx package, but it does not load; "
                "reinstall pocketsphinx."
            ) from error
        self._info = RecognizerInfo(
            engine="pocketsphinx",
            model="en-us",
            source="pocketsphinx wheel",
            version=f"pocketsphinx {importlib.metadata.version('pocketsphinx')}",
            device="cpu",
            weak=True,
            notice=NOTICE,
        )

    @property
    def info(self) -> RecognizerInfo:
        return self._info

    def recognize(self, requests: Sequence[Request]) -> list[Hypothesis]:
        """One hypothesis each, in order; vocabulary and language are not heeded."""
        return [
            _recognize(self._final if request.kind == "final" else self._partial, request.audio)
            for request in requests
        ]


def _decoder(search: Mapping[str, float | bool]) -> pocketsphinx.Decoder:
    return pocketsphinx.Decoder(samprate=SAMPLE_RATE, loglevel="FATAL", cmn="batch", **search)


def _recognize(decoder: pocketsphinx.Decoder, audio: Audio) -> Hypothesis:
    if len(audio) < _SHORTEST or float(np.sqrt(np.mean(np.square(audio)))) < _NO_SPEECH:
        return Hypothesis(())
    # The front end carries its cepstral mean from utterance to utterance; without this the same audio would
    # give other words after other audio.
    decoder.reinit_feat()
    decoder.start_utt()
    decoder.process_raw((np.clip(audio, -1.0, 1.0) * 32_767).astype("<i2").tobytes(), False, True)
    decoder.end_utt()
    words = _words(decoder, len(audio) / SAMPLE_RATE)
    # A new front end: the old one keeps the last frame.
    decoder.reinit_feat()
    # Its posteriors say little of the words and are no log-probability of a text: none is given.
    return Hypothesis(tuple(words))


def _words(decoder: pocketsphinx.Decoder, seconds: float) -> list[Word]:
    """The words of the utterance that has ended, `seconds` long."""
    words: list[Word] = []
    if decoder.hyp() is None:
        return words
    for segment in decoder.seg():
        text = _VARIANT.sub("", segment.word)
        if text.startswith(("<", "[", "+")):
            continue  # silence and noise
        # End frames are inclusive.
        start = segment.start_frame / _FRAMES_A_SECOND
        end = (segment.end_frame + 1) / _FRAMES_A_SECOND
        words.append(Word(text, min(start, seconds), min(end, seconds), min(1.0, max(0.0, segment.prob))))
    return words
