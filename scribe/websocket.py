"""The stream socket: `StreamProtocol` and a `Capture` joined by one WebSocket.

Reads one frame at a time and reads the next when that one was taken, so a server that cannot keep up slows
its clients instead of losing their audio. Every send has a time limit.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect, WebSocketState

from scribe.auth import COOKIE, same_origin
from scribe.capture import Capture
from scribe.errors import BadRequest, Idle, NotAuthenticated, NotFound, ScribeError, TooLarge
from scribe.live import require_capture
from scribe.outbox import Outbox
from scribe.server import Server
from scribe.session import Identifier
from scribe.stream import AudioFrame, RefusedFrame, StreamEvent, StreamProtocol
from scribe.wire import (
    SUBPROTOCOL,
    TOKEN_SUBPROTOCOL_PREFIX,
    ErrorMessage,
    FactChoice,
    FactStatus,
    Mark,
    Pause,
    Resume,
    Start,
    Stop,
)

log = logging.getLogger("scribe.websocket")
router = APIRouter()

CLOSE_SECONDS = 5.0
MAX_REASON_BYTES = 123
"""RFC 6455, section 5.5.1: a close frame's body has 125 bytes, two of them the code."""


@router.websocket("/v1/sessions/{session_id}/stream")
async def stream(websocket: WebSocket, session_id: Identifier) -> None:
    """One stream of one session, from the handshake to the close."""
    server: Server = websocket.app.state.server
    # RFC 6455, section 10.2. What is no browser sends no origin, and needs its token anyway.
    origin = websocket.headers.get("origin")
    if origin is not None and not same_origin(origin, websocket.headers.get("host")):
        await websocket.close(1008)
        return
    offered: list[str] = websocket.scope.get("subprotocols", [])
    await websocket.accept(SUBPROTOCOL if SUBPROTOCOL in offered else None)
    connection = Connection(websocket, server)
    try:
        if SUBPROTOCOL not in offered:
            raise BadRequest(f"Offer the subprotocol {SUBPROTOCOL} when you connect.")
        authenticate(websocket, server, session_id, offered)
        stored = await asyncio.to_thread(server.store.session, session_id)
        require_capture(stored, server.clock(), server.rules)
        await connection.run(session_id)
    except ScribeError as error:
        await connection.refuse(error)
    except WebSocketDisconnect:
        pass
    except Exception as error:
        log.error("session %s: the stream failed: %s", session_id, type(error).__name__)
        await connection.refuse(
            ScribeError("The server failed; reconnect and resume, nothing acknowledged is lost.")
        )
    else:
        await connection.close(1000, "")


class Connection:
    """One socket and the capture it feeds."""

    def __init__(self, websocket: WebSocket, server: Server) -> None:
        self._websocket = websocket
        self._server = server
        self._protocol = StreamProtocol()
        self._outbox = Outbox()
        self._told_refused = False

    async def run(self, session_id: str) -> None:
        """From `start` to `ended`; raises what ends the stream before that."""
        start = await self._start()
        live = self._server.live
        capture, ready = await live.open(session_id, start, self._outbox)
        try:
            await asyncio.to_thread(self._server.audit.record, "stream", "stream opened", session_id)
            if ready.paused:
                self._protocol.stay_paused()
            self._outbox.put(ready)
            await self._exchange(capture)
        finally:
            await live.leave(capture)

    async def _exchange(self, capture: Capture) -> None:
        sender = asyncio.create_task(self._send())
        receiver = asyncio.create_task(self._receive(capture))
        try:
            await asyncio.wait({sender, receiver}, return_when=asyncio.FIRST_COMPLETED)
            if receiver.done():
                receiver.result()
                self._outbox.close()
            await sender
        finally:
            for task in (sender, receiver):
                task.cancel()
            await asyncio.gather(sender, receiver, return_exceptions=True)

    async def refuse(self, error: ScribeError) -> None:
        """Say why, then close with the error's code."""
        log.info("stream refused: %s", error.code)
        with suppress(WebSocketDisconnect, RuntimeError, TimeoutError):
            message = ErrorMessage(code=error.code, detail=error.detail)
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._websocket.send_text(message.model_dump_json())
        await self.close(error.close_code, error.detail)

    async def close(self, code: int, reason: str) -> None:
        """Close; a client that does not listen is not waited for."""
        if self._websocket.application_state is WebSocketState.DISCONNECTED:
            return
        short = reason.encode()[:MAX_REASON_BYTES].decode(errors="ignore")
        with suppress(WebSocketDisconnect, RuntimeError, TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._websocket.close(code, short)

    async def _start(self) -> Start:
        seconds = self._server.settings.start_seconds
        try:
            async with asyncio.timeout(seconds):
                event = await self._next()
        except TimeoutError:
            raise Idle(
                f"`start` must come within {seconds:g} seconds of connecting; reconnect and send it."
            ) from None
        assert isinstance(event, Start), "the protocol lets nothing else come first"
        return event

    async def _next(self) -> StreamEvent:
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1006))
        text = message.get("text")
        return (
            self._protocol.receive_text(text)
            if text is not None
            else self._protocol.receive_bytes(message["bytes"])
        )

    async def _receive(self, capture: Capture) -> None:
        seconds = self._server.settings.idle_seconds
        while True:
            try:
                async with asyncio.timeout(None if capture.paused else seconds):
                    event = await self._next()
            except TimeoutError:
                raise Idle(
                    f"Nothing came for {seconds:g} seconds; reconnect and resume, or send pause."
                ) from None
            match event:
                case AudioFrame(payload):
                    await capture.hear(payload)
                case RefusedFrame():
                    self._refuse_frame()
                case Pause():
                    # Off the record begins now, even if the client is gone before it is stored.
                    await asyncio.shield(self._server.keep(capture.pause()))
                case Resume():
                    await capture.resume()
                    self._told_refused = False
                case Mark(label=label):
                    await capture.mark(label)
                case FactChoice(id=fact_id, status=status):
                    await self._mark_fact(capture.id, fact_id, status)
                case Stop():
                    # A client that leaves now does not keep its session from being ended.
                    await asyncio.shield(self._server.keep(self._server.live.stop(capture)))
                    return

    async def _mark_fact(self, session_id: str, fact_id: str, status: FactStatus) -> None:
        try:
            await self._server.live.mark_fact(session_id, fact_id, status)
        except (NotFound, BadRequest) as error:
            # A fact may have been withdrawn while its choice was on the way: no reason to end the stream.
            self._outbox.put(ErrorMessage(code="fact_refused", detail=error.detail))
            return
        record = self._server.audit.record
        await asyncio.to_thread(lambda: record("stream", "fact marked", session_id, status=status))

    def _refuse_frame(self) -> None:
        if not self._told_refused:
            self._told_refused = True
            detail = "Audio came while off the record; it was dropped unheard. Send resume first."
            self._outbox.put(ErrorMessage(code="off_the_record", detail=detail))

    async def _send(self) -> None:
        seconds = self._server.settings.send_seconds
        while (message := await self._outbox.get()) is not None:
            try:
                async with asyncio.timeout(seconds):
                    await self._websocket.send_text(message.model_dump_json())
            except TimeoutError:
                raise TooLarge(f"One message was not read within {seconds:g} seconds; read faster.") from None
        if self._outbox.overflowed:
            raise TooLarge("Too many messages wait to be read; read faster, then reconnect and resume.")
        if self._outbox.closed is not None:
            raise self._outbox.closed


def authenticate(websocket: WebSocket, server: Server, session_id: str, offered: list[str]) -> None:
    """Raise NotAuthenticated unless the access token, a stream token of this session or a page cookie came."""
    header = websocket.headers.get("authorization", "")
    cookie = websocket.cookies.get(COOKIE)
    token = next((name for name in offered if name.startswith(TOKEN_SUBPROTOCOL_PREFIX)), None)
    if header.lower().startswith("bearer "):
        given = header[7:].strip()
        try:
            server.auth.check_token(given)
        except NotAuthenticated:
            server.auth.check_stream_token(given, session_id)
    elif token is not None:
        server.auth.check_stream_token(token.removeprefix(TOKEN_SUBPROTOCOL_PREFIX), session_id)
    elif cookie is not None:
        server.auth.check_cookie(cookie)
    else:
        raise NotAuthenticated(
            "A token is needed: `Authorization: Bearer …`, or the subprotocol `token.<stream token>`."
        )
