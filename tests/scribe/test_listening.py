"""Who may listen where, TLS, and the limits on connections and requests, over real sockets."""

from __future__ import annotations

import asyncio
import itertools
import json
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import numpy as np
import pytest
from certificates import Issued, issue
from running import TOKEN, RunningServer, StartServer, consented, environment, fed, server
from starlette.types import Receive, Scope, Send

from scribe.client import ScribeClient, Unreachable
from scribe.config import Settings, read_settings
from scribe.connections import SPARE_CONNECTIONS
from scribe.errors import CannotStart
from scribe.listening import (
    listen,
    require_safe_address,
    tls_context,
    trusted_proxies,
    uvicorn_server,
)
from scribe.local import Address


def settings_of(**given: object) -> Settings:
    return read_settings(**given)


def address_of(running: RunningServer) -> tuple[str, int]:
    host, _, port = running.url.partition("://")[2].rpartition(":")
    return host, int(port)


def said_to(running: RunningServer, sent: bytes) -> bytes:
    """All that the server says to these bytes until it closes."""
    with socket.create_connection(address_of(running), timeout=20) as connection:
        connection.sendall(sent)
        return rest_of(connection)


def rest_of(connection: socket.socket) -> bytes:
    said = b""
    while piece := connection.recv(65536):
        said += piece
    return said


# --- who may listen where -------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1", "127.3.2.1", "::1", "localhost"])
def test_loopback_needs_nothing(host: str) -> None:
    require_safe_address(settings_of(host=host))


@pytest.mark.parametrize(
    ("given", "lacks"),
    [
        ({}, "SCRIBE_ACCESS=organisation"),
        ({"tls_cert": Path("c"), "tls_key": Path("k")}, "SCRIBE_ACCESS=organisation"),
        ({"trusted_proxy": "10.0.0.1"}, "SCRIBE_ACCESS=organisation"),
        ({"access": "organisation"}, "needs TLS"),
        ({"access": "organisation", "tls_cert": Path("c"), "tls_key": Path("k")}, None),
        ({"access": "organisation", "trusted_proxy": "10.0.0.1, ::1"}, None),
    ],
)
@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "scribe.example"])
def test_beyond_loopback_both_sign_in_and_tls_are_needed(
    host: str, given: dict[str, object], lacks: str | None
) -> None:
    chosen = settings_of(host=host, **given)
    if lacks is None:
        require_safe_address(chosen)
    else:
        with pytest.raises(CannotStart, match=lacks):
            require_safe_address(chosen)


@pytest.mark.parametrize("given", ["*", "10.0.0.0/8", "proxy.example", "10.0.0.1 10.0.0.2"])
def test_a_proxy_is_trusted_by_its_own_address_only(given: str) -> None:
    with pytest.raises(CannotStart, match="SCRIBE_TRUSTED_PROXY"):
        trusted_proxies(settings_of(trusted_proxy=given))


# --- TLS ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> Issued:
    return issue(tmp_path_factory.mktemp("certificates"), "server")


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory, issued: Issued) -> Iterator[RunningServer]:
    files = {"tls_cert": str(issued.cert), "tls_key": str(issued.key)}
    with server(tmp_path_factory.mktemp("secure") / "data", asr="pocketsphinx", **files) as running:
        yield running


def test_a_session_over_tls_from_start_to_receipt(secure: RunningServer, issued: Issued) -> None:
    assert secure.url.startswith("https://127.0.0.1:")
    trust = Address(secure.url, TOKEN, secure.process.pid, issued.cert).trust

    async def heard() -> float:
        async with ScribeClient(secure.url, TOKEN, verify=trust) as client:
            session = await client.create_session(consented())
            async with client.stream(session) as stream:
                await fed(stream, bytes(np.zeros(16_000, "<i2")))
                async for _ in stream:
                    pass
            return (await client.receipt(session.id)).seconds_received

    assert asyncio.run(heard()) == 1.0


def test_a_client_believes_no_other_certificate(secure: RunningServer, tmp_path: Path) -> None:
    other = issue(tmp_path, "other")

    async def asked(trust: ssl.SSLContext | None) -> None:
        async with ScribeClient(secure.url, TOKEN, verify=trust) as client:
            await client.sessions()

    for trust in (None, Address(secure.url, TOKEN, 0, other.cert).trust):
        with pytest.raises(Unreachable):
            asyncio.run(asked(trust))


def test_the_command_line_finds_the_server_that_runs_with_tls(secure: RunningServer) -> None:
    command = [sys.executable, "-m", "scribe", "sessions"]
    done = subprocess.run(
        command, env=environment(secure.data_dir), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "scribe:" not in done.stderr


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_1_2_and_1_3_are_spoken_and_hsts_is_said(secure: RunningServer, version: ssl.TLSVersion) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = context.maximum_version = version
    with (
        socket.create_connection(address_of(secure), timeout=20) as plain,
        context.wrap_socket(plain) as connection,
    ):
        name, _, bits = connection.cipher() or ("", "", 0)
        assert bits >= 128
        assert "GCM" in name or "CHACHA20" in name
        connection.sendall(
            f"GET /healthz HTTP/1.1\r\nHost: {secure.url[8:]}\r\nConnection: close\r\n\r\n".encode()
        )
        said = rest_of(connection)
    assert b" 200 " in said
    assert b"strict-transport-security: max-age=31536000" in said.lower()


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_tls_1_1_and_plain_http_are_not_spoken(secure: RunningServer) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with socket.create_connection(address_of(secure), timeout=20) as plain, pytest.raises(OSError):  # noqa: SIM117
        with context.wrap_socket(plain):
            pass
    with pytest.raises(httpx.TransportError):
        httpx.get(f"http://127.0.0.1:{address_of(secure)[1]}/healthz", trust_env=False)


def test_who_has_no_certificate_of_the_authority_is_not_heard(
    start_server: StartServer, issued: Issued, tmp_path: Path
) -> None:
    authority = issue(tmp_path, "authority")
    caller, stranger = issue(tmp_path, "caller", by=authority), issue(tmp_path, "stranger")
    running = start_server(
        tls_cert=str(issued.cert),
        tls_key=str(issued.key),
        tls_client_ca=str(authority.cert),
        asr="pocketsphinx",
    )

    def health(mine: Issued | None) -> int:
        trust = ssl.create_default_context(cafile=str(issued.cert))
        if mine is not None:
            trust.load_cert_chain(mine.cert, mine.key)
        with httpx.Client(verify=trust, trust_env=False) as client:
            return client.get(f"{running.url}/healthz").status_code

    assert health(caller) == 200
    for nobody in (None, stranger):
        with pytest.raises(httpx.TransportError):
            health(nobody)


@pytest.mark.parametrize("fault", ["no key", "no file", "not PEM", "password", "of another", "open to all"])
def test_what_is_wrong_with_the_files_is_said_in_one_sentence(tmp_path: Path, fault: str) -> None:
    mine = issue(tmp_path, "mine", password=b"secret" if fault == "password" else None)
    cert, key = mine.cert, mine.key
    expected = {
        "no key": "give --tls-cert and --tls-key",
        "no file": "Cannot read .*nothing.pem",
        "not PEM": "must be PEM",
        "password": "without a password",
        "of another": "of that certificate",
        "open to all": "chmod 600",
    }[fault]
    if fault == "no file":
        cert = tmp_path / "nothing.pem"
    elif fault == "not PEM":
        cert.write_text("hello")
    elif fault == "of another":
        key = issue(tmp_path, "another").key
    elif fault == "open to all":
        key.chmod(0o644)
    with pytest.raises(CannotStart, match=expected) as said:
        tls_context(settings_of(tls_cert=cert, tls_key=None if fault == "no key" else key))
    assert "Traceback" not in said.value.detail
    assert said.value.detail.count("\n") == 0


# --- limits of a connection -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with server(
        tmp_path_factory.mktemp("strict") / "data",
        start_seconds="1",
        body_seconds="1",
        max_connections="8",
        asr="pocketsphinx",
    ) as running:
        yield running


@pytest.mark.parametrize("begun", [b"", b"GET", b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: "])
def test_headers_that_do_not_come_end_the_connection(strict: RunningServer, begun: bytes) -> None:
    said = said_to(strict, begun)
    assert said.startswith(b"HTTP/1.1 408 ")
    assert json.loads(said.partition(b"\r\n\r\n")[2])["code"] == "idle"


def test_headers_that_drip_end_the_connection_before_and_after_a_first_request(strict: RunningServer) -> None:
    host = strict.url.partition("://")[2]
    whole = f"GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    for first in (b"", whole):
        with socket.create_connection(address_of(strict), timeout=0.05) as connection:
            connection.sendall(first)
            drops, said = 0, b""
            while drops < 200:  # ten seconds of drops, were it not ended after one
                try:
                    connection.sendall(b"G" if not drops else b"E")
                    piece = connection.recv(65536)
                    if not piece:
                        break
                    said += piece
                except TimeoutError:
                    pass
                except ConnectionError:
                    break
                drops += 1
        assert drops < 60
        assert (b"200 " in said) == bool(first)


def test_a_body_that_drips_is_given_up(strict: RunningServer) -> None:
    host = strict.url.partition("://")[2]
    head = (
        f"POST /v1/sign-in HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        "Content-Length: 900\r\n\r\n{"
    )
    said = said_to(strict, head.encode())
    assert said.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in said.lower()
    problem = json.loads(said.partition(b"\r\n\r\n")[2])
    assert (problem["code"], "within 1 seconds" in problem["detail"]) == ("idle", True)


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(32),  # a TLS hello
        b"GET / HTTP/1.1\r\n\r\n",  # no Host
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 20_000,  # and no end of it
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(3000)),
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
)
def test_what_is_no_request_is_answered_with_a_problem(strict: RunningServer, sent: bytes) -> None:
    said = said_to(strict, sent)
    assert said.startswith(b"HTTP/1.1 400 ")
    head, _, body = said.partition(b"\r\n\r\n")
    assert json.loads(body)["code"] == "bad_request"
    assert b"application/problem+json" in head
    assert b"content-security-policy" in head


def test_connections_beyond_the_most_are_told_so_and_the_rest_go_on(strict: RunningServer) -> None:
    taken = [socket.create_connection(address_of(strict), timeout=20) for _ in range(8)]
    try:
        host = strict.url.partition("://")[2]
        said = said_to(strict, f"GET /healthz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        assert said.startswith(b"HTTP/1.1 503 ")
    finally:
        for connection in taken:
            connection.close()
    with strict.http as http:
        statuses = iter(lambda: http.get("/healthz").status_code, 200)
        assert all(status == 503 for status in statuses)  # until the closed ones are noticed


def test_a_flood_of_connections_is_dropped_unheard_beyond_the_spare_ones() -> None:
    async def unused(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise AssertionError("nothing was asked")

    async def flooded() -> None:
        listener = listen("127.0.0.1", 0)
        listener.listen(128)
        uvicorn = uvicorn_server(unused, head_seconds=600, max_connections=8)
        uvicorn.config.lifespan = "off"
        serving = asyncio.create_task(uvicorn.serve([listener]))
        roads = [await asyncio.open_connection(*listener.getsockname()) for _ in range(100)]
        ends = [asyncio.create_task(reader.read()) for reader, _ in roads]
        for dropped in itertools.islice(asyncio.as_completed(ends), 100 - 8 - SPARE_CONNECTIONS):
            with suppress(ConnectionError):
                assert await dropped == b""
        assert sum(end.done() for end in ends) == 100 - 8 - SPARE_CONNECTIONS
        for end in ends:
            end.cancel()
        await asyncio.gather(*ends, return_exceptions=True)
        for _, writer in roads:
            writer.close()
        uvicorn.should_exit = True
        await serving

    asyncio.run(flooded())


@pytest.mark.parametrize("extra", ["X-Long: " + "x" * 9_000 + "\r\n", "X-Many: 1\r\n" * 200])
def test_a_handshake_that_cannot_be_read_is_refused_and_holds_no_connection(
    shared_server: RunningServer, extra: str
) -> None:
    address = httpx.URL(shared_server.url)
    asked = (
        f"GET /v1/sessions/s1/stream HTTP/1.1\r\nHost: {address.netloc.decode()}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        f"Sec-WebSocket-Version: 13\r\n{extra}\r\n"
    )
    answer = b""
    with socket.create_connection((address.host, address.port or 80), timeout=10) as connection:
        connection.sendall(asked.encode())
        while more := connection.recv(65_536):
            answer += more
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"application/problem+json" in answer
