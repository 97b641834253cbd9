import os
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from asr.decoder import decode
from asr.embedding import SpectralEmbedder
from asr.testing import SteadyEmbedder
from asr.types import SAMPLE_RATE, Audio

SHARED = Path(os.environ.get("SCRIBE_SHARED") or Path(__file__).parents[2].parent / "shared")
READERS = SHARED / "data" / "speakers" / "librispeech_train-clean-100"


def voice(pitch_hz: float, tract: float, seconds: float, seed: int = 0) -> Audio:
    """Vowels at random from a pulse train through three resonances; `tract` scales them, long throats are low."""
    rng = np.random.default_rng(seed)
    length = round(seconds * SAMPLE_RATE)
    melody = pitch_hz * 2 ** (0.15 * np.sin(np.arange(length) / 3_000 + seed))
    pulses = np.diff(np.floor(np.cumsum(melody) / SAMPLE_RATE), prepend=0.0)
    sound = np.zeros(length)
    vowels = np.array([[730, 1090, 2440], [270, 2290, 3010], [300, 870, 2240], [530, 1840, 2480]]) * tract
    for begin in range(0, length, 3_200):
        part = slice(begin, begin + 3_200)
        frequency = np.fft.rfftfreq(len(pulses[part]), 1 / SAMPLE_RATE)
        shape = sum(1 / (1 + ((frequency - formant) / 80) ** 2) for formant in vowels[rng.integers(4)])
        sound[part] = np.fft.irfft(np.fft.rfft(pulses[part]) * (shape + 0.01), len(pulses[part]))
    sound += 1e-3 * np.abs(sound).max() * rng.standard_normal(length)
    return (0.3 * sound / np.abs(sound).max()).astype(np.float32)


@pytest.mark.parametrize(
    "embedder", [SpectralEmbedder(), SteadyEmbedder()], ids=lambda embedder: embedder.name
)
@pytest.mark.parametrize("seconds", [0.4, 1.5, 6.0])
def test_an_embedding_has_the_declared_dimension_and_norm_one(
    embedder: SpectralEmbedder, seconds: float
) -> None:
    embedding = embedder.embed(voice(120, 1.0, seconds))
    assert embedding.dtype == np.float32
    assert embedding.shape == (embedder.dimension,)
    assert np.linalg.norm(embedding) == pytest.approx(1.0, abs=1e-6)


def test_two_voices_are_further_apart_than_one_voice_with_other_words() -> None:
    embedder = SpectralEmbedder()
    low = [embedder.embed(voice(110, 1.0, 1.5, seed)) for seed in range(4)]
    high = [embedder.embed(voice(210, 1.17, 1.5, seed)) for seed in range(4, 8)]
    between = [float(one @ other) for one in low for other in high]
    within = [float(side[i] @ side[j]) for side in (low, high) for i in range(4) for j in range(i)]
    assert max(between) < min(within)


@pytest.mark.parametrize("gain", [0.05, 3.0])
def test_loudness_is_no_part_of_a_voice(gain: float) -> None:
    audio = voice(150, 1.0, 1.5)
    embedder = SpectralEmbedder()
    assert float(embedder.embed(audio) @ embedder.embed((gain * audio).astype(np.float32))) > 0.999


def test_pauses_are_no_part_of_a_voice() -> None:
    audio = voice(150, 1.0, 1.5)
    pause = np.zeros(SAMPLE_RATE // 2, dtype=np.float32)
    embedder = SpectralEmbedder()
    assert float(embedder.embed(audio) @ embedder.embed(np.concatenate([pause, audio, pause]))) > 0.97


@pytest.mark.parametrize("length", [0, 1, 6_400, 24_000])
def test_silence_and_scraps_give_a_vector_and_no_warning(length: int) -> None:
    embedding = SpectralEmbedder().embed(np.zeros(length, dtype=np.float32))
    assert np.isfinite(embedding).all()


def test_embedding_leaves_its_input_alone_and_has_no_memory() -> None:
    audio = voice(150, 1.0, 1.5)
    before, embedder = audio.copy(), SpectralEmbedder()
    first = embedder.embed(audio)
    embedder.embed(voice(90, 0.9, 1.5))
    assert np.array_equal(embedder.embed(audio), first)
    assert np.array_equal(audio, before)


@pytest.mark.data
def test_unseen_readers_are_told_apart_with_an_equal_error_rate_under_a_fifth() -> None:
    if not READERS.is_dir():
        pytest.skip(f"needs the LibriSpeech readers at {READERS}")
    # Every second reader by number is where the embedder's constants come from; these are of the others.
    unseen = sorted(READERS.glob("*.flac"), key=lambda path: path.stem)[1::2][:50]
    embedder = SpectralEmbedder()
    embeddings: list[NDArray[np.float32]] = []
    readers: list[int] = []
    for reader, path in enumerate(unseen):
        with path.open("rb") as file:
            audio = np.concatenate(list(decode(file).blocks))[:, 0]
        windows = [audio[begin : begin + 24_000] for begin in range(0, len(audio) - 24_000 + 1, 24_000)]
        embeddings += [embedder.embed(window) for window in windows]
        readers += [reader] * len(windows)
    alike = np.stack(embeddings) @ np.stack(embeddings).T
    pairs = np.triu(np.ones_like(alike, dtype=bool), 1)
    same = pairs & (np.array(readers)[:, None] == np.array(readers))
    thresholds = np.linspace(-1, 1, 201)
    rejected = np.array([(alike[same] < threshold).mean() for threshold in thresholds])
    accepted = np.array([(alike[pairs & ~same] >= threshold).mean() for threshold in thresholds])
    at = np.abs(rejected - accepted).argmin()
    assert rejected[at] < 0.2
    # What the embedder calls the same speaker lies where both kinds of error are bearable.
    assert (alike[same] < embedder.same_speaker).mean() < 0.4
    assert (alike[pairs & ~same] >= embedder.same_speaker).mean() < 0.1
