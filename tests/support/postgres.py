"""A PostgreSQL of the tests' own: a new cluster in a temporary folder, on a Unix socket that only they know."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

PORT = 5432
"""Of the socket's name only: nothing listens on the network."""
SETTINGS = (
    "listen_addresses=''",
    "max_connections=60",
    "fsync=off",
    "log_statement=none",
    "shared_buffers=16MB",
)


def programs() -> Path | None:
    """The folder with `initdb`: Debian keeps one a version, others on the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else None


def lacking() -> str:
    """Why there can be no PostgreSQL here; empty where there can."""
    if programs() is None:
        return "PostgreSQL is not installed (initdb was not found)"
    if find_spec("psycopg") is None:
        return "psycopg is not installed (the extra `postgres`)"
    return ""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running server; databases are made in it by name."""

    folder: Path
    programs: Path

    def url(self, database: str) -> str:
        """The SQLAlchemy URL of a database."""
        return f"postgresql+psycopg://scribe@/{database}?host={quote(str(self.folder))}&port={PORT}"

    def create(self, database: str) -> str:
        """A new, empty database; its URL."""
        self._client("createdb", "-T", "template0", database)
        return self.url(database)

    def ask(self, database: str, statement: str) -> str:
        """What `psql` answers, unaligned."""
        return self._client("psql", "-At", "-c", statement, database)

    def start(self) -> None:
        """Start the server and wait until it takes connections."""
        options = " ".join(f"-c {setting}" for setting in SETTINGS)
        self.control(
            "-w", "-l", str(self.folder / "log"), "-o", f"{options} -k {self.folder} -p {PORT}", "start"
        )

    def control(self, *arguments: str) -> None:
        """Run `pg_ctl`."""
        _run([*_unprivileged(), str(self.programs / "pg_ctl"), "-D", str(self.folder / "data"), *arguments])

    def _client(self, program: str, *arguments: str) -> str:
        return _run(
            [
                str(self.programs / program),
                "-h",
                str(self.folder),
                "-p",
                str(PORT),
                "-U",
                "scribe",
                *arguments,
            ]
        )


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A cluster for as long as the block lasts."""
    found = programs()
    assert found is not None, lacking()
    # Short, and not below pytest's own folder: a socket's path has at most 107 characters, and that one is closed
    # to the user that the server must run as.
    folder = Path(tempfile.mkdtemp(prefix="scribe-pg-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "nobody")
        arguments = ["-U", "scribe", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale", "C.UTF-8"]
        _run([*_unprivileged(), str(found / "initdb"), "-D", str(folder / "data"), *arguments])
        running = Cluster(folder, found)
        running.start()
        try:
            yield running
        finally:
            running.control("-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def _unprivileged() -> list[str]:
    """PostgreSQL refuses to run as root."""
    return ["setpriv", "--reuid", "nobody", "--clear-groups"] if os.geteuid() == 0 else []


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, cwd="/")
    assert done.returncode == 0, f"{command[0]}: {done.stdout}{done.stderr}"
    return done.stdout.strip()
