"""What the note bench was asked and what it found: options in, drafts, JSON lines and a table with targets out.

Nothing is measured here. Figures have their unit in their name; the table knows a target by the figure's name.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from measuring.benching import commit, machine
from measuring.dialogues import Dialogue, Part, missing_dialogues, read_dialogues
from summarizer.engine import Engine
from summarizer.errors import EngineFailed
from summarizer.summarize import summarize
from summarizer.templates import load_template
from summarizer.types import Draft, NoteBody, Section, Style, Turn

TARGETS: dict[str, tuple[str, float]] = {
    "rouge_1": (">=", 45.0),
    "claim_recall_over_cut_from_start": (">=", 1.5),
    "claim_recall_over_cut_evenly": (">=", 1.5),
    "numbers_grounded_percent": (">=", 98.0),
    "unfaithful_percent": ("<=", 5.0),
    "interventions_f1": (">=", 0.6),
    "hour_seconds": ("<=", 2.0),
    "inexact_quotes": ("<=", 0.0),
    "denials_without_question": ("<=", 0.0),
    "plan_without_source": ("<=", 0.0),
    "polarity_errors": ("<=", 0.0),
    "seen_but_not_spoken": ("<=", 0.0),
    "without_evidence": ("<=", 0.0),
    "risk_not_in_note": ("<=", 0.0),
    "different_when_drafted_again": ("<=", 0.0),
    "risk_missed": ("<=", 0.0),
    "risk_softened": ("<=", 0.0),
    "risk_denied": ("<=", 0.0),
    "false_statements": ("<=", 0.0),
    "opposite_statements": ("<=", 0.0),
}
"""At least or at most so much."""

Row = tuple[str, str, str, float, str]
"""Engine, case, of what, value, and the name of the figure."""


@dataclass(slots=True)
class NoteBench:
    """What the command line asked for, one engine at a time, and the rows of the table so far.

    `runner` is one loop for all drafts of an engine, which may keep connections open between them.
    """

    engine_name: str
    engine: Engine
    runner: asyncio.Runner
    part: Part
    data: Path
    sample: int | None
    quick: bool
    misses: bool
    model: str | None = None
    url: str | None = None
    style: Style = field(default_factory=Style)
    rows: list[Row] = field(default_factory=list)
    failed: int = 0
    """Drafts for which the engine gave nothing that could be used."""

    def say(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    def tell(self, case: str, of: str, figures: dict[str, Any], *columns: str) -> None:
        """One JSON line; `columns` are the figures that go into the table."""
        told = {name: value for name, value in figures.items() if value is not None}
        line = {"case": case, "of": of} | {name: _rounded(value) for name, value in told.items()}
        line |= {"engine": self.engine_name, "model": self.engine.info.model, "set": self.part}
        line |= {"sample": self.sample, "detail": self.style.detail, "quick": self.quick}
        line |= {"drafts_failed": self.failed}
        print(json.dumps(line | {"commit": commit(), "machine": machine()}), flush=True)
        self.rows += [
            (self.engine_name, case, of, float(told[name]), name) for name in columns if name in told
        ]

    def dialogues(self, name: str, part: Part | None = None) -> list[Dialogue]:
        """The dialogues of a set; none, and the reason said, where they are not there."""
        part = part or self.part
        if reason := missing_dialogues(name, part, self.data):
            self.say(reason)
            return []
        return read_dialogues(name, part, self.data, self.sample)

    def draft(self, turns: Sequence[Turn], template: str, *, client_term: str = "Client") -> Draft:
        """What the product would write: facts, engine and check. Where the engine fails, an empty note is measured."""
        outline = load_template(template)
        style = replace(self.style, client_term=client_term)
        try:
            return self.runner.run(summarize(turns, template=outline, engine=self.engine, style=style))
        except EngineFailed as error:
            self.failed += 1
            self.say(f"a draft failed: {error}")
            empty = tuple(Section(s.code, s.title, "not_discussed") for s in outline.sections)
            return Draft(NoteBody(outline.name, empty), (), (), (), self.engine.info)


Case = Callable[[NoteBench], None]


def share(part: float, whole: float) -> float | None:
    """`part` of `whole`; None of nothing."""
    return part / whole if whole else None


def percent(part: float, whole: float) -> float | None:
    """`part` of `whole` in percent; None of nothing."""
    return 100 * part / whole if whole else None


def _rounded(value: Any) -> Any:
    return round(value, 4) if isinstance(value, float) else value


def table(rows: Sequence[Row]) -> str:
    """The rows in columns; where a figure has a target, how it stands to it."""
    lines = [("engine", "case", "of", "figure", "value", "target", "")]
    for engine, case, of, value, name in rows:
        way, target = TARGETS.get(name, ("", 0.0))
        held = value >= target if way == ">=" else value <= target
        verdict = ("held" if held else "missed") if way else ""
        lines.append((engine, case, of, name, f"{value:.4g}", f"{way} {target:g}" if way else "", verdict))
    widths = [max(len(line[column]) for line in lines) for column in range(7)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
