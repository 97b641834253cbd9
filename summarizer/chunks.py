"""A transcript cut to what a model reads at once, and the statements of all cuts put together again.

Goes in: turns, facts and a budget in the model's tokens. Comes out: chunks that are cut between turns (inside one
only where it alone is too long), each with its labels, and at the end one list of statements in the order of the
session. Labels (`T12` for a turn, `F3` for a fact) are what a model cites; they hold for the whole session. It
asks no model and knows no wording.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from summarizer.content import content_stems, numbers
from summarizer.language import sentences
from summarizer.polarity import has_negation
from summarizer.types import Fact, Span, Statement, Turn

_LEAD_SHARE = 4
"""The turn before a chunk is read along where it takes less than one part in this of the room."""

_SAME = 0.8
"""Share of the shorter statement's content words in the longer, from which the two say the same."""

_FRAME = frozenset(
    content_stems("client patient clinician therapist reports reported states stated noted described asked")
)


@dataclass(frozen=True, slots=True)
class Passage:
    """Characters `start` to `end` of a turn, under the label that a model cites it by."""

    label: str
    turn: Turn
    start: int
    end: int

    @property
    def text(self) -> str:
        """The words, exactly as they stand in the turn."""
        return self.turn.text[self.start : self.end]

    @property
    def line(self) -> str:
        """The passage as a model reads it; a struck stretch leaves one space."""
        return f"[{self.label}] {self.turn.role}: {' '.join(self.text.split())}"


@dataclass(frozen=True, slots=True)
class NotedFact:
    """A fact under the label that a model cites it by."""

    label: str
    fact: Fact

    @property
    def line(self) -> str:
        """The fact as a model reads it."""
        fact = self.fact
        given = "; ".join(f"{name} {value}" for name, value in fact.attributes if value)
        polarity = "" if fact.polarity == "affirmed" else f", {fact.polarity}"
        return (
            f"[{self.label}] {fact.kind}, {fact.role}{polarity}: {' '.join(fact.text.split())}"
            f"{f' ({given})' if given else ''}"
        )


@dataclass(frozen=True, slots=True)
class Chunk:
    """What a model reads at once; the first `lead` passages only repeat the end of the chunk before."""

    passages: tuple[Passage, ...]
    facts: tuple[NotedFact, ...] = ()
    lead: int = 0

    @property
    def labels(self) -> tuple[str, ...]:
        """Everything that may be cited, in the order in which it is read."""
        return tuple(dict.fromkeys((*(p.label for p in self.passages), *(f.label for f in self.facts))))

    def only(self, facts: Sequence[Fact]) -> Chunk:
        """The same passages with no facts but these."""
        kept = {fact.id for fact in facts}
        return replace(self, facts=tuple(noted for noted in self.facts if noted.fact.id in kept))

    def alone(self) -> Chunk:
        """The chunk without what it only repeats."""
        return replace(self, passages=self.passages[self.lead :], lead=0)

    def halves(self) -> tuple[Chunk, Chunk] | None:
        """The chunk as two, or None where it holds one passage of its own."""
        own = self.passages[self.lead :]
        if len(own) < 2:
            return None
        middle = self.lead + len(own) // 2
        before, after = self.passages[:middle], self.passages[middle:]
        first = tuple(noted for noted in self.facts if _home(noted.fact, after) is None)
        rest = tuple(noted for noted in self.facts if noted not in first)
        return Chunk(before, first, self.lead), Chunk((before[-1], *after), rest, lead=1)


def cut(
    turns: Sequence[Turn], facts: Sequence[Fact], *, count: Callable[[str], int], room: int
) -> tuple[Chunk, ...]:
    """Chunks of at most `room` tokens of lines, as `count` counts them; all words of all turns, in order.

    A question and its answer are not parted: the last turn of a chunk is read along with the next one. A fact
    goes with the turn of its own words; where a turn's facts leave no room for the turn, the last are left out.
    """
    noted = [NotedFact(f"F{n}", fact) for n, fact in enumerate(facts, 1)]
    chunks: list[Chunk] = []
    passages: list[Passage] = []
    along: list[NotedFact] = []
    lead = used = 0
    for passage in _passages(turns, count, room // 2):
        cost = count(passage.line) + 1
        mine: list[NotedFact] = []
        for one in noted:
            if _home(one.fact, (passage,)) is not None and cost + count(one.line) + 1 <= room // 2:
                mine.append(one)
                cost += count(one.line) + 1
        if len(passages) > lead and used + cost > room:
            chunks.append(Chunk(tuple(passages), tuple(along), lead))
            before = passages[-1]
            spent = count(before.line) + 1
            lead = int(spent * _LEAD_SHARE <= room and spent + cost <= room)
            passages, along, used = [before] * lead, [], spent * lead
        passages.append(passage)
        along += mine
        used += cost
    if len(passages) > lead:
        chunks.append(Chunk(tuple(passages), tuple(along), lead))
    return tuple(chunks)


def _home(fact: Fact, passages: Sequence[Passage]) -> Passage | None:
    """The passage that a fact's own words begin in."""
    if not fact.evidence:
        return None
    first = fact.evidence[0]
    return next((p for p in passages if p.turn.id == first.turn and p.start <= first.start < p.end), None)


def _passages(turns: Sequence[Turn], count: Callable[[str], int], longest: int) -> Iterator[Passage]:
    for number, turn in enumerate(turns, 1):
        whole = Passage(f"T{number}", turn, 0, len(turn.text))
        if not turn.text.strip():
            continue
        if count(whole.line) <= longest:
            yield whole
            continue
        start = end = 0
        for piece in sentences(turn.text):
            if end > start and count(replace(whole, start=start, end=piece.end).line) > longest:
                yield from _short(replace(whole, start=start, end=end), count, longest)
                start = piece.start
            end = piece.end
        yield from _short(replace(whole, start=start), count, longest)


def _short(passage: Passage, count: Callable[[str], int], longest: int) -> Iterator[Passage]:
    """A passage that fits: a sentence that does not is halved at a space."""
    middle = passage.turn.text.rfind(" ", passage.start, (passage.start + passage.end) // 2 + 1)
    if count(passage.line) <= longest or middle <= passage.start:
        yield passage
        return
    yield from _short(replace(passage, end=middle), count, longest)
    yield from _short(replace(passage, start=middle + 1), count, longest)


def merged(statements: Sequence[Statement], turns: Sequence[Turn]) -> tuple[Statement, ...]:
    """The statements without repeats, in the order of the session; no evidence is lost.

    Of two that say the same the longer stays, with the evidence of both. What cites nothing comes last.
    """
    order = {turn.id: n for n, turn in enumerate(turns)}
    roles = {turn.id: turn.role for turn in turns}
    kept: list[Statement] = []
    for statement in statements:
        same = next((n for n, other in enumerate(kept) if _says_the_same(other, statement, roles)), None)
        if same is None:
            kept.append(statement)
            continue
        other = kept[same]
        longer = other if len(other.text) >= len(statement.text) else statement
        evidence = without_nested((*other.evidence, *statement.evidence))
        support = other.support if other.support == statement.support else "inferred"
        kept[same] = replace(longer, evidence=evidence, support=support)
    return tuple(sorted(kept, key=lambda statement: _position(statement, order)))


def _position(statement: Statement, order: Mapping[str, int]) -> tuple[int, int]:
    places = [(order.get(span.turn, len(order)), span.start) for span in statement.evidence]
    return min(places, default=(len(order), 0))


def _says_the_same(one: Statement, other: Statement, roles: Mapping[str, str]) -> bool:
    """Whether one will do; never where numbers, polarity or who said it differ."""
    if one.text == other.text and not (one.evidence and other.evidence):
        return True
    if {roles.get(span.turn) for span in one.evidence} != {roles.get(span.turn) for span in other.evidence}:
        return False
    if has_negation(one.text) != has_negation(other.text) or numbers(one.text) != numbers(other.text):
        return False
    a, b = set(content_stems(one.text)) - _FRAME, set(content_stems(other.text)) - _FRAME
    if not a or not b:
        return one.text == other.text
    return len(a & b) >= _SAME * min(len(a), len(b))


def without_nested(spans: Sequence[Span]) -> tuple[Span, ...]:
    """The spans without repeats and without those that lie inside another, in the order given."""
    unique = tuple(dict.fromkeys(spans))
    return tuple(
        span
        for span in unique
        if not any(
            other != span and other.turn == span.turn and other.start <= span.start and span.end <= other.end
            for other in unique
        )
    )
