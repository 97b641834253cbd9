"""One draft in a process of its own: a job as JSON on the standard input, its cost as JSON on the standard output.

The job names the engine, the template and the turns. Seconds are of the draft alone, without loading; peak memory is
the whole process's, libraries and model included, and `before_megabytes` what stood there before the draft.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from measuring.note_engines import engine_of

from summarizer.summarize import summarize
from summarizer.templates import load_template
from summarizer.types import Turn


def peak_megabytes() -> float:
    """Most resident memory of this program so far. Linux's `ru_maxrss` would count what stood here before `exec`."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main() -> None:
    job = json.load(sys.stdin)
    engine = engine_of(job["engine"], model=job["model"], url=job["url"])
    turns = [Turn(*turn) for turn in job["turns"]]
    before = peak_megabytes()
    began, spent = time.perf_counter(), time.process_time()
    draft = asyncio.run(summarize(turns, template=load_template(job["template"]), engine=engine))
    print(
        json.dumps(
            {
                "seconds": time.perf_counter() - began,
                "cpu_seconds": time.process_time() - spent,
                "before_megabytes": before,
                "peak_megabytes": peak_megabytes(),
                "statements": sum(len(section.statements) for section in draft.body.sections),
            }
        )
    )


if __name__ == "__main__":
    main()
