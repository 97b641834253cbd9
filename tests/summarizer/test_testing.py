"""The fake engine does what a test tells it."""

from __future__ import annotations

import asyncio

import pytest

from summarizer.errors import EngineFailed
from summarizer.facts import extract_facts
from summarizer.templates import load_template
from summarizer.testing import FakeEngine
from summarizer.types import Context, NoteBody, Style, Turn


def test_it_writes_the_body_it_was_given_and_remembers_the_facts() -> None:
    turns = (Turn("1", "client", "I slept badly."),)
    facts = extract_facts(turns)
    engine = FakeEngine(NoteBody("soap", ()))
    assert asyncio.run(engine.write(load_template("soap"), turns, facts, Style(), Context())) == NoteBody(
        "soap", ()
    )
    assert (engine.facts, engine.calls) == (facts, 1)


def test_it_fails_when_told_to() -> None:
    engine = FakeEngine(failure="the model gave no JSON; ask again")
    with pytest.raises(EngineFailed, match="no JSON"):
        asyncio.run(engine.write(load_template("soap"), (), (), Style(), Context()))
