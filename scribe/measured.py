"""Counts every call and every socket for `metrics`: by the template of its route, never by the path that came.

Plain ASGI, around all doors, so that what they refuse is counted too.
"""

from __future__ import annotations

from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scribe.metrics import Metrics


class Measured:
    """Stands around everything else."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on and count how it ended."""
        began, answered = perf_counter(), 0

        async def watched(message: Message) -> None:
            nonlocal answered
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                answered = message["status"]
            elif message["type"] == "websocket.close" and not answered:
                answered = message.get("code", 1000)
                self._metrics.closed(answered)
            await send(message)

        async def heard() -> Message:
            nonlocal answered
            message = await receive()
            if message["type"] == "websocket.disconnect" and not answered:
                answered = message.get("code", 1006)
                self._metrics.closed(answered)
            return message

        try:
            await self._app(scope, heard, watched)
        finally:
            if scope["type"] == "http" and answered:
                route = getattr(scope.get("route"), "path", "")
                self._metrics.answered(scope["method"], route, answered, perf_counter() - began)
