"""The security headers of every answer, whatever made it.

A route may set one of them itself (the page has its own policy); what it sets stays.
"""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COMMON = {
    # An answer of the API is data: opened by itself in a browser, it can do nothing.
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "sandbox",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=(), display-capture=(), usb=(), serial=(), "
    "hid=(), midi=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
STRICT_TRANSPORT = {"Strict-Transport-Security": f"max-age={365 * 24 * 3600}"}
"""RFC 6797; without its subdomains, which are not ours to speak for."""


class SecurityHeaders:
    """Adds them; `secure` where callers come by TLS, our own or a proxy's."""

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        self._app = app
        self._headers = COMMON | (STRICT_TRANSPORT if secure else {})

    @staticmethod
    def common() -> list[tuple[bytes, bytes]]:
        """As an answer that no application made needs them."""
        return [(name.lower().encode(), value.encode()) for name, value in COMMON.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on and complete the head of its answer."""

        async def completed(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, completed)
