"""A health record's FHIR server, reached as a SMART backend service: a Bundle in, what became of each entry out.

The token is asked for with an assertion signed by a key of ours (SMART App Launch 2.2, Backend Services; RFC 7523);
no password is shared, and what is signed is good for minutes, once. Only https is spoken, but on this machine itself.
What a server says in words may quote the note, so errors hold its codes alone.
"""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import jwt
from pydantic import BaseModel, ValidationError

from scribe.errors import BadRequest, NotSent

ALGORITHMS = ("RS384", "ES384")
"""Those that every SMART server takes; which of them is said by the kind of key."""
SCOPE = " ".join(
    f"system/{kind}.cus" for kind in ("Composition", "DocumentReference", "Provenance", "Consent")
)
"""Create, update and search of what a Bundle holds, nothing else."""
LIFE = timedelta(minutes=4)
"""Of an assertion; five minutes are allowed."""
TIMEOUT_SECONDS = 30.0
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class _Configuration(BaseModel):
    """What of `.well-known/smart-configuration` is used."""

    token_endpoint: str
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("private_key_jwt",)
    token_endpoint_auth_signing_alg_values_supported: tuple[str, ...] = ALGORITHMS


class _Token(BaseModel):
    access_token: str
    token_type: str


@dataclass(frozen=True, slots=True)
class Credentials:
    """Our id at the record, and the private key (PEM) of the public one that its administrator registered."""

    client_id: str
    private_key: str = field(repr=False)
    key_id: str = ""
    scope: str = SCOPE


class HealthRecord:
    """One server; `clock` tells the time for assertions. Raises BadRequest where address or key cannot serve."""

    def __init__(
        self,
        url: str,
        credentials: Credentials,
        clock: Callable[[], datetime],
        *,
        verify: ssl.SSLContext | None = None,
    ) -> None:
        self._base = url.rstrip("/")
        self._credentials = credentials
        self._clock = clock
        self._verify = verify
        if not _is_private(self._base):
            raise BadRequest(
                "Expected an https address of the FHIR server (plain http only on this machine itself)."
            )
        self._algorithm = _algorithm_of(credentials.private_key)

    async def send(self, bundle: Mapping[str, Any]) -> tuple[str, ...]:
        """Send a transaction; the status of each entry, in order. Raises NotSent where it was not taken whole."""
        # A proxy of the environment must not carry in clear what stays on this machine.
        options: dict[str, Any] = {"timeout": TIMEOUT_SECONDS, "trust_env": not _is_loopback(self._base)}
        async with httpx.AsyncClient(verify=self._verify or True, **options) as http:
            token = await self._token(http)
            answer = await _asked(
                http.post(
                    self._base,
                    json=bundle,
                    headers={
                        "Authorization": f"Bearer {token}",
                        "Content-Type": "application/fhir+json",
                        "Accept": "application/fhir+json",
                    },
                )
            )
        if answer.status_code != 200:
            raise NotSent(
                f"The FHIR server refused the note with status {answer.status_code}{_issues(answer)}; "
                "nothing of it was taken."
            )
        return _taken(answer, len(bundle["entry"]))

    async def _token(self, http: httpx.AsyncClient) -> str:
        answer = await _asked(http.get(f"{self._base}/.well-known/smart-configuration"))
        try:
            found = _Configuration.model_validate_json(answer.content)
        except ValidationError:
            raise NotSent(
                f"The FHIR server has no SMART configuration (status {answer.status_code}); check its address."
            ) from None
        if "private_key_jwt" not in found.token_endpoint_auth_methods_supported:
            raise NotSent("The FHIR server takes no private_key_jwt; it does not serve backend services.")
        if self._algorithm not in found.token_endpoint_auth_signing_alg_values_supported:
            raise NotSent(
                f"The FHIR server takes no {self._algorithm}; register the other kind of key with it."
            )
        if not _is_private(found.token_endpoint):
            raise NotSent("The FHIR server names a token endpoint without TLS; nothing was sent to it.")
        form = {
            "grant_type": "client_credentials",
            "scope": self._credentials.scope,
            "client_assertion_type": _ASSERTION,
            "client_assertion": self._assertion(found.token_endpoint),
        }
        answer = await _asked(http.post(found.token_endpoint, data=form))
        try:
            token = _Token.model_validate_json(answer.content)
        except ValidationError:
            token = None
        if answer.status_code != 200 or token is None or token.token_type.lower() != "bearer":
            raise NotSent(
                f"The FHIR server gave no token (status {answer.status_code}); "
                "check client id, key and scopes with whoever administers it."
            )
        return token.access_token

    def _assertion(self, audience: str) -> str:
        now = self._clock()
        claims = {
            "iss": self._credentials.client_id,
            "sub": self._credentials.client_id,
            "aud": audience,
            "iat": now,
            "exp": now + LIFE,
            "jti": str(uuid4()),
        }
        headers = {"kid": self._credentials.key_id} if self._credentials.key_id else None
        return jwt.encode(claims, self._credentials.private_key, self._algorithm, headers)


async def _asked(call: Any) -> httpx.Response:
    try:
        answer: httpx.Response = await call
    except httpx.HTTPError as error:
        raise NotSent(f"The FHIR server was not reached ({type(error).__name__}); try again later.") from None
    return answer


def _taken(answer: httpx.Response, count: int) -> tuple[str, ...]:
    try:
        body = answer.json()
        statuses = tuple(str(entry["response"]["status"]) for entry in body["entry"])
        kind = body["type"]
    except (ValueError, KeyError, TypeError):
        kind, statuses = "", ()
    if kind != "transaction-response" or len(statuses) != count:
        raise NotSent(
            "The FHIR server did not answer as to a transaction; look there what it kept of the note."
        )
    if wrong := [status for status in statuses if not status.startswith("2")]:
        raise NotSent(f"The FHIR server took the note in part ({', '.join(wrong)}); look there what it kept.")
    return statuses


def _issues(answer: httpx.Response) -> str:
    """The codes of an OperationOutcome; its words may quote the note."""
    try:
        codes = {str(issue["code"]) for issue in answer.json()["issue"]}
    except (ValueError, KeyError, TypeError):
        return ""
    known = sorted(code for code in codes if code.replace("-", "").isalpha() and len(code) <= 20)
    return f" ({', '.join(known)})" if known else ""


def _algorithm_of(private_key: str) -> str:
    for algorithm in ALGORITHMS:
        try:
            jwt.encode({}, private_key, algorithm)
        except (jwt.PyJWTError, ValueError, TypeError):
            continue
        return algorithm
    raise BadRequest("Expected a private key as PEM without a password: RSA, or EC on the curve P-384.")


def _is_private(url: str) -> bool:
    return urlsplit(url).scheme == "https" or (urlsplit(url).scheme == "http" and _is_loopback(url))


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
