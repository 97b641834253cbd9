"""Endpoints and signatures of webhooks; the signatures held against the standard's own library."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from scribe.errors import CannotStart
from scribe.webhook import RETRIES, body_of, load_endpoints, signed_headers, wait_after

AT = datetime(2026, 11, 2, 15, 58, tzinfo=UTC)
KEY = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY).decode()


def written(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "webhooks.toml"
    path.write_text(text)
    path.chmod(mode)
    return path


def endpoint(**given: object) -> str:
    told = {"name": "platform", "url": "https://platform.example/in?t=abc", "secrets": [SECRET]} | given
    return "[[endpoint]]\n" + "\n".join(f"{name} = {json.dumps(value)}" for name, value in told.items())


def test_an_endpoint_is_told_of_everything_unless_it_says_of_what(tmp_path: Path) -> None:
    everything, some = load_endpoints(
        written(tmp_path, f"{endpoint()}\n{endpoint(name='b', events=['note.signed'])}")
    )
    assert everything.events == {"session.ended", "note.drafted", "note.signed", "consent.revoked"}
    assert some.events == {"note.signed"}
    assert everything.keys == (KEY,)
    assert load_endpoints(None) == ()


def test_a_secret_may_stand_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, endpoint(secrets=["env:WEBHOOK_SECRET_OF_A_TEST"]))
    with pytest.raises(CannotStart, match="WEBHOOK_SECRET_OF_A_TEST, which is not set"):
        load_endpoints(path)
    monkeypatch.setenv("WEBHOOK_SECRET_OF_A_TEST", SECRET)
    assert load_endpoints(path)[0].keys == (KEY,)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"url": "http://platform.example/in"}, "expected https"),
        ({"url": "http://127.0.0.1.example/in"}, "expected https"),
        ({"url": "ftp://localhost/"}, "expected https"),
        ({"url": "https://"}, "expected https"),
        ({"url": "https://[::1"}, "expected https"),
        ({"url": "https://a:b/"}, "expected https"),
        ({"secrets": ["whsec_c2hvcnQ="]}, "24 to 64 random bytes"),
        ({"secrets": ["whsec_!"]}, "24 to 64 random bytes"),
        ({"secrets": []}, "holds no endpoints"),
        ({"events": ["note.read"]}, "holds no endpoints"),
        ({"name": "two words"}, "holds no endpoints"),
        ({"color": "red"}, "holds no endpoints"),
    ],
)
def test_an_endpoint_that_does_not_hold_is_said_so_without_its_url_and_secret(
    tmp_path: Path, given: dict[str, object], said: str
) -> None:
    with pytest.raises(CannotStart, match=said) as refused:
        load_endpoints(written(tmp_path, endpoint(**given)))
    assert "example" not in refused.value.detail
    assert "whsec_c2" not in refused.value.detail


@pytest.mark.parametrize("url", ["http://127.0.0.1:9000/in", "http://[::1]/in", "http://localhost/in"])
def test_this_machine_itself_may_be_told_without_tls(tmp_path: Path, url: str) -> None:
    assert load_endpoints(written(tmp_path, endpoint(url=url)))[0].url == url


def test_a_file_that_others_can_read_or_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="chmod 600"):
        load_endpoints(written(tmp_path, endpoint(), 0o644))
    with pytest.raises(CannotStart, match="holds no endpoints"):
        load_endpoints(tmp_path / "none.toml")
    with pytest.raises(CannotStart, match="two endpoints alike"):
        load_endpoints(written(tmp_path, f"{endpoint()}\n{endpoint()}"))


def test_neither_url_nor_key_is_shown_where_an_endpoint_is_printed(tmp_path: Path) -> None:
    (one,) = load_endpoints(written(tmp_path, endpoint()))
    assert "example" not in repr(one)
    assert repr(KEY) not in repr(one)


def test_the_body_says_what_when_and_of_which_session_and_nothing_else() -> None:
    assert json.loads(body_of("note.signed", "abc", AT)) == {
        "type": "note.signed",
        "timestamp": "2026-11-02T15:58:00+00:00",
        "data": {"session_id": "abc"},
    }


@given(st.binary(min_size=24, max_size=64), st.from_regex(r"msg_[0-9a-f]{32}", fullmatch=True))
def test_the_library_of_the_standard_verifies_what_is_signed(key: bytes, message_id: str) -> None:
    now = int(datetime.now(UTC).timestamp())
    body = body_of("session.ended", "abc", AT)
    headers = signed_headers((key,), message_id, now, body)
    Webhook("whsec_" + base64.b64encode(key).decode()).verify(body, headers)
    for changed in (
        (body.replace(b"abc", b"abd"), headers),
        (body, headers | {"webhook-id": message_id + "0"}),
        (body, headers | {"webhook-timestamp": str(now + 1)}),
    ):
        with pytest.raises(WebhookVerificationError):
            Webhook(key).verify(*changed)


def test_each_of_two_keys_verifies() -> None:
    body, other = body_of("session.ended", "abc", AT), bytes(24)
    headers = signed_headers((KEY, other), "msg_1", int(datetime.now(UTC).timestamp()), body)
    Webhook(KEY).verify(body, headers)
    Webhook(other).verify(body, headers)


def test_waits_grow_to_a_day_with_some_luck_in_them_and_end() -> None:
    assert wait_after(1, RETRIES, 0.0) == timedelta(seconds=5)
    assert wait_after(1, RETRIES, 0.5) == timedelta(seconds=5.5)
    assert wait_after(9, RETRIES, 0.0) == timedelta(hours=24)
    assert wait_after(10, RETRIES, 0.0) is None
    plain = [wait_after(n, RETRIES, 0.0) for n in range(1, 10)]
    assert plain == sorted(plain)  # type: ignore[type-var]
