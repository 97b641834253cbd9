"""Accounts, API keys and sign-ins on a real disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scribe.access import KeyScope, Right, Role
from scribe.accounts import Accounts
from scribe.crypto import KeyEncryptionKey
from scribe.database import Database
from scribe.errors import BadRequest, NotAuthenticated, NotFound
from scribe.sign_ins import SignIns
from scribe.store import Store

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
KEY = KeyEncryptionKey(bytes(32))
CLINICIAN = frozenset({Role.CLINICIAN})
ISSUER = "https://provider.example"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'scribe.db'}")
    Store(database, KEY).migrate()
    yield database
    database.close()


@pytest.fixture
def accounts(database: Database) -> Accounts:
    return Accounts(database, KEY)


def on_disk(folder: Path) -> bytes:
    """The database file as whoever stole it would have it."""
    with sqlite3.connect(folder / "scribe.db") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return (folder / "scribe.db").read_bytes()


def test_a_person_has_one_account_and_the_roles_of_their_last_sign_in(accounts: Accounts) -> None:
    first = accounts.person(ISSUER, "u1", CLINICIAN, NOW)
    assert accounts.person(ISSUER, "u1", frozenset({Role.SUPERVISOR}), NOW) == first
    assert accounts.caller(first).roles == {Role.SUPERVISOR}
    assert accounts.person("https://other.example", "u1", CLINICIAN, NOW) != first
    assert accounts.person(ISSUER, "u2", CLINICIAN, NOW) != first


def test_an_issuer_and_a_subject_are_not_confused_with_others_of_the_same_letters(accounts: Accounts) -> None:
    assert accounts.person("https://a", "bc", CLINICIAN, NOW) != accounts.person(
        "https://ab", "c", CLINICIAN, NOW
    )


@pytest.mark.parametrize("roles", [frozenset(), frozenset({Role.PLATFORM})])
def test_nobody_signs_in_without_a_persons_role(accounts: Accounts, roles: frozenset[Role]) -> None:
    with pytest.raises(BadRequest):
        accounts.person(ISSUER, "u1", roles, NOW)


def test_the_database_holds_no_subject_no_label_and_no_secret(accounts: Accounts, tmp_path: Path) -> None:
    accounts.person(ISSUER, "quetzalcoatl", CLINICIAN, NOW)
    key = accounts.create_key(accounts.add_platform("Xylophone Health", NOW), [KeyScope.READ], NOW)
    kept = on_disk(tmp_path)
    assert key.split("_")[1].encode() in kept, "the id of the key is there to be found"
    for secret in (b"quetzalcoatl", b"Xylophone", key.split("_", 2)[2].encode()):
        assert secret not in kept


def test_a_key_is_its_platform_until_it_expires(accounts: Accounts) -> None:
    platform = accounts.add_platform("Platform", NOW)
    key = accounts.create_key(platform, [KeyScope.SESSIONS], NOW)
    who = accounts.by_key(key, NOW + timedelta(days=364))
    assert (who.actor, who.roles) == (platform, {Role.PLATFORM})
    assert who.rights == {Right.CREATE, Right.STATUS, Right.CONSENT, Right.STREAM}
    with pytest.raises(NotAuthenticated):
        accounts.by_key(key, NOW + timedelta(days=365))


@pytest.mark.parametrize(
    "spoil", [lambda k: k[:-1], lambda k: k + "x", lambda k: k[:3], lambda k: k[:19], str.upper]
)
def test_a_wrong_key_is_refused(accounts: Accounts, spoil: Callable[[str], str]) -> None:
    key = accounts.create_key(accounts.add_platform("Platform", NOW), [KeyScope.SESSIONS], NOW)
    with pytest.raises(NotAuthenticated, match="not good"):
        accounts.by_key(spoil(key), NOW)


def test_a_key_with_another_keys_secret_is_refused(accounts: Accounts) -> None:
    platform = accounts.add_platform("Platform", NOW)
    one, two = (accounts.create_key(platform, [KeyScope.SESSIONS], NOW) for _ in range(2))
    with pytest.raises(NotAuthenticated):
        accounts.by_key("_".join([*one.split("_")[:2], two.split("_", 2)[2]]), NOW)


def test_a_revoked_key_opens_nothing_and_neither_do_those_of_a_disabled_platform(accounts: Accounts) -> None:
    platform = accounts.add_platform("Platform", NOW)
    one, two = (accounts.create_key(platform, [KeyScope.SESSIONS], NOW) for _ in range(2))
    accounts.revoke_key(one.split("_")[1], NOW)
    with pytest.raises(NotAuthenticated):
        accounts.by_key(one, NOW)
    with pytest.raises(NotAuthenticated):
        accounts.by_key_id(one.split("_")[1], NOW)
    with pytest.raises(NotFound):
        accounts.revoke_key(one.split("_")[1], NOW)
    accounts.by_key(two, NOW)
    accounts.disable(platform, NOW)
    with pytest.raises(NotAuthenticated):
        accounts.by_key(two, NOW)
    with pytest.raises(BadRequest):
        accounts.create_key(platform, [KeyScope.SESSIONS], NOW)


def test_the_last_use_of_a_key_is_kept_by_the_hour(accounts: Accounts) -> None:
    key = accounts.create_key(accounts.add_platform("Platform", NOW), [KeyScope.SESSIONS], NOW)
    for minutes in (1, 59, 62):
        accounts.by_key(key, NOW + timedelta(minutes=minutes))
    [listed] = accounts.all()[0].keys
    assert listed.last_used_at == NOW + timedelta(minutes=62)


def test_a_person_gets_no_key_and_a_platform_supervises_nobody(accounts: Accounts) -> None:
    person, platform = accounts.person(ISSUER, "u1", CLINICIAN, NOW), accounts.add_platform("Platform", NOW)
    with pytest.raises(BadRequest):
        accounts.create_key(person, [KeyScope.SESSIONS], NOW)
    with pytest.raises(BadRequest):
        accounts.supervise(platform, person)
    with pytest.raises(BadRequest):
        accounts.supervise(person, person)
    with pytest.raises(NotFound):
        accounts.supervise(person, "nobody")


def test_supervision_begins_and_ends(accounts: Accounts) -> None:
    boss, other = (accounts.person(ISSUER, name, CLINICIAN, NOW) for name in ("u1", "u2"))
    for _ in range(2):
        accounts.supervise(boss, other)
        assert accounts.caller(boss).supervises == {other}
    accounts.supervise(boss, other, ended=True)
    assert accounts.caller(boss).supervises == frozenset()


def test_a_disabled_person_is_signed_out_and_does_not_get_in_again(
    accounts: Accounts, database: Database
) -> None:
    person, sign_ins = accounts.person(ISSUER, "u1", CLINICIAN, NOW), SignIns(database, None)
    cookie = sign_ins.begin(person, NOW)
    accounts.disable(person, NOW)
    with pytest.raises(NotAuthenticated):
        sign_ins.check(cookie, NOW)
    with pytest.raises(NotAuthenticated, match="disabled"):
        accounts.person(ISSUER, "u1", CLINICIAN, NOW)
    with pytest.raises(BadRequest):
        accounts.require_clinician(person)


def test_accounts_are_the_same_after_the_server_started_again(accounts: Accounts, database: Database) -> None:
    person = accounts.person(ISSUER, "u1", CLINICIAN, NOW)
    assert Accounts(database, KEY).person(ISSUER, "u1", CLINICIAN, NOW) == person


def test_a_sign_in_ends_after_twelve_hours_however_busy(database: Database) -> None:
    sign_ins = SignIns(database, timedelta(minutes=30))
    cookie = sign_ins.begin("a", NOW)
    for step in range(1, 36):
        sign_ins.check(cookie, NOW + timedelta(minutes=20 * step))
    with pytest.raises(NotAuthenticated):
        sign_ins.check(cookie, NOW + timedelta(hours=12))


def test_an_idle_sign_in_ends_and_stays_ended(database: Database) -> None:
    sign_ins = SignIns(database, timedelta(minutes=30))
    cookie = sign_ins.begin("a", NOW)
    sign_ins.check(cookie, NOW + timedelta(minutes=29))
    sign_ins.check(cookie, NOW + timedelta(minutes=58))
    for minutes in (89, 59):
        with pytest.raises(NotAuthenticated):
            sign_ins.check(cookie, NOW + timedelta(minutes=minutes))


def test_the_database_does_not_hold_the_cookie(database: Database, tmp_path: Path) -> None:
    cookie = SignIns(database, None).begin("an-account", NOW)
    kept = on_disk(tmp_path)
    assert b"an-account" in kept
    assert cookie.encode() not in kept
