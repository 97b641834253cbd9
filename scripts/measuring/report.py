"""What the streaming bench was asked and what it found: options in, servers, JSON lines and a table with targets out.

Nothing is measured here. Figures have their unit in their name; the table knows a target by the figure's name.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from measuring.benching import commit, machine, oracle_served, served
from measuring.recordings import missing
from scribe.local import Address

FINALS_WITHIN = 3.0
"""Seconds after its last word within which 95 % of finals have to come, for a load to count as held."""

TARGETS = {
    "wer_points_over_offline": 0.3,
    "stable_median_seconds": 1.2,
    "stable_p95_seconds": 2.5,
    "final_after_utterance_median_seconds": 0.8,
    "cpu_ratio_to_yardstick": 0.25,
    "final_p95_seconds": FINALS_WITHIN,
    "growth_megabytes": 20.0,
    "drift_seconds": 0.2,
    "phantom_words": 0.0,
    "stable_words_changed": 0.0,
    "words_lost": 0.0,
    "words_misheard": 0.0,
}
"""The most that each may be."""

Row = tuple[str, str, float, str]
"""Case, of what, value, and the name of the figure."""


@dataclass(slots=True)
class Bench:
    """What the command line asked for, and the rows of the table so far."""

    cases: tuple[str, ...]
    model: Path | None
    data: Path
    quick: bool
    oracle: bool
    streams: tuple[int, ...]
    hours: float
    minutes: float
    rows: list[Row] = field(default_factory=list)

    def say(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    def tell(self, case: str, of: str, figures: dict[str, Any], *columns: str) -> None:
        """One JSON line; `columns` are the figures that go into the table."""
        line = {"case": case, "of": of} | {name: _rounded(value) for name, value in figures.items()}
        line |= {
            "model": self.model.name if self.model else "embedded",
            "oracle": self.oracle,
            "quick": self.quick,
        }
        print(json.dumps(line | {"commit": commit(), "machine": machine()}), flush=True)
        self.rows += [
            (case, of, float(figures[name]), name) for name in columns if figures.get(name) is not None
        ]

    def playable(self, *names: str) -> list[str]:
        """Those of the recordings that are there; the others are said to be left out."""
        found = []
        for name in names:
            reason = missing(name, self.data)
            if reason is None:
                found.append(name)
            else:
                self.say(reason)
        return found

    def served(
        self, *recordings: str, oracle: bool = False, settings: Mapping[str, str] | None = None
    ) -> AbstractAsyncContextManager[Address]:
        """A server with the model, or with an oracle that spends it; `recordings` are what the oracle knows."""
        given = dict(settings or {})
        if not (oracle or self.oracle):
            named_model = ("--model", str(self.model)) if self.model else ()
            return served("--asr", "whisper" if self.model else "auto", *named_model, **given)
        spending = ("--model", str(self.model)) if self.model and not oracle else ()
        return oracle_served(
            "--recordings", ",".join(recordings), "--data", str(self.data), *spending, **given
        )


def _rounded(value: Any) -> Any:
    return round(value, 4) if isinstance(value, float) else value


def table(rows: Sequence[Row]) -> str:
    """The rows in columns; where a figure has a target, how it stands to it."""
    lines = [("case", "of", "figure", "value", "target", "")]
    for case, of, value, name in rows:
        target = TARGETS.get(name)
        verdict = "" if target is None else "held" if value <= target else "missed"
        shown = "" if target is None else f"<= {target:g}"
        lines.append((case, of, name, f"{value:.4g}", shown, verdict))
    widths = [max(len(line[column]) for line in lines) for column in range(6)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
