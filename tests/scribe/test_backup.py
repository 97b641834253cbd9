"""Backup and restore: round trips, damage, keys, and what must not come back."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from killing import killed_at
from running import PROVENANCE, consented

from scribe.audit import Audit
from scribe.backup import Saved, restore, save, unwrap_key, wrap_key
from scribe.crypto import KeyEncryptionKey
from scribe.database import Database
from scribe.errors import BadRequest, CannotStart, NotFound, WrongState
from scribe.keys import KeyRing, file_keys
from scribe.note import DraftNote, NoteSection, NoteStatement
from scribe.process_note import ProcessNotes
from scribe.review import ATTESTATION, sign
from scribe.session import State, Step
from scribe.store import Store
from scribe.tables import metadata
from scribe.tombstones import read_tombstones
from scribe.vault import Vault
from scribe.wire import TranscriptLine, TranscriptMark

NOW = datetime(2026, 3, 2, 15, 0, 0, 123456, tzinfo=UTC)
PASSPHRASE = "correct horse battery"
SESSIONS = ("s1", "s2", "s3")


class House:
    """A data folder with its store, opened."""

    def __init__(self, folder: Path, url: str = "") -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.database = Database(url or f"sqlite:///{folder / 'scribe.db'}")
        self.keys = file_keys(folder)
        self.store = Store(self.database, self.keys, folder / "destroyed")
        self.vault = Vault(self.database, self.keys)
        self.process_notes = ProcessNotes(self.database, self.keys)
        self.store.migrate()

    @property
    def audit(self) -> Audit:
        """The audit of the store as it is now."""
        return Audit(self.database, lambda: NOW, self.store.signing_key)

    def rows(self) -> dict[str, list[dict[str, Any]]]:
        """Every row of every table."""
        with self.database.snapshot() as connection:
            return {
                table.name: [
                    {name: _same(value) for name, value in row.items()}
                    for row in connection.execute(
                        sa.select(table).order_by(*table.primary_key.columns)
                    ).mappings()
                ]
                for table in metadata.sorted_tables
            }

    def save(self, name: str = "backup", passphrase: str = "") -> tuple[Path, Saved]:
        """A backup in the folder's parent."""
        path = self.folder.parent / name
        carried = wrap_key(self.keys.export(), passphrase) if passphrase else None
        return path, save(self.database, path, NOW, lambda *_: None, carried)

    def restore(self, path: Path, **options: Any) -> Any:
        """Bring it back."""
        given = {"destroyed": read_tombstones(self.folder / "destroyed"), "passphrase": lambda: PASSPHRASE}
        return restore(self.database, self.keys, path, lambda *_: None, **{**given, **options})


def _same(value: object) -> object:
    # SQLite keeps no zone.
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return bytes(value) if isinstance(value, memoryview) else value


@pytest.fixture
def houses(tmp_path: Path) -> Iterator[Any]:
    """Make houses by name that are closed with the test."""
    with ExitStack() as stack:

        def make(name: str, url: str = "") -> House:
            house = House(tmp_path / name, url)
            stack.enter_context(closing(house.database))
            return house

        yield make


def fill(house: House) -> None:
    """Sessions with all that a store can hold: words, marks, a signed note, a process note, audit rows."""
    house.vault.open()
    for session_id in SESSIONS:
        house.store.create_session(session_id, consented(), NOW)
        for what in (Step.CONSENTED, Step.OPENED):
            house.store.advance(session_id, what, NOW)
        line = TranscriptLine(
            id="u1", speaker="SPEAKER_00", role="client", start=1, end=2, text="I sleep badly", words=()
        )
        house.store.commit_words(
            session_id, [line], [TranscriptMark(kind="mark", at=1.0)], checkpoint=(1600, b"c")
        )
        house.store.advance(session_id, Step.STOPPED, NOW)
        house.store.save_note(session_id, lambda _, at=session_id: draft(at), Step.DRAFTED, NOW)
        house.audit.record("local", "note drafted", session_id)
    signed = {"name": "R. Diaz", "credentials": "LCSW", "attestation": ATTESTATION, "at": NOW}
    house.store.save_note("s1", lambda note: sign(note, **signed), Step.SIGNED, NOW)
    house.process_notes.write("s1", "local", "a thought of my own", NOW)


def draft(session_id: str) -> DraftNote:
    statement = NoteStatement(id="s-1", text="Client reports poor sleep.", evidence=(), support="direct")
    return DraftNote(
        session_id=session_id,
        template="soap",
        title="SOAP",
        created_at=NOW,
        provenance=PROVENANCE,
        sections=(NoteSection(code="S", title="Subjective", status="drafted", statements=(statement,)),),
    )


@pytest.fixture
def first(houses: Any) -> House:
    house: House = houses("first")
    fill(house)
    return house


def with_key_of(house: House, other: House) -> House:
    """The other house after it was given the key of the first."""
    shutil.copy(house.folder / "key", other.folder / "key")
    other.keys = file_keys(other.folder)
    other.store = Store(other.database, other.keys, other.folder / "destroyed")
    other.vault = Vault(other.database, other.keys)
    other.process_notes = ProcessNotes(other.database, other.keys)
    return other


def test_a_backup_brings_every_row_back_as_it_was(first: House, houses: Any) -> None:
    path, saved = first.save()
    second = with_key_of(first, houses("second"))
    restored = second.restore(path)
    rows = first.rows()
    assert second.rows() == rows
    assert restored.rows == saved.rows == sum(len(of_table) for of_table in rows.values())
    assert restored.sessions == 3
    assert second.vault.open().derive("x") == first.vault.open().derive("x")
    assert second.store.transcript("s2") == first.store.transcript("s2")
    assert second.store.note("s1") == first.store.note("s1")
    assert second.process_notes.read("s1", "local").text == "a thought of my own"


def test_a_backup_holds_no_clinical_word_no_name_and_no_key(first: House, houses: Any) -> None:
    path, _ = first.save(passphrase=PASSPHRASE)
    text = path.read_text()
    key = (first.folder / "key").read_text().strip()
    for canary in ("sleep", "thought", "Diaz", PASSPHRASE, key):
        assert canary not in text
    assert "in_review" in text, "the search itself must be able to find something"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_backup_that_is_there_is_never_written_over(first: House) -> None:
    path, _ = first.save()
    before = path.read_bytes()
    with pytest.raises(BadRequest, match="there already"):
        first.save()
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir() if file.is_file()] == ["backup"]


def test_a_place_that_cannot_be_written_is_one_sentence(first: House) -> None:
    with pytest.raises(BadRequest, match="Cannot write"):
        first.save("nowhere/backup")


def test_a_backup_is_of_one_moment_while_others_write(first: House, tmp_path: Path) -> None:
    seen: list[int] = []

    def write_meanwhile(done: int, total: int) -> None:
        # A second server's commit, in the midst of the backup; it neither waits nor is it seen.
        if not seen:
            first.store.create_session("late", consented(), NOW)
        seen.append(total)

    with first.database.transaction() as connection:
        rows = [{"session_id": f"x{n}", "what": "session"} for n in range(1200)]
        connection.execute(sa.insert(metadata.tables["tombstones"]), rows)
    save(first.database, tmp_path / "moment", NOW, write_meanwhile)
    assert seen
    assert '"late"' not in (tmp_path / "moment").read_text()
    assert first.store.session("late").state is State.AWAITING_CONSENT


@pytest.mark.parametrize("where", [0.1, 0.5, 0.9, 0.999])
def test_any_damage_is_noticed_before_anything_is_touched(first: House, houses: Any, where: float) -> None:
    path, _ = first.save()
    whole = bytearray(path.read_bytes())
    place = int(len(whole) * where)
    second = with_key_of(first, houses("second"))
    before = second.rows()
    for damaged in (
        whole[:place],
        whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :],
        b"",
        b"{}",
    ):
        path.write_bytes(damaged)
        with pytest.raises(BadRequest, match=r"take another one|Take another one"):
            second.restore(path)
        assert second.rows() == before


def test_a_backup_of_a_newer_version_is_refused(first: House, houses: Any) -> None:
    path, _ = first.save()
    lines = path.read_text().splitlines()
    header = json.loads(lines[0])
    header["schema"] = "9999"
    path.write_text("\n".join([json.dumps(header), *lines[1:]]) + "\n")
    with pytest.raises(BadRequest, match="newer version"):
        with_key_of(first, houses("second")).restore(path)


def test_a_store_with_sessions_is_replaced_only_when_that_is_said(first: House, houses: Any) -> None:
    path, _ = first.save()
    second = with_key_of(first, houses("second"))
    second.restore(path)
    second.store.create_session("mine", consented(), NOW)
    with pytest.raises(WrongState, match="--replace"):
        second.restore(path)
    assert second.store.session("mine").id == "mine"
    second.restore(path, replace=True)
    with pytest.raises(NotFound):
        second.store.session("mine")


def test_without_its_key_a_backup_is_refused_by_the_keys_name(first: House, houses: Any) -> None:
    path, _ = first.save()
    second: House = houses("second")
    with pytest.raises(CannotStart, match=first.keys.key_id):
        second.restore(path)
    second.vault.open()
    with pytest.raises(CannotStart, match=first.keys.key_id) as refused:
        second.restore(path)
    assert second.keys.key_id in refused.value.detail
    assert second.store.list_sessions() == ()


@pytest.mark.parametrize("own_key", [False, True])
def test_a_backup_that_brings_its_key_along_opens_anywhere_with_its_passphrase(
    first: House, houses: Any, own_key: bool
) -> None:
    path, _ = first.save(passphrase=PASSPHRASE)
    second: House = houses("second")
    if own_key:
        second.vault.open()
    second.restore(path)
    assert second.keys.key_id != first.keys.key_id, "what was brought back hangs on a key of this folder"
    assert second.vault.sessions_by_key() == {second.keys.key_id: 3}
    assert second.store.note("s1") == first.store.note("s1")
    assert second.process_notes.read("s1", "local").text == "a thought of my own"
    assert second.vault.open().derive("x") == first.vault.open().derive("x")


def test_another_passphrase_opens_nothing(first: House, houses: Any) -> None:
    path, _ = first.save(passphrase=PASSPHRASE)
    second: House = houses("second")
    with pytest.raises(BadRequest, match="passphrase"):
        second.restore(path, passphrase=lambda: "another passphrase")
    assert second.store.list_sessions() == ()


def test_a_short_passphrase_is_refused() -> None:
    with pytest.raises(BadRequest, match="12 characters"):
        wrap_key(os.urandom(32), "hunter2")


def test_a_carried_key_is_the_very_key() -> None:
    key = os.urandom(32)
    opened = unwrap_key(wrap_key(key, PASSPHRASE), PASSPHRASE)
    assert opened.key_id == KeyEncryptionKey(key).key_id


def test_after_a_rotation_an_older_backup_opens_with_no_key_that_is_left(first: House, houses: Any) -> None:
    path, _ = first.save()
    first.keys.renew()
    first.vault.rewrap(lambda *_: None)
    first.keys.retire()
    with pytest.raises(CannotStart, match="rotated away"):
        first.restore(path, replace=True)
    assert len(first.store.list_sessions()) == 3


def test_what_was_destroyed_since_does_not_come_back(first: House) -> None:
    path, _ = first.save()
    first.store.shred("s2", NOW)
    first.store.forget_transcript("s1")
    assert first.restore(path, replace=True).destroyed_again == 2
    with pytest.raises(NotFound, match="shredded"):
        first.store.session("s2")
    assert first.store.transcript("s1") == ()
    assert first.store.note("s1").status == "signed"
    assert len(first.store.transcript("s3")) == 1
    assert {row["session_id"] for row in first.rows()["utterances"]} == {"s3"}


def test_what_was_destroyed_stays_so_where_the_store_itself_is_lost(first: House, houses: Any) -> None:
    path, _ = first.save()
    first.store.shred("s2", NOW)
    first.store.forget_transcript("s1")
    second = with_key_of(first, houses("second"))
    shutil.copy(first.folder / "destroyed", second.folder / "destroyed")
    assert second.restore(path).destroyed_again == 2
    with pytest.raises(NotFound, match="shredded"):
        second.store.session("s2")
    assert second.store.transcript("s1") == ()
    assert second.store.destroyed() == {("s1", "transcript"), ("s2", "session")}


def test_a_backup_of_the_backups_house_remembers_what_was_destroyed_before_it(
    first: House, houses: Any
) -> None:
    early, _ = first.save("early")
    first.store.shred("s2", NOW)
    late, _ = first.save("late")
    second = with_key_of(first, houses("second"))
    second.restore(late)
    assert second.restore(early, replace=True).destroyed_again == 1


def test_the_audit_that_goes_on_from_the_backups_is_kept(first: House) -> None:
    path, _ = first.save()
    first.audit.record("local", "note exported", "s1")
    rows = first.audit.rows()
    assert first.restore(path, replace=True).kept_audit
    assert first.audit.rows() == rows
    first.audit.record("local", "note read", "s1")


def test_the_audit_of_another_store_is_not_mixed_with_the_backups(first: House, houses: Any) -> None:
    path, _ = first.save()
    second = with_key_of(first, houses("second"))
    second.audit.record("local", "sessions listed")
    assert not second.restore(path).kept_audit
    assert second.audit.rows() == first.audit.rows()


@pytest.mark.parametrize(
    "stride", [29, pytest.param(1, marks=[pytest.mark.faults, pytest.mark.timeout(600)])]
)
def test_a_restore_that_is_killed_between_any_two_steps_leaves_the_store_as_it_was_or_whole(
    first: House, houses: Any, tmp_path: Path, stride: int
) -> None:
    path, _ = first.save()
    second = with_key_of(first, houses("second"))
    second.store.create_session("mine", consented(), NOW)
    second.vault.open()
    second.database.close()

    def bring_back() -> None:
        house = House(tmp_path / "copy")
        house.restore(path, replace=True)

    expected = first.rows()
    states, step, killed = set(), 1, True
    while killed:
        shutil.copytree(second.folder, tmp_path / "copy")
        killed = killed_at(step, bring_back)
        with closing(Database(f"sqlite:///{tmp_path / 'copy' / 'scribe.db'}")) as database:
            store = Store(database, KeyRing(file_keys(tmp_path / "copy")._place))
            found = frozenset(row.id for row in store.list_sessions())
        states.add(found)
        if found == frozenset(SESSIONS):
            house = houses("copy")
            assert house.rows() == expected
            house.database.close()
        shutil.rmtree(tmp_path / "copy")
        step += stride
    assert states == {frozenset({"mine"}), frozenset(SESSIONS)}


@pytest.mark.parametrize("way", ["to PostgreSQL", "from PostgreSQL", "within PostgreSQL"])
def test_a_backup_goes_between_databases(houses: Any, way: str) -> None:
    pytest.importorskip("psycopg")
    postgres = pytest.importorskip("postgres")
    if reason := postgres.lacking():
        pytest.skip(reason)
    with postgres.cluster() as cluster, ExitStack() as stack:
        urls = {"first": "" if way.startswith("to") else cluster.create("one")}
        urls["second"] = "" if way.startswith("from") else cluster.create("two")
        first: House = houses("first", urls["first"])
        stack.callback(first.database.close)
        fill(first)
        path, _ = first.save()
        second = with_key_of(first, houses("second", urls["second"]))
        stack.callback(second.database.close)
        assert second.restore(path).sessions == 3
        assert second.rows() == first.rows()
        assert second.store.note("s1") == first.store.note("s1")
        second.store.shred("s2", NOW)
        assert second.restore(path, replace=True).destroyed_again == 1
        assert second.store.transcript("s3") == first.store.transcript("s3")
        with pytest.raises(NotFound, match="shredded"):
            second.store.session("s2")
