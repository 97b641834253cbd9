"""What every engine is: a template, turns and facts in, the body of a note out.

An engine is shared and stateless: it keeps nothing of one session for the next. It may write only a
`NoteBody`; what is found about that body is said by `grounding`, never by the engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from summarizer.templates import Template
from summarizer.types import Context, EngineInfo, Fact, NoteBody, Style, Turn


class Engine(Protocol):
    """Writes the body of a note."""

    @property
    def info(self) -> EngineInfo: ...

    async def write(
        self, template: Template, turns: Sequence[Turn], facts: Sequence[Fact], style: Style, context: Context
    ) -> NoteBody:
        """The body, with the template's sections in their order. Raises `EngineFailed`."""
        ...
