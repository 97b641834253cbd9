"""Which windows hold only the other person, or the same signal once more."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from asr.crosstalk import REACH, UNKNOWN, is_copy, is_leak
from scribe.sample import sample_audio, sample_truth

SECOND = 16_000
WINDOW = 512
SPOKEN = 10.0 ** (-45 / 20)


@cache
def speech() -> np.ndarray:
    """float32 [n, 2]: the first minute of the sample, two people in turn, at about -21 dBFS."""
    return sample_audio()[: 60 * SECOND] * np.float32(4.0)


@cache
def together() -> np.ndarray:
    """float32 [n, 2]: both at once, the second moved to where the first speaks."""
    audio = speech()
    return np.stack([audio[:, 0], np.roll(audio[:, 1], 7 * SECOND)], axis=1)


def hiss(level: float, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.standard_normal(60 * SECOND) * 10.0 ** (level / 20)).astype(np.float32)


def leak_of(voice: np.ndarray, gain: float, delay_ms: float, seed: int = 1) -> np.ndarray:
    """A voice as another person's microphone hears it: later, duller, and with the echoes of a room of 0.3 s."""
    rng = np.random.default_rng(seed)
    t = np.arange(SECOND // 4) / SECOND
    room = rng.standard_normal(len(t)) * np.exp(-6.9 * t / 0.3) * (t > 0.002)
    room *= 10.0 ** (-3 / 20) / np.sqrt(np.sum(room**2))
    room[0] += 1.0
    size = 1 << (len(voice) + len(room)).bit_length()
    spectrum = np.fft.rfft(voice, size) * np.fft.rfft(room, size)
    frequencies = np.fft.rfftfreq(size, 1 / SECOND)
    spectrum *= (frequencies > 150) / np.sqrt(1.0 + (frequencies / 5_000) ** 2)
    late = np.roll(np.fft.irfft(spectrum, size), round(delay_ms * SECOND / 1_000))[: len(voice)]
    level = 10.0 ** (gain / 20) / np.sqrt(np.sum(room**2))
    return (late * level).astype(np.float32)


def share(rule, own: np.ndarray, other: np.ndarray, where: np.ndarray, every: int = 4) -> float:
    """Of the windows in which `where` is as loud as speech, the share of which the rule is true."""
    asked = []
    for end in range(REACH, len(own), every * WINDOW):
        if np.sqrt(np.mean(where[end - WINDOW : end] ** 2)) > SPOKEN:
            asked.append(rule(own[end - REACH : end], other[end - REACH : end]))
    assert len(asked) > 50
    return float(np.mean(asked))


@pytest.mark.parametrize("gain", [-10, -15, -20])
@pytest.mark.parametrize("delay_ms", [0, 20, 100, 250])
def test_a_microphone_that_hears_only_the_other_is_told_so(gain, delay_ms):
    voice = speech()[:, 0]
    leak = leak_of(voice, gain, delay_ms)

    assert share(is_leak, leak + hiss(-68), voice + hiss(-68, 1), where=leak) > 0.93


@pytest.mark.parametrize(("gain", "missed"), [(0, 0.15), (-3, 0.18), (-6, 0.3)])
def test_one_s_own_voice_at_the_same_time_is_kept(gain, missed):
    first, second = together().T
    own = second * np.float32(10.0 ** (gain / 20))
    both = own + leak_of(first, -15, 50) + hiss(-68)
    talking = np.where(np.convolve(np.abs(first), np.ones(1_600) / 1_600, "same") > 0.01, own, 0.0)

    assert share(is_leak, both, first + hiss(-68, 1), where=talking, every=1) < missed


def test_a_quiet_voice_alone_is_kept():
    quiet = speech()[:, 1] * np.float32(0.1)

    assert share(is_leak, quiet * 2 + hiss(-75), hiss(-60, 1), where=quiet * 2) == 0.0


def test_the_louder_of_the_two_is_never_the_leak():
    voice = speech()[:, 0]

    assert share(is_leak, voice, leak_of(voice, -10, 20), where=voice) < 0.02


def test_a_reply_within_the_echo_of_the_other_is_kept():
    audio, truth = sample_audio() * np.float32(4.0), sample_truth()
    before, reply = next(
        (one, next_)
        for one, next_ in zip(truth.turns, truth.turns[1:], strict=False)
        if one.channel != next_.channel
    )
    start = round(reply.start * SECOND)
    gap = start - round(before.end * SECOND)
    other = np.roll(audio[:, before.channel], gap - 800)  # the reply now comes 50 ms after the question
    own = audio[:, reply.channel] + leak_of(other, -10, 20)
    loud = [
        end
        for end in range(start, start + SECOND, WINDOW)
        if np.sqrt(np.mean(audio[end - WINDOW : end, reply.channel] ** 2)) > SPOKEN
    ]

    assert len(loud) > 8
    assert np.mean([is_leak(own[end - REACH : end], other[end - REACH : end]) for end in loud]) < 0.35


def test_what_lies_further_back_than_it_reaches_changes_nothing():
    own, other = together()[20 * SECOND : 22 * SECOND].T

    for end in range(REACH, len(own), WINDOW):
        near = is_leak(own[end - REACH : end], other[end - REACH : end])
        assert is_leak(own[:end], other[:end]) == near


def test_until_a_late_leak_can_be_told_loudness_alone_decides():
    own = speech()[5 * SECOND :, 0]
    silent = np.zeros_like(own)
    short = UNKNOWN - 512

    assert not is_leak(own[:short], silent[:short]), "a word at the very start is heard"
    assert is_leak(0.2 * own[:short], own[:short])
    assert not is_leak(own[:UNKNOWN], silent[:UNKNOWN])
    assert is_leak(silent[:REACH], silent[:REACH])
    assert UNKNOWN <= 10 * WINDOW, "the padding of an utterance"


@pytest.mark.parametrize(
    ("gain", "lag", "noise"), [(0, 0, None), (-4, 0, -60), (4, 80, -60), (0, -80, -60), (-7, 160, None)]
)
def test_two_channels_of_one_signal_are_a_copy_whatever_their_level_noise_or_delay(gain, lag, noise):
    one = speech().sum(axis=1)
    other = np.roll(one, lag) * np.float32(10.0 ** (gain / 20))
    if noise is not None:
        one, other = one + hiss(noise), other + hiss(noise, 1)

    assert share(is_copy, one, other, where=one) > 0.9
    assert share(is_copy, other, one, where=one) > 0.9


def test_two_people_at_once_and_hum_on_both_channels_are_no_copy():
    first, second = together().T
    hum = (0.05 * np.sin(2 * np.pi * 50 * np.arange(len(first)) / SECOND)).astype(np.float32)

    assert share(is_copy, first, second, where=second) == 0.0
    assert share(is_copy, first + hum, second + hum, where=second) == 0.0
    assert not is_copy(first * 0, second * 0)
    assert not is_copy(first[:1_000], first[:1_000])


def test_a_leak_through_a_room_is_no_copy():
    voice = speech()[:, 0]
    leak = leak_of(voice, -10, 20)

    assert share(is_copy, leak, voice, where=leak) == 0.0


@pytest.mark.parametrize("rule", [is_leak, is_copy])
def test_stretches_of_two_lengths_are_refused(rule):
    with pytest.raises(ValueError, match="6000 and 5999"):
        rule(np.zeros(6_000, dtype=np.float32), np.zeros(5_999, dtype=np.float32))
