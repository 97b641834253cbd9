"""The connection to the database: a URL in, an engine whose transactions keep what they were given out.

Knows what SQLite and PostgreSQL need to be set to and what a driver's refusal means; tables and rows are the store's.
SQLite's transactions are immediate, one at a time. PostgreSQL's are READ COMMITTED: whoever reads to write locks first,
the session's row and then the chains (see `chains`), so none fails for another's sake, and none waits in a circle.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from scribe.errors import CannotStart, StoreFailed

ONE_SERVER = 0x5343_5249_4245
"""PostgreSQL's advisory lock that a server holds on its database."""
CONNECT_SECONDS = 5
POSTGRES_SETTINGS = {
    "lock_timeout": "5s",  # as long as SQLite's busy_timeout
    "idle_in_transaction_session_timeout": "60s",  # what a lost client locked is free again
    "synchronous_commit": "on",  # whatever the server's own setting: what is acknowledged is durable
}

READ_ONLY = "scribe_read_only"
"""An execution option of ours: a transaction that leaves SQLite's one place for writers to others."""


class Database:
    """One connection pool for every room that keeps rows; thread-safe, nothing is connected before the first use."""

    def __init__(self, url: str) -> None:
        self._engine = _engine(url)
        self._only: _OnlyServer | None = None
        self._here = threading.local()
        self.refusals = 0
        """Transactions that the database refused; for figures only, so a count that two threads lose is none lost."""
        if self.dialect == "sqlite":
            _prepare_sqlite(self._engine)
        else:
            sa.event.listen(self._engine, "connect", self._prepare_postgres)

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
        self._here.afterwards = []
        try:
            with _refusals(), self._engine.begin() as connection:
                self._here.connection = connection
                try:
                    yield connection
                finally:
                    self._here.connection = None
        except StoreFailed:
            self.refusals += 1
            raise
        for work in self._here.afterwards:
            work()

    def afterwards(self, work: Callable[[], None]) -> None:
        """Do this once the transaction that this thread is in is stored; at once where it is in none."""
        if getattr(self._here, "connection", None) is None:
            work()
        else:
            self._here.afterwards.append(work)

    def hold(self) -> None:
        """Keep a second server out until `close`; raises CannotStart where one is there.

        SQLite's file is kept by whoever holds the data folder it lies in.
        """
        if self.dialect == "postgresql":
            only = _OnlyServer(self._engine.url)
            with _refusals():
                if not only.held():
                    raise CannotStart(
                        "Another server already uses this database; stop it, or give this one a database of its own "
                        "with SCRIBE_DATABASE_URL."
                    )
            self._only = only

    @contextmanager
    def snapshot(self) -> Iterator[sa.Connection]:
        """Everything as it stands at one moment, to be read while others write; raises StoreFailed."""
        with _refusals(), self._engine.connect() as connection:
            if self.dialect == "sqlite":
                connection = connection.execution_options(**{READ_ONLY: True})
            else:
                options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
                connection = connection.execution_options(**options)
            with connection.begin():
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
        if self._only is not None:
            self._only.close()

    def _prepare_postgres(self, connection: Any, _record: object) -> None:
        with connection.cursor() as cursor:
            for name, value in POSTGRES_SETTINGS.items():
                cursor.execute(f"set {name} = '{value}'")
        connection.commit()
        # A new connection is made where the old one was lost, and with it the lock may have been.
        if self._only is not None and not self._only.held():
            connection.close()
            raise StoreFailed(
                "Another server took over this database while its connection was lost; stop one of them."
            )


class _OnlyServer:
    """A connection of its own that holds the one lock; thread-safe."""

    def __init__(self, url: sa.URL) -> None:
        self._engine = sa.create_engine(
            url,
            poolclass=sa.NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={"connect_timeout": CONNECT_SECONDS},
        )
        self._connection: sa.Connection | None = None
        self._lock = threading.Lock()

    def held(self) -> bool:
        """Whether the lock is ours; taken again where its connection was lost."""
        with self._lock:
            if self._connection is not None:
                try:
                    self._connection.exec_driver_sql("select 1")
                    return True
                except DBAPIError:
                    self._forget()
            connection = self._engine.connect()
            # A client that vanished with its machine is noticed after a minute, not after two hours.
            for setting in (
                "tcp_keepalives_idle = 30",
                "tcp_keepalives_interval = 10",
                "tcp_keepalives_count = 3",
            ):
                connection.exec_driver_sql(f"set {setting}")
            if connection.execute(sa.select(sa.func.pg_try_advisory_lock(ONE_SERVER))).scalar_one():
                self._connection = connection
                return True
            connection.close()
            return False

    def close(self) -> None:
        """Let another server in."""
        with self._lock:
            self._forget()

    def _forget(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _engine(url: str) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
    except ArgumentError:
        parsed = None
    kind = parsed.get_backend_name() if parsed is not None else ""
    if parsed is None or kind not in ("sqlite", "postgresql", "postgres"):
        raise CannotStart(
            "SCRIBE_DATABASE_URL names no database that can be used; expected sqlite:///… or postgresql://…."
        )
    if kind == "sqlite":
        return sa.create_engine(parsed)
    try:
        return sa.create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            isolation_level="READ COMMITTED",
            pool_pre_ping=True,
            connect_args={"connect_timeout": CONNECT_SECONDS},
        )
    except ModuleNotFoundError:
        raise CannotStart(
            "PostgreSQL needs the driver psycopg; install it with `pip install 'ambient-scribe[postgres]'`."
        ) from None


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
    except NoConnectionFree:
        raise StoreFailed("The database is busy: no connection came free; try again in a moment.") from None


def _plain_reason(error: BaseException | None) -> str:
    if isinstance(error, sqlite3.Error):
        # Python's own part of the driver raises these without a name.
        return getattr(error, "sqlite_errorname", "a value that cannot be read")
    state = getattr(error, "sqlstate", None)  # PostgreSQL's Appendix A
    return f"SQLSTATE {state}" if state else "it does not answer"


def _prepare_sqlite(engine: sa.Engine) -> None:
    def on_connect(connection: sqlite3.Connection, _record: object) -> None:
        # The driver would begin transactions late and by itself; `on_begin` does it instead.
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("PRAGMA busy_timeout=5000")

    def on_begin(connection: sa.Connection) -> None:
        # Immediate: two read-then-write transactions wait for each other instead of failing half-way.
        reads = connection.get_execution_options().get(READ_ONLY, False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    sa.event.listen(engine, "connect", on_connect)
    sa.event.listen(engine, "begin", on_begin)
