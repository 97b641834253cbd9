"""uvicorn's connections with what they lack: bounds on heads and numbers, and a failure that they do not have."""

from __future__ import annotations

import asyncio

from h11 import Data, EndOfMessage, Request, Response
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State

from scribe.admission import problem
from scribe.errors import BadRequest, Idle, ScribeError
from scribe.headers import SecurityHeaders

SPARE_CONNECTIONS = 64
"""Beyond the most that are served: they are told so (503); what comes on top of them is dropped unheard."""


class HttpProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 with bounds that it lacks: time for a request's head, and a number of connections.

    Its own keep-alive timer ends with the first byte of the next request, which leaves one that drips its head.
    """

    head_seconds = 10.0
    max_connections = 500
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A connection: it has so long for the head of its first request."""
        super().connection_made(transport)
        if len(self.connections) > self.max_connections + SPARE_CONNECTIONS:
            transport.abort()
            return
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Bytes: of a head that is awaited, or of a request that is being answered."""
        super().data_received(data)
        if self._being_answered():
            self._stop_waiting()
        elif self._head_timer is None:
            self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._stop_waiting()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self, event: Request) -> None:
        """A handshake that the WebSocket library cannot read is refused; uvicorn would keep its connection for ever."""
        super().handle_websocket_upgrade(event)
        socket = self.transport.get_protocol()
        if isinstance(socket, WebSocketsSansIOProtocol) and not socket.handshake_initiated:
            self._refuse(
                BadRequest("Expected a WebSocket handshake with at most 8 KiB in a line and 128 headers.")
            )

    def send_400_response(self, msg: str) -> None:
        """What is no HTTP gets a problem as every other call does."""
        self._refuse(
            BadRequest(f"Expected HTTP/1.1 with at most 16 KiB of headers; {msg[:1].lower()}{msg[1:]}")
        )

    def _being_answered(self) -> bool:
        is_socket_now = self.transport.get_protocol() is not self
        return is_socket_now or (self.cycle is not None and not self.cycle.response_complete)

    def _await_head(self) -> None:
        self._head_timer = self.loop.call_later(self.head_seconds, self._head_is_late)

    def _stop_waiting(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_is_late(self) -> None:
        if self.transport.is_closing():
            return
        served: RequestResponseCycle | None = self.cycle  # None before the first, whatever its type says
        if served is None:
            self._refuse(Idle(f"A request's headers must come within {self.head_seconds:g} seconds."))
        self.transport.close()

    def _refuse(self, error: ScribeError) -> None:
        answer = problem(error)
        headers = [*answer.raw_headers, *SecurityHeaders.common(), (b"connection", b"close")]
        for event in (
            Response(status_code=error.status, headers=headers, reason=b""),
            Data(data=bytes(answer.body)),
            EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


class SocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket; by itself it fails, with a traceback, on text that is no UTF-8 while it is closing."""

    def send_receive_event_to_app(self) -> None:
        """A whole message came."""
        if self.curr_msg_data_type == "text" and self.conn.state is not State.OPEN:
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                self.frames = []  # there is nobody left to be told
                return
        super().send_receive_event_to_app()
