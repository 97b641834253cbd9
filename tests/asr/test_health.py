"""What is said about the sound, and how often."""

from __future__ import annotations

import numpy as np
import pytest

from asr.health import AudioHealthMonitor
from asr.types import AudioHealth

SECOND = 16_000


def noise(seconds: float, level: float, channels: int = 1) -> np.ndarray:
    rng = np.random.default_rng(11)
    return (rng.uniform(-level, level, (round(seconds * SECOND), channels))).astype(np.float32)


def test_thirty_seconds_without_any_energy_are_told_and_told_again_after_a_minute():
    monitor = AudioHealthMonitor(1)

    found = monitor.push(np.zeros((100 * SECOND, 1), dtype=np.float32))

    assert found == [AudioHealth("silence", 0, 30 * SECOND), AudioHealth("silence", 0, 90 * SECOND)]


def test_a_silent_channel_beside_a_living_one_is_told():
    audio = noise(40, 0.1, 2)
    audio[:, 1] = 0.0

    assert AudioHealthMonitor(2).push(audio) == [AudioHealth("silence", 1, 30 * SECOND)]


def test_silence_after_something_was_heard_is_part_of_the_session():
    monitor = AudioHealthMonitor(1)
    monitor.push(noise(1, 0.1))

    assert monitor.push(np.zeros((300 * SECOND, 1), dtype=np.float32)) == []


def test_a_session_taken_up_in_the_middle_says_nothing_about_its_start():
    monitor = AudioHealthMonitor(1, start=5 * SECOND)

    assert monitor.push(np.zeros((60 * SECOND, 1), dtype=np.float32)) == []


def test_clipping_is_told_once_a_minute():
    loud = np.clip(noise(130, 3.0), -1.0, 1.0)

    found = AudioHealthMonitor(1).push(loud)

    assert found == [AudioHealth("clipping", 0, at * SECOND) for at in (1, 61, 121)]


def test_a_single_knock_is_no_clipping():
    audio = noise(2, 0.1)
    audio[100:110] = 1.0

    assert AudioHealthMonitor(1).push(audio) == []


def test_two_channels_with_one_signal_are_told_after_ten_seconds():
    mono = noise(12, 0.1)

    found = AudioHealthMonitor(2).push(np.repeat(mono, 2, axis=1))

    assert found == [AudioHealth("dual_mono", 0, 10 * SECOND)]


def test_two_channels_of_their_own_are_fine():
    assert AudioHealthMonitor(2).push(noise(30, 0.1, 2)) == []


def test_an_utterance_too_quiet_is_told_and_a_normal_one_is_not():
    monitor = AudioHealthMonitor(1)

    assert monitor.utterance(0, noise(2, 0.2)[:, 0], 5) == ()
    assert monitor.utterance(0, noise(2, 0.02)[:, 0], 7) == (AudioHealth("low_level", 0, 7),)
    assert monitor.utterance(0, noise(2, 0.02)[:, 0], 9) == ()


@pytest.mark.parametrize("seed", range(4))
def test_how_the_input_is_cut_does_not_matter(seed):
    audio = np.concatenate([np.zeros((35 * SECOND, 2)), np.repeat(noise(15, 3.0), 2, axis=1)]).astype(
        np.float32
    )
    audio = np.clip(audio, -1.0, 1.0)
    whole = AudioHealthMonitor(2).push(audio)
    assert {one.kind for one in whole} == {"silence", "clipping", "dual_mono"}

    rng = np.random.default_rng(seed)
    monitor = AudioHealthMonitor(2)
    found = [
        one for part in np.split(audio, sorted(rng.integers(0, len(audio), 50))) for one in monitor.push(part)
    ]

    assert found == whole


def test_a_session_taken_up_looks_at_the_same_seconds():
    loud = np.clip(noise(3, 3.0), -1.0, 1.0)
    start = 2 * SECOND + 77

    assert AudioHealthMonitor(1, start=start).push(loud) == [AudioHealth("clipping", 0, 4 * SECOND)]


def test_discard_overwrites_the_begun_second():
    monitor = AudioHealthMonitor(1)
    monitor.push(noise(0.5, 0.2))
    kept = monitor._rest
    monitor.discard()

    assert len(kept) == SECOND // 2
    assert not kept.any()
