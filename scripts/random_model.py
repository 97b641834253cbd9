"""A Whisper model of a named shape with random weights, int8, for measuring cost where no real one can be had.

Goes in: a shape, and the folder of any English Whisper model for its tokenizer. Comes out: a folder that loads like
a real model and computes as much for each step. What it decodes is junk, so nothing of quality can be measured
with it; how its cost is kept that of speech stands in `scripted.py`.

    python scripts/random_model.py base ../shared/models/tiny.en-relearned /tmp/base-random
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import numpy as np
from ctranslate2.specs import WhisperSpec
from ctranslate2.specs.attention_spec import MultiHeadAttentionSpec
from ctranslate2.specs.common_spec import LayerNormSpec, LinearSpec
from ctranslate2.specs.transformer_spec import FeedForwardSpec
from numpy.typing import NDArray

SHAPES = {"tiny": (384, 6, 4), "base": (512, 8, 6), "small": (768, 12, 12)}
"""Width, heads, and layers of the encoder and of the decoder each (Radford et al., 2022, table 1)."""

MELS = 80
ENCODER_POSITIONS = 1500
DECODER_POSITIONS = 448
ALIGNMENT_HEADS = {"tiny": 8, "base": 5, "small": 19}
"""How many heads OpenAI's English models of these shapes align with; which ones has no bearing on cost."""

SPREAD = 0.02
"""Standard deviation of the weights: what such networks are initialised with, so sums stay near 1."""

MARK = "random-weights.json"
"""A file that says that the weights are random; benches look for it."""


def write(shape: str, tokenizer: Path, folder: Path, seed: int = 0) -> None:
    """Write the model; `folder` must not be there yet, or be empty.

    Raises FileNotFoundError where `tokenizer` lacks a file, FileExistsError where `folder` holds something.
    """
    width, heads, layers = SHAPES[shape]
    vocabulary = json.loads((tokenizer / "vocabulary.json").read_text(encoding="utf-8"))
    config = json.loads((tokenizer / "config.json").read_text(encoding="utf-8"))
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(f"expected an empty folder, but {folder} holds something; name another")
    draw = _Weights(seed)

    spec = WhisperSpec(layers, heads, layers, heads)
    spec.encoder.conv1.weight = draw(width, MELS, 3)
    spec.encoder.conv1.bias = draw.zeros(width)
    spec.encoder.conv2.weight = draw(width, width, 3)
    spec.encoder.conv2.bias = draw.zeros(width)
    spec.encoder.position_encodings.encodings = draw(ENCODER_POSITIONS, width)
    draw.norm(spec.encoder.layer_norm, width)
    for layer in spec.encoder.layer:
        draw.attention(layer.self_attention, width, self_attention=True)
        draw.feed_forward(layer.ffn, width)
    spec.decoder.embeddings.weight = draw(len(vocabulary), width)
    spec.decoder.projection.weight = spec.decoder.embeddings.weight
    spec.decoder.position_encodings.encodings = draw(DECODER_POSITIONS, width)
    draw.norm(spec.decoder.layer_norm, width)
    for layer in spec.decoder.layer:
        draw.attention(layer.self_attention, width, self_attention=True)
        draw.attention(layer.attention, width, self_attention=False)
        draw.feed_forward(layer.ffn, width)

    spec.config.alignment_heads = [
        [layers - 1 - number // heads, number % heads] for number in range(ALIGNMENT_HEADS[shape])
    ]
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = config["suppress_ids_begin"]
    spec.config.lang_ids = config["lang_ids"]
    spec.register_vocabulary(vocabulary)
    spec.validate()
    spec.optimize(quantization="int8")
    spec.save(str(folder))
    # The folder is a model's only with the files that a tokenizer and a feature extractor are read from.
    for name in ("tokenizer.json", "preprocessor_config.json", "vocabulary.json"):
        if (tokenizer / name).exists():
            shutil.copyfile(tokenizer / name, folder / name)
    (folder / MARK).write_text(json.dumps({"shape": shape, "seed": seed}))


class _Weights:
    """Random arrays, float32; the same seed gives the same model."""

    def __init__(self, seed: int) -> None:
        self._generator = np.random.default_rng(seed)

    def __call__(self, *shape: int) -> NDArray[np.float32]:
        return (SPREAD * self._generator.standard_normal(shape)).astype(np.float32)

    def zeros(self, width: int) -> NDArray[np.float32]:
        return np.zeros(width, dtype=np.float32)

    def norm(self, spec: LayerNormSpec, width: int) -> None:
        """A norm that changes nothing but the scale."""
        spec.gamma = np.ones(width, dtype=np.float32)
        spec.beta = np.zeros(width, dtype=np.float32)

    def linear(self, spec: LinearSpec, outputs: int, inputs: int) -> None:
        spec.weight = self(outputs, inputs)
        spec.bias = self.zeros(outputs)

    def attention(self, spec: MultiHeadAttentionSpec, width: int, *, self_attention: bool) -> None:
        """Queries, keys and values in one matrix for attention to itself, keys and values in one for another's."""
        self.norm(spec.layer_norm, width)
        outputs = (3 * width, width) if self_attention else (width, 2 * width, width)
        for linear, count in zip(spec.linear, outputs, strict=True):
            self.linear(linear, count, width)

    def feed_forward(self, spec: FeedForwardSpec, width: int) -> None:
        self.norm(spec.layer_norm, width)
        self.linear(spec.linear_0, 4 * width, width)
        self.linear(spec.linear_1, width, 4 * width)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shape", choices=SHAPES)
    parser.add_argument(
        "tokenizer", type=Path, help="folder of an English Whisper model in CTranslate2's format"
    )
    parser.add_argument("folder", type=Path, help="folder to write; must not hold anything")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    write(options.shape, options.tokenizer, options.folder, options.seed)


if __name__ == "__main__":
    main()
