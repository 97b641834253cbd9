"""Signing in with a certified provider, as people do: a form for the name, a form for consent, and back."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from provider import CLIENT_ID, NODE_MODULES, certified_provider
from running import server

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(
        not (NODE_MODULES / "oidc-provider").exists(),
        reason="no oidc-provider in node_modules or SCRIBE_NODE_MODULES; `npm install oidc-provider@9` brings it",
    ),
]


@pytest.fixture
def people() -> Iterator[httpx.Client]:
    """The provider's side of a browser: its cookies are kept, its redirects are followed by hand."""
    with httpx.Client(trust_env=False, timeout=30) as client:
        yield client


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def through(people: httpx.Client, address: str, name: str, home: str) -> str:
    """Fill in whatever the provider asks until it sends the browser home; the address there."""
    answer = people.get(address)
    for _ in range(12):
        if answer.is_redirect:
            target = str(httpx.URL(str(answer.url)).join(answer.headers["Location"]))
            if target.startswith(home):
                return target
            answer = people.get(target)
            continue
        action = re.search(r'action="([^"]+)"', answer.text)
        assert action, answer.text
        form = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', answer.text))
        if 'name="login"' in answer.text:
            form |= {"login": name, "password": "any"}
        answer = people.post(str(httpx.URL(str(answer.url)).join(action[1])), data=form)
    raise AssertionError("the provider never sent the browser home")


def test_a_certified_provider_lets_in_and_confirms(tmp_path: Path, people: httpx.Client) -> None:
    port = free_port()
    home = f"http://127.0.0.1:{port}"
    with (
        certified_provider(f"{home}/v1/oidc/callback") as issuer,
        server(
            tmp_path / "data",
            port=port,
            asr="pocketsphinx",
            access="organisation",
            oidc_issuer=issuer,
            oidc_client_id=CLIENT_ID,
        ),
        httpx.Client(base_url=home, trust_env=False, timeout=30) as browser,
    ):
        begun = browser.get("/v1/oidc/login").headers["Location"]
        assert parse_qs(urlsplit(begun).query)["code_challenge_method"] == ["S256"]
        assert browser.get(through(people, begun, "ada", home)).headers["Location"] == "/"
        assert browser.get("/v1/me").json()["roles"] == ["clinician"]
        assert browser.get("/v1/me").json()["confirmed_until"] is None

        # It knows ada and would let her straight in; asked to, it wants to see her again.
        begun = browser.get("/v1/oidc/login", params={"purpose": "sign"}).headers["Location"]
        assert browser.get(through(people, begun, "ada", home)).headers["Location"] == "/"
        assert browser.get("/v1/me").json()["confirmed_until"] is not None

        begun = browser.get("/v1/oidc/login", params={"purpose": "sign"}).headers["Location"]
        back = through(people, begun, "grace", home)
        assert browser.get(back).headers["Location"] == "/#refused=other_person"
