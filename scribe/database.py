"""The connection to the database: a URL in, an engine whose transactions keep what they were given out.

Knows what SQLite needs to be set to and what a driver's refusal means; tables and rows are the store's.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from scribe.errors import StoreFailed


class Database:
    """One connection pool for every room that keeps rows; thread-safe, nothing is connected before the first use."""

    def __init__(self, url: str) -> None:
        self._engine = sa.create_engine(url)
        if self.dialect == "sqlite":
            _prepare_sqlite(self._engine)

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._engine.dialect.name

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """All or nothing of what is done within; raises StoreFailed for what the database refuses."""
        with _refusals(), self._engine.begin() as connection:
            yield connection

    def cut_log(self) -> None:
        """SQLite's log still holds the pages as they were before: write it back and cut it to nothing."""
        if self.dialect != "sqlite":
            return
        with _refusals():
            raw = self._engine.raw_connection()
            try:
                raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                raw.close()

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()


@contextmanager
def _refusals() -> Iterator[None]:
    """Raise StoreFailed for what the database refuses within."""
    try:
        yield
    except DBAPIError as error:
        # The driver's text may quote parameters, so only its kind is told.
        raise StoreFailed(
            f"The database refused ({type(error.orig).__name__}: {_plain_reason(error.orig)}); "
            "check the disk and the data folder. Nothing that was acknowledged is lost."
        ) from None


def _plain_reason(error: BaseException | None) -> str:
    if isinstance(error, sqlite3.Error):
        # Python's own part of the driver raises these without a name.
        return getattr(error, "sqlite_errorname", "a value that cannot be read")
    return "see the database's own log"


def _prepare_sqlite(engine: sa.Engine) -> None:
    def on_connect(connection: sqlite3.Connection, _record: object) -> None:
        # The driver would begin transactions late and by itself; `on_begin` does it instead.
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("PRAGMA busy_timeout=5000")

    def on_begin(connection: sa.Connection) -> None:
        # Immediate: two read-then-write transactions wait for each other instead of failing half-way.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    sa.event.listen(engine, "connect", on_connect)
    sa.event.listen(engine, "begin", on_begin)
