"""How long a request's body may take. A recording is heard while it comes and has a patience of its own (`upload`)."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scribe.admission import RECORDING_PATH, problem
from scribe.errors import Idle


class Deadline:
    """Ends calls whose body drips."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on; a body that is late ends it, and the answer says so."""
        if scope["type"] != "http" or RECORDING_PATH.fullmatch(scope["path"]):
            await self._app(scope, receive, send)
            return
        ends = asyncio.get_running_loop().time() + self._seconds
        whole = late = answered = False

        async def received() -> Message:
            nonlocal whole, late
            if whole:
                return await receive()  # which waits for the client to go away, as long as that takes
            try:
                async with asyncio.timeout_at(ends):
                    message = await receive()
            except TimeoutError:
                whole = late = True
                return {"type": "http.disconnect"}
            whole = not message.get("more_body", False)
            return message

        async def sent(message: Message) -> None:
            nonlocal answered
            if not late or answered:
                answered = True
                await send(message)

        try:
            await self._app(scope, received, sent)
        except Exception:
            if not late:
                raise
        if late and not answered:
            answer = problem(
                Idle(f"A body must come within {self._seconds:g} seconds; send it again at once.")
            )
            answer.headers["Connection"] = "close"
            await answer(scope, receive, send)
