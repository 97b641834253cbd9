import importlib
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from asr.embedding import SpectralEmbedder
from asr.errors import ModelNotFound, ModelUnusable
from asr.fbank import Fbank
from asr.neural_embedding import PACKAGED, NeuralEmbedder
from asr.types import Audio

SHARED = Path(os.environ.get("SCRIBE_SHARED") or Path(__file__).parents[2].parent / "shared")
DATA = SHARED / "data"
SCRIPTS = Path(__file__).parents[2] / "scripts"


def script(name: str) -> Any:
    """A module of scripts/, which is no package: its files find each other where they lie."""
    if str(SCRIPTS) not in sys.path:
        sys.path.append(str(SCRIPTS))
    return importlib.import_module(name)


@pytest.fixture(scope="module")
def packaged() -> NeuralEmbedder:
    return NeuralEmbedder()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model folder of one's own: a copy of the packaged one."""
    return Path(shutil.copytree(PACKAGED, tmp_path / "mine"))


def describe(folder: Path, **changes: Any) -> None:
    """Change the folder's description; what is set to None is taken out."""
    said = json.loads((folder / "embedder.json").read_text()) | changes
    said = {key: value for key, value in said.items() if value is not None}
    (folder / "embedder.json").write_text(json.dumps(said))


def noise(seconds: float, seed: int = 0) -> Audio:
    return 0.1 * np.random.default_rng(seed).standard_normal(round(seconds * 16_000), dtype=np.float32)


@pytest.mark.parametrize("samples", [0, 1, 399, 6_400, 24_000, 96_000])
@pytest.mark.parametrize("loudness", [0.0, 1.0])
def test_any_length_gives_a_vector_of_norm_one_and_the_declared_dimension(
    packaged: NeuralEmbedder, samples: int, loudness: float
) -> None:
    vector = packaged.embed(np.float32(loudness) * noise(6.0)[:samples])
    assert vector.dtype == np.float32
    assert vector.shape == (packaged.dimension,)
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)


def test_embedding_leaves_its_input_alone_and_has_no_memory(packaged: NeuralEmbedder) -> None:
    audio = noise(1.5)
    first = packaged.embed(audio)
    packaged.embed(noise(3.0, seed=1))
    assert np.array_equal(packaged.embed(audio), first)
    assert np.array_equal(audio, noise(1.5))


def test_the_name_changes_with_the_weights_so_that_vectors_of_two_models_never_meet(
    packaged: NeuralEmbedder, folder: Path
) -> None:
    assert NeuralEmbedder(folder).name == packaged.name
    with (folder / "voices.onnx").open("ab") as file:
        # One more pair of metadata (field 14 of an ONNX model): the same net, other bytes.
        file.write(b"\x72\x06\x0a\x01a\x12\x01b")
    assert NeuralEmbedder(folder).name.split("@")[0] == packaged.name.split("@")[0]
    assert NeuralEmbedder(folder).name != packaged.name


def test_the_spectral_share_is_that_part_of_every_cosine(folder: Path) -> None:
    one, other = noise(1.5), np.cumsum(noise(1.5, seed=1)).astype(np.float32)
    describe(folder, spectral_share=None)
    neural = NeuralEmbedder(folder)
    describe(folder, spectral_share=0.25)
    both, spectral = NeuralEmbedder(folder), SpectralEmbedder()
    assert (neural.dimension, both.dimension) == (128, 128 + spectral.dimension)
    expected = 0.75 * neural.embed(one) @ neural.embed(other) + 0.25 * spectral.embed(one) @ spectral.embed(
        other
    )
    assert both.embed(one) @ both.embed(other) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"dimension": None}, "'dimension' is missing"),
        ({"dimension": "many"}, "many"),
        ({"dimension": 64}, "vectors of 64"),
        ({"sample_rate": 8_000}, "8000 and not 16000"),
        ({"features": {"type": "wave"}}, "'wave' and not 'fbank'"),
        ({"features": {"type": "fbank", "bands": 40}}, "frames of 40 bands"),
        ({"features": {"type": "fbank", "colour": 1}}, "colour"),
        ({"spectral_share": 2}, "spectral_share is 2"),
    ],
)
def test_a_description_that_does_not_fit_is_refused_in_one_sentence(
    folder: Path, changes: dict[str, Any], told: str
) -> None:
    describe(folder, **changes)
    with pytest.raises(ModelUnusable, match=told) as refusal:
        NeuralEmbedder(folder)
    assert str(refusal.value).count("\n") == 0


def test_a_folder_without_a_model_or_with_another_file_in_its_place_is_refused(folder: Path) -> None:
    (folder / "voices.onnx").write_bytes(b"no model")
    with pytest.raises(ModelUnusable, match="does not load"):
        NeuralEmbedder(folder)
    (folder / "voices.onnx").unlink()
    with pytest.raises(ModelNotFound, match=r"voices\.onnx"):
        NeuralEmbedder(folder)
    (folder / "embedder.json").write_text("[1]")
    with pytest.raises(ModelUnusable, match="JSON object"):
        NeuralEmbedder(folder)
    (folder / "embedder.json").write_text("{")
    with pytest.raises(ModelUnusable, match="to be JSON"):
        NeuralEmbedder(folder)
    (folder / "embedder.json").unlink()
    with pytest.raises(ModelNotFound, match="there is none"):
        NeuralEmbedder(folder)


def test_the_packaged_model_was_trained_on_the_features_that_the_product_computes() -> None:
    training = script("train_speaker_embedder")
    features = json.loads((PACKAGED / "embedder.json").read_text())["features"]
    assert isinstance(training.FEATURES, Fbank)
    assert Fbank(**{key: value for key, value in features.items() if key != "type"}) == training.FEATURES


def test_the_model_card_says_which_data_under_which_licence_and_the_limits() -> None:
    card = (PACKAGED / "MODEL_CARD.md").read_text()
    for said in ("LibriSpeech", "CC BY 4.0", "184", "46", "children", "read"):
        assert said in card


@pytest.mark.data
def test_no_reader_is_in_two_parts_and_the_held_out_are_every_fifth_number() -> None:
    if not DATA.is_dir():
        pytest.skip(f"needs the LibriSpeech readers below {DATA}")
    voices = script("measuring.voices")
    parts = {
        part: {reader.number for reader in voices.readers(DATA, part)}
        for part in ("train", "development", "held out")
    }
    assert [len(numbers) for numbers in parts.values()] == [184, 21, 46]
    assert not set.intersection(*parts.values())
    assert all(
        (number % 5 == 0) == (number in parts["held out"]) for part in parts.values() for number in part
    )


@pytest.mark.data
def test_readers_never_heard_are_told_apart_better_than_without_a_model_in_every_room(
    packaged: NeuralEmbedder,
) -> None:
    if not DATA.is_dir():
        pytest.skip(f"needs the LibriSpeech readers below {DATA}")
    measuring, voices = script("measuring.embedders"), script("measuring.voices")
    heard = voices.readers(DATA, "held out")[::2]
    for condition, highest in HIGHEST.items():
        windows, of = measuring.windows_of(heard, 1.5, measuring.CONDITIONS[condition], [])
        numbers = np.array([reader.number for reader in of])
        rates = {}
        for embedder in (packaged, SpectralEmbedder()):
            vectors = np.stack([embedder.embed(window) for window in windows])
            rates[embedder.name], _ = measuring.equal_error_rate(*measuring.alike(vectors, numbers))
        assert rates[packaged.name] < highest
        assert rates[packaged.name] < rates["spectral-1"]


HIGHEST = {"clean": 0.15, "rooms": 0.18}
"""Equal error rates over half of the held-out readers that the packaged model stays under."""
