"""The REST calls for what proves how a session was handled: the discard receipt, the audit, and their key.

A call that leaves no row of its own here or elsewhere gets one from `witness`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from scribe.access import Right, require
from scribe.calls import On, SessionId, Who, admit
from scribe.server import Server
from scribe.session import Identifier
from scribe.wire import AuditEvent, Receipt, SigningKeyView

router = APIRouter(prefix="/v1")


@router.get("/sessions/{session_id}/receipt")
def read_receipt(session_id: SessionId, who: Who, on: On) -> Receipt:
    """What became of the session's audio."""
    admit(on, who, session_id, Right.STATUS)
    receipt = on.store.receipt(session_id)
    on.audit.record(who.actor, "receipt read", session_id)
    return receipt


@router.get("/audit")
def read_audit(
    who: Who,
    on: On,
    after: Annotated[int | None, Query(ge=0, lt=2**31)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 1000,
    session: Annotated[Identifier | None, Query()] = None,
) -> list[AuditEvent]:
    """Who did what when, the oldest first: the last `limit` events, or those after number `after`."""
    require(who, Right.AUDIT)
    on.audit.record(who.actor, "audit read", session or "")
    return list(on.audit.events(after=after, limit=limit, session_id=session))


@router.get(
    "/audit/export",
    response_class=Response,
    responses={200: {"content": {"application/jsonl": {"schema": {"type": "string"}}}}},
)
def export_audit(who: Who, on: On) -> StreamingResponse:
    """Every event and receipt with the signed heads of their chains, one JSON object a line; see docs/audit.md."""
    require(who, Right.AUDIT)
    on.audit.record(who.actor, "audit exported")
    return StreamingResponse(_lines(on), media_type="application/jsonl")


@router.get("/signing-key")
def read_signing_key(on: On) -> SigningKeyView:
    """The public key that receipts and the audit verify with."""
    key = on.store.signing_key.public
    return SigningKeyView(key_id=key.id, public_key=key.text)


def _lines(on: Server) -> Iterator[str]:
    for line in on.audit.export():
        yield json.dumps(line) + "\n"
