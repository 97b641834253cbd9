"""Every answer carries the security headers, whatever made it; the page loads nothing from anywhere else."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import httpx
import pytest
from running import RunningServer

WEB = Path(__file__).parents[2] / "scribe" / "web"
EXPECTED = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/page/main.js", 200),
        ("GET", "/page/nothing", 404),
        ("GET", "/healthz", 200),
        ("GET", "/metrics", 200),
        ("GET", "/v1/sessions", 200),
        ("GET", "/v1/openapi.json", 200),
        ("GET", "/v1/nothing", 404),
        ("PUT", "/v1/sessions", 405),
        ("POST", "/v1/sessions", 400),
    ],
)
def test_every_answer_has_them(http: httpx.Client, method: str, path: str, status: int) -> None:
    answer = http.request(method, path)
    assert answer.status_code == status
    for name, value in EXPECTED.items():
        assert answer.headers[name] == value, name
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "microphone=(self)" in answer.headers["permissions-policy"]
    assert "camera=()" in answer.headers["permissions-policy"]
    assert "server" not in answer.headers
    assert "strict-transport-security" not in answer.headers  # a promise that plain HTTP cannot make


def test_answers_that_no_route_made_have_them_too(shared_server: RunningServer) -> None:
    host, _, port = shared_server.url.removeprefix("http://").rpartition(":")
    for sent in (b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"):
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            connection.sendall(sent)
            said = connection.recv(65536).lower()
        for name, value in EXPECTED.items():
            assert f"{name}: {value}".encode() in said, (sent, name)


def test_the_page_may_run_its_own_scripts_only_and_makes_none_out_of_text(http: httpx.Client) -> None:
    policy = http.get("/").headers["content-security-policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["script-src"] == "'self'"
    assert rules["connect-src"] == "'self'"
    assert rules["require-trusted-types-for"] == "'script'"
    assert rules["trusted-types"] == "'none'"


@pytest.mark.parametrize("file", sorted(WEB.glob("*.*")), ids=lambda file: file.name)
def test_no_third_party_resource_is_named(file: Path) -> None:
    text = file.read_text("utf-8").replace('xmlns="http://www.w3.org/2000/svg"', "")
    named = re.findall(r"(?:https?|wss?|ftp):/?/?[\w\[]\S*|[\"'`(=]\s*//[\w\[]\S*", text)
    assert named == []
