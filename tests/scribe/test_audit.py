"""The audit: chained, signed, refused by the database where it would be changed, read by pages."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from databases import Databases
from hypothesis import given
from hypothesis import strategies as st

from scribe.audit import Audit
from scribe.crypto import KeyEncryptionKey, SigningKey
from scribe.database import Database
from scribe.errors import BadRequest, StoreFailed
from scribe.proof import GENESIS, Proof, chained, first_broken, prove
from scribe.store import Store
from scribe.tables import audit as audit_table
from scribe.tables import chain_heads

KEK = KeyEncryptionKey(bytes(range(32)))
AT = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def database(databases: Databases) -> Iterator[Database]:
    database = databases.new()
    Store(database, KEK).migrate()
    yield database
    database.close()


@pytest.fixture
def audit(database: Database) -> Audit:
    audit = Audit(database, lambda: AT, KEY)
    for number in range(4):
        audit.record("local", "note read", f"s{number % 2}", number=number)
    return audit


@pytest.fixture
def rows(audit: Audit) -> list[tuple[str, str]]:
    return list(audit.rows())


on_sqlite = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
"""Tests of what does not depend on the database."""
KEY = SigningKey(KEK.derive("signing"))


def proved(audit: Audit) -> Proof:
    return prove(audit.export(), KEY.public)


def unguarded(database: Database, *statements: sa.Executable) -> None:
    """As somebody who may do everything to the database, but has no key."""
    with database.transaction() as connection:
        if database.dialect == "sqlite":
            found = connection.execute(sa.text("select name from sqlite_master where type = 'trigger'"))
            for name in [str(row.name) for row in found]:
                connection.exec_driver_sql(f"drop trigger {name}")
        else:
            connection.exec_driver_sql("drop trigger if exists audit_append_only on audit")
        for statement in statements:
            connection.execute(statement)


@on_sqlite
def test_an_untouched_chain_holds(audit: Audit, rows: list[tuple[str, str]]) -> None:
    assert first_broken(rows) is None
    proof = proved(audit)
    assert (proof.faults, proof.remarks, proof.events, proof.head) == ((), (), 4, rows[-1][1])


@on_sqlite
def test_a_changed_event_breaks_the_chain_where_it_stands(rows: list[tuple[str, str]]) -> None:
    rows[2] = (rows[2][0].replace("read", "signed"), rows[2][1])
    assert first_broken(rows) == 3


@on_sqlite
def test_a_removed_event_breaks_the_chain(rows: list[tuple[str, str]]) -> None:
    del rows[1]
    assert first_broken(rows) == 2


@on_sqlite
def test_two_events_that_change_places_break_the_chain(rows: list[tuple[str, str]]) -> None:
    rows[0], rows[1] = rows[1], rows[0]
    assert first_broken(rows) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "update audit set event = '{}' where number = 2",
        "update audit set session_id = 's9'",
        "delete from audit",
        "delete from audit where number = 4",
        "delete from receipts",
        "update receipts set sha256 = ''",
    ],
)
def test_the_database_itself_changes_and_deletes_no_row(
    audit: Audit, database: Database, statement: str
) -> None:
    if "receipts" in statement:
        with database.transaction() as connection:
            connection.exec_driver_sql(
                "insert into sessions (id, state, template, created_at, position, channels, transcribed)"
                " values ('s', 'ended', 'soap', '2026-01-01 00:00:00', 0, 0, 0)"
            )
            connection.exec_driver_sql(
                "insert into receipts (number, session_id, receipt, sha256) values (1, 's', '{}', 'x')"
            )
    before = audit.rows()
    with pytest.raises(StoreFailed), database.transaction() as connection:
        connection.exec_driver_sql(statement)
    assert audit.rows() == before


def test_a_row_is_not_replaced_by_an_insert(audit: Audit, database: Database) -> None:
    how = {
        "sqlite": "insert or replace into audit (number, event, sha256) values (2, '{}', '')",
        "postgresql": "insert into audit (number, event, sha256) values (2, '{}', '') "
        "on conflict (number) do update set event = excluded.event",
    }
    with pytest.raises(StoreFailed), database.transaction() as connection:
        connection.exec_driver_sql(how[database.dialect])
    assert proved(audit).faults == ()


def rewritten(rows: list[tuple[str, str]], at: int) -> list[tuple[str, str]]:
    """The chain with one event changed and every hash after it made to fit, as anyone can."""
    events = [event for event, _ in rows]
    events[at] = events[at].replace("note read", "note signed")
    made, previous = [], GENESIS
    for event in events:
        previous = chained(previous, event)
        made.append((event, previous))
    return made


def test_a_chain_that_was_rewritten_without_the_key_is_told_also_after_the_next_event(
    audit: Audit, database: Database, rows: list[tuple[str, str]], caplog: pytest.LogCaptureFixture
) -> None:
    forged = rewritten(rows, 1)
    assert first_broken(forged) is None, "its hashes fit"
    unguarded(
        database,
        *(
            sa.update(audit_table).where(audit_table.c.number == number).values(event=event, sha256=digest)
            for number, (event, digest) in enumerate(forged, 1)
        ),
    )
    assert "rewritten without the key" in proved(audit).faults[0]
    with caplog.at_level(logging.ERROR):
        audit.record("local", "note read", "s1")
    assert "changed by somebody else" in caplog.text
    assert "Event 5 does not follow" in proved(audit).faults[0], "going on does not hide it"


def test_events_cut_off_the_end_are_told_also_after_the_next_event(audit: Audit, database: Database) -> None:
    unguarded(database, sa.delete(audit_table).where(audit_table.c.number > 2))
    assert "ends with link 2, but link 4 was signed" in proved(audit).faults[0]
    audit.record("local", "note read", "s1")
    assert "Event 3 does not follow" in proved(audit).faults[0]


@on_sqlite
def test_a_head_that_another_key_signed_is_told(audit: Audit, database: Database) -> None:
    other = Audit(database, lambda: AT, SigningKey(bytes(32)))
    other.record("local", "note read", "s1")
    faults = proved(audit).faults
    assert "Event 5 does not follow" in faults[0]
    assert f"not signed with the key {KEY.public.id}" in faults[1]


def test_without_its_head_a_chain_is_as_one_from_before_signing_and_says_so(
    audit: Audit, database: Database
) -> None:
    unguarded(database, sa.delete(chain_heads))
    assert "no signed head" in proved(audit).faults[0]
    audit.record("local", "note read", "s1")
    proof = proved(audit)
    assert proof.faults == ()
    assert "Links 1 to 4 of the audit chain were there before it was signed" in proof.remarks[0]


@given(st.data())
def test_no_change_of_an_export_goes_unseen(data: st.DataObject) -> None:
    lines = [json.loads(json.dumps(line)) for line in EXPORT]
    number = data.draw(st.integers(1, len(lines) - 1))
    match data.draw(st.sampled_from(["drop", "swap", "repeat", "change", "forge", "cut"])):
        case "drop":
            del lines[number]
        case "swap":
            lines[number], lines[number - 1] = lines[number - 1], lines[number]
        case "repeat":
            lines.insert(number, lines[number])
        case "change":
            lines[number]["event"] = lines[number]["event"].replace("local", "other")
        case "forge":
            tail = rewritten([(line["event"], line["sha256"]) for line in lines[1:]], number - 1)
            for line, (event, digest) in zip(lines[1:], tail, strict=True):
                line |= {"event": event, "sha256": digest}
        case "cut":
            del lines[number:]
            lines[0]["events"] = number - 1
    try:
        assert prove(lines, KEY.public).faults
    except BadRequest:
        assert "format" not in lines[0], "only a first line that is no header is refused whole"


def _export() -> list[dict[str, Any]]:
    database = Database("sqlite://")
    store = Store(database, KEK)
    store.migrate()
    audit = Audit(database, lambda: AT, KEY)
    for number in range(6):
        audit.record("local", "note read", "s1", number=number)
    lines = list(audit.export())
    database.close()
    return lines


EXPORT = _export()


def test_events_are_read_by_pages_and_by_session(audit: Audit) -> None:
    assert [event.number for event in audit.events()] == [1, 2, 3, 4]
    assert [event.number for event in audit.events(limit=2)] == [3, 4], "the last ones where none is named"
    assert [event.number for event in audit.events(after=1, limit=2)] == [2, 3]
    assert [event.number for event in audit.events(after=0, session_id="s1")] == [2, 4]
    assert audit.events(after=4) == ()
    assert audit.events()[0].figures == {"number": 0}


@on_sqlite
@pytest.mark.parametrize("words", ["I sleep badly", "line\nbreak", "x" * 129, "", "Grüße"])
def test_a_figure_that_may_be_words_is_left_out_and_named(
    audit: Audit, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    audit.record("local", "note read", "s1", text=words, turns=3)
    assert audit.events()[-1].figures == {"turns": 3}
    assert "the figure text" in caplog.text
    assert "sleep" not in caplog.text


@on_sqlite
@pytest.mark.parametrize(
    ("actor", "action", "session"),
    [
        ("", "note read", "s1"),
        ("R. Diaz", "note read", "s1"),
        ("local", "Note: he said", "s1"),
        ("local", "note read", "a b"),
    ],
)
def test_an_event_without_an_actor_an_action_or_a_sane_session_is_a_fault_of_the_caller(
    audit: Audit, actor: str, action: str, session: str
) -> None:
    with pytest.raises(ValueError, match="an event needs"):
        audit.record(actor, action, session)
    assert len(audit.rows()) == 4


def test_appending_costs_the_same_after_many_events(audit: Audit, database: Database) -> None:
    """No statement of an append reads more rows than the last."""
    asked: list[str] = []
    engine = database._engine
    sa.event.listen(engine, "before_cursor_execute", lambda _c, _cur, statement, *_: asked.append(statement))
    audit.record("local", "note read")
    reads = [statement for statement in asked if statement.lstrip().upper().startswith("SELECT")]
    assert reads
    for statement in reads:
        assert "LIMIT" in statement or "chain_heads.chain =" in statement or "pg_advisory" in statement


def test_a_chain_from_before_signing_goes_on_and_is_filtered_by_session(databases: Databases) -> None:
    from alembic import command
    from alembic.config import Config

    database = databases.new()
    config = Config()
    config.set_main_option("script_location", "scribe:migrations")
    event = json.dumps(
        {"action": "note read", "actor": "local", "at": AT.isoformat(), "figures": {}, "session": "s7"}
    )
    with database.transaction() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0005")
        connection.execute(
            sa.text("insert into audit (number, event, sha256) values (1, :event, :digest)"),
            {"event": event, "digest": chained(GENESIS, event)},
        )
    store = Store(database, KEK)
    store.migrate()
    audit = Audit(database, lambda: AT, KEY)
    assert [found.number for found in audit.events(session_id="s7")] == [1]
    audit.record("local", "note read", "s7")
    assert proved(audit).faults == ()
    assert "Links 1 to 1" in proved(audit).remarks[0]
    database.close()
