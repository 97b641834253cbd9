"""What waits for a slow reader."""

from __future__ import annotations

import asyncio

from scribe.errors import NotConsented
from scribe.outbox import LIMIT, Outbox
from scribe.wire import Ack, ServerMessage, UtteranceMessage


def said(name: str, text: str, *, final: bool) -> UtteranceMessage:
    return UtteranceMessage(
        id=name,
        speaker="SPEAKER_00",
        role="client",
        role_confidence=1.0,
        start=0.0,
        end=1.0,
        text=text,
        words=(),
        is_final=final,
        revision=0,
    )


async def everything(outbox: Outbox) -> list[ServerMessage]:
    outbox.close()
    found = []
    while (message := await outbox.get()) is not None:
        found.append(message)
    return found


def test_a_newer_partial_and_a_newer_ack_replace_those_that_wait() -> None:
    async def check() -> None:
        outbox = Outbox()
        for text in ("I", "I sleep"):
            outbox.put(said("u1", text, final=False))
            outbox.put(Ack(received=len(text), committed=0))
        found = await everything(outbox)
        assert found == [said("u1", "I sleep", final=False), Ack(received=7, committed=0)]

    asyncio.run(check())


def test_finals_keep_their_order_and_none_is_lost() -> None:
    async def check() -> None:
        outbox = Outbox()
        outbox.put(said("u1", "partial", final=False))
        for number in range(LIMIT - 1):
            outbox.put(said(f"u{number + 2}", "x", final=True))
        outbox.put(said("u1", "final", final=True))
        texts = [
            message.text for message in await everything(outbox) if isinstance(message, UtteranceMessage)
        ]
        assert texts == ["x"] * (LIMIT - 1) + ["final"]
        assert not outbox.overflowed

    asyncio.run(check())


def test_partials_go_first_and_then_the_reader_is_given_up() -> None:
    async def check() -> None:
        outbox = Outbox()
        outbox.put(said("p", "partial", final=False))
        for number in range(LIMIT):
            outbox.put(said(f"u{number}", "x", final=True))
        assert not outbox.overflowed
        outbox.put(said("one too many", "x", final=True))
        assert outbox.overflowed
        assert await outbox.get() is None

    asyncio.run(check())


def test_a_reader_that_waits_hears_of_the_end_and_why() -> None:
    async def check() -> None:
        outbox = Outbox()
        reader = asyncio.create_task(outbox.get())
        await asyncio.sleep(0)
        reason = NotConsented("Consent was revoked.")
        outbox.close(reason)
        assert await reader is None
        assert outbox.closed is reason

    asyncio.run(check())
