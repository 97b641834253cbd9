"""Facts while a session is heard: turns in as they become final or change, what that changes in the facts out.

A fact is made from a few neighbouring turns, so a turn that comes or changes has only those around it read again,
however long the session is. What depends on the whole (whether it is a conversation at all, what sort of visit it
is, the reason for coming) is carried into that reading, and all turns are read again when it changes. `settle` reads
all of them: after it the facts are those of `extract_facts`, one for one.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from summarizer.clinical import Counted, Visit, counted, visit_of
from summarizer.discourse import CLIENT_SIDE
from summarizer.facts import extract_facts
from summarizer.types import Fact, Turn

LOOKS_BACK = 8
"""Turns that a fact looks back: six from a risk topic to a question about it, the rest for what interrupts."""
LOOKS_AHEAD = 3
"""Turns that a fact looks ahead: to the reply to a plan or a technique."""
_FARTHEST = 40
"""Turns back to which talk of risk is followed to where it began; beyond, `settle` puts right what it missed."""
_EARLY = 8
"""Turns at the beginning that are read as the beginning, for a first complaint, and only there."""
_REST = Turn("", "other", "")
"""Silence between turns that were not neighbours; nothing is read across `LOOKS_BACK` of these."""

Place = tuple[float, float, str]


@dataclass(frozen=True, slots=True)
class Change:
    """What a push changed: facts that are new or read otherwise than before, and ids of facts that are no more."""

    facts: tuple[Fact, ...] = ()
    withdrawn: tuple[str, ...] = ()


class LiveFacts:
    """The facts of one session so far; stateful, one for each session.

    Turns may come in any order and lie where their times put them: by start, then end, then id.
    """

    def __init__(self) -> None:
        self._turns: dict[str, Turn] = {}
        self._order: list[Place] = []
        self._facts: dict[str, Fact] = {}
        self._of_turn: dict[str, dict[str, None]] = {}
        self._clients: dict[str, None] = {}
        self._counts: dict[str, Counted] = {}
        self._reason: str | None = None

    @property
    def facts(self) -> tuple[Fact, ...]:
        """All facts as they stand; after `settle` in the order of `extract_facts`, before it in none."""
        return tuple(self._facts.values())

    @property
    def turns(self) -> tuple[Turn, ...]:
        """All turns by time."""
        return tuple(self._turns[turn_id] for *_, turn_id in self._order)

    @property
    def is_conversation(self) -> bool:
        """Whether the client's side has spoken; until then a clinician's words read as a dictated summary."""
        return bool(self._clients)

    def push(self, turns: Iterable[Turn], gone: Iterable[str] = ()) -> Change:
        """Take turns that are new or changed, and ids of turns that are no more."""
        before = self._nature
        touched: list[Place] = []
        for turn_id in gone:
            touched += self._without(turn_id)
        for turn in turns:
            if self._turns.get(turn.id) == turn:
                continue
            touched += self._without(turn.id)
            place = _place(turn)
            self._turns[turn.id] = turn
            insort(self._order, place)
            touched.append(place)
            if turn.role in CLIENT_SIDE:
                self._clients[turn.id] = None
            self._counts[turn.id] = counted(turn)
        if not touched:
            return Change()
        if self._nature != before or self._reason_is_gone:
            return self.settle()
        changes: list[Change] = []
        for first, last in _joined([self._around(place) for place in touched]):
            found = self._read_around(first, last)
            if self._other_reason(found, first, last):
                settled = self.settle()
                return _together([*changes, settled], self._facts)
            changes.append(self._replace(found, [turn_id for *_, turn_id in self._order[first:last]]))
        orphans = [turn_id for turn_id in self._of_turn if turn_id not in self._turns]
        changes.append(self._replace((), orphans))
        return _together(changes, self._facts)

    def settle(self) -> Change:
        """Read all turns again; the facts are then exactly those of `extract_facts`."""
        found = extract_facts(self.turns)
        change = self._replace(found, list(self._of_turn))
        self._facts = {fact.id: fact for fact in found}
        return change

    # --- inside ----------------------------------------------------------------------------------------

    @property
    def _nature(self) -> tuple[bool, Visit]:
        """Whether it is a conversation, and what sort of visit."""
        return self.is_conversation, visit_of(self._counts.values())

    @property
    def _reason_is_gone(self) -> bool:
        return self._reason is not None and self._facts[self._reason].evidence[0].turn not in self._turns

    def _without(self, turn_id: str) -> list[Place]:
        turn = self._turns.pop(turn_id, None)
        if turn is None:
            return []
        place = _place(turn)
        del self._order[bisect_left(self._order, place)]
        self._clients.pop(turn_id, None)
        self._counts.pop(turn_id, None)
        return [place]

    def _around(self, place: Place) -> tuple[int, int]:
        """Positions of the turns (Python slice) whose facts a change at `place` may change."""
        at = bisect_left(self._order, place)
        return max(0, at - LOOKS_AHEAD), min(len(self._order), at + LOOKS_BACK + 1)

    def _read_around(self, first: int, last: int) -> tuple[Fact, ...]:
        """Facts of the turns from `first` to `last` (Python slice), read with what lies around them."""
        begin, end = max(0, first - LOOKS_BACK), min(len(self._order), last + LOOKS_AHEAD)
        begin = self._where_risk_began(begin, max(0, first - _FARTHEST))
        if begin < _EARLY:
            begin = 0
        silence = (_REST,) * LOOKS_BACK
        before, after = self._deciding(begin, end)
        here = tuple(self._turns[turn_id] for *_, turn_id in self._order[begin:end])
        front = (*before, *silence) if begin else ()
        back = (*silence, *after) if after else ()
        wanted = {turn_id for *_, turn_id in self._order[first:last]}
        found = extract_facts((*front, *here, *back), visit=visit_of(self._counts.values()))
        return tuple(fact for fact in found if fact.evidence[0].turn in wanted)

    def _where_risk_began(self, begin: int, farthest: int) -> int:
        """Go back while risk is spoken of there: a question about means belongs to what was said before it."""
        at = begin + LOOKS_BACK - 1
        while at >= farthest and begin > farthest:
            at = min(at, len(self._order) - 1)
            spoken = (self._facts[name].kind == "risk" for name in self._of_turn.get(self._order[at][2], ()))
            if any(spoken):
                begin = max(farthest, min(begin, at - LOOKS_BACK + 1))
            elif at <= begin:
                break
            at -= 1
        return begin

    def _deciding(self, begin: int, end: int) -> tuple[list[Turn], list[Turn]]:
        """The turns outside `begin` to `end` that decide what depends on the whole: those before, those after."""
        wanted = set(list(self._clients)[:1])
        if self._reason is not None:
            at = self._position(self._facts[self._reason].evidence[0].turn)
            wanted |= {turn_id for *_, turn_id in self._order[max(0, at - 2) : at + 1]}
        places = sorted((self._position(turn_id), turn_id) for turn_id in wanted)
        before = [self._turns[turn_id] for at, turn_id in places if at < begin]
        after = [self._turns[turn_id] for at, turn_id in places if at >= end]
        return before, after

    def _position(self, turn_id: str) -> int:
        return bisect_left(self._order, _place(self._turns[turn_id]))

    def _other_reason(self, found: Sequence[Fact], first: int, last: int) -> bool:
        """Whether the reason for coming is no longer the one that stands: there is but one in a session."""
        told = next((fact.id for fact in found if _is_reason(fact)), None)
        if self._reason is None:
            return told is not None and first >= _EARLY
        turn_id = self._facts[self._reason].evidence[0].turn
        inside = first <= self._position(turn_id) < last
        return told != self._reason if inside else told is not None

    def _replace(self, found: Iterable[Fact], turn_ids: Iterable[str]) -> Change:
        """Put `found` in the place of the facts of these turns."""
        old: dict[str, Fact] = {}
        for turn_id in turn_ids:
            for name in self._of_turn.pop(turn_id, ()):
                old[name] = self._facts.pop(name)
        if self._reason in old:
            self._reason = None
        changed = []
        for fact in found:
            self._facts[fact.id] = fact
            self._of_turn.setdefault(fact.evidence[0].turn, {})[fact.id] = None
            if _is_reason(fact):
                self._reason = fact.id
            if old.pop(fact.id, None) != fact:
                changed.append(fact)
        return Change(tuple(changed), tuple(old))


def _place(turn: Turn) -> Place:
    return turn.start, turn.end, turn.id


def _is_reason(fact: Fact) -> bool:
    return fact.kind == "observation" and ("aspect", "reason") in fact.attributes


def _joined(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The ranges with those that overlap made one, in order."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if joined and first <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], last)
        else:
            joined.append((first, last))
    return joined


def _together(changes: Iterable[Change], facts: dict[str, Fact]) -> Change:
    """Changes that followed one another as one; `facts` are those that stand after them."""
    names: dict[str, None] = {}
    for change in changes:
        names |= dict.fromkeys(change.withdrawn)
        names |= dict.fromkeys(fact.id for fact in change.facts)
    return Change(
        tuple(facts[name] for name in names if name in facts), tuple(n for n in names if n not in facts)
    )
