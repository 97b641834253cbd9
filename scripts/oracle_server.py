"""`scribe serve` with an oracle for a recogniser: the words of known recordings, with or without a model's cost.

What the oracle hears is true but for words that are cut at the edge of a request, so whatever is wrong with the
transcript comes of the policy around it. With `--model` every request is also decoded by that model, in full and
for as many steps as its words have tokens (see `scripted.py`); what comes of it is thrown away.

    python scripts/oracle_server.py --data-dir DIR --recordings clinic,sample [--model FOLDER] [--edge 0]

Started by `bench_stream.py`; prints the same line as `scribe serve` once it takes connections.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from measuring.benching import as_heard
from measuring.recordings import LOOP_PAUSE, Recording, named

import asr.whisper
import scribe.engines
from asr.recognizer import Recognizer, Request
from asr.testing import OracleRecognizer
from asr.types import Audio, Word
from scribe.app import serve
from scribe.config import Settings, read_settings


def oracle(
    recordings: list[Recording],
    *,
    edge: float,
    spend: Callable[[Request, tuple[Word, ...]], object] | None = None,
    workers: int = 1,
) -> OracleRecognizer:
    """An oracle of every channel of the recordings as a socket carries them, seams of their loops included."""
    pairs: list[tuple[Audio, tuple[Word, ...]]] = []
    for recording in recordings:
        looped = recording.followed_by(LOOP_PAUSE).twice()
        heard = as_heard(looped.audio)
        pairs += [(heard[:, channel], looped.words[channel]) for channel in range(looped.channels)]
    (audio, words), *more = pairs
    return OracleRecognizer(audio, words, more=more, edge=edge, spend=spend, workers=workers)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--recordings", required=True, help="names of recordings.py, parted by commas")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder of the recordings")
    parser.add_argument("--model", type=Path, help="a model whose cost is spent on every request")
    parser.add_argument(
        "--edge", type=float, default=0.0, help="seconds at a request's end that are misheard"
    )
    options = parser.parse_args()
    recordings = [named(name, options.data) for name in options.recordings.split(",")]
    load = scribe.engines.load_recognizer

    def load_oracle(settings: Settings, say: Callable[[str], None]) -> Recognizer:
        if options.model is None:
            return oracle(recordings, edge=options.edge)
        from measuring.scripted import ScriptedWhisper, say_next

        asr.whisper.WhisperModel = ScriptedWhisper  # type: ignore[attr-defined]  # what it imports from there
        spending = load(settings, say)

        def spend(request: Request, words: tuple[Word, ...]) -> None:
            say_next(words)
            spending.recognize([request])

        return oracle(recordings, edge=options.edge, spend=spend, workers=spending.info.workers)

    scribe.engines.load_recognizer = load_oracle
    model = {} if options.model is None else {"asr": "whisper", "model": str(options.model)}
    settings = read_settings(port=0, data_dir=options.data_dir, **model)
    with suppress(KeyboardInterrupt):
        asyncio.run(
            serve(settings, lambda line: print(line, file=sys.stderr), lambda line: print(line, flush=True))
        )


if __name__ == "__main__":
    main()
