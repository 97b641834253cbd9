"""Servers as fixtures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from databases import Databases
from postgres import Cluster, cluster, lacking
from running import RunningServer, StartServer, server


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[StartServer]:
    """Start servers that end with the test; the same data folder each time unless one is named."""
    with ExitStack() as stack:

        def start(data_dir: Path | None = None, **settings: str) -> RunningServer:
            return stack.enter_context(server(data_dir or tmp_path / "data", **settings))

        yield start


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server for tests that leave it as they found it; Whisper where it is found, else the embedded default."""
    with server(
        tmp_path_factory.mktemp("shared-server") / "data", idle_seconds="5", start_seconds="2"
    ) as running:
        yield running


@pytest.fixture
def http(shared_server: RunningServer) -> Iterator[httpx.Client]:
    """REST calls to the shared server."""
    with shared_server.http as client:
        yield client


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A PostgreSQL server of the tests' own; skipped, with the reason, where none can be had."""
    if reason := lacking():
        pytest.skip(reason)
    with cluster() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Databases]:
    """New databases of either kind; the test runs with each."""
    cluster = request.getfixturevalue("postgres") if request.param == "postgresql" else None
    made = Databases(tmp_path, cluster)
    yield made
    made.close()
