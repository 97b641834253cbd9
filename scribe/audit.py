"""Who did what to which session, when: append-only, chained by hash, never a clinical word.

Goes in: actor, action, session id and figures. Comes out: a chain that anyone with the rows can verify. An
audit row that cannot be written fails the call it belongs to: no log, no answer.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from scribe.chains import GENESIS, canonical_json, last_link
from scribe.database import Database
from scribe.tables import audit


class Audit:
    """Writes the chain; shared by all calls."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def record(self, actor: str, action: str, session_id: str = "", **figures: str | int | float) -> None:
        """Append one event; blocks on the store. `figures` are counts, versions and ids only."""
        event = canonical_json(
            {
                "at": self._clock().isoformat(),
                "actor": actor,
                "action": action,
                "session": session_id,
                "figures": figures,
            }
        )
        with self._database.transaction() as connection:
            number, last = last_link(connection, audit)
            connection.execute(
                sa.insert(audit).values(number=number + 1, event=event, sha256=chained(last, event))
            )

    def events(self) -> tuple[dict[str, Any], ...]:
        """All events, the oldest first, each with its hash."""
        return tuple({**json.loads(event), "sha256": digest} for event, digest in self.rows())

    def rows(self) -> tuple[tuple[str, str], ...]:
        """All events as (text, hash), the oldest first."""
        with self._database.transaction() as connection:
            rows = connection.execute(sa.select(audit.c.event, audit.c.sha256).order_by(audit.c.number)).all()
        return tuple((row.event, row.sha256) for row in rows)


def chained(previous: str, event: str) -> str:
    """The hash of a link: SHA-256 over the hash before it and the event."""
    return hashlib.sha256(f"{previous}\n{event}".encode()).hexdigest()


def first_broken(rows: Iterable[tuple[str, str]]) -> int | None:
    """The number (from 1) of the first row that does not fit the chain; None where all do."""
    previous = GENESIS
    for number, (event, digest) in enumerate(rows, start=1):
        if chained(previous, event) != digest:
            return number
        previous = digest
    return None
