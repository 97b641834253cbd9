"""The doors of the server: which address, which name, which way, how often, and how long; over real sockets."""

from __future__ import annotations

import re
import socket
import ssl
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from running import TOKEN, RunningServer, StartServer, environment

from scribe.config import Settings
from scribe.errors import CannotStart
from scribe.listening import require_safe_address, tls_context
from scribe.rates import MAX_KEYS, Rate

WEB = Path(__file__).parents[2] / "scribe" / "web"


def address_of(running: RunningServer) -> tuple[str, int]:
    url = httpx.URL(running.url)
    return url.host, url.port or 80


def raw(running: RunningServer, request: bytes) -> bytes:
    """What the server answers to these very bytes, until it closes or has said a whole head."""
    with socket.create_connection(address_of(running), timeout=20) as connection:
        connection.sendall(request)
        answer = b""
        while b"\r\n\r\n" not in answer and (more := connection.recv(4096)):
            answer += more
        return answer


def certificate(folder: Path, *, mode: int = 0o600) -> tuple[Path, Path]:
    """A self-signed certificate for this machine and its key, as files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a clinic's own")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    cert_path, key_path = folder / "cert.pem", folder / "key.pem"
    cert_path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    key_path.chmod(mode)
    return cert_path, key_path


# --- which address --------------------------------------------------------------------------------------


def settings(**given: object) -> Settings:
    return Settings.model_validate(given)


def test_beyond_this_machine_needs_an_organisation_and_a_sealed_way(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    require_safe_address(settings(host="127.0.0.1"))
    with pytest.raises(CannotStart, match="SCRIBE_ACCESS=organisation"):
        require_safe_address(settings(host="0.0.0.0", tls_cert=cert, tls_key=key))
    with pytest.raises(CannotStart, match="needs TLS"):
        require_safe_address(settings(host="0.0.0.0", access="organisation"))
    require_safe_address(settings(host="0.0.0.0", access="organisation", tls_cert=cert, tls_key=key))
    require_safe_address(settings(host="192.0.2.7", access="organisation", trusted_proxy="192.0.2.1"))
    with pytest.raises(CannotStart, match="own IP addresses"):
        require_safe_address(settings(host="192.0.2.7", access="organisation", trusted_proxy="*"))


def test_a_server_told_to_listen_everywhere_says_in_one_line_why_it_does_not(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "scribe", "serve", "--host", "0.0.0.0", "--port", "0"],
        env=environment(tmp_path / "data"),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert told.returncode == 1
    assert "listens on this machine only" in told.stderr
    assert "Traceback" not in told.stderr


# --- TLS ------------------------------------------------------------------------------------------------


def test_tls_takes_no_older_version_and_the_commands_believe_only_this_certificate(
    start_server: StartServer, tmp_path: Path
) -> None:
    cert, key = certificate(tmp_path)
    running = start_server(tls_cert=str(cert), tls_key=str(key))
    assert running.url.startswith("https://127.0.0.1:")
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{running.url}/healthz", trust_env=False)
    trusting = ssl.create_default_context(cafile=cert)
    trusting.check_hostname = False
    answer = httpx.get(f"{running.url}/healthz", trust_env=False, verify=trusting)
    assert answer.status_code == 200
    assert answer.headers["strict-transport-security"].startswith("max-age=")
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    with (
        closing(socket.create_connection(address_of(running))) as plain,
        pytest.raises((ssl.SSLError, ConnectionError)),
    ):
        old.wrap_socket(plain)
    told = subprocess.run(
        [sys.executable, "-m", "scribe", "sessions"],
        env=environment(running.data_dir, tls_cert=str(cert), tls_key=str(key)),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert told.returncode == 0, told.stderr


def test_tls_files_that_do_not_serve_are_named_in_one_sentence(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path, mode=0o644)
    with pytest.raises(CannotStart, match="can be read by others"):
        tls_context(settings(tls_cert=cert, tls_key=key))
    key.chmod(0o600)
    assert tls_context(settings(tls_cert=cert, tls_key=key)) is not None
    with pytest.raises(CannotStart, match="both files"):
        tls_context(settings(tls_cert=cert))
    with pytest.raises(CannotStart, match="must be PEM"):
        tls_context(settings(tls_cert=key, tls_key=key))
    with pytest.raises(CannotStart, match="Cannot read"):
        tls_context(settings(tls_cert=tmp_path / "none.pem", tls_key=key))


# --- which name, which way ------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["attacker.example", "127.0.0.1.attacker.example:{port}", "127.0.0.1:1", ""])
def test_a_name_that_is_not_ours_is_refused(shared_server: RunningServer, host: str) -> None:
    name = host.format(port=address_of(shared_server)[1])
    call = f"GET /v1/sessions HTTP/1.1\r\nHost: {name}\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"
    assert raw(shared_server, call.encode()).startswith(b"HTTP/1.1 421 ")
    handshake = (
        f"GET /v1/sessions/s1/stream HTTP/1.1\r\nHost: {name}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    assert raw(shared_server, handshake.encode()).startswith(b"HTTP/1.1 421 ")


def test_our_own_names_and_those_in_the_settings_are_answered(start_server: StartServer) -> None:
    running = start_server(allowed_hosts="scribe.clinic.example")
    port = address_of(running)[1]
    for name in (
        f"127.0.0.1:{port}",
        f"localhost:{port}",
        "scribe.clinic.example",
        "SCRIBE.clinic.example:443",
    ):
        call = f"GET /healthz HTTP/1.1\r\nHost: {name}\r\n\r\n"
        assert raw(running, call.encode()).startswith(b"HTTP/1.1 200 "), name


def test_a_proxy_must_say_that_its_caller_came_by_https(start_server: StartServer) -> None:
    running = start_server(trusted_proxy="127.0.0.1")
    with running.http as http:
        assert http.get("/v1/sessions").status_code == 421
        assert http.get("/v1/sessions", headers={"X-Forwarded-Proto": "http"}).status_code == 421
        assert http.get("/v1/sessions", headers={"X-Forwarded-Proto": "https"}).status_code == 200
        assert http.get("/healthz").status_code == 200


# --- what every answer carries --------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/page/main.js", "/v1/sessions", "/healthz", "/metrics", "/nothing"])
def test_every_answer_carries_the_security_headers(shared_server: RunningServer, path: str) -> None:
    with shared_server.http as http:
        headers = http.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "camera=()" in headers["permissions-policy"]
    assert "server" not in headers


def test_no_file_of_the_page_names_another_host() -> None:
    for path in WEB.iterdir():
        if path.suffix in {".html", ".css", ".js", ".svg"}:
            found = re.findall(r"""["'(](?:https?:)?//[^"')\s]+""", path.read_text())
            assert not [url for url in found if "www.w3.org" not in url], path.name


# --- how often ------------------------------------------------------------------------------------------


def test_failed_sign_ins_are_slowed_down_and_a_good_one_clears_them(start_server: StartServer) -> None:
    running = start_server(sign_in_failures_per_minute="5")
    wrong = {"Authorization": "Bearer not the token"}
    with httpx.Client(base_url=running.url, trust_env=False) as http:
        for _ in range(4):
            assert http.get("/v1/sessions", headers=wrong).status_code == 401
        assert http.get("/v1/sessions", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
        for _ in range(5):
            assert http.get("/v1/sessions", headers=wrong).status_code == 401
        refused = http.get("/v1/sessions", headers=wrong)
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
        assert int(refused.headers["retry-after"]) > 0
        assert http.post("/v1/sign-in", json={"token": TOKEN}).status_code == 429
        assert http.get("/").status_code == 200


def test_calls_beyond_the_rate_are_refused_and_say_when_to_come_again(start_server: StartServer) -> None:
    running = start_server(calls_per_second="1")
    with running.http as http:
        answers = [http.get("/v1/sessions") for _ in range(12)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert int(refused[0].headers["retry-after"]) >= 1


def test_a_rate_gives_its_burst_then_one_at_a_time_and_forgets_strangers() -> None:
    rate = Rate(3, 3.0)
    assert [rate.take("a", 0.0) for _ in range(3)] == [0.0] * 3
    assert rate.take("a", 0.0) == pytest.approx(1.0)
    assert rate.take("b", 0.0) == 0.0
    assert rate.take("a", 1.0) == 0.0
    assert rate.take("a", 1.0) > 0
    for number in range(3 * MAX_KEYS):
        rate.take(f"stranger {number}", 2.0)
    assert len(rate._paid) <= MAX_KEYS


# --- how much and how long ------------------------------------------------------------------------------


def test_headers_that_drip_and_headers_without_end_are_cut(shared_server: RunningServer) -> None:
    host, port = address_of(shared_server)
    with socket.create_connection((host, port), timeout=20) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
        answer = connection.recv(4096)  # the shared server waits two seconds
        assert answer.startswith(b"HTTP/1.1 408 ")
    endless = b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"X-Filler: " + b"y" * 200_000
    assert raw(shared_server, endless).startswith(b"HTTP/1.1 4")


def test_a_body_that_drips_is_cut(start_server: StartServer) -> None:
    running = start_server(body_seconds="1")
    host, port = address_of(running)
    head = (
        f"POST /v1/sessions HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {TOKEN}\r\n"
        "Content-Type: application/json\r\nContent-Length: 500\r\n\r\n{"
    )
    answer = raw(running, head.encode())
    assert answer.startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"template": ' + b"9" * 5_000 + b"}",
        b'{"template": NaN}',
        b'{"template": "\\ud800"}',
        b'{"template": "\\u0000"}',
        b"\xff\xfe",
        b"",
        b"null",
    ],
)
def test_bodies_that_are_meant_to_hurt_get_an_answer(shared_server: RunningServer, body: bytes) -> None:
    with shared_server.http as http:
        answer = http.post("/v1/sessions", content=body, headers={"Content-Type": "application/json"})
        assert 400 <= answer.status_code < 500
        assert answer.headers["content-type"] == "application/problem+json"
        assert http.get("/healthz").status_code == 200
