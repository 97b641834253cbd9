from itertools import pairwise
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

import scribe.sample
from asr.types import SAMPLE_RATE
from scribe.sample import SampleTruth, sample_audio, sample_mono, sample_truth
from summarizer.types import FactKind


@pytest.fixture(scope="module")
def audio() -> np.ndarray:
    return sample_audio()


@pytest.fixture(scope="module")
def truth() -> SampleTruth:
    return sample_truth()


def test_the_audio_has_two_channels_as_long_as_the_truth_says(audio: np.ndarray, truth: SampleTruth) -> None:
    assert audio.dtype == np.float32
    assert audio.shape == (round(truth.duration * SAMPLE_RATE), 2)
    assert 0.05 < np.abs(audio).max() < 1.0


def test_mono_is_the_mean_of_the_channels(audio: np.ndarray) -> None:
    mono = sample_mono()
    assert mono.dtype == np.float32
    assert np.allclose(mono, (audio[:, 0] + audio[:, 1]) / 2, atol=1e-7)


def test_the_file_is_small_enough_to_ship() -> None:
    assert (Path(scribe.sample.__file__).parent / "session.flac").stat().st_size < 3_000_000


def test_words_lie_in_their_turn_in_order_and_say_its_text(truth: SampleTruth) -> None:
    for turn in truth.turns:
        assert " ".join(word.text for word in turn.words) == turn.text
        assert (turn.start, turn.end) == (turn.words[0].start, turn.words[-1].end)
        assert all(word.start < word.end for word in turn.words)
        assert all(left.end <= right.start + 0.0015 for left, right in pairwise(turn.words))


@pytest.mark.parametrize("channel", [0, 1])
def test_the_sound_is_where_the_words_are(audio: np.ndarray, truth: SampleTruth, channel: int) -> None:
    in_words = np.zeros(len(audio), dtype=bool)
    for turn in truth.turns:
        for word in turn.words if turn.channel == channel else ():
            in_words[round(word.start * SAMPLE_RATE) : round(word.end * SAMPLE_RATE)] = True
    energy = audio[:, channel].astype(np.float64) ** 2
    assert energy[~in_words].sum() < 0.001 * energy[in_words].sum()
    ten_ms = energy[: len(energy) // 160 * 160].reshape(-1, 160).mean(axis=1)
    spoken = in_words[: len(energy) // 160 * 160].reshape(-1, 160).all(axis=1)
    # Inside words it is quiet only in the closures of stops.
    assert (ten_ms[spoken] > (2e-4) ** 2).mean() > 0.95


def test_a_pause_is_quiet_but_not_digital_silence(audio: np.ndarray) -> None:
    before_anybody_speaks = audio[: SAMPLE_RATE // 2]
    assert 0.0 < np.abs(before_anybody_speaks).max() < 0.001
    assert (before_anybody_speaks != 0.0).any(axis=0).all()


def test_each_role_has_its_channel_and_the_clinician_begins(truth: SampleTruth) -> None:
    assert {(turn.role, turn.channel) for turn in truth.turns} == {("clinician", 0), ("client", 1)}
    assert truth.turns[0].role == "clinician"


def test_pauses_are_those_of_a_talk_with_long_silences_and_one_overlap(truth: SampleTruth) -> None:
    between = [right.start - left.end for left, right in pairwise(truth.turns)]
    within = [right.start - left.end for turn in truth.turns for left, right in pairwise(turn.words)]
    assert sum(pause < 0 for pause in between) == 1
    assert sum(3.5 < pause < 5.0 for pause in between + within) == 2
    assert 150 < truth.duration < 210


def test_every_fact_points_at_turns_that_exist_and_has_a_known_kind(truth: SampleTruth) -> None:
    turns = {turn.id for turn in truth.turns}
    for fact in truth.must:
        assert fact.turns
        assert set(fact.turns) <= turns
        assert fact.kind in get_args(FactKind)
        assert fact.words
    identities = [fact.id for fact in truth.must + truth.must_not]
    assert len(identities) == len(set(identities))


def test_nothing_that_a_note_must_not_hold_was_said(truth: SampleTruth) -> None:
    said = " ".join(turn.text for turn in truth.turns).lower()
    assert not [word for fact in truth.must_not for word in fact.words if word.lower() in said]
