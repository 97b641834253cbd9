"""What every REST call begins and ends with: the server, the checked session id, the audit row."""

from __future__ import annotations

import asyncio
from typing import Annotated, TypeAlias

from fastapi import Depends, Path, Request

from scribe.access import Caller, Right, refused, require, rights_to
from scribe.server import Server
from scribe.session import Identifier
from scribe.store import StoredSession, no_session


def the_server(request: Request) -> Server:
    """The running server of a request."""
    server: Server = request.app.state.server
    return server


def the_caller(request: Request) -> Caller:
    """Who was let in; see `admission`."""
    caller: Caller = request.scope["caller"]
    return caller


def admit(on: Server, who: Caller, session_id: str, right: Right) -> None:
    """Raise unless the caller has that right to the session, which may be shredded; blocks on the store.

    Raises NotFound where it is not there, and in the same words where it does not exist for this caller; NotAllowed
    where they see it and may not do this. What is refused is audited.
    """
    require(who, right)
    whose = on.store.whose(session_id)
    rights = rights_to(who, whose)
    if right not in rights:
        on.audit.record(who.actor, "access refused", session_id, right=right.value)
        raise refused(right) if rights else no_session(session_id)


def reach(on: Server, who: Caller, session_id: str, right: Right) -> StoredSession:
    """The session, where the caller has that right to it; blocks on the store. Raises NotAllowed or NotFound."""
    admit(on, who, session_id, right)
    return on.store.session(session_id)


async def reached(on: Server, who: Caller, session_id: str, right: Right) -> StoredSession:
    """As `reach`, from the event loop."""
    return await asyncio.to_thread(reach, on, who, session_id, right)


On: TypeAlias = Annotated[Server, Depends(the_server)]
Who: TypeAlias = Annotated[Caller, Depends(the_caller)]
SessionId: TypeAlias = Annotated[Identifier, Path()]


async def audit(on: Server, who: Caller, action: str, session_id: str, **figures: str | int | float) -> None:
    """Record what was done, from the event loop."""
    await asyncio.to_thread(lambda: on.audit.record(who.actor, action, session_id, **figures))
