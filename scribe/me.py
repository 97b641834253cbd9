"""The calls about one's own sign-in: who one is here, and signing out."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from scribe.calls import On, Who
from scribe.cookies import set_page_cookie
from scribe.wire import Me

router = APIRouter(prefix="/v1")


@router.get("/me")
def read_me(who: Who, on: On) -> Me:
    """Who this server takes the caller for, and what they may do at all."""
    return Me(
        mode=on.settings.access,
        actor=who.actor,
        roles=tuple(sorted(who.roles)),
        rights=tuple(sorted(who.rights)),
        until=who.until,
        confirmed_until=on.identity.confirmed_until(who),
    )


@router.post("/sign-out", status_code=204)
def sign_out(request: Request, who: Who, on: On) -> Response:
    """End the sign-in of the page that asks; its cookie is good for nothing from now on."""
    if who.sign_in:
        on.identity.sign_ins.end(who.sign_in)
        on.audit.record(who.actor, "signed out")
    answer = Response(status_code=204)
    set_page_cookie(answer, request, "")
    return answer
