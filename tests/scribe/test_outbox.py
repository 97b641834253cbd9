"""What waits for a slow reader."""

from __future__ import annotations

import asyncio

from scribe.errors import NotConsented
from scribe.outbox import FACTS_AT_ONCE, LIMIT, Outbox
from scribe.wire import Ack, FactsMessage, NoteReady, Ready, ServerMessage, UtteranceMessage, WireFact


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


def test_ready_goes_first_whatever_came_while_the_stream_was_opened() -> None:
    async def check() -> None:
        outbox = Outbox()
        outbox.hold()
        outbox.put(Ack(received=1, committed=0))
        reading = asyncio.create_task(outbox.get())
        await asyncio.sleep(0)
        assert not reading.done()
        ready = Ready(resume_from=0, max_unacked_seconds=60.0, paused=False)
        outbox.put(ready)
        assert await reading == ready
        assert await outbox.get() == Ack(received=1, committed=0)

    asyncio.run(check())


def test_a_stream_that_could_not_be_opened_still_says_why() -> None:
    async def check() -> None:
        outbox = Outbox()
        outbox.hold()
        outbox.put(Ack(received=1, committed=0))
        assert await everything(outbox) == [Ack(received=1, committed=0)]

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


def found(name: str, text: str = "I nap.") -> WireFact:
    return WireFact(
        id=name,
        kind="sleep",
        text=text,
        role="client",
        polarity="affirmed",
        assessed=False,
        confidence=0.7,
        evidence=(),
        attributes={},
    )


def test_facts_wait_behind_finals_and_are_told_as_they_are_by_then() -> None:
    async def check() -> None:
        outbox = Outbox()
        outbox.put(FactsMessage(facts=(found("f1"), found("f2"))))
        outbox.put(said("u1", "final", final=True))
        outbox.put(FactsMessage(facts=(found("f1", "I nap daily."), found("f3")), withdrawn=("f2", "f0")))
        assert await everything(outbox) == [
            said("u1", "final", final=True),
            FactsMessage(facts=(found("f1", "I nap daily."), found("f3")), withdrawn=("f2", "f0")),
        ]

    asyncio.run(check())


def test_a_fact_that_is_found_again_is_not_withdrawn() -> None:
    async def check() -> None:
        outbox = Outbox()
        outbox.put(FactsMessage(facts=(), withdrawn=("f1",)))
        outbox.put(FactsMessage(facts=(found("f1"),)))
        assert await everything(outbox) == [FactsMessage(facts=(found("f1"),))]

    asyncio.run(check())


def test_facts_that_are_told_anew_replace_all_that_wait() -> None:
    async def check() -> None:
        outbox = Outbox()
        outbox.put(FactsMessage(facts=(found("f1"),), withdrawn=("f0",)))
        outbox.put(FactsMessage(facts=(found("f2"),), anew=True))
        assert await everything(outbox) == [FactsMessage(facts=(found("f2"),), anew=True)]

    asyncio.run(check())


def test_many_facts_come_in_several_messages_before_the_end() -> None:
    async def check() -> None:
        outbox = Outbox()
        many = tuple(found(f"f{number}") for number in range(FACTS_AT_ONCE + 1))
        outbox.put(FactsMessage(facts=many, anew=True))
        note = NoteReady(status="ready", url="/")
        outbox.put(note)
        assert await everything(outbox) == [
            FactsMessage(facts=many[:FACTS_AT_ONCE], anew=True),
            FactsMessage(facts=many[FACTS_AT_ONCE:]),
            note,
        ]

    asyncio.run(check())


def test_facts_never_make_the_outbox_overflow() -> None:
    async def check() -> None:
        outbox = Outbox()
        for number in range(LIMIT):
            outbox.put(said(f"u{number}", "x", final=True))
            outbox.put(FactsMessage(facts=(found(f"f{number}"),)))
        assert not outbox.overflowed
        assert sum(isinstance(message, UtteranceMessage) for message in await everything(outbox)) == LIMIT

    asyncio.run(check())
