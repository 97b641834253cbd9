"""The token of this machine, stream tokens, and what a browser says of itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest

from scribe.auth import COOKIE, Auth, StreamOpener, cookie_name, load_token, same_origin
from scribe.crypto import Secret
from scribe.errors import CannotStart, NotAuthenticated

KEY = Secret(bytes(32))
AUTH = Auth("correct horse battery", KEY, timedelta(hours=4))
WHO = StreamOpener("a1", "k1")


@pytest.mark.parametrize("given", [None, "", "correct horse", "correct horse battery ", "ünï", "\ud800"])
def test_a_wrong_token_is_refused(given: str | None) -> None:
    with pytest.raises(NotAuthenticated):
        AUTH.check_token(given)


def test_the_token_is_accepted() -> None:
    AUTH.check_token("correct horse battery")


def test_a_stream_token_is_good_for_its_session_only_and_says_who_asked_for_it() -> None:
    token = AUTH.new_stream_token("s1", WHO, datetime.now(UTC)).text
    assert AUTH.check_stream_token(token, "s1") == WHO
    with pytest.raises(NotAuthenticated, match="another session"):
        AUTH.check_stream_token(token, "s2")


def test_a_stream_token_outlives_a_restart_but_not_its_time() -> None:
    now = datetime.now(UTC)
    token = AUTH.new_stream_token("s1", WHO, now).text
    Auth("another token entirely", KEY, timedelta(hours=4)).check_stream_token(token, "s1")
    old = AUTH.new_stream_token("s1", WHO, now - timedelta(hours=5)).text
    with pytest.raises(NotAuthenticated, match="expired"):
        AUTH.check_stream_token(old, "s1")


def test_a_stream_token_that_is_signed_with_nothing_or_by_somebody_else_is_refused() -> None:
    claims = {
        "aud": "stream",
        "sub": "s1",
        "act": "a1",
        "key": "",
        "exp": datetime.now(UTC) + timedelta(hours=1),
    }
    for secret, algorithm in ((None, "none"), (bytes(32), "HS256")):
        with pytest.raises(NotAuthenticated):
            AUTH.check_stream_token(jwt.encode(claims, secret, algorithm), "s1")
    nameless = {name: claims[name] for name in claims if name != "act"}
    with pytest.raises(NotAuthenticated):
        AUTH.check_stream_token(jwt.encode(nameless, KEY.derive("stream tokens"), "HS256"), "s1")


@pytest.mark.parametrize(
    ("scheme", "name"),
    [("http", "scribe_session"), ("https", "__Host-scribe_session"), ("wss", "__Host-scribe_session")],
)
def test_by_https_a_cookie_is_bound_to_its_host(scheme: str, name: str) -> None:
    assert cookie_name(COOKIE, scheme) == name


@pytest.mark.parametrize(
    ("origin", "own"),
    [
        ("http://127.0.0.1:8080", True),
        ("http://127.0.0.1:8081", False),
        ("https://elsewhere.example", False),
        ("null", False),
        ("http://[", False),
        (None, False),
    ],
)
def test_only_our_own_page_is_of_the_same_origin(origin: str | None, own: bool) -> None:
    assert same_origin(origin, "127.0.0.1:8080") is own


def test_the_token_is_made_once_and_kept_private(tmp_path: Path) -> None:
    first = load_token(None, tmp_path)
    assert len(first) >= 32
    assert (tmp_path / "token").stat().st_mode & 0o777 == 0o600
    assert load_token(None, tmp_path) == first


def test_a_short_token_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="16 characters"):
        load_token("short", tmp_path)
