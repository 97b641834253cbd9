"""One kind of database for a test, and as many new ones of it as the test asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex

from postgres import Cluster

from scribe.database import Database


@dataclass
class Databases:
    """New databases in a folder (SQLite) or in a cluster (PostgreSQL)."""

    folder: Path
    cluster: Cluster | None = None
    _made: list[Database] = field(default_factory=list)

    def new_url(self) -> str:
        """The URL of a new, empty database."""
        name = f"t{token_hex(6)}"
        return self.cluster.create(name) if self.cluster else f"sqlite:///{self.folder / name}.db"

    def new(self, url: str | None = None, make: Callable[[str], Database] = Database) -> Database:
        """A new, empty database, or the one of that URL; closed with the test."""
        database = make(url or self.new_url())
        self._made.append(database)
        return database

    def close(self) -> None:
        """Give all connections back."""
        for database in self._made:
            database.close()
