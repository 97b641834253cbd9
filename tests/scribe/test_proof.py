"""Verifying: by the command line, by the lines of docs/audit.md that need nothing of ours, receipts of every age."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from running import REPOSITORY

from scribe.audit import Audit
from scribe.cli import main
from scribe.crypto import PublicKey, SigningKey
from scribe.database import Database
from scribe.errors import BadRequest
from scribe.keys import file_keys
from scribe.proof import BROKEN, GENESIS, prove
from scribe.receipt import hash_holds, make_receipt, receipts_hold, signature_holds, signed_receipt
from scribe.session import NewSession, Participant, Step
from scribe.store import Store, StoredSession
from scribe.tables import receipts
from scribe.wire import Receipt

AT = datetime(2026, 3, 2, tzinfo=UTC)
NEW = NewSession(participants=(Participant(id="pt", role="client"),))
KEY = SigningKey(bytes(range(32)))
FIGURES: dict[str, object] = {
    "session_id": "s1",
    "seconds_received": 61.5,
    "seconds_transcribed": 60.0,
    "seconds_discarded": 61.5,
    "bytes_retained": 0,
    "recognizer": "whisper",
    "recognizer_model": "tiny",
    "product_version": "0",
    "started_at": AT,
    "ended_at": AT,
}
OLD_RECEIPT = (
    '{"session_id":"s1","seconds_received":61.5,"seconds_transcribed":60.0,"seconds_discarded":61.5,'
    '"bytes_retained":0,"recognizer":"whisper","recognizer_model":"tiny","product_version":"0",'
    '"started_at":"2026-03-02T00:00:00Z","ended_at":"2026-03-02T00:00:00Z",'
    '"previous_sha256":"0000000000000000000000000000000000000000000000000000000000000000",'
    '"sha256":"dba3920ada4363e05e69eaa8a4efd7fb6e2ae56ed58f873141ac7bb66c66ef85"}'
)
"""As the version before signing wrote it."""


def filled(folder: Path) -> tuple[Database, Store, Audit]:
    """A data folder with a few events and two sessions that ended."""
    folder.mkdir(exist_ok=True)
    database = Database(f"sqlite:///{folder / 'scribe.db'}")
    keys = file_keys(folder)
    keys.renew()
    store = Store(database, keys)
    store.migrate()
    audit = Audit(database, lambda: AT, store.signing_key)
    for name in ("s1", "s2"):
        store.create_session(name, NEW, AT)
        audit.record("local", "session created", name, participants=1)
        for what in (Step.CONSENTED, Step.OPENED):
            store.advance(name, what, AT)
        store.end_capture(name, AT, receipt_of)
        audit.record("local", "session read", name)
    return database, store, audit


def receipt_of(stored: StoredSession, previous: str) -> Receipt:
    return make_receipt({**FIGURES, "session_id": stored.id}, previous)


@pytest.fixture
def export(tmp_path: Path) -> list[dict[str, Any]]:
    database, _, audit = filled(tmp_path / "data")
    lines = [json.loads(json.dumps(line)) for line in audit.export()]
    database.close()
    return lines


def faults(lines: list[dict[str, Any]]) -> str:
    return " ".join(prove(lines, PublicKey.parse(lines[0]["public_key"])).faults)


def test_receipts_are_verified_with_the_events_they_were_written_after(export: list[dict[str, Any]]) -> None:
    assert faults(export) == ""
    assert [line["receipt"]["audit_number"] for line in export[1:3]] == [1, 3]


def test_a_receipt_with_another_figure_is_named(export: list[dict[str, Any]]) -> None:
    export[1]["receipt"]["bytes_retained"] = 4
    assert "Receipt 1 (session s1) was changed" in faults(export)


def test_a_receipt_that_was_made_anew_without_the_key_is_named(export: list[dict[str, Any]]) -> None:
    forged = make_receipt({**FIGURES, "seconds_received": 1.0}, GENESIS)
    assert hash_holds(forged)
    export[1]["receipt"] = forged.model_dump(mode="json")
    assert "Receipt 1 (session s1) is not signed." in faults(export)
    other = signed_receipt(forged, SigningKey(bytes(32)), None)
    export[1]["receipt"] = other.model_dump(mode="json")
    assert "Receipt 1 (session s1) is not signed with the key" in faults(export)


def test_the_last_receipt_cut_off_is_told_by_the_signed_head(export: list[dict[str, Any]]) -> None:
    del export[2]
    export[0]["receipts"] = 1
    assert "The receipts chain ends with link 1, but link 2 was signed as its last" in faults(export)


def test_events_of_before_a_receipt_cannot_be_put_back_to_an_earlier_state(
    export: list[dict[str, Any]],
) -> None:
    """Head and all: the receipts remember."""
    cut = [export[0] | {"events": 2}, *export[1:5]]
    assert "The events end before those that the receipt of session s2 was written after" in faults(cut)


def test_receipts_after_a_break_point_to_it(tmp_path: Path) -> None:
    database, store, audit = filled(tmp_path / "data")
    with database.transaction() as connection:
        connection.exec_driver_sql("drop trigger receipts_no_delete")
        connection.execute(sa.delete(receipts).where(receipts.c.number == 2))
    store.create_session("s3", NEW, AT)
    for what in (Step.CONSENTED, Step.OPENED):
        store.advance("s3", what, AT)
    assert store.end_capture("s3", AT, receipt_of).previous_sha256 == BROKEN
    told = " ".join(prove(audit.export(), store.signing_key.public).faults)
    assert "Receipt 2 (session s3) does not follow the receipt before it" in told
    database.close()


def test_a_receipt_of_before_signing_still_verifies() -> None:
    old = Receipt.model_validate_json(OLD_RECEIPT)
    assert hash_holds(old)
    assert receipts_hold([old], GENESIS)
    assert receipts_hold([Receipt.model_validate_json(old.model_dump_json())], GENESIS), "also with its nulls"
    assert not signature_holds(old, KEY.public)


def test_a_signed_receipt_is_bound_to_all_that_it_says() -> None:
    receipt = signed_receipt(make_receipt(FIGURES, GENESIS), KEY, (7, "a" * 64))
    assert signature_holds(receipt, KEY.public)
    for field, value in {
        "seconds_discarded": 1.0,
        "audit_number": 8,
        "key_id": "0" * 16,
        "sha256": "0" * 64,
    }.items():
        assert not signature_holds(receipt.model_copy(update={field: value}), KEY.public)
    assert not signature_holds(receipt, SigningKey(bytes(32)).public)


def test_what_is_no_export_is_refused_in_one_sentence() -> None:
    for lines in ([], [{"event": "x"}], [{"format": "another", "version": 1}]):
        with pytest.raises(BadRequest, match="no export of the audit"):
            prove(lines)


def test_the_lines_in_the_documentation_verify_an_export_and_refuse_each_change_of_it(
    export: list[dict[str, Any]], tmp_path: Path
) -> None:
    """In a process of its own that cannot see this package."""
    page = (REPOSITORY / "docs" / "audit.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", page, re.S)
    assert "scribe" not in re.sub(r"ambient-scribe", "", code)

    def status(lines: list[dict[str, Any]], key: str) -> int:
        file = tmp_path / "export.jsonl"
        file.write_text("\n".join(map(json.dumps, lines)) + "\n")
        program = f"EXPORT, KEY = {str(file)!r}, {key!r}\n{code}"
        environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        run = subprocess.run(
            [sys.executable, "-c", program], cwd=tmp_path, env=environ, capture_output=True, check=False
        )
        return run.returncode

    key = export[0]["public_key"]
    assert status(export, key) == 0
    assert status(export, KEY.public.text) == 1, "another key"
    assert status(export[:-1], key) == 1, "cut off"
    assert status([*export[:3], *export[4:]], key) == 1, "taken out"
    changed = json.loads(json.dumps(export))
    changed[4]["event"] = changed[4]["event"].replace("read", "shredded")
    assert status(changed, key) == 1
    changed = json.loads(json.dumps(export))
    changed[1]["receipt"]["bytes_retained"] = 1
    assert status(changed, key) == 1


@dataclass(frozen=True)
class Run:
    """What a command left: its exit status, and what it said."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def scribe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Run]:
    """`scribe audit` in this process: starting one takes seconds."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SCRIBE_DATA_DIR", str(tmp_path / "data"))
    for name in ("SCRIBE_KEY", "SCRIBE_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str) -> Run:
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["scribe", "audit", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Run(int(ended.value.code or 0), said.out, said.err)

    return run


def test_the_command_line_exports_verifies_and_names_the_broken_link(
    tmp_path: Path, scribe: Callable[..., Run]
) -> None:
    database, store, _ = filled(tmp_path / "data")
    (tmp_path / "receipt.json").write_text(store.receipt("s1").model_dump_json())
    key = scribe("key").stdout.strip()
    assert key == store.signing_key.public.text

    held = scribe("verify")
    assert (held.returncode, "4 events and 2 receipts hold. Head " in held.stdout) == (0, True), held.stderr
    exported = scribe("export", "a.jsonl")
    assert exported.returncode == 0, exported.stderr
    file = tmp_path / "a.jsonl"
    assert file.stat().st_mode & 0o777 == 0o600
    assert "is there already" in scribe("export", "a.jsonl").stderr
    assert scribe("verify", "a.jsonl", "--key", key).returncode == 0
    assert "the key" in scribe("verify", "a.jsonl").stdout, "says that the file vouches for itself"
    assert "not signed with the key" in scribe("verify", "a.jsonl", "--key", KEY.public.text).stdout
    assert "holds. Key" in scribe("verify", "receipt.json", "--key", key).stdout
    changed = file.read_text().replace("session read", "session seen", 1)
    file.write_text(changed)
    broken = scribe("verify", "a.jsonl", "--key", key)
    assert broken.returncode == 1
    assert "Event 2 does not follow the event before it" in broken.stdout
    with database.transaction() as connection:
        connection.exec_driver_sql("drop trigger audit_no_delete")
        connection.exec_driver_sql("delete from audit where number > 3")
    cut = scribe("verify")
    assert (cut.returncode, "ends with link 3, but link 5 was signed" in cut.stdout) == (1, True)
    database.close()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("verify",), "There is no store in"),
        (("verify", "missing.jsonl"), "Cannot read missing.jsonl (No such file or directory)."),
        (("verify", "words.txt"), "Line 1 of the file is no JSON object"),
        (("verify", "words.txt", "--key", "no key"), "Expected a public key of 32 bytes"),
        (("export", "nowhere/a.jsonl"), "There is no store in"),
        (("key",), "There is no store in"),
    ],
)
def test_what_cannot_be_verified_is_one_sentence(
    tmp_path: Path, scribe: Callable[..., Run], arguments: tuple[str, ...], words: str
) -> None:
    (tmp_path / "words.txt").write_text("no json\n")
    run = scribe(*arguments)
    assert run.returncode == 1
    assert words in run.stderr
    assert "Traceback" not in run.stderr
    assert not (tmp_path / "data" / "key").exists(), "asking makes no key"
