"""Webhook messages on their way: real receivers, a real store, and a server that is killed in between."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import socket
import wave
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from in_process import in_process
from receiver import Receiver, Taken, receiver
from running import TOKEN, RunningServer, StartServer, consented
from standardwebhooks import Webhook

from asr.testing import OracleRecognizer
from asr.types import Word
from scribe.database import Database
from scribe.deliveries import Deliveries
from scribe.delivering import Deliverer
from scribe.migrations import upgrade
from scribe.purge import call_off
from scribe.sample import sample_audio, sample_truth
from scribe.session import Step
from scribe.webhook import Endpoint, Event
from scribe.wire import WebhookDelivery

KEY = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY).decode()
ALL: frozenset[Event] = frozenset({"session.ended", "note.drafted", "note.signed", "consent.revoked"})
AT_ONCE = (timedelta(0),) * 3


class House:
    """A store of messages and whoever delivers them."""

    def __init__(self, folder: Path, *endpoints: Endpoint) -> None:
        self.database = Database(f"sqlite:///{folder / 'scribe.db'}")
        with self.database.transaction() as connection:
            upgrade(connection)
        self.endpoints = endpoints
        self.deliveries = Deliveries(self.database, endpoints)

    def happened(self, *steps: Step) -> None:
        for what in steps:
            with self.database.transaction() as connection:
                self.deliveries.keep_step(connection, "s1", what, datetime.now(UTC))

    async def deliver(self, until: Callable[[], Awaitable[None]]) -> None:
        """Deliver, without waiting between attempts, until that is done."""
        work = Deliverer(self.deliveries, self.endpoints, lambda: datetime.now(UTC), retries=AT_ONCE)
        running = asyncio.create_task(work.run())
        try:
            await until()
        finally:
            await call_off(running)

    async def settled(self) -> None:
        """No message waits any more."""
        while any(one.state == "waiting" for one in await asyncio.to_thread(self.log)):
            pass

    def log(self) -> tuple[WebhookDelivery, ...]:
        return self.deliveries.log(100)


def to(there: Receiver, name: str = "there") -> Endpoint:
    return Endpoint(name, there.url, (KEY,), ALL)


def test_what_waits_and_what_comes_is_sent_signed_and_in_order(tmp_path: Path) -> None:
    async def meanwhile() -> None:
        first = await asyncio.to_thread(there.next)
        await asyncio.to_thread(house.happened, Step.DRAFTED)
        second = await asyncio.to_thread(there.next)
        taken.extend((first, second))
        await house.settled()

    taken: list[Taken] = []
    with receiver() as there:
        house = House(tmp_path, to(there))
        house.happened(Step.STOPPED)
        asyncio.run(house.deliver(meanwhile))
    assert [Webhook(SECRET).verify(one.body, one.headers)["type"] for one in taken] == [
        *("session.ended", "note.drafted")
    ]
    assert all(set(json.loads(one.body)) == {"type", "timestamp", "data"} for one in taken)
    assert {one.headers["content-type"] for one in taken} == {"application/json"}
    assert {one.headers["webhook-id"] for one in taken} == {one.id for one in house.log()}


def test_what_is_not_taken_is_sent_again_under_the_same_id_until_it_is(tmp_path: Path) -> None:
    with receiver() as there:
        for status in (500, 429):
            there.answers.put(status)
        house = House(tmp_path, to(there))
        house.happened(Step.STOPPED)
        asyncio.run(house.deliver(house.settled))
        taken = [there.next() for _ in range(3)]
    assert len({one.headers["webhook-id"] for one in taken}) == 1
    (log,) = house.log()
    assert (log.state, log.attempts, log.last_status) == ("delivered", 3, 204)


@pytest.mark.parametrize(
    ("status", "attempts", "reason"), [(302, 4, "redirect"), (500, 4, "status"), (410, 1, "status")]
)
def test_a_redirect_is_not_followed_and_what_is_never_taken_is_given_up(
    tmp_path: Path, status: int, attempts: int, reason: str
) -> None:
    with receiver() as there:
        for _ in range(10):
            there.answers.put(status)
        house = House(tmp_path, to(there))
        house.happened(Step.SIGNED)
        asyncio.run(house.deliver(house.settled))
        taken = [there.next() for _ in range(attempts)]
        assert there.taken.empty()
    assert {one.path for one in taken} == {"/in"}
    (log,) = house.log()
    assert (log.state, log.attempts, log.last_status, log.last_error) == (
        *("given_up", attempts, status, reason),
    )


def test_where_nobody_listens_or_tls_is_not_spoken_the_reason_is_told(tmp_path: Path) -> None:
    with receiver() as there, socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        closed = Endpoint("closed", f"http://127.0.0.1:{nobody.getsockname()[1]}/", (KEY,), ALL)
        plain = Endpoint("plain", there.url.replace("http:", "https:"), (KEY,), ALL)
        house = House(tmp_path, closed, plain)
        house.happened(Step.STOPPED)
        asyncio.run(house.deliver(house.settled))
    assert {one.endpoint: (one.last_error, one.last_status) for one in house.log()} == {
        "closed": ("connection", None),
        "plain": ("tls", None),
    }


def test_an_endpoint_that_does_not_answer_keeps_no_other_waiting(tmp_path: Path) -> None:
    async def meanwhile() -> None:
        await asyncio.to_thread(slow.next)
        for _ in range(2):
            await asyncio.to_thread(quick.next)

    with receiver() as slow, receiver() as quick:
        slow.held.clear()
        house = House(tmp_path, to(slow, "slow"), to(quick, "quick"))
        house.happened(Step.STOPPED, Step.DRAFTED)
        asyncio.run(house.deliver(meanwhile))
        assert slow.taken.empty()


def test_neither_url_nor_secret_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with receiver() as there:
        there.answers.put(500)
        house = House(tmp_path, Endpoint("there", f"{there.url}?token=hush", (KEY,), ALL))
        house.happened(Step.STOPPED)
        with caplog.at_level("INFO", logger="scribe"):
            asyncio.run(house.deliver(house.settled))
    assert "to there was not taken (500), attempt 1" in caplog.text
    said = "".join(record.getMessage() for record in caplog.records if record.name.startswith("scribe"))
    assert "hush" not in said
    assert str(there.port) not in said


# ── a server ─────────────────────────────────────────────────────────────────────────────────────────────


def endpoints(folder: Path, there: Receiver) -> str:
    path = folder / "webhooks.toml"
    path.write_text(f'[[endpoint]]\nname = "there"\nurl = "{there.url}"\nsecrets = ["{SECRET}"]\n')
    path.chmod(0o600)
    return str(path)


def begun(running: RunningServer) -> str:
    with running.http as http:
        answer = http.post("/v1/sessions", json=consented().model_dump(mode="json"))
        return str(answer.json()["id"])


def test_a_server_tells_of_a_revocation_and_an_administrator_sees_that_it_did(
    tmp_path: Path, start_server: StartServer
) -> None:
    with receiver() as there:
        running = start_server(webhooks=endpoints(tmp_path, there))
        session = begun(running)
        with running.http as http:
            assert http.delete(f"/v1/sessions/{session}/consents/pt").status_code == 204
            told = Webhook(SECRET).verify((taken := there.next()).body, taken.headers)
            log = http.get("/v1/webhooks/deliveries").json()
            last = http.get("/v1/audit").json()[-2]
    assert (told["type"], told["data"]) == ("consent.revoked", {"session_id": session})
    assert [(one["id"], one["endpoint"], one["event"]) for one in log] == [
        (taken.headers["webhook-id"], "there", "consent.revoked")
    ]
    assert last["action"] == "webhook deliveries read"


def recording() -> tuple[bytes, OracleRecognizer]:
    """The first 40 s of the sample as a file, and a recogniser that knows what is said on each channel."""
    pcm = (sample_audio(40) * 32767).astype("<i2")
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(16_000)
        out.writeframes(pcm.tobytes())
    channels: tuple[list[Word], list[Word]] = ([], [])
    for turn in sample_truth().turns:
        width = (turn.end - turn.start) / len(turn.text.split())
        channels[turn.role == "client"].extend(
            Word(word, turn.start + n * width, turn.start + (n + 0.9) * width, 0.9)
            for n, word in enumerate(turn.text.split())
        )
    heard = pcm.astype(np.float32) / 32768
    return file.getvalue(), OracleRecognizer(heard[:, 0], channels[0], more=[(heard[:, 1], channels[1])])


def test_from_its_end_to_its_signature_each_step_of_a_session_is_told(tmp_path: Path) -> None:
    async def check() -> None:
        async with in_process(
            tmp_path / "data", recognizer=oracle, webhooks=endpoints(tmp_path, there)
        ) as on:
            new = consented(channels=2).model_dump(mode="json")
            session = (await on.http.post("/v1/sessions", json=new)).json()["id"]
            path = f"/v1/sessions/{session}"
            sent = await on.http.post(f"{path}/audio", content=file)
            assert "event: ended" in sent.text
            view = (await on.http.get(f"{path}/note")).json()
            for finding in view["note"]["findings"]:
                settled = {"resolution": "justified", "reason": "Read and right."}
                await on.http.patch(f"{path}/note/findings/{finding['id']}", json=settled)
            signed = {"name": "R. Diaz", "credentials": "LCSW", "token": TOKEN}
            signed["attestation"] = view["attestation"]
            answer = await on.http.post(f"{path}/note/sign", json=signed)
            assert answer.status_code == 201
            taken = [await asyncio.to_thread(there.next) for _ in range(3)]
            told = [Webhook(SECRET).verify(one.body, one.headers) for one in taken]
            assert [one["type"] for one in told] == ["session.ended", "note.drafted", "note.signed"]
            assert all(one["data"] == {"session_id": session} for one in told)

    file, oracle = recording()
    with receiver() as there:
        asyncio.run(check())


@pytest.mark.faults
def test_what_a_killed_server_had_not_delivered_comes_from_the_next(
    tmp_path: Path, start_server: StartServer
) -> None:
    with receiver() as there:
        there.held.clear()
        running = start_server(webhooks=endpoints(tmp_path, there))
        session = begun(running)
        with running.http as http:
            http.delete(f"/v1/sessions/{session}/consents/pt")
        first = there.next()
        running.kill()  # while the receiver has it and has not answered
        there.held.set()
        running = start_server(webhooks=endpoints(tmp_path, there))
        again = there.next()
        assert again.headers["webhook-id"] == first.headers["webhook-id"]
        assert Webhook(SECRET).verify(again.body, again.headers)["data"] == {"session_id": session}
        running.stop()


def test_a_server_whose_endpoints_do_not_hold_says_what_to_do(
    tmp_path: Path, start_server: StartServer
) -> None:
    path = tmp_path / "webhooks.toml"
    path.write_text("endpoint = 3\n")
    path.chmod(0o600)
    with pytest.raises(AssertionError, match=r"holds no endpoints \(ValidationError\)"):
        start_server(webhooks=str(path))
