"""Any rate to 16 kHz, with sine waves as truth."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from asr.resampler import Resampler

RATES = (8_000, 11_025, 22_050, 24_000, 44_100, 48_000)


def tone(rate: int, hertz: float, seconds: float) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate)).astype(np.float32)


def resampled(audio: np.ndarray, rate: int, cuts: list[int]) -> np.ndarray:
    resampler = Resampler(rate, audio.shape[1])
    edges = [0, *cuts, len(audio)]
    blocks = [resampler.push(audio[start:end]) for start, end in pairwise(edges)]
    return np.concatenate([*blocks, resampler.flush()])


@pytest.mark.parametrize("rate", [*RATES, 16_000])
def test_any_cut_of_the_input_gives_the_same_samples(rate):
    rng = np.random.default_rng(rate)
    audio = rng.standard_normal((rate, 2)).astype(np.float32)
    whole = resampled(audio, rate, [])

    for _ in range(5):
        cuts = sorted(rng.integers(0, len(audio), 60).tolist())
        assert np.array_equal(resampled(audio, rate, cuts), whole)
    assert np.array_equal(resampled(audio[:300], rate, list(range(1, 300))), resampled(audio[:300], rate, []))


@pytest.mark.parametrize("rate", RATES)
def test_a_tone_stays_where_and_as_loud_as_it_was(rate):
    out = resampled(tone(rate, 440, 1.0)[:, None], rate, [])[:, 0]

    assert abs(len(out) - 16_000) <= 1
    inner = slice(800, 15_200)
    assert np.max(np.abs(out[inner] - tone(16_000, 440, 1.0)[inner])) < 1e-3


def test_what_16_khz_cannot_hold_is_removed_and_not_folded_back():
    out = resampled(tone(48_000, 10_000, 1.0)[:, None], 48_000, [])

    assert np.max(np.abs(out[800:-800])) < 1e-3


def test_channels_do_not_leak_into_each_other():
    audio = np.stack([tone(8_000, 300, 0.5), np.zeros(4_000, dtype=np.float32)], axis=1)

    assert not resampled(audio, 8_000, [1_000])[:, 1].any()


def test_flush_gives_the_tail_and_leaves_a_fresh_resampler():
    audio = tone(8_000, 300, 0.25)[:, None]
    resampler = Resampler(8_000, 1)
    first = np.concatenate([resampler.push(audio), resampler.flush()])
    second = np.concatenate([resampler.push(audio), resampler.flush()])

    assert len(resampler.flush()) == 0
    assert len(first) == 4_000
    assert np.array_equal(first, second)


def test_16_khz_passes_through_untouched():
    audio = np.random.default_rng(1).standard_normal((500, 2)).astype(np.float32)

    assert np.array_equal(resampled(audio, 16_000, [7]), audio)
