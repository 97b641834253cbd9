"""What the tests of the note side share: where the data lies, and turns written shortly."""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from summarizer.transcript import read_transcript
from summarizer.types import Turn

SESSIONS = Path(__file__).parent / "sessions"
SHARED = Path(os.environ.get("SCRIBE_SHARED") or Path(__file__).parents[2].parent / "shared")


@pytest.fixture
def session() -> Callable[[str], tuple[Turn, ...]]:
    """Turns of one of the written sessions beside this file."""
    return lambda name: read_transcript((SESSIONS / f"{name}.txt").read_text("utf-8"))


@pytest.fixture
def talk() -> Callable[[str], tuple[Turn, ...]]:
    """Turns from lines such as `T: …` (therapist) and `C: …` (client)."""
    roles = {"T": "clinician", "C": "client", "F": "family", "I": "interpreter"}

    def read(text: str) -> tuple[Turn, ...]:
        lines = [line.strip() for line in text.strip().splitlines()]
        return tuple(
            Turn(f"t{i}", roles[line[0]], line[3:])  # type: ignore[arg-type]
            for i, line in enumerate(lines, 1)
        )

    return read


def _rows(*parts: str) -> list[dict[str, str]]:
    path = SHARED.joinpath("data", "dialogues", *parts)
    if not path.exists():
        pytest.skip(
            f"{'/'.join(parts)} is not there; set SCRIBE_SHARED to the folder that holds data/dialogues"
        )
    csv.field_size_limit(sys.maxsize)
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture
def visits() -> list[tuple[Turn, ...]]:
    """Every fourth medical visit of the training part of ACI-Bench."""
    return [read_transcript(row["dialogue"]) for row in _rows("aci-bench", "train.csv")[::4]]


@pytest.fixture
def short_visits() -> list[tuple[Turn, ...]]:
    """Every sixth short dialogue of the training part of MTS-Dialog."""
    return [read_transcript(row["dialogue"]) for row in _rows("mts-dialog", "train.csv")[::6]]


@pytest.fixture
def therapy() -> list[tuple[Turn, ...]]:
    """All therapy demonstrations, one turn for each utterance."""
    sessions: dict[str, dict[int, tuple[str, str]]] = {}
    for row in _rows("annomi", "annomi-dev.csv"):
        said = sessions.setdefault(row["transcript_id"], {})
        said[int(row["utterance_id"])] = (row["interlocutor"], row["utterance_text"])
    return [
        tuple(
            Turn(f"u{n}", "client" if who == "client" else "clinician", text)
            for n, (who, text) in sorted(said.items())
        )
        for said in sessions.values()
    ]
