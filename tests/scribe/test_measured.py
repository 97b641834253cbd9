"""Calls and sockets as they are counted, whatever the application does with them."""

from __future__ import annotations

import asyncio

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scribe.measured import Measured
from scribe.metrics import Metrics


def counted(app: ASGIApp, scope: Scope, *messages: Message) -> list[str]:
    """What the figures say after one call, without those that say nothing."""
    metrics = Metrics()
    waiting = list(messages)

    async def receive() -> Message:
        return waiting.pop(0)

    async def send(_message: Message) -> None:
        pass

    async def check() -> None:
        await Measured(app, metrics)(scope, receive, send)

    asyncio.run(check())
    said = [line for line in metrics.read().decode().splitlines() if line.endswith(" 1.0")]
    return [line for line in said if line.startswith(("scribe_http_requests", "scribe_streams_closed"))]


async def closing(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": 4413})


async def leaving(_scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.close", "code": 1000})


async def refusing(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "websocket.http.response.start", "status": 429, "headers": []})


def test_a_socket_is_counted_once_by_who_closed_it_first() -> None:
    socket = {"type": "websocket", "path": "/"}
    assert counted(closing, socket) == ['scribe_streams_closed_total{code="4413"} 1.0']
    gone = {"type": "websocket.disconnect", "code": 4999}
    assert counted(leaving, socket, gone) == ['scribe_streams_closed_total{code="other"} 1.0']


def test_a_refused_handshake_is_a_call_and_no_stream() -> None:
    assert counted(refusing, {"type": "websocket", "path": "/x"}) == [
        'scribe_http_requests_total{method="GET",route="other",status="429"} 1.0'
    ]


def test_a_call_that_fails_before_it_is_answered_is_passed_on() -> None:
    async def failing(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise KeyError("marigold")

    with pytest.raises(KeyError):
        counted(failing, {"type": "http", "method": "GET", "path": "/"})
