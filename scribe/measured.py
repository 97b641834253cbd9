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
        began, answered, by_http = perf_counter(), 0, False

        async def watched(message: Message) -> None:
            nonlocal answered, by_http
            # The second is a handshake that was refused.
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                answered, by_http = message["status"], True
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
            if by_http:
                route = getattr(scope.get("route"), "path", "")
                self._metrics.answered(scope.get("method", "GET"), route, answered, perf_counter() - began)
