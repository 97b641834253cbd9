"""What a server says of itself, at its most talkative and when things go wrong: no word of a session, no error text."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import sqlite3
import sys
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from running import TOKEN, RunningServer, StartServer, consented, fed
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from scribe.client import ScribeClient
from scribe.logs import JsonLines, PlacesOnly, log_lost_errors, places
from scribe.sample import sample_mono
from scribe.wire import UtteranceMessage

CANARY = "xylophone"


@pytest.fixture
def told() -> Iterator[list[str]]:
    """What is logged, as it would be shown."""
    shown: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            shown.append(self.format(record))

    kept = Kept()
    kept.setFormatter(PlacesOnly("%(message)s"))
    logging.getLogger("scribe").addHandler(kept)
    yield shown
    logging.getLogger("scribe").removeHandler(kept)


def failing() -> None:
    try:
        int(CANARY)
    except ValueError as error:
        raise KeyError(f"no {CANARY}") from error


def test_an_error_is_told_by_its_type_and_place_and_never_by_its_text() -> None:
    with pytest.raises(KeyError) as raised:
        failing()
    said = PlacesOnly().formatException((KeyError, raised.value, raised.tb))

    assert CANARY not in said
    assert said.startswith("KeyError at test_logs.py:")
    assert "after ValueError at test_logs.py:" in said


def test_an_error_that_no_task_waited_for_is_told_the_same_way(told: list[str]) -> None:
    async def lost() -> None:
        asyncio.get_running_loop().set_exception_handler(log_lost_errors)
        task = asyncio.create_task(broken())
        await asyncio.wait({task})
        del task
        gc.collect()

    async def broken() -> None:
        failing()

    asyncio.run(lost())
    assert len(told) == 1
    assert CANARY not in told[0]
    assert "a task failed: KeyError at" in told[0]


def test_errors_behind_one_another_in_a_ring_are_told_once() -> None:
    first, second = ValueError(CANARY), ValueError(CANARY)
    first.__cause__, second.__cause__ = second, first
    assert places(first).count("ValueError") == 2


async def spoken(running: RunningServer) -> tuple[str, list[str]]:
    """A session with a canary in its notes; its id and the words that were heard."""
    words: list[str] = []
    audio = (sample_mono()[: 40 * 16_000] * 32767).astype("<i2").tobytes()
    async with ScribeClient(running.url, TOKEN) as client:
        session = await client.create_session(consented(notes_markdown=CANARY))
        async with client.stream(session) as stream:
            await stream.mark(f"the {CANARY}")
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(fed(stream, audio))
                async for message in stream:
                    if isinstance(message, UtteranceMessage) and message.is_final:
                        words += message.text.lower().split()
    return session.id, [word.strip(".,?!") for word in words]


async def provoke(running: RunningServer) -> list[str]:
    """Every kind of message that a stream refuses, each with the canary in it; the reasons that were given."""
    good = json.dumps({"type": "start", "encoding": "pcm_s16le", "sample_rate": 16_000})
    messages: list[list[str | bytes]] = [
        [CANARY],
        [json.dumps({"type": CANARY})],
        [json.dumps({"type": "start", "encoding": CANARY, "sample_rate": 16_000})],
        [good, json.dumps({"type": "mark", "label": CANARY * 40})],
        [good, json.dumps({"type": "fact", "id": CANARY, "status": "pinned"}), json.dumps({CANARY: 1})],
        [good, CANARY.encode() + bytes(80_000)],
        [good.replace("pcm_s16le", "opus_webm"), CANARY.encode() * 40],
        [good.replace("pcm_s16le", "flac"), CANARY.encode() * 40],
    ]
    reasons: list[str] = []
    async with ScribeClient(running.url, TOKEN) as client:
        for one in messages:
            session = await client.create_session(consented(notes_markdown=CANARY))
            url = f"{running.url.replace('http', 'ws')}/v1/sessions/{session.id}/stream"
            headers = {"Authorization": f"Bearer {TOKEN}"}
            async with connect(
                url, subprotocols=[Subprotocol("scribe.v1")], additional_headers=headers
            ) as socket:
                try:
                    for message in one:
                        await socket.send(message)
                    async for answer in socket:
                        reasons.append(str(answer))
                except ConnectionClosed:
                    pass
                reasons.append(socket.close_reason or "")
    return reasons


def break_a_row(folder: Path, session_id: str) -> None:
    """What a failing disk does to a line of the transcript."""
    with sqlite3.connect(folder / "scribe.db") as store:
        store.execute(
            "UPDATE utterances SET line = substr(line, 1, length(line) - 3) || x'000000' WHERE session_id = ?",
            (session_id,),
        )
    store.close()


FIELDS = {"time", "level", "logger", "event", "message", "session", "error"}


def test_an_event_as_json_is_one_line_of_known_fields_and_no_error_text() -> None:
    try:
        failing()
    except KeyError:
        failed = sys.exc_info()
    args = ("6f1c", "ValueError")
    record = logging.LogRecord("scribe.live", 40, "live.py", 1, "session %s: it broke: %s", args, failed)
    text = JsonLines().format(record)
    line = json.loads(text)
    assert "\n" not in text
    assert CANARY not in text
    assert line.pop("error").startswith("KeyError at test_logs.py:")
    assert datetime.fromisoformat(line.pop("time")).tzinfo is not None
    assert line == {
        "level": "error",
        "logger": "scribe.live",
        "event": "it broke: %s",
        "message": "session 6f1c: it broke: ValueError",
        "session": "6f1c",
    }
    text = JsonLines().format(logging.LogRecord("uvicorn", 30, "x", 1, "a “line”\nof another", (), None))
    assert "\n" not in text
    assert json.loads(text).keys() == FIELDS - {"session", "error"}


@pytest.mark.faults
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_server_at_debug_tells_no_words_whatever_goes_wrong(start_server: StartServer, form: str) -> None:
    running = start_server(log_level="debug", idle_seconds="3", log_format=form)
    session_id, words = asyncio.run(spoken(running))
    reasons = asyncio.run(provoke(running))
    answers: list[str] = []
    for path, body in [
        ("/v1/sessions", f'{{"template": "{CANARY}"}}'),
        ("/v1/sessions", CANARY),
        (f"/v1/sessions/{session_id}/consents", f'{{"{CANARY}": 1}}'),
        (f"/v1/sessions/{session_id}/audio", CANARY * 500),
        (f"/v1/{CANARY}", ""),
    ]:
        # A connection each: one whose body was refused is closed.
        with running.http as http:
            answer = http.post(path, content=body, headers={"Content-Type": "application/json"})
        assert 400 <= answer.status_code < 500 or "event: error" in answer.text
        answers.append(answer.text)
    with running.http as http:
        break_a_row(running.data_dir, session_id)
        for path in ("transcript", "facts", "checklist"):
            answer = http.get(f"/v1/sessions/{session_id}/{path}")
            assert answer.status_code >= 400
            answers.append(answer.text)
        probes = http.get("/metrics").text + http.get("/readyz").text + http.get("/healthz").text
    running.stop()
    log = running.said.read_text()

    canaries = {CANARY, TOKEN} | {word for word in words if len(word) >= 8 and word != "recording"}
    assert len(canaries) > 5
    assert not [word for word in canaries if word in (log + probes).lower()]
    # A sender may be told what it sent, in one word; nobody is told what was said.
    assert not [reason for reason in reasons if CANARY * 2 in reason]
    assert not [word for word in canaries - {CANARY} for one in answers + reasons if word in one.lower()]
    assert len(reasons) > 8
    assert "Traceback" not in log
    assert len(log.splitlines()) > 5, "the server did log"
    if form == "json":
        lines = [json.loads(line) for line in log.splitlines()]
        assert {name for line in lines for name in line} <= FIELDS
        about = [line["event"] for line in lines if line.get("session") == session_id]
        assert "stream opened on %d channels" in about
        assert "ended after %.1f s" in about


def test_a_thread_that_fails_is_told_by_type_and_place(
    told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from scribe.logs import log_to_stderr

    before = threading.excepthook, list(logging.getLogger().handlers)
    try:
        log_to_stderr("debug")
        thread = threading.Thread(target=failing)
        thread.start()
        thread.join()
    finally:
        threading.excepthook = before[0]
        logging.getLogger().handlers[:] = before[1]

    assert any(line.startswith("a thread failed: KeyError at") for line in told)
    assert not [line for line in told if CANARY in line]
    assert logging.getLogger("uvicorn.error").getEffectiveLevel() == logging.WARNING
    assert logging.getLogger("sqlalchemy.engine").getEffectiveLevel() == logging.WARNING
