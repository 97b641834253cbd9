"""The organisation's OpenID Connect provider: a browser is sent there, and a code comes back that tells who it was.

Authorization code flow with PKCE (RFC 7636, S256). Of what the provider says only the ID token counts, once its
signature, issuer, audience, times and nonce hold (OpenID Connect Core 1.0, section 3.1.3.7). Nothing is asked of the
provider before the first sign-in, so a server starts while its provider is down.
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx2
import jwt
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from pydantic import BaseModel, ValidationError

from scribe.access import PERSONS, Role
from scribe.config import Settings
from scribe.errors import CannotStart, SignInRefused

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures with a key pair only: none of `none`, and no secret that the client shares."""
LEEWAY = timedelta(seconds=60)
"""How far the provider's clock and ours may differ."""
TIMEOUT_SECONDS = 10.0
METADATA_LIFE = timedelta(hours=1)
KEYS_PAUSE = timedelta(minutes=1)
"""How soon keys are fetched again for a token that none signed: providers rotate keys, and liars invent names."""


class Metadata(BaseModel):
    """What of a discovery document is used (OpenID Connect Discovery 1.0, section 3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


@dataclass(frozen=True, slots=True)
class Question:
    """What one sign-in asks the provider with; `redirect` is where the browser is to come back."""

    state: str
    nonce: str
    verifier: str
    redirect: str


@dataclass(frozen=True, slots=True)
class Vouched:
    """Whom the provider vouches for; `authenticated_at` is when they last showed it who they are, if it says so."""

    issuer: str
    subject: str
    roles: frozenset[Role]
    authenticated_at: datetime | None


class Provider:
    """One provider; shared by all sign-ins, in one event loop. Raises CannotStart where its settings do not hold."""

    def __init__(self, settings: Settings) -> None:
        self._issuer = settings.oidc_issuer
        self._secret = settings.oidc_client_secret and settings.oidc_client_secret.get_secret_value()
        self._client_id = settings.oidc_client_id
        self._scopes = settings.oidc_scopes
        self._role_claim = settings.oidc_role_claim.split(".")
        self._role_names = {name: Role(role) for name, role in settings.oidc_roles.items()} or {
            role.value: role for role in PERSONS
        }
        self._metadata: tuple[datetime, Metadata] | None = None
        self._keys: tuple[datetime, dict[str, jwt.PyJWK]] | None = None
        if not _is_private(self._issuer):
            raise CannotStart(
                "SCRIBE_OIDC_ISSUER must be an https address (plain http only on this machine itself)."
            )
        if not self._client_id:
            raise CannotStart("SCRIBE_OIDC_CLIENT_ID is needed beside SCRIBE_OIDC_ISSUER.")
        if "openid" not in self._scopes.split():
            raise CannotStart("SCRIBE_OIDC_SCOPES must have `openid` among them.")

    async def address(self, question: Question, *, anew: bool, now: datetime) -> str:
        """Where to send the browser; with `anew` the provider must ask for proof again. Raises SignInRefused."""
        async with self._client() as client:
            metadata = await self._discovered(client, now)
        more = {"prompt": "login", "max_age": "0"} if anew else {}
        url, _ = client.create_authorization_url(
            metadata.authorization_endpoint,
            state=question.state,
            nonce=question.nonce,
            code_verifier=question.verifier,
            redirect_uri=question.redirect,
            **more,
        )
        return str(url)

    async def vouched(self, code: str, question: Question, now: datetime) -> Vouched:
        """Whom the code stands for; raises SignInRefused."""
        async with self._client() as client:
            metadata = await self._discovered(client, now)
        async with self._client(metadata.token_endpoint_auth_methods_supported) as client:
            try:
                answer = await client.fetch_token(
                    metadata.token_endpoint,
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=question.verifier,
                    redirect_uri=question.redirect,
                )
            except (AuthlibBaseError, ValueError):
                # What it says may be anything; that it said no is all that is told on.
                raise _unverified("it did not take the code") from None
            except httpx2.HTTPError as error:
                raise _unreachable(error) from None
            text = answer.get("id_token")
            if not isinstance(text, str):
                raise _unverified("no ID token came; is `openid` among its scopes?")
            claims = await self._verified(client, metadata, text, now)
        nonce = claims.get("nonce")
        if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), question.nonce.encode()):
            raise _unverified("its nonce is that of another sign-in")
        at = claims.get("auth_time")
        return Vouched(
            issuer=self._issuer,
            subject=str(claims["sub"]),
            roles=self._roles(claims),
            authenticated_at=datetime.fromtimestamp(at, UTC) if isinstance(at, int) else None,
        )

    # --- inside --------------------------------------------------------------------------------------

    def _client(self, methods: Sequence[str] = ()) -> AsyncOAuth2Client:
        """A client that shows who it is in one of the ways that the provider takes."""
        method = "none"
        if self._secret:
            posts = "client_secret_post" in methods and "client_secret_basic" not in methods
            method = "client_secret_post" if posts else "client_secret_basic"
        return AsyncOAuth2Client(
            self._client_id,
            self._secret,
            token_endpoint_auth_method=method,
            scope=self._scopes,
            code_challenge_method="S256",
            timeout=TIMEOUT_SECONDS,
            follow_redirects=False,
        )

    async def _discovered(self, client: AsyncOAuth2Client, now: datetime) -> Metadata:
        if self._metadata is not None and now - self._metadata[0] < METADATA_LIFE:
            return self._metadata[1]
        text = await _fetched(client, f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
        try:
            metadata = Metadata.model_validate_json(text)
        except ValidationError:
            raise _unverified("its discovery document is none") from None
        if metadata.issuer != self._issuer:
            raise _unverified("it names another issuer than SCRIBE_OIDC_ISSUER")
        if not all(
            map(_is_private, (metadata.authorization_endpoint, metadata.token_endpoint, metadata.jwks_uri))
        ):
            raise _unverified("it names an address without https")
        self._metadata = (now, metadata)
        return metadata

    async def _verified(
        self, client: AsyncOAuth2Client, metadata: Metadata, text: str, now: datetime
    ) -> Mapping[str, Any]:
        try:
            name = jwt.get_unverified_header(text).get("kid", "")
            key = await self._key(client, metadata, name, now)
            claims: dict[str, Any] = jwt.decode(
                text,
                key,
                ALGORITHMS,
                audience=self._client_id,
                issuer=self._issuer,
                leeway=LEEWAY,
                options={"require": ["iss", "sub", "aud", "exp", "iat"]},
            )
        except jwt.PyJWTError as error:
            raise _unverified(f"its ID token does not hold, {type(error).__name__}") from None
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if several else self._client_id) != self._client_id:
            raise _unverified("its ID token was made for another client")
        return claims

    async def _key(
        self, client: AsyncOAuth2Client, metadata: Metadata, name: str, now: datetime
    ) -> jwt.PyJWK:
        """The provider's key of that name; fetched again, now and then, where it is not among those that are known.

        A token names no key where its provider has but one (OpenID Connect Core 1.0, section 10.1).
        """
        if self._keys is None or (_named(self._keys[1], name) is None and now - self._keys[0] >= KEYS_PAUSE):
            try:
                found = jwt.PyJWKSet.from_json(await _fetched(client, metadata.jwks_uri))
            except ValueError:
                raise _unverified("its keys cannot be read") from None
            self._keys = (now, {key.key_id or "": key for key in found.keys})
        key = _named(self._keys[1], name)
        if key is None:
            raise _unverified("its ID token is signed with a key that it does not publish")
        return key

    def _roles(self, claims: Mapping[str, Any]) -> frozenset[Role]:
        found: Any = claims
        for part in self._role_claim:
            found = found.get(part) if isinstance(found, dict) else None
        values = found.split() if isinstance(found, str) else found
        if not isinstance(values, list):
            return frozenset()
        return frozenset(self._role_names[v] for v in values if isinstance(v, str) and v in self._role_names)


def _named(keys: Mapping[str, jwt.PyJWK], name: str) -> jwt.PyJWK | None:
    return next(iter(keys.values())) if not name and len(keys) == 1 else keys.get(name)


async def _fetched(client: AsyncOAuth2Client, url: str) -> str:
    try:
        answer = await client.request("GET", url, withhold_token=True)
        answer.raise_for_status()
    except httpx2.HTTPError as error:
        raise _unreachable(error) from None
    return str(answer.text)


def _is_private(url: str) -> bool:
    """Whether nobody on the way can read or change what goes to this address."""
    try:
        parts = urlsplit(url)
        if parts.scheme == "https":
            return bool(parts.hostname)
        host = parts.hostname or ""
        return parts.scheme == "http" and (host == "localhost" or ipaddress.ip_address(host).is_loopback)
    except ValueError:
        return False


def _unreachable(error: Exception) -> SignInRefused:
    return SignInRefused(
        "provider_unreachable",
        f"The organisation's sign-in does not answer as it should ({type(error).__name__}); try again later.",
    )


def _unverified(why: str) -> SignInRefused:
    return SignInRefused(
        "not_verified", f"What the organisation's sign-in answered was not accepted: {why}; sign in again."
    )
