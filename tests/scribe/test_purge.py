"""The purge: what goes, what stays, under a clock that the test moves."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from killing import killed_at
from running import PROVENANCE, StartServer, consented

from scribe.app import open_database
from scribe.audit import Audit
from scribe.config import Settings
from scribe.database import Database
from scribe.errors import NotFound, WrongState
from scribe.keys import file_keys
from scribe.marking import FactMark
from scribe.note import DraftNote, NoteSection, NoteStatement, SignedNote
from scribe.process_note import ProcessNotes
from scribe.purge import Purge, call_off, purge_hourly, retention_of
from scribe.retention import SPARED, Retention
from scribe.review import ATTESTATION, sign
from scribe.session import State, Step
from scribe.store import Store
from scribe.tombstones import read_tombstones
from scribe.vault import Vault
from scribe.wire import TranscriptLine, TranscriptMark

START = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
DAY = timedelta(days=1)


class House:
    """A store with a clock that stands still until it is moved."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.now = START
        self.folder = folder
        self.database: Database = open_database(Settings(data_dir=folder), folder)
        self.keys = file_keys(folder)
        self.store = Store(self.database, self.keys, folder / "destroyed")
        self.store.migrate()
        Vault(self.database, self.keys).open()
        self.audit = Audit(self.database, self.clock, self.store.signing_key)

    def clock(self) -> datetime:
        return self.now

    def purge(self, **days: float) -> Purge:
        return Purge(self.store, self.audit, retention_of(Settings(**days)), self.clock)  # type: ignore[arg-type]

    def session(self, session_id: str, *, signed: bool) -> None:
        """A session that was heard and drafted now, and signed now."""
        store = self.store
        store.create_session(session_id, consented(), self.now)
        for what in (Step.CONSENTED, Step.OPENED):
            store.advance(session_id, what, self.now)
        line = TranscriptLine(
            id="u1", speaker="SPEAKER_00", role="client", start=1, end=2, text="I sleep badly", words=()
        )
        store.commit_words(session_id, [line], [TranscriptMark(kind="mark", at=1.0, label="goal")])
        mark = FactMark(status="pinned", utterance="u1", kind="sleep", text="I sleep badly")
        store.change_fact_marks(session_id, lambda *_: {"u1.0.sleep": mark})
        store.advance(session_id, Step.STOPPED, self.now)
        store.save_note(session_id, lambda _: draft(session_id), Step.DRAFTED, self.now)
        ProcessNotes(self.database, self.keys).write(session_id, "local", "a thought", self.now)
        if signed:
            self.sign(session_id)

    def sign(self, session_id: str) -> None:
        signature = {"name": "R. Diaz", "credentials": "LCSW", "attestation": ATTESTATION, "at": self.now}
        self.store.save_note(session_id, lambda note: sign(note, **signature), Step.SIGNED, self.now)


def draft(session_id: str) -> DraftNote:
    evidence = {"utterance": "u1", "start": 0, "end": 13, "quote": "I sleep badly"}
    statement = NoteStatement.model_validate(
        {"id": "s-1", "text": "Client reports poor sleep.", "evidence": [evidence], "support": "direct"}
    )
    section = NoteSection(code="S", title="Subjective", status="drafted", statements=(statement,))
    return DraftNote(
        session_id=session_id,
        template="soap",
        title="SOAP",
        created_at=START,
        provenance=PROVENANCE,
        sections=(section,),
    )


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path / "data")
    with closing(house.database):
        yield house


def sealed(folder: Path, session_id: str) -> list[bytes]:
    """Every sealed value and wrapped key of a session, as the rows hold them."""
    found: list[bytes] = []
    with closing(sqlite3.connect(folder / "scribe.db")) as raw:
        raw.row_factory = sqlite3.Row
        for table, column in [("sessions", "id"), *((t, "session_id") for t in TABLES)]:
            for row in raw.execute(f"select * from {table} where {column} = ?", (session_id,)):
                found += [value for value in tuple(row) if isinstance(value, bytes)]
    return found


TABLES = ("utterances", "marks", "notes", "process_notes")


def on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("scribe.db*"))


def test_the_words_go_seven_days_after_signing_and_the_note_stays_with_its_quotes(house: House) -> None:
    house.session("s1", signed=True)
    before = sealed(house.folder, "s1")
    note = house.store.note("s1")
    house.now = START + 7 * DAY - timedelta(seconds=1)
    assert house.purge().run().transcripts == ()
    assert len(house.store.transcript("s1")) == 1
    house.now = START + 7 * DAY
    assert house.purge().run().transcripts == ("s1",)
    assert house.store.transcript("s1") == ()
    assert house.store.marks("s1") == ()
    assert house.store.fact_marks("s1") == {}
    assert house.store.note("s1") == note
    assert isinstance(note, SignedNote)
    assert note.note.sections[0].statements[0].evidence[0].quote == "I sleep badly"
    assert len(house.store.session("s1").details.consents) == 2
    gone = [value for value in before if value not in on_disk(house.folder)]
    assert len(gone) == 3, "the line, the mark and the fact's mark are gone from the disk"


def test_a_second_run_finds_nothing_and_a_dry_run_touches_nothing(house: House) -> None:
    house.session("s1", signed=True)
    house.now = START + 8 * DAY
    asked = house.purge().run(dry_run=True)
    assert (asked.transcripts, asked.dry_run) == (("s1",), True)
    assert len(house.store.transcript("s1")) == 1
    assert house.audit.rows() == ()
    assert house.purge().run().transcripts == ("s1",)
    assert house.purge().run().transcripts == ()


def test_a_note_whose_time_is_over_takes_everything_with_it(house: House) -> None:
    house.session("s1", signed=True)
    house.session("s2", signed=True)
    before = sealed(house.folder, "s1")
    assert all(value in on_disk(house.folder) for value in before)
    house.store.shred("s2", START)
    house.now = START + 30 * DAY
    report = house.purge(retention_note_days=30).run()
    assert (report.notes, report.transcripts, report.unsigned) == (("s1",), (), ())
    with pytest.raises(NotFound, match="shredded"):
        house.store.note("s1")
    assert sealed(house.folder, "s1") == []
    written = on_disk(house.folder)
    assert not [value for value in before if value in written]


def test_what_nobody_signs_is_kept_unless_the_site_says_otherwise(house: House) -> None:
    house.session("s1", signed=False)
    house.session("s2", signed=True)
    house.now = START + 100 * DAY
    assert house.purge(retention_transcript_days=1000).run().unsigned == ()
    report = house.purge(retention_transcript_days=1000, retention_unsigned_days=90).run()
    assert (report.unsigned, report.transcripts) == (("s1",), ())
    assert house.store.note("s2").status == "signed"


def test_a_session_that_is_heard_again_or_signed_meanwhile_is_spared(house: House) -> None:
    house.session("s1", signed=True)
    with pytest.raises(WrongState, match="not destroyed"):
        house.store.shred("s1", START, spare=SPARED)
    assert house.store.note("s1").status == "signed"


def test_every_destruction_has_its_row_in_the_audit_and_its_tombstone(house: House) -> None:
    house.session("s1", signed=True)
    house.session("s2", signed=False)
    house.now = START + 8 * DAY
    house.purge(retention_unsigned_days=5).run()
    events = [(e.actor, e.action, e.session) for e in house.audit.events()]
    assert events == [
        ("retention", "transcript purged", "s1"),
        ("retention", "unsigned session purged", "s2"),
    ]
    expected = {("s1", "transcript"), ("s2", "session")}
    assert read_tombstones(house.folder / "destroyed") == house.store.destroyed() == expected


def test_a_report_names_sessions_by_id_and_counts_them(house: House) -> None:
    house.session("s1", signed=True)
    house.now = START + 8 * DAY
    assert house.purge().run(dry_run=True).as_json() == {
        "at": "2026-03-10T15:00:00+00:00",
        "dry_run": True,
        "transcripts": {"count": 1, "sessions": ["s1"]},
        "notes": {"count": 0, "sessions": []},
        "unsigned": {"count": 0, "sessions": []},
    }


@pytest.mark.parametrize(
    "stride", [17, pytest.param(1, marks=[pytest.mark.faults, pytest.mark.timeout(600)])]
)
def test_a_purge_that_is_killed_between_any_two_steps_is_ended_by_the_next(
    tmp_path: Path, stride: int
) -> None:
    first = House(tmp_path / "first")
    for name in ("s1", "s2", "s3"):
        first.session(name, signed=name != "s3")
    before = [value for name in ("s2", "s3") for value in sealed(first.folder, name)]
    first.store.forget_transcript("s1")
    first.database.close()

    def opened() -> House:
        house = House(tmp_path / "copy")
        house.now = START + 8 * DAY
        return house

    def run() -> None:
        opened().purge(retention_unsigned_days=5).run()

    step, killed = 1 - stride, True
    while killed:
        step += stride
        shutil.copytree(first.folder, tmp_path / "copy")
        killed = killed_at(step, run)
        house = opened()
        # Whatever it had come to: nothing was destroyed without its row, and nothing half.
        recorded = {event.session for event in house.audit.events()}
        states = {row.id: row.state for row in house.store.list_sessions()}
        if house.store.transcript("s2") == ():
            assert "s2" in recorded
        if states["s3"] is State.SHREDDED:
            assert "s3" in recorded
        else:
            assert house.store.note("s3").status == "draft"
            assert len(house.store.transcript("s3")) == 1
        house.purge(retention_unsigned_days=5).run()
        assert house.store.with_words() == frozenset()
        assert house.store.note("s2").status == "signed"
        assert {row.id: row.state for row in house.store.list_sessions()}["s3"] is State.SHREDDED
        expected = {("s1", "transcript"), ("s2", "transcript"), ("s3", "session")}
        assert read_tombstones(house.folder / "destroyed") == expected
        left = [value for value in before if value in on_disk(house.folder)]
        # Of s2 stay its details, its key, its notes and its process note with its key.
        assert len(left) == 6
        house.database.close()
        shutil.rmtree(tmp_path / "copy")
    assert step > 30, "the steps are really counted"


days = st.floats(0.01, 100)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with an empty store, to be copied."""
    house = House(tmp_path_factory.mktemp("empty") / "data")
    house.database.close()
    return house.folder


@settings(max_examples=12, deadline=None)
@given(
    ages=st.lists(st.tuples(days, st.booleans()), min_size=1, max_size=5),
    transcript=days,
    note=st.just(0.0) | days,
    unsigned=st.just(0.0) | days,
)
def test_one_run_destroys_all_whose_time_is_over_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory,
    empty: Path,
    ages: list[tuple[float, bool]],
    transcript: float,
    note: float,
    unsigned: float,
) -> None:
    house = House(shutil.copytree(empty, tmp_path_factory.mktemp("any") / "data"))
    with closing(house.database):
        for number, (age, signed) in enumerate(ages):
            house.now = START - timedelta(days=age)
            house.session(f"s{number}", signed=signed)
        house.now = START
        rules = {
            "retention_transcript_days": transcript,
            "retention_note_days": note,
            "retention_unsigned_days": unsigned,
        }
        house.purge(**rules).run()
        words, states = house.store.with_words(), {row.id: row.state for row in house.store.list_sessions()}
        for number, (age, signed) in enumerate(ages):
            limit = note if signed else unsigned
            old = timedelta(days=age)
            gone = limit > 0 and old >= timedelta(days=limit)
            assert (states[f"s{number}"] is State.SHREDDED) == gone
            forgotten = gone or (signed and old >= timedelta(days=transcript))
            assert (f"s{number}" not in words) == forgotten


def test_the_job_runs_at_once_and_after_every_wait_until_it_is_called_off(house: House) -> None:
    house.session("s1", signed=True)
    house.session("s2", signed=False)
    purge = Purge(house.store, house.audit, Retention(7 * DAY), house.clock)

    async def hours() -> None:
        waiting, go_on = asyncio.Event(), asyncio.Event()

        async def wait() -> None:
            waiting.set()
            await go_on.wait()
            go_on.clear()

        job = asyncio.create_task(purge_hourly(purge, wait))
        await waiting.wait()
        waiting.clear()
        assert house.store.with_words() == {"s1", "s2"}
        house.sign("s2")
        house.now = START + 7 * DAY
        go_on.set()
        await waiting.wait()
        assert house.store.with_words() == frozenset()
        await call_off(job)
        assert job.cancelled()

    asyncio.run(hours())


def test_a_job_whose_store_fails_goes_on_with_the_next_hour(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.session("s1", signed=True)
    house.now = START + 8 * DAY
    with closing(sqlite3.connect(house.folder / "scribe.db")) as raw:
        raw.execute("alter table audit rename to elsewhere")

    async def hours() -> None:
        rounds = 0

        async def wait() -> None:
            nonlocal rounds
            rounds += 1
            if rounds == 2:
                raise asyncio.CancelledError
            with closing(sqlite3.connect(house.folder / "scribe.db")) as raw:
                raw.execute("alter table elsewhere rename to audit")

        with pytest.raises(asyncio.CancelledError):
            await purge_hourly(Purge(house.store, house.audit, Retention(7 * DAY), house.clock), wait)

    asyncio.run(hours())
    assert "could not be destroyed" in caplog.text
    assert house.store.with_words() == frozenset()


def test_a_server_purges_at_its_start_and_shows_how_long_what_is_kept(
    tmp_path: Path, start_server: StartServer
) -> None:
    data = tmp_path / "data"
    house = House(data)
    house.now = datetime.now(UTC) - 8 * DAY
    house.session("old", signed=True)
    house.now = datetime.now(UTC) - 6 * DAY
    house.session("new", signed=True)
    house.session("unsigned", signed=False)
    signed_at = house.now
    running = start_server(data, asr="pocketsphinx", retention_note_days="365")
    with running.http as http:
        views = {name: http.get(f"/v1/sessions/{name}").json() for name in ("old", "new", "unsigned")}
        listed = {row["id"]: row for row in http.get("/v1/sessions").json()["sessions"]}
        assert http.get("/v1/sessions/new/transcript").json()["utterances"]
    assert datetime.fromisoformat(views["new"]["transcript_until"]) == signed_at + 7 * DAY
    assert datetime.fromisoformat(views["new"]["note_until"]) == signed_at + 365 * DAY
    assert views["unsigned"]["transcript_until"] is None
    assert views["unsigned"]["note_until"] is None
    assert listed["unsigned"]["signed_at"] is None
    assert listed["unsigned"]["ended_at"] is not None
    assert listed["new"]["signed_at"] is not None
    running.stop()
    assert house.store.with_words() == {"new", "unsigned"}
    house.database.close()
