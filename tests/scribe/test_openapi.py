"""The OpenAPI document says what is true of every call, and a running server holds to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from contract import holds
from running import RunningServer


@pytest.fixture
def document(http: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = http.get("/v1/openapi.json").json()
    return found


def calls(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, call)
        for path, methods in document["paths"].items()
        for method, call in methods.items()
    ]


def test_every_call_says_its_refusals_as_problems(document: dict[str, Any]) -> None:
    assert document["components"]["schemas"]["Problem"]["required"] == ["title", "status", "detail", "code"]
    for path, method, call in calls(document):
        for status in ("400", "401", "403", "404", "408", "409", "413", "421", "422", "429", "503"):
            if path == "/readyz" and status == "503":
                continue
            assert list(call["responses"][status]["content"]) == ["application/problem+json"], (path, method)
    assert "HTTPValidationError" not in str(document)


def test_every_call_needs_a_sign_in_but_the_few_that_are_open(document: dict[str, Any]) -> None:
    open_calls = {path for path, _, call in calls(document) if call["security"] == []}
    assert open_calls == {"/healthz", "/readyz", "/v1/sign-in", "/v1/oidc/login", "/v1/oidc/callback"}


@pytest.mark.filterwarnings("default")
def test_a_running_server_holds_to_its_contract(shared_server: RunningServer, tmp_path: Path) -> None:
    said = holds(shared_server, tmp_path, phases="fuzzing", examples=2)
    assert "Failures" not in said
