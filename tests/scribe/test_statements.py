"""Consent statements: kept word for word, never changed, named by their hash in every consent."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import httpx
import pytest
from running import StartServer, consented

from scribe.statements import SHIPPED

TEXT = {"language": "en", "text": "I agree that our talk is written down by software."}


def given(version: str, **changes: object) -> dict[str, object]:
    at = datetime.now(UTC).isoformat()
    return {
        "participant_id": "pt",
        "method": "written",
        "statement_version": version,
        "given_at": at,
    } | changes


def created(http: httpx.Client) -> str:
    body = consented(consents=False).model_dump(mode="json")
    return str(http.post("/v1/sessions", json=body).json()["id"])


def test_the_shipped_statement_is_kept_and_a_consent_to_it_has_its_hash(http: httpx.Client) -> None:
    kept = http.get("/v1/consent-statements/1").json()
    assert kept["text"] == SHIPPED.text
    assert kept["sha256"] == hashlib.sha256(SHIPPED.text.encode()).hexdigest()
    session = http.post("/v1/sessions", json=consented().model_dump(mode="json")).json()
    assert {consent["statement_sha256"] for consent in session["consents"]} == {kept["sha256"]}
    assert all(one["statement_kept"] for one in session["consent"])


def test_a_version_is_kept_once_and_never_takes_other_words(http: httpx.Client) -> None:
    assert http.get("/v1/consent-statements/clinic-1").status_code == 404
    first = http.put("/v1/consent-statements/clinic-1", json=TEXT)
    assert (first.status_code, http.put("/v1/consent-statements/clinic-1", json=TEXT).json()) == (
        200,
        first.json(),
    )
    other = http.put("/v1/consent-statements/clinic-1", json=TEXT | {"text": "Something else."})
    assert (other.status_code, other.json()["code"]) == (409, "wrong_state")
    assert http.put("/v1/consent-statements/1", json=TEXT).status_code == 409
    versions = [one["version"] for one in http.get("/v1/consent-statements").json()["statements"]]
    assert versions[0] == "1"
    assert "clinic-1" in versions


def test_a_platform_may_keep_its_words_itself_and_it_is_told_so(http: httpx.Client) -> None:
    path = f"/v1/sessions/{created(http)}/consents"
    answer = http.post(path, json=given("their-own-7"))
    assert answer.status_code == 201
    client = next(one for one in answer.json()["consent"] if one["participant_id"] == "pt")
    assert (client["standing"], client["statement_kept"]) == ("given", False)


def test_where_only_known_statements_count_an_unknown_one_is_refused(start_server: StartServer) -> None:
    running = start_server(asr="pocketsphinx", consent_known_statements="true")
    with running.http as http:
        path = f"/v1/sessions/{created(http)}/consents"
        refused = http.post(path, json=given("clinic-1"))
        assert (refused.status_code, refused.json()["code"]) == (400, "bad_request")
        assert "PUT /v1/consent-statements" in refused.json()["detail"]
        whole = consented().model_dump(mode="json")
        for consent in whole["consents"]:
            consent["statement_version"] = "clinic-1"
        assert http.post("/v1/sessions", json=whole).status_code == 400
        http.put("/v1/consent-statements/clinic-1", json=TEXT)
        assert http.post(path, json=given("clinic-1")).status_code == 201
        assert http.post("/v1/sessions", json=whole).status_code == 201


@pytest.mark.parametrize(
    "field",
    [
        {"revoked_at": "2026-01-01T00:00:00Z"},
        {"statement_sha256": "0" * 64},
        {"evidence": {"utterance_ids": ["u1"], "text": "client: Yes.", "start": 0, "end": 1}},
        {"doubt": {"utterance_ids": ["u1"], "text": "client: No.", "start": 0, "end": 1}},
    ],
)
def test_what_only_the_server_sets_is_refused_from_outside(
    http: httpx.Client, field: dict[str, object]
) -> None:
    refused = http.post(f"/v1/sessions/{created(http)}/consents", json=given("1", **field))
    assert refused.status_code == 400
    whole = consented().model_dump(mode="json")
    whole["consents"][0] |= field
    assert http.post("/v1/sessions", json=whole).status_code == 400
