"""Engines and models for tests: what `Engine` and `LanguageModel` promise, with the writing decided by the test."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from summarizer.abstractive import Reply
from summarizer.errors import EngineFailed
from summarizer.parse import Form
from summarizer.prompt import Message
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


class FakeLanguageModel:
    """Replies what a function of the last message says; a token is a word. Remembers what it was asked."""

    def __init__(
        self,
        answer: Callable[[str], Reply | str],
        *,
        prompt_tokens: int = 4000,
        reply_tokens: int = 1000,
        form: Form = "objects",
    ) -> None:
        self.prompt_tokens = prompt_tokens
        self.reply_tokens = reply_tokens
        self.form: Form = form
        self.asked: list[str] = []
        self.schemas: list[Mapping[str, Any]] = []
        self._answer = answer

    def count(self, text: str) -> int:
        return len(text.split())

    def length(self, messages: Sequence[Message]) -> int:
        return sum(self.count(message.content) for message in messages)

    async def reply(self, messages: Sequence[Message], schema: Mapping[str, Any]) -> Reply:
        self.asked.append(messages[-1].content)
        self.schemas.append(schema)
        said = self._answer(messages[-1].content)
        return said if isinstance(said, Reply) else Reply(said)


class EndlessEngine(FakeEngine):
    """Writes until it is cancelled, as a slow model would; `began` and `cancelled` tell how far that is."""

    def __init__(self) -> None:
        super().__init__()
        self.began = asyncio.Event()
        self.cancelled = False

    async def write(
        self, template: Template, turns: Sequence[Turn], facts: Sequence[Fact], style: Style, context: Context
    ) -> NoteBody:
        """Nothing, ever."""
        del template, turns, facts, style, context
        self.began.set()
        try:
            return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]
        except asyncio.CancelledError:
            self.cancelled = True
            raise
