"""What opens the server: the one access token of local single-user mode, and per-session stream tokens.

Stream tokens are signed (JWT, HS256) with a secret derived from the server's root secret, so they outlive a restart
and a rotation of the keys without being stored. No token is ever part of a URL that is sent to the server.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import jwt

from scribe.crypto import Secret, require_private, write_private
from scribe.errors import CannotStart, NotAuthenticated

ALGORITHM = "HS256"
COOKIE = "scribe_session"


@dataclass(frozen=True, slots=True)
class StreamToken:
    """A token for one session's stream and the moment it ends."""

    text: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class StreamOpener:
    """Who asked for a stream token: an account, and the id of the API key it called with, if it did."""

    actor: str
    key: str


class Auth:
    """Checks and makes tokens; stateless, shared."""

    def __init__(self, token: str, root: Secret, stream_life: timedelta) -> None:
        self._token = token
        self._stream_secret = root.derive("stream tokens")
        self._stream_life = stream_life

    def check_token(self, given: str | None) -> None:
        """Raise NotAuthenticated unless this is the access token; takes the same time for any wrong one."""
        if given is None or not hmac.compare_digest(
            given.encode(errors="surrogatepass"), self._token.encode()
        ):
            raise NotAuthenticated(
                "An access token is needed: send `Authorization: Bearer <token>`. "
                "`scribe token` prints the one of this machine."
            )

    def new_stream_token(self, session_id: str, opener: StreamOpener, now: datetime) -> StreamToken:
        """A token with which whoever asks for it opens the stream of this session, and nothing else."""
        expires_at = now + self._stream_life
        claims = {
            "exp": expires_at,
            "aud": "stream",
            "sub": session_id,
            "act": opener.actor,
            "key": opener.key,
        }
        return StreamToken(jwt.encode(claims, self._stream_secret, ALGORITHM), expires_at)

    def check_stream_token(self, given: str, session_id: str) -> StreamOpener:
        """Who asked for it; raises NotAuthenticated unless it is of this session and has not expired."""
        mend = "GET /v1/sessions/{id} gives a new stream token."
        claims = self._claims(given, self._stream_secret, "stream", mend)
        if claims.get("sub") != session_id:
            raise NotAuthenticated(f"This stream token is of another session. {mend}")
        return StreamOpener(str(claims["act"]), str(claims["key"]))

    def _claims(self, given: str, secret: bytes, audience: str, mend: str) -> dict[str, object]:
        try:
            return dict(
                jwt.decode(
                    given,
                    secret,
                    [ALGORITHM],
                    audience=audience,
                    options={"require": ["exp", "aud", "act", "key"]},
                )
            )
        except jwt.ExpiredSignatureError:
            raise NotAuthenticated(f"The token has expired. {mend}") from None
        except jwt.InvalidTokenError:
            raise NotAuthenticated(f"The token is not one that this server gave. {mend}") from None


def cookie_name(name: str, scheme: str) -> str:
    """How a cookie is called where the page came by `scheme`.

    By https with the prefix that binds it to this host (RFC 6265bis, section 4.1.3.2): a browser takes it only with
    Secure, for the whole host and for no other.
    """
    return f"__Host-{name}" if scheme in ("https", "wss") else name


def same_origin(origin: str | None, host: str | None) -> bool:
    """Whether a call came from our own page, by the headers that a browser sets."""
    if origin is None:
        return False
    try:
        return urlsplit(origin).netloc == host
    except ValueError:
        return False


def load_token(given: str | None, folder: Path) -> str:
    """The token from the setting if given, else from the folder, else a new one kept there (mode 0600)."""
    if given is not None:
        if len(given) < 16:
            raise CannotStart("SCRIBE_TOKEN must have at least 16 characters.")
        return given
    path = folder / "token"
    if path.exists():
        require_private(path)
        return path.read_text().strip()
    token = secrets.token_urlsafe(24)
    write_private(path, token + "\n")
    return token
