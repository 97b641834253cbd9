"""The REST call that drafts without a session: a transcript or a summary in, the draft with its evidence out.

Nothing of it is stored or logged; the audit holds counts only.
"""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter

from scribe.access import Right, require
from scribe.calls import On, Who
from scribe.dictation import draft_text
from scribe.drafting import default_style, templates_of
from scribe.on_loop import apart
from scribe.wire import TextDraftRequest

router = APIRouter(prefix="/v1")


@router.post("/draft")
async def draft(request: TextDraftRequest, who: Who, on: On) -> dict[str, Any]:
    """Draft a note from a transcript or a dictated summary; nothing is stored."""
    require(who, Right.CREATE)
    templates, defaults = templates_of(on.settings), default_style(on.settings)
    drafted = await apart(
        lambda engine: draft_text(request, engine=engine, templates=templates, defaults=defaults),
        on.engines.note,
    )
    await asyncio.to_thread(
        lambda: on.audit.record(
            who.actor,
            "text drafted",
            template=drafted.template.name,
            turns=len(drafted.turns),
            engine=drafted.draft.engine.engine,
        )
    )
    return drafted.as_json()
