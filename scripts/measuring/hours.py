"""What a note costs: an hour's transcript joined from dialogues, a process of its own, seconds and memory out."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from measuring.dialogues import an_hour
from measuring.note_report import NoteBench
from summarizer.types import Turn

NOTE_COST = Path(__file__).parents[1] / "note_cost.py"
RUNS = 3
"""Of each; the least is told, as whatever else a machine does only adds."""


def cost(bench: NoteBench) -> None:
    """Seconds and peak memory for one dialogue and for an hour's transcript, of each kind of conversation."""
    for name, template in (("annomi", "soap"), ("aci-bench", "history_and_physical")):
        dialogues = bench.dialogues(name)
        if not dialogues:
            continue
        hour = an_hour(dialogues)
        longest = max(dialogues, key=lambda dialogue: sum(len(turn.text) for turn in dialogue.turns))
        bench.say(f"cost: the longest of {name} and {len(hour)} turns of an hour, {RUNS} times each")
        for of, turns, figure in (
            (f"{name}, longest", longest.turns, "note_seconds"),
            (f"{name}, an hour", hour, "hour_seconds"),
        ):
            runs = [_run(bench, turns, template) for _ in range(1 if bench.quick else RUNS)]
            figures: dict[str, Any] = {
                figure: min(run["seconds"] for run in runs),
                "cpu_seconds": min(run["cpu_seconds"] for run in runs),
                "peak_megabytes": max(run["peak_megabytes"] for run in runs),
                "growth_megabytes": max(run["peak_megabytes"] - run["before_megabytes"] for run in runs),
                "statements": runs[0]["statements"],
                "turns": len(turns),
                "words": sum(len(turn.text.split()) for turn in turns),
            }
            bench.tell("cost", of, figures, figure, "cpu_seconds", "peak_megabytes", "growth_megabytes")


def _run(bench: NoteBench, turns: Sequence[Turn], template: str) -> dict[str, Any]:
    job = {
        "engine": bench.engine_name,
        "model": bench.model,
        "url": bench.url,
        "template": template,
        "turns": [(turn.id, turn.role, turn.text) for turn in turns],
    }
    answer = subprocess.run(
        [sys.executable, str(NOTE_COST)], input=json.dumps(job), capture_output=True, text=True, check=False
    )
    if answer.returncode:
        raise RuntimeError(f"the draft's process failed with {answer.returncode}: {answer.stderr[-500:]}")
    figures: dict[str, Any] = json.loads(answer.stdout)
    return figures
