"""A server that dies between any two statements to its database keeps all of a call or nothing of it."""

from __future__ import annotations

import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from dying_server import engines
from fastapi.testclient import TestClient
from running import REPOSITORY, TOKEN, consented, environment
from scenario import free_port, progress

from scribe.app import build_app, open_database
from scribe.audit import Audit, first_broken
from scribe.chains import GENESIS
from scribe.config import Settings
from scribe.keys import file_keys
from scribe.receipt import make_receipt, receipts_hold
from scribe.session import Step
from scribe.store import Store
from scribe.wire import TranscriptLine

HEADERS = {"Authorization": f"Bearer {TOKEN}"}
SAID = (
    ("cl", "SPEAKER_00", "How have you been sleeping since we last met?"),
    ("pt", "SPEAKER_01", "I have been sleeping about four hours a night and I feel anxious most days."),
    ("cl", "SPEAKER_00", "Have you had any thoughts of hurting yourself?"),
    ("pt", "SPEAKER_01", "No, I have not had any thoughts of hurting myself."),
    ("pt", "SPEAKER_01", "My mother came to stay and we argued about money every evening this week."),
    ("cl", "SPEAKER_00", "Let us practise the breathing exercise every evening until next week."),
)


@contextmanager
def living(data: Path) -> Iterator[TestClient]:
    """The server as it is when nothing kills it."""
    settings = Settings(data_dir=data, token=TOKEN)  # type: ignore[arg-type]
    with TestClient(build_app(settings, engines()), headers=HEADERS) as http:
        yield http


@contextmanager
def stored(data: Path) -> Iterator[tuple[Store, Audit]]:
    """What is in the data folder."""
    database = open_database(Settings(data_dir=data), data)
    store = Store(database, file_keys(data))
    yield store, Audit(database, lambda: datetime.now(UTC), store.signing_key)
    database.close()


def session_of(http: TestClient) -> str:
    body = consented(channels=2).model_dump(mode="json")
    return str(http.post("/v1/sessions", json=body).raise_for_status().json()["id"])


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, str]]:
    """A data folder for each place in a session's life, and the session in it."""
    base = tmp_path_factory.mktemp("statements")
    made: dict[str, tuple[Path, str]] = {}
    data = base / "ended"
    with living(data) as http:
        session_id = session_of(http)
        with stored(data) as (store, _):
            now = datetime.now(UTC)
            store.advance(session_id, Step.OPENED, now)
            lines = [
                TranscriptLine(
                    id=f"c{number % 2}-{number}",
                    speaker=speaker,
                    role="clinician" if role == "cl" else "client",
                    start=10.0 * number,
                    end=10.0 * number + 8,
                    text=text,
                    words=(),
                )
                for number, (role, speaker, text) in enumerate(SAID)
            ]
            store.commit_words(session_id, lines, checkpoint=(16_000 * 60, b"{}"), channels=2)
            body: dict[str, object] = {
                "session_id": session_id,
                "seconds_received": 60.0,
                "seconds_transcribed": 60.0,
                "seconds_discarded": 60.0,
                "bytes_retained": 0,
                "recognizer": "scripted",
                "recognizer_model": "none",
                "product_version": "0",
                "started_at": now.isoformat(),
                "ended_at": now.isoformat(),
            }
            store.end_capture(session_id, now, lambda _, previous: make_receipt(body, previous))
        http.post(f"/v1/sessions/{session_id}/note", json={}).raise_for_status()
    return made | _later(base, data, session_id)


def _later(base: Path, data: Path, session_id: str) -> dict[str, tuple[Path, str]]:
    made = {"review": (data, session_id)}
    signed = base / "signed"
    shutil.copytree(data, signed)
    with living(signed) as http:
        assert http.get(f"/v1/sessions/{session_id}").json()["state"] == "in_review"
        resolve_all(http, session_id)
        SIGN.call(http, session_id).raise_for_status()
    ready = base / "open"
    shutil.copytree(data, ready)
    with living(ready) as http:
        made["open"] = (ready, session_of(http))
        body = consented(channels=2, consents=False).model_dump(mode="json")
        made["awaiting"] = (ready, http.post("/v1/sessions", json=body).json()["id"])
    resolved = base / "resolved"
    shutil.copytree(data, resolved)
    with living(resolved) as http:
        resolve_all(http, session_id)
    return made | {"signed": (signed, session_id), "resolved": (resolved, session_id)}


def resolve_all(http: TestClient, session_id: str) -> None:
    """Nothing blocks the signature any more."""
    for finding in http.get(f"/v1/sessions/{session_id}/note").json()["note"]["findings"]:
        http.patch(
            f"/v1/sessions/{session_id}/note/findings/{finding['id']}",
            json={"resolution": "justified", "reason": "Checked."},
        ).raise_for_status()


def view(http: Any, session_id: str) -> dict[str, Any]:
    """The note as it stands."""
    got: dict[str, Any] = http.get(f"/v1/sessions/{session_id}/note").json()
    return got


def _edit(http: Any, session_id: str) -> httpx.Response:
    first = next(s for part in view(http, session_id)["note"]["sections"] for s in part["statements"])
    path = f"/v1/sessions/{session_id}/note/statements/{first['id']}"
    return http.patch(path, json={"text": "Sleep is better."})  # type: ignore[no-any-return]


def _resolve(http: Any, session_id: str) -> httpx.Response:
    finding = view(http, session_id)["note"]["findings"][0]
    path = f"/v1/sessions/{session_id}/note/findings/{finding['id']}"
    return http.patch(path, json={"resolution": "justified", "reason": "Checked."})  # type: ignore[no-any-return]


def _sign(http: Any, session_id: str) -> httpx.Response:
    attestation = view(http, session_id)["attestation"]
    body = {"name": "A. Clinician", "credentials": "LCSW", "attestation": attestation, "token": TOKEN}
    return http.post(f"/v1/sessions/{session_id}/note/sign", json=body)  # type: ignore[no-any-return]


def _addendum(http: Any, session_id: str) -> httpx.Response:
    body = {"kind": "addendum", "text": "Called back.", "author": "A. Clinician", "credentials": "LCSW"}
    return http.post(f"/v1/sessions/{session_id}/note/addenda", json=body)  # type: ignore[no-any-return]


def _create(http: Any, _session_id: str) -> httpx.Response:
    return http.post("/v1/sessions", json=consented().model_dump(mode="json"))  # type: ignore[no-any-return]


def _consent(http: Any, session_id: str) -> httpx.Response:
    consent = consented().consents[0].model_dump(mode="json")
    return http.post(f"/v1/sessions/{session_id}/consents", json=consent)  # type: ignore[no-any-return]


def _draft(http: Any, session_id: str) -> httpx.Response:
    return http.post(f"/v1/sessions/{session_id}/note", json={"template": "dap"})  # type: ignore[no-any-return]


def _shred(http: Any, session_id: str) -> httpx.Response:
    return http.delete(f"/v1/sessions/{session_id}")  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Call:
    """A call, where in a session's life it is made, and the audit row that goes with it."""

    name: str
    place: str
    call: Callable[[Any, str], httpx.Response]
    action: str


SIGN = Call("sign", "resolved", _sign, "note signed")
CALLS = (
    Call("create", "open", _create, "session created"),
    Call("consent", "awaiting", _consent, "consent given"),
    Call("edit", "review", _edit, "statement changed"),
    Call("resolve", "review", _resolve, "finding resolved"),
    SIGN,
    Call("addendum", "signed", _addendum, "addendum added"),
    Call("draft", "review", _draft, "note drafted"),
    Call("shred", "review", _shred, "session shredded"),
)


@dataclass(frozen=True)
class Kept:
    """All that a call changes: rows of every table that are not the audit's, and how often the audit tells of it."""

    rows: tuple[tuple[Any, ...], ...]
    audited: int


def kept(data: Path, action: str) -> Kept:
    with stored(data) as (_, audit):
        audited = sum(event["action"] == action for event in audit.events())
    with sqlite3.connect(data / "scribe.db") as database:
        rows = (
            *database.execute("SELECT id, state, template, details, data_key FROM sessions ORDER BY id"),
            *database.execute("SELECT session_id, number, note FROM notes ORDER BY session_id, number"),
            *database.execute("SELECT session_id, id, line FROM utterances ORDER BY session_id, id"),
        )
    database.close()
    return Kept(tuple(rows), audited)


def dies(data: Path, session_id: str, call: Call, number: int) -> bool:
    """Whether the server died of it; its call then got no answer."""
    port = free_port()
    command = [sys.executable, str(REPOSITORY / "tests/support/dying_server.py")]
    process = subprocess.Popen(
        [*command, str(port), str(number)],
        env=environment(data),
        cwd=data.parent,
    )
    try:
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers=HEADERS, trust_env=False, timeout=30.0
        ) as http:
            while True:
                try:
                    http.get("/healthz")
                    break
                except httpx.TransportError:
                    assert process.poll() is None

            class Armed:
                """Armed at the first call that changes something; what is read before is no part of it."""

                def __getattr__(self, name: str) -> Any:
                    if name != "get":
                        process.send_signal(signal.SIGUSR1)
                        while not (data / "armed").exists():
                            pass
                    return getattr(http, name)

            try:
                assert call.call(Armed(), session_id).is_success
            except httpx.TransportError:
                assert process.wait(timeout=30) == 77
                return True
            return False
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
def test_a_server_that_dies_between_any_two_statements_keeps_all_or_nothing(
    folders: dict[str, tuple[Path, str]], tmp_path: Path, call: Call
) -> None:
    source, session_id = folders[call.place]
    before = kept(source, call.action)
    deaths = held = 0
    for number in range(1, 200):
        data = tmp_path / str(number) / "data"
        shutil.copytree(source, data)
        if not dies(data, session_id, call, number):
            break
        deaths += 1
        left = kept(data, call.action)
        if left.rows == before.rows:
            assert left.audited == before.audited, "what was not done is not told"
        else:
            held += 1
            assert left.audited == before.audited + 1, "what was done is told"
        with stored(data) as (store, audit):
            assert first_broken(audit.rows()) is None
            assert receipts_hold([store.receipt(folders["review"][1])], GENESIS)
        with living(data) as http:
            answer = call.call(http, session_id)
            # Signed is signed: the second signature is refused, and the first one stands.
            assert answer.is_success or (call.name == "sign" and left != before), answer.text
        shutil.rmtree(data.parent)
    progress(f"  {call.name}: {deaths} deaths, all of it kept after {held}")
    assert deaths >= 6
