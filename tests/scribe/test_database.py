"""The database under many hands: writers that meet lose nothing, one server holds it, a lost connection comes back."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from databases import Databases
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from postgres import Cluster, cluster, lacking
from running import PROVENANCE, TOKEN, StartServer, consented, fed

from scribe.audit import Audit
from scribe.client import ScribeClient
from scribe.crypto import KeyEncryptionKey, PublicKey
from scribe.database import Database
from scribe.errors import CannotStart, StoreFailed
from scribe.marking import FactMark
from scribe.note import DraftNote, Note, NoteSection, NoteStatement
from scribe.proof import GENESIS, prove
from scribe.receipt import make_receipt, receipts_hold, signature_holds
from scribe.sample import sample_audio
from scribe.session import NewSession, Participant, SpeakerAssignment, Step
from scribe.store import Store, StoredSession
from scribe.wire import Ended, Receipt, TranscriptLine, TranscriptMark

KEK = KeyEncryptionKey(bytes(range(32)))
AT = datetime(2026, 3, 2, tzinfo=UTC)
NEW = NewSession(participants=(Participant(id="pt", role="client"),))


@pytest.fixture
def database(databases: Databases) -> Database:
    return databases.new()


@pytest.fixture
def store(database: Database) -> Store:
    store = Store(database, KEK)
    store.migrate()
    return store


@pytest.fixture
def audit(database: Database, store: Store) -> Audit:
    return Audit(database, lambda: AT, store.signing_key)


def at_once(work: list[Callable[[], object]]) -> None:
    """All of the work, each in a thread of its own, begun together; raises what any of it raised."""
    gate = threading.Barrier(len(work))

    def begun(one: Callable[[], object]) -> object:
        gate.wait()
        return one()

    with ThreadPoolExecutor(len(work)) as threads:
        for done in [threads.submit(begun, one) for one in work]:
            done.result()


def recording(store: Store, name: str) -> None:
    store.create_session(name, NEW, AT)
    for what in (Step.CONSENTED, Step.OPENED):
        store.advance(name, what, AT)


def line(name: str, text: str) -> TranscriptLine:
    return TranscriptLine(
        id=name, speaker="SPEAKER_00", role="client", start=0.0, end=1.0, text=text, words=()
    )


def receipt_of(stored: StoredSession, previous: str) -> Receipt:
    body: dict[str, object] = {
        "session_id": stored.id,
        "seconds_received": 1.0,
        "seconds_transcribed": stored.transcribed / 16_000,
        "seconds_discarded": 1.0,
        "bytes_retained": 0,
        "recognizer": "whisper",
        "recognizer_model": "tiny",
        "product_version": "0",
        "started_at": AT,
        "ended_at": AT,
    }
    return make_receipt(body, previous)


def draft(session_id: str) -> DraftNote:
    statement = NoteStatement(id="st0", text="Client naps.", evidence=(), support="clinician")
    return DraftNote(
        session_id=session_id,
        template="soap",
        title="SOAP",
        created_at=AT,
        sections=(NoteSection(code="S", title="S", status="drafted", statements=(statement,)),),
        provenance=PROVENANCE,
    )


def edited(number: int) -> Callable[[Note | None], Note]:
    """A change that reads the note and adds one statement to it, as every edit does."""

    def change(note: Note | None) -> Note:
        assert isinstance(note, DraftNote)
        section = note.sections[0]
        more = NoteStatement(id=f"w{number}", text=f"Line {number}.", evidence=(), support="clinician")
        grown = section.model_copy(update={"statements": (*section.statements, more)})
        return note.model_copy(update={"sections": (grown,), "revision": note.revision + 1})

    return change


WRITERS = 12


def test_writers_that_meet_lose_no_mark_no_edit_no_fact_no_voice_and_no_event(
    store: Store, audit: Audit
) -> None:
    recording(store, "s1")
    store.commit_words("s1", [line("u1", "teh")])
    store.end_capture("s1", AT, receipt_of)
    store.save_note("s1", lambda _: draft("s1"), Step.DRAFTED, AT)
    numbers = range(WRITERS)

    def fact(number: int) -> FactMark:
        return FactMark(status="pinned", utterance="u1", kind="sleep", text=f"fact {number}")

    def voice(number: int) -> dict[str, SpeakerAssignment]:
        return {
            f"SPEAKER_{number:02d}": SpeakerAssignment(participant_id="pt", confidence=1.0, confirmed=True)
        }

    def one(number: int) -> None:
        mark = TranscriptMark(kind="mark", at=float(number), label="goal")
        store.commit_words("s1", (), (mark,), transcribed=10)
        store.change_fact_marks("s1", lambda _, marks: {**marks, f"f{number}": fact(number)})
        store.confirm_speakers("s1", lambda _: voice(number))
        store.save_note("s1", edited(number), None, AT)
        audit.record("local", "note read", "s1", number=number)

    at_once([lambda number=number: one(number) for number in numbers])  # type: ignore[misc]

    assert sorted(mark.at for mark in store.marks("s1")) == [float(number) for number in numbers]
    assert store.fact_marks("s1") == {f"f{number}": fact(number) for number in numbers}
    assert set(store.session("s1").speakers) == {f"SPEAKER_{number:02d}" for number in numbers}
    assert store.session("s1").transcribed == 10 * WRITERS
    note = store.note("s1")
    assert isinstance(note, DraftNote)
    assert note.revision == 1 + WRITERS
    assert {one.id for one in note.sections[0].statements} == {"st0", *(f"w{number}" for number in numbers)}
    assert sorted(event.figures["number"] for event in audit.events()) == list(numbers)
    assert prove(audit.export(), store.signing_key.public).faults == ()


def test_sessions_that_end_at_once_chain_their_receipts_and_events(store: Store, audit: Audit) -> None:
    names = [f"s{number}" for number in range(WRITERS)]
    for name in names:
        recording(store, name)

    def end(name: str) -> None:
        audit.record("local", "session ended", name)
        store.end_capture(name, AT, receipt_of)

    at_once([lambda name=name: end(name) for name in names])  # type: ignore[misc]

    proof = prove(audit.export(), store.signing_key.public)
    assert (proof.faults, proof.events, proof.receipts) == ((), WRITERS, WRITERS)
    receipts = [store.receipt(name) for name in names]
    assert all(signature_holds(receipt, store.signing_key.public) for receipt in receipts)
    in_order: list[Receipt] = []
    while len(in_order) < WRITERS:
        last = in_order[-1].sha256 if in_order else GENESIS
        in_order += [receipt for receipt in receipts if receipt.previous_sha256 == last]
    assert receipts_hold(in_order, GENESIS)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["mark", "fact", "note", "event", "line"]), min_size=2, max_size=8))
def test_whatever_meets_whatever_nothing_is_lost(databases: Databases, kinds: list[str]) -> None:
    database = databases.new()
    store = Store(database, KEK)
    store.migrate()
    audit = Audit(database, lambda: AT, store.signing_key)
    recording(store, "s1")
    store.end_capture("s1", AT, receipt_of)
    store.save_note("s1", lambda _: draft("s1"), Step.DRAFTED, AT)

    def work(number: int, kind: str) -> None:
        match kind:
            case "mark":
                store.commit_words("s1", (), (TranscriptMark(kind="mark", at=float(number)),))
            case "fact":
                mark = FactMark(status="pinned", utterance="u1", kind="sleep", text="I nap")
                store.change_fact_marks("s1", lambda _, marks: {**marks, f"f{number}": mark})
            case "note":
                store.save_note("s1", edited(number), None, AT)
            case "line":
                store.commit_words("s1", [line(f"u{number}", "words")])
            case _:
                audit.record("local", "note read", "s1")

    at_once([lambda n=number, k=kind: work(n, k) for number, kind in enumerate(kinds)])  # type: ignore[misc]

    note = store.note("s1")
    assert isinstance(note, DraftNote)
    assert len(store.marks("s1")) == kinds.count("mark")
    assert len(store.fact_marks("s1")) == kinds.count("fact")
    assert len(note.sections[0].statements) == 1 + kinds.count("note")
    assert len(store.transcript("s1")) == kinds.count("line")
    proof = prove(audit.export(), store.signing_key.public)
    assert (proof.faults, proof.events) == ((), kinds.count("event"))
    database.close()


def test_a_guess_does_not_undo_what_a_person_said_of_a_voice(store: Store) -> None:
    recording(store, "s1")
    sure = SpeakerAssignment(participant_id="pt", confidence=1.0, confirmed=True)
    guess = SpeakerAssignment(participant_id="cl", confidence=0.6)
    store.confirm_speakers("s1", lambda _: {"SPEAKER_00": sure})
    # A capture that had not heard of it yet stores what it knew.
    store.commit_words("s1", (), speakers={"SPEAKER_00": guess, "SPEAKER_01": guess})
    assert store.session("s1").speakers == {"SPEAKER_00": sure, "SPEAKER_01": guess}


@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
def test_a_second_server_is_kept_out_of_a_database_and_let_in_when_the_first_is_gone(
    databases: Databases,
) -> None:
    """SQLite's file is kept by the lock of its data folder."""
    url = databases.new_url()
    first, second = databases.new(url), databases.new(url)
    first.hold()
    with pytest.raises(CannotStart, match="Another server already uses this database"):
        second.hold()
    first.close()
    second.hold()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://u:secret@h/d", "sqlite:///… or postgresql"),
        ("no url, but secret", "sqlite:///… or postgresql"),
    ],
)
def test_a_url_that_names_no_database_is_one_sentence_without_its_password(url: str, words: str) -> None:
    with pytest.raises(CannotStart, match=words) as refused:
        Database(url)
    assert "secret" not in refused.value.detail


def test_a_database_that_does_not_answer_is_one_sentence_without_its_password() -> None:
    if reason := lacking():
        pytest.skip(reason)
    gone = Database("postgresql://u:secret@/d?host=/nowhere")
    with pytest.raises(StoreFailed, match="does not answer") as refused, gone.transaction():
        pass
    assert "secret" not in refused.value.detail


@pytest.fixture
def own_postgres() -> Iterator[Cluster]:
    """A cluster that a test may stop."""
    if reason := lacking():
        pytest.skip(reason)
    with cluster() as running:
        yield running


def test_a_database_that_was_restarted_is_used_again_and_is_still_held(own_postgres: Cluster) -> None:
    url = own_postgres.create("scribe1")
    database, other = Database(url), Database(url)
    store = Store(database, KEK)
    database.hold()
    store.migrate()
    recording(store, "s1")
    own_postgres.control("-m", "immediate", "stop")
    with pytest.raises(StoreFailed):
        store.session("s1")
    own_postgres.start()
    assert store.session("s1").id == "s1"
    with pytest.raises(CannotStart):
        other.hold()
    # Another server took it while this one had lost it: this one keeps out.
    own_postgres.control("-m", "fast", "stop")
    own_postgres.start()
    other.hold()
    with pytest.raises(StoreFailed, match="Another server took over"):
        store.session("s1")
    other.close()
    assert store.session("s1").id == "s1", "and comes back when the other is gone"
    database.close()


def test_a_server_answers_503_while_its_postgresql_is_away_and_works_again_after(
    start_server: StartServer, own_postgres: Cluster
) -> None:
    url = own_postgres.create("scribe2")
    running = start_server(database_url=url)
    with running.http as http:
        created = http.post("/v1/sessions", json=consented().model_dump(mode="json"))
        assert created.status_code == 201
        session = f"/v1/sessions/{created.json()['id']}"
        own_postgres.control("-m", "immediate", "stop")
        refused = http.get(session)
        assert (refused.status_code, refused.json()["code"]) == (503, "store_failed")
        # What would be answered without the store is not answered without its row.
        assert http.get("/v1/templates").json()["code"] == "store_failed"
        own_postgres.start()
        assert http.get(session).status_code == 200
        assert http.get("/v1/templates").status_code == 200
        second = start_server_fails(running.data_dir.parent / "other", start_server, url)
        assert "Another server already uses this database" in second
        told = [event["action"] for event in http.get("/v1/audit").json()]
    assert told[:2] == ["session created", "session read"]
    stored = own_postgres.ask("scribe2", "select state from sessions")
    assert stored == "ready"


def test_a_session_is_heard_signed_and_verified_on_postgresql(
    start_server: StartServer, postgres: Cluster
) -> None:
    url = postgres.create("scribe3")
    running = start_server(database_url=url)

    async def hear() -> str:
        async with ScribeClient(running.url, TOKEN) as client:
            session = await client.create_session(consented(channels=2))
            async with client.stream(session, channels=2) as stream, asyncio.TaskGroup() as tasks:
                tasks.create_task(
                    fed(stream, (sample_audio()[: 30 * 16_000] * 32767).astype("<i2").tobytes())
                )
                async for message in stream:
                    last = message
            assert isinstance(last, Ended)
            assert last.receipt.audit_number is not None
            assert last.receipt.signature is not None
            assert (await client.transcript(session.id)).utterances
            note = (await client.note(session.id)).note
            assert isinstance(note, DraftNote)
            with running.http as http:
                for finding in note.blocking:
                    path = f"/v1/sessions/{session.id}/note/findings/{finding.id}"
                    http.patch(path, json={"resolution": "justified", "reason": "Read."}).raise_for_status()
            await client.sign(session.id, name="R. Diaz", credentials="LCSW")
            return session.id

    session_id = asyncio.run(hear())
    with running.http as http:
        lines = [json.loads(line) for line in http.get("/v1/audit/export").text.splitlines()]
        proof = prove(lines, PublicKey.parse(http.get("/v1/signing-key").json()["public_key"]))
        assert (proof.faults, proof.receipts) == ((), 1)
        assert http.delete(f"/v1/sessions/{session_id}").status_code == 204
        assert http.get(f"/v1/sessions/{session_id}/receipt").status_code == 200, "it outlives the session"
    assert postgres.ask("scribe3", "select count(*) from utterances") == "0"
    assert postgres.ask("scribe3", "select data_key is null from sessions") == "t"


def start_server_fails(folder: object, start_server: StartServer, url: str) -> str:
    """What a server says that does not start."""
    with pytest.raises(AssertionError) as refused:
        start_server(data_dir=folder, database_url=url)
    return " ".join(str(refused.value).split())
