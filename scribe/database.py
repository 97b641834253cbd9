"""The connection to the database: a URL in, an engine whose transactions keep what they were given out.

Knows what SQLite needs to be set to and what a driver's refusal means; tables and rows are the store's.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from scribe.errors import StoreFailed


class Database:
    """One connection pool for every room that keeps rows; thread-safe, nothing is connected before the first use."""

    def __init__(self, url: str) -> None:
        self._engine = sa.create_engine(url)
        self._here = threading.local()
        if self.dialect == "sqlite":
            _prepare_sqlite(self._engine)

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._engine.dialect.name

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """All or nothing of what is done within; raises StoreFailed for what the database refuses.

        One that is begun within another of the same thread is part of it.
        """
        around: sa.Connection | None = getattr(self._here, "connection", None)
        if around is not None:
            yield around
            return
        with _refusals(), self._engine.begin() as connection:
            self._here.connection = connection
            try:
                yield connection
            finally:
                self._here.connection = None

    def cut_log(self) -> None:
        """SQLite's log still holds the pages as they were before: write it back and cut it to nothing."""
        if self.dialect != "sqlite" or getattr(self._here, "connection", None) is not None:
            return  # within a transaction it would wait for itself; whoever opened that cuts it afterwards
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
    except (DBAPIError, sqlite3.Error) as error:
        # The driver's text may quote parameters, so only its kind is told. What is set on a new connection is
        # refused by the driver itself.
        cause = error.orig if isinstance(error, DBAPIError) else error
        raise StoreFailed(
            f"The database refused ({type(cause).__name__}: {_plain_reason(cause)}); "
            "check the disk and the data folder. Nothing that was acknowledged is lost."
        ) from None
    except PoolTimeout:
        raise StoreFailed(
            "Every connection to the database is waiting for it; check whether another program holds it locked. "
            "Nothing that was acknowledged is lost."
        ) from None


def _plain_reason(error: BaseException | None) -> str:
    if isinstance(error, sqlite3.Error):
        return error.sqlite_errorname
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
