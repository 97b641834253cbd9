"""Which names this server answers to, and that a call from a proxy came to it by https.

A page elsewhere can have its own name point at this machine (DNS rebinding); its calls then come with that name
in `Host`, which is what gives them away. Checked before anything else is looked at.
"""

from __future__ import annotations

import ipaddress

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from scribe.admission import problem
from scribe.errors import Misdirected

PROBES = frozenset({"/healthz", "/readyz"})
"""A proxy asks these for itself, over no TLS; they tell nothing of anybody."""
DEFAULT_PORTS = {"http": 80, "https": 443}


class Hosts:
    """Stands before every call and handshake; `proxies` are addresses that speak for others."""

    def __init__(
        self, app: ASGIApp, address: tuple[str, int], names: str, proxies: frozenset[str], *, secure: bool
    ) -> None:
        self._app = app
        self._own = own_names(*address, secure=secure)
        self._given = frozenset(name.strip().lower() for name in names.split(",") if name.strip())
        self._proxies = proxies
        self._secure = secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the call through, or answer that it was meant for another."""
        if scope["type"] in ("http", "websocket"):
            try:
                headers = Headers(scope=scope)
                self._require_name(headers.get("host", ""))
                if scope["path"] not in PROBES:
                    self._require_https((scope.get("client") or ("", 0))[0], headers)
            except Misdirected as error:
                await problem(error)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _require_name(self, host: str) -> None:
        host = host.lower()
        name = host.rpartition(":")[0] if ":" in host.rpartition("]")[2] else host
        if host not in self._own and not {host, name} & self._given:
            raise Misdirected(
                "This server does not answer to the name in the Host header; call it by its own address, or add the "
                "name to SCRIBE_ALLOWED_HOSTS."
            )

    def _require_https(self, caller: str, headers: Headers) -> None:
        if not self._proxies:
            return
        if caller in self._proxies:
            if headers.getlist("x-forwarded-proto") != ["https"]:
                raise Misdirected(
                    "The proxy must say X-Forwarded-Proto: https; callers must come to it by https."
                )
        elif not self._secure and not _is_this_machine(caller):
            raise Misdirected(
                "This server is reached through its proxy only; call the proxy's address by https."
            )


def own_names(host: str, port: int, *, secure: bool) -> frozenset[str]:
    """What a client writes in `Host` for the address that is listened on and for loopback."""
    names = {"localhost", "127.0.0.1", "[::1]"}
    if not ipaddress.ip_address(host).is_unspecified:
        names.add(f"[{host}]" if ":" in host else host)
    own = {f"{name}:{port}" for name in names}
    return frozenset(own | names if port == DEFAULT_PORTS["https" if secure else "http"] else own)


def _is_this_machine(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
