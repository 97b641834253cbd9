"""Every call leaves its row in the audit: each route of a real server is called, and its socket is knocked at."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
from running import TOKEN, RunningServer, StartServer, consented, fed
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from scribe.app import utc_now
from scribe.audit import Audit
from scribe.client import ScribeClient
from scribe.database import Database
from scribe.keys import file_keys
from scribe.sample import sample_audio
from scribe.store import Store
from scribe.witness import NOT_RECORDED, Strangers


class Watched:
    """The shared server, and what its audit gained since it was last looked at."""

    def __init__(self, running: RunningServer, http: httpx.Client) -> None:
        self.running = running
        self.http = http
        self._after = self.http.get("/v1/audit").json()[-1]["number"]

    def gained(self) -> list[dict[str, Any]]:
        """Events since the last look, without the look itself."""
        found: list[dict[str, Any]] = self.http.get("/v1/audit", params={"after": self._after}).json()
        self._after = found[-1]["number"]
        return found[:-1]


@pytest.fixture
def watched(shared_server: RunningServer, http: httpx.Client) -> Watched:
    return Watched(shared_server, http)


@pytest.fixture(scope="module")
def heard(shared_server: RunningServer) -> str:
    """The id of a session with a draft."""

    async def hear() -> str:
        async with ScribeClient(shared_server.url, TOKEN) as client:
            session = await client.create_session(consented(channels=2))
            async with client.stream(session, channels=2) as stream:
                audio = (sample_audio()[: 30 * 16_000] * 32767).astype("<i2").tobytes()
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(fed(stream, audio))
                    async for _ in stream:
                        pass
            return session.id

    return asyncio.run(hear())


def routes(http: httpx.Client) -> Iterator[tuple[str, str]]:
    """Every call of the server's own contract: method and path with its parameters."""
    for path, calls in http.get("/v1/openapi.json").json()["paths"].items():
        if path.startswith("/v1/"):
            for method in calls:
                yield method.upper(), path


def filled(path: str, session_id: str) -> str:
    return re.sub(r"\{\w+\}", "u1", path.replace("{session_id}", session_id))


def test_every_route_leaves_exactly_one_row_that_names_the_caller_whatever_came_of_it(
    watched: Watched, heard: str
) -> None:
    called = list(routes(watched.http))
    assert len(called) > 25
    watched.gained()
    for method, path in called:
        if path in NOT_RECORDED or path.startswith("/v1/oidc/"):
            continue  # whoever comes from there is unknown, and is counted: see below
        answer = watched.http.request(method, filled(path, "0123456789abcdef"))
        rows = watched.gained()
        assert len(rows) == 1, (
            f"{method} {path} ({answer.status_code}) left {[row['action'] for row in rows]}"
        )
        known = "nobody" if path == "/v1/sign-in" else "local"
        assert rows[0]["actor"] == known, f"{method} {path}"
        if answer.status_code >= 400 and known == "local":
            assert rows[0]["action"] == "call refused"
            assert rows[0]["figures"]["status"] == answer.status_code
            assert rows[0]["session"] == ("0123456789abcdef" if "{session_id}" in path else "")


READS = {
    "": "session read",
    "/transcript": "transcript read",
    "/transcript/healthscribe": "transcript exported",
    "/facts": "facts read",
    "/note": "note read",
    "/note/checklist": "checklist read",
    "/note/export?draft=true": "note exported",
    "/receipt": "receipt read",
}


@pytest.mark.parametrize("path", READS)
def test_whoever_reads_of_a_session_is_named_with_what_was_read(
    watched: Watched, heard: str, path: str
) -> None:
    watched.gained()
    assert watched.http.get(f"/v1/sessions/{heard}{path}").status_code == 200
    (row,) = watched.gained()
    assert (row["actor"], row["action"], row["session"]) == ("local", READS[path], heard)


def test_the_audit_of_one_session_is_read_by_pages(watched: Watched, heard: str) -> None:
    def page(**asked: object) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = watched.http.get("/v1/audit", params={"session": heard, **asked}).json()
        return found

    first = page(after=0, limit=2)
    assert [row["action"] for row in first] == ["session created", "stream opened"]
    (third,) = page(after=first[-1]["number"], limit=1)
    assert third["number"] > first[-1]["number"]
    assert page()[-1]["action"] == "audit read", "asking about a session is of that session"
    assert watched.http.get("/v1/audit", params={"limit": 0}).json()["code"] == "bad_request"


def test_what_is_not_recorded_stands_in_the_list_with_its_reason(watched: Watched) -> None:
    for path, reason in NOT_RECORDED.items():
        assert len(reason) > 20
        watched.gained()
        assert watched.http.get(path).status_code == 200
        assert watched.gained() == []


def test_a_flood_of_calls_without_a_token_leaves_one_row_and_no_token(watched: Watched) -> None:
    watched.gained()
    secret = "a-guessed-token-of-somebody"
    with httpx.Client(base_url=watched.running.url, trust_env=False) as stranger:
        for number in range(10):
            headers = {"Authorization": f"Bearer {secret}"} if number % 2 else {}
            assert stranger.get("/v1/sessions/s-1", headers=headers).status_code == 401
            assert stranger.post("/v1/sign-in", json={"token": secret}).status_code == 401
    rows = watched.gained()
    # An earlier test of this server may have used up the minute's row.
    assert len(rows) <= 1
    for row in rows:
        assert (row["actor"], row["action"], row["session"]) == ("nobody", "calls of nobody known", "")
        assert row["figures"]["status"] == 401
    assert secret not in watched.running.said.read_text() + str(watched.http.get("/v1/audit").json())


def test_no_call_of_nobody_known_is_uncounted_when_the_server_ends(start_server: StartServer) -> None:
    running = start_server()
    with httpx.Client(base_url=running.url, trust_env=False) as stranger:
        for _ in range(7):
            assert stranger.get("/v1/sessions").status_code == 401
    assert running.stop() == 0
    database = Database(f"sqlite:///{running.data_dir / 'scribe.db'}")
    store = Store(database, file_keys(running.data_dir))
    rows = Audit(database, utc_now, store.signing_key).events()
    database.close()
    assert [(row.action, row.figures) for row in rows] == [
        ("calls of nobody known", {"status": 401, "calls": 1}),
        ("calls of nobody known", {"status": 401, "calls": 6}),
    ]


def test_strangers_are_told_once_a_minute_with_their_number() -> None:
    now = 0.0
    strangers = Strangers(lambda: now)
    told = []
    for second in range(150):
        now = float(second)
        told.append(strangers.count(401))
    assert [(second, calls) for second, calls in enumerate(told) if calls] == [(0, 1), (60, 60), (120, 60)]
    assert strangers.count(403) == 1, "each status by itself"
    assert strangers.rest() == {401: 29}
    assert strangers.rest() == {}


def knock(running: RunningServer, session_id: str, token: str) -> int:
    """The close code of a stream that is opened with a token and then sends nonsense."""
    url = "ws" + running.url.removeprefix("http") + f"/v1/sessions/{session_id}/stream"
    headers = {"Authorization": f"Bearer {token}"}
    with connect(url, subprotocols=[Subprotocol("scribe.v1")], additional_headers=headers) as socket:
        with suppress(ConnectionClosed):
            socket.send("no message of the contract")
            while True:
                socket.recv(timeout=10)
        assert socket.close_code is not None
        return socket.close_code


def test_a_refused_stream_leaves_one_row_with_its_close_code(watched: Watched, heard: str) -> None:
    watched.gained()
    assert knock(watched.running, "0123456789abcdef", TOKEN) == 4404
    (row,) = watched.gained()
    assert (row["action"], row["session"]) == ("call refused", "0123456789abcdef")
    assert row["figures"] == {"status": 4404, "call": "stream"}


def test_nothing_was_left_out_of_the_audit_because_it_may_have_been_words(watched: Watched) -> None:
    """Runs last: all that this module did with the server is in its log."""
    assert "was left out of the audit" not in watched.running.said.read_text()
