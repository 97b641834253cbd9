"""Webhooks: who is told when a session's life takes a step, and how each message is signed.

Pure but for reading the file of endpoints. A message says what happened, to which session and when, never a word of
it. Signatures, headers and the times between attempts are those of Standard Webhooks (standardwebhooks.com, version
1.0.0). Keeping messages is `deliveries`, sending them `delivering`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
import json
import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal, TypeAlias, get_args
from urllib.parse import urlsplit

from pydantic import Field, ValidationError

from scribe.errors import CannotStart
from scribe.session import Identifier, Step, Strict

Event: TypeAlias = Literal["session.ended", "note.drafted", "note.signed", "consent.revoked"]

EVENTS: Mapping[Step, Event] = {
    Step.STOPPED: "session.ended",
    Step.DRAFTED: "note.drafted",
    Step.SIGNED: "note.signed",
    Step.REVOKED: "consent.revoked",
}
"""The steps of a session's life that are told."""

RETRIES = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 5 * 60, 30 * 60, *(hours * 3600 for hours in (2, 5, 10, 14, 20, 24)))
)
"""Between one attempt and the next, as the standard proposes; after the last, three days on, it is given up."""
JITTER = 0.2
"""A wait is longer by up to this share of it, so that what failed together does not come back together."""

SECRET_PREFIX, ENVIRONMENT_PREFIX = "whsec_", "env:"
SECRET_BYTES = range(24, 65)
"""How long the standard wants a secret to be."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where messages go. `keys` sign, each for itself, so that a receiver may change from one to the next."""

    name: str
    url: str = field(repr=False)
    keys: tuple[bytes, ...] = field(repr=False)
    events: frozenset[Event]


class _Given(Strict):
    """One `[[endpoint]]` of the file."""

    name: Identifier
    url: Annotated[str, Field(max_length=2000)]
    secrets: Annotated[tuple[str, ...], Field(min_length=1, max_length=3)]
    events: frozenset[Event] = frozenset(get_args(Event))


class _File(Strict):
    endpoint: Annotated[tuple[_Given, ...], Field(max_length=20)]


def load_endpoints(path: Path | None) -> tuple[Endpoint, ...]:
    """The endpoints of a TOML file, none without one; raises CannotStart where it does not hold what it should."""
    if path is None:
        return ()
    try:
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise CannotStart(
                f"The file {path} of SCRIBE_WEBHOOKS can be read by others and may hold secrets; "
                f"run `chmod 600 {path}`."
            )
        given = _File.model_validate(tomllib.loads(path.read_text(encoding="utf-8"))).endpoint
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise CannotStart(
            f"The file {path} of SCRIBE_WEBHOOKS holds no endpoints ({type(error).__name__}); expected TOML with "
            "[[endpoint]] tables of `name`, `url`, `secrets` and, if not all are wanted, `events`."
        ) from None
    if len({one.name for one in given}) < len(given):
        raise CannotStart(f"The file {path} of SCRIBE_WEBHOOKS names two endpoints alike; give each its own.")
    return tuple(_endpoint(one) for one in given)


def _endpoint(given: _Given) -> Endpoint:
    try:
        parts = urlsplit(given.url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        host = ""
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))):
        raise CannotStart(
            f"The url of the webhook endpoint {given.name} is none that messages are sent to; expected https, or "
            "http to this machine itself."
        )
    keys = tuple(_key(given.name, secret) for secret in given.secrets)
    return Endpoint(given.name, given.url, keys, given.events)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _key(name: str, secret: str) -> bytes:
    if secret.startswith(ENVIRONMENT_PREFIX):
        variable = secret.removeprefix(ENVIRONMENT_PREFIX)
        secret = os.environ.get(variable, "")
        if not secret:
            raise CannotStart(
                f"The webhook endpoint {name} takes its secret from the variable {variable}, which is not set; set it."
            )
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) not in SECRET_BYTES:
        raise CannotStart(
            f"A secret of the webhook endpoint {name} is none; expected `{SECRET_PREFIX}` and the base64 of "
            f"{SECRET_BYTES[0]} to {SECRET_BYTES[-1]} random bytes."
        )
    return key


def body_of(event: Event, session_id: str, at: datetime) -> bytes:
    """What is sent: the kind, the time and the session's id; whoever wants more asks for it, signed in."""
    told = {"type": event, "timestamp": at.isoformat(), "data": {"session_id": session_id}}
    return json.dumps(told, separators=(",", ":")).encode()


def signed_headers(keys: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers of the standard; `timestamp` is that of the attempt, in seconds since 1970."""
    content = b".".join((message_id.encode(), str(timestamp).encode(), body))
    signatures = (hmac.new(key, content, hashlib.sha256).digest() for key in keys)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{base64.b64encode(one).decode()}" for one in signatures),
    }


def wait_after(attempts: int, retries: Sequence[timedelta], luck: float) -> timedelta | None:
    """How long to wait after so many failed attempts, `luck` in [0, 1); None where it is given up."""
    if attempts > len(retries):
        return None
    return retries[attempts - 1] * (1 + JITTER * luck)
