"""The client's side of a session's stream: audio and control messages in, the server's messages out, cuts mended.

Audio stays in memory until the server says that its words are stored; after a cut the stream reconnects with
back-off and replays from where the server wants it. A compressed stream is kept in its units (a WebM block, an
Ogg page, a FLAC frame) and not decoded here: what is replayed begins anew with the header and a unit a little
before the words that are stored. Where the cut is found off the record nothing is replayed: what follows the pause
begins anew with the header.
"""

from __future__ import annotations

import asyncio
import random
import ssl
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from asr.container import OPUS_RATE, Demuxer, Unit
from asr.demuxer import DEMUXERS
from asr.errors import AsrError
from scribe.errors import BadRequest, ScribeError, UnusableAudio
from scribe.wire import (
    POSITION_RATE,
    SAMPLE_BYTES,
    SUBPROTOCOL,
    Ack,
    Ended,
    ErrorMessage,
    FactChoice,
    FactStatus,
    Mark,
    Pause,
    Ready,
    Resume,
    ServerMessage,
    Start,
    Stop,
    parse_server_message,
)

FRAME_BYTES = 16_000
"""Largest frame sent: half a second of 16-bit audio at 16 kHz, far under the server's limit of 64 KiB."""

PRE_ROLL_SECONDS = 0.5
"""What a decoder is given before what is to be heard again; the server drops it. RFC 7845, section 4.6, asks for
80 ms; after half a second its sound is that of the uncut stream to 1e-4."""

PLACE_SECONDS = 0.005
"""How far the server's place may lie from ours, which rounding at each pause moves by a sample; two pauses with sound
between them are further apart."""

FIRST_WAIT_SECONDS = 0.2
LONGEST_WAIT_SECONDS = 10.0
WORTH_RETRYING = frozenset({1001, 1005, 1006, 1011, 1012, 1013, 4408, 4409})
"""Close codes after which the same start may succeed. 4409: our own cut socket may not have been noticed yet."""


_PAUSE = Pause(type="pause").model_dump_json()


class ClientError(Exception):
    """Base of what this client raises: `Refused` by the server, or `Unreachable`."""


class Refused(ClientError):
    """The server said no; `code` is stable, `status` is the HTTP status or the close code."""

    def __init__(self, code: str, status: int, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.status = status
        self.detail = detail


class Unreachable(ClientError):
    """No server answers, or not any more."""


@dataclass(frozen=True, slots=True)
class Sent:
    """Something that may have to be sent again: audio or a control message, at an input sample position.

    `unit` is what the payload holds of a compressed stream.
    """

    position: int
    samples: int
    payload: bytes | str
    unit: Unit | None = None


class SessionStream:
    """One session's stream across any number of connections; use as an async context manager."""

    def __init__(
        self,
        url: str,
        token: str,
        start: Start,
        patience_seconds: float,
        verify: ssl.SSLContext | None = None,
    ) -> None:
        self._url = url
        self._verify = verify
        self._token = token
        self._start = start
        self._patience = patience_seconds
        compressed = DEMUXERS.get(start.encoding)
        self._demuxer = None if compressed is None else compressed()
        # After a cut off the record: the next unit needs its header, which is then counted with what follows it.
        self._headless = False
        self._recount: Demuxer | None = None
        self._frame_bytes = SAMPLE_BYTES.get(start.encoding, 1) * start.channels
        self._rate = OPUS_RATE if start.encoding.startswith("opus") else start.sample_rate
        self._kept: deque[Sent] = deque()
        self._unsent: deque[Sent] = deque()
        self._position = 0
        self._committed = 0
        self._window_seconds = 30.0
        self._ready: asyncio.Future[Ready] | None = None
        self._changed = asyncio.Condition()
        self._messages: asyncio.Queue[ServerMessage | None] = asyncio.Queue(1000)
        self._failure: Exception | None = None
        self._last_error: ErrorMessage | None = None
        self._over = False
        self._task: asyncio.Task[None] | None = None
        self.reconnects = 0

    async def __aenter__(self) -> Self:
        self._ready = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._run())
        await self._ready
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @property
    def unacknowledged_seconds(self) -> float:
        """Audio that is kept because its words are not stored yet."""
        return max(0.0, self._position / self._rate - self._committed / POSITION_RATE)

    async def send(self, audio: bytes) -> None:
        """Audio in the declared encoding; waits while too much is unacknowledged.

        PCM comes in whole samples, a compressed stream with its header first and otherwise cut anywhere; a new
        header may follow at any unit. Raises UnusableAudio where that is not what it is said to be.
        """
        if self._demuxer is not None:
            await self._send_units(self._demuxer.push(audio))
            return
        if len(audio) % self._frame_bytes:
            raise BadRequest(f"Send whole samples of every channel, {self._frame_bytes} bytes each.")
        step = FRAME_BYTES - FRAME_BYTES % self._frame_bytes
        for begin in range(0, len(audio), step):
            piece = audio[begin : begin + step]
            await self._keep(piece)

    async def _send_units(self, units: Iterator[Unit]) -> None:
        try:
            while (unit := next(units, None)) is not None:
                await self._keep(unit)
        except AsrError as error:
            raise UnusableAudio(str(error)) from None

    async def _keep(self, audio: bytes | Unit) -> None:
        async with self._changed:
            await self._changed.wait_for(
                lambda: self._over or self.unacknowledged_seconds < self._window_seconds
            )
            self._raise_if_over()
            item = self._placed(audio)
            if item is not None:
                self._queue(item)

    def _placed(self, audio: bytes | Unit) -> Sent | None:
        """What comes next, at its position; None where the server can hear nothing of it."""
        if isinstance(audio, bytes):
            item = Sent(self._position, len(audio) // self._frame_bytes, audio)
        else:
            unit = self._counted(audio)
            if unit is None:
                return None
            data = unit.track.opening + unit.data if unit.is_first else unit.data
            item = Sent(self._position, unit.samples, data, unit)
        self._position += item.samples
        return item

    def _counted(self, unit: Unit) -> Unit | None:
        """The unit as the server counts it; None where no packet ends in it that begins behind the header.

        Where the header is said again, it drops the encoder's delay again.
        """
        if unit.is_first:
            self._headless, self._recount = False, None
            return unit
        if not self._headless and self._recount is None:
            return unit
        if unit.track.codec == "flac":
            self._headless = False
            return replace(unit, is_first=True)
        if self._headless:
            self._recount = DEMUXERS[self._start.encoding]()
            list(self._recount.push(unit.track.opening))
        assert self._recount is not None
        counted = next(iter(list(self._recount.push(unit.data))), None)
        if counted is None:
            return None
        self._headless = False
        # The track stays the same object: other units are of it, too.
        return replace(counted, track=unit.track)

    async def pause(self) -> None:
        """Off the record."""
        await self._end_units()
        await self._control(_PAUSE)

    async def resume(self) -> None:
        """On the record again."""
        await self._control(Resume(type="resume").model_dump_json())

    async def mark(self, label: str) -> None:
        """A place to find again."""
        await self._control(Mark(type="mark", label=label).model_dump_json())

    async def pin(self, fact_id: str) -> None:
        """The draft is to hold this fact."""
        await self._choose(fact_id, "pinned")

    async def discard(self, fact_id: str) -> None:
        """The draft is not to hold this fact; the server refuses it for risk (`error`, `fact_refused`)."""
        await self._choose(fact_id, "discarded")

    async def restore(self, fact_id: str) -> None:
        """The draft may do with this fact as it finds right."""
        await self._choose(fact_id, "found")

    async def _choose(self, fact_id: str, status: FactStatus) -> None:
        await self._control(FactChoice(type="fact", id=fact_id, status=status).model_dump_json())

    async def stop(self) -> None:
        """The session is over; read on until `ended` comes."""
        await self._end_units()
        await self._control(Stop(type="stop").model_dump_json())

    def __aiter__(self) -> AsyncIterator[ServerMessage]:
        return self._read()

    async def _read(self) -> AsyncIterator[ServerMessage]:
        # The mark of the end finds no place where the queue is full: then the emptied queue is the mark.
        while not (self._over and self._messages.empty()):
            message = await self._messages.get()
            if message is None:
                break
            yield message
        if self._failure is not None:
            raise self._failure

    async def _end_units(self) -> None:
        """What came before a control message goes before it."""
        if self._demuxer is not None:
            await self._send_units(self._demuxer.flush())

    async def _control(self, text: str) -> None:
        async with self._changed:
            self._raise_if_over()
            self._queue(Sent(self._position, 0, text))

    def _queue(self, item: Sent) -> None:
        self._kept.append(item)
        self._unsent.append(item)
        self._changed.notify_all()

    def _raise_if_over(self) -> None:
        if self._over:
            raise self._failure or Refused("ended", 409, "The session has ended; it takes no more audio.")

    # --- connections ---------------------------------------------------------------------------------

    async def _run(self) -> None:
        try:
            await self._stay_connected()
        except (ClientError, ScribeError) as error:
            self._failure = error
        except Exception as error:
            self._failure = Unreachable(f"The stream failed ({type(error).__name__}).")
        finally:
            self._over = True
            if self._ready is not None and not self._ready.done():
                self._ready.set_exception(self._failure or Unreachable("The stream was closed."))
            async with self._changed:
                self._changed.notify_all()
            with suppress(asyncio.QueueFull):
                self._messages.put_nowait(None)

    async def _stay_connected(self) -> None:
        wait, waited, reason = FIRST_WAIT_SECONDS, 0.0, "it was never reached"
        while True:
            before = self._committed
            try:
                async with connect(
                    self._url,
                    subprotocols=[Subprotocol(SUBPROTOCOL)],
                    additional_headers={"Authorization": f"Bearer {self._token}"},
                    compression=None,
                    proxy=None,
                    ssl=self._verify if self._url.startswith("wss:") else None,
                    max_size=1 << 20,
                ) as connection:
                    if await self._serve(connection):
                        return
                    reason = "the connection was cut"
            except ConnectionClosed as closed:
                code = closed.rcvd.code if closed.rcvd else 1006
                reason = (
                    closed.rcvd.reason if closed.rcvd and closed.rcvd.reason else "the connection was cut"
                )
                if code not in WORTH_RETRYING:
                    error = self._last_error or ErrorMessage(code="closed", detail=reason)
                    raise Refused(error.code, code, error.detail) from None
            except (OSError, InvalidHandshake, TimeoutError) as error:
                reason = type(error).__name__
            if self._committed > before:
                wait, waited = FIRST_WAIT_SECONDS, 0.0
            if waited >= self._patience or (
                self._ready is not None and not self._ready.done() and waited > 5.0
            ):
                raise Unreachable(
                    f"The server could not be reached again within {waited:.0f} seconds ({reason}); "
                    "what it acknowledged is safe there."
                )
            # Full jitter keeps clients of one server from coming back all at once.
            pause = wait * random.uniform(0.5, 1.0)  # noqa: S311 - not a secret
            await asyncio.sleep(pause)
            waited += pause
            wait = min(LONGEST_WAIT_SECONDS, wait * 2)
            self.reconnects += 1

    async def _serve(self, connection: ClientConnection) -> bool:
        """One connection, until `ended` (True) or a cut (False or ConnectionClosed)."""
        self._last_error = None
        first = self._ready is not None and not self._ready.done()
        start = (
            self._start if first else self._start.model_copy(update={"resume": True, "at": self._entry_at()})
        )
        await connection.send(start.model_dump_json(exclude_none=True))
        sender: asyncio.Task[None] | None = None
        try:
            async for text in connection:
                message = parse_server_message(text)
                match message:
                    case Ready():
                        await self._go_on(message)
                        sender = asyncio.create_task(self._send_unsent(connection))
                        if self._ready is not None and not self._ready.done():
                            self._ready.set_result(message)
                    case Ack():
                        await self._forget(message.committed)
                    case ErrorMessage():
                        self._last_error = message
                    case _:
                        pass
                await self._messages.put(message)
                if isinstance(message, Ended):
                    return True
            return False
        finally:
            if sender is not None:
                sender.cancel()
                await asyncio.gather(sender, return_exceptions=True)

    async def _go_on(self, ready: Ready) -> None:
        """Queue again what the server has not got: audio from `resume_from` on, control messages from there on."""
        rate = self._rate
        first = -(-ready.resume_from * rate // POSITION_RATE)
        async with self._changed:
            self._window_seconds = max(1.0, ready.max_unacked_seconds)
            if not self._kept and self._position == 0:
                # A client that begins in the middle of a session does not have what came before.
                self._position, self._committed = first, ready.resume_from
            if ready.paused and self._demuxer is not None:
                self._begin_behind_pause(first)
            self._unsent = deque(self._cut(item, first) for item in self._kept if self._wanted(item, first))
            self._changed.notify_all()

    def _begin_behind_pause(self, first: int) -> None:
        """The server stands at a pause: forget what came before it, and count what follows from a new header."""
        near = first + PLACE_SECONDS * self._rate
        places = [
            number
            for number, item in enumerate(self._kept)
            if item.payload == _PAUSE and item.position <= near
        ]
        if not places:
            return
        behind = list(self._kept)[places[-1] + 1 :]
        self._kept.clear()
        self._position, self._headless, self._recount = first, True, None
        # Kept, so that this pause is found again after another cut; the server takes a second one for none.
        self._kept.append(Sent(first, 0, _PAUSE))
        for item in behind:
            placed = replace(item, position=self._position) if item.unit is None else self._placed(item.unit)
            if placed is not None:
                self._kept.append(placed)

    def _entry_at(self) -> int | None:
        """Where the first sample of the units that are kept lies; None where none are."""
        entry = next((item for item in self._kept if item.unit is not None), None)
        if entry is None or entry.unit is None:
            return None
        # A header drops the encoder's delay, also where it is said again in the middle.
        dropped = 0 if entry.unit.is_first else entry.unit.track.delay
        return (entry.position + dropped) * POSITION_RATE // self._rate

    def _wanted(self, item: Sent, first: int) -> bool:
        if item.unit is not None:
            return True  # the server drops what it has
        return item.position + item.samples > first if item.samples else item.position >= first

    def _cut(self, item: Sent, first: int) -> Sent:
        if item.unit is not None:
            is_entry = item is next(kept for kept in self._kept if kept.unit is not None)
            if not is_entry or item.unit.is_first:
                return item
            return replace(item, payload=item.unit.track.opening + item.unit.data)
        if not isinstance(item.payload, bytes) or item.position >= first:
            return item
        skip = first - item.position
        return Sent(first, item.samples - skip, item.payload[skip * self._frame_bytes :])

    async def _forget(self, committed: int) -> None:
        reached = committed * self._rate // POSITION_RATE
        async with self._changed:
            self._committed = committed
            if self._demuxer is not None:
                self._forget_units(reached)
            else:
                while self._kept and self._done(self._kept[0], reached):
                    self._kept.popleft()
            self._changed.notify_all()

    def _forget_units(self, reached: int) -> None:
        """Drop all before the last unit that a stream can begin with to be right at `reached`."""
        pre_roll = round(PRE_ROLL_SECONDS * self._rate)
        entry = 0
        for number, item in enumerate(self._kept):
            if item.position + pre_roll > reached:
                break
            if (
                item.unit is not None
                and item.unit.entry
                and item.position + item.unit.track.delay + pre_roll <= reached
            ):
                entry = number
        for _ in range(entry):
            self._kept.popleft()

    def _done(self, item: Sent, reached: int) -> bool:
        return item.position + item.samples <= reached if item.samples else item.position < reached

    async def _send_unsent(self, connection: ClientConnection) -> None:
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: bool(self._unsent))
                item = self._unsent.popleft()
            try:
                if isinstance(item.payload, bytes):
                    for begin in range(0, len(item.payload), FRAME_BYTES):
                        await connection.send(item.payload[begin : begin + FRAME_BYTES])
                else:
                    await connection.send(item.payload)
            except ConnectionClosed:
                return  # the reader notices too; what was not acknowledged is sent again
