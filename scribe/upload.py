"""A recording of a consented session, sent as one request body and heard on the same path as a live one.

The body is decoded while it arrives and is never written anywhere; progress goes back as server-sent events,
the same messages as on the stream socket.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Literal

from fastapi import APIRouter, Request, Response
from starlette.types import Receive, Scope, Send

from asr.decoder import Recording, decode
from asr.errors import AsrError
from asr.types import SAMPLE_RATE
from scribe.access import Right, rights_to
from scribe.calls import On, SessionId, Who, audit, reached
from scribe.errors import BadRequest, ScribeError, UnusableAudio, WrongState
from scribe.live import require_capture
from scribe.outbox import Outbox
from scribe.server import Server
from scribe.wire import WORDS, ErrorMessage, ServerMessage, Start

log = logging.getLogger("scribe.upload")
router = APIRouter(prefix="/v1")

BODY_CHUNKS = 16
"""Pieces of the body (at most 64 KiB each from the server's reader) that may wait for the decoder."""


@router.post(
    "/sessions/{session_id}/audio",
    response_class=Response,
    responses={200: {"content": {"text/event-stream": {}}}},
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def upload(session_id: SessionId, request: Request, who: Who, on: On) -> Response:
    """Hear a recording (WAV, FLAC, MP3, Ogg, WebM, MP4); answers with server-sent events until `ended`."""
    stored = await reached(on, who, session_id, Right.STREAM)
    require_capture(stored, on.clock(), on.rules)
    if "transfer-encoding" not in request.headers and int(request.headers.get("content-length", 0)) == 0:
        raise BadRequest("Expected the recording as the body of the call; the body is empty.")
    await audit(on, who, "recording sent", session_id)
    told = _events(session_id, request, on, words=Right.READ in rights_to(who, stored.whose))
    return EventStream(told)


class EventStream(Response):
    """Server-sent events while the request's body is still being read.

    Starlette's own streaming response listens for the client's disconnect, and would take the body away from
    whoever reads it.
    """

    def __init__(self, events: AsyncIterator[str]) -> None:
        super().__init__(media_type="text/event-stream", headers={"Cache-Control": "no-store"})
        self._events = events
        del self.headers["content-length"]

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send each event as it comes."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async for event in self._events:
            await send({"type": "http.response.body", "body": event.encode(), "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _events(session_id: str, request: Request, on: Server, *, words: bool) -> AsyncIterator[str]:
    outbox = Outbox()
    hearing = on.keep(_hear(session_id, request, on, outbox))
    try:
        while (message := await outbox.get()) is not None:
            if words or not isinstance(message, WORDS):
                yield _event(message)
        await hearing
    except ScribeError as error:
        yield _event(ErrorMessage(code=error.code, detail=error.detail))
    finally:
        hearing.cancel()


async def _hear(session_id: str, request: Request, on: Server, outbox: Outbox) -> None:
    """Feed the body to a capture; the outbox is closed whatever happens."""
    body = Body()
    reader = asyncio.create_task(_read(request, body, on.settings.idle_seconds))
    try:
        recording = await asyncio.to_thread(decode, body)
        channels: Literal[1, 2] = 2 if recording.channels == 2 else 1
        # From the beginning: what an earlier, broken attempt already brought is skipped.
        start = Start(type="start", encoding="pcm_f32le", sample_rate=SAMPLE_RATE, channels=channels, at=0)
        capture, ready = await on.live.open(session_id, start, outbox)
        try:
            if ready.paused:
                raise WrongState("This session is off the record; end it, or resume it on its stream.")
            outbox.put(ready)
            samples = 0
            while (block := await asyncio.to_thread(next, recording.blocks, None)) is not None:
                samples += len(block)
                await capture.hear_samples(block)
                block.fill(0.0)
            body.require_whole()
            _require_length(samples / SAMPLE_RATE, recording)
            await asyncio.shield(on.keep(on.live.stop(capture)))
        finally:
            await on.live.leave(capture)
    except AsrError as error:
        body.require_whole()
        raise UnusableAudio(str(error)) from None
    finally:
        body.close()
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)
        outbox.close()
        on.live.sweep_soon()


async def _read(request: Request, body: Body, idle_seconds: float) -> None:
    pieces = request.stream()
    whole = False
    try:
        while True:
            async with asyncio.timeout(idle_seconds):
                piece = await anext(pieces, None)
            if piece is None:
                break
            if piece:
                await body.put(bytes(piece))
        whole = True
    finally:
        body.finish(whole=whole)


def _require_length(heard: float, recording: Recording) -> None:
    """Raise UnusableAudio where a recording is clearly shorter than its own header says.

    Most headers only guess. FLAC's counts: frames that are damaged are skipped by whoever reads it.
    """
    said = recording.seconds
    if said is not None and heard < (said - 0.01 if recording.exact else 0.98 * said - 0.5):
        raise UnusableAudio(
            f"The recording says that it has {said:.1f} s, but only {heard:.1f} s can be read; it is damaged. "
            "What was heard is kept; send the whole recording again, or end the session."
        )


def _event(message: ServerMessage) -> str:
    return f"event: {message.type}\ndata: {message.model_dump_json()}\n\n"


class Body:
    """A request body as a file that a decoder in another thread reads; holds a bounded number of pieces."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._pieces: asyncio.Queue[bytes] = asyncio.Queue(BODY_CHUNKS)
        self._rest = b""
        self._ended = False
        self._whole = True
        self._closed = False

    async def put(self, piece: bytes) -> None:
        """Add a piece; waits while the decoder is behind."""
        if not self._closed:
            await self._pieces.put(piece)

    def require_whole(self) -> None:
        """Raise UnusableAudio where the sender went away before the end."""
        if not self._whole:
            raise UnusableAudio(
                "The recording broke off before its end; send it again, what was heard is kept."
            )

    def finish(self, *, whole: bool = True) -> None:
        """The body is complete or broken off: the decoder gets what is there and then the end."""
        self._ended = True
        self._whole = whole
        with suppress(asyncio.QueueFull):
            self._pieces.put_nowait(b"")

    def close(self) -> None:
        """Nobody reads on: what waits is dropped."""
        self._closed = self._ended = True
        self._rest = b""
        while not self._pieces.empty():
            self._pieces.get_nowait()
        with suppress(asyncio.QueueFull):
            self._pieces.put_nowait(b"")

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes; b"" at the end. Called from the decoder's thread."""
        if not self._rest:
            self._rest = asyncio.run_coroutine_threadsafe(self._next(), self._loop).result()
        taken, self._rest = (self._rest, b"") if size < 0 else (self._rest[:size], self._rest[size:])
        return taken

    async def _next(self) -> bytes:
        if self._ended and self._pieces.empty():
            return b""
        return await self._pieces.get()
