"""Writes docs/contract from the models: the REST contract (OpenAPI) and the stream's (AsyncAPI).

Refuses to take away what a client may rely on and says what that is; `--take-away` writes it all the same, for a new
version of the wire.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from compatibility import taken_away

from asr.testing import ScriptedRecognizer, SteadyEmbedder
from asr.vad import VoiceActivityModel
from scribe.app import build_app
from scribe.asyncapi import stream_contract
from scribe.config import Settings
from scribe.engines import Engines
from scribe.recognition import Recognition
from summarizer.extractive import ExtractiveEngine

FOLDER = Path(__file__).parents[1] / "docs" / "contract"


def documents() -> dict[str, dict[str, Any]]:
    """Both documents as they should be, by the names of their files."""
    with tempfile.TemporaryDirectory() as folder:
        recognition = Recognition(ScriptedRecognizer())
        engines = Engines(recognition, VoiceActivityModel(), SteadyEmbedder(), ExtractiveEngine(), 1)
        settings = Settings.model_validate(
            {"data_dir": Path(folder), "token": "made for the documents alone"}
        )
        app = build_app(settings, engines)
        return {"openapi.json": app.openapi(), "asyncapi.json": stream_contract()}


def text_of(document: Mapping[str, Any]) -> str:
    """As it is kept."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def main(arguments: list[str]) -> int:
    """Write what is allowed; 1 where something would be taken away."""
    made = documents()
    kept = {name: json.loads((FOLDER / name).read_text()) for name in made if (FOLDER / name).exists()}
    lost = [said for name, old in kept.items() for said in taken_away(old, made[name])]
    for said in lost:
        print(f"Taken away: {said}.")
    if lost and "--take-away" not in arguments:
        print("Nothing was written; give it back, or say --take-away for a new version of the wire.")
        return 1
    FOLDER.mkdir(exist_ok=True)
    for name, document in made.items():
        (FOLDER / name).write_text(text_of(document))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
