"""The REST calls for a session's facts: read them, pin or discard one before the draft is written."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from scribe.access import Right
from scribe.calls import On, SessionId, Who, audit, reached
from scribe.wire import ChangeFact, FactList, WireFact

router = APIRouter(prefix="/v1")


@router.get("/sessions/{session_id}/facts")
async def read_facts(session_id: SessionId, who: Who, on: On) -> FactList:
    """All facts as they stand, in the order in which they were said; until the note is signed."""
    await reached(on, who, session_id, Right.READ)
    facts = await on.live.facts(session_id)
    await audit(on, who, "facts read", session_id)
    return FactList(session_id=session_id, facts=facts)


@router.patch("/sessions/{session_id}/facts/{fact_id}")
async def change_fact(
    session_id: SessionId, fact_id: Annotated[str, Path(max_length=200)], change: ChangeFact, who: Who, on: On
) -> WireFact:
    """Pin or discard a fact, or leave it to the draft again; the next draft follows it."""
    await reached(on, who, session_id, Right.CHANGE)
    fact = await on.live.mark_fact(session_id, fact_id, change.status)
    await audit(on, who, "fact marked", session_id, status=change.status)
    return fact
