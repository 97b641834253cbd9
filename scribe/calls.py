"""What every REST call begins and ends with: the server, the checked session id, the audit row."""

from __future__ import annotations

import asyncio
from typing import Annotated, TypeAlias

from fastapi import Depends, Path, Request

from scribe.server import Server
from scribe.session import Identifier

ACTOR = "local"
"""Local single-user mode knows one person; organisations will name theirs."""


def the_server(request: Request) -> Server:
    """The running server of a request."""
    server: Server = request.app.state.server
    return server


On: TypeAlias = Annotated[Server, Depends(the_server)]
SessionId: TypeAlias = Annotated[Identifier, Path()]


async def audit(on: Server, action: str, session_id: str, **figures: str | int | float) -> None:
    """Record what was done, from the event loop."""
    await asyncio.to_thread(lambda: on.audit.record(ACTOR, action, session_id, **figures))
