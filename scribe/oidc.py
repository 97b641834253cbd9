"""The two calls of a sign-in at the organisation's provider: the browser is sent there, and comes back.

Whatever goes wrong on the way back, the browser lands on our page with one fixed word that says why. A sign-in that is
under way is known to the browser that began it alone, by a cookie, and is good for one return.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from scribe.access import Caller
from scribe.attempts import ATTEMPT_LIFE, Attempt
from scribe.auth import cookie_name
from scribe.calls import On
from scribe.cookies import page_caller, set_cookie, set_page_cookie
from scribe.errors import NotAuthenticated, NotFound, SignInRefused
from scribe.identity import CONFIRMED_FOR
from scribe.provider import LEEWAY, Provider, Question, Vouched
from scribe.server import Server
from scribe.session import Identifier

log = logging.getLogger("scribe.oidc")
router = APIRouter(prefix="/v1/oidc")

ATTEMPT_COOKIE = "scribe_attempt"


@router.get("/login", status_code=303, response_class=RedirectResponse)
async def login(
    request: Request,
    on: On,
    purpose: Annotated[Literal["enter", "sign"], Query()] = "enter",
    session: Annotated[Identifier, Query()] = "",
) -> Response:
    """Send the browser to the provider; with `purpose=sign` whoever is signed in shows anew who they are."""
    provider = _provider(on)
    question = Question(
        state=secrets.token_urlsafe(24),
        nonce=secrets.token_urlsafe(24),
        verifier=secrets.token_urlsafe(48),  # RFC 7636, section 4.1: 43 to 128 characters
        redirect=f"{request.scope['scheme']}://{request.headers.get('host', '')}{router.prefix}/callback",
    )
    now = on.clock()
    try:
        confirms = await asyncio.to_thread(_signed_in, request, on) if purpose == "sign" else None
        address = await provider.address(question, anew=purpose == "sign", now=now)
    except SignInRefused as error:
        return _refused(error)
    on.attempts.keep(Attempt(question, now, confirms, session))
    answer = RedirectResponse(address, 303)
    # Lax, because the return comes from the provider's site; it opens nothing by itself.
    set_cookie(answer, request, ATTEMPT_COOKIE, question.state, ATTEMPT_LIFE, "lax")
    return answer


@router.get("/callback", status_code=303, response_class=RedirectResponse)
async def callback(
    request: Request,
    on: On,
    state: Annotated[str, Query(max_length=200)] = "",
    code: Annotated[str, Query(max_length=4096)] = "",
    iss: Annotated[str | None, Query(max_length=2048)] = None,
) -> Response:
    """The return from the provider: a sign-in begins, or is confirmed."""
    provider = _provider(on)
    name = cookie_name(ATTEMPT_COOKIE, request.scope["scheme"])
    try:
        attempt = on.attempts.take(state, request.cookies.get(name), on.clock())
        try:
            answer = await _entered(request, on, provider, attempt, code, iss)
        except SignInRefused as error:
            reason = error.reason
            await asyncio.to_thread(lambda: on.audit.record("provider", "sign-in refused", reason=reason))
            raise
    except SignInRefused as error:
        answer = _refused(error)
    set_cookie(answer, request, ATTEMPT_COOKIE, "", timedelta(0), "lax")
    return answer


async def _entered(
    request: Request, on: Server, provider: Provider, attempt: Attempt, code: str, issuer: str | None
) -> Response:
    if issuer is not None and issuer != on.settings.oidc_issuer:
        # RFC 9207: another provider's answer is none of this one's.
        raise SignInRefused("not_verified", "The answer came from another provider; begin the sign-in again.")
    if not code:
        raise SignInRefused("declined", "The organisation's sign-in did not let anybody in; try again.")
    vouched = await provider.vouched(code, attempt.question, on.clock())
    if not vouched.roles:
        raise SignInRefused(
            "no_role", "The organisation's sign-in names no role of this server for this account."
        )
    account = await _in_store(
        "account_disabled",
        on.identity.accounts.person,
        vouched.issuer,
        vouched.subject,
        vouched.roles,
        on.clock(),
    )
    answer = RedirectResponse(f"/#/session/{attempt.session}" if attempt.session else "/", 303)
    if attempt.confirms is not None:
        at = _confirmed_at(vouched, account, attempt.confirms, on.clock())
        await _in_store("attempt_over", on.identity.sign_ins.confirm, attempt.confirms.sign_in, at)
        await asyncio.to_thread(on.audit.record, account, "identity confirmed")
        return answer
    cookie = await asyncio.to_thread(on.identity.sign_ins.begin, account, on.clock())
    await asyncio.to_thread(on.audit.record, account, "signed in")
    set_page_cookie(answer, request, cookie)
    return answer


def _confirmed_at(vouched: Vouched, account: str, confirms: Caller, now: datetime) -> datetime:
    if account != confirms.actor:
        raise SignInRefused(
            "other_person", "Somebody else came back than whoever is signed in here; nothing was confirmed."
        )
    at = vouched.authenticated_at
    if at is None or not now - CONFIRMED_FOR < at <= now + LEEWAY:
        raise SignInRefused(
            "not_fresh",
            "The provider did not ask anew who it is (no recent auth_time); nothing was confirmed.",
        )
    return min(at, now)


async def _in_store(reason: str, call: Callable[..., str | None], *arguments: object) -> str:
    try:
        return await asyncio.to_thread(call, *arguments) or ""
    except NotAuthenticated as error:
        raise SignInRefused(reason, error.detail) from None


def _signed_in(request: Request, on: Server) -> Caller:
    try:
        return page_caller(request, request.method, on.identity)
    except NotAuthenticated as error:
        raise SignInRefused("attempt_over", error.detail) from None


def _provider(on: Server) -> Provider:
    if on.provider is None:
        raise NotFound("This server has no identity provider; set SCRIBE_ACCESS and SCRIBE_OIDC_ISSUER.")
    return on.provider


def _refused(error: SignInRefused) -> Response:
    log.info("sign-in refused, %s: %s", error.reason, error.detail)
    return RedirectResponse(f"/#refused={error.reason}", 303)
