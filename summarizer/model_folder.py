"""A folder with a language model: a path in, what kind of model it is and a digest of it out.

It reads the configuration and looks at the files; no weights are loaded and no library of models is needed.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from summarizer.errors import EngineFailed

_SAMPLE_BYTES = 64 * 1024
"""Of each file of weights its beginning, middle and end are digested: fine-tunings of one size differ there."""


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """What lies in the folder: `bytes` are those of the weights, `digest` 12 hexadecimal digits of all of it."""

    path: Path
    name: str
    architecture: str
    bytes: int
    digest: str


def read_model_folder(path: Path) -> ModelFolder:
    """The model in a folder. Raises `EngineFailed`, which says what is missing."""
    if not path.is_dir():
        raise EngineFailed(
            f"There is no folder {path}; give the folder of a Hugging Face model (config.json, tokenizer.json and "
            "*.safetensors)."
        )
    try:
        config = json.loads((path / "config.json").read_text(encoding="utf-8"))
        weights = sorted(path.glob("*.safetensors"))
        described = sorted(
            file for file in path.iterdir() if file.suffix in (".json", ".jinja") and file.is_file()
        )
        sizes = {file: file.stat().st_size for file in weights}
        digest = hashlib.sha256()
        for file in described:
            digest.update(f"{file.name}\n".encode() + hashlib.sha256(file.read_bytes()).digest())
        for file, size in sizes.items():
            digest.update(f"{file.name}\n{size}\n".encode() + _sample(file, size))
    except FileNotFoundError:
        raise EngineFailed(
            f"The folder {path} holds no config.json; it is not that of a Hugging Face model."
        ) from None
    except (OSError, ValueError) as error:
        raise EngineFailed(
            f"The model in {path} cannot be read ({type(error).__name__}); copy it again."
        ) from None
    if not weights:
        raise EngineFailed(
            f"The folder {path} holds no *.safetensors; weights of other formats can hold code and are not loaded."
        )
    if not (path / "tokenizer.json").is_file():
        raise EngineFailed(
            f"The folder {path} holds no tokenizer.json; save the model's fast tokenizer there."
        )
    named = config.get("architectures") if isinstance(config, dict) else None
    architecture = str(named[0]) if isinstance(named, list) and named else "unnamed"
    name = path.resolve().name
    return ModelFolder(path, name, architecture, sum(sizes.values()), digest.hexdigest()[:12])


def _sample(file: Path, size: int) -> bytes:
    digest = hashlib.sha256()
    with file.open("rb") as weights:
        for at in (0, size // 2, max(0, size - _SAMPLE_BYTES)):
            weights.seek(at)
            digest.update(weights.read(_SAMPLE_BYTES))
    return digest.digest()
