"""The stand-ins keep the promises that tests rest on."""

from __future__ import annotations

import numpy as np
import pytest

from asr.recognizer import Request
from asr.testing import OracleRecognizer, ScriptedRecognizer, SteadyEmbedder
from asr.types import Word


def noise(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.5, 0.5, count).astype(np.float32)


def texts(hypothesis) -> list[str]:
    return [word.text for word in hypothesis.words]


def test_the_scripted_recogniser_gives_a_word_for_each_four_tenths_of_a_second():
    (hypothesis,) = ScriptedRecognizer().recognize([Request(noise(16_000), "final")])

    assert [(word.start, word.end) for word in hypothesis.words] == [(0.0, 0.4), (0.4, 0.8)]


def test_its_words_are_those_of_the_samples_and_change_with_any_of_them():
    audio = noise(6_400)
    recognizer = ScriptedRecognizer()
    first = texts(recognizer.recognize([Request(audio, "final")])[0])
    assert texts(recognizer.recognize([Request(audio.copy(), "partial")])[0]) == first

    audio[3_000] += 0.1
    assert texts(recognizer.recognize([Request(audio, "final")])[0]) != first
    assert texts(recognizer.recognize([Request(audio[1:], "final")])[0]) != first


def test_the_oracle_finds_a_stretch_in_its_recording_and_gives_the_words_said_there():
    audio = noise(48_000)
    words = [Word("zero", 0.1, 0.5, 1.0), Word("one", 1.1, 1.5, 1.0), Word("two", 2.1, 2.5, 1.0)]
    oracle = OracleRecognizer(audio, words)

    (hypothesis,) = oracle.recognize([Request(audio[16_000:48_000].copy(), "final")])

    assert texts(hypothesis) == ["one", "two"]
    assert [(word.start, word.end) for word in hypothesis.words] == [
        (pytest.approx(0.1), pytest.approx(0.5)),
        (pytest.approx(1.1), pytest.approx(1.5)),
    ]


def test_the_oracle_knows_nothing_of_other_audio():
    oracle = OracleRecognizer(noise(16_000), [Word("zero", 0.1, 0.5, 1.0)])

    assert oracle.recognize([Request(noise(8_000, seed=1), "final")])[0].words == ()
    assert oracle.recognize([Request(np.zeros(0, dtype=np.float32), "final")])[0].words == ()


def test_the_steady_embedder_tells_two_tones_apart_and_gives_unit_vectors():
    def tone(hertz: float) -> np.ndarray:
        return (0.3 * np.sin(2 * np.pi * hertz * np.arange(16_000) / 16_000)).astype(np.float32)

    embedder = SteadyEmbedder()
    low, high = embedder.embed(tone(200)), embedder.embed(tone(2_000))

    assert low.dtype == np.float32
    assert low.shape == (embedder.dimension,)
    assert np.linalg.norm(low) == pytest.approx(1.0, abs=1e-5)
    assert float(low @ embedder.embed(tone(210))) > embedder.same_speaker
    assert float(low @ high) < 0.5
