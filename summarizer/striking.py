"""What the clinician struck, kept from every engine: turns in, the same turns with blanks for struck words out.

The blanks are as long as the words, so that every span still points where it did. Words that a fact which was
kept rests on as well stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from summarizer.types import Fact, Turn


def without_struck(turns: Sequence[Turn], struck: Sequence[Fact], kept: Sequence[Fact]) -> tuple[Turn, ...]:
    """The turns as an engine may read them."""
    if not struck:
        return tuple(turns)
    return tuple(_blanked(turn, struck, kept) for turn in turns)


def _blanked(turn: Turn, struck: Sequence[Fact], kept: Sequence[Fact]) -> Turn:
    gone = _places(turn, struck) - _places(turn, kept)
    if not gone:
        return turn
    return replace(turn, text="".join(" " if n in gone else c for n, c in enumerate(turn.text)))


def _places(turn: Turn, facts: Sequence[Fact]) -> set[int]:
    """The characters of a turn that these facts' own words take; a question that they answer is not theirs."""
    return {
        n
        for fact in facts
        for span in fact.evidence[:1]
        if span.turn == turn.id
        for n in range(span.start, span.end)
    }
