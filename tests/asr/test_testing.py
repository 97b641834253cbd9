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


def test_the_oracle_finds_audio_that_went_through_a_socket_as_sixteen_bit_samples():
    audio = noise(48_000)
    sent = np.round(audio * 32_767).astype("<i2").astype(np.float32) / 32_768
    words = [Word("zero", 0.1, 0.5, 1.0), Word("one", 1.1, 1.5, 1.0)]
    oracle = OracleRecognizer(sent, words)

    assert texts(oracle.recognize([Request(sent[15_000:40_000].copy(), "final")])[0]) == ["one"]
    # A float that is not on a step, as a resampler or a gain of nearly one leaves it.
    nearly = (sent[15_000:40_000] + np.float32(0.4 / 32_768)).astype(np.float32)
    assert texts(oracle.recognize([Request(nearly, "final")])[0]) == ["one"]


def test_the_oracle_finds_a_request_that_begins_and_ends_in_silence_and_one_of_a_few_samples():
    audio = np.concatenate([np.zeros(9_000), noise(9_000), np.zeros(9_000)]).astype(np.float32)
    oracle = OracleRecognizer(audio, [Word("one", 0.6, 1.1, 1.0)])

    (long,) = oracle.recognize([Request(audio[1_001:26_999].copy(), "final")])
    (short,) = oracle.recognize([Request(audio[13_500:13_700].copy(), "final")])

    assert [(word.text, word.start) for word in long.words] == [("one", pytest.approx(0.6 - 1_001 / 16_000))]
    assert texts(short) == ["one"]
    assert oracle.recognize([Request(np.zeros(4_000, dtype=np.float32), "final")])[0].words == ()


def test_the_oracle_finds_a_stretch_of_which_windows_were_silenced_and_hears_no_word_that_is_gone():
    audio = noise(32_000, seed=5)
    oracle = OracleRecognizer(audio, [Word("one", 0.2, 0.5, 1.0), Word("two", 0.9, 1.3, 1.0)])
    silenced = audio.copy()
    silenced[3_072:8_192] = 0.0
    silenced[16_384:16_896] = 0.0

    assert texts(oracle.recognize([Request(silenced, "final")])[0]) == ["two"]
    assert oracle.recognize([Request(silenced[::-1].copy(), "final")])[0].words == ()


def test_the_oracle_knows_several_recordings_and_hears_a_seam_that_one_of_them_holds():
    first, second = noise(32_000, seed=1), noise(32_000, seed=2)
    said = [Word("left", 0.2, 0.6, 1.0)]
    looped = np.concatenate([second, second])
    twice = [Word("right", 0.2, 0.6, 1.0), Word("again", 2.2, 2.6, 1.0)]
    oracle = OracleRecognizer(first, said, more=[(looped, twice)])

    assert texts(oracle.recognize([Request(first[1_000:20_000].copy(), "partial")])[0]) == ["left"]
    assert texts(oracle.recognize([Request(looped[20_000:50_000].copy(), "partial")])[0]) == ["again"]


def test_an_oracle_with_edges_mishears_a_cut_word_and_each_cut_in_another_way():
    audio = noise(48_000)
    words = [Word("zero", 0.1, 0.5, 1.0), Word("one", 1.0, 2.0, 1.0)]
    oracle = OracleRecognizer(audio, words, edge=0.0)

    def heard(start: int, end: int) -> list[str]:
        return texts(oracle.recognize([Request(audio[start:end].copy(), "partial")])[0])

    assert heard(0, 32_000) == ["zero", "one"]
    assert heard(0, 18_000) == ["zero"]
    (_, half), (_, most) = heard(0, 24_000), heard(0, 28_000)
    assert "one" not in (half, most)
    assert half != most
    assert heard(0, 24_000)[1] == half
    assert heard(24_000, 48_000)[0] not in ("one", half)


def test_an_edge_of_some_width_also_mishears_a_word_that_ends_within_it():
    audio = noise(32_000)
    words = [Word("one", 0.5, 1.0, 1.0)]

    def heard(edge: float) -> list[str]:
        oracle = OracleRecognizer(audio, words, edge=edge)
        return texts(oracle.recognize([Request(audio[:17_600].copy(), "partial")])[0])

    assert heard(0.05) == ["one"]
    assert heard(0.2) not in ([], ["one"])


def test_the_oracle_spends_what_it_is_told_to_on_every_request_with_its_words():
    audio = noise(32_000)
    spent = []
    oracle = OracleRecognizer(
        audio,
        [Word("one", 0.5, 1.0, 1.0)],
        spend=lambda request, words: spent.append((request.kind, [word.text for word in words])),
    )

    oracle.recognize([Request(audio[:16_000].copy(), "partial"), Request(noise(8_000, seed=3), "final")])

    assert spent == [("partial", ["one"]), ("final", [])]


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
