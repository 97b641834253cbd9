"""Tests of what must not be lost: minutes, not seconds; `make test-faults` runs them, `make test` does not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from running import RunningServer, StartServer, server

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder is marked, and may take its time."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.faults)
            item.add_marker(pytest.mark.timeout(480))


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[StartServer]:
    """Start servers that end with the test; the same data folder each time unless one is named."""
    with ExitStack() as stack:

        def start(data_dir: Path | None = None, **settings: str) -> RunningServer:
            return stack.enter_context(server(data_dir or tmp_path / "data", **settings))

        yield start
