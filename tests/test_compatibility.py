"""What a newer contract takes away is found, and what it adds is let be."""

from __future__ import annotations

import copy
import importlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
Document = dict[str, Any]
TakenAway = Callable[[Document, Document], list[str]]


@pytest.fixture
def taken_away(monkeypatch: pytest.MonkeyPatch) -> TakenAway:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    found: TakenAway = importlib.import_module("compatibility").taken_away
    return found


def kept(name: str) -> Document:
    document: Document = json.loads((ROOT / "docs" / "contract" / name).read_text())
    return document


def without_a_call(d: Document) -> None:
    del d["paths"]["/v1/sessions/{session_id}/note/sign"]


def without_a_field_of_an_answer(d: Document) -> None:
    del d["components"]["schemas"]["SessionView"]["properties"]["state"]


def with_a_field_that_is_needed(d: Document) -> None:
    d["components"]["schemas"]["SignRequest"]["required"].append("token")


def without_a_field_of_a_request(d: Document) -> None:
    del d["components"]["schemas"]["AddendumRequest"]["properties"]["author"]


def with_fewer_kinds_of_addenda(d: Document) -> None:
    d["components"]["schemas"]["AddendumRequest"]["properties"]["kind"]["enum"].remove("late_entry")


def with_less_room(d: Document) -> None:
    d["components"]["schemas"]["AddendumRequest"]["properties"]["text"]["maxLength"] = 10


def with_another_type(d: Document) -> None:
    d["components"]["schemas"]["SessionView"]["properties"]["seconds"]["type"] = "string"


def with_an_answer_that_may_lack_a_field(d: Document) -> None:
    d["components"]["schemas"]["SessionView"]["required"].remove("id")


def with_a_parameter_that_is_needed(d: Document) -> None:
    new = {"name": "why", "in": "query", "required": True, "schema": {"type": "string"}}
    d["paths"]["/v1/sessions"]["get"].setdefault("parameters", []).append(new)


def with_a_sign_in(d: Document) -> None:
    d["paths"]["/healthz"]["get"]["security"] = [{"token": []}]


def without_the_success(d: Document) -> None:
    del d["paths"]["/v1/sessions"]["post"]["responses"]["201"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (without_a_call, "POST /v1/sessions/{session_id}/note/sign is gone"),
        (without_a_field_of_an_answer, "state is gone"),
        (with_a_field_that_is_needed, "token is needed now"),
        (without_a_field_of_a_request, "author is gone"),
        (with_fewer_kinds_of_addenda, "late_entry is not taken any more"),
        (with_less_room, "maxLength is 10 now"),
        (with_another_type, "seconds: string is answered now"),
        (with_an_answer_that_may_lack_a_field, "id is not always there any more"),
        (with_a_parameter_that_is_needed, "the parameter why is needed now"),
        (with_a_sign_in, "GET /healthz needs a sign-in now"),
        (without_the_success, "POST /v1/sessions: the answer 201 is gone"),
    ],
)
def test_what_a_caller_relies_on_is_missed(
    taken_away: TakenAway, change: Callable[[Document], None], said: str
) -> None:
    old = kept("openapi.json")
    new = copy.deepcopy(old)
    change(new)
    found = taken_away(old, new)
    assert any(one.endswith(said) for one in found), found


@pytest.mark.parametrize("name", ["openapi.json", "asyncapi.json"])
def test_a_contract_takes_nothing_away_of_itself(taken_away: TakenAway, name: str) -> None:
    assert taken_away(kept(name), kept(name)) == []


def test_what_is_added_is_let_be(taken_away: TakenAway) -> None:
    old = kept("openapi.json")
    new = copy.deepcopy(old)
    schemas = new["components"]["schemas"]
    schemas["SessionView"]["properties"]["colour"] = {"type": "string"}
    schemas["AddendumRequest"]["properties"]["colour"] = {"type": "string"}
    schemas["AddendumRequest"]["properties"]["kind"]["enum"].append("remark")
    schemas["AddendumRequest"]["properties"]["text"]["maxLength"] = 10**6
    schemas["AddendumRequest"]["required"].remove("credentials")
    new["paths"]["/v1/more"] = new["paths"]["/healthz"]
    assert taken_away(old, new) == []


def test_what_a_client_of_the_stream_relies_on_is_missed(taken_away: TakenAway) -> None:
    old = kept("asyncapi.json")
    new = copy.deepcopy(old)
    new["channels"]["stream"]["x-subprotocol"] = "scribe.v2"
    del new["channels"]["stream"]["x-close-codes"]["4409"]
    new["operations"]["receiveFromServer"]["messages"].pop(0)
    new["components"]["schemas"]["Start"]["properties"]["encoding"]["enum"].remove("mulaw")
    del new["components"]["schemas"]["Ack"]["properties"]["committed"]
    found = taken_away(old, new)
    assert found == [
        "the subprotocol scribe.v1 is gone",
        "the close code 4409 is gone",
        "start.encoding: mulaw is not taken any more",
        "the message ready is gone",
        "ack.committed is gone",
    ]
