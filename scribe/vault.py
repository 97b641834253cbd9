"""What the key-encryption key wraps, as a whole: every data key, and the server's root secret.

Opens the root secret at a start and refuses a key that is not the store's; counts what hangs on which key; wraps
all of it anew when the key is rotated. What is wrapped, the sessions' words, is never touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from scribe.crypto import KeyWrapper, Secret
from scribe.database import Database
from scribe.errors import CannotStart, StoreFailed
from scribe.keys import KeyProvider
from scribe.root import root_secret
from scribe.tables import process_notes, secrets, sessions

BATCH = 500
"""Data keys that are wrapped anew in one transaction: a second's work for a service that takes 2 ms for each."""


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A column of wrapped keys. The place of a key is the table, its row's `ids` and the column."""

    table: sa.Table
    column: str
    ids: tuple[str, ...]

    def place(self, row: sa.Row[tuple[object, ...]]) -> tuple[str, ...]:
        """What a row's key is bound to."""
        return (self.table.name, *(str(row._mapping[name]) for name in self.ids), self.column)

    @property
    def there(self) -> sa.ColumnElement[bool]:
        """Rows whose key was not destroyed."""
        return self.table.c[self.column].is_not(None)


WRAPPED = (
    Wrapped(sessions, "data_key", ("id",)),
    Wrapped(process_notes, "data_key", ("session_id", "author")),
    Wrapped(secrets, "wrapped", ("name",)),
)
"""All that a rotation wraps anew."""


class Vault:
    """The wrapped keys of one store; every method blocks."""

    def __init__(self, database: Database, keys: KeyProvider) -> None:
        self._database = database
        self._keys = keys

    def open(self) -> Secret:
        """The server's root secret, made at the first start; it outlives every rotation.

        Raises CannotStart where the keys at hand are not those of the store. A store that was written before keys
        had ids gets the id of its key.
        """
        with self._database.transaction() as connection:
            require_keys(connection, self._keys)
            if not self._keys.key_ids:
                self._keys.renew()
            connection.execute(
                sa.update(sessions)
                .where(sessions.c.data_key.is_not(None), sessions.c.key_id.is_(None))
                # Before any rotation: the oldest key there is.
                .values(key_id=self._keys.key_ids[-1])
            )
            return root_secret(connection, self._keys)

    def sessions_by_key(self) -> dict[str, int]:
        """How many sessions hang on each key, by key id."""
        with self._database.transaction() as connection:
            return {
                row.key_id or "": row.number
                for row in connection.execute(
                    sa.select(sessions.c.key_id, sa.func.count().label("number"))
                    .where(sessions.c.data_key.is_not(None))
                    .group_by(sessions.c.key_id)
                )
            }

    def rewrap(self, told: Callable[[int, int], None]) -> int:
        """Wrap with the key that wraps now whatever another one wrapped; returns how many keys that were.

        `told` gets how many are done and how many there are. Cut off, it goes on where it was when it is called
        again.
        """
        with self._database.transaction() as connection:
            total = _wrapped_otherwise(connection, self._keys.key_id)
        done = 0
        while batch := self._rewrap_batch():
            done += batch
            told(done, total)
        # The old wrapped keys are to be gone before their key is destroyed, from the log as well.
        self._database.cut_log()
        return done

    def _rewrap_batch(self) -> int:
        with self._database.transaction() as connection:
            return rewrap_rows(connection, self._keys, self._keys, BATCH)


def require_keys(connection: sa.Connection, keys: KeyProvider) -> None:
    """Raise CannotStart unless every key in the store, and one value it wraps, opens with the keys at hand."""
    ids = {key_id for kind in WRAPPED for key_id in _key_ids(connection, kind)}
    missing = sorted({key_id for key_id in ids if key_id is not None} - set(keys.key_ids))
    here = ", ".join(keys.key_ids) or "none"
    if missing or (ids and not keys.key_ids):
        raise CannotStart(
            f"The store needs the key {', '.join(missing) or 'that was in its data folder'}; at hand is {here} "
            f"({keys.name}). Give the store's own key; a rotation that was cut off needs both keys to end."
        )
    try:
        for kind in WRAPPED:
            for row in _rows(connection, kind, 1):
                keys.unwrap(row.key_id, row._mapping[kind.column], *kind.place(row))
    except StoreFailed:
        raise CannotStart(
            f"The store does not open with the key at hand, {here} ({keys.name}). Give the store's own key."
        ) from None


def rewrap_rows(connection: sa.Connection, old: KeyWrapper, new: KeyWrapper, limit: int | None = None) -> int:
    """Wrap up to `limit` keys anew in the caller's transaction; returns how many there were."""
    count = 0
    for kind in WRAPPED:
        otherwise = kind.there & kind.table.c.key_id.is_distinct_from(new.key_id)
        for row in _rows(connection, kind, None if limit is None else limit - count, otherwise):
            place = kind.place(row)
            wrapped = new.wrap(old.unwrap(row.key_id, row._mapping[kind.column], *place), *place)
            this = sa.and_(*(kind.table.c[name] == row._mapping[name] for name in kind.ids))
            connection.execute(
                sa.update(kind.table).where(this).values(key_id=new.key_id, **{kind.column: wrapped})
            )
            count += 1
    return count


def _rows(
    connection: sa.Connection, kind: Wrapped, limit: int | None, where: sa.ColumnElement[bool] | None = None
) -> Iterator[sa.Row[tuple[object, ...]]]:
    names = (*kind.ids, "key_id", kind.column)
    chosen = sa.select(*(kind.table.c[name] for name in names))
    chosen = chosen.where(kind.there if where is None else where)
    yield from connection.execute(chosen.limit(limit)).all()


def _key_ids(connection: sa.Connection, kind: Wrapped) -> frozenset[str | None]:
    column = kind.table.c.key_id
    return frozenset(connection.execute(sa.select(column).where(kind.there).distinct()).scalars())


def _wrapped_otherwise(connection: sa.Connection, key_id: str) -> int:
    return sum(
        connection.execute(
            sa.select(sa.func.count())
            .select_from(kind.table)
            .where(kind.there, kind.table.c.key_id.is_distinct_from(key_id))
        ).scalar_one()
        for kind in WRAPPED
    )
