import numpy as np
import pytest

from asr.fbank import FRAME, HOP, Fbank
from asr.types import Audio


def sound() -> Audio:
    """Half a second: a tone, a rising tone and a little that looks like noise, the same on every machine."""
    n = np.arange(8_000)
    rough = ((n * 7_919) % 1_009 / 1_009 - 0.5) * 0.02
    rising = 0.1 * np.sin(2 * np.pi * (1_000 + 0.2 * n) * n / 16_000)
    return (0.2 * np.sin(2 * np.pi * 200 * n / 16_000) + rising + rough).astype(np.float32)


# Frames 3 and 47, bands 0, 7, 20 and 39 of the sound above by kaldi-native-fbank 1.23.0, without dither.
KALDI = {
    Fbank(80, window="hamming", subtract_mean=False): (
        [11.822, 21.5259, 12.7295, 13.2806],
        [12.0758, 21.524, 11.5301, 13.0835],
    ),
    Fbank(80, window="hanning", subtract_mean=False): (
        [10.3996, 21.4352, 8.7602, 11.3139],
        [10.4298, 21.4361, 8.1269, 10.8698],
    ),
    Fbank(40, low_hz=60, high_hz=7_600, window="povey", scale=1.0, subtract_mean=False): (
        [-7.8073, -9.043, -6.0548, -1.3771],
        [-7.7983, -8.8126, -5.9929, -1.3723],
    ),
}


@pytest.mark.parametrize("fbank", KALDI, ids=lambda fbank: fbank.window)
def test_energies_are_kaldis(fbank: Fbank) -> None:
    energies = fbank(sound())
    assert energies.dtype == np.float32
    assert energies.shape == (48, fbank.bands)
    for frame, expected in zip((3, 47), KALDI[fbank], strict=True):
        assert energies[frame, [0, 7, 20, 39]] == pytest.approx(expected, abs=2e-3)


def test_there_is_a_frame_for_every_hop_that_has_a_whole_frame_of_audio() -> None:
    audio = sound()
    for length in (0, 1, FRAME - 1, FRAME, FRAME + HOP - 1, FRAME + HOP):
        assert len(Fbank()(audio[:length])) == max(1, 1 + (length - FRAME) // HOP)


def test_with_the_mean_taken_off_loudness_and_a_steady_filter_leave_no_trace() -> None:
    fbank = Fbank()
    energies = fbank(sound())
    assert np.abs(energies.mean(axis=0)).max() < 1e-4
    assert np.allclose(fbank(sound() * np.float32(0.25)), energies, atol=1e-3)


def test_digital_silence_is_finite_and_the_input_is_left_alone() -> None:
    silence = np.zeros(1_600, dtype=np.float32)
    assert np.isfinite(Fbank()(silence)).all()
    audio = sound()
    Fbank()(audio)
    assert np.array_equal(audio, sound())
