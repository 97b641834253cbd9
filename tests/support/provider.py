"""An identity provider of our own on a real socket, that keeps to OpenID Connect until a test tells it to lie.

It checks PKCE and hands out a code once, as a good provider does. What it puts into ID tokens can be changed.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT_ID = "the-scribe"
Claims = dict[str, Any]


@dataclass
class Provider:
    """Whoever `person` is signs in; `spoil` changes the claims and `sign` makes the token of them."""

    url: str = ""
    person: str = "ada"
    roles: object = ("clinician",)
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    spoil: Callable[[Claims], Claims] = lambda claims: claims
    sign: Callable[[Provider, Claims], str] | None = None
    asked: list[dict[str, str]] = field(default_factory=list)
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def truthful(self) -> None:
        """Forget every lie."""
        self.person, self.roles, self.sign = "ada", ("clinician",), None
        self.spoil = lambda claims: claims

    def discovery(self) -> Claims:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
        }

    def jwks(self) -> Claims:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [public | {"kid": "one", "use": "sig", "alg": "RS256"}]}

    def authorize(self, query: dict[str, str]) -> str:
        """The address back, as for somebody who signs in at once."""
        self.asked.append(query)
        code = secrets.token_urlsafe(16)
        self._codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def token(self, form: dict[str, str]) -> Claims | None:
        """The tokens for a code; None where RFC 6749 or RFC 7636 say no."""
        asked = self._codes.pop(form.get("code", ""), None)
        if asked is None or form.get("redirect_uri") != asked["redirect_uri"]:
            return None
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != asked["code_challenge"]:
            return None
        now = int(time.time())
        claims = self.spoil(
            {
                "iss": self.url,
                "sub": self.person,
                "aud": CLIENT_ID,
                "iat": now,
                "exp": now + 300,
                "auth_time": now,
                "nonce": asked["nonce"],
                "roles": self.roles,
            }
        )
        sign = self.sign or Provider.signed
        return {"access_token": "none", "token_type": "Bearer", "id_token": sign(self, claims)}

    def signed(self, claims: Claims) -> str:
        """The claims as this provider signs them."""
        return jwt.encode(claims, self.key, "RS256", headers={"kid": "one"})


@contextmanager
def provider() -> Iterator[Provider]:
    """A provider that runs until the block ends."""
    here = Provider()

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/authorize":
                self.send_response(303)
                self.send_header(
                    "Location", here.authorize({name: v[0] for name, v in parse_qs(parts.query).items()})
                )
                self.send_header("Content-Length", "0")
                self.end_headers()
            else:
                self._say(here.jwks() if parts.path == "/jwks" else here.discovery())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._say(here.token({name: v[0] for name, v in parse_qs(body).items()}))

        def _say(self, answer: Claims | None) -> None:
            text = json.dumps(answer or {"error": "invalid_grant"}).encode()
            self.send_response(200 if answer else 400)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    here.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield here
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def somebody_elses_provider() -> Iterator[str]:
    """The issuer of a running `oidc-provider-mock`, in a process of its own."""
    program = (
        "import sys, oidc_provider_mock\n"
        "with oidc_provider_mock.run_server_in_thread() as here:\n"
        "    print(here.server_port, flush=True)\n"
        "    sys.stdin.read()\n"
    )
    command = [sys.executable, "-W", "ignore", "-c", program]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        yield f"http://localhost:{int(process.stdout.readline())}"
        process.communicate("", timeout=30)


NODE_MODULES = Path(os.environ.get("SCRIBE_NODE_MODULES", Path(__file__).parents[2] / "node_modules"))


@contextmanager
def certified_provider(redirect: str) -> Iterator[str]:
    """The issuer of a running `oidc-provider` of npm, which knows one client that comes back to `redirect`."""
    program = Path(__file__).with_name("oidc_provider.mjs")
    with subprocess.Popen(
        ["node", str(program), str(NODE_MODULES), redirect],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.communicate("", timeout=30)
