"""What writes the notes is chosen by settings, said out loud, and its failing loses no session."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from completions import Completions, completion, completions
from fastapi import Response
from running import TOKEN, RunningServer, StartServer, consented

from asr.neural_embedding import PACKAGED
from scribe.client import ScribeClient
from scribe.config import read_settings
from scribe.doctor import Check, examine
from scribe.engines import load_embedder, note_engine
from scribe.errors import CannotStart
from scribe.sample import sample_audio
from scribe.wire import Ended, ErrorMessage, ServerMessage

TALK = (
    "Therapist: What would you like to speak about today?\n"
    "Client: I dread the staff meetings. I could not say a word on Monday and I went home early.\n"
    "Therapist: Let's plan one sentence that you say next Monday.\nClient: All right, I will try that."
)


@pytest.fixture
def served() -> Iterator[Completions]:
    with completions() as running:
        yield running


def said_nothing(_line: str) -> None:
    pass


def refusal(**settings: Any) -> str:
    with pytest.raises(CannotStart) as failure:
        note_engine(read_settings(**settings), said_nothing)
    return failure.value.detail


def test_voices_are_told_apart_by_the_embedder_in_the_package_unless_another_is_named(tmp_path: Path) -> None:
    packaged = load_embedder(read_settings())
    assert packaged.name.startswith("librispeech-184@")
    with pytest.raises(CannotStart, match="scribe models pull"):
        load_embedder(read_settings(embedder="someone-elses", models_dir=tmp_path))

    folder = Path(shutil.copytree(PACKAGED, tmp_path / "someone-elses"))
    described = json.loads((folder / "embedder.json").read_text()) | {"name": "someone-elses"}
    (folder / "embedder.json").write_text(json.dumps(described))
    named = load_embedder(read_settings(embedder="someone-elses", models_dir=tmp_path))
    assert named.name == packaged.name.replace("librispeech-184", "someone-elses")
    settings = read_settings(embedder=str(folder), data_dir=tmp_path / "data", port=0, asr="pocketsphinx")
    (check,) = [check for check in examine(settings) if check.name == "Speaker embedder"]
    assert check.verdict == "good"
    assert named.name in check.found


def test_without_a_setting_notes_are_written_by_rules() -> None:
    assert note_engine(read_settings(), said_nothing).info.engine == "extractive"


def test_a_server_is_taken_by_its_address_and_told(served: Completions) -> None:
    told: list[str] = []
    settings = read_settings(note_engine="openai", note_url=served.url, note_model="small-instruct")
    engine = note_engine(settings, told.append)
    assert (engine.info.engine, engine.info.model) == ("openai", "small-instruct")
    assert "small-instruct" in told[0]
    assert served.requests == []


def test_what_cannot_be_had_is_refused_with_what_to_do(tmp_path: Path) -> None:
    assert "SCRIBE_NOTE_MODEL" in refusal(note_engine="openai")
    remote = {"note_engine": "openai", "note_model": "m", "note_url": "http://10.1.2.3:8000"}
    assert "SCRIBE_NOTE_ALLOW_REMOTE" in refusal(**remote)
    assert "https" in refusal(**remote, note_allow_remote=True)
    assert "SCRIBE_NOTE_MODEL" in refusal(note_engine="transformers")


def test_a_model_folder_needs_the_extra_and_the_folder(tmp_path: Path) -> None:
    told = refusal(note_engine="transformers", note_model=str(tmp_path / "none"))
    if importlib.util.find_spec("torch") and importlib.util.find_spec("llguidance"):
        assert f"There is no folder {tmp_path / 'none'}" in told
    else:
        assert 'pip install "ambient-scribe[llm]"' in told


def test_the_key_of_a_server_does_not_show_in_the_settings() -> None:
    assert "k-123" not in repr(read_settings(note_api_key="k-123"))


def note_check(tmp_path: Path, **settings: Any) -> Check:
    given = read_settings(data_dir=tmp_path / "data", port=0, **settings)
    return next(check for check in examine(given) if check.name == "Note engine")


def test_the_doctor_says_whether_the_notes_server_has_the_model(tmp_path: Path, served: Completions) -> None:
    openai = {"note_engine": "openai", "note_url": served.url}
    assert note_check(tmp_path, **openai, note_model="small-instruct").verdict == "good"
    other = note_check(tmp_path, **openai, note_model="large")
    assert other.verdict == "weak"
    assert "small-instruct" in other.mend
    remote = note_check(tmp_path, note_engine="openai", note_model="m", note_url="http://10.1.2.3")
    assert remote.verdict == "bad"
    assert "not this machine" in remote.found


def test_a_draft_over_rest_is_written_by_the_server_that_is_set_and_says_so(
    start_server: StartServer, served: Completions
) -> None:
    def answer(request: dict[str, Any]) -> Response:
        asked = request["messages"][-1]["content"]
        if "Section: Subjective" not in asked:
            return completion('{"statements": []}')
        said = [
            {"text": "Client reports dreading the staff meetings.", "evidence": ["T2"]},
            {"text": "Client appeared tearful and met the criteria for a disorder.", "evidence": ["T2"]},
        ]
        return completion(json.dumps({"statements": said}))

    served.answer = answer
    running = start_server(note_engine="openai", note_url=served.url, note_model="small-instruct")
    with running.http as http:
        assert http.get("/readyz").json()["note_engine"] == "openai"
        found = http.post("/v1/draft", json={"text": TALK, "template": "soap"}).json()
        assert found["provenance"]["engine"] == "openai"
        assert found["provenance"]["engine_model"] == "small-instruct"
        (statement,) = found["sections"][0]["statements"]
        assert statement["text"] == "Client reports dreading the staff meetings."
        assert "withdrawn" in [finding["kind"] for finding in found["findings"]]

        served.answer = lambda _: Response("dread", status_code=500)
        refused = http.post("/v1/draft", json={"text": TALK, "template": "soap"})
        assert refused.status_code == 503
        assert refused.json()["code"] == "draft_failed"
        assert "HTTP status 500" in refused.json()["detail"]
    assert "dread" not in running.said.read_text()


def test_a_session_whose_note_fails_is_not_lost_and_can_be_drafted_again(
    start_server: StartServer, served: Completions
) -> None:
    served.answer = lambda _: Response(status_code=500)
    running = start_server(note_engine="openai", note_url=served.url, note_model="small-instruct")
    session_id, heard = asyncio.run(_heard(running))
    failure, ended = heard[-2:]
    assert isinstance(failure, ErrorMessage)
    assert failure.code == "draft_failed"
    assert "HTTP status 500" in failure.detail
    assert f"POST /v1/sessions/{session_id}/note" in failure.detail
    assert isinstance(ended, Ended)

    served.answer = lambda _: completion('{"statements": []}')
    with running.http as http:
        assert http.get(f"/v1/sessions/{session_id}/transcript").json()["utterances"]
        drafted = http.post(f"/v1/sessions/{session_id}/note", json={})
        assert drafted.status_code == 201
        made = drafted.json()["note"]["provenance"]
        assert (made["engine"], made["engine_model"]) == ("openai", "small-instruct")
        assert made["engine_version"]


async def _heard(running: RunningServer) -> tuple[str, list[ServerMessage]]:
    audio = sample_audio()[: 20 * 16_000]
    async with ScribeClient(running.url, TOKEN) as client:
        session = await client.create_session(consented(channels=2))
        async with client.stream(session, channels=2) as stream:

            async def feed() -> None:
                await stream.send((np.clip(audio, -1, 1) * 32767).astype("<i2").tobytes())
                await stream.stop()

            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(feed())
                heard = [message async for message in stream]
        return session.id, heard
