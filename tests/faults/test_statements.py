"""A server that dies between any two statements to its database keeps all of a call or nothing of it."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from dying_server import engines
from fastapi.testclient import TestClient
from killing import in_a_child, killed_within
from running import REPOSITORY, TOKEN, consented, environment
from scenario import free_port, progress

from scribe.app import build_app
from scribe.config import Settings
from scribe.custody import Custody, custody
from scribe.proof import prove
from scribe.receipt import make_receipt
from scribe.session import Step
from scribe.tables import audit, chain_heads, metadata
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


def settings_of(data: Path) -> Settings:
    """As many calls as fast as they come."""
    return Settings.model_validate({"data_dir": data, "token": TOKEN, "calls_per_second": 10_000})


@contextmanager
def living(data: Path) -> Iterator[TestClient]:
    """The server as it is when nothing kills it."""
    with TestClient(build_app(settings_of(data), engines()), headers=HEADERS) as http:
        yield http


@contextmanager
def stored(data: Path) -> Iterator[Custody]:
    """What is in the data folder; a server may have it open."""
    with custody(settings_of(data), alone=False) as here:
        yield here


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
        with stored(data) as here:
            now, store = datetime.now(UTC), here.store
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

    # Drafts are made by threads that stay; those of a later child would be missing.
    def draft() -> None:
        with living(data) as http:
            http.post(f"/v1/sessions/{session_id}/note", json={}).raise_for_status()

    in_a_child(draft)
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


TOLD = (audit, chain_heads)
"""What the server writes of every call, also of one that changes nothing."""


NOTHING: tuple[dict[str, int], int] = ({}, 0)


@dataclass(frozen=True)
class Kept:
    """All that a call changes: the rows of every table but the audit's, and how often the audit tells of it."""

    rows: dict[str, list[tuple[Any, ...]]]
    audited: int

    def since(self, before: Kept) -> tuple[dict[str, int], int]:
        """The rows of each table that is another than before, and the audit's; sealed values differ each time."""
        changed = {name: len(rows) for name, rows in self.rows.items() if rows != before.rows[name]}
        return changed, self.audited - before.audited


def kept(data: Path, action: str) -> Kept:
    """What is there now; no chain is broken."""
    with stored(data) as here:
        proof = prove(here.audit().export(), here.store.signing_key.public)
        assert (proof.faults, proof.receipts) == ((), 1)
        audited = sum(event.action == action for event in here.audit().events(after=0))
        with here.database.snapshot() as connection:
            rows = {
                table.name: sorted((tuple(row) for row in connection.execute(sa.select(table))), key=repr)
                for table in metadata.sorted_tables
                if table not in TOLD
            }
    return Kept(rows, audited)


class Armed:
    """Begins to count at the first call that changes something; what is read before is no part of it."""

    def __init__(self, http: Any, arm: Callable[[], None]) -> None:
        self._http = http
        self._arm = arm

    def __getattr__(self, name: str) -> Any:
        if name != "get":
            self._arm()
        return getattr(self._http, name)


def dies_in_a_child(data: Path, session_id: str, call: Call, number: int) -> bool:
    """Whether the server was killed at that step of the call."""

    def work(count: Callable[[], None]) -> None:
        # No lifespan: what a server does by itself meanwhile is not counted.
        http = TestClient(build_app(settings_of(data), engines()), headers=HEADERS)
        call.call(Armed(http, count), session_id).raise_for_status()

    return killed_within(number, work)


def dies(data: Path, session_id: str, call: Call, number: int) -> bool:
    """Whether a server of its own, on a socket, died of that statement; its call then got no answer."""
    port = free_port()
    command = [sys.executable, str(REPOSITORY / "tests/support/dying_server.py")]
    process = subprocess.Popen(
        [*command, str(port), str(number)],
        env=environment(data),
        cwd=data.parent,
    )

    def arm() -> None:
        process.send_signal(signal.SIGUSR1)
        while not (data / "armed").exists():
            pass

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
            try:
                assert call.call(Armed(http, arm), session_id).is_success
            except httpx.TransportError:
                assert process.wait(timeout=30) == 77
                return True
            return False
    finally:
        process.kill()
        process.wait()


def done_again(data: Path, session_id: str, call: Call, *, refused: bool) -> None:
    """The call made of the next server."""
    with living(data) as http:
        answer = call.call(http, session_id)
    assert answer.is_client_error if refused else answer.is_success, answer.text


def all_or_nothing(
    place: tuple[Path, str],
    folder: Path,
    call: Call,
    dying: Callable[[Path, str, Call, int], bool],
    stride: int = 1,
) -> None:
    """Every death leaves all of the call or nothing, and the next server does the call."""
    source, session_id = place
    before = kept(source, call.action)
    left: list[tuple[dict[str, int], int]] = []
    for number in range(1, 200, stride):
        data = folder / str(number) / "data"
        shutil.copytree(source, data)
        if not dying(data, session_id, call, number):
            break
        left.append(kept(data, call.action).since(before))
        # Signed is signed: the second signature is refused, and the first one stands.
        once = call is SIGN and left[-1] != NOTHING
        in_a_child(partial(done_again, data, session_id, call, refused=once))
        shutil.rmtree(data.parent)
    whole = kept(data, call.action).since(before)
    assert whole[0]
    assert whole[1] == 1
    progress(f"  {call.name}: {len(left)} deaths, all of it kept after {left.count(whole)}")
    assert len(left) * stride > 6
    assert [one for one in left if one not in (NOTHING, whole)] == []


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
def test_a_server_that_dies_between_any_two_steps_of_a_call_keeps_all_or_nothing(
    folders: dict[str, tuple[Path, str]], tmp_path: Path, call: Call
) -> None:
    all_or_nothing(folders[call.place], tmp_path, call, dies_in_a_child)


def test_so_does_a_server_of_its_own_that_a_caller_reaches_over_a_socket(
    folders: dict[str, tuple[Path, str]], tmp_path: Path
) -> None:
    # A server takes seconds to start: not before every statement.
    all_or_nothing(folders[SIGN.place], tmp_path, SIGN, dies, stride=4)
