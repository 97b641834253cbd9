"""Who gets the next stream: limits, shares, and two platforms with a key each at a real server that is full."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime

import httpx
from hypothesis import given
from hypothesis import strategies as st
from running import RunningServer, StartServer, consented
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from scribe.access import KeyScope
from scribe.accounts import Accounts
from scribe.database import Database
from scribe.keys import file_keys
from scribe.shares import REMEMBERED_SECONDS, Shares
from scribe.vault import Vault

START = {"type": "start", "encoding": "pcm_s16le", "sample_rate": 16_000, "channels": 1}


def test_an_account_holds_no_more_than_its_limit_however_much_room_there_is() -> None:
    shares = Shares(2)
    assert shares.ask("a", {"a": 1}, 100, 0.0, full=False) is None
    assert shares.ask("a", {"a": 2}, 100, 0.0, full=False) == "quota"
    assert shares.ask("b", {"a": 2}, 100, 0.0, full=False) is None


def test_one_alone_may_have_everything() -> None:
    shares = Shares(0)
    for own in range(4):
        assert shares.ask("a", {"a": own}, 4, float(own), full=False) is None
    assert shares.ask("a", {"a": 4}, 4, 5.0, full=True) == "full"


def test_what_becomes_free_is_kept_for_who_found_the_server_full_and_not_for_ever() -> None:
    shares = Shares(0)
    assert shares.ask("b", {"a": 4}, 4, 0.0, full=True) == "full"
    assert shares.ask("a", {"a": 3}, 4, 1.0, full=False) == "share"
    assert shares.ask("b", {"a": 3}, 4, 2.0, full=False) is None
    assert shares.ask("a", {"a": 2, "b": 1}, 4, 3.0, full=False) is None  # b has what it asked for
    assert shares.ask("b", {"a": 3, "b": 1}, 4, 4.0, full=True) == "full"
    assert shares.ask("a", {"a": 2, "b": 1}, 4, 4.0 + REMEMBERED_SECONDS, full=False) is None  # b went away


@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=8), st.permutations("abcd"), st.integers(0, 7))
def test_the_next_stream_that_ends_goes_to_whoever_waits_however_many_ask_before(
    holders: list[str], askers: list[str], which: int
) -> None:
    shares, capacity, held = Shares(0), len(holders), Counter(holders)
    assert shares.ask("patient", held, capacity, 0.0, full=True) == "full"
    held[holders[which % capacity]] -= 1
    for moment, other in enumerate(askers * 3, start=1):
        assert shares.ask(other, held, capacity, moment / 10, full=False) == "share"
    assert shares.ask("patient", held, capacity, 2.0, full=False) is None


def test_those_who_wait_are_served_in_the_order_in_which_they_came() -> None:
    shares, held = Shares(0), Counter({"a": 2})
    for moment, name in enumerate(("b", "c", "d")):
        assert shares.ask(name, held, 2, float(moment), full=True) == "full"
    held["a"] = 1
    answers = [shares.ask(name, held, 2, 5.0, full=False) for name in ("d", "c", "a", "b")]
    assert answers == ["share", "share", "share", None]
    held = Counter({"b": 1})
    assert [shares.ask(name, held, 2, 6.0, full=False) for name in ("d", "b", "a", "c")] == [
        *("share", "share", "share"),
        None,
    ]


def keys(running: RunningServer, *labels: str) -> list[str]:
    """A platform with a key for each label."""
    database = Database(f"sqlite:///{running.data_dir / 'scribe.db'}")
    accounts = Accounts(database, Vault(database, file_keys(running.data_dir)).open())
    now = datetime.now(UTC)
    made = [accounts.create_key(accounts.add_platform(label, now), KeyScope, now) for label in labels]
    database.close()
    return made


async def asked(
    stack: AsyncExitStack, running: RunningServer, key: str
) -> tuple[ClientConnection, dict[str, str]]:
    """One more stream of a platform, and the first that it is told."""
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=running.url, headers=headers, trust_env=False) as http:
        answer = await http.post("/v1/sessions", json=consented().model_dump(mode="json"))
    socket = await stack.enter_async_context(
        connect(
            f"{running.url.replace('http', 'ws')}/v1/sessions/{answer.json()['id']}/stream",
            subprotocols=[Subprotocol("scribe.v1")],
            additional_headers=headers,
            proxy=None,
        )
    )
    await socket.send(json.dumps(START))
    return socket, json.loads(await socket.recv())


async def refused(stack: AsyncExitStack, running: RunningServer, key: str) -> str:
    """Why there is no more for this platform; the close says the same as the message."""
    socket, told = await asked(stack, running, key)
    assert (told["type"], told["code"]) == ("error", "no_capacity")
    with suppress(ConnectionClosed):
        await socket.recv()
    assert socket.close_code == 1013
    assert told["detail"].startswith(socket.close_reason or "nothing")
    return told["detail"]


def test_a_platform_that_fills_the_server_does_not_keep_another_waiting_for_ever(
    start_server: StartServer,
) -> None:
    running = start_server(asr="pocketsphinx", access="organisation", max_streams="3", linger_seconds="0")
    greedy, patient = keys(running, "greedy", "patient")

    async def check() -> None:
        async with AsyncExitStack() as stack:
            open_now = []
            for _ in range(3):
                socket, told = await asked(stack, running, greedy)
                assert told["type"] == "ready"
                open_now.append(socket)
            assert "as many streams as it can" in await refused(stack, running, patient)
            await open_now[0].close()
            async with httpx.AsyncClient(trust_env=False) as http:
                probe = f"{running.url}/readyz"
                while (await http.get(probe)).json()["streams"] == 3:  # noqa: ASYNC110 - another process
                    await asyncio.sleep(0.02)
            assert "Others wait" in await refused(stack, running, greedy)
            _, told = await asked(stack, running, patient)
            assert told["type"] == "ready"

    asyncio.run(check())


def test_a_platform_has_a_limit_of_its_own_for_all_its_keys(start_server: StartServer) -> None:
    running = start_server(asr="pocketsphinx", access="organisation", streams_per_account="2")
    small, other = keys(running, "small", "other")

    async def check() -> None:
        async with AsyncExitStack() as stack:
            for _ in range(2):
                _, told = await asked(stack, running, small)
                assert told["type"] == "ready"
            assert "SCRIBE_STREAMS_PER_ACCOUNT" in await refused(stack, running, small)
            _, told = await asked(stack, running, other)
            assert told["type"] == "ready"

    asyncio.run(check())
