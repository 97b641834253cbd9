"""The dialogues that notes are measured on: public data sets beside the checkout in, turns and references out.

ACI-Bench holds whole medical visits with their notes, MTS-Dialog short dialogues each with one section of a note,
AnnoMI therapy demonstrations whose turns are labelled and that have no note. Rules are developed on `train` and
measured on `valid`; AnnoMI has one part, which is for measuring only. Nothing is written.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from summarizer.transcript import read_transcript
from summarizer.types import Turn

Part: TypeAlias = Literal["train", "valid"]

WORDS_AN_HOUR = 9_000
"""150 words a minute, 60 minutes."""

_FILES: dict[tuple[str, Part], str] = {
    ("aci-bench", "train"): "aci-bench/train.csv",
    ("aci-bench", "valid"): "aci-bench/valid.csv",
    ("mts-dialog", "train"): "mts-dialog/train.csv",
    ("mts-dialog", "valid"): "mts-dialog/validation.csv",
    ("annomi", "valid"): "annomi/annomi-dev.csv",
}


@dataclass(frozen=True, slots=True)
class Dialogue:
    """One conversation; `reference` is its note, empty where there is none.

    `behaviours` are, by turn id, what annotators saw the therapist do on that turn (see `measuring.behaviours`).
    """

    name: str
    turns: tuple[Turn, ...]
    reference: str = ""
    behaviours: dict[str, frozenset[str]] = field(default_factory=dict)


def dialogue_file(name: str, part: Part, data: Path) -> Path | None:
    """Where a set's dialogues would lie; None where the set has no such part."""
    named = _FILES.get((name, part))
    return data / "dialogues" / named if named else None


def missing_dialogues(name: str, part: Part, data: Path) -> str | None:
    """Why a set cannot be measured; None where it can."""
    file = dialogue_file(name, part, data)
    if file is None:
        return f"{name} has no part {part!r}: it is for measuring only and is left out"
    if not file.exists():
        return f"{name} is left out: {file} is not there; name the folder of the data with --data"
    return None


def read_dialogues(name: str, part: Part, data: Path, sample: int | None = None) -> list[Dialogue]:
    """The dialogues of a set, in the file's order; `sample` takes so many, evenly spaced.

    Raises `FileNotFoundError` where `missing_dialogues` gives a reason.
    """
    rows = rows_of(name, part, data)
    read = {"aci-bench": _visits, "mts-dialog": _sections, "annomi": _demonstrations}[name](rows)
    if sample is None or sample >= len(read):
        return read
    return [read[i * len(read) // sample] for i in range(sample)]


def rows_of(name: str, part: Part, data: Path) -> list[dict[str, str]]:
    """The rows of a set's file as they stand there. Raises `FileNotFoundError` as `read_dialogues` does."""
    file = dialogue_file(name, part, data)
    if file is None or not file.exists():
        raise FileNotFoundError(missing_dialogues(name, part, data))
    return _rows(file)


def training_references(name: str, data: Path) -> list[str]:
    """All reference texts of a set's training part, from which words have their weight; empty where it is absent."""
    file = dialogue_file(name, "train", data)
    if file is None or not file.exists():
        return []
    return [row.get("note") or row["section_text"] for row in _rows(file)]


def _rows(file: Path) -> list[dict[str, str]]:
    csv.field_size_limit(sys.maxsize)
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _visits(rows: Sequence[dict[str, str]]) -> list[Dialogue]:
    return [Dialogue(row["encounter_id"], read_transcript(row["dialogue"]), row["note"]) for row in rows]


def _sections(rows: Sequence[dict[str, str]]) -> list[Dialogue]:
    return [
        Dialogue(
            f"{row['ID']}-{row['section_header']}", read_transcript(row["dialogue"]), row["section_text"]
        )
        for row in rows
    ]


_COLUMNS = {
    "question_subtype": {"open": "open question", "closed": "closed question"},
    "reflection_subtype": {"simple": "reflection", "complex": "reflection"},
    "therapist_input_subtype": {name: name for name in ("information", "advice", "negotiation", "options")},
}


def _demonstrations(rows: Sequence[dict[str, str]]) -> list[Dialogue]:
    """A turn for each utterance; a behaviour is on it where more than half of its annotators saw it."""
    talks: dict[str, dict[int, list[dict[str, str]]]] = {}
    for row in rows:
        talks.setdefault(row["transcript_id"], {}).setdefault(int(row["utterance_id"]), []).append(row)
    found = []
    for name, utterances in talks.items():
        turns, behaviours = [], {}
        for number, annotated in sorted(utterances.items()):
            first = annotated[0]
            role = "client" if first["interlocutor"] == "client" else "clinician"
            turns.append(Turn(f"u{number}", role, first["utterance_text"]))
            votes: dict[str, int] = {}
            for row in annotated:
                for column, labels in _COLUMNS.items():
                    if label := labels.get(row[column]):
                        votes[label] = votes.get(label, 0) + 1
            seen = frozenset(label for label, count in votes.items() if 2 * count > len(annotated))
            if role == "clinician":
                behaviours[f"u{number}"] = seen
        found.append(Dialogue(f"annomi-{name}", tuple(turns), "", behaviours))
    return found


def an_hour(dialogues: Sequence[Dialogue]) -> tuple[Turn, ...]:
    """Dialogues joined, again and again, until an hour's words stand there; turn ids are made unique."""
    turns: list[Turn] = []
    words = lap = 0
    while words < WORDS_AN_HOUR and dialogues:
        for i, dialogue in enumerate(dialogues):
            if words >= WORDS_AN_HOUR:
                break
            turns += [Turn(f"{lap}-{i}-{turn.id}", turn.role, turn.text) for turn in dialogue.turns]
            words += sum(len(turn.text.split()) for turn in dialogue.turns)
        lap += 1
    return tuple(turns)
