"""Clocks that people set tell when something happened; how long something takes is told by one that nobody sets."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
WALL_CLOCKS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("time", "time"),
    ("date", "today"),
}
NAMED = {
    "scribe/app.py",
    "scribe/cli_export.py",
    "scribe/transcribe.py",
    "scribe/terminal.py",
    "scribe/migrations/versions/0005_keeping.py",
}
"""The server's clock, which is handed to everything else, and the command that asks when consent was given."""


def wall_clocks(source: str) -> int:
    """How often a program asks what time it is."""
    calls = [node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return sum(
        isinstance(call, ast.Attribute)
        and isinstance(call.value, ast.Name)
        and (call.value.id, call.attr) in WALL_CLOCKS
        for call in calls
    )


@pytest.mark.parametrize("package", ["asr", "summarizer", "scribe"])
def test_no_duration_is_measured_by_a_clock_that_can_be_set(package: str) -> None:
    asking = {
        str(file.relative_to(REPOSITORY))
        for file in (REPOSITORY / package).rglob("*.py")
        if wall_clocks(file.read_text())
    }
    assert asking <= NAMED


def test_a_wall_clock_would_be_found() -> None:
    assert wall_clocks("import time\nbegan = time.time()") == 1
