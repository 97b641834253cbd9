"""One WebSocket stream as a protocol without I/O: frames in, events or a refusal out.

What it knows: what must come first, what may follow, how large a frame may be and whether it holds whole
samples, where it is PCM. What it does not: sockets, clocks, decoding, who may open the stream.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from scribe.errors import BadRequest, TooLarge, UnusableAudio
from scribe.wire import (
    SAMPLE_BYTES,
    ClientMessage,
    FactChoice,
    Mark,
    Pause,
    Resume,
    Start,
    Stop,
    parse_client_message,
)

MAX_FRAME_BYTES = 64 * 1024
MAX_TEXT_BYTES = 4 * 1024


class Phase(Enum):
    """Where a stream stands."""

    OPENED = "opened"
    LIVE = "live"
    PAUSED = "paused"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class AudioFrame:
    """A binary frame that may be decoded."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class RefusedFrame:
    """A binary frame that came while off the record: it is dropped unheard."""

    size_bytes: int


StreamEvent: TypeAlias = Start | Pause | Resume | Mark | Stop | FactChoice | AudioFrame | RefusedFrame

P = Phase
TABLE: Mapping[tuple[Phase, type], Phase] = {
    (P.OPENED, Start): P.LIVE,
    (P.LIVE, AudioFrame): P.LIVE,
    (P.LIVE, Pause): P.PAUSED,
    (P.LIVE, Mark): P.LIVE,
    (P.LIVE, FactChoice): P.LIVE,
    (P.LIVE, Stop): P.STOPPED,
    (P.PAUSED, RefusedFrame): P.PAUSED,
    (P.PAUSED, Resume): P.LIVE,
    (P.PAUSED, Mark): P.PAUSED,
    (P.PAUSED, FactChoice): P.PAUSED,
    (P.PAUSED, Stop): P.STOPPED,
    # Said twice is not an error: a page that reconnects may not know whether it was heard.
    (P.PAUSED, Pause): P.PAUSED,
    (P.LIVE, Resume): P.LIVE,
}


class StreamProtocol:
    """The server's side of one stream; stateful, one for each connection."""

    def __init__(self) -> None:
        self.phase = Phase.OPENED
        self._frame_bytes = 1

    def receive_text(self, text: str) -> StreamEvent:
        """What a text frame means now; raises BadRequest or TooLarge."""
        if len(text) > MAX_TEXT_BYTES:
            raise TooLarge(f"A message holds at most {MAX_TEXT_BYTES} characters; this one has {len(text)}.")
        message: ClientMessage = parse_client_message(text)
        self._advance(message)
        if isinstance(message, Start):
            width = SAMPLE_BYTES.get(message.encoding)
            self._frame_bytes = 0 if width is None else width * message.channels
        return message

    def receive_bytes(self, payload: bytes) -> StreamEvent:
        """What a binary frame means now; raises BadRequest, TooLarge or UnusableAudio."""
        if len(payload) > MAX_FRAME_BYTES:
            raise TooLarge(
                f"An audio frame holds at most {MAX_FRAME_BYTES} bytes; this one has {len(payload)}. "
                "Send 20 ms to 1 s of audio a frame."
            )
        if self.phase is Phase.PAUSED:
            refused = RefusedFrame(len(payload))
            self._advance(refused)
            return refused
        frame = AudioFrame(payload)
        self._advance(frame)
        # A compressed stream is cut anywhere, and a recorder may give a chunk of nothing when it is paused.
        if self._frame_bytes and (not payload or len(payload) % self._frame_bytes):
            raise UnusableAudio(
                f"An audio frame must hold whole samples of every channel, {self._frame_bytes} bytes each; "
                f"this one has {len(payload)} bytes."
            )
        return frame

    def stay_paused(self) -> None:
        """The session was off the record when its last stream was cut, and still is."""
        self.phase = Phase.PAUSED

    def _advance(self, event: StreamEvent) -> None:
        try:
            self.phase = TABLE[self.phase, type(event)]
        except KeyError:
            raise BadRequest(_refusal(self.phase, event)) from None


def _refusal(phase: Phase, event: StreamEvent) -> str:
    came = "audio" if isinstance(event, AudioFrame) else f"a {type(event).__name__.lower()} message"
    match phase:
        case Phase.OPENED:
            return f'The first message must be {{"type":"start", …}}; {came} came. Reconnect and send start first.'
        case Phase.STOPPED:
            return f"The stream was stopped; {came} came after it. Wait for the `ended` message."
        case _:
            return f"Not possible while the stream is {phase.value}: {came}."
