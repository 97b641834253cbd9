"""The cookies of the page: how they are set, and whom one lets in.

A cookie is taken from our own page alone. SameSite=Strict keeps it at home already; what is checked here holds where a
browser does not know that.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from starlette.requests import HTTPConnection
from starlette.responses import Response

from scribe.access import Caller
from scribe.auth import COOKIE, cookie_name, same_origin
from scribe.errors import NotAuthenticated
from scribe.identity import Identity
from scribe.sign_ins import LIFE

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def page_cookie(call: HTTPConnection) -> str | None:
    """What came in the page's cookie."""
    return call.cookies.get(cookie_name(COOKIE, call.scope["scheme"]))


def page_caller(call: HTTPConnection, method: str, identity: Identity) -> Caller:
    """Who is signed in at the page that this call comes from; blocks on the store. Raises NotAuthenticated."""
    cookie = page_cookie(call)
    if cookie is None:
        raise NotAuthenticated("You are not signed in; sign in first.")
    headers = call.headers
    from_elsewhere = headers.get("sec-fetch-site", "none") not in ("none", "same-origin")
    if from_elsewhere or (
        method not in SAFE_METHODS and not same_origin(headers.get("origin"), headers.get("host"))
    ):
        raise NotAuthenticated(
            "This call came from another page; use the scribe's own page or send the token."
        )
    return identity.by_cookie(cookie)


def set_page_cookie(answer: Response, call: HTTPConnection, secret: str) -> None:
    """The cookie that a sign-in at the page is known by; an empty one takes it away."""
    set_cookie(answer, call, COOKIE, secret, LIFE if secret else timedelta(0), "strict")


def set_cookie(
    answer: Response,
    call: HTTPConnection,
    name: str,
    value: str,
    life: timedelta,
    same_site: Literal["lax", "strict"],
) -> None:
    """A cookie that no script can read, and that goes by https alone where the page came so."""
    scheme = call.scope["scheme"]
    answer.set_cookie(
        cookie_name(name, scheme),
        value,
        max_age=int(life.total_seconds()),
        httponly=True,
        secure=scheme in ("https", "wss"),
        samesite=same_site,
    )
