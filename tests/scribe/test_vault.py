"""The vault: the root secret, the keys of a store, and a rotation that may be cut off anywhere."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from killing import killed_at

from scribe.cli_keys import rotated
from scribe.config import Settings
from scribe.crypto import KeyEncryptionKey
from scribe.custody import Custody, custody
from scribe.database import Database
from scribe.errors import CannotStart
from scribe.process_note import ProcessNotes
from scribe.session import NewSession, Participant, State
from scribe.store import Store
from scribe.tables import sessions
from scribe.testing import FakeKms
from scribe.vault import BATCH, Vault
from scribe.wire import TranscriptLine

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
NEW = NewSession(participants=(Participant(id="pt", role="client", label="Quetzalcoatl"),))
OLD_STORE = Path(__file__).parent / "stores" / "before_key_ids.sql"
OLD_KEY = hashlib.sha256(b"the key of an old store, for tests").digest()
LINE = TranscriptLine(
    id="u1", speaker="SPEAKER_00", role="client", start=1, end=2, text="I sleep badly", words=()
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(f"sqlite:///{tmp_path / 'scribe.db'}")) as database:
        yield database


@contextmanager
def opened(folder: Path) -> Iterator[Custody]:
    with custody(Settings(data_dir=folder, key_provider="file"), alone=True, fresh=True) as here:
        here.vault.open()
        yield here


def filled(folder: Path, sessions: int = 3) -> bytes:
    """A store with that many sessions and a process note; what its root secret derives."""
    with opened(folder) as here:
        for number in range(sessions):
            here.store.create_session(f"s{number}", NEW, NOW)
            here.store.commit_words(f"s{number}", [LINE])
        ProcessNotes(here.database, here.keys).write("s0", "local", "my own thoughts", NOW)
        return here.vault.open().derive("stream tokens")


def everything_opens(here: Custody, sessions: int, derived: bytes) -> None:
    for number in range(sessions):
        assert here.store.session(f"s{number}").details.participants[0].label == "Quetzalcoatl"
        assert here.store.transcript(f"s{number}") == (LINE,)
    assert ProcessNotes(here.database, here.keys).read("s0", "local").text == "my own thoughts"
    assert here.vault.open().derive("stream tokens") == derived


def test_the_root_secret_is_made_once_and_kept_wrapped(database: Database, tmp_path: Path) -> None:
    keys = FakeKms()
    Store(database, keys).migrate()
    root = Vault(database, keys).open()
    assert Vault(database, keys).open().derive("x") == root.derive("x")
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert root._key not in written


def test_a_store_takes_a_service_that_keeps_its_keys_to_itself(database: Database) -> None:
    keys = FakeKms()
    store, vault = Store(database, keys), Vault(database, keys)
    store.migrate()
    derived = vault.open().derive("x")
    store.create_session("s1", NEW, NOW)
    before = keys.uses
    store.session("s1")
    assert keys.uses == before + 1
    old = keys.key_id
    keys.renew()
    store.create_session("s2", NEW, NOW)
    assert vault.sessions_by_key() == {old: 1, keys.key_id: 1}
    assert vault.rewrap(lambda *_: None) == 2
    keys.retire()
    assert vault.sessions_by_key() == {keys.key_id: 2}
    assert store.session("s1").details.participants == NEW.participants
    assert vault.open().derive("x") == derived


def test_a_rotation_leaves_one_key_everything_readable_and_every_derived_secret(tmp_path: Path) -> None:
    derived = filled(tmp_path)
    old_file = (tmp_path / "key").read_text()
    with opened(tmp_path) as here:
        old = here.keys.key_id
        wrapped = [row[0] for row in raw(tmp_path, "select data_key from sessions")]
        assert rotated(here) == (5, "")
        assert here.keys.key_ids != (old,)
    with opened(tmp_path) as here:
        assert len(here.keys.key_ids) == 1
        assert here.vault.sessions_by_key() == {here.keys.key_id: 3}
        everything_opens(here, 3, derived)
        events = [(event.action, event.figures) for event in here.audit().events()]
        assert events == [
            ("key rotation begun", {"old_key": old}),
            ("keys rotated", {"old_key": old, "new_key": here.keys.key_id, "wrapped": 5}),
        ]
    assert not (tmp_path / "key.new").exists()
    assert (tmp_path / "key").read_text() != old_file
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    assert all(value not in written for value in wrapped), "what the old key could open is gone"


def raw(folder: Path, statement: str) -> list[tuple[bytes, ...]]:
    with closing(sqlite3.connect(folder / "scribe.db")) as connection:
        return connection.execute(statement).fetchall()


def test_the_old_key_opens_nothing_after_a_rotation(tmp_path: Path) -> None:
    filled(tmp_path)
    old = (tmp_path / "key").read_text()
    with opened(tmp_path) as here:
        rotated(here)
        new = here.keys.key_id
    (tmp_path / "key").write_text(old)
    with pytest.raises(CannotStart, match=new), opened(tmp_path):
        pass


def test_a_rotation_of_more_keys_than_one_batch_tells_how_far_it_is(database: Database) -> None:
    keys = FakeKms()
    store, vault = Store(database, keys), Vault(database, keys)
    store.migrate()
    vault.open()
    count = BATCH + 20
    row = {
        "state": "ready",
        "template": "soap",
        "created_at": NOW,
        "position": 0,
        "channels": 0,
        "transcribed": 0,
    }
    with database.transaction() as connection:
        rows = [
            {
                **row,
                "id": f"s{n}",
                "key_id": keys.key_id,
                "data_key": keys.wrap(bytes(32), "sessions", f"s{n}", "data_key"),
            }
            for n in range(count)
        ]
        connection.execute(sessions.insert(), rows)
    keys.renew()
    told: list[tuple[int, int]] = []
    assert vault.rewrap(lambda done, total: told.append((done, total))) == count + 1
    assert told == [(BATCH, count + 1), (count + 1, count + 1)]


@pytest.mark.parametrize("stride", [7, pytest.param(1, marks=[pytest.mark.faults, pytest.mark.timeout(600)])])
def test_a_rotation_that_is_killed_between_any_two_steps_loses_nothing_and_ends_the_next_time(
    tmp_path: Path, stride: int
) -> None:
    derived = filled(tmp_path / "first", 2)

    def rotate() -> None:
        with opened(folder) as here:
            rotated(here)

    step, killed = 1 - stride, True
    while killed:
        step += stride
        folder = tmp_path / str(step)
        shutil.copytree(tmp_path / "first", folder)
        killed = killed_at(step, rotate)
        with opened(folder) as here:
            everything_opens(here, 2, derived)
            rotated(here)
            assert len(here.keys.key_ids) == 1
            assert here.vault.sessions_by_key() == {here.keys.key_id: 2}
            everything_opens(here, 2, derived)
        assert not (folder / "key.new").exists()
        shutil.rmtree(folder)
    assert step > 50, "the steps are really counted"


def old_store(folder: Path, key: bytes = OLD_KEY) -> None:
    """The data folder of an older version, as that version wrote it."""
    folder.mkdir(exist_ok=True)
    (folder / "key").write_text(base64.b64encode(key).decode() + "\n")
    (folder / "key").chmod(0o600)
    with closing(sqlite3.connect(folder / "scribe.db")) as connection:
        connection.executescript(OLD_STORE.read_text())


def test_a_store_from_before_keys_had_ids_opens_and_rotates(tmp_path: Path) -> None:
    old_store(tmp_path)
    old_id = KeyEncryptionKey(OLD_KEY).key_id
    with opened(tmp_path) as here:
        assert here.vault.sessions_by_key() == {old_id: 2}
        rotated(here)
        assert here.keys.key_id != old_id
    with opened(tmp_path) as here:
        for session_id in ("signed", "in-review"):
            assert [line.text for line in here.store.transcript(session_id)] == ["I sleep badly"]
            assert here.store.session(session_id).details.participants[0].label == "Quetzalcoatl"
        assert here.store.note("signed").status == "signed"
        assert here.store.session("signed").signed_at == NOW
        assert here.store.session("in-review").signed_at is None
        states = {row.id: row.state for row in here.store.list_sessions()}
        assert states["shredded"] is State.SHREDDED
        assert here.store.destroyed() == {("shredded", "session")}


def test_what_an_older_version_derived_from_its_key_is_derived_from_the_root_now(tmp_path: Path) -> None:
    old_store(tmp_path)
    with opened(tmp_path) as here:
        assert here.vault.open().derive("page cookies") != KeyEncryptionKey(OLD_KEY).derive("page cookies")


def test_an_old_store_does_not_open_with_another_key_and_is_left_as_it_was(tmp_path: Path) -> None:
    old_store(tmp_path, os.urandom(32))
    with pytest.raises(CannotStart, match="does not open with the key"), opened(tmp_path):
        pass
    assert raw(tmp_path, "select count(*) from secrets") == [(0,)]
    (tmp_path / "key").write_text(base64.b64encode(OLD_KEY).decode())
    with opened(tmp_path) as here:
        assert here.store.session("signed").state is State.SIGNED


def test_a_lost_key_is_told_and_no_new_one_is_made(tmp_path: Path) -> None:
    filled(tmp_path)
    (tmp_path / "key").rename(tmp_path / "elsewhere")
    with pytest.raises(CannotStart, match="none"), opened(tmp_path):
        pass
    assert not (tmp_path / "key").exists()
    (tmp_path / "elsewhere").rename(tmp_path / "key")
    with opened(tmp_path) as here:
        assert here.store.transcript("s0") == (LINE,)
