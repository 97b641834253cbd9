"""Process notes: their author's alone, and in nothing else."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from running import PROVENANCE, RunningServer, consented

from scribe.audit import Audit
from scribe.backup import save
from scribe.crypto import SigningKey
from scribe.database import Database
from scribe.errors import NotFound, StoreFailed
from scribe.export import FORMATS
from scribe.keys import KeyRing, file_keys
from scribe.note import DraftNote, NoteSection, NoteStatement
from scribe.process_note import ProcessNotes
from scribe.session import Step
from scribe.store import Store
from scribe.tables import process_notes
from scribe.vault import Vault
from scribe.wire import TranscriptLine

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
CANARY = "countertransference-xylophone"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(f"sqlite:///{tmp_path / 'scribe.db'}")) as database:
        yield database


@pytest.fixture
def keys(tmp_path: Path) -> KeyRing:
    return file_keys(tmp_path)


@pytest.fixture
def store(database: Database, keys: KeyRing) -> Store:
    store = Store(database, keys)
    store.migrate()
    Vault(database, keys).open()
    store.create_session("s1", consented(), NOW)
    return store


@pytest.fixture
def notes(database: Database, keys: KeyRing, store: Store) -> ProcessNotes:
    return ProcessNotes(database, keys)


def test_an_author_reads_what_they_wrote_last(notes: ProcessNotes) -> None:
    notes.write("s1", "anna", "first thoughts", NOW)
    notes.write("s1", "anna", CANARY, NOW)
    assert (notes.read("s1", "anna").text, notes.read("s1", "anna").changed_at) == (CANARY, NOW)


def test_nobody_reads_anothers_and_each_has_their_own(notes: ProcessNotes) -> None:
    notes.write("s1", "anna", "anna's", NOW)
    with pytest.raises(NotFound, match="no process note"):
        notes.read("s1", "ben")
    notes.write("s1", "ben", "ben's", NOW)
    notes.destroy("s1", "ben")
    assert notes.read("s1", "anna").text == "anna's"
    with pytest.raises(NotFound):
        notes.destroy("s1", "ben")


def test_a_row_that_is_given_to_another_author_does_not_open(notes: ProcessNotes, database: Database) -> None:
    notes.write("s1", "anna", CANARY, NOW)
    with database.transaction() as connection:
        connection.execute(process_notes.update().values(author="ben"))
    with pytest.raises(StoreFailed, match="does not decrypt"):
        notes.read("s1", "ben")


def test_it_has_a_key_of_its_own_and_every_version_a_fresh_one(
    notes: ProcessNotes, database: Database
) -> None:
    def keys_now() -> set[bytes]:
        with database.transaction() as connection:
            every = "select data_key from process_notes union select data_key from sessions"
            return {row[0] for row in connection.exec_driver_sql(every)}

    notes.write("s1", "anna", "a", NOW)
    before = keys_now()
    assert len(before) == 2
    notes.write("s1", "anna", "b", NOW)
    assert len(keys_now() & before) == 1, "only the session's own key is still the same"


def on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("scribe.db*"))


def test_it_goes_with_the_session_and_stays_when_the_transcript_goes(
    notes: ProcessNotes, store: Store, database: Database, tmp_path: Path
) -> None:
    notes.write("s1", "anna", CANARY, NOW)
    store.forget_transcript("s1")
    assert notes.read("s1", "anna").text == CANARY
    with database.transaction() as connection:
        row = connection.execute(process_notes.select()).one()
    store.shred("s1", NOW)
    with pytest.raises(NotFound):
        notes.read("s1", "anna")
    with pytest.raises(NotFound):
        notes.write("s1", "anna", "once more", NOW)
    assert row.note not in on_disk(tmp_path)
    assert row.data_key not in on_disk(tmp_path)


def test_destroying_it_leaves_none_of_its_bytes(
    notes: ProcessNotes, database: Database, tmp_path: Path
) -> None:
    rows = []
    for text in ("an earlier version", CANARY):
        notes.write("s1", "anna", text, NOW)
        with database.transaction() as connection:
            rows.append(connection.execute(process_notes.select()).one())
    assert rows[1].note in on_disk(tmp_path), "the search itself must be able to find something"
    notes.destroy("s1", "anna")
    for row in rows:
        assert row.note not in on_disk(tmp_path)
        assert row.data_key not in on_disk(tmp_path)


def test_a_backup_holds_it_sealed_only(notes: ProcessNotes, database: Database, tmp_path: Path) -> None:
    notes.write("s1", "anna", CANARY, NOW)
    save(database, tmp_path / "backup", NOW, lambda *_: None)
    text = (tmp_path / "backup").read_text()
    assert '"process_notes",' in text
    assert CANARY not in text


@pytest.fixture
def session(shared_server: RunningServer) -> str:
    """The path of a session in review, with words and a draft."""
    folder, session_id, now = shared_server.data_dir, secrets.token_hex(8), datetime.now(UTC)
    with closing(Database(f"sqlite:///{folder / 'scribe.db'}")) as database:
        store = Store(database, file_keys(folder))
        store.create_session(session_id, consented(), now)
        for what in (Step.CONSENTED, Step.OPENED):
            store.advance(session_id, what, now)
        line = TranscriptLine(
            id="u1", speaker="SPEAKER_00", role="client", start=1, end=2, text="I sleep badly.", words=()
        )
        store.commit_words(session_id, [line])
        store.advance(session_id, Step.STOPPED, now)
        statement = NoteStatement(id="s-1", text="Client sleeps badly.", evidence=(), support="direct")
        section = NoteSection(code="S", title="Subjective", status="drafted", statements=(statement,))
        note = DraftNote(
            session_id=session_id,
            template="soap",
            title="SOAP",
            created_at=now,
            provenance=PROVENANCE,
            sections=(section,),
        )
        store.save_note(session_id, lambda _: note, Step.DRAFTED, now)
    return f"/v1/sessions/{session_id}"


def test_it_is_written_read_and_destroyed_over_rest(http: httpx.Client, session: str) -> None:
    path = f"{session}/process-note"
    assert http.get(path).json()["text"] == ""
    written = http.put(path, json={"text": CANARY})
    assert written.status_code == 200
    assert http.get(path).json() == written.json()
    assert written.json()["text"] == CANARY
    assert http.delete(path).status_code == 204
    assert (http.get(path).json()["text"], http.get(path).json()["changed_at"]) == ("", None)
    assert http.delete(path).status_code == 404


@pytest.mark.parametrize(
    "body", [b"{}", b'{"text":""}', b'{"text":1}', b'{"text":"\\ud800"}', b'{"text":"a","author":"b"}', b"["]
)
def test_what_is_no_process_note_is_refused(http: httpx.Client, session: str, body: bytes) -> None:
    answer = http.put(f"{session}/process-note", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["code"] == "bad_request"


def test_a_session_that_is_not_there_has_none(http: httpx.Client) -> None:
    assert http.put("/v1/sessions/nowhere/process-note", json={"text": CANARY}).status_code == 404


def test_nothing_else_that_the_server_tells_of_a_session_holds_it(
    http: httpx.Client, session: str, shared_server: RunningServer
) -> None:
    assert http.put(f"{session}/process-note", json={"text": CANARY}).status_code == 200
    drafted = http.post(f"{session}/note", json={"template": "soap", "detail": "detailed"})
    told = {"draft": drafted.text}
    template = "/v1/sessions/{session_id}"
    for path, calls in http.get("/v1/openapi.json").json()["paths"].items():
        own = path == f"{template}/process-note"
        if "get" in calls and not own and path.count("{") == path.count("{session_id}"):
            told[path] = http.get(path.replace(template, session)).text
    for form in FORMATS:
        told[form] = http.get(f"{session}/note/export?draft=true&format={form}").text
    told["log"] = shared_server.said.read_text()
    assert {"/v1/audit", f"{template}/note", f"{template}/transcript", f"{template}/facts"} <= set(told)
    assert "sleep" in told[f"{template}/note"] + told["markdown"]
    assert [name for name, text in told.items() if CANARY in text] == []
    assert CANARY in http.get(f"{session}/process-note").text


def test_the_audit_says_that_it_was_read_and_not_what_it_says(
    http: httpx.Client, session: str, shared_server: RunningServer
) -> None:
    http.put(f"{session}/process-note", json={"text": CANARY})
    http.get(f"{session}/process-note")
    http.delete(f"{session}/process-note")
    with closing(Database(f"sqlite:///{shared_server.data_dir / 'scribe.db'}")) as database:
        rows = [event for event, _ in Audit(database, lambda: NOW, SigningKey(bytes(32))).rows()]
    mine = [event for event in rows if session.rpartition("/")[2] in event]
    for action in ("process note written", "process note read", "process note destroyed"):
        assert any(action in event for event in mine)
    assert not any(CANARY in event for event in mine)
