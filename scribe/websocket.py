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

from scribe.access import Caller, Right, refused, rights_to
from scribe.auth import same_origin
from scribe.calls import reached
from scribe.capture import CANNOT_GO_ON, Capture
from scribe.cookies import page_caller, page_cookie
from scribe.errors import (
    BadRequest,
    Idle,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    ScribeError,
    StoreFailed,
    TooLarge,
)
from scribe.live import require_capture
from scribe.outbox import Outbox
from scribe.server import Server
from scribe.session import Identifier
from scribe.stream import AudioFrame, RefusedFrame, StreamEvent, StreamProtocol
from scribe.wire import (
    SUBPROTOCOL,
    TOKEN_SUBPROTOCOL_PREFIX,
    WORDS,
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

STREAM = Caller("stream", frozenset({Right.STREAM}))
"""Whoever holds a session's stream token."""
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
    server.follow()
    try:
        if SUBPROTOCOL not in offered:
            raise BadRequest(f"Offer the subprotocol {SUBPROTOCOL} when you connect.")
        who = await asyncio.to_thread(authenticate, websocket, server, session_id, offered)
        websocket.scope["caller"] = who
        stored = await reached(server, who, session_id, Right.STREAM)
        require_capture(stored, server.clock(), server.rules)
        with server.traces.span("stream", session_id):
            await connection.run(session_id, who, rights_to(who, stored.whose))
    except ScribeError as error:
        await connection.refuse(error)
    except WebSocketDisconnect:
        pass
    except Exception as error:
        log.error("session %s: the stream failed: %s", session_id, type(error).__name__)
        await connection.refuse(ScribeError(CANNOT_GO_ON))
    else:
        await connection.close(1000, "")
    finally:
        server.live.sweep_soon()


class Connection:
    """One socket and the capture it feeds."""

    def __init__(self, websocket: WebSocket, server: Server) -> None:
        self._websocket = websocket
        self._server = server
        self._protocol = StreamProtocol()
        self._outbox = Outbox()
        self._told_refused = False
        self._who: Caller | None = None
        self._rights: frozenset[Right] = frozenset()

    async def run(self, session_id: str, who: Caller, rights: frozenset[Right]) -> None:
        """From `start` to `ended`, for a caller with these rights; raises what ends the stream before that."""
        self._who, self._rights = who, rights
        start = await self._start()
        live = self._server.live
        if start.resume and await live.has_stopped(session_id):
            await self._hear_the_end(session_id)
            return
        capture, ready = await live.open(session_id, start, self._outbox)
        try:
            await asyncio.to_thread(self._server.audit.record, who.actor, "stream opened", session_id)
            if ready.paused:
                self._protocol.stay_paused()
            self._outbox.put(ready)
            await self._exchange(capture)
        finally:
            await live.leave(capture)

    async def _hear_the_end(self, session_id: str) -> None:
        """A client that was cut off after its stop: what it sends again is stored already."""
        live = self._server.live
        telling = self._server.keep(live.tell_end(session_id, self._outbox))
        telling.add_done_callback(self._end_told)
        try:
            await self._send()
        finally:
            live.unfollow(session_id, self._outbox)

    def _end_told(self, telling: asyncio.Task[None]) -> None:
        error = None if telling.cancelled() else telling.exception()
        if error is not None:
            self._outbox.close(error if isinstance(error, ScribeError) else ScribeError(CANNOT_GO_ON))

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
                case AudioFrame():
                    await capture.hear(event.payload)
                    del event  # or it would be kept until the next one comes, minutes later in a pause
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
            if Right.CHANGE not in self._rights:
                raise refused(Right.CHANGE)
            await self._server.live.mark_fact(session_id, fact_id, status)
        except StoreFailed as error:
            self._outbox.put(ErrorMessage(code=error.code, detail=f"{error.detail} Choose the fact again."))
            return
        except (NotFound, BadRequest, NotAllowed) as error:
            # A fact may have been withdrawn while its choice was on the way: no reason to end the stream.
            self._outbox.put(ErrorMessage(code="fact_refused", detail=error.detail))
            return
        record = self._server.audit.record
        actor = self._who.actor if self._who else ""
        await asyncio.to_thread(lambda: record(actor, "fact marked", session_id, status=status))

    def _refuse_frame(self) -> None:
        if not self._told_refused:
            self._told_refused = True
            detail = "Audio came while off the record; it was dropped unheard. Send resume first."
            self._outbox.put(ErrorMessage(code="off_the_record", detail=detail))

    async def _send(self) -> None:
        seconds = self._server.settings.send_seconds
        while (message := await self._outbox.get()) is not None:
            if isinstance(message, WORDS) and Right.READ not in self._rights:
                continue
            try:
                async with asyncio.timeout(seconds):
                    await self._websocket.send_text(message.model_dump_json())
            except TimeoutError:
                raise TooLarge(f"One message was not read within {seconds:g} seconds; read faster.") from None
        if self._outbox.overflowed:
            raise TooLarge("Too many messages wait to be read; read faster, then reconnect and resume.")
        if self._outbox.closed is not None:
            raise self._outbox.closed


def authenticate(websocket: WebSocket, server: Server, session_id: str, offered: list[str]) -> Caller:
    """Who connects: by token, API key, stream token of this session or page cookie. Raises NotAuthenticated."""
    header = websocket.headers.get("authorization", "")
    token = next((name for name in offered if name.startswith(TOKEN_SUBPROTOCOL_PREFIX)), None)
    if header.lower().startswith("bearer "):
        given = header[7:].strip()
        try:
            return server.identity.by_bearer(given)
        except NotAuthenticated:
            return server.identity.by_stream_token(given, session_id)
    if token is not None:
        return server.identity.by_stream_token(token.removeprefix(TOKEN_SUBPROTOCOL_PREFIX), session_id)
    if page_cookie(websocket) is not None:
        # A browser says where the page came from whenever it opens a socket, as it does when it posts.
        return page_caller(websocket, "POST", server.identity)
    raise NotAuthenticated(
        "A token is needed: `Authorization: Bearer …`, or the subprotocol `token.<stream token>`."
    )
