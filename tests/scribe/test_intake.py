"""Intake summaries over REST and on the command line, from real files, with nothing kept."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from papers import Word, pdf, pdf_form
from running import TOKEN, RunningServer, consented, environment, fed

from scribe.client import ScribeClient
from scribe.sample import sample_audio

FORMS = Path(__file__).parents[1] / "summarizer" / "forms"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
WORD = (
    Word()
    .heading("Safety")
    .boxes("Have you had thoughts of suicide?", [("Yes", True), ("No", False)])
    .table(("Current medications", "Sertraline 50 mg daily"), ("Occupation", "school bus driver"))
    .line("What brings you to therapy?")
    .line("I have had panic attacks on the freeway since the crash in April and I avoid driving.")
    .bytes()
)


def post(http: httpx.Client, body: bytes, media_type: str, **query: str) -> httpx.Response:
    return http.post("/v1/intake", content=body, headers={"Content-Type": media_type}, params=query)


def written(answer: dict[str, object]) -> str:
    sections = answer["sections"]
    assert isinstance(sections, list)
    return "\n".join(statement["text"] for section in sections for statement in section["statements"])


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        ((FORMS / "adult.txt").read_bytes(), "text/plain"),
        ((FORMS / "adult.json").read_bytes(), "application/json"),
        (pdf([(FORMS / "adult.txt").read_text()]), "application/pdf"),
        (WORD, DOCX),
    ],
    ids=["text", "json", "pdf", "docx"],
)
def test_a_form_of_every_kind_becomes_a_draft_with_evidence_into_its_questions(
    http: httpx.Client, body: bytes, media_type: str
) -> None:
    answer = post(http, body, media_type)
    assert answer.status_code == 200
    found = answer.json()
    assert found["template"] == "intake"
    turns = {turn["id"]: turn for turn in found["turns"]}
    fields = {field["id"] for field in found["form"]}
    statements = [one for section in found["sections"] for one in section["statements"]]
    assert len(statements) >= 3
    for statement in statements:
        assert statement["evidence"]
        for identity in statement["evidence"]:
            assert turns[identity]["source"] == "form"
            assert identity.removesuffix(".label") in fields
    for risk in found["risk"]:
        assert risk["quote"] in turns[risk["evidence"][0]]["text"]
        assert risk["quote"] in written(found)
    assert found["risk"]


def test_a_pdf_with_fields_is_read_by_its_fields(http: httpx.Client) -> None:
    body = pdf_form(
        [
            ("reason", "Reason for visit", "Panic attacks on the freeway since the crash in April"),
            ("meds", "Current medications", "Sertraline 50 mg daily"),
            ("occupation", "Occupation", "school bus driver on the early route"),
            ("symptoms.sleep", "Trouble sleeping", "☒"),
            ("symptoms.hopeless", "Hopelessness", "☐"),
        ]
    )
    text = written(post(http, body, "application/pdf").json())
    assert "Sertraline 50 mg daily" in text
    assert "rouble sleeping" in text
    assert "opeless" not in text


@pytest.mark.parametrize(
    ("body", "media_type", "status", "told"),
    [
        (pdf([""]), "application/pdf", 400, "a scan or a picture"),
        (pdf(["Age: 34"], password="secret"), "application/pdf", 400, "encrypted"),
        (b"%PDF-1.7 nothing", "application/pdf", 400, "damaged"),
        (b"Age:", "text/plain", 400, "no question with an answer"),
        (b"", "text/plain", 400, "empty"),
        (b"Age: 34 " + b"y" * 300_000, "text/plain", 400, "more than 100000 characters"),
        (b"Age: 34", "multipart/form-data; boundary=x", 400, "media type"),
        (b"x" * (10 * 1024 * 1024 + 1), "text/plain", 413, "at most"),
    ],
    ids=["scan", "encrypted", "damaged", "blank", "empty", "too long", "multipart", "too large"],
)
def test_what_cannot_be_read_is_a_problem_in_one_sentence(
    http: httpx.Client, body: bytes, media_type: str, status: int, told: str
) -> None:
    answer = post(http, body, media_type)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert told in answer.json()["detail"].lower()


def test_nobody_gets_a_summary_without_the_token(shared_server: RunningServer) -> None:
    answer = httpx.post(f"{shared_server.url}/v1/intake", content=b"Age: 34", trust_env=False)
    assert answer.status_code == 401


def test_nothing_of_a_form_is_stored_or_logged(shared_server: RunningServer, http: httpx.Client) -> None:
    marker = "zebra-crossing-phobia"
    body = (
        f"Reason for visit: I have had a {marker} since May and it ruins my days at work.\n"
        + "Pad: x\n" * 900
    )
    answer = post(http, body.encode(), "text/plain")
    assert marker in written(answer.json())
    files = [file for file in shared_server.data_dir.parent.rglob("*") if file.is_file()]
    assert files
    assert not [file for file in files if marker.encode() in file.read_bytes()]
    last = http.get("/v1/audit").json()[-2]
    assert last["action"] == "intake drafted"
    assert set(last["figures"]) == {"questions", "answered", "turns"}


def test_a_forms_answers_stand_beside_the_sessions_and_revoked_consent_ends_that(
    shared_server: RunningServer, http: httpx.Client
) -> None:
    audio = (sample_audio()[: 30 * 16_000] * 32767).astype("<i2").tobytes()

    async def listened() -> str:
        async with ScribeClient(shared_server.url, TOKEN) as client:
            new = await client.create_session(consented(channels=2, template="intake"))
            async with client.stream(new, channels=2) as stream, asyncio.TaskGroup() as tasks:
                tasks.create_task(fed(stream, audio))
                async for _ in stream:
                    pass
            return new.id

    session_id = asyncio.run(listened())
    found = post(http, WORD, DOCX, session=session_id, detail="detailed").json()
    assert {turn["source"] for turn in found["turns"]} == {"form", "session"}
    assert "school bus driver" in written(found)
    assert http.delete(f"/v1/sessions/{session_id}/consents/pt").status_code == 204
    assert post(http, WORD, DOCX, session=session_id).json()["code"] == "no_valid_consent"
    assert post(http, WORD, DOCX, session="nobody").status_code == 404


def scribe(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scribe", "intake", *arguments],
        capture_output=True,
        text=True,
        env=environment(tmp_path / "data"),
        cwd=tmp_path,
        timeout=60,
        check=False,
    )


def test_the_command_joins_forms_and_a_transcript_and_says_what_each_statement_rests_on(
    tmp_path: Path,
) -> None:
    (tmp_path / "safety.docx").write_bytes(WORD)
    transcript = str(FORMS / "session.txt")
    done = scribe(tmp_path, str(FORMS / "adult.txt"), "safety.docx", "--transcript", transcript)
    assert (done.returncode, done.stderr) == (0, "")
    assert "- PHQ-9 score: 16. [form 37]" in done.stdout
    assert "school bus driver. [form 43]" in done.stdout
    assert "- Client to keep a sleep log every night this week. [session]" in done.stdout
    assert "differ about alcohol" in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "safety.docx", "tmp"]


def test_the_command_gives_json_and_names_the_file_that_cannot_be_read(tmp_path: Path) -> None:
    done = scribe(tmp_path, str(FORMS / "child.txt"), "--format", "json")
    found = json.loads(done.stdout)
    assert found["risk"][0]["quote"] == "Talks about wanting to die"
    third = found["form"][2]
    assert (third["id"], third["label"], third["administrative"]) == ("3", "Form completed by", True)
    (tmp_path / "scan.pdf").write_bytes(pdf([""]))
    failed = scribe(tmp_path, "scan.pdf")
    assert failed.returncode == 1
    assert "scan.pdf: The PDF form holds no text" in failed.stderr
    assert "Traceback" not in failed.stderr
