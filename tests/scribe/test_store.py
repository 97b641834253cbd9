"""The store: SQLite on a real disk."""

from __future__ import annotations

import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import alembic.autogenerate
import alembic.migration
import pytest
import sqlalchemy as sa

from scribe.crypto import KeyEncryptionKey
from scribe.errors import NotFound, StoreFailed, WrongState
from scribe.receipt import make_receipt, receipts_hold
from scribe.session import NewSession, Participant, SpeakerAssignment, State, Step
from scribe.store import GENESIS, Store
from scribe.tables import metadata
from scribe.wire import Receipt, TranscriptLine, TranscriptMark

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
KEY = KeyEncryptionKey(os.urandom(32))
NEW = NewSession(participants=(Participant(id="pt", role="client", label="Quetzalcoatl"),))


def line(number: int, text: str = "I sleep badly", start: float | None = None) -> TranscriptLine:
    begin = float(number) if start is None else start
    return TranscriptLine(
        id=f"u{number}", speaker="SPEAKER_00", role="client", start=begin, end=begin + 1, text=text, words=()
    )


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'scribe.db'}"


@pytest.fixture
def store(url: str) -> Store:
    store = Store(url, KEY)
    store.migrate()
    store.create_session("s1", NEW, NOW)
    return store


def test_the_migrations_make_exactly_the_tables_of_the_code(store: Store, url: str) -> None:
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        context = alembic.migration.MigrationContext.configure(connection)
        assert alembic.autogenerate.compare_metadata(context, metadata) == []
    engine.dispose()


def test_migrating_twice_changes_nothing(store: Store) -> None:
    store.migrate()
    assert store.session("s1").state is State.AWAITING_CONSENT


def test_words_and_checkpoint_outlive_the_process(store: Store, url: str) -> None:
    store.commit_words("s1", [line(2), line(1)], checkpoint=(4000, b"state"), channels=2, transcribed=4000)
    store.close()
    again = Store(url, KEY)
    stored = again.session("s1")
    assert (stored.position, stored.checkpoint, stored.channels, stored.transcribed) == (
        4000,
        b"state",
        2,
        4000,
    )
    assert [kept.id for kept in again.transcript("s1")] == ["u1", "u2"]


def test_a_line_of_the_same_id_replaces(store: Store) -> None:
    store.commit_words("s1", [line(1, "teh")])
    store.commit_words("s1", [line(1, "the")])
    assert [kept.text for kept in store.transcript("s1")] == ["the"]


def test_marks_keep_their_order(store: Store) -> None:
    store.commit_words("s1", (), [TranscriptMark(kind="pause", at=3.0)])
    store.commit_words("s1", (), [TranscriptMark(kind="resume", at=3.0), TranscriptMark(kind="mark", at=1.0)])
    assert [mark.kind for mark in store.marks("s1")] == ["pause", "resume", "mark"]


def test_nothing_clinical_and_no_name_stands_in_clear_on_disk(store: Store, tmp_path: Path) -> None:
    speakers = {"SPEAKER_00": SpeakerAssignment(participant_id="pt", confidence=1.0)}
    store.commit_words(
        "s1", [line(1, "xylophone nightmares")], checkpoint=(1, b"voiceprint"), speakers=speakers
    )
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for canary in (b"xylophone", b"nightmares", b"Quetzalcoatl", b"voiceprint"):
        assert canary not in written
    assert b"awaiting_consent" in written, "the search itself must be able to find something"


def test_shredding_leaves_nothing_to_decrypt(store: Store, tmp_path: Path) -> None:
    store.commit_words("s1", [line(1)])
    raw = sqlite3.connect(tmp_path / "scribe.db")
    (sealed,) = raw.execute("select line from utterances").fetchone()
    (wrapped,) = raw.execute("select data_key from sessions").fetchone()
    store.shred("s1", NOW)
    with pytest.raises(NotFound, match="shredded"):
        store.transcript("s1")
    assert raw.execute("select count(*) from utterances").fetchone() == (0,)
    raw.close()
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert wrapped not in written
    assert sealed not in written


def test_another_key_opens_nothing(store: Store, url: str) -> None:
    with pytest.raises(StoreFailed, match="does not decrypt"):
        Store(url, KeyEncryptionKey(os.urandom(32))).session("s1")


def test_a_failed_change_leaves_everything_as_it_was(store: Store) -> None:
    store.commit_words("s1", [line(1)], checkpoint=(10, b"a"))
    with pytest.raises(WrongState):
        store.change_consents("s1", lambda _details: (), Step.OPENED, NOW)
    assert store.session("s1").details.consents == ()
    assert store.session("s1").position == 10


def test_a_server_that_died_leaves_its_sessions_interrupted(store: Store) -> None:
    store.advance("s1", Step.CONSENTED, NOW)
    store.advance("s1", Step.OPENED, NOW)
    store.create_session("s2", NEW, NOW)
    for what in (Step.CONSENTED, Step.OPENED, Step.PAUSED):
        store.advance("s2", what, NOW)
    assert store.recover() == 2
    assert store.session("s1").state is State.INTERRUPTED
    assert store.session("s2").state is State.INTERRUPTED_PAUSED


def test_ending_destroys_the_checkpoint_with_its_voiceprints(store: Store) -> None:
    for what in (Step.CONSENTED, Step.OPENED):
        store.advance("s1", what, NOW)
    store.commit_words("s1", [line(1)], checkpoint=(10, b"voiceprint"))
    store.end_capture("s1", NOW)
    assert store.session("s1").checkpoint is None


def test_receipts_are_chained_and_written_once(store: Store) -> None:
    body = {
        "seconds_received": 1.0,
        "seconds_transcribed": 1.0,
        "seconds_discarded": 1.0,
        "bytes_retained": 0,
        "recognizer": "whisper",
        "recognizer_model": "tiny",
        "product_version": "0",
        "started_at": NOW,
        "ended_at": NOW,
    }
    store.create_session("s2", NEW, NOW)
    made = [
        store.append_receipt(
            name, lambda previous, name=name: make_receipt({**body, "session_id": name}, previous)
        )
        for name in ("s1", "s2")
    ]
    assert receipts_hold(made, GENESIS)
    assert store.append_receipt("s1", _never) == made[0]
    forged = made[0].model_copy(update={"seconds_received": 2.0})
    assert not receipts_hold([forged, made[1]], GENESIS)
    assert not receipts_hold([made[1]], GENESIS)


def _never(_previous: str) -> Receipt:
    raise AssertionError("a receipt is made once")


def test_a_disk_that_is_full_is_one_clear_error_and_loses_nothing(store: Store, tmp_path: Path) -> None:
    store.commit_words("s1", [line(1)])

    def fill(connection: sqlite3.Connection, _record: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages}")

    sa.event.listen(store._engine, "checkout", lambda connection, record, _proxy: fill(connection, record))
    with pytest.raises(StoreFailed, match="SQLITE_FULL") as refused:
        store.commit_words("s1", [line(2, "word " * 20_000)])
    assert "word" not in refused.value.detail
    assert [kept.id for kept in store.transcript("s1")] == ["u1"]
