"""Who said what to which question: turns in, clauses out, each answer with the question it answers.

A `Clause` is the unit from which facts are made. It points at its place in its turn, and an answer carries the
clinician's question, so that `about four` is never read alone. Nothing is interpreted here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from summarizer.language import Slice, broken_off, clauses, is_backchannel, is_question, sentences
from summarizer.lexicon import word_set
from summarizer.types import Role, Span, Turn
from summarizer.wording import UNCLEAR, plain

CLIENT_SIDE: frozenset[Role] = frozenset({"client", "family", "interpreter", "other"})
"""Roles whose words are the client's side of the conversation; an interpreter says the client's words."""


@dataclass(frozen=True, slots=True)
class Clause:
    """A piece of one turn, at most a sentence; `sentence` are the bounds of the whole sentence it is cut from.

    `question` is the clinician's question of the turn before, only on the clauses of the answering turn, and
    `first` is true for the clause that opens that answer.
    """

    turn: Turn
    index: int
    start: int
    end: int
    sentence: Slice
    asks: bool
    whole: bool
    question: Question | None = None
    first: bool = False

    @property
    def text(self) -> str:
        return self.turn.text[self.start : self.end]

    @property
    def plain(self) -> str:
        return plain(self.text)

    @property
    def sentence_text(self) -> str:
        return self.turn.text[self.sentence.start : self.sentence.end]

    @property
    def span(self) -> Span:
        return Span(self.turn.id, self.start, self.end)

    @property
    def sentence_span(self) -> Span:
        return Span(self.turn.id, self.sentence.start, self.sentence.end)


@dataclass(frozen=True, slots=True)
class Question:
    """What a clinician asked at the end of a turn: `start` to `end` covers all its questions.

    `parts` are the single questions; an answer of one word answers the last for certain, the others perhaps.
    """

    turn: Turn
    index: int
    start: int
    end: int
    parts: tuple[Slice, ...]

    @property
    def text(self) -> str:
        return self.turn.text[self.start : self.end]

    @property
    def last(self) -> str:
        """The last question that asks for something (`Any weight loss?`, and not `Anything like that?` after it)."""
        return self.turn.text[self._last.start : self._last.end]

    @property
    def _last(self) -> Slice:
        for part in reversed(self.parts):
            if not _TRAILING.match(self.turn.text[part.start : part.end]):
                return part
        return self.parts[-1]

    @property
    def span(self) -> Span:
        return Span(self.turn.id, self.start, self.end)

    @property
    def last_span(self) -> Span:
        return Span(self.turn.id, self._last.start, self._last.end)


_TRAILING = re.compile(
    r"^\W*(?:(?:or|and|any|is|was|there|um|uh)\W+)*(?:anything|something|nothing|things"
    r"|stuff)?(?: else)?(?: like (?:that|this))?"
    r"(?: at all)?\W*$|^\W*(?:okay|right|correct|yeah|no|or no|you know|is that right)\W*$",
    re.I,
)
"""What is hung on to a question and asks for nothing of its own."""


def closing_question(turn: Turn, index: int) -> Question | None:
    """The question with which a clinician's turn ends, or None.

    Up to two sentences may follow it (`Any chest pain? It may help to take your time.`) and still leave it open.
    """
    pieces = sentences(turn.text)
    asked = [i for i, piece in enumerate(pieces) if is_question(turn.text[piece.start : piece.end])]
    if not asked or asked[-1] < len(pieces) - 2:
        return None
    first = asked[-1]
    while first - 1 in asked:
        first -= 1
    parts = tuple(pieces[i] for i in range(first, asked[-1] + 1))
    return Question(turn, index, parts[0].start, parts[-1].end, parts)


def read_clauses(turns: Sequence[Turn]) -> tuple[Clause, ...]:
    """All clauses of all turns, in order, answers tied to their questions."""
    found: list[Clause] = []
    open_question: Question | None = None
    for index, turn in enumerate(turns):
        question = None
        if turn.role in CLIENT_SIDE:
            question = open_question
            if question is not None and _is_filler(turn.text):
                question = None
            else:
                open_question = None
        elif turn.role == "clinician":
            asked = closing_question(turn, index)
            if asked is not None or not is_backchannel(turn.text):
                open_question = asked
        first = True
        for sentence in sentences(turn.text):
            whole_text = turn.text[sentence.start : sentence.end]
            asks = is_question(whole_text)
            # A cut-off sentence may still hold whole clauses before its last.
            pieces = clauses(turn.text, sentence) if not asks else (sentence,)
            for i, piece in enumerate(pieces):
                last = i == len(pieces) - 1
                whole = (
                    not (last and broken_off(turn.text, sentence))
                    and not _is_inside_quotes(turn.text, piece.start)
                    and not UNCLEAR.search(turn.text, piece.start, piece.end)
                )
                found.append(
                    Clause(
                        turn,
                        index,
                        piece.start,
                        piece.end,
                        sentence,
                        asks,
                        whole,
                        question,
                        first and question is not None,
                    )
                )
                first = False
    return tuple(found)


def _is_inside_quotes(text: str, at: int) -> bool:
    """Whether the character at `at` stands in speech that its speaker only repeats (`he said, "I'm done"`)."""
    return text.count('"', 0, at) % 2 == 1 or text.count("“", 0, at) > text.count("”", 0, at)


_FILLERS = word_set("um uh mm hmm well so er ah oh like hm mmm")


def _is_filler(text: str) -> bool:
    words = text.lower().replace(",", " ").replace(".", " ").replace("-", " ").split()
    return all(word in _FILLERS for word in words)
