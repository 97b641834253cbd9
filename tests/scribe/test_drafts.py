"""Drafting over REST without a session."""

from __future__ import annotations

import threading
from time import monotonic

import httpx
import pytest
from running import RunningServer

TEXT = (
    "Therapist: How have you been sleeping since we last met?\n"
    "Client: I have been sleeping badly since March. I only get about four hours.\n"
    "Therapist: Have you had any thoughts of hurting yourself?\n"
    "Client: No, never.\n"
    "Therapist: I want you to keep the thought record every day until we meet next Tuesday.\n"
    "Client: Okay, I will.\n"
)
NOTE = (
    "S: Pt. reported quarrels with a landlord. Pt. denied panic.\nO: I used CBT. I reviewed the budget.\n"
    "A: Pt. is improving.\nP: Return in one week."
)


def texts(drafted: dict[str, object]) -> str:
    sections = drafted["sections"]
    assert isinstance(sections, list)
    return "\n".join(statement["text"] for section in sections for statement in section["statements"])


def test_a_text_becomes_a_draft_in_the_shape_of_the_contract(http: httpx.Client) -> None:
    answer = http.post("/v1/draft", json={"text": TEXT, "template": "dap"})
    assert answer.status_code == 200
    drafted = answer.json()
    assert {"template", "sections", "findings", "risk", "provenance"} <= set(drafted)
    assert drafted["template"] == "dap"
    ids = {turn["id"] for turn in drafted["turns"]}
    for section in drafted["sections"]:
        assert set(section) == {"code", "title", "status", "statements"}
        for statement in section["statements"]:
            assert set(statement) == {"id", "text", "evidence", "support"}
            assert set(statement["evidence"]) <= ids
            assert statement["evidence"]
    assert drafted["risk"][0]["quote"] == "No, never."
    assert drafted["provenance"]["engine"] == "extractive"
    assert drafted["provenance"]["template_version"] == 1
    assert answer.json() == http.post("/v1/draft", json={"text": TEXT, "template": "dap"}).json()


def test_turns_keep_their_ids_and_roles_are_found(http: httpx.Client) -> None:
    turns = [
        {"id": "a1", "speaker": "SPEAKER_00", "text": "How have you been sleeping since we last met?"},
        {"id": "a2", "speaker": "SPEAKER_01", "text": "I have been sleeping badly since March, doctor."},
        {"id": "a3", "role": "patient", "text": "I feel tired at work and I cannot concentrate on it."},
    ]
    turns[2]["speaker"] = "SPEAKER_01"
    drafted = http.post("/v1/draft", json={"turns": turns}).json()
    assert [(turn["id"], turn["role"]) for turn in drafted["turns"]] == [
        ("a1", "clinician"),
        ("a2", "client"),
        ("a3", "client"),
    ]
    assert drafted["template"] == "soap"
    assert "sleeping badly" in texts(drafted)


def test_the_style_of_a_request_is_honoured(http: httpx.Client) -> None:
    style = {"client_term": "Jordan", "pronouns": "she/her", "person": "first", "tense": "past"}
    drafted = http.post("/v1/draft", json={"text": TEXT, **style}).json()
    assert "Jordan reported sleeping badly since March." in texts(drafted)
    assert "Jordan denied thoughts of hurting herself" in texts(drafted)
    assert drafted["provenance"]["style"]["person"] == "first"


def test_an_example_steers_the_style_and_what_is_asked_for_comes_first(http: httpx.Client) -> None:
    drafted = http.post("/v1/draft", json={"text": TEXT, "like": NOTE, "client_term": "Client"}).json()
    assert "Client reported sleeping badly since March." in texts(drafted)
    assert drafted["provenance"]["style"]["person"] == "first"
    assert "landlord" not in str(drafted)
    assert "Pt. reported sleeping badly" in texts(
        http.post("/v1/draft", json={"text": TEXT, "like": NOTE}).json()
    )


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "either"),
        ({"text": TEXT, "turns": []}, "either"),
        ({"text": " "}, "empty"),
        ({"turns": [{"text": "hello"}]}, "speaker"),
        ({"text": TEXT, "template": "haiku"}, "soap"),
        ({"text": TEXT, "tense": "future"}, "tense"),
        ({"text": TEXT, "client_term": "<b>"}, "client_term"),
        ({"text": TEXT, "colour": "red"}, "colour"),
        ({"text": "a" * 400_001}, "400000"),
    ],
)
def test_what_cannot_be_drafted_is_refused_without_its_words(
    http: httpx.Client, body: dict[str, object], says: str
) -> None:
    answer = http.post("/v1/draft", json=body)
    assert answer.status_code == 400
    assert says in answer.json()["detail"]
    assert "sleeping" not in answer.text


def test_too_little_said_is_a_draft_that_says_so(http: httpx.Client) -> None:
    drafted = http.post("/v1/draft", json={"text": "Client: Hello there."}).json()
    assert drafted["insufficient"]
    assert {section["status"] for section in drafted["sections"]} == {"not_discussed"}


def test_nothing_of_a_draft_is_stored_logged_or_audited(
    http: httpx.Client, shared_server: RunningServer
) -> None:
    sessions = http.get("/v1/sessions").json()
    secret = (
        "Client: My xylophone lessons make me anxious, and I sleep badly because of them every single night."
    )
    answer = http.post("/v1/draft", json={"text": secret, "like": "S: zeppelin fears. P: rest."})
    assert "xylophone" in answer.text
    assert http.get("/v1/sessions").json() == sessions
    last = [event for event in http.get("/v1/audit").json() if event["action"] == "text drafted"][-1]
    assert last["figures"] == {"template": "soap", "turns": 1, "engine": "extractive"}
    kept = b"".join(path.read_bytes() for path in shared_server.data_dir.rglob("*") if path.is_file())
    for place in (kept, shared_server.said.read_bytes()):
        assert b"xylophone" not in place
        assert b"zeppelin" not in place


def test_a_long_transcript_does_not_keep_the_server_from_answering(
    http: httpx.Client, shared_server: RunningServer
) -> None:
    long = TEXT * 500
    done: list[int] = []

    def draft() -> None:
        with shared_server.http as client:
            done.append(client.post("/v1/draft", json={"text": long}).status_code)

    thread = threading.Thread(target=draft)
    began = monotonic()
    thread.start()
    slowest, answers = 0.0, 0
    while thread.is_alive():
        asked = monotonic()
        assert http.get("/healthz").status_code == 200
        slowest, answers = max(slowest, monotonic() - asked), answers + 1
    thread.join()
    took = monotonic() - began
    assert done == [200]
    assert answers > 1
    assert slowest < max(0.5 * took, 0.5)
