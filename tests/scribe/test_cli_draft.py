"""`scribe draft`: files and folders, standard input, styles, and what is left when it is stopped."""

from __future__ import annotations

import io
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pytest
from running import environment
from typer.testing import CliRunner

from scribe import cli_draft
from scribe.cli import app

TRANSCRIPT = (
    "Therapist: How have you been sleeping since we last met?\n"
    "Client: I have been sleeping badly since March. I only get about four hours.\n"
    "Therapist: Have you had any thoughts of hurting yourself?\n"
    "Client: No, never.\n"
    "Therapist: I want you to keep the thought record every day.\n"
    "Client: Okay, I will.\n"
)
WEBVTT = "WEBVTT\n\n" + "\n".join(
    f"00:{n:02}.000 --> 00:{n + 1:02}.000\n<v {line.split(': ')[0]}>{line.split(': ')[1]}\n"
    for n, line in enumerate(TRANSCRIPT.splitlines())
)
JSON = json.dumps(
    [dict(zip(("speaker", "text"), line.split(": "), strict=True)) for line in TRANSCRIPT.splitlines()]
)
SUMMARY = (
    "Client reports sleeping about four hours a night since March.\nI taught her a breathing exercise today.\n"
    "Plan: Client to keep a thought record every day until next week.\n"
)
EXAMPLE = (
    "S: Pt. reported quarrels with a landlord. Pt. denied panic.\nO: I used CBT.\nA: Fair.\nP: Return soon."
)


Command: TypeAlias = Callable[..., "Run"]


@dataclass
class Run:
    """What a command left: its exit status, what it printed, and what it complained of."""

    status: int
    stdout: str
    stderr: str
    fault: str


@pytest.fixture
def scribe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """`scribe draft` in this process, with a home and a data folder of its own and files named from there.

    Starting Python anew for each would take seconds; that known errors become one line is `test_cli`'s.
    """
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, stdin: bytes = b"", **settings: str) -> Run:
        with monkeypatch.context() as patch:
            for name in [name for name in os.environ if name.startswith("SCRIBE_")]:
                patch.delenv(name)
            wanted = {"DATA_DIR": str(tmp_path / "data"), **{k.upper(): v for k, v in settings.items()}}
            for name, value in wanted.items():
                patch.setenv(f"SCRIBE_{name}", value)
            told = io.StringIO()
            patch.setattr(cli_draft.err, "file", told)
            result = CliRunner().invoke(app, ["draft", *arguments], input=stdin)
        fault = "" if result.exception is None else str(result.exception)
        return Run(result.exit_code, result.stdout, told.getvalue(), fault)

    return run


def test_the_forms_of_one_session_give_one_draft(scribe: Command, tmp_path: Path) -> None:
    told = []
    for text in (
        TRANSCRIPT,
        WEBVTT,
        JSON,
        TRANSCRIPT.replace("Therapist:", "[doctor]").replace("Client:", "[patient]"),
    ):
        run = scribe("-", "--format", "json", stdin=text.encode())
        assert run.status == 0, run.stderr
        drafted = json.loads(run.stdout)
        told.append([[s["text"] for s in section["statements"]] for section in drafted["sections"]])
    assert told[0][0]
    assert all(other == told[0] for other in told)
    assert not (tmp_path / "data").exists()


def test_a_dictated_summary_is_drafted_and_told_in_the_third_person(scribe: Command, tmp_path: Path) -> None:
    run = scribe("-", "--template", "birp", stdin=("\ufeff" + SUMMARY).encode())
    assert "Clinician taught her a breathing exercise today." in run.stdout
    assert "Client to keep a thought record every day until next week." in run.stdout
    in_utf16 = scribe("-", "--template", "birp", stdin=SUMMARY.encode("utf-16"))
    assert in_utf16.stdout == run.stdout


def test_options_settings_and_an_example_word_the_note(scribe: Command, tmp_path: Path) -> None:
    (tmp_path / "like.txt").write_text(EXAMPLE)
    source = TRANSCRIPT.encode()
    liked = scribe("-", "--like", "like.txt", "--client-term", "Jordan", stdin=source).stdout
    assert "Jordan reported sleeping badly since March." in liked
    assert "landlord" not in liked
    assert "- Jordan" not in liked  # the example is running text, and so is the draft
    by_setting = scribe("-", stdin=source, note_tense="past", note_client_term="Member").stdout
    assert "- Member reported sleeping badly since March." in by_setting
    over = scribe("-", "--tense", "present", stdin=source, note_tense="past").stdout
    assert "- Client reports sleeping badly since March." in over


def test_a_folder_becomes_a_folder_of_private_drafts(scribe: Command, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_text(TRANSCRIPT)
    (folder / "a.vtt").write_text(WEBVTT)
    (folder / "b.json").write_text(JSON)
    (folder / "ignored.pdf").write_bytes(b"%PDF")
    run = scribe("in", "--out", "out", "--format", "json")
    assert run.status == 0, run.stderr
    assert "3 of 3 drafted" in run.stderr
    assert run.stdout == ""
    drafts = sorted((tmp_path / "out").iterdir())
    assert [path.name for path in drafts] == ["a.txt.json", "a.vtt.json", "b.json"]
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in drafts)
    assert {json.loads(path.read_text())["template"] for path in drafts} == {"soap"}
    before = [path.read_bytes() for path in drafts]
    assert scribe("in", "--out", "out", "--format", "json").status == 0
    assert [path.read_bytes() for path in drafts] == before


def test_one_bad_file_does_not_stop_the_rest_and_is_told(scribe: Command, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.json").write_text('[{"text": "a secret"}]')
    (folder / "b.txt").write_bytes(bytes(range(256)))
    (folder / "c.txt").write_text(TRANSCRIPT)
    run = scribe("in", "--out", "out")
    assert run.status == 1
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["c.md"]
    assert "1 of 3 drafted" in run.fault
    assert "a.json: entry 1 of the JSON has no" in run.stderr
    assert "b.txt: Cannot read" in run.stderr
    assert "secret" not in run.stderr + run.fault


def test_ctrl_c_leaves_what_is_drafted_and_says_how_much(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(200):
        (folder / f"{number:03}.txt").write_text(TRANSCRIPT * 10)
    process = subprocess.Popen(
        [sys.executable, "-m", "scribe", "draft", "in", "--out", "out"],
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=environment(tmp_path / "data"),
        # A shell that runs the tests in the background has its children ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stderr is not None
    first = process.stderr.readline()
    assert first.strip().endswith("000.md")
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate(timeout=60)
    assert process.returncode == 130
    drafts = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert f"Stopped: {len(drafts)} of 200 drafted" in rest
    assert 0 < len(drafts) < 200
    assert all(name.endswith(".md") and not name.startswith(".") for name in drafts)
    assert "Traceback" not in rest


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("in",), "--out"),
        (("in", "--out", "in"), "another folder"),
        (("in", "--out", "in/a.txt"), "is a file"),
        (("empty", "--out", "out"), "no transcripts"),
        (("in/a.txt", "--tense", "future"), "--tense"),
        (("in/a.txt", "--like", "gone.txt"), "gone.txt"),
        (("in/a.txt", "--engine", "magic"), "SCRIBE_NOTE_ENGINE"),
        (("in/a.txt", "--client-term", "<b>"), "--client-term"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    scribe: Command, tmp_path: Path, arguments: tuple[str, ...], says: str
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "empty").mkdir()
    (tmp_path / "in" / "a.txt").write_text(TRANSCRIPT)
    run = scribe(*arguments)
    assert run.status == 1
    assert says in run.fault
    assert run.fault.endswith(".")
    assert [path.name for path in (tmp_path / "in").iterdir()] == ["a.txt"]


def test_a_template_of_the_data_folder_is_used(scribe: Command, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "mine.toml").write_text(
        'name = "mine"\nversion = 4\ntitle = "Mine"\n[[sections]]\ncode = "NIGHT"\ntitle = "Night"\n'
        'instruction = "Sleep."\n'
    )
    run = scribe(
        "-",
        "--template",
        "mine",
        "--format",
        "json",
        stdin=TRANSCRIPT.encode(),
        templates_dir=str(folder),
    )
    drafted = json.loads(run.stdout)
    assert drafted["provenance"]["template_version"] == 4
    assert drafted["sections"][0]["statements"][0]["text"] == "Client reports sleeping badly since March."
    assert [path.name for path in folder.iterdir()] == ["mine.toml"]
