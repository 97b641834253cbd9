"""`scribe access`: what it prints opens the server that shares its data folder, and what it takes away does not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from scribe.access import KeyScope, Role
from scribe.accounts import Accounts
from scribe.app import utc_now
from scribe.audit import Audit
from scribe.cli import app
from scribe.crypto import SigningKey
from scribe.database import Database
from scribe.errors import BadRequest, NotAuthenticated
from scribe.keys import file_keys
from scribe.vault import Vault

NOW = datetime.now(UTC)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("SCRIBE_KEY", "SCRIBE_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "data"


@pytest.fixture
def database(folder: Path) -> Iterator[Database]:
    """The store as a running server has it open at the same time."""
    folder.mkdir(mode=0o700)
    with closing(Database(f"sqlite:///{folder / 'scribe.db'}")) as database:
        yield database


def access(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["access", *arguments, "--data-dir", str(folder)])


def test_a_key_is_printed_once_and_opens_the_server_until_it_is_revoked(
    folder: Path, database: Database
) -> None:
    platform = access(folder, "add-platform", "Telehealth").stdout.strip()
    made = access(folder, "create-key", platform, "--scope", "sessions", "--scope", "read", "--days", "30")
    key = made.stdout.strip()
    accounts = Accounts(database, Vault(database, file_keys(folder)).open())
    who = accounts.by_key(key, NOW)
    assert (who.actor, who.scopes) == (platform, set(KeyScope))

    listed = access(folder, "list").stdout
    assert platform in listed
    assert key.split("_")[2] not in listed
    assert access(folder, "revoke", key.split("_")[1]).exit_code == 0
    with pytest.raises(NotAuthenticated):
        accounts.by_key(key, NOW)


def test_what_is_changed_is_audited_without_the_secret(folder: Path, database: Database) -> None:
    platform = access(folder, "add-platform", "Telehealth").stdout.strip()
    key = access(folder, "create-key", platform).stdout.strip()
    accounts = Accounts(database, Vault(database, file_keys(folder)).open())
    people = [accounts.person("https://p", name, frozenset({Role.CLINICIAN}), NOW) for name in "ab"]
    assert access(folder, "supervise", *people).exit_code == 0
    assert accounts.caller(people[0]).supervises == {people[1]}
    assert access(folder, "supervise", *people, "--end").exit_code == 0
    assert accounts.caller(people[0]).supervises == frozenset()
    assert access(folder, "disable", people[1]).exit_code == 0
    events = Audit(database, utc_now, SigningKey(bytes(32))).events()
    assert [(event.actor, event.action) for event in events] == [
        ("command-line", action)
        for action in (
            "platform added",
            "key created",
            "supervision begun",
            "supervision ended",
            "account disabled",
        )
    ]
    assert key.split("_", 2)[2] not in str(events)
    assert "Telehealth" not in str(events)


def test_a_scope_that_there_is_not_is_refused_in_one_sentence(folder: Path) -> None:
    refused = access(folder, "create-key", "nobody", "--scope", "everything")
    assert isinstance(refused.exception, BadRequest)
    assert "sessions or read" in refused.exception.detail
