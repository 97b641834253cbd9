"""The store, on SQLite and on PostgreSQL, on a real disk."""

from __future__ import annotations

import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import alembic.autogenerate
import alembic.migration
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from databases import Databases

from scribe.crypto import KeyEncryptionKey
from scribe.database import Database
from scribe.errors import NotFound, StoreFailed, WrongState
from scribe.marking import FactMark
from scribe.proof import GENESIS
from scribe.receipt import make_receipt, receipts_hold
from scribe.session import NewSession, Participant, SpeakerAssignment, State, Step
from scribe.store import Store, StoredSession
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
def url(databases: Databases, tmp_path: Path) -> str:
    return databases.new_url() if databases.cluster else f"sqlite:///{tmp_path / 'scribe.db'}"


@pytest.fixture
def database(databases: Databases, url: str) -> Database:
    return databases.new(url)


on_sqlite = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
"""Tests that look into SQLite's file."""


@pytest.fixture
def store(database: Database) -> Store:
    store = Store(database, KEY)
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


def recording(store: Store, name: str = "s1") -> None:
    """A stream of the session is open."""
    for what in (Step.CONSENTED, Step.OPENED):
        store.advance(name, what, NOW)


def test_words_and_checkpoint_outlive_the_process(
    store: Store, database: Database, databases: Databases, url: str
) -> None:
    recording(store)
    store.commit_words("s1", [line(2), line(1)], checkpoint=(4000, b"state"), channels=2, transcribed=4000)
    database.close()
    again = Store(databases.new(url), KEY)
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


@on_sqlite
def test_nothing_clinical_and_no_name_stands_in_clear_on_disk(store: Store, tmp_path: Path) -> None:
    recording(store)
    speakers = {"SPEAKER_00": SpeakerAssignment(participant_id="pt", confidence=1.0)}
    store.commit_words(
        "s1", [line(1, "xylophone nightmares")], checkpoint=(1, b"voiceprint"), speakers=speakers
    )
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for canary in (b"xylophone", b"nightmares", b"Quetzalcoatl", b"voiceprint"):
        assert canary not in written
    assert b"recording" in written, "the search itself must be able to find something"


@on_sqlite
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


def test_another_key_opens_nothing(store: Store, databases: Databases, url: str) -> None:
    with pytest.raises(StoreFailed, match="wrapped by the key"):
        Store(databases.new(url), KeyEncryptionKey(os.urandom(32))).session("s1")


def test_a_failed_change_leaves_everything_as_it_was(store: Store) -> None:
    recording(store)
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


def ended(store: Store, name: str) -> Receipt:
    """A session from its consent to its receipt."""
    recording(store, name)
    store.commit_words(name, [line(1)], checkpoint=(10, b"voiceprint"), transcribed=16_000)

    def make(stored: StoredSession, previous: str) -> Receipt:
        body = {
            "session_id": name,
            "seconds_received": 1.0,
            "seconds_transcribed": stored.transcribed / 16_000,
            "seconds_discarded": 1.0,
            "bytes_retained": 0,
            "recognizer": "whisper",
            "recognizer_model": "tiny",
            "product_version": "0",
            "started_at": NOW,
            "ended_at": NOW,
        }
        return make_receipt(body, previous)

    return store.end_capture(name, NOW, make)


def test_ending_destroys_the_checkpoint_with_its_voiceprints_and_leaves_a_receipt(store: Store) -> None:
    receipt = ended(store, "s1")
    assert store.session("s1").checkpoint is None
    assert store.session("s1").state is State.ENDED
    assert store.receipt("s1") == receipt
    assert receipt.seconds_transcribed == 1.0


def test_after_the_end_no_word_and_no_checkpoint_is_taken(store: Store) -> None:
    ended(store, "s1")
    with pytest.raises(WrongState, match="no more words"):
        store.commit_words("s1", [line(2)], checkpoint=(20, b"voiceprint"))
    assert store.session("s1").checkpoint is None
    store.commit_words("s1", [line(1, "as corrected")])
    assert [kept.text for kept in store.transcript("s1")] == ["as corrected"]


def test_receipts_are_chained(store: Store) -> None:
    store.create_session("s2", NEW, NOW)
    made = [ended(store, "s1"), ended(store, "s2")]
    assert receipts_hold(made, GENESIS)
    forged = made[0].model_copy(update={"seconds_received": 2.0})
    assert not receipts_hold([forged, made[1]], GENESIS)
    assert not receipts_hold([made[1]], GENESIS)


def test_a_mark_that_is_said_again_after_a_reconnect_is_kept_once(store: Store) -> None:
    mark = TranscriptMark(kind="mark", at=9.0, label="goal")
    store.commit_words("s1", (), (mark,))
    store.commit_words("s1", (), (mark, TranscriptMark(kind="mark", at=9.5, label="goal")))
    assert [kept.at for kept in store.marks("s1")] == [9.0, 9.5]


@on_sqlite
def test_a_disk_that_is_full_is_one_clear_error_and_loses_nothing(store: Store, tmp_path: Path) -> None:
    store.commit_words("s1", [line(1)])

    def fill(connection: sqlite3.Connection, _record: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages}")

    sa.event.listen(
        store._database._engine, "checkout", lambda connection, record, _proxy: fill(connection, record)
    )
    with pytest.raises(StoreFailed, match="SQLITE_FULL") as refused:
        store.commit_words("s1", [line(2, "word " * 20_000)])
    assert "word" not in refused.value.detail
    assert [kept.id for kept in store.transcript("s1")] == ["u1"]


@on_sqlite
def test_fact_marks_outlive_the_process_and_stand_nowhere_in_clear(
    store: Store, database: Database, databases: Databases, url: str, tmp_path: Path
) -> None:
    mark = FactMark(status="discarded", utterance="u1", kind="sleep", text="xylophone nightmares")
    assert store.fact_marks("s1") == {}
    store.change_fact_marks("s1", lambda _, marks: {**marks, "u1.0.sleep": mark})
    store.change_fact_marks("s1", lambda _, marks: {**marks, "u1.9.sleep": mark})
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for canary in (b"xylophone", b"u1.0.sleep", b"discarded"):
        assert canary not in written
    database.close()
    assert Store(databases.new(url), KEY).fact_marks("s1") == {"u1.0.sleep": mark, "u1.9.sleep": mark}


@on_sqlite
def test_fact_marks_go_with_the_transcript_and_with_the_session(store: Store, tmp_path: Path) -> None:
    mark = FactMark(status="pinned", utterance="u1", kind="sleep", text="I nap")
    store.change_fact_marks("s1", lambda *_: {"u1.0.sleep": mark})
    store.forget_transcript("s1")
    assert store.fact_marks("s1") == {}
    store.change_fact_marks("s1", lambda *_: {"u1.0.sleep": mark})
    raw = sqlite3.connect(tmp_path / "scribe.db")
    (sealed,) = raw.execute("select fact_marks from sessions").fetchone()
    store.shred("s1", NOW)
    assert raw.execute("select fact_marks from sessions").fetchone() == (None,)
    raw.close()
    assert sealed not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


def test_a_database_of_the_first_version_gets_the_column_for_fact_marks(databases: Databases) -> None:
    url = databases.new_url()
    engine = sa.create_engine(url)
    config = Config()
    config.set_main_option("script_location", "scribe:migrations")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(
            sa.text(
                "insert into sessions (id, state, template, created_at, position, channels, transcribed)"
                " values ('s0', 'shredded', 'soap', '2026-01-01 00:00:00', 0, 0, 0)"
            )
        )
    engine.dispose()
    store = Store(databases.new(url), KEY)
    store.migrate()
    assert [row.id for row in store.list_sessions()] == ["s0"]
    store.create_session("s1", NEW, NOW)
    assert store.fact_marks("s1") == {}
