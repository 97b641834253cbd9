"""`scribe keys`, `purge`, `backup` and `restore` as a person and a cron job use them."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from running import TOKEN, StartServer, consented

from scribe.audit import Audit
from scribe.cli import main
from scribe.crypto import SigningKey
from scribe.database import Database
from scribe.keys import file_keys
from scribe.session import Step
from scribe.store import Store
from scribe.vault import Vault
from scribe.wire import TranscriptLine

PASSPHRASE = "several plain words"


@dataclass(frozen=True, slots=True)
class Run:
    """How a command ended and what it printed."""

    returncode: int
    stdout: str
    stderr: str


Scribe = Callable[..., Run]


@pytest.fixture
def scribe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Scribe:
    """Run `scribe` in this process, with what somebody types in; a start of Python for each would take seconds."""

    def run(*arguments: str, folder: str = "data", said: str = "", **settings: str) -> Run:
        with monkeypatch.context() as changed:
            changed.chdir(tmp_path)
            for name in [name for name in os.environ if name.startswith("SCRIBE_")]:
                changed.delenv(name)
            changed.setenv("SCRIBE_DATA_DIR", str(tmp_path / folder))
            for name, value in settings.items():
                changed.setenv(f"SCRIBE_{name.upper()}", value)
            changed.setattr(sys, "argv", ["scribe", *arguments])
            changed.setattr(sys, "stdin", io.StringIO(said))
            capsys.readouterr()
            with pytest.raises(SystemExit) as ended:
                main()
            printed = capsys.readouterr()
        return Run(int(ended.value.code or 0), printed.out, printed.err)

    return run


def works(run: Run) -> str:
    assert run.returncode == 0, run.stderr
    return run.stdout


def fails(run: Run, *words: str) -> None:
    assert run.returncode == 1
    assert "Traceback" not in run.stderr + run.stdout
    complaints = [line for line in run.stderr.splitlines() if line.startswith("scribe:")]
    assert len(complaints) == 1, run.stderr
    for word in words:
        assert word in complaints[0]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with a session that was signed a month ago and one that was not."""
    folder = tmp_path / "data"
    folder.mkdir()
    keys = file_keys(folder)
    then = datetime.now(UTC) - timedelta(days=30)
    with closing(Database(f"sqlite:///{folder / 'scribe.db'}")) as database:
        store = Store(database, keys, folder / "destroyed")
        store.migrate()
        Vault(database, keys).open()
        for name in ("signed", "unsigned"):
            store.create_session(name, consented(), then)
            for what in (Step.CONSENTED, Step.OPENED):
                store.advance(name, what, then)
            line = TranscriptLine(
                id="u1", speaker="SPEAKER_00", role="client", start=1, end=2, text="xylophone", words=()
            )
            store.commit_words(name, [line])
            for what in (Step.STOPPED, Step.DRAFTED):
                store.advance(name, what, then)
        store.advance("signed", Step.SIGNED, then)
    return folder


def actions(data: Path) -> list[tuple[str, str]]:
    with closing(Database(f"sqlite:///{data / 'scribe.db'}")) as database:
        rows = Audit(database, lambda: datetime.now(UTC), SigningKey(bytes(32))).rows()
    return [(json.loads(event)["actor"], json.loads(event)["action"]) for event, _ in rows]


def test_keys_are_shown_and_rotated(scribe: Scribe, tmp_path: Path, data: Path) -> None:
    before = json.loads(works(scribe("keys", "show", "--json")))
    assert before["provider"] == "file"
    assert [(key["wraps"], key["sessions"]) for key in before["keys"]] == [(True, 2)]
    assert "old key is destroyed" in works(scribe("keys", "rotate"))
    shown = works(scribe("keys", "show", "--json"))
    after = json.loads(shown)
    assert [key["sessions"] for key in after["keys"]] == [2]
    assert after["keys"][0]["key"] != before["keys"][0]["key"]
    assert (data / "key").read_text().strip() not in shown
    assert actions(data) == [("command-line", "key rotation begun"), ("command-line", "keys rotated")]


def test_a_key_of_the_environment_is_rotated_to_the_one_beside_it(
    scribe: Scribe, tmp_path: Path, data: Path
) -> None:
    old, new = (data / "key").read_text().strip(), "A" * 43 + "="
    (data / "key").unlink()
    fails(scribe("keys", "rotate", key=old), "SCRIBE_NEW_KEY")
    run = scribe("keys", "rotate", key=old, new_key=new)
    assert "unset SCRIBE_NEW_KEY" in " ".join(works(run).split())
    assert old not in run.stdout + run.stderr
    assert new not in run.stdout + run.stderr
    works(scribe("keys", "show", key=new))
    fails(scribe("keys", "show", key=old), "Give the store's own key")


def test_a_purge_says_what_it_would_do_and_then_does_it(scribe: Scribe, tmp_path: Path, data: Path) -> None:
    asked = json.loads(works(scribe("purge", "--dry-run", "--json")))
    assert asked["transcripts"] == {"count": 1, "sessions": ["signed"]}
    assert actions(data) == []
    done = json.loads(works(scribe("purge", "--json")))
    assert (done["dry_run"], done["transcripts"]["sessions"]) == (False, ["signed"])
    assert actions(data) == [("command-line", "transcript purged")]
    unsigned = works(scribe("purge", retention_unsigned_days="5"))
    assert "Destroyed: 1 sessions that were never signed: unsigned" in unsigned


def test_a_backup_is_made_while_a_server_runs_and_brought_back_elsewhere(
    scribe: Scribe, tmp_path: Path, data: Path, start_server: StartServer
) -> None:
    running = start_server(data, asr="pocketsphinx", retention_transcript_days="1000")
    with running.http as http:
        made = http.post("/v1/sessions", json=consented().model_dump(mode="json")).json()["id"]
        said = f"{PASSPHRASE}\n{PASSPHRASE}\n"
        assert "SHA-256" in works(scribe("backup", "saved", "--with-key", said=said))
        fails(scribe("keys", "rotate"), "Another server")
        fails(scribe("restore", "saved", "--replace"), "Another server")
        fails(scribe("backup", "saved"), "there already")
        assert http.get(f"/v1/sessions/{made}").status_code == 200
        assert "30 days" in works(scribe("sessions", token=TOKEN)), "how long what is unsigned waits"
    assert (tmp_path / "saved").stat().st_mode & 0o777 == 0o600
    assert PASSPHRASE not in (tmp_path / "saved").read_text()
    fails(scribe("restore", "saved", folder="new", said="another passphrase\n"), "passphrase")
    out = works(scribe("restore", "saved", folder="new", said=f"{PASSPHRASE}\n"))
    assert "3 sessions are back" in out
    new = start_server(tmp_path / "new", asr="pocketsphinx", retention_transcript_days="1000")
    with new.http as http:
        assert {row["id"] for row in http.get("/v1/sessions").json()["sessions"]} == {
            "signed",
            "unsigned",
            made,
        }
        lines = http.get("/v1/sessions/signed/transcript").json()["utterances"]
        assert [line["text"] for line in lines] == ["xylophone"]
    assert ("command-line", "backup made") in actions(data)
    assert ("command-line", "backup restored") in actions(tmp_path / "new")


def test_what_was_deleted_after_the_backup_stays_deleted(scribe: Scribe, tmp_path: Path, data: Path) -> None:
    assert "is not in it" in works(scribe("backup", "saved"))
    with closing(Database(f"sqlite:///{data / 'scribe.db'}")) as database:
        Store(database, file_keys(data), data / "destroyed").shred("unsigned", datetime.now(UTC))
    fails(scribe("restore", "saved"), "--replace")
    assert "stay so" in works(scribe("restore", "saved", "--replace"))
    with closing(Database(f"sqlite:///{data / 'scribe.db'}")) as database:
        states = {row.id: row.state.value for row in Store(database, file_keys(data)).list_sessions()}
    assert states == {"signed": "signed", "unsigned": "shredded"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("keys", "show"), ("no data folder", "--data-dir")),
        (("backup", "saved"), ("no data folder",)),
        (("restore", "missing"), ("missing", "No such file")),
    ],
)
def test_what_is_not_there_is_one_line(
    scribe: Scribe, tmp_path: Path, arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    fails(scribe(*arguments), *words)


@pytest.mark.parametrize(
    ("said", "word"), [("short\nshort\n", "12 characters"), (f"{PASSPHRASE}\nanother one it is\n", "differ")]
)
def test_a_passphrase_that_cannot_be_leaves_no_file(
    scribe: Scribe, tmp_path: Path, data: Path, said: str, word: str
) -> None:
    fails(scribe("backup", "saved", "--with-key", said=said), word)
    assert not (tmp_path / "saved").exists()
