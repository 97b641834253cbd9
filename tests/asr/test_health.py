"""What is said about the sound, and how often."""

from __future__ import annotations

import numpy as np
import pytest

from asr.health import AudioHealthMonitor
from asr.types import AudioHealth
from scribe.sample import sample_audio

SECOND = 16_000


def noise(seconds: float, level: float, channels: int = 1) -> np.ndarray:
    """Hiss with a pause of 100 ms in each half second, as between words: float32 [n, channels]."""
    rng = np.random.default_rng(11)
    audio = rng.uniform(-level, level, (round(seconds * SECOND), channels))
    audio[np.arange(len(audio)) % (SECOND // 2) < SECOND // 10] = 0.0
    return audio.astype(np.float32)


def hiss(seconds: float, dbfs: float, channels: int = 1, seed: int = 5) -> np.ndarray:
    """Steady noise: float32 [n, channels]."""
    rng = np.random.default_rng(seed)
    return (rng.standard_normal((round(seconds * SECOND), channels)) * 10 ** (dbfs / 20)).astype(np.float32)


def kinds(found) -> set[str]:
    return {one.kind for one in found}


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


@pytest.mark.parametrize(("gain", "lag", "floor"), [(0.6, 0, -60), (1.6, 40, -60), (0.8, -100, -50)])
def test_two_channels_of_one_signal_are_told_though_level_noise_or_delay_differ(gain, lag, floor):
    speech = sample_audio()[: 60 * SECOND].sum(axis=1) * np.float32(4.0)
    audio = np.stack([speech, np.roll(speech, lag) * np.float32(gain)], axis=1) + hiss(60, floor, 2)

    found = AudioHealthMonitor(2).push(audio)

    assert [(one.kind, one.channel) for one in found] == [("dual_mono", 0)]
    assert found[0].at <= 30 * SECOND


def test_two_people_and_a_leak_between_them_are_no_dual_mono():
    audio = sample_audio()[: 100 * SECOND] * np.float32(4.0)
    crossed = audio + 0.3 * np.roll(audio[:, ::-1], 500, axis=0) + hiss(100, -65, 2)

    assert AudioHealthMonitor(2).push(audio) == []
    assert AudioHealthMonitor(2).push(crossed) == []


def test_hum_that_one_device_gives_to_both_channels_is_no_dual_mono():
    t = np.arange(60 * SECOND) / SECOND
    hum = sum(np.sin(2 * np.pi * 50 * k * t) / k for k in range(1, 12)) * 10 ** (-45 / 20)
    audio = np.stack([hum, hum], axis=1).astype(np.float32)

    assert "dual_mono" not in kinds(AudioHealthMonitor(2).push(audio))


def test_noise_near_the_level_of_speech_is_told_after_half_a_minute_and_noise_far_below_is_not():
    speech = sample_audio()[: 90 * SECOND].sum(axis=1)[:, None]  # -33 dBFS

    near = AudioHealthMonitor(1).push(speech + hiss(90, -38))
    far = AudioHealthMonitor(1).push(speech + hiss(90, -53))

    assert near == [AudioHealth("noise", 0, 30 * SECOND), AudioHealth("noise", 0, 90 * SECOND)]
    assert far == []


def test_loud_noise_alone_is_told_and_a_quiet_room_is_not():
    assert AudioHealthMonitor(1).push(hiss(31, -35)) == [AudioHealth("noise", 0, 30 * SECOND)]
    assert AudioHealthMonitor(1).push(hiss(31, -50)) == []


def test_noise_is_told_of_the_channel_that_has_it():
    audio = sample_audio()[: 31 * SECOND] * np.float32(4.0) + hiss(31, -70, 2)
    audio[:, 1] += hiss(31, -30)[:, 0]

    assert AudioHealthMonitor(2).push(audio) == [AudioHealth("noise", 1, 30 * SECOND)]


def test_hours_keep_no_more_than_half_a_minute_of_numbers():
    monitor = AudioHealthMonitor(2)
    for _ in range(20):
        monitor.push(noise(10, 0.1, 2))

    assert sum(powers.nbytes for powers in monitor._powers) == 30 * 2 * 50 * 4
    assert len(monitor._copies) <= 30
    assert len(monitor._rest) < SECOND


def test_an_utterance_too_quiet_is_told_and_a_normal_one_is_not():
    monitor = AudioHealthMonitor(1)

    assert monitor.utterance(0, noise(2, 0.2)[:, 0], 5) == ()
    assert monitor.utterance(0, noise(2, 0.02)[:, 0], 7) == (AudioHealth("low_level", 0, 7),)
    assert monitor.utterance(0, noise(2, 0.02)[:, 0], 9) == ()


@pytest.mark.parametrize("seed", range(4))
def test_how_the_input_is_cut_does_not_matter(seed):
    loud = np.clip(np.repeat(noise(15, 3.0), 2, axis=1), -1.0, 1.0)
    audio = np.concatenate([np.zeros((35 * SECOND, 2), dtype=np.float32), loud, hiss(35, -30, 2)])
    whole = AudioHealthMonitor(2).push(audio)
    assert kinds(whole) == {"silence", "clipping", "dual_mono", "noise"}

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
