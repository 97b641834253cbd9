"""Signing in at the organisation's provider: real sockets, a provider that others wrote, one that lies."""

from __future__ import annotations

import asyncio
import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from provider import CLIENT_ID, Claims, Provider, provider, somebody_elses_provider
from running import TOKEN, RunningServer, StartServer, consented, server

from scribe.config import Settings
from scribe.errors import CannotStart, SignInRefused
from scribe.provider import Provider as ProviderClient
from scribe.provider import Question

PAGE = "scribe_session"


@pytest.fixture(scope="module")
def liar() -> Iterator[Provider]:
    with provider() as here:
        yield here


@pytest.fixture(scope="module")
def running(liar: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server in organisation mode whose provider is the one that can lie."""
    with server(
        tmp_path_factory.mktemp("oidc") / "data",
        asr="pocketsphinx",
        access="organisation",
        oidc_issuer=liar.url,
        oidc_client_id=CLIENT_ID,
    ) as here:
        yield here


@pytest.fixture
def honest(liar: Provider) -> Provider:
    """The same provider, telling the truth."""
    liar.truthful()
    return liar


@pytest.fixture
def browser(running: RunningServer) -> Iterator[httpx.Client]:
    """Keeps cookies, follows nothing by itself, and says where its posts come from, as a browser does."""
    with httpx.Client(
        base_url=running.url, headers={"Origin": running.url}, trust_env=False, timeout=30
    ) as http:
        yield http


def sent(browser: httpx.Client, **query: str) -> httpx.Response:
    """The provider's answer to a sign-in that was begun here: a redirect back."""
    begun = browser.get("/v1/oidc/login", params=query)
    assert begun.status_code == 303
    return httpx.get(begun.headers["Location"], trust_env=False)


def signed_in(browser: httpx.Client, **query: str) -> str:
    """There and back again; where the browser lands."""
    back = browser.get(sent(browser, **query).headers["Location"])
    assert back.status_code == 303
    return back.headers["Location"]


def test_a_clinician_signs_in_and_is_who_the_provider_says(honest: Provider, browser: httpx.Client) -> None:
    honest.roles = ["clinician", "supervisor", "janitor", 7]
    assert browser.get("/v1/me").status_code == 401
    assert signed_in(browser) == "/"
    me = browser.get("/v1/me").json()
    assert (me["mode"], me["roles"]) == ("organisation", ["clinician", "supervisor"])
    assert me["confirmed_until"] is None, "to sign, more is asked for"
    assert honest.asked[-1]["code_challenge_method"] == "S256"


def test_the_page_cookie_is_out_of_reach_of_scripts_and_other_sites(
    honest: Provider, browser: httpx.Client
) -> None:
    back = browser.get(sent(browser).headers["Location"])
    [cookie] = [c for c in back.headers.get_list("set-cookie") if c.startswith(PAGE)]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Max-Age=43200" in cookie


def test_somebody_without_a_role_is_not_let_in(honest: Provider, browser: httpx.Client) -> None:
    for roles in ([], ["janitor"], ["platform"], None, {"clinician": True}):
        honest.roles = roles
        assert signed_in(browser) == "/#refused=no_role"
        assert PAGE not in browser.cookies


def an_other_key(_: Provider, claims: Claims) -> str:
    return jwt.encode(claims, rsa.generate_private_key(65537, 2048), "RS256", headers={"kid": "one"})


def an_unknown_key(_: Provider, claims: Claims) -> str:
    return jwt.encode(claims, rsa.generate_private_key(65537, 2048), "RS256", headers={"kid": "two"})


def no_signature(_: Provider, claims: Claims) -> str:
    return jwt.encode(claims, None, "none", headers={"kid": "one"})


def the_public_key_as_a_secret(here: Provider, claims: Claims) -> str:
    """The oldest trick: RS256 verified with the public key, HS256 signed with its text."""
    public = here.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    head = {"alg": "HS256", "typ": "JWT", "kid": "one"}
    text = b".".join(urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (head, claims))
    digest = hmac.new(public, text, "sha256").digest()
    return f"{text.decode()}.{urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def no_token(_here: Provider, _claims: Claims) -> str:
    return "not a token"


@pytest.mark.parametrize(
    "sign", [an_other_key, an_unknown_key, no_signature, the_public_key_as_a_secret, no_token]
)
def test_an_id_token_that_the_provider_did_not_sign_is_refused(
    honest: Provider, browser: httpx.Client, sign: Callable[[Provider, Claims], str]
) -> None:
    honest.sign = sign
    assert signed_in(browser) == "/#refused=not_verified"
    assert PAGE not in browser.cookies


def without(name: str) -> Callable[[Claims], Claims]:
    return lambda claims: {key: claims[key] for key in claims if key != name}


LIES: dict[str, Callable[[Claims], Claims]] = {
    "another audience": lambda c: c | {"aud": "another-client"},
    "made for another of several": lambda c: c | {"aud": [CLIENT_ID, "b"], "azp": "b"},
    "several and nobody named": lambda c: c | {"aud": [CLIENT_ID, "b"]},
    "another issuer": lambda c: c | {"iss": "https://elsewhere.example"},
    "expired": lambda c: c | {"exp": int(time.time()) - 120},
    "from the future": lambda c: c | {"iat": int(time.time()) + 3600},
    "a nonce of another sign-in": lambda c: c | {"nonce": "an earlier one"},
    "no nonce": without("nonce"),
    "no expiry": without("exp"),
    "no audience": without("aud"),
    "no subject": without("sub"),
}


@pytest.mark.parametrize("lie", LIES)
def test_an_id_token_that_is_not_for_this_sign_in_is_refused(
    honest: Provider, browser: httpx.Client, lie: str
) -> None:
    honest.spoil = LIES[lie]
    assert signed_in(browser) == "/#refused=not_verified"
    assert PAGE not in browser.cookies


def test_the_answer_to_an_earlier_sign_in_is_refused(honest: Provider, browser: httpx.Client) -> None:
    """The nonce binds the token to one sign-in: what was signed for the first is shown to the second."""
    kept: list[str] = []

    def keep(here: Provider, claims: Claims) -> str:
        kept.append(here.signed(claims))
        return kept[0]

    honest.sign = keep
    assert signed_in(browser) == "/"
    browser.cookies.clear()
    assert signed_in(browser) == "/#refused=not_verified"


def test_an_answer_is_good_once_and_for_the_browser_that_asked(
    honest: Provider, browser: httpx.Client, running: RunningServer
) -> None:
    answer = sent(browser).headers["Location"]
    with httpx.Client(base_url=running.url, trust_env=False) as stranger:
        assert stranger.get(answer).headers["Location"] == "/#refused=attempt_over"
        own = sent(stranger)
        assert own.has_redirect_location
        assert stranger.get(answer).headers["Location"] == "/#refused=attempt_over"
    kept = dict(browser.cookies)
    assert browser.get(answer).headers["Location"] == "/"
    browser.cookies.update(kept)
    assert browser.get(answer).headers["Location"] == "/#refused=attempt_over"


def test_an_answer_of_another_provider_or_none_is_refused(honest: Provider, browser: httpx.Client) -> None:
    answer = sent(browser).headers["Location"]
    assert (
        browser.get(answer + "&iss=https://elsewhere.example").headers["Location"] == "/#refused=not_verified"
    )
    state = parse_qs(urlsplit(sent(browser).headers["Location"]).query)["state"][0]
    declined = browser.get("/v1/oidc/callback", params={"state": state, "error": "access_denied"})
    assert declined.headers["Location"] == "/#refused=declined"


def test_signing_out_ends_the_cookie_for_whoever_has_it(honest: Provider, browser: httpx.Client) -> None:
    signed_in(browser)
    stolen = browser.cookies[PAGE]
    assert browser.post("/v1/sign-out").status_code == 204
    assert PAGE not in browser.cookies
    assert browser.get("/v1/me", headers={"Cookie": f"{PAGE}={stolen}"}).status_code == 401


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", None])
def test_a_page_elsewhere_cannot_use_the_cookie(
    honest: Provider, browser: httpx.Client, origin: str | None
) -> None:
    signed_in(browser)
    if origin is None:
        del browser.headers["Origin"]
    else:
        browser.headers["Origin"] = origin
    answer = browser.post("/v1/sessions", json=consented().model_dump(mode="json"))
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    read = browser.get("/v1/sessions", headers={"Sec-Fetch-Site": "cross-site"})
    assert read.status_code == 401
    assert browser.get("/v1/sessions", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200


def test_signing_asks_the_provider_again_and_takes_nobody_else(
    honest: Provider, browser: httpx.Client
) -> None:
    nobody = browser.get("/v1/oidc/login", params={"purpose": "sign"})
    assert nobody.headers["Location"] == "/#refused=attempt_over"
    signed_in(browser)
    honest.person = "grace"
    assert signed_in(browser, purpose="sign") == "/#refused=other_person"
    honest.person = "ada"
    honest.spoil = lambda c: c | {"auth_time": int(time.time()) - 400}
    assert signed_in(browser, purpose="sign") == "/#refused=not_fresh"
    honest.spoil = without("auth_time")
    assert signed_in(browser, purpose="sign") == "/#refused=not_fresh"
    assert browser.get("/v1/me").json()["confirmed_until"] is None
    honest.truthful()
    assert signed_in(browser, purpose="sign", session="s1") == "/#/session/s1"
    assert (honest.asked[-1]["prompt"], honest.asked[-1]["max_age"]) == ("login", "0")
    assert browser.get("/v1/me").json()["confirmed_until"] is not None


def test_the_machines_token_opens_nothing_in_organisation_mode(running: RunningServer) -> None:
    with running.http as http:
        answer = http.get("/v1/sessions")
        assert answer.status_code == 401
        assert "organisation mode" in answer.json()["detail"]
        assert http.post("/v1/sign-in", json={"token": TOKEN}).status_code == 401


def test_a_sign_in_with_a_provider_that_others_wrote(start_server: StartServer) -> None:
    with somebody_elses_provider() as issuer:
        with httpx.Client(base_url=issuer, trust_env=False) as there:
            claims = {"groups": {"scribe": ["therapists"]}}
            assert there.put("/users/ada", json=claims).status_code == 204
            running = start_server(
                asr="pocketsphinx",
                access="organisation",
                oidc_issuer=issuer,
                oidc_client_id=CLIENT_ID,
                oidc_client_secret="a secret for the tests only",
                oidc_role_claim="groups.scribe",
                oidc_roles='{"therapists": "clinician"}',
            )
            with httpx.Client(base_url=running.url, trust_env=False, timeout=30) as browser:
                begun = browser.get("/v1/oidc/login")
                back = there.post(begun.headers["Location"], data={"sub": "ada"})
                assert browser.get(back.headers["Location"]).headers["Location"] == "/"
                assert browser.get("/v1/me").json()["roles"] == ["clinician"]
                begun = browser.get("/v1/oidc/login", params={"purpose": "sign"})
                back = there.post(begun.headers["Location"], data={"sub": "ada"})
                assert browser.get(back.headers["Location"]).headers["Location"] == "/"
                assert browser.get("/v1/me").json()["confirmed_until"] is not None
        assert "ada" not in running.said.read_text()


def test_a_provider_that_does_not_answer_is_no_reason_not_to_start() -> None:
    away = ProviderClient(Settings(oidc_issuer="http://127.0.0.1:1", oidc_client_id=CLIENT_ID))
    question = Question("state", "nonce", "v" * 43, "http://127.0.0.1/v1/oidc/callback")
    with pytest.raises(SignInRefused) as refused:
        asyncio.run(away.address(question, anew=False, now=datetime.now(UTC)))
    assert refused.value.reason == "provider_unreachable"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"oidc_issuer": "http://provider.example", "oidc_client_id": "x"}, "https"),
        ({"oidc_issuer": "provider.example", "oidc_client_id": "x"}, "https"),
        ({"oidc_issuer": "https://provider.example"}, "CLIENT_ID"),
        (
            {"oidc_issuer": "https://provider.example", "oidc_client_id": "x", "oidc_scopes": "email"},
            "openid",
        ),
    ],
)
def test_a_provider_that_cannot_be_trusted_keeps_the_server_from_starting(
    settings: dict[str, str], said: str
) -> None:
    with pytest.raises(CannotStart, match=said):
        ProviderClient(Settings.model_validate(settings))
