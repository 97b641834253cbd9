"""Who and what is let in over HTTP: a token, an API key or our own page's cookie, and bodies of sane size.

Plain ASGI, so that a request's body and its answer can flow at the same time. Sockets admit for themselves
(see `websocket`): a browser learns nothing from a refused handshake.
"""

from __future__ import annotations

import asyncio
import hmac
import re

from pydantic import SecretStr
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from scribe.access import SCRAPER, Caller
from scribe.cookies import SAFE_METHODS, page_caller, page_cookie
from scribe.errors import NotAuthenticated, ScribeError, TooLarge, TooMany
from scribe.forms import MAX_FORM_BYTES
from scribe.identity import Identity
from scribe.wire import Problem

MAX_BODY_BYTES = 1024 * 1024
"""Of a JSON body; recordings have a path of their own and are never held whole."""

CONTRACT_PATHS = frozenset({"/docs", "/openapi.json", "/asyncapi.json"})
OPEN_PATHS = CONTRACT_PATHS | {
    *("/", "/healthz", "/readyz", "/v1/sign-in", "/v1/oidc/login", "/v1/oidc/callback"),
}
FORM_PATH = "/v1/intake"
RECORDING_PATH = re.compile(r"/v1/sessions/[^/]+/audio")
OPEN_PREFIX = "/page/"
METRICS_PATH = "/metrics"


class Admission:
    """Stands before every HTTP call."""

    def __init__(self, app: ASGIApp, identity: Identity, metrics_token: SecretStr | None = None) -> None:
        self._app = app
        self._metrics_token = metrics_token
        self._identity = identity

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the call through or answer it with a problem."""
        if scope["type"] == "http":
            call = HTTPConnection(scope)
            path, method = scope["path"], scope["method"]
            try:
                if path == METRICS_PATH and self._scrapes(call):
                    scope["caller"] = SCRAPER
                elif path not in OPEN_PATHS and not path.startswith(OPEN_PREFIX):
                    scope["caller"] = await asyncio.to_thread(authenticate, call, method, self._identity)
                if not RECORDING_PATH.fullmatch(path):
                    check_size(call, method, MAX_FORM_BYTES if path == FORM_PATH else MAX_BODY_BYTES)
            except ScribeError as error:
                await problem(error)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _scrapes(self, call: HTTPConnection) -> bool:
        if self._metrics_token is None:
            return False
        given, token = call.headers.get("authorization", ""), self._metrics_token.get_secret_value()
        return hmac.compare_digest(given.encode(errors="surrogatepass"), f"Bearer {token}".encode())


def authenticate(call: HTTPConnection, method: str, identity: Identity) -> Caller:
    """Who calls; raises NotAuthenticated unless a token or a key or, from our own page, its cookie came."""
    header = call.headers.get("authorization", "")
    if header or page_cookie(call) is None:
        scheme, _, given = header.partition(" ")
        return identity.by_bearer(given.strip() if scheme.lower() == "bearer" else None)
    return page_caller(call, method, identity)


def check_size(call: HTTPConnection, method: str, limit: int = MAX_BODY_BYTES) -> None:
    """Raise TooLarge for a body over the limit, or of a length that is not said."""
    length = call.headers.get("content-length")
    if length is None:
        if method not in SAFE_METHODS and "transfer-encoding" in call.headers:
            raise TooLarge("Send bodies with a Content-Length.")
    elif not length.isdigit() or int(length) > limit:
        raise TooLarge(f"A body of this call holds at most {limit} bytes; this one has more.")


def problem(error: ScribeError) -> Response:
    """An error as RFC 9457 problem details."""
    body = Problem(title=error.title, status=error.status, detail=error.detail, code=error.code)
    headers = {"WWW-Authenticate": "Bearer"} if isinstance(error, NotAuthenticated) else None
    if isinstance(error, TooMany):
        headers = {"Retry-After": str(error.retry_seconds)}
    return JSONResponse(body.model_dump(), error.status, headers, media_type="application/problem+json")
