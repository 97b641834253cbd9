"""The last resort of every call: what nobody caught is logged by its type alone and answered with a problem.

A traceback can hold the words of a session, so neither ours nor those of the server library reach the log.
"""

from __future__ import annotations

import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scribe.admission import problem
from scribe.errors import ScribeError

log = logging.getLogger("scribe")


class LastResort:
    """Stands around everything else."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on; a failure ends here."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        begun = False

        async def sent(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, sent)
        except Exception as error:
            log.error("a call failed: %s", type(error).__name__)
            if not begun:
                await problem(
                    ScribeError("The server failed on this call; nothing that was acknowledged is lost.")
                )(scope, receive, send)


def without_traceback(record: logging.LogRecord) -> bool:
    """A filter for the server library's log: the type of what was raised instead of its traceback."""
    if record.exc_info:
        kind = record.exc_info[0] if isinstance(record.exc_info, tuple) else None
        record.msg = f"{str(record.msg).strip()} ({kind.__name__ if kind else 'unknown'})"
        record.exc_info = record.exc_text = None
    return True
