"""What every REST call begins and ends with: the server, the checked session id, the audit row."""

from __future__ import annotations

import asyncio
from typing import Annotated, TypeAlias

from fastapi import Depends, Path, Request

from scribe.access import Caller, Right, require
from scribe.server import Server
from scribe.session import Identifier
from scribe.store import StoredSession


def the_server(request: Request) -> Server:
    """The running server of a request."""
    server: Server = request.app.state.server
    return server


def the_caller(request: Request) -> Caller:
    """Who was let in; see `admission`."""
    caller: Caller = request.scope["caller"]
    return caller


def reach(on: Server, who: Caller, session_id: str, right: Right) -> StoredSession:
    """The session, where the caller has that right to it; blocks on the store. Raises NotAllowed or NotFound."""
    require(who, right)
    return on.store.session(session_id)


On: TypeAlias = Annotated[Server, Depends(the_server)]
Who: TypeAlias = Annotated[Caller, Depends(the_caller)]
SessionId: TypeAlias = Annotated[Identifier, Path()]


async def audit(on: Server, who: Caller, action: str, session_id: str, **figures: str | int | float) -> None:
    """Record what was done, from the event loop."""
    await asyncio.to_thread(lambda: on.audit.record(who.actor, action, session_id, **figures))
