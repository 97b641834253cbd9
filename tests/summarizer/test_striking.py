"""What the clinician struck is not read by any engine, and nothing else moves."""

from __future__ import annotations

import asyncio
from typing import Any

from summarizer.striking import without_struck
from summarizer.summarize import summarize
from summarizer.templates import load_template
from summarizer.types import Context, EngineInfo, Fact, NoteBody, Section, Span, Style, Turn

TURN = Turn("a", "client", "I gamble online. I also run each morning.")


def fact(name: str, start: int, end: int) -> Fact:
    spans = (Span("a", start, end), Span("q", 0, 5))
    return Fact(name, "event", TURN.text[start:end], "client", "affirmed", False, 0.9, spans)


def test_struck_words_become_blanks_of_the_same_length() -> None:
    question = Turn("q", "clinician", "What else?")
    (asked, said) = without_struck((question, TURN), [fact("x", 0, 16)], [fact("y", 17, 41)])
    assert asked == question
    assert said.text == " " * 16 + TURN.text[16:]


def test_words_that_a_kept_fact_rests_on_stay() -> None:
    (said,) = without_struck((TURN,), [fact("x", 0, 41)], [fact("y", 17, 41)])
    assert said.text.strip() == TURN.text[17:41]
    assert without_struck((TURN,), [], []) == (TURN,)


class _Reader:
    """An engine that keeps what it was given to read."""

    info = EngineInfo("reader", "none", "0")
    read = ""

    async def write(self, *given: Any) -> NoteBody:
        self.read = " ".join(turn.text for turn in given[1])
        return NoteBody("soap", (Section("PLAN", "Plan", "not_discussed"),))


def test_an_engine_that_reads_the_transcript_does_not_see_what_was_struck() -> None:
    turns = (
        Turn("1", "clinician", "How have you been sleeping since we last met here?"),
        Turn("2", "client", "I've been sleeping badly since March. My sister moved in with me on Sunday."),
    )
    seen = _Reader()
    first = asyncio.run(summarize(turns, template=load_template("soap"), engine=seen))
    assert "sleeping badly" in seen.read
    struck = frozenset(f.id for f in first.facts if "sleeping badly" in f.text)
    assert struck
    asyncio.run(
        summarize(
            turns,
            template=load_template("soap"),
            engine=seen,
            style=Style(),
            context=Context(),
            discarded=struck,
        )
    )
    assert "sleeping badly" not in seen.read
    assert "sister" in seen.read
