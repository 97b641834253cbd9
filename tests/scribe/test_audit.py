"""The audit chain."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scribe.audit import Audit, first_broken
from scribe.crypto import KeyEncryptionKey
from scribe.database import Database
from scribe.store import Store


@pytest.fixture
def rows(tmp_path: Path) -> list[tuple[str, str]]:
    database = Database(f"sqlite:///{tmp_path / 'a.db'}")
    Store(database, KeyEncryptionKey(os.urandom(32))).migrate()
    audit = Audit(database, lambda: datetime(2026, 3, 2, tzinfo=UTC))
    for number in range(4):
        audit.record("local", "note read", "s1", number=number)
    assert [event["action"] for event in audit.events()] == ["note read"] * 4
    return list(audit.rows())


def test_an_untouched_chain_holds(rows: list[tuple[str, str]]) -> None:
    assert first_broken(rows) is None


def test_a_changed_event_breaks_the_chain_where_it_stands(rows: list[tuple[str, str]]) -> None:
    rows[2] = (rows[2][0].replace("read", "signed"), rows[2][1])
    assert first_broken(rows) == 3


def test_a_removed_event_breaks_the_chain(rows: list[tuple[str, str]]) -> None:
    del rows[1]
    assert first_broken(rows) == 2


def test_two_events_that_change_places_break_the_chain(rows: list[tuple[str, str]]) -> None:
    rows[0], rows[1] = rows[1], rows[0]
    assert first_broken(rows) == 1
