"""The background sounds: repeatable, as loud as they say, and as different as their names."""

from __future__ import annotations

import numpy as np
import pytest

from asr.noises import KINDS, MIN_VOICES, at_level, babble, level_of, noise

SECOND = 16_000
SOUNDS = [kind for kind in KINDS if kind != "silence"]


def spectrum(audio: np.ndarray) -> np.ndarray:
    """Power for each Hz of whole seconds."""
    return np.mean(
        np.abs(np.fft.rfft(audio[: len(audio) // SECOND * SECOND].reshape(-1, SECOND))) ** 2, axis=0
    )


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_arguments_give_the_same_samples_and_another_seed_gives_others(kind):
    one = noise(kind, 5.0, seed=3)

    assert (one.dtype, one.shape) == (np.float32, (5 * SECOND,))
    np.testing.assert_array_equal(one, noise(kind, 5.0, seed=3))
    assert np.abs(one).max() <= 1.0
    assert kind == "silence" or not np.array_equal(one, noise(kind, 5.0, seed=4))


@pytest.mark.parametrize("kind", SOUNDS)
def test_a_sound_is_as_loud_as_asked_and_is_never_silent(kind):
    audio = noise(kind, 30.0)

    assert 20 * np.log10(level_of(audio)) == pytest.approx(-20.0, abs=0.5)
    assert 20 * np.log10(level_of(at_level(audio, -50.0))) == pytest.approx(-50.0, abs=0.5)


def test_silence_is_digital_silence_at_every_level():
    assert not noise("silence", 1.0).any()
    assert not at_level(noise("silence", 1.0), -20.0).any()


def test_a_level_counts_the_clicks_and_not_the_pauses():
    clicks = np.zeros(10 * SECOND, dtype=np.float32)
    clicks[::SECOND] = 0.5

    assert level_of(clicks) > 4 * float(np.sqrt(np.mean(clicks**2)))


@pytest.mark.parametrize(("kind", "mains"), [("hum_50", 50), ("hum_60", 60)])
def test_hum_lies_on_the_harmonics_of_the_mains(kind, mains):
    power = spectrum(noise(kind, 10.0))
    near = sum(power[k * mains - 2 : k * mains + 3].sum() for k in range(1, 21))

    assert near / power.sum() > 0.98
    assert power[mains - 2 : mains + 3].sum() / power.sum() > 0.3


@pytest.mark.parametrize(
    ("kind", "steady"),
    [("room", True), ("hum_50", True), ("rain", True)]
    + [(kind, False) for kind in ("keyboard", "slams", "coughs", "breathing")],
)
def test_some_sounds_are_steady_and_some_come_and_go(kind, steady):
    windows = np.sqrt(np.mean(noise(kind, 60.0).reshape(-1, 320) ** 2, axis=1))
    swing = np.percentile(windows, 99) / np.percentile(windows, 20)

    assert (swing < 3.0) == steady


def test_music_is_harmonic_and_rain_is_not():
    def peakiness(kind: str) -> float:
        power = spectrum(noise(kind, 20.0))[100:3_000]
        return float(power.max() / np.median(power))

    assert peakiness("music") > 100 * peakiness("rain")


def test_a_song_has_a_voice_s_pitch_and_the_formants_of_vowels():
    power = spectrum(noise("song", 30.0))

    assert power[80:3_100].sum() / power.sum() > 0.95
    assert power[3_800:].sum() / power.sum() < 0.01


def test_babble_holds_every_voice_equally_loud():
    t = np.arange(2 * SECOND) / SECOND
    voices = [(0.01 * (k + 1) * np.sin(2 * np.pi * 200 * (k + 1) * t)).astype(np.float32) for k in range(8)]

    mixed = babble(voices, 6.0)

    power = spectrum(mixed)
    each = [power[200 * (k + 1)] for k in range(8)]
    assert mixed.shape == (6 * SECOND,)
    assert max(each) / min(each) < 1.1
    np.testing.assert_array_equal(mixed, babble(voices, 6.0))


def test_too_few_voices_a_silent_one_and_an_unknown_kind_are_refused():
    voice = np.ones(100, dtype=np.float32)
    with pytest.raises(ValueError, match="at least 8"):
        babble([voice] * (MIN_VOICES - 1), 1.0)
    with pytest.raises(ValueError, match="silent"):
        babble([voice] * 7 + [voice * 0], 1.0)
    with pytest.raises(ValueError, match="'whale'"):
        noise("whale", 1.0)  # type: ignore[arg-type]
