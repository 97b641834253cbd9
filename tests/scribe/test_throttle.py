"""Guessing is slowed down, calls and streams have a rate, and nobody is counted for another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import httpx
import pytest
from running import TOKEN, RunningServer, StartServer, server
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from scribe.throttle import network_of


@pytest.fixture(scope="module")
def tight(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server behind a proxy, so that each test can come from an address of its own."""
    with server(
        tmp_path_factory.mktemp("tight") / "data",
        asr="pocketsphinx",
        trusted_proxy="127.0.0.1",
        sign_in_failures_per_minute="3",
        streams_per_second="0.3",
    ) as running:
        yield running


def from_(address: str, token: str | None = "a wrong guess") -> dict[str, str]:
    """The headers of a call from there."""
    shown = {"Authorization": f"Bearer {token}"} if token else {}
    return {"X-Forwarded-For": address, "X-Forwarded-Proto": "https"} | shown


def asked(running: RunningServer, headers: dict[str, str], path: str = "/v1/sessions") -> httpx.Response:
    return httpx.get(f"{running.url}{path}", headers=headers, trust_env=False)


def guess(running: RunningServer, address: str, how: str) -> httpx.Response:
    if how == "header":
        return asked(running, from_(address))
    url = f"{running.url}/v1/sign-in"
    return httpx.post(url, json={"token": "a wrong guess"}, headers=from_(address, None), trust_env=False)


def test_guessing_ends_whatever_way_is_tried(tight: RunningServer) -> None:
    tries = [guess(tight, "192.0.2.1", how) for how in ("body", "header", "body", "header", "body")]
    assert [answer.status_code for answer in tries] == [401, 401, 401, 429, 429]
    last = tries[-1]
    assert last.json()["code"] == "too_many_requests"
    assert 1 <= int(last.headers["retry-after"]) <= 20
    assert (
        asked(tight, from_("192.0.2.1", TOKEN)).status_code == 429
    )  # the right one too: else it would go on
    assert asked(tight, from_("192.0.2.1", TOKEN), "/page/main.js").status_code == 200
    assert asked(tight, from_("192.0.2.1", None)).status_code == 401  # what shows no secret guesses nothing
    assert asked(tight, from_("192.0.2.2", TOKEN)).status_code == 200  # and another address is not counted


def test_a_success_forgets_the_failures_before_it(tight: RunningServer) -> None:
    for _ in range(3):
        assert [guess(tight, "192.0.2.3", "header").status_code for _ in range(2)] == [401, 401]
        assert asked(tight, from_("192.0.2.3", TOKEN)).status_code == 200


def test_what_needs_no_sign_in_forgets_nothing(tight: RunningServer) -> None:
    statuses = []
    for _ in range(5):
        statuses.append(guess(tight, "192.0.2.4", "header").status_code)
        assert asked(tight, from_("192.0.2.4"), "/healthz").status_code == 200
        assert asked(tight, from_("192.0.2.4"), "/page/main.js").status_code == 200
    assert statuses == [401, 401, 401, 429, 429]


def stream(running: RunningServer, headers: dict[str, str]) -> int:
    """The close code."""
    url = f"ws{running.url.removeprefix('http')}/v1/sessions/nowhere/stream"
    with connect(
        url, subprotocols=[Subprotocol("scribe.v1")], additional_headers=headers, proxy=None
    ) as connection:
        with suppress(ConnectionClosed):
            while True:
                connection.recv(timeout=20)
        assert connection.close_code is not None
        return connection.close_code


def test_guessing_on_the_stream_socket_counts_too(tight: RunningServer) -> None:
    assert [stream(tight, from_("192.0.2.5")) for _ in range(2)] == [4401] * 2
    assert guess(tight, "192.0.2.5", "header").status_code == 401
    assert guess(tight, "192.0.2.5", "body").status_code == 429


def test_streams_are_opened_at_a_rate(tight: RunningServer) -> None:
    assert [stream(tight, from_("192.0.2.6", TOKEN)) for _ in range(3)] == [4404] * 3
    with pytest.raises(InvalidStatus) as refused:
        stream(tight, from_("192.0.2.6", TOKEN))
    assert refused.value.response.status_code == 429
    assert int(refused.value.response.headers["Retry-After"]) >= 1


def test_calls_have_a_rate_and_the_page_s_files_have_none(start_server: StartServer) -> None:
    running = start_server(asr="pocketsphinx", calls_per_second="0.5")
    with running.http as http:
        statuses = [http.get("/v1/templates").status_code for _ in range(30)]
        assert statuses[:5] == [200] * 5  # ten seconds' worth may come at once
        assert 429 in statuses[5:]
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
