"""A backup: all rows of a store in one file, as they are; what is sealed stays sealed.

The file is lines of JSON: a header (when, which schema, which keys open it), one line for each row, and at the end
the SHA-256 of all that stands before, which notices damage; it is no signature. Keys are not in it, unless the
header brings the key along, wrapped by a passphrase. It can be brought back into SQLite and PostgreSQL alike.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby, islice
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import sqlalchemy as sa

from scribe.crypto import SALT_BYTES, KeyEncryptionKey, KeyWrapper, passphrase_key, sync_folder
from scribe.database import Database
from scribe.errors import BadRequest, CannotStart, StoreFailed, WrongState
from scribe.keys import KeyProvider
from scribe.migrations import known_revisions, revision_of, upgrade
from scribe.session import State
from scribe.store import erase_session, erase_transcript
from scribe.tables import metadata, sessions, tombstones
from scribe.vault import WRAPPED, require_keys, rewrap_rows

FORMAT = "ambient-scribe backup"
VERSION = 1
HISTORY = "alembic_version"
"""The table of the schema's own revision; the header says it instead."""
HEADS = "chain_heads"
"""The table of the signed ends of the chains; the audit's goes with the audit."""
CHUNK = 500
PASSPHRASE_CHARACTERS = 12
"""At least; the file may lie for years where others can guess at it."""

Told: TypeAlias = Callable[[int, int], None]
"""Gets how many rows are done and how many there are."""


@dataclass(frozen=True, slots=True)
class Saved:
    """What was written."""

    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Restored:
    """What was brought back, and what was kept from coming back."""

    rows: int
    sessions: int
    destroyed_again: int
    kept_audit: bool


def wrap_key(key: bytes, passphrase: str) -> dict[str, str]:
    """The key as a backup brings it along; raises BadRequest for a passphrase that is too short."""
    if len(passphrase) < PASSPHRASE_CHARACTERS:
        raise BadRequest(
            f"A passphrase needs at least {PASSPHRASE_CHARACTERS} characters; take several words."
        )
    salt = os.urandom(SALT_BYTES)
    wrapped = passphrase_key(passphrase, salt).wrap(key, "backup", "key")
    return {
        "id": KeyEncryptionKey(key).key_id,
        "salt": base64.b64encode(salt).decode(),
        "wrapped": base64.b64encode(wrapped).decode(),
    }


def unwrap_key(carried: dict[str, str], passphrase: str) -> KeyEncryptionKey:
    """The key that a backup brought along; raises BadRequest for another passphrase."""
    key = passphrase_key(passphrase, base64.b64decode(carried["salt"]))
    try:
        return KeyEncryptionKey(key.unwrap(None, base64.b64decode(carried["wrapped"]), "backup", "key"))
    except StoreFailed:
        raise BadRequest("The passphrase does not open the backup's key; try again.") from None


def save(
    database: Database, path: Path, made_at: datetime, told: Told, carried: dict[str, str] | None = None
) -> Saved:
    """Write a backup, whole or not at all, mode 0600, while a server may be writing to the store.

    Raises BadRequest where the file is there already or cannot be written.
    """
    with _appearing(path) as file, database.snapshot() as connection:
        tables = _tables(connection)
        counts = {table.name: _count(connection, table) for table in tables}
        total, digest, done = sum(counts.values()), hashlib.sha256(), 0

        def put(line: object) -> None:
            text = json.dumps(line, separators=(",", ":")).encode() + b"\n"
            digest.update(text)
            file.write(text)

        put(
            {
                "format": FORMAT,
                "version": VERSION,
                "schema": revision_of(connection),
                "made_at": made_at.isoformat(),
                "key_ids": sorted(_key_ids(connection)),
                "key": carried,
                "rows": counts,
            }
        )
        for table in tables:
            rows = connection.execute(
                sa.select(table).order_by(*table.primary_key.columns), execution_options={"yield_per": CHUNK}
            )
            for row in rows.mappings():
                put([table.name, {name: _plain(value) for name, value in row.items()}])
                done += 1
                if done % CHUNK == 0:
                    told(done, total)
        file.write(json.dumps({"rows": total, "sha256": digest.hexdigest()}).encode() + b"\n")
    told(total, total)
    return Saved(total, digest.hexdigest())


def restore(
    database: Database,
    keys: KeyProvider,
    path: Path,
    told: Told,
    *,
    destroyed: frozenset[tuple[str, str]],
    passphrase: Callable[[], str],
    replace: bool = False,
) -> Restored:
    """Bring a backup back, all of it or nothing; no server may use the store meanwhile.

    What was `destroyed` since, by the file beside the store and by the store that is replaced, is destroyed again.
    The present audit is kept where it goes on from the backup's. Raises BadRequest for a file that is no whole
    backup, CannotStart where no key opens it, and WrongState for a store with sessions, unless `replace`.
    """
    with _reading(path) as file:
        header, last_audit = _check(file)
        old = _keys_of(header, keys, passphrase)
        with database.transaction() as connection:
            before = _tables(connection)
            if not replace and _has_sessions(connection, before):
                raise WrongState(
                    "The store holds sessions already; --replace puts the backup in their place, or name an empty "
                    "folder with --data-dir."
                )
            destroyed |= _buried(connection, before)
            kept = _audit_that_goes_on(connection, before, last_audit)
            _drop(connection)
            upgrade(connection, header["schema"])
            file.seek(0)
            rows = _insert(connection, file, sum(header["rows"].values()), told, kept)
            upgrade(connection)
            if old is not keys and not keys.key_ids:
                keys.renew()
            rewrap_rows(connection, old, keys)
            require_keys(connection, keys)
            again = _destroy_again(connection, destroyed)
            count = connection.execute(sa.select(sa.func.count()).select_from(sessions)).scalar_one()
    database.cut_log()
    return Restored(rows, count, again, bool(kept))


# --- out ------------------------------------------------------------------------------------------------


@contextmanager
def _appearing(path: Path) -> Iterator[BinaryIO]:
    """A new file that has its name once it is whole and on the disk."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        if path.exists():
            raise FileExistsError
        try:
            with os.fdopen(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            path.hardlink_to(partial)
        finally:
            partial.unlink(missing_ok=True)
        sync_folder(path.parent)
    except FileExistsError:
        raise BadRequest(f"{path} is there already; name another file.") from None
    except OSError as error:
        raise BadRequest(f"Cannot write {path} ({error.strerror}); name another place.") from None


def _tables(connection: sa.Connection) -> Sequence[sa.Table]:
    """Our tables, as they are there, those first that others point to."""
    return [table for table in _reflected(connection).sorted_tables if table.name != HISTORY]


def _reflected(connection: sa.Connection) -> sa.MetaData:
    found = sa.MetaData()
    # A schema may hold what is not ours.
    found.reflect(connection, only=lambda name, _: name == HISTORY or name in metadata.tables)
    return found


def _count(connection: sa.Connection, table: sa.Table) -> int:
    return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def _key_ids(connection: sa.Connection) -> frozenset[str]:
    found: set[str] = set()
    for kind in WRAPPED:
        ids = sa.select(kind.table.c.key_id).where(kind.there).distinct()
        found |= set(connection.execute(ids).scalars())
    return frozenset(found)


def _plain(value: object) -> object:
    if isinstance(value, bytes | memoryview):
        return {"bytes": base64.b64encode(value).decode()}
    if isinstance(value, datetime):
        # SQLite keeps no zone: what was stored was UTC.
        moment = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
        return {"time": moment.isoformat()}
    return {"json": value} if isinstance(value, dict | list) else value


# --- in -------------------------------------------------------------------------------------------------


@contextmanager
def _reading(path: Path) -> Iterator[BinaryIO]:
    try:
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise BadRequest(f"Cannot read {path} ({error.strerror}).") from None


def _check(file: BinaryIO) -> tuple[dict[str, Any], tuple[int, str] | None]:
    """The header and the audit's last link; raises BadRequest unless the file is whole and unchanged."""
    digest, before, header, last_audit = hashlib.sha256(), b"", b"", None
    for line in file:
        header = header or line
        digest.update(before)
        if before.startswith(b'["audit",'):
            last_audit = before
        before = line
    try:
        end, head = json.loads(before), json.loads(header)
        if head["format"] != FORMAT:
            raise ValueError
        if head["version"] != VERSION or head["schema"] not in known_revisions():
            raise BadRequest("This backup was made by a newer version of the software; install that first.")
        if end["sha256"] != digest.hexdigest():
            raise BadRequest("The backup was damaged or changed: its hash does not fit. Take another one.")
        link = json.loads(last_audit)[1] if last_audit else None
    except (ValueError, KeyError, TypeError, IndexError):
        raise BadRequest("This is no backup, or one that is cut off; take another one.") from None
    return head, (link["number"], link["sha256"]) if link else None


def _keys_of(header: dict[str, Any], keys: KeyProvider, passphrase: Callable[[], str]) -> KeyWrapper:
    """What unwraps the backup's data keys: the keys at hand, or the one it brought along."""
    needed, carried = set(header["key_ids"]), header["key"]
    if needed <= set(keys.key_ids):
        return keys
    if carried is not None and needed <= {carried["id"]}:
        return unwrap_key(carried, passphrase())
    raise CannotStart(
        f"The backup is wrapped by the key {', '.join(sorted(needed))}, and at hand is "
        f"{', '.join(keys.key_ids) or 'none'} ({keys.name}). Give that key, or take a backup that brings its key "
        "along; where the key was rotated away, nothing opens this backup any more."
    )


def _has_sessions(connection: sa.Connection, tables: Sequence[sa.Table]) -> bool:
    return any(table.name == "sessions" and _count(connection, table) for table in tables)


def _buried(connection: sa.Connection, tables: Sequence[sa.Table]) -> frozenset[tuple[str, str]]:
    """What the store that is replaced knows to be destroyed."""
    if not any(table.name == tombstones.name for table in tables):
        return frozenset()
    rows = connection.execute(sa.select(tombstones.c.session_id, tombstones.c.what)).all()
    return frozenset((row.session_id, row.what) for row in rows)


def _audit_that_goes_on(
    connection: sa.Connection, tables: Sequence[sa.Table], last: tuple[int, str] | None
) -> dict[str, list[dict[str, Any]]]:
    """The present audit's rows by table, where the backup's is its beginning; nothing where it is another's.

    So who did what since the backup was made is not forgotten.
    """
    here = {table.name: table for table in tables}
    if last is None or "audit" not in here:
        return {}
    number, digest = last
    link = sa.select(here["audit"].c.sha256).where(here["audit"].c.number == number)
    if connection.execute(link).scalar() != digest:
        return {}
    return {
        name: [
            dict(row)
            for row in connection.execute(sa.select(table)).mappings()
            if _is_of_the_audit(name, dict(row))
        ]
        for name, table in here.items()
        if name in ("audit", HEADS)
    }


def _is_of_the_audit(table: str, row: dict[str, Any]) -> bool:
    return table == "audit" or (table == HEADS and row["chain"] == "audit")


def _drop(connection: sa.Connection) -> None:
    _reflected(connection).drop_all(connection)
    if connection.dialect.name == "postgresql":
        # What the triggers of our tables call; it goes neither with them nor with the tables.
        ours = "select oid::regprocedure from pg_proc where proname like 'scribe\\_%'"
        for function in connection.execute(
            sa.text(f"{ours} and pronamespace = current_schema()::regnamespace")
        ).scalars():
            connection.execute(sa.text(f"drop function {function}"))


def _insert(
    connection: sa.Connection,
    file: BinaryIO,
    total: int,
    told: Told,
    kept: dict[str, list[dict[str, Any]]],
) -> int:
    """Every row of the file into tables of the backup's own schema; the audit is that of `kept`, if that has one."""
    tables = {table.name: table for table in _tables(connection)}
    done = 0
    for name, lines in groupby(_rows(file), key=lambda row: row[0]):
        while rows := [_full(values) for _, values in islice(lines, CHUNK)]:
            new = [row for row in rows if not (kept and _is_of_the_audit(name, row))]
            if new:
                connection.execute(sa.insert(tables[name]), new)
            done += len(rows)
            told(done, total)
    for name, rows in kept.items():
        if rows:
            connection.execute(sa.insert(tables[name]), rows)
    return done


def _rows(file: BinaryIO) -> Iterator[tuple[str, dict[str, Any]]]:
    for line in file:
        if line.startswith(b"["):
            name, values = json.loads(line)
            yield name, values


def _full(values: dict[str, Any]) -> dict[str, Any]:
    def full(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        ((kind, inner),) = value.items()
        if kind == "bytes":
            return base64.b64decode(inner)
        return datetime.fromisoformat(inner) if kind == "time" else inner

    return {name: full(value) for name, value in values.items()}


def _destroy_again(connection: sa.Connection, destroyed: frozenset[tuple[str, str]]) -> int:
    """What was destroyed since the backup was made stays so; returns how many sessions that concerned."""
    states = {row.id: row.state for row in connection.execute(sa.select(sessions.c.id, sessions.c.state))}
    known = {
        (row.session_id, row.what)
        for row in connection.execute(sa.select(tombstones.c.session_id, tombstones.c.what))
    }
    for session_id, what in sorted(destroyed - known):
        connection.execute(sa.insert(tombstones).values(session_id=session_id, what=what))
    touched = set()
    for session_id, what in sorted(destroyed):
        if states.get(session_id, State.SHREDDED) == State.SHREDDED:
            continue
        touched.add(session_id)
        if what == "session":
            erase_session(connection, session_id)
            this = sessions.c.id == session_id
            connection.execute(sa.update(sessions).where(this).values(state=State.SHREDDED.value))
        else:
            erase_transcript(connection, session_id)
    return len(touched)
