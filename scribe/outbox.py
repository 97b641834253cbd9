"""What waits to be sent to one client: bounded, with partials given up first.

A newer partial of an utterance replaces the one that waits, and so does a newer ack or status: a slow reader
gets fewer updates, never an old one after a new one, and never a hole in the finals.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from scribe.errors import ScribeError
from scribe.wire import Ack, ServerMessage, Status, UtteranceMessage

LIMIT = 512
"""Messages that may wait. Finals come at about one a second of speech: minutes of a reader that stands still."""


class Outbox:
    """Messages in order of their first wish to be sent; one reader, one event loop."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, ServerMessage] = OrderedDict()
        self._number = 0
        self._wake = asyncio.Event()
        self.overflowed = False
        self.closed: ScribeError | None = None
        self._ended = False

    def put(self, message: ServerMessage) -> None:
        """Take a message; when too many wait, partials go first, and then the reader is given up."""
        key = self._key(message)
        if isinstance(message, UtteranceMessage) and message.is_final:
            self._waiting.pop(key, None)  # the final takes its own place in the order of finals
        self._waiting[key] = message
        if len(self._waiting) > LIMIT:
            partial = next((k for k, m in self._waiting.items() if _superseded(m)), None)
            if partial is not None:
                del self._waiting[partial]
            else:
                self.overflowed = True
        self._wake.set()

    def close(self, reason: ScribeError | None = None) -> None:
        """No more will come; the reader gets what waits and then None. `reason` is why, if it is no good one."""
        self.closed = reason
        self._ended = True
        self._wake.set()

    async def get(self) -> ServerMessage | None:
        """The next message; None when closed and empty, or when too many waited."""
        while not self._waiting and not self._ended and not self.overflowed:
            self._wake.clear()
            await self._wake.wait()
        if self.overflowed or not self._waiting:
            return None
        return self._waiting.popitem(last=False)[1]

    def _key(self, message: ServerMessage) -> str:
        if isinstance(message, UtteranceMessage):
            return f"utterance {message.id}"
        if isinstance(message, Ack | Status):
            return message.type
        self._number += 1
        return str(self._number)


def _superseded(message: ServerMessage) -> bool:
    return isinstance(message, UtteranceMessage) and not message.is_final
