"""Sign-ins of people at the page: a random cookie each, known here by its hash, ended here as well.

Ends at the latest twelve hours after it began; in organisation mode also when nothing was done for a while.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from scribe.database import Database
from scribe.errors import NotAuthenticated
from scribe.tables import sign_ins

LIFE = timedelta(hours=12)
SEEN_STEP = timedelta(minutes=1)
"""How coarsely the last call is kept: one write a minute, not one for each call."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """Somebody's sign-in; `id` is the hash of its cookie, `until` the latest that it lasts."""

    id: str
    account_id: str
    until: datetime
    confirmed_at: datetime | None


class SignIns:
    """All sign-ins; shared by all calls. `idle` is None where doing nothing ends none."""

    def __init__(self, database: Database, idle: timedelta | None) -> None:
        self._transaction = database.transaction
        self._idle = idle

    def begin(self, account_id: str, now: datetime) -> str:
        """A new sign-in; returns what its cookie holds. What has ended by itself is cleared away."""
        secret = secrets.token_urlsafe(32)
        with self._transaction() as connection:
            connection.execute(sa.delete(sign_ins).where(sign_ins.c.began_at < now - LIFE))
            connection.execute(
                sa.insert(sign_ins).values(
                    secret_sha256=_sha256(secret), account_id=account_id, began_at=now, seen_at=now
                )
            )
        return secret

    def check(self, cookie: str, now: datetime) -> SignIn:
        """The sign-in of a cookie, seen again now; raises NotAuthenticated where it has ended."""
        name = _sha256(cookie)
        with self._transaction() as connection:
            row = connection.execute(sa.select(sign_ins).where(sign_ins.c.secret_sha256 == name)).first()
            if row is None:
                raise _over()
            until, seen = _aware(row.began_at) + LIFE, _aware(row.seen_at)
            if until > now and (self._idle is None or seen + self._idle > now):
                if now - seen >= SEEN_STEP:
                    connection.execute(
                        sa.update(sign_ins).where(sign_ins.c.secret_sha256 == name).values(seen_at=now)
                    )
                return SignIn(name, row.account_id, until, row.confirmed_at and _aware(row.confirmed_at))
            connection.execute(sa.delete(sign_ins).where(sign_ins.c.secret_sha256 == name))
        raise _over()

    def confirm(self, sign_in: str, at: datetime) -> None:
        """Whoever is signed in has shown anew who they are; raises NotAuthenticated where it has ended."""
        with self._transaction() as connection:
            changed = connection.execute(
                sa.update(sign_ins).where(sign_ins.c.secret_sha256 == sign_in).values(confirmed_at=at)
            )
            if changed.rowcount == 0:
                raise _over()

    def end(self, sign_in: str) -> None:
        """The cookie is good for nothing from now on."""
        with self._transaction() as connection:
            connection.execute(sa.delete(sign_ins).where(sign_ins.c.secret_sha256 == sign_in))


def _over() -> NotAuthenticated:
    return NotAuthenticated("You are not signed in, or your sign-in has ended; sign in again.")


def _sha256(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


def _aware(moment: datetime) -> datetime:
    # SQLite keeps no zone: what was stored was UTC.
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
