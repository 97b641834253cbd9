"""The contract's documents: they are those of the code, their examples are what the wire speaks, all can be read."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import jsonschema_rs
import pytest
from running import RunningServer

from scribe.asyncapi import CLIENT_MESSAGES, EXAMPLES, SERVER_MESSAGES, close_codes, stream_contract, type_of
from scribe.wire import parse_client_message, parse_server_message

ROOT = Path(__file__).parents[2]
CONTRACT = ROOT / "docs" / "contract"
KEPT = {name: json.loads((CONTRACT / name).read_text()) for name in ("openapi.json", "asyncapi.json")}


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The script that writes the documents."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    sys.modules.pop("contract", None)  # tests have a module of that name too
    script = __import__("contract")
    yield script
    sys.modules.pop("contract", None)


def test_the_documents_are_those_of_the_code_and_nothing_was_taken_away(scripts: ModuleType) -> None:
    made = scripts.documents()
    assert {name: scripts.taken_away(KEPT[name], made[name]) for name in made} == {name: [] for name in made}
    assert made == KEPT, "run `python scripts/contract.py`"


@pytest.mark.parametrize("name", [type_of(model) for model in CLIENT_MESSAGES])
def test_what_the_examples_of_a_client_say_is_understood(name: str) -> None:
    assert EXAMPLES[name]
    for example in EXAMPLES[name]:
        assert parse_client_message(json.dumps(example)).type == name


@pytest.mark.parametrize("name", [type_of(model) for model in SERVER_MESSAGES])
def test_the_examples_of_the_server_are_its_messages_and_fit_their_schema(name: str) -> None:
    assert EXAMPLES[name]
    for example in EXAMPLES[name]:
        message = parse_server_message(json.dumps(example))
        validator(KEPT["asyncapi.json"], name).validate(json.loads(message.model_dump_json()))


@pytest.mark.parametrize("name", [type_of(model) for model in CLIENT_MESSAGES])
def test_the_schemas_of_a_client_take_its_examples_and_nothing_unknown(name: str) -> None:
    valid = validator(KEPT["asyncapi.json"], name)
    for example in EXAMPLES[name]:
        valid.validate(example)
        assert not valid.is_valid(example | {"colour": "red"})


def test_a_client_may_be_told_more_than_it_knows() -> None:
    valid = validator(KEPT["asyncapi.json"], "ack")
    assert valid.is_valid({"type": "ack", "received": 2, "committed": 1, "later": True})
    assert not valid.is_valid({"type": "ack", "received": 2})


def test_every_reference_of_the_stream_leads_somewhere() -> None:
    document = stream_contract()
    for reference in references(document):
        found: Any = document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
        assert found


def test_the_close_codes_are_those_of_the_page_of_the_protocol() -> None:
    page = (ROOT / "docs" / "protocol.md").read_text()
    said = page[page.index("Close codes: ") :]
    for code in close_codes():
        assert code in said or code in ("1000", "1008"), code


def test_anybody_reads_the_contract_without_a_token(shared_server: RunningServer) -> None:
    with httpx.Client(base_url=shared_server.url, trust_env=False) as stranger:
        for name, kept in KEPT.items():
            assert stranger.get(f"/{name}").json() == kept
        page = stranger.get("/docs")
        assert stranger.get("/page/contract.css").status_code == 200
        assert stranger.get("/v1/sessions").status_code == 401
        assert stranger.get("/docs", headers={"Host": "elsewhere.example"}).status_code == 421
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]


def test_the_page_holds_every_call_and_message_and_loads_nothing_from_elsewhere(http: httpx.Client) -> None:
    page = http.get("/docs").text
    for path, calls in KEPT["openapi.json"]["paths"].items():
        for method in calls:
            assert f"{method.upper()} {path}" in page
    for name in KEPT["asyncapi.json"]["components"]["messages"]:
        assert f'id="message-{name}"' in page
    assert "http:" not in page
    assert "https:" not in page
    assert "<script" not in page
    targets = {part.partition('"')[0] for part in page.split('href="#')[1:]}
    ids = {part.partition('"')[0] for part in page.split(' id="')[1:]}
    assert targets <= ids


def validator(document: dict[str, Any], message: str) -> Any:
    payload = document["components"]["messages"][message]["payload"]
    return jsonschema_rs.Draft202012Validator(payload | {"components": document["components"]})


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for name, value in part.items():
            if name == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)
