"""How good the notes are: against reference notes, by their evidence, by risk that must surface, by what they cost.

Prints one JSON line for each measurement and a table at the end; what is going on stands on the error stream. The
dialogues lie beside the checkout (`--data`); a set that is not there is left out and said. What needs no dialogue of
others (hand-labelled evidence, seeded risk) is measured everywhere.

    python scripts/bench_note.py                                  # every case on the validation sets: some minutes
    python scripts/bench_note.py --case references --set train --sample 60 --misses   # to develop rules with
    python scripts/bench_note.py --engine extractive --engine transformers --model DIR

Rules, thresholds and weights are made on the training sets only; what `--misses` shows is never a validation set's.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import traceback
from pathlib import Path

from measuring.behaviours import interventions
from measuring.hours import cost
from measuring.labelled import evidence
from measuring.note_engines import ENGINES, engine_of
from measuring.note_report import Case, NoteBench, Row, table
from measuring.notes import properties, references
from measuring.seeds import risk

from summarizer.types import Style

CASES: dict[str, Case] = {
    "references": references,
    "evidence": evidence,
    "risk": risk,
    "interventions": interventions,
    "properties": properties,
    "cost": cost,
}


def measure(name: str, options: argparse.Namespace, runner: asyncio.Runner, rows: list[Row]) -> bool:
    """All cases with one engine; whether any failed."""
    bench = NoteBench(
        engine_name=name,
        engine=engine_of(name, model=options.model, url=options.url),
        runner=runner,
        part=options.part,
        data=options.data,
        sample=options.sample or (12 if options.quick else None),
        quick=options.quick,
        misses=options.misses,
        model=options.model,
        url=options.url,
        style=Style(detail=options.detail),
        rows=rows,
    )
    failed = False
    for case in options.case or CASES:
        try:
            CASES[case](bench)
        except Exception:
            # The other cases are worth their figures all the same.
            traceback.print_exc()
            bench.say(f"{case} failed; why stands above")
            failed = True
    return failed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--case", action="append", choices=CASES, help="a case; may be given again; all without"
    )
    parser.add_argument("--engine", action="append", choices=ENGINES, help="may be given again; extractive")
    parser.add_argument("--set", dest="part", choices=("train", "valid"), default="valid")
    parser.add_argument("--sample", type=int, help="so many dialogues of each set, evenly spaced")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder of the dialogues")
    parser.add_argument("--detail", choices=("brief", "standard", "detailed"), default="standard")
    parser.add_argument("--model", help="folder or name of the model of the transformers or openai engine")
    parser.add_argument("--url", help="address of the openai engine's server")
    parser.add_argument("--quick", action="store_true", help="12 dialogues of each set, few seeded ones")
    parser.add_argument("--misses", action="store_true", help="show claims missed in training dialogues")
    options = parser.parse_args()
    rows: list[Row] = []
    failed = False
    try:
        for name in options.engine or ["extractive"]:
            with asyncio.Runner() as runner:
                failed |= measure(name, options, runner, rows)
    finally:
        # Whatever was measured before an interruption is worth its line.
        print(table(rows), flush=True)
    if failed:
        raise SystemExit(1)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
