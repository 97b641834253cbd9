"""Bodies and messages that are meant to hurt get an answer: the size, the depth, the numbers, the characters."""

from __future__ import annotations

import json
from contextlib import suppress

import httpx
import pytest
from running import TOKEN, RunningServer, consented
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

START = {"type": "start", "encoding": "pcm_s16le", "sample_rate": 16000, "channels": 1}
HOSTILE = [
    b"[" * 100_000,
    b'{"type":' * 400,
    b'{"template": ' + b"9" * 5_000 + b"}",
    b'{"template": 1e999999}',
    b'{"template": NaN}',
    b'{"template": "\\ud800"}',
    b'{"template": "\\u0000"}',
    b'{"participants": [{"id": "a\\u202eb", "role": "client"}]}',
    b"\xff\xfe",
    b"",
    b"null",
]


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("path", ["/v1/sessions", "/v1/sign-in", "/v1/draft", "/v1/intake"])
def test_a_hostile_body_gets_a_problem(http: httpx.Client, path: str, body: bytes) -> None:
    answer = http.post(path, content=body, headers={"Content-Type": "application/json"})
    if (
        path == "/v1/intake" and answer.status_code == 200
    ):  # a form may be any object; what it makes of it is told
        assert answer.headers["content-type"] == "application/json"
        return
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "kind", "body"),
    [
        ("PUT", "/v1/templates/mine", "application/json", b'{"title": ' + b"9" * 5_000 + b"}"),
        ("PUT", "/v1/templates/mine", "application/toml", b"title = " + b"9" * 5_000),
        ("PUT", "/v1/templates/mine", "application/toml", b"title = " + b"[" * 20_000),
        ("POST", "/v1/draft", "application/json", b'{"text": "[{\\"text\\": ' + b"9" * 5_000 + b'}]"}'),
        ("POST", "/v1/draft", "application/json", b'{"text": "' + b"[" * 100_000 + b'"}'),
    ],
)
def test_what_is_read_a_second_time_gets_a_problem_too(
    http: httpx.Client, method: str, path: str, kind: str, body: bytes
) -> None:
    answer = http.request(method, path, content=body, headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


def test_a_body_is_at_most_so_large_and_says_how_large(http: httpx.Client) -> None:
    as_json = {"Content-Type": "application/json"}
    at_most = b'{"x": "' + b"x" * (1024 * 1024 - 9) + b'"}'
    assert len(at_most) == 1024 * 1024
    assert http.post("/v1/sessions", content=at_most, headers=as_json).status_code == 400
    assert http.post("/v1/sessions", content=at_most + b" ", headers=as_json).status_code == 413
    unsaid = http.post("/v1/sessions", content=iter([b"{}"]), headers=as_json)
    assert (unsaid.status_code, unsaid.json()["detail"]) == (413, "Send bodies with a Content-Length.")


def opened(running: RunningServer, http: httpx.Client) -> str:
    session = http.post("/v1/sessions", json=consented().model_dump(mode="json")).json()["id"]
    return f"ws{running.url.removeprefix('http')}/v1/sessions/{session}/stream"


def closed_with(connection: ClientConnection) -> int | None:
    """The close code, once everything before it was read."""
    with suppress(ConnectionClosed):
        while True:
            connection.recv(timeout=20)
    return connection.close_code


@pytest.mark.parametrize(
    ("message", "code"),
    [
        *((body.decode(), 4413 if len(body) > 4096 else 4400) for body in HOSTILE if body != b"\xff\xfe"),
        ('{"type":"mark","label":"' + "x" * 121 + '"}', 4400),
        ('{"type":"mark","label":"x","label2":"y"}', 4400),
        (json.dumps({**START, "at": 10**30}), 4400),
        (json.dumps({**START, "sample_rate": 16000.5}), 4400),
    ],
    ids=lambda value: str(value)[:20].encode("unicode_escape").decode(),
)
def test_a_hostile_message_ends_the_stream_with_its_code(
    shared_server: RunningServer, http: httpx.Client, message: str, code: int
) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with connect(
        opened(shared_server, http),
        subprotocols=[Subprotocol("scribe.v1")],
        additional_headers=headers,
        proxy=None,
    ) as connection:
        connection.send(json.dumps(START))
        assert json.loads(connection.recv(timeout=20))["type"] == "ready"
        connection.send(message)  # the first of its kind is the last: nobody can send a number of them
        assert closed_with(connection) == code


@pytest.mark.parametrize("size", [64 * 1024 + 2, 256 * 1024 + 2, 3 * 1024 * 1024])
def test_a_frame_over_the_limit_is_refused_before_and_after_it_is_whole(
    shared_server: RunningServer, http: httpx.Client, size: int
) -> None:
    with connect(
        opened(shared_server, http),
        subprotocols=[Subprotocol("scribe.v1")],
        additional_headers={"Authorization": f"Bearer {TOKEN}"},
        proxy=None,
    ) as connection:
        connection.send(json.dumps(START))
        assert json.loads(connection.recv(timeout=20))["type"] == "ready"
        with suppress(ConnectionClosed):
            connection.send(bytes(size))
        # Up to four times the limit our own reason is given; beyond, the library stops reading (RFC 6455, 7.4.1).
        assert closed_with(connection) == (4413 if size <= 256 * 1024 else 1009)
