"""The payer checklist over REST and on the command line, on a session that was really heard."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import httpx
import pytest
from running import TOKEN, RunningServer, consented, environment, fed

from scribe.client import ScribeClient
from scribe.sample import sample_audio

SECONDS = 60
AUDIO = (sample_audio()[: SECONDS * 16_000] * 32767).astype("<i2").tobytes()


@pytest.fixture(scope="module")
def session_id(shared_server: RunningServer) -> str:
    """A session of one minute with a draft."""

    async def listened() -> str:
        async with ScribeClient(shared_server.url, TOKEN) as client:
            new = await client.create_session(
                consented(
                    channels=2,
                    modality="individual psychotherapy, in person",
                    place="the clinic in Albany",
                    diagnoses=["F41.1 generalized anxiety disorder"],
                )
            )
            async with client.stream(new, channels=2) as stream, asyncio.TaskGroup() as tasks:
                tasks.create_task(fed(stream, AUDIO))
                async for _ in stream:
                    pass
            return new.id

    return asyncio.run(listened())


def statuses(answer: dict[str, object]) -> dict[int, str]:
    items = answer["items"]
    assert isinstance(items, list)
    return {item["number"]: item["status"] for item in items}


def test_a_drafts_checklist_rests_on_the_clock_and_what_was_given(
    http: httpx.Client, session_id: str
) -> None:
    answer = http.get(f"/v1/sessions/{session_id}/note/checklist").json()
    assert answer["note_status"] == "draft"
    found = statuses(answer)
    assert sorted(found) == list(range(1, 21))
    for number in (2, 3, 4, 5, 6, 20):
        assert found[number] == "present", number
    assert found[1] == "absent"  # the client has neither a name nor a record number
    assert found[17] == found[18] == "not_applicable"
    assert found[19] == "absent"
    assert answer["time"]["minutes"] == SECONDS // 60
    assert answer["time"]["supports"] == []
    assert "support no psychotherapy code" in answer["time"]["remark"]
    times = next(item for item in answer["items"] if item["number"] == 2)["facts"]
    assert all("by the session clock" in fact for fact in times)


def test_statements_named_by_the_checklist_are_those_of_the_note(http: httpx.Client, session_id: str) -> None:
    note = http.get(f"/v1/sessions/{session_id}/note").json()["note"]
    known = {statement["id"] for section in note["sections"] for statement in section["statements"]}
    answer = http.get(f"/v1/sessions/{session_id}/note/checklist").json()
    named = {one for item in answer["items"] for one in item["statements"]}
    assert named
    assert named <= known


def test_reading_the_checklist_is_audited(http: httpx.Client, session_id: str) -> None:
    http.get(f"/v1/sessions/{session_id}/note/checklist")
    last = [event for event in http.get("/v1/audit").json() if event["session"] == session_id][-1]
    assert last["action"] == "checklist read"


def test_a_session_that_is_not_there_has_no_checklist(http: httpx.Client) -> None:
    answer = http.get("/v1/sessions/nobody/note/checklist")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_the_command_prints_the_table(shared_server: RunningServer, session_id: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scribe", "checklist", session_id],
        capture_output=True,
        text=True,
        env=environment(shared_server.data_dir) | {"COLUMNS": "160"},
        cwd=shared_server.data_dir.parent,
        timeout=60,
        check=True,
    )
    assert "Diagnosis" in done.stdout
    assert "F41.1 generalized anxiety disorder" in done.stdout
    assert "not applicable" in done.stdout
    assert "Support, not a choice of code." in done.stdout


def test_signing_satisfies_the_signature_and_the_checklist_of_a_signed_note_stays_readable(
    http: httpx.Client, session_id: str
) -> None:
    view = http.get(f"/v1/sessions/{session_id}/note").json()
    for finding in view["note"]["findings"]:
        body = {"resolution": "justified", "reason": "heard so"}
        http.patch(f"/v1/sessions/{session_id}/note/findings/{finding['id']}", json=body)
    signed = {
        "name": "R. Diaz",
        "credentials": "LCSW",
        "attestation": view["attestation"],
        "token": TOKEN,
    }
    answer = http.post(f"/v1/sessions/{session_id}/note/sign", json=signed)
    assert answer.status_code == 201
    checked = http.get(f"/v1/sessions/{session_id}/note/checklist").json()
    assert checked["note_status"] == "signed"
    signature = next(item for item in checked["items"] if item["number"] == 19)
    assert signature["status"] == "present"
    assert signature["facts"][:2] == ["signed by R. Diaz", "LCSW"]
