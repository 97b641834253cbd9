"""The listening side: settings in, a socket, a TLS context and an HTTP server with its limits out.

Who may listen where is decided here (`require_safe_address`). What is said over the connection is not known here.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import logging
import os
import socket
import ssl
import sys
from collections.abc import Awaitable, Callable
from types import FrameType

import uvicorn
from starlette.types import ASGIApp
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from scribe.config import Settings
from scribe.connections import HttpProtocol, SocketProtocol
from scribe.deadline import Deadline
from scribe.errors import CannotStart
from scribe.headers import SecurityHeaders
from scribe.hosts import Hosts
from scribe.last_resort import LastResort, without_traceback
from scribe.throttle import Throttle

CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""For TLS 1.2: forward secrecy and authenticated encryption only (RFC 9325, section 4.2). TLS 1.3 has no others."""


def require_safe_address(settings: Settings) -> None:
    """Raise CannotStart for an address that other machines reach, unless who calls is known and the way is sealed."""
    if is_loopback(settings.host):
        return
    if settings.access != "organisation":
        raise CannotStart(
            f"This server listens on this machine only (127.0.0.1), not on {settings.host}, as it knows one person "
            "and one token; to be reached from elsewhere it needs SCRIBE_ACCESS=organisation and TLS."
        )
    if settings.tls_cert is None and not trusted_proxies(settings):
        raise CannotStart(
            f"To listen on {settings.host} this server needs TLS: give --tls-cert and --tls-key, or say with "
            "SCRIBE_TRUSTED_PROXY at which address the proxy is that has it."
        )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches that address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def trusted_proxies(settings: Settings) -> frozenset[str]:
    """The proxies' addresses; raises CannotStart for what is none: a network or `*` would trust strangers."""
    given = [part.strip() for part in settings.trusted_proxy.split(",") if part.strip()]
    try:
        return frozenset(str(ipaddress.ip_address(part)) for part in given)
    except ValueError:
        raise CannotStart(
            "SCRIBE_TRUSTED_PROXY must hold the proxies' own IP addresses, with commas between them; "
            "names and networks are not taken."
        ) from None


def listen(host: str, port: int) -> socket.socket:
    """The listening socket; raises CannotStart where the address is taken or not ours.

    A client that stops reading must not pin its connection: unsent data times out in the kernel
    (TCP_USER_TIMEOUT, RFC 5482), and little of it is buffered.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 64 * 1024)
    if sys.platform == "linux":
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 20_000)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        mend = (
            "choose another with --port" if error.errno == errno.EADDRINUSE else "choose another with --host"
        )
        raise CannotStart(
            f"Cannot listen on {host}:{port} ({os.strerror(error.errno or 0)}); {mend}."
        ) from None
    return listener


def url_of(listener: socket.socket, *, secure: bool) -> str:
    """Where this machine reaches the socket; one that listens everywhere is reached by loopback."""
    host, port = listener.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:
        host = "::1" if ":" in host else "127.0.0.1"
    return f"{'https' if secure else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"


def tls_context(settings: Settings) -> ssl.SSLContext | None:
    """TLS as the settings have it, None without; raises CannotStart where the files do not hold what they should."""
    cert, key = settings.tls_cert, settings.tls_key
    if cert is None and key is None and settings.tls_client_ca is None:
        return None
    if cert is None or key is None:
        raise CannotStart("TLS needs both files: give --tls-cert and --tls-key.")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    try:
        for file in (cert, key, settings.tls_client_ca):
            if file is not None:
                file.open("rb").close()  # OpenSSL does not say which one it cannot read
        if os.name == "posix" and key.stat().st_mode & 0o077:
            raise CannotStart(f"The TLS key {key} can be read by others; run `chmod 600` on it.")
        # The password is given so that OpenSSL does not ask for one on a terminal nobody watches.
        context.load_cert_chain(cert, key, password="")
        if settings.tls_client_ca is not None:
            context.load_verify_locations(settings.tls_client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
    except ssl.SSLError as error:
        raise CannotStart(
            f"The files of --tls-cert, --tls-key and SCRIBE_TLS_CLIENT_CA must be PEM, the key without a password "
            f"and of that certificate; OpenSSL says {error.reason or 'that it cannot read them'}."
        ) from None
    except OSError as error:
        raise CannotStart(
            f"Cannot read {error.filename} ({os.strerror(error.errno or 0)}); "
            "see --tls-cert, --tls-key and SCRIBE_TLS_CLIENT_CA."
        ) from None
    return context


def guarded(app: ASGIApp, settings: Settings, listener: socket.socket) -> ASGIApp:
    """The application behind its doors; a call goes through them from the last line to the first."""
    proxies = trusted_proxies(settings)
    secure = settings.tls_cert is not None
    host, port = listener.getsockname()[:2]
    app = Deadline(app, settings.body_seconds)
    app = Throttle(app, settings)
    if proxies:
        app = ProxyHeadersMiddleware(app, sorted(proxies))  # type: ignore[arg-type, assignment]  # its own ASGI types
    app = Hosts(app, (host, port), settings.allowed_hosts, proxies, secure=secure)
    app = SecurityHeaders(app, secure=secure or bool(proxies))
    return LastResort(app)


class DrainingServer(uvicorn.Server):
    """uvicorn, which closes its sockets when it is told to end; this one drains first, while it still answers.

    Told a second time it ends as uvicorn does.
    """

    def __init__(self, config: uvicorn.Config, drain: Callable[[], Awaitable[None]] | None) -> None:
        super().__init__(config)
        self._drain = drain
        self._loop: asyncio.AbstractEventLoop | None = None
        self._draining: asyncio.Task[None] | None = None

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer until told to end."""
        self._loop = asyncio.get_running_loop()
        await super().serve(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal came."""
        drain, self._drain = self._drain, None
        if drain is None or self._loop is None:
            super().handle_exit(sig, frame)
        else:
            self._loop.call_soon_threadsafe(self._begin, drain)

    def _begin(self, drain: Callable[[], Awaitable[None]]) -> None:
        self._draining = asyncio.create_task(self._end_after(drain))

    async def _end_after(self, drain: Callable[[], Awaitable[None]]) -> None:
        try:
            await drain()
        finally:
            self.should_exit = True


def uvicorn_server(
    app: ASGIApp,
    tls: ssl.SSLContext | None = None,
    *,
    drain: Callable[[], Awaitable[None]] | None = None,
    head_seconds: float = 10.0,
    max_connections: int = 500,
    pong_seconds: float = 20.0,
) -> uvicorn.Server:
    """The HTTP and WebSocket server with the limits of the contract."""

    class Http(HttpProtocol):
        pass

    Http.head_seconds = head_seconds
    Http.max_connections = max_connections
    config = uvicorn.Config(
        app,
        http=Http,
        ws=SocketProtocol,
        ws_max_size=4 * 64 * 1024,  # so that a frame over 64 KiB gets our own close code and reason
        ws_per_message_deflate=False,
        ws_ping_interval=20.0,
        # While the store or the recogniser keeps a stream waiting nothing is read, pongs neither; a client that is
        # gone is found by what it does not take (`listen`, SCRIBE_SEND_SECONDS) or send (SCRIBE_IDLE_SECONDS).
        ws_ping_timeout=pong_seconds,
        log_config=None,
        log_level="warning",  # its messages are about sockets; ours are about sessions
        access_log=False,
        server_header=False,
        proxy_headers=False,  # who is trusted is said in the settings, not in a variable of uvicorn's
        limit_concurrency=max_connections,
        backlog=128,  # also how many are accepted before one of them is looked at
        timeout_keep_alive=5,
        h11_max_incomplete_event_size=16 * 1024,  # a request's line and headers together
        timeout_graceful_shutdown=10,
        ssl_context_factory=None if tls is None else (lambda _config, _default: tls),
    )
    for library in ("uvicorn.error", "asyncio"):
        logging.getLogger(library).addFilter(without_traceback)
    return DrainingServer(config, drain)
