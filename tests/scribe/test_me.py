"""Signing in and out of the page in local mode."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from running import TOKEN, RunningServer

from scribe.access import Right, Role
from scribe.accounts import Accounts
from scribe.auth import Auth, StreamOpener
from scribe.crypto import KeyEncryptionKey
from scribe.database import Database
from scribe.errors import NotAuthenticated
from scribe.identity import Identity
from scribe.sign_ins import SignIns
from scribe.store import Store


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


def test_whoever_got_in_in_one_mode_does_not_get_in_in_the_other(tmp_path: Path) -> None:
    database, key, now = (
        Database(f"sqlite:///{tmp_path / 'scribe.db'}"),
        KeyEncryptionKey(bytes(32)),
        datetime.now(UTC),
    )
    Store(database, key).migrate()
    accounts, sign_ins = Accounts(database, key), SignIns(database, None)
    auth = Auth(TOKEN, key, timedelta(hours=1))
    local, organisation = (
        Identity(mode, auth, accounts, sign_ins, lambda: now) for mode in ("local", "organisation")
    )
    person = accounts.person("https://p", "ada", frozenset({Role.CLINICIAN}), now)
    for actor, here, elsewhere in ((person, organisation, local), ("local", local, organisation)):
        cookie = sign_ins.begin(actor, now)
        token = auth.new_stream_token("s1", StreamOpener(actor, ""), now).text
        assert here.by_cookie(cookie).actor == here.by_stream_token(token, "s1").actor == actor
        with pytest.raises(NotAuthenticated):
            elsewhere.by_cookie(cookie)
        with pytest.raises(NotAuthenticated):
            elsewhere.by_stream_token(token, "s1")
    database.close()


def test_a_host_that_is_none_is_no_reason_to_fail(shared_server: RunningServer) -> None:
    host = shared_server.url.removeprefix("http://")
    with socket.create_connection(host.split(":"), timeout=30) as raw:
        raw.sendall(
            b"GET /v1/me HTTP/1.1\r\nHost: [\r\nCookie: scribe_session=x\r\nConnection: close\r\n\r\n"
        )
        assert raw.recv(64).split()[1] in (b"400", b"401", b"421")
