"""The engines that notes can be measured with, by the names that settings use; a library is loaded when asked for."""

from __future__ import annotations

from pathlib import Path

from summarizer.engine import Engine
from summarizer.extractive import ExtractiveEngine

ENGINES = ("extractive", "transformers", "openai")


def engine_of(name: str, *, model: str | None = None, url: str | None = None) -> Engine:
    """The engine of that name; `model` is a folder or, at the server of `url`, a name.

    Raises `SystemExit` with what to give where something lacks, and what the engine raises (`EngineFailed`).
    """
    if name == "extractive":
        return ExtractiveEngine()
    if model is None:
        raise SystemExit(f"the engine {name} needs a model; name one with --model")
    if name == "transformers":
        from summarizer.transformers_engine import TransformersEngine

        return TransformersEngine(Path(model))
    if url is None:
        raise SystemExit("the engine openai needs the address of its server; give it with --url")
    from summarizer.openai_engine import OpenAIEngine

    return OpenAIEngine(url, model)
