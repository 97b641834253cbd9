"""The embedded recogniser: weak, honest about it, and the same answer every time."""

from __future__ import annotations

import os
import string
from pathlib import Path

import numpy as np
import pytest

from asr.decoder import decode
from asr.recognizer import Request
from asr.sphinx import SphinxRecognizer

SHARED = Path(os.environ.get("SCRIBE_SHARED", Path(__file__).parents[2].parent / "shared"))
CLIPS = SHARED / "data" / "speech" / "ljspeech"


@pytest.fixture(scope="module")
def recognizer() -> SphinxRecognizer:
    return SphinxRecognizer()


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    found = sorted(CLIPS.glob("LJ001-0001.*"))
    if not found:
        pytest.skip(f"no recording LJ001-0001 in {CLIPS}")
    with found[0].open("rb") as file:
        return np.concatenate(list(decode(file).blocks))[:, 0]


def test_it_says_that_it_is_weak_and_what_to_do(recognizer):
    assert recognizer.info.weak
    assert "scribe models pull" in recognizer.info.notice
    assert recognizer.info.version.startswith("pocketsphinx ")


def test_nothing_and_silence_have_no_words(recognizer):
    for audio in (np.zeros(0), np.zeros(100), np.zeros(16_000), np.full(16_000, 1e-4)):
        for kind in ("final", "partial"):
            assert recognizer.recognize([Request(audio.astype(np.float32), kind)])[0].words == ()


@pytest.mark.data
def test_clearly_read_words_are_mostly_right_and_lie_in_the_audio(recognizer, speech):
    (hypothesis,) = recognizer.recognize([Request(speech, "final")])

    heard = [word.text for word in hypothesis.words]
    # "Printing, in the only sense with which we are at present concerned, differs from most if not from all ..."
    expected = {
        "printing",
        "the",
        "only",
        "sense",
        "with",
        "which",
        "we",
        "are",
        "present",
        "concerned",
        "differs",
    }
    assert len(expected & set(heard)) >= len(expected) - 2
    assert all(set(text) <= set(string.ascii_lowercase + "'.-_") for text in heard), "no fillers, no variants"
    starts = [word.start for word in hypothesis.words]
    assert starts == sorted(starts)
    assert all(0 <= word.start < word.end <= len(speech) / 16_000 for word in hypothesis.words)
    assert all(0.0 <= word.probability <= 1.0 for word in hypothesis.words)
    assert len({word.probability for word in hypothesis.words}) > 3


@pytest.mark.data
def test_the_same_audio_has_the_same_words_whatever_was_heard_before(recognizer, speech):
    first = speech[: 3 * 16_000]
    other = np.clip(speech[4 * 16_000 : 6 * 16_000] * 4, -1, 1).astype(np.float32)

    for kind in ("final", "partial"):
        alone = recognizer.recognize([Request(first, kind)])
        again = recognizer.recognize([Request(other, kind), Request(first, kind)])
        assert again[1] == alone[0]
        assert alone[0].words
