"""Facts over a real socket: told while the session is heard, pinned and discarded, and the draft follows.

What was said is put right by correcting lines, so that the facts are known whichever recogniser listens.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from running import TOKEN, RunningServer, consented, fed, server

from scribe.client import Refused, ScribeClient, SessionStream
from scribe.sample import sample_audio
from scribe.wire import (
    DraftRequest,
    Ended,
    ErrorMessage,
    FactsMessage,
    ServerMessage,
    SessionView,
    UtteranceMessage,
    WireFact,
)

RATE = 16_000
AUDIO = (sample_audio()[: 30 * RATE] * 32767).astype("<i2").tobytes()
SLEEP = "I sleep about four hours a night."
WORK = "I was late for work twice last week."
RISK = "I have been thinking about killing myself."


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Told:
    """What a client knows of the facts, as the messages say it."""

    def __init__(self, stream: SessionStream) -> None:
        self._messages: AsyncIterator[ServerMessage] = aiter(stream)
        self.facts: dict[str, WireFact] = {}
        self.anew = 0

    async def until(self, wanted: Callable[[ServerMessage], bool]) -> ServerMessage:
        """Read on until a message is as wanted."""
        async for message in self._messages:
            if isinstance(message, FactsMessage):
                if message.anew:
                    self.anew += 1
                    self.facts.clear()
                for name in message.withdrawn:
                    del self.facts[name]
                self.facts |= {fact.id: fact for fact in message.facts}
            if wanted(message):
                return message
        raise AssertionError("the stream ended before that came")

    async def fact(self, text: str, status: str = "found") -> str:
        """The id of the fact of these words, once it is told with this status."""

        def known() -> str | None:
            return next((f.id for f in self.facts.values() if f.text == text and f.status == status), None)

        while (name := known()) is None:
            await self.until(lambda message: isinstance(message, FactsMessage))
        return name


async def correct(client: ScribeClient, session: SessionView, line_id: str, text: str) -> None:
    await client._call("PATCH", f"/v1/sessions/{session.id}/transcript/{line_id}", json={"text": text})


async def note_text(client: ScribeClient, session: SessionView) -> str:
    return (
        await client._call(
            "GET", f"/v1/sessions/{session.id}/note/export", params={"format": "text", "draft": True}
        )
    ).text


async def final_of(told: Told, role: str, but: str = "") -> str:
    message = await told.until(
        lambda m: (
            isinstance(m, UtteranceMessage) and m.is_final and bool(m.text) and m.role == role and m.id != but
        )
    )
    assert isinstance(message, UtteranceMessage)
    return message.id


def test_facts_are_chosen_while_the_session_is_heard_outlive_a_killed_server_and_shape_the_draft(
    tmp_path: Path,
) -> None:
    port, data = free_port(), tmp_path / "data"

    async def check(servers: ExitStack, running: RunningServer) -> None:
        async with ScribeClient(running.url, TOKEN) as client:
            session = await client.create_session(consented(channels=2))
            async with client.stream(session, channels=2, facts=True, patience_seconds=90) as stream:
                told = Told(stream)
                await stream.send(AUDIO)
                first = await final_of(told, "client")
                second = await final_of(told, "client", but=first)
                await correct(client, session, first, f"{RISK} {SLEEP}")
                await correct(client, session, second, WORK)
                sleep, work, risk = [await told.fact(text) for text in (SLEEP, WORK, RISK)]
                assert told.facts[sleep].evidence[0].utterance == first
                assert told.facts[sleep].evidence[0].quote == SLEEP

                await stream.discard(sleep)
                await stream.pin(work)
                await told.fact(SLEEP, "discarded")
                await told.fact(WORK, "pinned")
                await stream.discard(risk)
                refused = await told.until(lambda message: isinstance(message, ErrorMessage))
                assert isinstance(refused, ErrorMessage)
                assert refused.code == "fact_refused"
                assert "risk" in refused.detail
                with pytest.raises(Refused) as refusal:
                    await client.set_fact(session.id, risk, "discarded")
                assert (refusal.value.status, refusal.value.code) == (400, "bad_request")

                running.kill()
                again = await asyncio.to_thread(servers.enter_context, server(data, port=port))
                before = told.anew
                await told.until(lambda message: isinstance(message, FactsMessage) and message.anew)
                assert told.anew == before + 1
                assert await told.fact(SLEEP, "discarded") == sleep
                assert await told.fact(WORK, "pinned") == work
                during = await client.facts(session.id)
                assert {f.id: f.status for f in during.facts if f.id in (sleep, work, risk)} == {
                    sleep: "discarded",
                    work: "pinned",
                    risk: "found",
                }
                await stream.stop()
                await told.until(lambda message: isinstance(message, Ended))

            # What was told is what the stored transcript gives, status and all.
            after = await client.facts(session.id)
            assert {fact.id: fact for fact in after.facts} == told.facts
            draft = await note_text(client, session)
            assert "late for work" in draft
            assert "4 hours" not in draft
            assert "killing myself" in draft

            await client._call("POST", f"/v1/sessions/{session.id}/note/sections/SUBJECTIVE/redraft")
            assert "4 hours" not in await note_text(client, session)
            assert (await client.set_fact(session.id, sleep, "pinned")).status == "pinned"
            brief = DraftRequest(detail="brief").model_dump(exclude_none=True)
            await client._call("POST", f"/v1/sessions/{session.id}/note", json=brief)
            assert "4 hours" in await note_text(client, session)
            assert (await client.set_fact(session.id, sleep, "found")).status == "found"

            with pytest.raises(Refused) as missing:
                await client.set_fact(session.id, "u9.0.sleep", "pinned")
            assert missing.value.status == 404
            audit = (await client._call("GET", "/v1/audit")).text
            assert audit.count("fact marked") >= 4, (
                "two on the socket, perhaps again after the cut, two by REST"
            )
            assert "four hours" not in audit
            log = again.said.read_text()
            assert "four hours" not in log
            assert "ERROR" not in log

            await client.shred(session.id)
            with pytest.raises(Refused) as gone:
                await client.facts(session.id)
            assert gone.value.status == 404

    with ExitStack() as servers:
        asyncio.run(check(servers, servers.enter_context(server(data, port=port))))


def test_who_does_not_ask_for_facts_is_told_none_and_can_read_them(shared_server: RunningServer) -> None:
    async def check() -> None:
        async with ScribeClient(shared_server.url, TOKEN) as client:
            session = await client.create_session(consented(channels=2))
            async with client.stream(session, channels=2) as stream, asyncio.TaskGroup() as tasks:
                tasks.create_task(fed(stream, AUDIO[: 2 * len(AUDIO) // 3]))
                heard = [message async for message in stream]
            assert not any(isinstance(message, FactsMessage) for message in heard)
            line = next(
                line for line in (await client.transcript(session.id)).utterances if line.role == "client"
            )
            await correct(client, session, line.id, SLEEP)
            (fact,) = [fact for fact in (await client.facts(session.id)).facts if fact.text == SLEEP]
            assert (await client.set_fact(session.id, fact.id, "discarded")).status == "discarded"
            # The mark holds for the words, wherever a correction moves them in their line.
            await correct(client, session, line.id, f"Well, let me think. {SLEEP}")
            (moved,) = [fact for fact in (await client.facts(session.id)).facts if fact.text == SLEEP]
            assert moved.id != fact.id
            assert moved.status == "discarded"

    asyncio.run(check())


def test_a_signed_note_ends_the_choice_of_facts(shared_server: RunningServer) -> None:
    async def check() -> None:
        async with ScribeClient(shared_server.url, TOKEN) as client:
            session = await client.create_session(consented(channels=2))
            async with client.stream(session, channels=2) as stream, asyncio.TaskGroup() as tasks:
                tasks.create_task(fed(stream, AUDIO[: 2 * len(AUDIO) // 3]))
                async for _ in stream:
                    pass
            await client._call("POST", f"/v1/sessions/{session.id}/note", json={})
            for finding in (await client.note(session.id)).note.model_dump()["findings"]:
                path = f"/v1/sessions/{session.id}/note/findings/{finding['id']}"
                await client._call("PATCH", path, json={"resolution": "justified", "reason": "Heard it."})
            await client._call(
                "POST",
                f"/v1/sessions/{session.id}/note/sections/SUBJECTIVE/statements",
                json={"text": "Client was seen for twenty seconds."},
            )
            await client.sign(session.id, name="A. Clinician", credentials="LCSW")
            for call in (client.facts(session.id), client.set_fact(session.id, "u1.0.sleep", "pinned")):
                with pytest.raises(Refused) as refusal:
                    await call
                assert (refusal.value.status, refusal.value.code) == (409, "wrong_state")

    asyncio.run(check())
