"""Limits on how often an address may fail to sign in and open streams, and a caller may call.

Plain ASGI. A handshake that is refused is answered with HTTP 429 and no close code: the limit is there to spare the
server the stream, and every WebSocket library reports the status. Audio needs no rate: a stream is read as fast as
its ring has room, so who sends faster than it is heard waits.
"""

from __future__ import annotations

import ipaddress
import re
import time
from math import ceil

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scribe.access import Caller
from scribe.admission import OPEN_PATHS, OPEN_PREFIX, problem
from scribe.config import Settings
from scribe.errors import NotAuthenticated, TooMany
from scribe.rates import Rate

SIGNING_IN = re.compile(r"/v1/sign-in(/.*)?|/v1/sessions/[^/]+/note/sign")
"""Calls whose body is what signs in."""
CALL_WINDOW_SECONDS = 10.0
"""A page or a platform may come with all that it wants at once, if it is quiet afterwards."""


class Throttle:
    """Failed sign-ins and opened streams, by the address that they come from; before anybody is known."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._failures = Rate(settings.sign_in_failures_per_minute, 60.0)
        self._opens = Rate(settings.streams_per_second * CALL_WINDOW_SECONDS, CALL_WINDOW_SECONDS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the call through, or say when it may come again."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        address, now = network_of(scope), time.monotonic()
        signs_in = _shows_a_secret(scope)
        wait = self._failures.wait(address, now) if signs_in else 0.0
        if wait:
            await too_many("Too many sign-ins from this address failed", wait)(scope, receive, send)
            return
        if scope["type"] == "websocket":
            wait = self._opens.take(address, now)
            if wait:
                await too_many("Too many streams were opened from this address", wait)(scope, receive, send)
                return

        async def watched(message: Message) -> None:
            if signs_in:
                self._learn(address, scope, message)
            await send(message)

        await self._app(scope, receive, watched)

    def _learn(self, address: str, scope: Scope, message: Message) -> None:
        kind = message["type"]
        if kind == "http.response.start":
            failed, succeeded = message["status"] == NotAuthenticated.status, message["status"] < 300
            if SIGNING_IN.fullmatch(scope["path"]):
                succeeded = succeeded and scope["method"] == "POST"  # what is only asked there proves nothing
        else:
            failed = kind == "websocket.close" and message.get("code") == NotAuthenticated.close_code
            succeeded = False  # an accepted handshake proves nothing yet
        if failed:
            self._failures.take(address, time.monotonic())
        elif succeeded:
            self._failures.clear(address)


class CallLimit:
    """Calls by whoever makes them; behind `Admission`, which says who that is."""

    def __init__(self, app: ASGIApp, calls_per_second: float) -> None:
        self._app = app
        self._calls = Rate(calls_per_second * CALL_WINDOW_SECONDS, CALL_WINDOW_SECONDS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the call through, or say when it may come again."""
        caller: Caller | None = scope.get("caller") if scope["type"] == "http" else None
        wait = self._calls.take(caller.actor, time.monotonic()) if caller else 0.0
        if wait:
            await too_many("Calls come faster than this server takes them", wait)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def too_many(what: str, wait_seconds: float) -> ASGIApp:
    """The refusal as an answer."""
    seconds = max(1, ceil(wait_seconds))
    return problem(TooMany(f"{what}; try again in {seconds} seconds.", seconds))


def network_of(scope: Scope) -> str:
    """Who is counted as one: an IPv4 address, or the 64 bits of an IPv6 address that a network gives away freely."""
    client = scope.get("client")
    try:
        address = ipaddress.ip_address(client[0] if client else "")
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _shows_a_secret(scope: Scope) -> bool:
    """Whether the call can be used to guess: a stale cookie cannot, it is signed and goes with every call."""
    path = scope["path"]
    if scope["type"] == "websocket" or SIGNING_IN.fullmatch(path):
        return True
    if path in OPEN_PATHS or path.startswith(OPEN_PREFIX):
        return False  # nobody looks at what is shown there
    return any(name == b"authorization" for name, _ in scope["headers"])
