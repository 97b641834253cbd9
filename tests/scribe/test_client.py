"""The Python client: what it sends, and what it says when things go wrong."""

from __future__ import annotations

import asyncio

import pytest
from running import TOKEN, RunningServer, consented

from scribe.client import ClientError, Refused, ScribeClient, Unreachable
from scribe.errors import BadRequest
from scribe.wire import Ended, Ready, ServerMessage


def test_where_no_server_answers_the_client_says_so_at_once() -> None:
    async def check() -> None:
        async with ScribeClient("http://127.0.0.1:9", TOKEN) as client:
            await client.sessions()

    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:9"):
        asyncio.run(check())


def test_a_wrong_token_is_refused_by_its_code(shared_server: RunningServer) -> None:
    async def check() -> None:
        async with ScribeClient(shared_server.url, "not the token at all") as client:
            await client.sessions()

    with pytest.raises(Refused) as refused:
        asyncio.run(check())
    assert (refused.value.code, refused.value.status) == ("not_authenticated", 401)


def test_a_session_without_consent_has_no_stream(shared_server: RunningServer) -> None:
    async def check() -> None:
        async with ScribeClient(shared_server.url, TOKEN) as client:
            session = await client.create_session(consented(consents=False))
            client.stream(session)

    with pytest.raises(Refused, match="awaiting_consent"):
        asyncio.run(check())


def test_a_consent_revoked_in_between_ends_the_stream_with_the_reason(shared_server: RunningServer) -> None:
    async def check() -> None:
        async with ScribeClient(shared_server.url, TOKEN) as client:
            session = await client.create_session(consented())
            async with client.stream(session) as stream:
                await stream.send(bytes(3200))
                await client.revoke_consent(session.id, "pt")
                async for _ in stream:
                    pass

    with pytest.raises(Refused) as refused:
        asyncio.run(check())
    assert (refused.value.code, refused.value.status) == ("no_valid_consent", 4403)


def test_half_a_sample_is_refused_before_it_is_sent(shared_server: RunningServer) -> None:
    async def check() -> None:
        async with ScribeClient(shared_server.url, TOKEN) as client:
            session = await client.create_session(consented())
            async with client.stream(session) as stream:
                await stream.send(b"123")

    with pytest.raises(BadRequest, match="whole samples"):
        asyncio.run(check())


@pytest.mark.parametrize(
    ("encoding", "rate", "frame"),
    [("mulaw", 8_000, 1), ("alaw", 8_000, 1), ("pcm_f32le", 48_000, 4), ("pcm_s16le", 44_100, 2)],
)
def test_every_encoding_and_rate_arrives_with_its_length(
    shared_server: RunningServer, encoding: str, rate: int, frame: int
) -> None:
    async def check() -> list[ServerMessage]:
        async with ScribeClient(shared_server.url, TOKEN) as client:
            session = await client.create_session(consented())
            silence = {"mulaw": b"\xff", "alaw": b"\xd5"}.get(encoding, bytes(frame))
            async with client.stream(session, encoding=encoding, sample_rate=rate) as stream:  # type: ignore[arg-type]
                await stream.send(silence * (3 * rate))
                await stream.stop()
                return [message async for message in stream]

    told = asyncio.run(check())
    assert isinstance(told[0], Ready)
    assert isinstance(told[-1], Ended)
    assert told[-1].receipt.seconds_received == pytest.approx(3.0, abs=0.002)


def test_a_stream_that_ended_takes_nothing_more(shared_server: RunningServer) -> None:
    async def check() -> None:
        async with ScribeClient(shared_server.url, TOKEN) as client:
            session = await client.create_session(consented())
            async with client.stream(session) as stream:
                await stream.stop()
                async for _ in stream:
                    pass
                await stream.send(bytes(320))

    with pytest.raises(ClientError, match="ended"):
        asyncio.run(check())
