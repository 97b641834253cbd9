"""The command line as a person uses it: what works, and that every failure is one clear line."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import wave
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from running import TOKEN, RunningServer, consented, environment, server, whisper_is_here
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from scribe.export import WATERMARK
from scribe.sample import sample_audio

TRANSCRIPT = """Therapist: How have you been sleeping since we last met?
Client: I have been sleeping badly since March. I only get about four hours.
Therapist: Have you had any thoughts of hurting yourself?
Client: No, never.
Therapist: Please keep the thought record every day until we meet next Tuesday.
Client: Okay, I will.
"""


def scribe(tmp_path: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """`scribe` with a home and a data folder of its own, and nobody at the keyboard."""
    return subprocess.run(
        [sys.executable, "-m", "scribe", *arguments],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
        stdin=subprocess.DEVNULL,
        cwd=tmp_path,
        env=environment(tmp_path / "data", **settings),
    )


def fails_in_one_line(run: subprocess.CompletedProcess[str], *words: str) -> None:
    assert run.returncode not in (0, None)
    assert "Traceback" not in run.stderr + run.stdout
    complaints = [line for line in run.stderr.splitlines() if line.startswith("scribe:")]
    assert len(complaints) == 1, run.stderr
    for word in words:
        assert word in complaints[0]


def recording(tmp_path: Path, seconds: float, *, channels: int = 2) -> Path:
    """The beginning of the sample as a WAV file at 8 kHz, as a telephone recorder would leave it."""
    audio = sample_audio()[: int(16_000 * seconds) : 2]
    if channels == 1:
        audio = audio.mean(axis=1, keepdims=True)
    path = tmp_path / "recording.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(8_000)
        file.writeframes((audio * 32767).astype("<i2").tobytes())
    return path


def test_a_transcript_is_drafted_without_anything_being_stored(tmp_path: Path) -> None:
    file = tmp_path / "transcript.txt"
    file.write_text(TRANSCRIPT)
    run = scribe(tmp_path, "draft", str(file), "--template", "dap", "--format", "json")
    assert run.returncode == 0, run.stderr
    drafted = json.loads(run.stdout)
    assert drafted["template"] == "dap"
    turns = {turn["id"] for turn in drafted["turns"]}
    statements = [statement for section in drafted["sections"] for statement in section["statements"]]
    assert statements
    assert all(statement["evidence"] and set(statement["evidence"]) <= turns for statement in statements)
    assert drafted["risk"][0]["quote"] in TRANSCRIPT
    assert not (tmp_path / "data").exists()
    shown = scribe(tmp_path, "draft", str(file))
    assert WATERMARK in shown.stdout


@pytest.mark.parametrize(
    ("name", "content", "options", "words"),
    [
        ("missing.txt", None, (), ("missing.txt",)),
        ("binary.txt", bytes(range(256)), (), ("binary.txt", "text")),
        ("fine.txt", TRANSCRIPT.encode(), ("--template", "haiku"), ("haiku", "soap")),
        ("fine.txt", TRANSCRIPT.encode(), ("--format", "pdf"), ("markdown", "json")),
        ("fine.txt", TRANSCRIPT.encode(), ("--detail", "endless"), ("brief",)),
    ],
)
def test_what_cannot_be_drafted_is_said_in_one_line(
    tmp_path: Path, name: str, content: bytes | None, options: tuple[str, ...], words: tuple[str, ...]
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    fails_in_one_line(scribe(tmp_path, "draft", name, *options), *words)


@pytest.mark.skipif(not whisper_is_here(), reason="no Whisper model in SCRIBE_MODELS_DIR or ../shared/models")
def test_a_recording_becomes_a_signed_exported_note(tmp_path: Path) -> None:
    run = scribe(tmp_path, "transcribe", str(recording(tmp_path, 75)), "--consent", "written")
    assert run.returncode == 0, run.stderr
    assert "sleep" in run.stdout
    assert "0 bytes kept" in run.stdout.replace("\n", " ")
    session = next(word.strip(".,") for word in run.stdout.split("Session ")[1].split())
    with server(tmp_path / "data") as running:
        listed = scribe(tmp_path, "sessions")
        assert session in listed.stdout
        assert "in review" in listed.stdout
        assert running.process.poll() is None
        assert "not reviewed" in scribe(tmp_path, "note", session).stdout
        fails_in_one_line(scribe(tmp_path, "export", session), "not signed")
        draft = scribe(tmp_path, "export", session, "--draft")
        assert WATERMARK in draft.stdout
        signed = scribe(tmp_path, "sign", session, "--name", "R. Diaz", "--credentials", "LCSW", "--yes")
        assert signed.returncode == 0, signed.stderr
        out = tmp_path / "note.html"
        assert scribe(tmp_path, "export", session, "--format", "html", "--out", str(out)).returncode == 0
        assert "R. Diaz, LCSW" in out.read_text()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, ("recording.wav", "No such file")),
        (b"this is no recording at all, but it is long enough to look at" * 20, ("audio",)),
        (b"", ("audio",)),
    ],
)
def test_a_file_that_is_no_recording_is_refused_before_anything_starts(
    tmp_path: Path, content: bytes | None, words: tuple[str, ...]
) -> None:
    if content is not None:
        (tmp_path / "recording.wav").write_bytes(content)
    fails_in_one_line(scribe(tmp_path, "transcribe", "recording.wav", "--consent", "verbal"), *words)
    assert not (tmp_path / "data").exists()


def test_nothing_is_heard_without_consent_on_record(tmp_path: Path) -> None:
    file = recording(tmp_path, 2)
    fails_in_one_line(scribe(tmp_path, "transcribe", str(file)), "Consent", "--consent")
    fails_in_one_line(scribe(tmp_path, "transcribe", str(file), "--consent", "assumed"), "verbal")
    assert not (tmp_path / "data").exists()


def test_a_missing_model_is_one_line(tmp_path: Path) -> None:
    empty = str(tmp_path / "empty")
    fails_in_one_line(
        scribe(tmp_path, "serve", "--port", "0", "--asr", "whisper", models_dir=empty), "scribe models pull"
    )
    fails_in_one_line(scribe(tmp_path, "serve", "--port", "0", "--model", str(tmp_path)), "model.bin")


def test_a_port_in_use_is_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        fails_in_one_line(scribe(tmp_path, "serve", "--port", str(port)), str(port), "--port")


def test_a_data_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    fails_in_one_line(scribe(tmp_path, "serve", "--port", "0", asr="pocketsphinx"), "data", "--data-dir")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that not even root may write to")
def test_a_read_only_data_folder_is_one_line(tmp_path: Path) -> None:
    run = scribe(tmp_path, "serve", "--port", "0", "--data-dir", "/proc/self/data", asr="pocketsphinx")
    fails_in_one_line(run, "cannot be written", "--data-dir")


def test_an_address_that_others_reach_is_refused(tmp_path: Path) -> None:
    fails_in_one_line(scribe(tmp_path, "serve", "--host", "0.0.0.0", "--port", "0"), "127.0.0.1")


def test_a_second_server_in_one_data_folder_is_refused(tmp_path: Path, shared_server: RunningServer) -> None:
    fails_in_one_line(
        scribe(
            tmp_path, "serve", "--port", "0", "--data-dir", str(shared_server.data_dir), asr="pocketsphinx"
        ),
        "Another server",
    )


def test_a_second_server_leaves_the_sessions_of_the_first_alone(tmp_path: Path) -> None:
    with server(tmp_path / "data", asr="pocketsphinx") as running, running.http as http:
        session = http.post("/v1/sessions", json=consented().model_dump(mode="json")).json()["id"]
        url = f"ws{running.url.removeprefix('http')}/v1/sessions/{session}/stream"
        headers = {"Authorization": f"Bearer {TOKEN}"}
        with connect(
            url, subprotocols=[Subprotocol("scribe.v1")], additional_headers=headers, proxy=None
        ) as stream:
            stream.send('{"type":"start","encoding":"pcm_s16le","sample_rate":16000}')
            stream.recv(timeout=20)
            fails_in_one_line(scribe(tmp_path, "serve", "--port", "0", asr="pocketsphinx"), "Another server")
            assert http.get(f"/v1/sessions/{session}").json()["state"] == "recording"


def test_the_token_is_not_told_to_whoever_answers_at_the_address_of_a_server_that_is_gone(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    with server(data, asr="pocketsphinx") as gone:
        gone.kill()
    heard: list[str] = []

    class Stranger(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(str(self.headers))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    stranger = ThreadingHTTPServer(("127.0.0.1", 0), Stranger)
    thread = threading.Thread(target=stranger.serve_forever)
    thread.start()
    try:
        (data / "server.json").write_text(
            json.dumps({"url": f"http://127.0.0.1:{stranger.server_address[1]}", "process": gone.process.pid})
        )
        run = scribe(tmp_path, "sessions", asr="pocketsphinx")
    finally:
        stranger.shutdown()
        thread.join()
        stranger.server_close()
    assert run.returncode == 0, run.stderr
    assert heard == []


def test_a_setting_that_makes_no_sense_is_one_line(tmp_path: Path) -> None:
    fails_in_one_line(scribe(tmp_path, "serve", port="99999"), "SCRIBE_PORT")
    fails_in_one_line(scribe(tmp_path, "serve", "--asr", "ears"), "SCRIBE_ASR")


def test_a_session_that_is_not_there_is_one_line(tmp_path: Path, shared_server: RunningServer) -> None:
    data = str(shared_server.data_dir)
    fails_in_one_line(scribe(tmp_path, "note", "nowhere", "--data-dir", data), "no session nowhere")


def test_the_doctor_says_what_is_missing_and_how_to_mend_it(tmp_path: Path) -> None:
    run = scribe(tmp_path, "doctor", "--port", "0", models_dir=str(tmp_path / "empty"))
    assert run.returncode == 0, run.stdout
    assert "weak" in run.stdout
    assert "scribe models pull" in run.stdout
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        bad = scribe(tmp_path, "doctor", "--port", str(taken.getsockname()[1]), asr="pocketsphinx")
    assert bad.returncode == 1
    assert "bad" in bad.stdout


def test_models_are_listed(tmp_path: Path) -> None:
    run = scribe(tmp_path, "models", "list")
    assert run.returncode == 0, run.stderr
    assert "base.en" in run.stdout
    fails_in_one_line(scribe(tmp_path, "models", "pull", "giant.klingon"), "giant.klingon")


def test_the_sample_is_there_for_these_tests() -> None:
    assert np.abs(sample_audio()).max() > 0.1
