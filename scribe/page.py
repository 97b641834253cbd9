"""The clinician's page: static files from the package, and the exchange of the sign-in link for a cookie.

No third-party resource is loaded; the content security policy forbids it and any inline script.
"""

from __future__ import annotations

from importlib.resources import files

from fastapi import APIRouter, Response

from scribe.auth import COOKIE, COOKIE_LIFE
from scribe.calls import On
from scribe.errors import NotFound
from scribe.wire import SignIn

router = APIRouter()

TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
HEADERS = {"Content-Security-Policy": POLICY}
"""The other security headers are those of every answer (see `headers`)."""


@router.get("/", include_in_schema=False)
def index() -> Response:
    """The page."""
    return asset("index.html")


@router.get("/page/{name}", include_in_schema=False)
def asset(name: str) -> Response:
    """A file of the page; what it holds is no secret, what it shows needs a sign-in."""
    here = files("scribe.web")
    known = {entry.name for entry in here.iterdir()}
    kind = TYPES.get(name.rpartition(".")[2])
    if name not in known or kind is None:
        raise NotFound("There is no such file of the page.")
    return Response(here.joinpath(name).read_bytes(), media_type=kind, headers=HEADERS)


@router.post("/v1/sign-in", status_code=204)
def sign_in(given: SignIn, on: On) -> Response:
    """Exchange the access token of the sign-in link for a cookie that scripts cannot read."""
    on.auth.check_token(given.token.get_secret_value())
    on.audit.record("local", "signed in")
    response = Response(status_code=204)
    response.set_cookie(
        COOKIE,
        on.auth.new_cookie(on.clock()),
        max_age=int(COOKIE_LIFE.total_seconds()),
        httponly=True,
        samesite="strict",
    )
    return response
