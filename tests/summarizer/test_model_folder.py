"""A folder with a model is looked at without loading it."""

from __future__ import annotations

from pathlib import Path

import pytest

from summarizer.errors import EngineFailed
from summarizer.model_folder import read_model_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "small-instruct"
    made.mkdir()
    (made / "config.json").write_text('{"architectures": ["LlamaForCausalLM"]}')
    (made / "tokenizer.json").write_text("{}")
    (made / "model.safetensors").write_bytes(bytes(300_000))
    return made


def test_a_model_is_told_by_its_folder_its_architecture_its_size_and_a_digest(folder: Path) -> None:
    model = read_model_folder(folder)
    assert (model.name, model.architecture, model.bytes) == ("small-instruct", "LlamaForCausalLM", 300_000)
    assert len(model.digest) == 12
    assert read_model_folder(folder) == model


@pytest.mark.parametrize("at", [10, 150_010, 299_990])
def test_other_weights_of_the_same_size_have_another_digest(folder: Path, at: int) -> None:
    before = read_model_folder(folder).digest
    with (folder / "model.safetensors").open("r+b") as weights:
        weights.seek(at)
        weights.write(b"x")
    assert read_model_folder(folder).digest != before


def test_another_configuration_or_tokenizer_has_another_digest(folder: Path) -> None:
    before = read_model_folder(folder).digest
    (folder / "tokenizer.json").write_text("{ }")
    assert read_model_folder(folder).digest != before


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        ("config.json", "no config.json"),
        ("tokenizer.json", "no tokenizer.json"),
        ("model.safetensors", "no \\*.safetensors"),
    ],
)
def test_what_is_missing_is_named(folder: Path, missing: str, told: str) -> None:
    (folder / missing).unlink()
    with pytest.raises(EngineFailed, match=told):
        read_model_folder(folder)


def test_no_folder_and_a_broken_configuration_are_told_apart(folder: Path) -> None:
    with pytest.raises(EngineFailed, match="There is no folder"):
        read_model_folder(folder / "elsewhere")
    (folder / "config.json").write_text("{")
    with pytest.raises(EngineFailed, match="cannot be read"):
        read_model_folder(folder)
