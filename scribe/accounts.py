"""Accounts of persons and platforms, who supervises whom, and the API keys of platforms.

A person is known by a keyed hash of issuer and subject, and has no name here; a platform's label is sealed. Of a key
only the SHA-256 of its secret is kept: 256 random bits need no slow hash. Every method is one transaction and blocks.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from scribe.access import PERSONS, Caller, KeyScope, Role, caller
from scribe.crypto import Secret, SessionCipher
from scribe.database import Database
from scribe.errors import BadRequest, NotAuthenticated, NotFound
from scribe.tables import accounts, api_keys, sign_ins, supervision

KEY_PREFIX = "sk_"
KEY_LIFE = timedelta(days=365)
USED_STEP = timedelta(hours=1)
"""How coarsely the last use of a key is kept: enough to find those that nobody uses."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is listed; its secret is known to its holder alone."""

    id: str
    scopes: frozenset[KeyScope]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Account:
    """A person or a platform; `supervises` are account ids, `label` is empty for a person."""

    id: str
    is_person: bool
    roles: frozenset[Role]
    created_at: datetime
    disabled_at: datetime | None
    label: str
    supervises: frozenset[str]
    keys: tuple[ApiKey, ...]


class Accounts:
    """Everybody whom this server knows; shared by all calls. `root` must be the same for as long as they are."""

    def __init__(self, database: Database, root: Secret) -> None:
        self._transaction = database.transaction
        self._subject_key = root.derive("account subjects")
        self._labels = SessionCipher(root.derive("account labels"))

    # --- persons -------------------------------------------------------------------------------------

    def person(self, issuer: str, subject: str, roles: frozenset[Role], now: datetime) -> str:
        """The account of whoever just signed in, made at their first time; their roles are these from now on.

        Raises NotAuthenticated where the account is disabled.
        """
        if not roles or not roles <= PERSONS:
            raise BadRequest("A person needs one or more of the roles clinician, supervisor, administrator.")
        # The length keeps ("a", "bc") apart from ("ab", "c").
        text = f"{len(issuer)}:{issuer}{subject}".encode()
        digest = hmac.new(self._subject_key, text, hashlib.sha256).hexdigest()
        with self._transaction() as connection:
            row = connection.execute(
                sa.select(accounts.c.id, accounts.c.disabled_at).where(accounts.c.subject_hash == digest)
            ).first()
            if row is None:
                account_id = secrets.token_hex(8)
                connection.execute(
                    sa.insert(accounts).values(
                        id=account_id,
                        kind="person",
                        subject_hash=digest,
                        roles=_joined(roles),
                        created_at=now,
                    )
                )
                return account_id
            if row.disabled_at is not None:
                raise _disabled()
            connection.execute(
                sa.update(accounts).where(accounts.c.id == row.id).values(roles=_joined(roles))
            )
            return str(row.id)

    def require_clinician(self, account_id: str) -> None:
        """Raise BadRequest unless this is the account of a clinician who may sign in."""
        with self._transaction() as connection:
            row = connection.execute(sa.select(accounts).where(accounts.c.id == account_id)).first()
        if row is None or row.disabled_at is not None or Role.CLINICIAN not in _roles(row.roles):
            raise BadRequest(
                "`clinician` must be the account id of a clinician who has signed in here and is not disabled."
            )

    def supervise(self, supervisor: str, clinician: str, *, ended: bool = False) -> None:
        """Let one person read another's sessions, or end that; raises NotFound or BadRequest."""
        with self._transaction() as connection:
            for account_id in (supervisor, clinician):
                if self._row(connection, account_id).kind != "person":
                    raise BadRequest("Only persons supervise and are supervised; a platform came.")
            if supervisor == clinician:
                raise BadRequest("Nobody supervises themselves; name two accounts.")
            pair = (supervision.c.supervisor_id == supervisor) & (supervision.c.clinician_id == clinician)
            connection.execute(sa.delete(supervision).where(pair))
            if not ended:
                connection.execute(
                    sa.insert(supervision).values(supervisor_id=supervisor, clinician_id=clinician)
                )

    def caller(
        self,
        account_id: str,
        *,
        sign_in: str = "",
        confirmed_at: datetime | None = None,
        until: datetime | None = None,
    ) -> Caller:
        """Somebody who is signed in; raises NotAuthenticated where the account is gone or disabled."""
        with self._transaction() as connection:
            row = self._enabled(connection, account_id)
            return caller(
                account_id,
                _roles(row.roles),
                supervises=self._supervised_by(connection, account_id),
                sign_in=sign_in,
                confirmed_at=confirmed_at,
                until=until,
            )

    # --- platforms -----------------------------------------------------------------------------------

    def add_platform(self, label: str, now: datetime) -> str:
        """An account for a platform; `label` is what administrators call it, at most 80 characters."""
        if not 1 <= len(label) <= 80:
            raise BadRequest("A platform's label has 1 to 80 characters.")
        account_id = secrets.token_hex(8)
        with self._transaction() as connection:
            connection.execute(
                sa.insert(accounts).values(
                    id=account_id,
                    kind="platform",
                    label=self._labels.seal(label.encode(), "accounts", account_id, "label"),
                    roles=Role.PLATFORM.value,
                    created_at=now,
                )
            )
        return account_id

    def create_key(
        self, account_id: str, scopes: Iterable[KeyScope], now: datetime, life: timedelta = KEY_LIFE
    ) -> str:
        """A new key of a platform, whole; it cannot be had again. Raises NotFound or BadRequest."""
        wanted = frozenset(scopes)
        if not wanted or life <= timedelta(0):
            raise BadRequest("A key needs one scope or more and days to live.")
        key_id, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
        with self._transaction() as connection:
            row = self._row(connection, account_id)
            if row.kind != "platform" or row.disabled_at is not None:
                raise BadRequest("Keys are for platforms that are not disabled; persons sign in.")
            connection.execute(
                sa.insert(api_keys).values(
                    id=key_id,
                    account_id=account_id,
                    secret_sha256=_sha256(secret),
                    scopes=_joined(wanted),
                    created_at=now,
                    expires_at=now + life,
                )
            )
        return f"{KEY_PREFIX}{key_id}_{secret}"

    def by_key(self, given: str, now: datetime) -> Caller:
        """The platform whose key this is; raises NotAuthenticated, for whatever reason in the same words."""
        key_id, _, secret = given.removeprefix(KEY_PREFIX).partition("_")
        with self._transaction() as connection:
            row = self._live_key(connection, key_id, now)
            # A key that is not there is compared as well, so that it takes as long as one that is wrong.
            kept = row.secret_sha256 if row is not None else _sha256("")
            if not hmac.compare_digest(_sha256(secret), kept) or row is None:
                raise _bad_key()
            if row.last_used_at is None or now - _aware(row.last_used_at) >= USED_STEP:
                connection.execute(
                    sa.update(api_keys).where(api_keys.c.id == key_id).values(last_used_at=now)
                )
            return self._platform(connection, row)

    def by_key_id(self, key_id: str, now: datetime) -> Caller:
        """The platform that was let in with this key before; raises NotAuthenticated where it is good no more."""
        with self._transaction() as connection:
            row = self._live_key(connection, key_id, now)
            if row is None:
                raise _bad_key()
            return self._platform(connection, row)

    def revoke_key(self, key_id: str, now: datetime) -> None:
        """The key is good for nothing from now on; raises NotFound."""
        with self._transaction() as connection:
            changed = connection.execute(
                sa.update(api_keys)
                .where((api_keys.c.id == key_id) & api_keys.c.revoked_at.is_(None))
                .values(revoked_at=now)
            )
            if changed.rowcount == 0:
                raise NotFound(
                    "There is no such key, or it is revoked already; `scribe access list` lists them."
                )

    # --- both ----------------------------------------------------------------------------------------

    def disable(self, account_id: str, now: datetime) -> None:
        """Nobody gets in with this account any more: sign-ins and keys end now. Raises NotFound."""
        with self._transaction() as connection:
            self._row(connection, account_id)
            connection.execute(sa.update(accounts).where(accounts.c.id == account_id).values(disabled_at=now))
            connection.execute(sa.delete(sign_ins).where(sign_ins.c.account_id == account_id))
            connection.execute(
                sa.update(api_keys)
                .where((api_keys.c.account_id == account_id) & api_keys.c.revoked_at.is_(None))
                .values(revoked_at=now)
            )

    def all(self) -> tuple[Account, ...]:
        """Every account with its keys, the oldest first."""
        with self._transaction() as connection:
            rows = connection.execute(
                sa.select(accounts).order_by(accounts.c.created_at, accounts.c.id)
            ).all()
            return tuple(
                Account(
                    id=row.id,
                    is_person=row.kind == "person",
                    roles=_roles(row.roles),
                    created_at=_aware(row.created_at),
                    disabled_at=row.disabled_at and _aware(row.disabled_at),
                    label=self._labels.open(row.label, "accounts", row.id, "label").decode()
                    if row.label
                    else "",
                    supervises=self._supervised_by(connection, row.id),
                    keys=self._keys_of(connection, row.id),
                )
                for row in rows
            )

    # --- inside --------------------------------------------------------------------------------------

    def _row(self, connection: sa.Connection, account_id: str) -> sa.Row[tuple[object, ...]]:
        row = connection.execute(sa.select(accounts).where(accounts.c.id == account_id)).first()
        if row is None:
            raise NotFound("There is no such account; `scribe access list` lists them.")
        return row

    def _enabled(self, connection: sa.Connection, account_id: str) -> sa.Row[tuple[object, ...]]:
        row = connection.execute(sa.select(accounts).where(accounts.c.id == account_id)).first()
        if row is None or row.disabled_at is not None:
            raise _disabled()
        return row

    def _live_key(
        self, connection: sa.Connection, key_id: str, now: datetime
    ) -> sa.Row[tuple[object, ...]] | None:
        row = connection.execute(sa.select(api_keys).where(api_keys.c.id == key_id)).first()
        if row is None or row.revoked_at is not None or _aware(row.expires_at) <= now:
            return None
        return row

    def _platform(self, connection: sa.Connection, key: sa.Row[tuple[object, ...]]) -> Caller:
        row = self._enabled(connection, key.account_id)
        scopes = frozenset(KeyScope(name) for name in key.scopes.split())
        return caller(row.id, _roles(row.roles), scopes=scopes, key=key.id)

    def _supervised_by(self, connection: sa.Connection, account_id: str) -> frozenset[str]:
        rows = connection.execute(
            sa.select(supervision.c.clinician_id).where(supervision.c.supervisor_id == account_id)
        )
        return frozenset(row.clinician_id for row in rows)

    def _keys_of(self, connection: sa.Connection, account_id: str) -> tuple[ApiKey, ...]:
        rows = connection.execute(
            sa.select(api_keys).where(api_keys.c.account_id == account_id).order_by(api_keys.c.created_at)
        )
        return tuple(
            ApiKey(
                id=row.id,
                scopes=frozenset(KeyScope(name) for name in row.scopes.split()),
                created_at=_aware(row.created_at),
                expires_at=_aware(row.expires_at),
                revoked_at=row.revoked_at and _aware(row.revoked_at),
                last_used_at=row.last_used_at and _aware(row.last_used_at),
            )
            for row in rows
        )


def _bad_key() -> NotAuthenticated:
    return NotAuthenticated(
        "This API key is not good (unknown, expired or revoked); ask whoever administers this server for another."
    )


def _disabled() -> NotAuthenticated:
    return NotAuthenticated("This account is disabled; ask whoever administers this server.")


def _sha256(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


def _joined(names: Iterable[Role | KeyScope]) -> str:
    return " ".join(sorted(name.value for name in names))


def _roles(text: str) -> frozenset[Role]:
    return frozenset(Role(name) for name in text.split())


def _aware(moment: datetime) -> datetime:
    # SQLite keeps no zone: what was stored was UTC.
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
