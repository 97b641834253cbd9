"""A stretch of speech in, one vector that says whose voice it is out, by a trained model.

The model is a folder: an ONNX file that takes log-mel frames and gives vectors, and `embedder.json`, which says what
the file cannot. Any published model of that kind can be named in place of the small one that lies in the package:

    {"name": "voices", "model": "voices.onnx", "sample_rate": 16000, "dimension": 128, "same_speaker": 0.45,
     "features": {"type": "fbank", "bands": 80, "window": "hamming", "scale": 32768, "subtract_mean": true},
     "spectral_share": 0.0}

With a `spectral_share` that part of every cosine comes from `SpectralEmbedder`: a small model that learnt from few
voices does not hear all that pitch and timbre tell. Nothing is learnt here, and no vector is kept.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asr.catalogue import DESCRIPTION
from asr.embedding import SpectralEmbedder
from asr.errors import ModelNotFound, ModelUnusable
from asr.fbank import Fbank
from asr.onnx import OnnxModel
from asr.types import SAMPLE_RATE, Audio

PACKAGED = Path(__file__).parent / "embedder"
"""The folder of the embedder in the package; its MODEL_CARD.md says what it was made of."""

SHORTEST = 0.4
"""Seconds that a model hears at least; what is shorter is said again until it is as long."""


class NeuralEmbedder:
    """A `SpeakerEmbedder` from a model folder; stateless, shared by all sessions and threads.

    Its name ends in the first digits of the model file's SHA-256, so that a model of the same name that was trained
    anew is another embedder. Raises ModelNotFound where the folder holds no model, ModelUnusable where it is not
    described, does not load, or gives other vectors than described.
    """

    def __init__(self, folder: Path = PACKAGED) -> None:
        described = _description(folder)
        try:
            name, file = str(described["name"]), folder / str(described["model"])
            self._dimension, self._same_speaker = (
                int(described["dimension"]),
                float(described["same_speaker"]),
            )
            self._fbank = _features(described)
            share = float(described.get("spectral_share", 0.0))
            if not 0 <= share <= 1:
                raise ValueError(f"its spectral_share is {share} and not from 0 to 1")
        except (KeyError, TypeError, ValueError) as error:
            raise ModelUnusable(
                f"Expected {DESCRIPTION} of {folder.name} to say name, model, sample_rate, dimension, same_speaker "
                f"and features of a speaker embedder, but {_told(error)}; correct it as docs/embedders.md describes."
            ) from error
        if not file.is_file():
            raise ModelNotFound(
                f"Expected the speaker embedder {file.name} in {folder}, but it is not there; pull or copy it again."
            )
        self._name = f"{name}@{hashlib.sha256(file.read_bytes()).hexdigest()[:8]}"
        self._model = OnnxModel(
            file,
            sorry=f"Expected a speaker embedder in {file.name}, but it does not load; pull or copy it again.",
        )
        self._try_out(folder)
        self._spectral = SpectralEmbedder() if share else None
        # Of two unit vectors put end to end, each scaled by the root of its share, cosines add up by their shares.
        self._scales = np.float32(np.sqrt(1 - share)), np.float32(np.sqrt(share))

    def _try_out(self, folder: Path) -> None:
        """Half a second of silence shows whether the model takes what the description says and gives it too."""
        sorry = (
            f"Expected the speaker embedder {folder.name} to take frames of {self._fbank.bands} bands and to give "
            f"vectors of {self._dimension}, but it does not; correct its {DESCRIPTION}."
        )
        try:
            vector = self._raw(np.zeros(SAMPLE_RATE // 2, dtype=np.float32))
        except Exception as error:  # onnxruntime raises its own types, which differ between versions
            raise ModelUnusable(sorry) from error
        if vector.shape != (1, self._dimension):
            raise ModelUnusable(sorry)

    @property
    def name(self) -> str:
        return self._name

    @property
    def dimension(self) -> int:
        return self._dimension + (self._spectral.dimension if self._spectral else 0)

    @property
    def same_speaker(self) -> float:
        return self._same_speaker

    def embed(self, audio: Audio) -> NDArray[np.float32]:
        """See `SpeakerEmbedder`; silence and scraps give a vector too."""
        if not len(audio):
            audio = np.zeros(1, dtype=np.float32)
        heard = np.resize(audio, max(len(audio), round(SHORTEST * SAMPLE_RATE)))
        vector = self._raw(heard)[0].astype(np.float32)
        norm = np.linalg.norm(vector)
        unit = vector / norm if np.isfinite(norm) and norm > 0 else _nobody(self._dimension)
        if self._spectral is None:
            return unit
        whole: NDArray[np.float32] = np.concatenate(
            (self._scales[0] * unit, self._scales[1] * self._spectral.embed(heard))
        )
        return whole

    def _raw(self, audio: Audio) -> NDArray[np.float32]:
        """float32 [1, dimension], as the model gives it."""
        return self._model.run({self._model.inputs[0]: self._fbank(audio)[None]})[0]


def _nobody(dimension: int) -> NDArray[np.float32]:
    """The vector for what the model has no answer to."""
    return np.full(dimension, 1 / np.sqrt(dimension), dtype=np.float32)


def _description(folder: Path) -> dict[str, Any]:
    try:
        described = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelNotFound(
            f"Expected {DESCRIPTION} of a speaker embedder in {folder}, but there is none; check the path, or run "
            "`scribe models list` for those that can be pulled."
        ) from None
    except (OSError, ValueError) as error:
        raise ModelUnusable(
            f"Expected {DESCRIPTION} in {folder} to be JSON, but it cannot be read; pull or copy the folder again."
        ) from error
    if not isinstance(described, dict):
        raise ModelUnusable(
            f"Expected {DESCRIPTION} in {folder} to be a JSON object, but it is not; correct it."
        )
    return described


def _features(described: dict[str, Any]) -> Fbank:
    """The features that a description asks for; raises KeyError, TypeError or ValueError."""
    features = dict(described["features"])
    kind = features.pop("type")
    if kind != "fbank":
        raise ValueError(f"its features are {kind!r} and not 'fbank'")
    if described["sample_rate"] != SAMPLE_RATE:
        raise ValueError(f"its sample rate is {described['sample_rate']} and not {SAMPLE_RATE}")
    return Fbank(**features)


def _told(error: Exception) -> str:
    return f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error)
