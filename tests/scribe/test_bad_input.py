"""Whatever comes over the wire gets the right close code and a clear reason, and the session stays usable."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import httpx
import numpy as np
import pytest
from running import TOKEN, RunningServer, consented
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

START = {"type": "start", "encoding": "pcm_s16le", "sample_rate": 16000, "channels": 1}
SILENCE = bytes(3200)


def created(http: httpx.Client, **options: bool) -> dict[str, object]:
    answer = http.post("/v1/sessions", json=consented(**options).model_dump(mode="json"))
    assert answer.status_code == 201
    body: dict[str, object] = answer.json()
    return body


@contextmanager
def socket_of(running: RunningServer, session_id: object, **options: object) -> Iterator[ClientConnection]:
    given: dict[str, object] = {
        "subprotocols": [Subprotocol("scribe.v1")],
        "additional_headers": {"Authorization": f"Bearer {TOKEN}"},
        "proxy": None,
        "compression": None,
        **options,
    }
    url = f"ws{running.url.removeprefix('http')}/v1/sessions/{session_id}/stream"
    with connect(url, **given) as connection:  # type: ignore[arg-type]
        yield connection


def told_until_closed(connection: ClientConnection) -> tuple[list[dict[str, object]], int]:
    """Every message up to the close, and the close code."""
    told: list[dict[str, object]] = []
    while True:
        try:
            told.append(json.loads(connection.recv(timeout=20)))
        except ConnectionClosed as closed:
            return told, closed.rcvd.code if closed.rcvd else 1006


def refusal(connection: ClientConnection) -> tuple[int, str, str]:
    """The close code, and the code and detail of the error message before it."""
    told, code = told_until_closed(connection)
    error = next((message for message in reversed(told) if message["type"] == "error"), {})
    return code, str(error.get("code", "")), str(error.get("detail", ""))


def ready(connection: ClientConnection, **changes: object) -> dict[str, object]:
    connection.send(json.dumps(START | changes))
    answer: dict[str, object] = json.loads(connection.recv(timeout=20))
    return answer


def still_usable(running: RunningServer, session_id: object) -> None:
    with socket_of(running, session_id) as connection:
        answer = ready(connection, resume=True)
        assert answer["type"] == "ready", answer
        connection.send(SILENCE)


def test_without_consent_not_one_frame_is_taken(shared_server: RunningServer, http: httpx.Client) -> None:
    session = created(http, consents=False)
    assert session["state"] == "awaiting_consent"
    assert session["stream"] is None
    with socket_of(shared_server, session["id"]) as connection:
        code, name, detail = refusal(connection)
    assert (code, name) == (4403, "no_valid_consent")
    assert "participant cl" in detail
    assert http.get(f"/v1/sessions/{session['id']}").json()["seconds"] == 0


def test_consent_that_covers_too_little_is_none(shared_server: RunningServer, http: httpx.Client) -> None:
    session = created(http, consents=False)
    for person, scope in (("cl", ["record", "transcribe", "draft"]), ("pt", ["record"])):
        body = {
            "participant_id": person,
            "method": "written",
            "scope": scope,
            "statement_version": "1",
            "given_at": datetime.now(UTC).isoformat(),
        }
        assert http.post(f"/v1/sessions/{session['id']}/consents", json=body).status_code == 201
    with socket_of(shared_server, session["id"]) as connection:
        code, _, detail = refusal(connection)
    assert code == 4403
    assert "participant pt: draft, transcribe" in detail


@pytest.mark.parametrize(
    ("first", "code", "why"),
    [
        ('{"type":"stop"}', 4400, "first message must be"),
        ("not json", 4400, "Invalid JSON"),
        (json.dumps(START | {"encoding": "morse"}), 4400, "encoding"),
        (json.dumps(START | {"channels": 7}), 4400, "channels"),
        (json.dumps(START | {"sample_rate": 1}), 4400, "sample_rate"),
        (json.dumps(START | {"at": 5000}), 4400, "hole"),
        (SILENCE, 4400, "audio came"),
    ],
)
def test_a_wrong_first_message_is_refused(
    shared_server: RunningServer, http: httpx.Client, first: str | bytes, code: int, why: str
) -> None:
    session = created(http)
    with socket_of(shared_server, session["id"]) as connection:
        connection.send(first)
        closed, _, detail = refusal(connection)
    assert closed == code
    assert why in detail
    still_usable(shared_server, session["id"])


@pytest.mark.parametrize(
    ("changes", "frame", "code", "why"),
    [
        ({}, bytes(65538), 4413, "65536"),
        ({}, bytes(3), 4422, "whole samples"),
        ({"channels": 2}, bytes(6), 4422, "whole samples"),
        ({}, b"", 4422, "whole samples"),
        ({"encoding": "pcm_f32le"}, struct.pack("<f", float("nan")) * 160, 4422, ""),
        ({}, '{"type":"dance"}', 4400, "tags"),
        ({}, "\x00garbage", 4400, "JSON"),
        ({}, "x" * 5000, 4413, "characters"),
    ],
)
def test_a_bad_frame_closes_with_its_code_and_the_session_goes_on(
    shared_server: RunningServer,
    http: httpx.Client,
    changes: dict[str, object],
    frame: str | bytes,
    code: int,
    why: str,
) -> None:
    session = created(http)
    with socket_of(shared_server, session["id"]) as connection:
        assert ready(connection, **changes)["type"] == "ready"
        connection.send(frame)
        closed, _, detail = refusal(connection)
    assert closed == code
    assert why in detail
    if "channels" not in changes:
        still_usable(shared_server, session["id"])


def test_garbage_bytes_are_only_a_strange_sound(shared_server: RunningServer, http: httpx.Client) -> None:
    session = created(http)
    noise = np.random.default_rng(1).bytes(32_000)
    with socket_of(shared_server, session["id"]) as connection:
        assert ready(connection)["type"] == "ready"
        connection.send(noise)
        connection.send('{"type":"stop"}')
        assert refusal(connection)[0] == 1000


def test_silence_gives_no_note(shared_server: RunningServer, http: httpx.Client) -> None:
    session = created(http)
    with socket_of(shared_server, session["id"]) as connection:
        assert ready(connection)["type"] == "ready"
        for _ in range(100):
            connection.send(SILENCE)
        connection.send('{"type":"stop"}')
        told, code = told_until_closed(connection)
    assert code == 1000
    note = next(message for message in told if message["type"] == "note")
    assert note["status"] == "insufficient_audio"
    assert told[-1]["receipt"]["seconds_received"] == 10.0
    assert not [message for message in told if message["type"] == "utterance"]
    assert http.get(f"/v1/sessions/{session['id']}/note").status_code == 404


def test_a_socket_cut_in_mid_frame_leaves_the_session_usable(
    shared_server: RunningServer, http: httpx.Client
) -> None:
    session = created(http)
    with socket_of(shared_server, session["id"]) as connection:
        ready(connection)
        connection.send(SILENCE)
        raw = connection.socket
        # A masked binary frame that promises 3,200 bytes and breaks off after 100.
        raw.sendall(b"\x82\xfe" + struct.pack("!H", 3200) + b"\0\0\0\0" + bytes(100))
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raw.shutdown(socket.SHUT_RDWR)
    answer = {"type": "error"}
    while answer["type"] == "error":  # until the server noticed that the old socket is gone
        with socket_of(shared_server, session["id"]) as again:
            answer = ready(again, resume=True)
            assert answer["type"] == "ready" or answer["code"] == "stream_busy"
    assert answer["resume_from"] == 1600


def test_off_the_record_audio_is_dropped_and_said_so_once(
    shared_server: RunningServer, http: httpx.Client
) -> None:
    session = created(http)
    with socket_of(shared_server, session["id"]) as connection:
        ready(connection)
        connection.send(SILENCE)
        connection.send('{"type":"pause"}')
        for _ in range(20):
            connection.send(SILENCE)
        connection.send('{"type":"resume"}')
        connection.send(SILENCE)
        connection.send('{"type":"stop"}')
        told, _ = told_until_closed(connection)
    assert [message["code"] for message in told if message["type"] == "error"] == ["off_the_record"]
    assert told[-1]["receipt"]["seconds_received"] == 0.2
    marks = http.get(f"/v1/sessions/{session['id']}/transcript").json()["marks"]
    assert [(mark["kind"], mark["at"]) for mark in marks] == [("pause", 0.1), ("resume", 0.1)]


def test_a_second_stream_of_a_session_is_refused(shared_server: RunningServer, http: httpx.Client) -> None:
    session = created(http)
    with socket_of(shared_server, session["id"]) as first:
        ready(first)
        with socket_of(shared_server, session["id"]) as second:
            second.send(json.dumps(START))
            assert refusal(second)[:2] == (4409, "stream_busy")
        first.send(SILENCE)
        first.send('{"type":"stop"}')
        assert refusal(first)[0] == 1000


def test_revoking_consent_stops_the_stream_at_once(shared_server: RunningServer, http: httpx.Client) -> None:
    session = created(http)
    with socket_of(shared_server, session["id"]) as connection:
        ready(connection)
        connection.send(SILENCE)
        assert http.delete(f"/v1/sessions/{session['id']}/consents/pt").status_code == 204
        assert refusal(connection)[:2] == (4403, "no_valid_consent")
    with socket_of(shared_server, session["id"]) as connection:
        assert refusal(connection)[0] == 4403
    assert http.get(f"/v1/sessions/{session['id']}").json()["state"] == "revoked"


def test_start_must_come_in_time_and_then_audio(shared_server: RunningServer, http: httpx.Client) -> None:
    session = created(http)
    with socket_of(shared_server, session["id"]) as connection:
        assert refusal(connection)[:2] == (4408, "idle")
    with socket_of(shared_server, session["id"]) as connection:
        ready(connection)
        assert refusal(connection)[:2] == (4408, "idle")
    still_usable(shared_server, session["id"])


def test_who_is_not_signed_in_is_refused(shared_server: RunningServer, http: httpx.Client) -> None:
    session = created(http)
    stream = session["stream"]
    assert isinstance(stream, dict)
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Bearer {stream['token']}x"}):
        with socket_of(shared_server, session["id"], additional_headers=headers) as connection:
            assert refusal(connection)[:2] == (4401, "not_authenticated")
    other = created(http)
    with socket_of(
        shared_server, other["id"], additional_headers={"Authorization": f"Bearer {stream['token']}"}
    ) as connection:
        assert refusal(connection)[0] == 4401
    assert httpx.get(f"{shared_server.url}/v1/sessions", trust_env=False).status_code == 401


def test_a_browser_gives_its_token_as_a_subprotocol(shared_server: RunningServer, http: httpx.Client) -> None:
    session = created(http)
    stream = session["stream"]
    assert isinstance(stream, dict)
    offered = [Subprotocol("scribe.v1"), Subprotocol(f"token.{stream['token']}")]
    with socket_of(shared_server, session["id"], additional_headers={}, subprotocols=offered) as connection:
        assert connection.subprotocol == "scribe.v1"
        assert ready(connection)["type"] == "ready"


def test_a_socket_from_another_page_or_another_protocol_is_refused(
    shared_server: RunningServer, http: httpx.Client
) -> None:
    session = created(http)
    headers = {"Authorization": f"Bearer {TOKEN}", "Origin": "https://elsewhere.example"}
    with (
        pytest.raises(InvalidStatus) as refused,
        socket_of(shared_server, session["id"], additional_headers=headers),
    ):
        pass
    assert refused.value.response.status_code == 403
    with socket_of(shared_server, session["id"], subprotocols=None) as connection:
        assert refusal(connection)[:2] == (4400, "bad_request")


def test_no_such_session(shared_server: RunningServer) -> None:
    with socket_of(shared_server, "nowhere") as connection:
        assert refusal(connection)[:2] == (4404, "not_found")


def test_rest_problems_say_what_was_expected(http: httpx.Client) -> None:
    as_json = {"Content-Type": "application/json"}
    cases = [
        (http.get("/v1/sessions/nowhere"), 404, "not_found"),
        (http.post("/v1/sessions", json={}), 400, "bad_request"),
        (
            http.post("/v1/sessions", content=b"{", headers={"Content-Type": "application/json"}),
            400,
            "bad_request",
        ),
        (
            http.post(
                "/v1/sessions", json={"template": "haiku", "participants": [{"id": "a", "role": "client"}]}
            ),
            400,
            "bad_request",
        ),
        (http.get("/v1/nothing"), 404, "http_error"),
        (http.post("/v1/sign-in", content=b'{"token":"\\ud800"}', headers=as_json), 401, "not_authenticated"),
        (http.post("/v1/sessions/a/note/audio", content=b"x" * 2_000_000), 413, "too_large"),
        (http.put("/v1/sessions"), 405, "http_error"),
        (http.post("/v1/sessions", content=b"x" * 2_000_000), 413, "too_large"),
    ]
    for answer, status, code in cases:
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.headers["content-type"] == "application/problem+json"
        assert "Traceback" not in answer.text


def test_a_session_without_a_note_says_so(http: httpx.Client) -> None:
    session = created(http)
    path = f"/v1/sessions/{session['id']}"
    assert http.get(f"{path}/note").json()["code"] == "not_found"
    assert http.get(f"{path}/receipt").status_code == 404
    assert http.post(f"{path}/note", json={}).json()["code"] == "wrong_state"
    assert http.post(f"{path}/end").json()["code"] == "wrong_state"


def test_a_shredded_session_is_gone_but_listed(http: httpx.Client) -> None:
    session = created(http)
    path = f"/v1/sessions/{session['id']}"
    assert http.delete(path).status_code == 204
    answer = http.get(path)
    assert answer.status_code == 404
    assert "shredded" in answer.json()["detail"]
    listed = {row["id"]: row["state"] for row in http.get("/v1/sessions").json()["sessions"]}
    assert listed[session["id"]] == "shredded"


def test_an_expired_consent_is_refused_at_the_stream(
    shared_server: RunningServer, http: httpx.Client
) -> None:
    new = consented().model_dump(mode="json")
    for consent in new["consents"]:
        consent["expires_at"] = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    session = http.post("/v1/sessions", json=new).json()
    assert session["state"] == "awaiting_consent"
    with socket_of(shared_server, session["id"]) as connection:
        assert refusal(connection)[0] == 4403
