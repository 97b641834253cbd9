"""The REST call that drafts without a session: a transcript or a summary in, the draft with its evidence out.

Nothing of it is stored or logged; the audit holds counts only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter

from scribe.calls import ACTOR, On
from scribe.dictation import draft_text
from scribe.drafting import default_style, templates_of
from scribe.wire import TextDraftRequest
from summarizer.engine import Engine
from summarizer.templates import Template
from summarizer.types import Context, EngineInfo, Fact, NoteBody, Style, Turn

router = APIRouter(prefix="/v1")


class _OnLoop:
    """An engine for a draft that is made in another thread: its calls run on the loop that it belongs to."""

    def __init__(self, engine: Engine, loop: asyncio.AbstractEventLoop) -> None:
        self._engine = engine
        self._loop = loop

    @property
    def info(self) -> EngineInfo:
        return self._engine.info

    async def write(
        self, template: Template, turns: Sequence[Turn], facts: Sequence[Fact], style: Style, context: Context
    ) -> NoteBody:
        """The body of a note; see `Engine.write`."""
        writing = self._engine.write(template, turns, facts, style, context)
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(_awaited(writing), self._loop))


async def _awaited(writing: Any) -> NoteBody:
    body: NoteBody = await writing
    return body


@router.post("/draft")
async def draft(request: TextDraftRequest, on: On) -> dict[str, Any]:
    """Draft a note from a transcript or a dictated summary; nothing is stored."""
    engine = _OnLoop(on.engines.note, asyncio.get_running_loop())
    work = draft_text(
        request, engine=engine, templates=templates_of(on.settings), defaults=default_style(on.settings)
    )
    # Finding facts in hours of talk takes seconds, which open streams must not wait for.
    drafted = await asyncio.to_thread(asyncio.run, work)
    await asyncio.to_thread(
        lambda: on.audit.record(
            ACTOR,
            "text drafted",
            template=drafted.template.name,
            turns=len(drafted.turns),
            engine=drafted.draft.engine.engine,
        )
    )
    return drafted.as_json()
