"""Engines for tests: what `Engine` promises, with the writing decided by the test."""

from __future__ import annotations

from collections.abc import Sequence

from summarizer.errors import EngineFailed
from summarizer.templates import Template
from summarizer.types import Context, EngineInfo, Fact, NoteBody, Section, Style, Turn


class FakeEngine:
    """Writes the body it was given, whatever it is asked; with none, an empty one. Remembers the facts it saw."""

    def __init__(self, body: NoteBody | None = None, *, failure: str = "") -> None:
        self._body = body
        self._failure = failure
        self.facts: tuple[Fact, ...] = ()
        self.calls = 0

    @property
    def info(self) -> EngineInfo:
        return EngineInfo("fake", "none", "0")

    async def write(
        self, template: Template, turns: Sequence[Turn], facts: Sequence[Fact], style: Style, context: Context
    ) -> NoteBody:
        """The given body. Raises `EngineFailed` where a failure was given."""
        del turns, style, context
        self.calls += 1
        self.facts = tuple(facts)
        if self._failure:
            raise EngineFailed(self._failure)
        if self._body is not None:
            return self._body
        return NoteBody(
            template.name, tuple(Section(s.code, s.title, "not_discussed") for s in template.sections)
        )
