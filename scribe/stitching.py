"""Turns while a session is heard: lines in as they become final or change, the turns that this changes out.

The same turns as `drafting.stitch` makes of all lines, but only the neighbours of a line are stitched again.
Evidence in these turns is pointed back at the lines.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable
from dataclasses import dataclass

from scribe.drafting import Stitched, stitch
from scribe.wire import TranscriptLine
from summarizer.types import Turn

Place = tuple[float, float, str]


@dataclass(frozen=True, slots=True)
class Restitched:
    """Turns that are new or may have changed, and ids of turns that are no more."""

    turns: tuple[Turn, ...]
    gone: tuple[str, ...]


class LiveStitch:
    """The turns of one session so far; stateful, one for each session."""

    def __init__(self) -> None:
        self._lines: dict[str, TranscriptLine] = {}
        self._order: list[Place] = []
        self.stitched = Stitched((), {})
        """Only for its evidence: it lists no turns."""

    def push(self, lines: Iterable[TranscriptLine]) -> Restitched:
        """Take lines that are new or changed; they lie where their times put them."""
        touched: dict[Place, None] = {}
        for line in lines:
            # The times of single words are of no use here and most of a line's memory.
            slim = line.model_copy(update={"words": ()})
            known = self._lines.get(line.id)
            if known == slim:
                continue
            if known is not None:
                del self._order[bisect_left(self._order, _place(known))]
                touched[_place(known)] = None
            insort(self._order, _place(slim))
            touched[_place(slim)] = None
            self._lines[line.id] = slim
        before: set[str] = set()
        turns: dict[str, Turn] = {}
        for first, last in {self._seam(place) for place in touched}:
            here = [self._lines[line_id] for *_, line_id in self._order[first:last]]
            before |= {line.id for line in here if line.id in self.stitched.pieces}
            restitched = stitch(here)
            turns |= {turn.id: turn for turn in restitched.turns}
            self.stitched.pieces.update(restitched.pieces)
        gone = tuple(before - turns.keys())
        for turn_id in gone:
            del self.stitched.pieces[turn_id]
        return Restitched(tuple(turns.values()), gone)

    def place(self, line_id: str) -> Place:
        """Where a line lies."""
        return _place(self._lines[line_id])

    def _seam(self, place: Place) -> tuple[int, int]:
        """Positions (slice) of the lines to stitch again: the whole turns left and right, and one more to the right.

        A line that now has another speaker divides what was one turn; its second half lies behind the line.
        """
        first = last = bisect_left(self._order, place)
        first = self._while_one_speaks(first, -1)
        for _ in range(2):
            last = self._while_one_speaks(last, 1)
        return first, last

    def _while_one_speaks(self, at: int, step: int) -> int:
        """From the gap before position `at`, over the lines of one speaker."""
        speaker = None
        while 0 <= (next_line := at if step > 0 else at - 1) < len(self._order):
            line = self._lines[self._order[next_line][2]]
            if speaker not in (None, line.speaker):
                break
            speaker = line.speaker
            at += step
        return at


def _place(line: TranscriptLine) -> Place:
    return line.start, line.end, line.id
