"""Consent taken back, expired or refused aloud while a session is heard: over a real socket, into a real store."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from in_process import InProcess, in_process
from running import TOKEN, consented
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from asr.testing import OracleRecognizer
from asr.types import Word
from scribe.sample import sample_audio, sample_truth
from scribe.session import Consent, NewSession, Participant
from summarizer.testing import EndlessEngine

RATE = 16_000
FRAME = RATE // 10
PCM = (sample_audio()[: 30 * RATE] * 32767).astype("<i2")


async def created(on: InProcess, new: NewSession | None = None) -> str:
    body = (new or consented(channels=2)).model_dump(mode="json")
    answer = await on.http.post("/v1/sessions", json=body)
    assert answer.status_code == 201
    return str(answer.json()["id"])


@asynccontextmanager
async def streaming(on: InProcess, session_id: str, channels: int = 2) -> AsyncIterator[ClientConnection]:
    url = f"ws{on.url.removeprefix('http')}/v1/sessions/{session_id}/stream"
    async with connect(
        url,
        subprotocols=[Subprotocol("scribe.v1")],
        additional_headers={"Authorization": f"Bearer {TOKEN}"},
        proxy=None,
        compression=None,
    ) as socket:
        start = {"type": "start", "encoding": "pcm_s16le", "sample_rate": RATE, "channels": channels}
        await socket.send(json.dumps(start))
        assert json.loads(await socket.recv())["type"] == "ready"
        yield socket


async def send(socket: ClientConnection, seconds: float, begin: float = 0.0, channels: int = 2) -> None:
    audio = PCM[int(begin * RATE) : int((begin + seconds) * RATE), :channels]
    for at in range(0, len(audio), FRAME):
        await socket.send(audio[at : at + FRAME].tobytes())


async def until_closed(socket: ClientConnection) -> tuple[list[dict[str, object]], int]:
    told = []
    try:
        while True:
            told.append(json.loads(await socket.recv()))
    except ConnectionClosed as closed:
        return told, closed.rcvd.code if closed.rcvd else 0


async def until(socket: ClientConnection, kind: str, **values: object) -> dict[str, object]:
    while True:
        message: dict[str, object] = json.loads(await socket.recv())
        if message["type"] == kind and values.items() <= message.items():
            return message


def test_not_one_frame_is_taken_after_a_revocation_and_its_audio_is_zero(tmp_path: Path) -> None:
    async def check() -> None:
        async with in_process(tmp_path) as on:
            session_id = await created(on)
            async with streaming(on, session_id) as socket:
                await send(socket, 12)
                await until(socket, "utterance", is_final=True)
                capture = on.server.live._captures[session_id]

                async def go_on() -> None:
                    with suppress(ConnectionClosed):
                        for second in range(12, 10_000):
                            await send(socket, 1, begin=second % 25)
                        raise AssertionError("the server took twenty-eight hours of audio after a revocation")

                talking = asyncio.create_task(go_on())
                answer = await on.http.delete(f"/v1/sessions/{session_id}/consents/pt")
                assert answer.status_code == 204
                heard, kept = capture.position, on.server.store.transcript(session_id)
                assert not capture._pipeline._ring._samples.any()
                told, code = await until_closed(socket)
                await talking
            assert code == 4403
            assert told[-1]["code"] == "no_valid_consent"
            assert capture.position == heard, "the very next frame was refused, and every one after it"
            assert all(float(str(m["end"])) <= heard / RATE for m in told if m["type"] == "utterance")
            assert on.server.store.transcript(session_id) == kept
            view = (await on.http.get(f"/v1/sessions/{session_id}")).json()
            assert view["state"] == "revoked"
            assert view["stream"] is None
            correction = await on.http.patch(
                f"/v1/sessions/{session_id}/transcript/{kept[0].id}", json={"text": "new words"}
            )
            assert (correction.status_code, correction.json()["code"]) == (403, "no_valid_consent")

    asyncio.run(check())


def test_one_of_a_family_revokes_and_everybodys_capture_stops(tmp_path: Path) -> None:
    people = tuple(
        Participant.model_validate({"id": name, "role": role})
        for name, role in (("cl", "clinician"), ("pt", "client"), ("mo", "family"))
    )
    given = tuple(
        Consent(participant_id=p.id, method="verbal", statement_version="1", given_at=datetime.now(UTC))
        for p in people
    )

    async def check() -> None:
        async with in_process(tmp_path) as on:
            session_id = await created(on, NewSession(participants=people, consents=given))
            async with streaming(on, session_id, channels=1) as socket:
                await send(socket, 1, channels=1)
                await on.http.delete(f"/v1/sessions/{session_id}/consents/mo?purge=true")
                _, code = await until_closed(socket)
            assert code == 4403
            gone = await on.http.get(f"/v1/sessions/{session_id}")
            assert (gone.status_code, "shredded" in gone.json()["detail"]) == (404, True)

    asyncio.run(check())


@pytest.mark.parametrize("purge", [False, True])
def test_a_revocation_calls_off_a_slow_engine_that_is_writing(tmp_path: Path, purge: bool) -> None:
    async def check() -> None:
        engine = EndlessEngine()
        truth = sample_truth()
        words = [w for t in truth.turns for w in t.text.split()]
        spoken = tuple(Word(w, 0.5 + 0.25 * n, 0.7 + 0.25 * n, 0.9) for n, w in enumerate(words[:100]))
        oracle = OracleRecognizer(PCM[:, 0].astype(np.float32) / 32768, spoken)
        async with in_process(tmp_path, note=engine, recognizer=oracle) as on:
            session_id = await created(on)
            async with streaming(on, session_id) as socket:
                await send(socket, 20)
                await socket.send('{"type":"stop"}')
                async with asyncio.timeout(60):
                    await engine.began.wait()
                assert not engine.cancelled
                async with asyncio.timeout(10):
                    path = f"/v1/sessions/{session_id}/consents/pt"
                    await on.http.delete(path, params={"purge": purge})
                assert engine.cancelled
                _, code = await until_closed(socket)
            assert code == 4403
            assert (await on.http.get(f"/v1/sessions/{session_id}/note")).status_code == 404
            again = await on.http.post(f"/v1/sessions/{session_id}/note", json={})
            assert again.status_code == (404 if purge else 403)

    asyncio.run(check())


def test_expired_consent_stops_at_that_instant_and_a_newer_one_goes_on_without_a_hole(tmp_path: Path) -> None:
    now = [datetime.now(UTC)]

    def given(until: datetime | None) -> dict[str, object]:
        consent = Consent(
            participant_id="pt", method="verbal", statement_version="1", given_at=now[0], expires_at=until
        )
        return consent.model_dump(mode="json")

    async def check() -> None:
        async with in_process(tmp_path, clock=lambda: now[0]) as on:
            session_id = await created(on)
            path = f"/v1/sessions/{session_id}/consents"
            until_then = now[0] + timedelta(minutes=5)
            async with streaming(on, session_id) as socket:
                await send(socket, 1)
                now[0] += timedelta(minutes=1)
                assert (await on.http.post(path, json=given(until_then))).status_code == 201
                await send(socket, 1, begin=1)
                await until(socket, "ack", received=2 * RATE)
                now[0] = until_then - timedelta(seconds=30)
                # Renewed in time, the stream does not notice.
                assert (await on.http.post(path, json=given(until_then + timedelta(minutes=1)))).is_success
                now[0] = until_then
                await send(socket, 1, begin=2)
                await until(socket, "ack", received=3 * RATE)
                now[0] += timedelta(minutes=1)
                await send(socket, 0.1, begin=3)
                told, code = await until_closed(socket)
            assert (code, told[-1]["code"]) == (4403, "no_valid_consent")
            assert "expired" in str(told[-1]["detail"])
            assert (await on.http.post(path, json=given(None))).json()["missing_consent"] == {}
            async with streaming(on, session_id) as socket:
                await send(socket, 1, begin=3)
                await until(socket, "ack", received=4 * RATE)

    asyncio.run(check())


def spoken(answer: str) -> OracleRecognizer:
    """The sample's words on each channel, with another answer to the question for consent."""
    channels: tuple[list[Word], list[Word]] = ([], [])
    for turn in sample_truth().turns:
        text = answer if turn.id == "t02" else turn.text
        width = (turn.end - turn.start) / len(text.split())
        channels[0 if turn.role == "clinician" else 1].extend(
            Word(word, turn.start + n * width, turn.start + (n + 0.9) * width, 0.9)
            for n, word in enumerate(text.split())
        )
    floats = PCM.astype(np.float32) / 32768
    return OracleRecognizer(floats[:, 0], channels[0], more=[(floats[:, 1], channels[1])])


async def heard(on: InProcess, session_id: str) -> list[dict[str, object]]:
    async with streaming(on, session_id) as socket:
        await send(socket, 18)
        await socket.send('{"type":"stop"}')
        told, code = await until_closed(socket)
    assert code == 1000
    return told


def consent_of(
    view: dict[str, list[dict[str, dict[str, object]]]], person: str = "pt"
) -> dict[str, dict[str, object]]:
    return next(consent for consent in view["consents"] if consent["participant_id"] == person)


def test_a_spoken_yes_becomes_evidence_that_a_person_confirms_and_that_outlives_the_transcript(
    tmp_path: Path,
) -> None:
    async def check() -> None:
        async with in_process(tmp_path, recognizer=spoken("Yes, that is fine with me.")) as on:
            session_id = await created(on)
            told = await heard(on, session_id)
            assert not [m for m in told if m["type"] == "error"]
            view = (await on.http.get(f"/v1/sessions/{session_id}")).json()
            found = consent_of(view)["evidence"]
            assert found["found_by"] == "rule"
            assert found["confirmed"] is False
            assert str(found["text"]).endswith("client: Yes, that is fine with me.")
            assert consent_of(view, "cl")["evidence"] is None
            path = f"/v1/sessions/{session_id}/consents/pt/evidence"
            ids = found["utterance_ids"]
            assert isinstance(ids, list)
            confirmed = (await on.http.put(path, json={"utterance_id": ids[-1]})).json()
            assert consent_of(confirmed)["evidence"] == found | {"found_by": "clinician", "confirmed": True}
            on.server.store.forget_transcript(session_id)
            view = (await on.http.get(f"/v1/sessions/{session_id}")).json()
            assert consent_of(view)["evidence"]["text"] == found["text"]
            assert (await on.http.put(path, json={"utterance_id": "u99"})).status_code == 404
            assert consent_of((await on.http.delete(path)).json())["evidence"] is None

    asyncio.run(check())


def test_a_spoken_no_is_told_at_once_stays_on_the_session_and_stops_nothing_by_itself(tmp_path: Path) -> None:
    async def check() -> None:
        async with in_process(tmp_path, recognizer=spoken("No, I don't want to be recorded.")) as on:
            session_id = await created(on)
            told = await heard(on, session_id)
            notices = [m for m in told if m["type"] == "error"]
            assert [m["code"] for m in notices] == ["consent_doubt"]
            assert "want" not in str(notices[0]["detail"]), "a notice holds no words of the session"
            assert told.index(notices[0]) < max(i for i, m in enumerate(told) if m["type"] == "utterance")
            view = (await on.http.get(f"/v1/sessions/{session_id}")).json()
            assert view["consent_doubt"] == ["pt"]
            assert consent_of(view)["evidence"] is None
            assert "want to be recorded" in str(consent_of(view)["doubt"]["text"])
            events = [e for e in on.server.audit.events() if e.action == "consent doubted"]
            assert [(e.session, e.figures) for e in events] == [(session_id, {"participant": "pt"})]
            ids = consent_of(view)["doubt"]["utterance_ids"]
            assert isinstance(ids, list)
            path = f"/v1/sessions/{session_id}/consents/pt/evidence"
            settled = (await on.http.put(path, json={"utterance_id": ids[-1]})).json()
            assert settled["consent_doubt"] == []

    asyncio.run(check())
