"""Guessing is slowed down, calls and streams have a rate, and nobody is counted for another."""

from __future__ import annotations

from contextlib import suppress

import httpx
import pytest
from running import TOKEN, RunningServer, StartServer
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from scribe.throttle import network_of


@pytest.fixture
def tight(start_server: StartServer) -> RunningServer:
    return start_server(
        asr="pocketsphinx", sign_in_failures_per_minute="3", calls_per_second="2", streams_per_second="0.5"
    )


def guess(running: RunningServer, how: str) -> httpx.Response:
    with httpx.Client(base_url=running.url, trust_env=False) as http:
        if how == "body":
            return http.post("/v1/sign-in", json={"token": "a wrong guess"})
        return http.get("/v1/sessions", headers={"Authorization": "Bearer a wrong guess"})


def test_guessing_ends_whatever_way_is_tried(tight: RunningServer) -> None:
    tries = [guess(tight, how) for how in ("body", "header", "body", "header", "body")]
    assert [answer.status_code for answer in tries] == [401, 401, 401, 429, 429]
    last = tries[-1]
    assert last.json()["code"] == "too_many_requests"
    assert 1 <= int(last.headers["retry-after"]) <= 20
    with tight.http as http:
        assert http.get("/v1/sessions").status_code == 429  # even the right one: else guessing would go on
        assert http.get("/healthz").status_code == 200
    with httpx.Client(base_url=tight.url, trust_env=False) as nobody:
        assert nobody.get("/v1/sessions").status_code == 401  # what shows no secret guesses nothing


def test_a_success_forgets_the_failures_before_it(tight: RunningServer) -> None:
    for _ in range(3):
        assert [guess(tight, "header").status_code for _ in range(2)] == [401, 401]
        with tight.http as http:
            assert http.get("/v1/sessions").status_code == 200


def test_what_needs_no_sign_in_forgets_nothing(tight: RunningServer) -> None:
    headers = {"Authorization": "Bearer a wrong guess"}
    with httpx.Client(base_url=tight.url, trust_env=False, headers=headers) as http:
        statuses = []
        for _ in range(5):
            statuses.append(http.get("/v1/sessions").status_code)
            assert http.get("/healthz").status_code == 200
            assert http.get("/page/main.js").status_code == 200
    assert statuses == [401, 401, 401, 429, 429]


def stream(running: RunningServer, token: str) -> int:
    """The close code."""
    url = f"ws{running.url.removeprefix('http')}/v1/sessions/nowhere/stream"
    headers = {"Authorization": f"Bearer {token}"}
    with connect(
        url, subprotocols=[Subprotocol("scribe.v1")], additional_headers=headers, proxy=None
    ) as connection:
        with suppress(ConnectionClosed):
            while True:
                connection.recv(timeout=20)
        assert connection.close_code is not None
        return connection.close_code


def test_guessing_on_the_stream_socket_counts_too(start_server: StartServer) -> None:
    running = start_server(asr="pocketsphinx", sign_in_failures_per_minute="3")
    assert [stream(running, "wrong") for _ in range(3)] == [4401] * 3
    with pytest.raises(InvalidStatus) as refused:
        stream(running, "wrong")
    assert refused.value.response.status_code == 429
    assert guess(running, "header").status_code == 429


def test_streams_are_opened_at_a_rate(tight: RunningServer) -> None:
    assert [stream(tight, TOKEN) for _ in range(5)] == [4404] * 5
    with pytest.raises(InvalidStatus) as refused:
        stream(tight, TOKEN)
    assert refused.value.response.status_code == 429
    assert int(refused.value.response.headers["Retry-After"]) >= 1


def test_calls_have_a_rate_and_the_page_s_files_have_none(tight: RunningServer) -> None:
    with tight.http as http:
        statuses = [http.get("/v1/templates").status_code for _ in range(30)]
        assert statuses[:20] == [200] * 20  # ten seconds' worth may come at once
        assert statuses[-1] == 429
        assert {http.get("/page/main.js").status_code for _ in range(30)} == {200}


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("not an address", "unknown"),
    ],
)
def test_an_ipv6_network_counts_as_one(address: str, network: str) -> None:
    assert network_of({"client": (address, 1)}) == network
