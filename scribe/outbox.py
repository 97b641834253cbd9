"""What waits to be sent to one client: bounded, with partials given up first, and facts only when nothing else waits.

A newer partial of an utterance replaces the one that waits, and so does a newer ack or status: a slow reader
gets fewer updates, never an old one after a new one, and never a hole in the finals. Facts wait as what they are
by now, so a slow reader gets fewer versions of them and no hole either.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from scribe.errors import ScribeError
from scribe.wire import (
    Ack,
    Ended,
    FactsMessage,
    NoteReady,
    Ready,
    ServerMessage,
    Status,
    UtteranceMessage,
    WireFact,
)

LIMIT = 512
"""Messages that may wait. Finals come at about one a second of speech: minutes of a reader that stands still."""
FACTS_AT_ONCE = 50
"""Facts in one message, some 25 kB: what a reconnecting client is told anew holds up nothing behind it."""


class Outbox:
    """Messages in order of their first wish to be sent; one reader, one event loop."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, ServerMessage] = OrderedDict()
        self._facts = _WaitingFacts()
        self._number = 0
        self._wake = asyncio.Event()
        self.overflowed = False
        self.closed: ScribeError | None = None
        self._ended = False
        self._held = False

    def hold(self) -> None:
        """Nothing leaves before `Ready`, which goes first whatever came in the meantime."""
        self._held = True

    def put(self, message: ServerMessage) -> None:
        """Take a message; when too many wait, partials go first, and then the reader is given up."""
        if isinstance(message, FactsMessage):
            self._facts.put(message)
            self._wake.set()
            return
        key = self._key(message)
        if isinstance(message, UtteranceMessage) and message.is_final:
            self._waiting.pop(key, None)  # the final takes its own place in the order of finals
        self._waiting[key] = message
        if isinstance(message, Ready):
            self._waiting.move_to_end(key, last=False)
            self._held = False
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
        while not (self._ended or self.overflowed) and (self._held or not (self._waiting or self._facts.any)):
            self._wake.clear()
            await self._wake.wait()
        if self.overflowed or not (self._waiting or self._facts.any):
            return None
        first = next(iter(self._waiting.values()), None)
        # The end comes last; nothing else waits for a fact.
        if self._facts.any and (first is None or isinstance(first, NoteReady | Ended)):
            return self._facts.get()
        return self._waiting.popitem(last=False)[1]

    def _key(self, message: ServerMessage) -> str:
        if isinstance(message, UtteranceMessage):
            return f"utterance {message.id}"
        if isinstance(message, Ack | Status):
            return message.type
        self._number += 1
        return str(self._number)


class _WaitingFacts:
    """What the reader does not know of the facts yet, at most once each."""

    def __init__(self) -> None:
        self._facts: OrderedDict[str, WireFact] = OrderedDict()
        self._withdrawn: dict[str, None] = {}
        self._anew = False

    @property
    def any(self) -> bool:
        return bool(self._facts or self._withdrawn or self._anew)

    def put(self, message: FactsMessage) -> None:
        if message.anew:
            self._facts.clear()
            self._withdrawn.clear()
            self._anew = True
        for name in message.withdrawn:
            self._facts.pop(name, None)
            self._withdrawn[name] = None
        for fact in message.facts:
            self._withdrawn.pop(fact.id, None)
            self._facts[fact.id] = fact

    def get(self) -> FactsMessage:
        facts = [self._facts.popitem(last=False)[1] for _ in range(min(FACTS_AT_ONCE, len(self._facts)))]
        message = FactsMessage(facts=tuple(facts), withdrawn=tuple(self._withdrawn), anew=self._anew)
        self._withdrawn, self._anew = {}, False
        return message


def _superseded(message: ServerMessage) -> bool:
    return isinstance(message, UtteranceMessage) and not message.is_final
