"""Signing in and out of the page in local mode."""

from __future__ import annotations

import httpx
from running import TOKEN, RunningServer

from scribe.access import Right


def test_in_local_mode_the_one_person_may_do_everything(http: httpx.Client) -> None:
    me = http.get("/v1/me").json()
    assert (me["mode"], me["actor"]) == ("local", "local")
    assert set(me["rights"]) == set(Right)
    assert http.get("/v1/oidc/login").status_code == 404, "there is no provider to go to"


def test_signing_out_ends_the_cookie_for_whoever_has_a_copy(shared_server: RunningServer) -> None:
    url = shared_server.url
    with httpx.Client(base_url=url, headers={"Origin": url}, trust_env=False) as page:
        assert page.post("/v1/sign-in", json={"token": TOKEN}).status_code == 204
        stolen = {"Cookie": f"scribe_session={page.cookies['scribe_session']}"}
        assert page.get("/v1/me").json()["until"] is not None
        assert page.post("/v1/sign-out").status_code == 204
        assert "scribe_session" not in page.cookies
        assert httpx.get(f"{url}/v1/me", headers=stolen, trust_env=False).status_code == 401


def test_a_page_elsewhere_signs_nobody_out(shared_server: RunningServer) -> None:
    url = shared_server.url
    with httpx.Client(base_url=url, trust_env=False) as page:
        page.post("/v1/sign-in", json={"token": TOKEN})
        for origin in ({}, {"Origin": "https://elsewhere.example"}):
            assert page.post("/v1/sign-out", headers=origin).status_code == 401
        assert page.get("/v1/me").status_code == 200
