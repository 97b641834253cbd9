"""Memory and time of a language model of a named shape that writes a section of the bundled sample's note.

The weights are random, so nothing of quality can be measured; what is loaded and computed for each token is what
a real model of the shape costs. A tokenizer made here cuts text finer than a real one, so the figures are for
so many tokens and not for so many words. Prints one line for the shape. Needs the extra `llm`.

    python scripts/bench_note_model.py 0.5b
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import torch
import transformers

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))
from random_language_model import save_tokenizer

from scribe.sample import sample_truth
from summarizer.chunks import cut
from summarizer.facts import extract_facts
from summarizer.parse import schema
from summarizer.prompt import prompt
from summarizer.templates import load_template
from summarizer.transformers_engine import TransformersEngine
from summarizer.types import Context, Style, Turn

REPLY_TOKENS = 16
ROOM = 800
"""Tokens of transcript and facts in the prompt."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Width, width inside, layers, heads, heads of keys and values, size of the vocabulary."""

    hidden: int
    inner: int
    layers: int
    heads: int
    kv_heads: int
    vocabulary: int
    tied: bool = True


SHAPES = {
    "0.5b": Shape(896, 4864, 24, 14, 2, 151_936),
    "1.5b": Shape(1536, 8960, 28, 12, 2, 151_936),
}
"""Those of Qwen2.5-0.5B and -1.5B, as their model cards give them."""


def save(shape: Shape, folder: Path) -> None:
    """Write a model of the shape with random weights in bfloat16."""
    config = transformers.Qwen2Config(
        vocab_size=shape.vocabulary,
        hidden_size=shape.hidden,
        intermediate_size=shape.inner,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads,
        max_position_embeddings=32_768,
        tie_word_embeddings=shape.tied,
        **save_tokenizer(folder),
    )
    torch.manual_seed(0)
    transformers.AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16).save_pretrained(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shape", choices=SHAPES)
    parser.add_argument("--folder", type=Path, help="a model saved before, so that saving does not count")
    options = parser.parse_args()
    if options.folder is None:
        # Saving needs memory of its own, which must not be counted: another process measures.
        with tempfile.TemporaryDirectory() as folder:
            save(SHAPES[options.shape], Path(folder))
            subprocess.run([sys.executable, __file__, options.shape, "--folder", folder], check=True)
        return
    measure(options.shape, options.folder)


def measure(name: str, folder: Path) -> None:
    began = time.perf_counter()
    engine = TransformersEngine(folder, device="cpu", context_tokens=8192, reply_tokens=REPLY_TOKENS)
    loaded = time.perf_counter() - began
    resting = _peak()
    turns = tuple(Turn(f"t{n}", turn.role, turn.text) for n, turn in enumerate(sample_truth().turns))
    template = load_template("soap")
    (chunk, *_) = cut(turns, extract_facts(turns), count=engine.count, room=ROOM)
    asked = prompt(template.sections[0], template, chunk, Style(), Context(), statements=4)
    began = time.perf_counter()
    asyncio.run(engine.reply(asked, schema(("T1",), statements=9, characters=400)))
    wrote = time.perf_counter() - began
    print(
        f"{name}, random weights: {engine.description}; loaded in {loaded:.1f} s, {resting:.2f} GB; with a prompt of "
        f"{engine.length(asked)} tokens and {REPLY_TOKENS} written in {wrote:.1f} s, at most {_peak():.2f} GB; "
        f"{torch.get_num_threads()} threads"
    )
    engine.close()


def _peak() -> float:
    """Most resident memory of this process so far, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


if __name__ == "__main__":
    main()
