"""A health record's FHIR R4 server on a real socket, with the token endpoint of SMART Backend Services.

It verifies an assertion as the standard says, validates what comes with a FHIR library, resolves the references of a
transaction and puts each entry where its condition finds it, or nothing at all. A test may tell it to misbehave.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from fhir.resources.R4B.bundle import Bundle
from pydantic import ValidationError

CLIENT_ID = "the-scribe"
Json = dict[str, Any]
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey


class Refusal(Exception):
    """What the server answers instead."""

    def __init__(self, status: int, code: str, words: str = "") -> None:
        super().__init__(code)
        self.status = status
        self.body = {
            "resourceType": "OperationOutcome",
            "issue": [{"severity": "error", "code": code, "diagnostics": words}],
        }


@dataclass
class HealthRecord:
    """`keys` are the registered public ones by id; `kept` the resources by what finds them; `fault` a misbehaviour."""

    url: str = ""
    keys: dict[str, PublicKey] = field(default_factory=dict)
    kept: dict[str, Json] = field(default_factory=dict)
    statuses: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    fault: str = ""
    _assertions: set[str] = field(default_factory=set)
    _tokens: set[str] = field(default_factory=set)

    def configuration(self) -> Json:
        elsewhere = "http://record.example/token" if self.fault == "no tls" else f"{self.url}/token"
        return {
            "token_endpoint": elsewhere,
            "token_endpoint_auth_methods_supported": ["client_secret_basic"]
            if self.fault == "passwords only"
            else ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": ["RS384", "ES384"],
            "grant_types_supported": ["client_credentials"],
        }

    def token(self, form: dict[str, list[str]]) -> Json:
        """SMART App Launch 2.2, Backend Services; RFC 7523, section 3."""
        if form.get("grant_type") != ["client_credentials"] or form.get("client_assertion_type") != [
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        ]:
            raise Refusal(400, "invalid")
        assertion = form["client_assertion"][0]
        header = jwt.get_unverified_header(assertion)
        if header["alg"] not in ("RS384", "ES384") or header.get("typ") != "JWT":
            raise Refusal(400, "security")
        try:
            claims = jwt.decode(
                assertion,
                self.keys[header["kid"]],
                algorithms=[header["alg"]],
                audience=f"{self.url}/token",
                issuer=CLIENT_ID,
                options={"require": ["iss", "sub", "aud", "exp", "jti"]},
            )
        except (jwt.PyJWTError, KeyError, TypeError) as error:
            raise Refusal(401, "security") from error
        too_long = claims["exp"] > time.time() + 300
        if claims["sub"] != CLIENT_ID or too_long or claims["jti"] in self._assertions:
            raise Refusal(401, "security")
        self._assertions.add(claims["jti"])
        scopes = form["scope"][0].split()
        if any(not scope.startswith("system/") for scope in scopes):
            raise Refusal(400, "invalid")
        token = secrets.token_urlsafe(16)
        self._tokens.add(token)
        return {
            "access_token": token,
            "token_type": "bearer",
            "expires_in": 300,
            "scope": form["scope"][0],
        }

    def transaction(self, authorization: str, media_type: str, data: bytes) -> Json:
        """All entries or none (FHIR R4, section 3.1.0.11)."""
        if authorization.removeprefix("Bearer ") not in self._tokens:
            raise Refusal(401, "login")
        if media_type != "application/fhir+json":
            raise Refusal(415, "not-supported")
        plain: Json = json.loads(data)
        if self.fault == "says the note":
            raise Refusal(422, "business-rule", data.decode())
        try:
            bundle = Bundle.model_validate(plain)
        except ValidationError as error:
            raise Refusal(422, "structure", str(error)) from error
        if bundle.type != "transaction":
            raise Refusal(400, "invalid")
        full_urls = [entry["fullUrl"] for entry in plain["entry"]]
        unknown = set(references(plain)) - set(full_urls)
        if len(set(full_urls)) != len(full_urls) or any(url.startswith("urn:uuid:") for url in unknown):
            raise Refusal(422, "not-found")
        found = {unquote(entry["request"]["url"]): entry["resource"] for entry in plain["entry"]}
        if len(found) != len(plain["entry"]) or not all(_finds(*pair) for pair in found.items()):
            raise Refusal(412, "conflict")
        self.statuses = [("200 OK" if where in self.kept else "201 Created") for where in found]
        if self.fault == "in part":
            self.statuses[-1] = "422 Unprocessable Entity"
        self.kept |= found
        answered = [{"response": {"status": status}} for status in self.statuses]
        return {"resourceType": "Bundle", "type": "transaction-response", "entry": answered}


def references(value: object) -> Iterator[str]:
    """Every literal reference in a resource, contained ones (`#…`) apart."""
    if isinstance(value, dict):
        if isinstance(found := value.get("reference"), str) and not found.startswith("#"):
            yield found
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def _finds(where: str, resource: Json) -> bool:
    """Whether a conditional update's search is one that finds this very resource."""
    kind, _, query = where.partition("?")
    key, _, wanted = query.partition("=")
    if key == "_tag":
        have = [f"{tag['system']}|{tag['code']}" for tag in resource["meta"]["tag"]]
    else:
        one = resource.get("masterIdentifier") or resource["identifier"]
        have = [f"{i['system']}|{i['value']}" for i in (one if isinstance(one, list) else [one])]
    return kind == resource["resourceType"] and wanted in have


@contextmanager
def health_record() -> Iterator[HealthRecord]:
    """Serve until the block is left."""
    record = HealthRecord()

    class Calls(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(lambda: record.configuration())

        def do_POST(self) -> None:
            data = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/fhir/token":
                self._answer(lambda: record.token(parse_qs(data.decode())))
            else:
                told = (self.headers["Authorization"] or "", self.headers["Content-Type"])
                self._answer(lambda: record.transaction(*told, data))

        def _answer(self, make: Any) -> None:
            record.asked.append(f"{self.command} {self.path}")
            try:
                status, body = 200, make()
            except Refusal as refusal:
                status, body = refusal.status, refusal.body
            sent = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/fhir+json")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Calls)
    record.url = f"http://127.0.0.1:{server.server_address[1]}/fhir"
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    serving.start()
    try:
        yield record
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
