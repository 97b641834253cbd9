"""Sees to it that every call leaves a row in the audit, whatever became of it, before it is answered.

Plain ASGI around all that answers. A room that knows what was done records it in its own words; what was refused,
failed or only looked at without a word gets a row here: which call, and its status. Calls of nobody we know are
counted and written once a minute, so that a flood of them fills no disk.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import Counter
from collections.abc import Callable
from time import monotonic

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scribe.audit import Audit, seen
from scribe.errors import NotAllowed, NotAuthenticated, ScribeError

log = logging.getLogger("scribe.witness")

NOT_RECORDED = {
    "/v1/openapi.json": "says what the software can do, nothing of anybody",
    "/v1/signing-key": "is there for everyone; reading it tells nothing of anybody",
}
"""Calls under /v1 that leave no row where they are answered, and why."""

REFUSALS = frozenset({NotAuthenticated.status, NotAllowed.status})
ANSWERS = frozenset({"http.response.start", "websocket.close", "websocket.http.response.start"})
SESSION_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
NOBODY, STRANGE = "nobody", "calls of nobody known"
EVERY_SECONDS = 60.0


class Strangers:
    """Calls that nobody we know made, by status: told at once, and from then on once a minute, with their number."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._told_at: dict[int, float] = {}
        self._untold: Counter[int] = Counter()

    def count(self, status: int) -> int:
        """One more; how many are to be told now, 0 while the minute is not over."""
        self._untold[status] += 1
        told_at = self._told_at.get(status)
        if told_at is not None and self._clock() - told_at < EVERY_SECONDS:
            return 0
        self._told_at[status] = self._clock()
        return self._untold.pop(status)

    def rest(self) -> dict[int, int]:
        """What was not told yet, by status; it counts as told."""
        untold, self._untold = dict(self._untold), Counter()
        return untold


class Witness:
    """Stands around every call, HTTP or socket."""

    def __init__(
        self,
        app: ASGIApp,
        audit: Audit,
        strangers: Strangers,
        problem: Callable[[ScribeError], Response],
    ) -> None:
        self._app = app
        self._audit = audit
        self._strangers = strangers
        self._problem = problem

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the call through; what it leaves no row for gets one before the answer begins."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        answered, kept_back = False, False

        async def watched(message: Message) -> None:
            nonlocal answered, kept_back
            if not answered and message["type"] in ANSWERS:
                answered = True
                error = None if actions else await self._told(scope, message)
                if error is not None:
                    kept_back = True
                    await self._problem(error)(scope, receive, send)
            if not kept_back:
                await send(message)

        with seen() as actions:
            try:
                await self._app(scope, receive, watched)
            except Exception:
                # What answers it stands outside of this.
                if not (answered or actions) and scope["type"] == "http":
                    await self._told(scope, {"type": "http.response.start", "status": ScribeError.status})
                raise

    async def _told(self, scope: Scope, answer: Message) -> ScribeError | None:
        """Write the row; the error with which the call is answered instead where it cannot be written."""
        socket = scope["type"] == "websocket"
        status = int(answer.get("code", 1000) if socket else answer["status"])
        refused = socket or status >= 400
        caller = scope.get("caller")
        figures: dict[str, str | int] = {"status": status}
        if scope["path"] in NOT_RECORDED and not refused:
            return None
        if not (scope["path"].startswith("/v1/") or status in REFUSALS):
            return None
        if caller is None:
            if (told := self._strangers.count(status)) == 0:
                return None
            actor, action, session_id = NOBODY, STRANGE, ""
            figures["calls"] = told
        else:
            actor = caller.actor
            action = "call refused" if refused else "call answered"
            session_id = str(scope.get("path_params", {}).get("session_id", ""))
            figures["call"] = getattr(scope.get("endpoint"), "__name__", "none")
        try:
            await asyncio.to_thread(lambda: self._audit.record(actor, action, _known(session_id), **figures))
        except ScribeError as error:
            # A refusal tells nothing that the audit would have to know of first.
            log.error("an answer was not recorded: %s", error.code)
            return None if refused else error
        return None


async def settle(audit: Audit, strangers: Strangers) -> None:
    """Record what was counted and not told yet; when the server ends."""
    for status, calls in strangers.rest().items():
        try:
            await asyncio.to_thread(audit.record, NOBODY, STRANGE, status=status, calls=calls)
        except ScribeError as error:
            log.error("%d calls of nobody we know were not recorded: %s", calls, error.code)


def _known(session_id: str) -> str:
    return session_id if SESSION_ID.fullmatch(session_id) else ""
