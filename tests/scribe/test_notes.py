"""The note and the transcript over REST, on a session that was really heard."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from running import TOKEN, RunningServer, consented, fed

from scribe.client import ScribeClient
from scribe.sample import sample_audio
from summarizer.templates import template_names

AUDIO = (sample_audio()[: 75 * 16_000] * 32767).astype("<i2").tobytes()


async def listened(running: RunningServer, audio: bytes) -> str:
    """The path of a session that was streamed to its end."""
    async with ScribeClient(running.url, TOKEN) as client:
        new = await client.create_session(consented(channels=2))
        async with client.stream(new, channels=2) as stream, asyncio.TaskGroup() as tasks:
            tasks.create_task(fed(stream, audio))
            async for _ in stream:
                pass
        return f"/v1/sessions/{new.id}"


@pytest.fixture(scope="module")
def session(shared_server: RunningServer) -> str:
    """The path of a session with a draft; tests leave it in review."""

    return asyncio.run(listened(shared_server, AUDIO))


@pytest.fixture
def draft(http: httpx.Client, session: str) -> dict[str, object]:
    """A fresh draft."""
    answer = http.post(f"{session}/note", json={"template": "soap", "detail": "detailed"})
    assert answer.status_code == 201
    note: dict[str, object] = answer.json()["note"]
    return note


def statements(note: dict[str, object]) -> list[dict[str, object]]:
    sections = note["sections"]
    assert isinstance(sections, list)
    return [statement for section in sections for statement in section["statements"]]


def test_every_template_can_be_drafted_and_says_which_it_is(http: httpx.Client, session: str) -> None:
    listed = {template["name"]: template for template in http.get("/v1/templates").json()["templates"]}
    assert set(listed) == set(template_names())
    for name, template in listed.items():
        note = http.post(f"{session}/note", json={"template": name}).json()["note"]
        assert note["template"] == name
        assert [section["title"] for section in note["sections"]] == template["sections"]
        assert note["provenance"]["template_version"] == str(template["version"])


def test_a_longer_draft_says_no_less_than_a_brief_one(http: httpx.Client, session: str) -> None:
    lengths = [
        len(statements(http.post(f"{session}/note", json={"detail": detail}).json()["note"]))
        for detail in ("brief", "standard", "detailed")
    ]
    assert lengths == sorted(lengths)
    assert lengths[0] > 0


def test_the_same_session_gives_the_same_draft(http: httpx.Client, session: str) -> None:
    first, second = (http.post(f"{session}/note", json={"template": "dap"}).json()["note"] for _ in range(2))
    assert first["sections"] == second["sections"]
    assert first["risk"] == second["risk"]


def test_an_edit_is_kept_and_a_redraft_of_another_section_leaves_it(
    http: httpx.Client, session: str, draft: dict[str, object]
) -> None:
    drafted = [section for section in draft["sections"] if section["statements"]]  # type: ignore[attr-defined]
    mine, other = drafted[0], drafted[1]
    path = f"{session}/note/statements/{mine['statements'][0]['id']}"
    edited = http.patch(path, json={"text": "Client sleeps four hours."}).json()["note"]
    assert edited["edits"][-1]["before"] == mine["statements"][0]["text"]
    again = http.post(f"{session}/note/sections/{other['code']}/redraft").json()["note"]
    kept = next(section for section in again["sections"] if section["code"] == mine["code"])
    assert kept["statements"][0]["text"] == "Client sleeps four hours."
    fresh = next(section for section in again["sections"] if section["code"] == other["code"])
    assert [s["text"] for s in fresh["statements"]] == [s["text"] for s in other["statements"]]
    removed = http.patch(path, json={"remove": True}).json()["note"]
    assert "Client sleeps four hours." not in str(removed["sections"])


def test_a_statement_of_ones_own_can_be_written(
    http: httpx.Client, session: str, draft: dict[str, object]
) -> None:
    sections = draft["sections"]
    assert isinstance(sections, list)
    code = sections[-1]["code"]
    answer = http.post(f"{session}/note/sections/{code}/statements", json={"text": "Seen on time."})
    assert answer.status_code == 201
    last = answer.json()["note"]["sections"][-1]["statements"][-1]
    assert (last["text"], last["support"], last["evidence"]) == ("Seen on time.", "clinician", [])


@pytest.mark.parametrize("body", [{}, {"text": "a", "remove": True}, {"text": " "}, {"colour": "red"}])
def test_a_change_that_says_nothing_is_refused(
    http: httpx.Client, session: str, draft: dict[str, object], body: dict[str, object]
) -> None:
    path = f"{session}/note/statements/{statements(draft)[0]['id']}"
    assert http.patch(path, json=body).status_code == 400


def test_signing_needs_the_token_and_the_attestation_again(
    http: httpx.Client, session: str, draft: dict[str, object]
) -> None:
    attestation = http.get(f"{session}/note").json()["attestation"]
    body = {"name": "R. Diaz", "credentials": "LCSW", "attestation": attestation, "token": "wrong"}
    assert http.post(f"{session}/note/sign", json=body).json()["code"] == "not_authenticated"
    body |= {"token": TOKEN, "attestation": "looks fine"}
    assert http.post(f"{session}/note/sign", json=body).json()["code"] == "signing_refused"
    assert http.get(f"{session}/note").json()["note"]["status"] == "draft"


def test_speakers_can_be_set_right_and_the_draft_follows(http: httpx.Client, session: str) -> None:
    swapped = {"speakers": {"SPEAKER_00": "pt", "SPEAKER_01": "cl"}}
    assert http.patch(f"{session}/speakers", json={"speakers": {"SPEAKER_00": "nobody"}}).status_code == 400
    view = http.patch(f"{session}/speakers", json=swapped).json()
    assert view["speakers"]["SPEAKER_00"] == {"participant_id": "pt", "confidence": 1.0, "confirmed": True}
    lines = http.get(f"{session}/transcript").json()["utterances"]
    assert {line["role"] for line in lines if line["speaker"] == "SPEAKER_00"} == {"client"}
    right = {"speakers": {"SPEAKER_00": "cl", "SPEAKER_01": "pt"}}
    assert http.patch(f"{session}/speakers", json=right).status_code == 200
    lines = http.get(f"{session}/transcript").json()["utterances"]
    assert {line["role"] for line in lines if line["speaker"] == "SPEAKER_00"} == {"clinician"}


def test_the_transcript_goes_out_in_healthscribes_shape_too(http: httpx.Client, session: str) -> None:
    lines = http.get(f"{session}/transcript").json()["utterances"]
    told = http.get(f"{session}/transcript/healthscribe").json()["Conversation"]
    assert [(one["SegmentId"], one["Content"]) for one in told["TranscriptSegments"]] == [
        (line["id"], line["text"]) for line in lines
    ]
    roles = {one["ParticipantDetails"]["ParticipantRole"] for one in told["TranscriptSegments"]}
    assert roles == {"CLINICIAN", "PATIENT"}
    assert session.endswith(told["ConversationId"])


def test_a_corrected_line_is_marked_and_the_next_draft_rests_on_it(http: httpx.Client, session: str) -> None:
    lines = http.get(f"{session}/transcript").json()["utterances"]
    line = max((line for line in lines if line["role"] == "client"), key=lambda line: len(line["text"]))
    text = "I have been sleeping badly since the fire in March."
    answer = http.patch(f"{session}/transcript/{line['id']}", json={"text": text}).json()
    corrected = next(one for one in answer["utterances"] if one["id"] == line["id"])
    assert (corrected["text"], corrected["corrected"]) == (text, True)
    note = http.post(f"{session}/note", json={"template": "soap", "detail": "detailed"}).json()["note"]
    assert "fire" in str(note["sections"])
    assert http.patch(f"{session}/transcript/u9-1", json={"text": "x"}).status_code == 404


def test_nothing_is_drafted_once_consent_is_revoked(http: httpx.Client, shared_server: RunningServer) -> None:
    path = asyncio.run(listened(shared_server, AUDIO[: 30 * 16_000 * 4]))
    code = http.get(f"{path}/note").json()["note"]["sections"][0]["code"]
    assert http.delete(f"{path}/consents/pt").status_code == 204
    for refused in (http.post(f"{path}/note", json={}), http.post(f"{path}/note/sections/{code}/redraft")):
        assert refused.json()["code"] == "no_valid_consent"
    assert http.delete(f"{path}/consents/pt", params={"purge": True}).status_code == 204
    assert "shredded" in http.get(f"{path}/transcript").json()["detail"]


def test_figures_for_prometheus_name_nobody(http: httpx.Client) -> None:
    text = http.get("/metrics").text
    assert "scribe_streams 0.0" in text
    assert "scribe_recognized_seconds" in text
    assert "SPEAKER" not in text


def test_the_audit_can_be_read_and_is_itself_audited(http: httpx.Client) -> None:
    first = http.get("/v1/audit").json()
    second = http.get("/v1/audit").json()
    assert len(second) == len(first) + 1
    assert second[-1]["action"] == "audit read"


def test_the_chosen_style_is_kept_for_every_later_draft_of_a_section(
    http: httpx.Client, session: str
) -> None:
    style = {"tense": "past", "person": "first", "client_term": "Jordan", "layout": "sentences"}
    note = http.post(f"{session}/note", json={"template": "soap", "detail": "detailed", **style}).json()[
        "note"
    ]
    assert {key: note[key] for key in style} == style
    assert "Jordan reported" in str(note["sections"])
    for section in note["sections"]:
        again = http.post(f"{session}/note/sections/{section['code']}/redraft").json()["note"]
        fresh = next(one for one in again["sections"] if one["code"] == section["code"])
        assert [s["text"] for s in fresh["statements"]] == [s["text"] for s in section["statements"]]
    running = http.get(f"{session}/note/export", params={"format": "markdown", "draft": True}).text
    assert "\nJordan reported" in running


def test_an_example_note_steers_a_draft_and_is_not_kept(
    http: httpx.Client, session: str, shared_server: RunningServer
) -> None:
    example = "Data: Pt. reported quarrels with a zookeeper.\nAssessment: Pt. was calm.\nPlan: Pt. to rest."
    note = http.post(f"{session}/note", json={"like": example}).json()["note"]
    assert (note["template"], note["client_term"], note["tense"]) == ("dap", "Pt.", "past")
    kept = b"".join(path.read_bytes() for path in shared_server.data_dir.rglob("*") if path.is_file())
    assert "zookeeper" not in str(note)
    assert b"zookeeper" not in kept + shared_server.said.read_bytes()


def test_a_note_is_redrafted_with_the_version_of_its_template_that_it_has(
    http: httpx.Client, session: str
) -> None:
    path = "/v1/templates/changing"
    first = {
        "title": "C",
        "sections": [{"code": "A", "title": "First", "instruction": "x", "kinds": ["sleep"]}],
    }
    second = {
        "title": "C",
        "sections": [{"code": "B", "title": "Second", "instruction": "x", "kinds": ["goal"]}],
    }
    try:
        http.put(path, json=first)
        note = http.post(f"{session}/note", json={"template": "changing"}).json()["note"]
        version = note["provenance"]["template_version"]
        http.put(path, json=second)
        for change in (lambda: None, lambda: http.delete(path)):
            change()
            again = http.post(f"{session}/note/sections/A/redraft")
            assert again.status_code == 200, again.text
            assert again.json()["note"]["sections"][0]["title"] == "First"
            assert again.json()["note"]["provenance"]["template_version"] == version
        assert http.post(f"{session}/note/sections/B/redraft").status_code == 404
        assert http.post(f"{session}/note", json={"template": "changing"}).status_code == 400
        older = {"template": "changing", "template_version": int(version)}
        assert http.post(f"{session}/note", json=older).json()["note"]["sections"][0]["code"] == "A"
    finally:
        http.delete(path)
        http.post(f"{session}/note", json={"template": "soap"})
