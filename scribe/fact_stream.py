"""The facts of a session while it is heard, and as its stored lines give them: lines and marks in, facts out.

Reading runs in a thread of its own and rests after it, so that no final waits for a fact; what came meanwhile is
read together. An id names the utterance in which a fact stands, so it stays when turns are stitched otherwise.
Nothing is stored here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import perf_counter

from scribe.drafting import Stitched, stitch
from scribe.marking import Chosen, FactMark, statuses
from scribe.session import Participant
from scribe.stitching import LiveStitch, Place
from scribe.wire import FactsMessage, FactStatus, TranscriptLine, WireFact
from summarizer.discourse import CLIENT_SIDE
from summarizer.facts import extract_facts
from summarizer.live import LiveFacts
from summarizer.types import Fact

log = logging.getLogger("scribe.fact_stream")

REST = 9
"""Times as long as it took, before facts are read again: a tenth of one core at most, whatever is said."""


class FactStream:
    """One session's facts as they are found; stateful, in one event loop.

    `tell` gets what changed. `reader` is the one thread that reads for all sessions.
    """

    def __init__(
        self,
        session_id: str,
        participants: Iterable[Participant],
        lines: Sequence[TranscriptLine],
        marks: Mapping[str, FactMark],
        tell: Callable[[FactsMessage], None],
        reader: ThreadPoolExecutor,
    ) -> None:
        self._id = session_id
        self._tell = tell
        self._reader = reader
        self._marks = marks
        self._waiting: dict[str, TranscriptLine] = {line.id: line for line in lines}
        self._wake = asyncio.Event()
        self._wake.set()
        self._settle = False
        self._lock = asyncio.Lock()
        self._reading = Reading(
            client_expected=any(participant.role in CLIENT_SIDE for participant in participants)
        )
        self._told: dict[str, WireFact] = {}
        self._given: set[str] = set()
        self._task = asyncio.create_task(self._run())

    @property
    def facts(self) -> tuple[WireFact, ...]:
        """All facts that were found so far, by time, each with its status."""
        return tuple(sorted(self._told.values(), key=self._reading.place))

    async def caught_up(self) -> tuple[WireFact, ...]:
        """All facts, after what waits was read."""
        async with self._lock:  # what is being read now may be what was waited for
            waits = bool(self._waiting)
        if waits:
            await self._read(settle=False)
        return self.facts

    def push(self, lines: Iterable[TranscriptLine]) -> None:
        """Lines that are final now, or changed; they are read soon."""
        self._waiting |= {line.id: line for line in lines}
        if self._waiting:
            self._wake.set()

    def renew(self, marks: Mapping[str, FactMark]) -> None:
        """The marks as they stand now; facts whose status changed are told."""
        self._marks = marks
        self._learn(Found())

    def tell_anew(self) -> None:
        """Tell every fact: whoever listens now knows none."""
        self._tell(FactsMessage(facts=self.facts, anew=True))

    def settle_soon(self) -> None:
        """There is time to read all lines once more as a whole: off the record, or after a correction."""
        self._settle = True
        self._wake.set()

    async def settle(self) -> None:
        """Read all lines once more as a whole, with what still waits."""
        await self._read(settle=True)

    async def let_go(self) -> None:
        """Read no more; what is being read is seen through."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        async with self._lock:
            self._waiting.clear()

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            began = perf_counter()
            settle, self._settle = self._settle, False
            await self._read(settle=settle)
            await asyncio.sleep(REST * (perf_counter() - began))

    async def _read(self, *, settle: bool) -> None:
        async with self._lock:
            lines, self._waiting = tuple(self._waiting.values()), {}
            loop = asyncio.get_running_loop()
            running = loop.run_in_executor(self._reader, self._reading.push, lines, settle)
            try:
                self._learn(await asyncio.shield(running))
            except asyncio.CancelledError:
                # The thread goes on; the next reading must not begin beside it.
                await asyncio.wait({running})
                raise
            except Exception as error:  # facts are a help: the session goes on, and `settle` reads all anew
                log.error("session %s: facts were not read: %s", self._id, type(error).__name__)

    def _learn(self, found: Found) -> None:
        """Take what was found, give every fact its status, and tell what is not as it was told."""
        before = {name: self._told.pop(name) for name in found.withdrawn if name in self._told}
        changed: dict[str, WireFact] = {}
        for fact in found.facts:
            if self._told.get(fact.id) != fact:
                changed[fact.id] = self._told[fact.id] = fact
        given = statuses(self._marks, self._told.values()) if self._marks or self._given else {}
        for name in given.keys() | (self._given & self._told.keys()) | changed.keys():
            fact, status = self._told[name], given.get(name, "found")
            if fact.status != status:
                changed[name] = self._told[name] = fact.model_copy(update={"status": status})
        self._given = set(given)
        withdrawn = tuple(name for name in before if name not in self._told)
        if changed or withdrawn:
            self._tell(FactsMessage(facts=tuple(changed.values()), withdrawn=withdrawn))


@dataclass(frozen=True, slots=True)
class Found:
    """Facts that may be new or changed, and ids of facts that are no more, none of which is among the facts."""

    facts: tuple[WireFact, ...] = ()
    withdrawn: tuple[str, ...] = ()


class Reading:
    """The reading itself: lines in, what that changes in the facts out; stateful, for one thread at a time.

    Where a client takes part, what is said before the first word of the client's side waits for it.
    """

    def __init__(self, *, client_expected: bool) -> None:
        self._waits = client_expected
        self._stitch = LiveStitch()
        self._live = LiveFacts()
        self._names: dict[str, str] = {}

    def push(self, lines: Sequence[TranscriptLine], settle: bool) -> Found:
        """Take lines. With `settle` all lines are read again, and every fact is given."""
        restitched = self._stitch.push(lines)
        change = self._live.push(restitched.turns, restitched.gone)
        facts, gone = change.facts, change.withdrawn
        began = self._waits and self._live.is_conversation
        if settle:
            self._live.settle()
        elif self._waits and not began:
            return Found()
        if settle or began:
            facts, gone = self._live.facts, tuple(self._names)
            self._waits = self._waits and not began
        changed = (self._names.pop(name, None) for name in (*gone, *(fact.id for fact in facts)))
        before = {name for name in changed if name is not None}
        shown = tuple(shown_fact(fact, self._stitch.stitched) for fact in facts)
        self._names |= {fact.id: told.id for fact, told in zip(facts, shown, strict=True)}
        return Found(shown, tuple(before - {fact.id for fact in shown}))

    def place(self, fact: WireFact) -> tuple[Place, int]:
        """Where a fact stands in the session."""
        first = fact.evidence[0]
        return self._stitch.place(first.utterance), first.start


def shown_fact(fact: Fact, stitched: Stitched, status: FactStatus = "found") -> WireFact:
    """A fact as a client sees it: its id and its evidence point at utterances, not at turns."""
    return WireFact(
        id=_shown_id(fact, stitched),
        kind=fact.kind,
        text=fact.text,
        role=fact.role,
        polarity=fact.polarity,
        assessed=fact.assessed,
        confidence=fact.confidence,
        evidence=tuple(evidence for span in fact.evidence for evidence in stitched.evidence(span)),
        attributes=dict(fact.attributes),
        status=status,
    )


def _shown_id(fact: Fact, stitched: Stitched) -> str:
    """`turn.start.kind` with the utterance in the place of the turn; an id of another form stays."""
    turn = fact.evidence[0].turn
    start, _, rest = fact.id.removeprefix(f"{turn}.").partition(".")
    if not fact.id.startswith(f"{turn}.") or not start.isdecimal():
        return fact.id
    offset, line = next(
        (offset, line) for offset, line in reversed(stitched.pieces[turn]) if offset <= int(start)
    )
    return f"{line.id}.{int(start) - offset}.{rest}"


def facts_of(lines: Sequence[TranscriptLine], marks: Mapping[str, FactMark]) -> tuple[WireFact, ...]:
    """All facts of stored lines, by time, each with its status; blocks for a third of a second on an hour's talk."""
    stitched = stitch(lines)
    order = {turn.id: number for number, turn in enumerate(stitched.turns)}
    found = sorted(
        extract_facts(stitched.turns), key=lambda fact: (order[fact.evidence[0].turn], fact.evidence[0].start)
    )
    facts = tuple(shown_fact(fact, stitched) for fact in found)
    given = statuses(marks, facts)
    return tuple(fact.model_copy(update={"status": given.get(fact.id, "found")}) for fact in facts)


def chosen_ids(lines: Sequence[TranscriptLine], marks: Mapping[str, FactMark]) -> Chosen:
    """What the marks ask of a draft of these lines, by the ids that the summariser gives the facts."""
    if not marks:
        return Chosen()
    stitched = stitch(lines)
    facts = {_shown_id(fact, stitched): fact for fact in extract_facts(stitched.turns)}
    given = statuses(marks, [shown_fact(fact, stitched) for fact in facts.values()])
    return Chosen(
        frozenset(facts[name].id for name, status in given.items() if status == "pinned"),
        frozenset(facts[name].id for name, status in given.items() if status == "discarded"),
    )
