"""Voice activity by the real model."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from asr.decoder import decode
from asr.errors import ModelUnusable
from asr.vad import DetectorState, VoiceActivityDetector, VoiceActivityModel

SHARED = Path(os.environ.get("SCRIBE_SHARED", Path(__file__).parents[2].parent / "shared"))
JFK = SHARED / "data" / "speech" / "jfk.flac"


@pytest.fixture(scope="module")
def model() -> VoiceActivityModel:
    return VoiceActivityModel()


@pytest.fixture(scope="module")
def jfk() -> np.ndarray:
    if not JFK.exists():
        pytest.skip(f"{JFK} is absent")
    with JFK.open("rb") as file:
        return np.concatenate(list(decode(file).blocks))[:, 0]


def probabilities(model: VoiceActivityModel, audio: np.ndarray, cuts: list[int]) -> list[float]:
    detector = VoiceActivityDetector(model)
    edges = [0, *cuts, len(audio)]
    return [p for start, end in pairwise(edges) for p in detector.push(audio[start:end])]


def noise(seconds: float, level: float) -> np.ndarray:
    rng = np.random.default_rng(7)
    return (rng.standard_normal(round(seconds * 16_000)) * level).astype(np.float32)


def test_each_512_samples_give_one_probability(model):
    detector = VoiceActivityDetector(model)

    assert len(detector.push(noise(1.0, 0.1)[:511])) == 0
    assert len(detector.push(noise(1.0, 0.1)[:1])) == 1
    assert len(detector.push(noise(1.0, 0.1)[:1_024])) == 2


def test_any_cut_of_the_input_gives_the_same_probabilities_to_the_last_bit(model):
    audio = noise(2.0, 0.2)
    whole = probabilities(model, audio, [])
    rng = np.random.default_rng(3)

    for _ in range(4):
        assert probabilities(model, audio, sorted(rng.integers(0, len(audio), 40).tolist())) == whole
    assert probabilities(model, audio, list(range(512, len(audio), 512))) == whole


def test_neither_zeros_nor_dither_nor_noise_is_speech(model):
    assert max(probabilities(model, np.zeros(32_000, dtype=np.float32), [])) == 0.0
    assert max(probabilities(model, noise(2.0, 0.0005), [])) == 0.0  # -66 dBFS, below the gate
    assert max(probabilities(model, noise(2.0, 0.05), [])) < 0.5


def test_reset_forgets_everything(model):
    audio = noise(1.0, 0.2)
    detector = VoiceActivityDetector(model)
    first = detector.push(audio)
    detector.push(audio[:100])
    detector.reset()

    assert detector.push(audio) == first


def test_a_detector_taken_up_from_an_encoded_state_goes_on_exactly(model):
    audio = noise(2.0, 0.2)
    first = VoiceActivityDetector(model)
    first.push(audio[:16_384])
    second = VoiceActivityDetector(model)
    second.reset(DetectorState.decode(first.state.encode()))
    first.reset(first.state)  # without the 64 samples of context, as the other

    assert second.push(audio[16_384:]) == first.push(audio[16_384:])
    fresh = VoiceActivityDetector(model)
    assert fresh.push(audio[16_384:]) != second.push(audio[16_384:])


def test_discard_leaves_no_sample_behind(model):
    detector = VoiceActivityDetector(model)
    detector.push(noise(0.1, 0.2))
    kept = detector._heard
    detector.discard()

    assert not kept.any()


@pytest.mark.data
def test_speech_is_heard_and_the_pauses_in_it_are_not(model, jfk):
    heard = np.array(probabilities(model, jfk, []))

    assert np.mean(heard > 0.5) > 0.6
    assert (heard[20:36] > 0.5).all()  # 0.64 to 1.15 s: "so my fellow"
    assert (heard[82:98] < 0.35).mean() > 0.5  # 2.6 to 3.1 s: the pause after "Americans"


@pytest.mark.data
def test_speech_below_the_gate_is_no_speech(model, jfk):
    assert max(probabilities(model, jfk * np.float32(1e-3), [])) == 0.0


def test_a_file_that_is_no_model_is_refused_by_name(tmp_path):
    path = tmp_path / "broken.onnx"
    path.write_bytes(b"no model")

    with pytest.raises(ModelUnusable, match=r"broken\.onnx"):
        VoiceActivityModel(path)
