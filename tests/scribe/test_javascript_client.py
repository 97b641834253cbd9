"""The JavaScript client in Node against a real server: its examples run, and a killed server loses nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import wave
from pathlib import Path

import httpx
import numpy as np
import pytest
from running import TOKEN, RunningServer, StartServer

from scribe.sample import sample_audio

CLIENT = Path(__file__).parents[2] / "clients" / "javascript"
NODE = shutil.which("node")
SECONDS = 30

pytestmark = pytest.mark.skipif(NODE is None, reason="Node is not here, so its client cannot run")


def wav(path: Path, channels: slice) -> Path:
    """The beginning of the bundled session, in these channels."""
    audio = (sample_audio()[: SECONDS * 16_000, channels] * 32767).astype("<i2")
    with wave.open(str(path), "wb") as out:
        out.setnchannels(audio.shape[1])
        out.setsampwidth(2)
        out.setframerate(16_000)
        out.writeframes(np.ascontiguousarray(audio).tobytes())
    return path


def node(url: str, *arguments: str | Path) -> subprocess.Popen[str]:
    """Node with the client; before 22 its WebSocket has to be asked for, and since then it takes the word for it."""
    environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    return subprocess.Popen(
        [str(NODE), "--experimental-websocket", *map(str, arguments)],
        cwd=CLIENT,
        env=environment | {"SCRIBE_URL": url, "SCRIBE_TOKEN": TOKEN},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def said(running: subprocess.Popen[str]) -> str:
    """What it printed; AssertionError with its complaint where it failed."""
    out, error = running.communicate(timeout=90)
    assert running.returncode == 0, error
    return out


def script(url: str, text: str) -> str:
    """What a script that has the client prints."""
    opening = 'import { ScribeClient, Refused, Unreachable } from "./src/index.js";\n'
    opening += 'import { newSession } from "./examples/session.js";\n'
    opening += "const { SCRIBE_URL: url, SCRIBE_TOKEN: token } = process.env;\n"
    return said(node(url, "--input-type=module", "--eval", opening + text))


def transcript(http: httpx.Client, session: str) -> list[tuple[str, str]]:
    lines = http.get(f"/v1/sessions/{session}/transcript").json()["utterances"]
    return [(line["role"], line["text"]) for line in lines]


def test_a_file_is_streamed_and_its_words_and_its_note_come_back(
    shared_server: RunningServer, http: httpx.Client, tmp_path: Path
) -> None:
    printed = said(node(shared_server.url, "examples/file.js", wav(tmp_path / "a.wav", slice(0, 2))))
    assert f"heard {SECONDS}.0 s, kept 0 bytes" in printed
    assert "Plan: " in printed
    session = http.get("/v1/sessions").json()["sessions"][0]["id"]
    lines = transcript(http, session)
    assert len(lines) > 2
    for role, text in lines:
        assert f"{role}: {text}" in printed


def test_two_files_are_two_voices(shared_server: RunningServer, tmp_path: Path) -> None:
    files = wav(tmp_path / "clinician.wav", slice(0, 1)), wav(tmp_path / "client.wav", slice(1, 2))
    printed = said(node(shared_server.url, "examples/two_channels.js", *files))
    assert {line.partition(":")[0] for line in printed.splitlines()} == {"clinician", "client"}


@pytest.mark.faults
def test_a_killed_server_loses_nothing(start_server: StartServer, tmp_path: Path) -> None:
    file = wav(tmp_path / "a.wav", slice(0, 2))
    running = start_server(max_streams="2")
    assert "reconnected 0 times" in said(node(running.url, "examples/file.js", file))
    port = running.url.rpartition(":")[2]
    client = node(running.url, "examples/file.js", file)
    assert client.stdout is not None
    first = client.stdout.readline()  # something was heard
    running.kill()
    running = start_server(port=int(port), max_streams="2")
    printed = first + said(client)
    assert "reconnected 0 times" not in printed
    with running.http as http:
        cut, uncut = (one["id"] for one in http.get("/v1/sessions").json()["sessions"])
        assert transcript(http, uncut)
        assert transcript(http, cut) == transcript(http, uncut)


def test_errors_say_what_to_do(shared_server: RunningServer) -> None:
    printed = script(
        shared_server.url,
        """
        const tell = async (what) => {
          try { await what(); } catch (error) { console.log(error.name, error.code, error.status, error.message); }
        };
        const client = new ScribeClient(url, token);
        await tell(() => new ScribeClient("http://127.0.0.1:9", token).sessions());
        await tell(() => new ScribeClient(url, "wrong").sessions());
        const waiting = await client.createSession({ ...newSession(), consents: [] });
        await tell(() => client.stream(waiting));
        const session = await client.createSession(newSession());
        const stream = client.stream(session);
        await tell(() => stream.send(new Uint8Array(3)));
        await tell(() => client.stream(session, { encoding: "flac" }));
        await client.revokeConsent(session.id, "c1");
        await tell(() => stream.ended());
        await tell(() => stream.send(new Uint8Array(2)));
        """,
    ).splitlines()
    assert [line.split()[:3] for line in printed] == [
        ["Unreachable", "unreachable", "0"],
        ["Refused", "not_authenticated", "401"],
        ["Refused", "no_stream", "409"],
        ["Refused", "bad_request", "0"],
        ["Refused", "bad_request", "0"],
        ["Refused", "no_valid_consent", "4403"],
        ["Refused", "no_valid_consent", "4403"],
    ]


def test_a_token_that_ran_out_is_fetched_anew(shared_server: RunningServer) -> None:
    printed = script(
        shared_server.url,
        """
        const client = new ScribeClient(url, async () => token);
        const session = await client.createSession(newSession());
        const stale = { ...session, stream: { ...session.stream, token: "run-out" } };
        const stream = client.stream(stale);
        await stream.send(new Int16Array(16_000));
        stream.pause();
        stream.resume();
        stream.mark("homework");
        const { seconds_received } = await stream.stop();
        const { marks } = await client.transcript(session.id);
        console.log(JSON.stringify({ seconds_received, kinds: marks.map(({ kind }) => kind) }));
        """,
    )
    assert json.loads(printed) == {"seconds_received": 1.0, "kinds": ["pause", "resume", "mark"]}


def test_the_package_holds_its_sources_and_types() -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not here, so nothing can be packed")
    done = subprocess.run(
        [npm, "pack", "--dry-run", "--json"], cwd=CLIENT, capture_output=True, text=True, check=True
    )
    told = json.loads(done.stdout)
    packed = next(iter(told)) if isinstance(told, list) else next(iter(told.values()))
    names = {entry["path"] for entry in packed["files"]}
    assert {"src/index.js", "src/index.d.ts", "LICENSE", "README.md", "examples/browser/worklet.js"} <= names
