"""What nobody caught is answered with a problem, and neither log nor answer holds what it said."""

from __future__ import annotations

import asyncio
import logging

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from scribe.last_resort import LastResort
from scribe.listening import listen, uvicorn_server

WORDS = "I have not slept since Thursday"


@pytest.mark.parametrize("begun", [False, True])
def test_a_failure_s_words_reach_nobody(caplog: pytest.LogCaptureFixture, begun: bool) -> None:
    async def failing(_scope: Scope, _receive: Receive, send: Send) -> None:
        if begun:
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9")]})
        raise ValueError(WORDS)

    async def asked() -> httpx.Response | None:
        listener = listen("127.0.0.1", 0)
        listener.listen(8)
        server = uvicorn_server(LastResort(failing))
        server.config.lifespan = "off"
        serving = asyncio.create_task(server.serve([listener]))
        async with httpx.AsyncClient(trust_env=False, timeout=20) as http:
            try:
                return await http.get(f"http://127.0.0.1:{listener.getsockname()[1]}/")
            except httpx.RemoteProtocolError:
                return None
            finally:
                server.should_exit = True
                await serving

    with caplog.at_level(logging.INFO):
        answer = asyncio.run(asked())
    assert WORDS not in caplog.text
    assert "Traceback" not in caplog.text
    if begun:
        assert answer is None  # the answer breaks off: its length says so
    else:
        assert answer is not None
        assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "a call failed: ValueError" in caplog.text


def test_the_library_s_own_failures_are_logged_by_their_type(caplog: pytest.LogCaptureFixture) -> None:
    uvicorn_server(LastResort(None))  # type: ignore[arg-type]  # never called
    for name in ("uvicorn.error", "asyncio"):
        try:
            raise ValueError(WORDS)
        except ValueError:
            logging.getLogger(name).exception("It failed")
    assert WORDS not in caplog.text
    assert caplog.text.count("It failed (ValueError)") == 2
