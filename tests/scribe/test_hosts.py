"""Only calls that were meant for this server are taken: by its name, and by https where a proxy speaks for others."""

from __future__ import annotations

import socket

import httpx
import pytest
from running import TOKEN, RunningServer, StartServer
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from scribe.hosts import own_names


def asked(running: RunningServer, path: str = "/v1/sessions", **headers: str) -> httpx.Response:
    given = {"Authorization": f"Bearer {TOKEN}"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    return httpx.get(f"{running.url}{path}", headers=given, trust_env=False)


def port_of(running: RunningServer) -> str:
    return running.url.rpartition(":")[2]


def test_this_machine_is_called_by_its_own_names(shared_server: RunningServer) -> None:
    port = port_of(shared_server)
    for name in ("127.0.0.1", "localhost", "[::1]", "LOCALHOST"):
        assert asked(shared_server, Host=f"{name}:{port}").status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "evil.example",
        "evil.example:{port}",
        "127.0.0.1",
        "127.0.0.1:1",
        "127.0.0.1.evil.example:{port}",
        "",
        "[",
    ],
)
@pytest.mark.parametrize("path", ["/v1/sessions", "/", "/healthz", "/page/main.js"])
def test_another_name_is_refused_even_with_the_token(
    shared_server: RunningServer, name: str, path: str
) -> None:
    answer = asked(shared_server, path, Host=name.replace("{port}", port_of(shared_server)))
    assert (answer.status_code, answer.json()["code"]) == (421, "misdirected")
    assert answer.headers["content-type"] == "application/problem+json"


def test_http_1_0_without_a_name_is_refused(shared_server: RunningServer) -> None:
    address = ("127.0.0.1", int(port_of(shared_server)))
    with socket.create_connection(address, timeout=20) as connection:
        connection.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 421 ")


def test_a_stream_by_another_name_is_refused_at_the_handshake(shared_server: RunningServer) -> None:
    url = f"ws{shared_server.url.removeprefix('http')}/v1/sessions/any/stream"
    with (
        pytest.raises(InvalidStatus) as refused,
        socket.create_connection(("127.0.0.1", int(port_of(shared_server)))) as road,
        connect(
            url.replace("127.0.0.1", "evil.example"),
            sock=road,
            subprotocols=[Subprotocol("scribe.v1")],
            additional_headers={"Authorization": f"Bearer {TOKEN}"},
            proxy=None,
        ),
    ):
        pass
    assert refused.value.response.status_code == 421


def test_names_that_were_allowed_are_answered_to_and_strangers_are_counted_as_themselves(
    start_server: StartServer,
) -> None:
    running = start_server(
        allowed_hosts="Scribe.example, other.example:444", sign_in_failures_per_minute="2", asr="pocketsphinx"
    )
    for name, status in [
        ("scribe.example", 200),
        ("scribe.example:9999", 200),
        ("other.example:444", 200),
        ("other.example", 421),
        ("scribe.example.evil", 421),
    ]:
        assert asked(running, Host=name).status_code == status, name
    # And who says that it speaks for others is not believed where no proxy is trusted.
    statuses = [
        asked(running, Authorization="Bearer wrong", X_Forwarded_For=f"192.0.2.{number}").status_code
        for number in range(4)
    ]
    assert statuses == [401, 401, 429, 429]


def test_a_proxy_must_say_that_it_was_called_by_https(start_server: StartServer) -> None:
    running = start_server(
        trusted_proxy="127.0.0.1", allowed_hosts="scribe.example", access="local", asr="pocketsphinx"
    )
    good = asked(running, Host="scribe.example", X_Forwarded_Proto="https", X_Forwarded_For="192.0.2.9")
    assert good.status_code == 200
    assert good.headers["strict-transport-security"] == "max-age=31536000"
    for headers in ({}, {"X_Forwarded_Proto": "http"}, {"X_Forwarded_Proto": "https, http"}):
        answer = asked(running, Host="scribe.example", **headers)
        assert (answer.status_code, answer.json()["code"]) == (421, "misdirected")
    assert asked(running, "/healthz").status_code == 200  # a proxy looks for itself whether we live


def test_own_names_are_those_of_the_port_and_of_what_is_listened_on() -> None:
    assert own_names("127.0.0.1", 8080, secure=False) == {"127.0.0.1:8080", "localhost:8080", "[::1]:8080"}
    assert own_names("0.0.0.0", 8080, secure=True) == {"127.0.0.1:8080", "localhost:8080", "[::1]:8080"}
    assert "192.0.2.7:8080" in own_names("192.0.2.7", 8080, secure=True)
    assert "[2001:db8::1]" in own_names("2001:db8::1", 443, secure=True)
    assert "localhost" not in own_names("127.0.0.1", 443, secure=False)
