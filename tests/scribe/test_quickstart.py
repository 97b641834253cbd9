"""The quick start and the Python examples do what they say, against a real server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import wave
from pathlib import Path

import httpx
import pytest
from running import REPOSITORY, TOKEN, RunningServer

from scribe.sample import sample_audio

PAGE = (REPOSITORY / "docs" / "quickstart.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.S)


def wav(path: Path, seconds: int, channels: slice) -> Path:
    audio = (sample_audio()[: seconds * 16_000, channels] * 32767).astype("<i2")
    with wave.open(str(path), "wb") as out:
        out.setnchannels(audio.shape[1])
        out.setsampwidth(2)
        out.setframerate(16_000)
        out.writeframes(audio.tobytes())
    return path


def run(running: RunningServer, folder: Path, *command: str | Path) -> str:
    kept = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    kept |= {"SCRIBE_URL": running.url, "SCRIBE_TOKEN": TOKEN, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=kept,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where somebody follows the page, with a recording of theirs."""
    wav(tmp_path / "session.wav", 30, slice(0, 1))
    return tmp_path


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not here")
def test_a_session_is_begun_with_curl(shared_server: RunningServer, folder: Path) -> None:
    answer = run(shared_server, folder, "sh", "-euc", blocks("sh")[0])
    assert '"state":"ready"' in answer


def test_the_python_of_the_page_gives_a_signed_note_and_curl_shows_what_became_of_the_sound(
    shared_server: RunningServer, folder: Path, http: httpx.Client
) -> None:
    (text,) = blocks("python")
    (folder / "quickstart.py").write_text(text)
    printed = run(shared_server, folder, sys.executable, "quickstart.py")
    assert "Jo Doe" in printed
    assert http.get("/v1/sessions").json()["sessions"][0]["state"] == "signed"
    if shutil.which("curl"):
        shown = run(shared_server, folder, "sh", "-euc", blocks("sh")[1])
        assert '"bytes_retained":0' in shown


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not here, so its client cannot run")
def test_the_javascript_of_the_page_gives_a_signed_note(
    shared_server: RunningServer, folder: Path, http: httpx.Client
) -> None:
    package = folder / "node_modules" / "ambient-scribe-client"
    package.parent.mkdir()
    package.symlink_to(REPOSITORY / "clients" / "javascript")
    (text,) = blocks("js")
    (folder / "quickstart.mjs").write_text(text)
    printed = run(shared_server, folder, "node", "--experimental-websocket", "quickstart.mjs")
    assert "Jo Doe" in printed
    assert http.get("/v1/sessions").json()["sessions"][0]["state"] == "signed"


def test_the_examples_stream_a_file_and_two_files(shared_server: RunningServer, folder: Path) -> None:
    examples = REPOSITORY / "examples"
    printed = run(shared_server, folder, sys.executable, examples / "file.py", "session.wav")
    assert "Plan: " in printed
    for name, channel in (("clinician.wav", 0), ("client.wav", 1)):
        wav(folder / name, 20, slice(channel, channel + 1))
    command = (sys.executable, examples / "two_channels.py", "clinician.wav", "client.wav")
    roles = {line.partition(":")[0] for line in run(shared_server, folder, *command).splitlines()}
    assert roles == {"clinician", "client"}


def test_an_example_without_a_server_says_so_in_a_sentence(folder: Path) -> None:
    kept = dict(os.environ) | {
        "SCRIBE_URL": "http://127.0.0.1:9",
        "SCRIBE_TOKEN": "t",
        "PYTHONPATH": str(REPOSITORY),
    }
    command = [sys.executable, str(REPOSITORY / "examples" / "file.py"), "session.wav"]
    done = subprocess.run(
        command, cwd=folder, env=kept, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("No server answers at http://127.0.0.1:9")
    assert "Traceback" not in done.stderr
