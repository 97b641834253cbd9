"""Webhook messages as they wait and as they went: rows of the store, ids, kinds, times and counts in clear.

A message is kept in the transaction of the step that it tells of, so none is lost and none is told that did not
happen. Every method is one transaction and blocks.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from scribe.database import Database
from scribe.session import Step
from scribe.tables import webhook_deliveries as table
from scribe.webhook import EVENTS, Endpoint, Event
from scribe.wire import WebhookDelivery

KEPT = timedelta(days=30)
"""How long a message stays in the log, delivered or not."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that is due."""

    id: str
    event: Event
    session_id: str
    occurred_at: datetime
    attempts: int


class Deliveries:
    """Outbox and log in one; thread-safe, shared by all sessions."""

    def __init__(self, database: Database, endpoints: Sequence[Endpoint]) -> None:
        self._database = database
        self._endpoints = endpoints
        self._tell: Callable[[], None] | None = None

    @contextmanager
    def told(self, tell: Callable[[], None]) -> Iterator[None]:
        """Within, `tell` is called, from any thread, once new messages are stored."""
        self._tell = tell
        try:
            yield
        finally:
            self._tell = None

    def keep_step(self, connection: sa.Connection, session_id: str, what: Step, now: datetime) -> None:
        """A session has taken a step, in this transaction: keep a message for whoever wants to be told."""
        event = EVENTS.get(what)
        wanted = [endpoint for endpoint in self._endpoints if event in endpoint.events]
        for endpoint in wanted:
            connection.execute(
                sa.insert(table).values(
                    id=f"msg_{secrets.token_hex(16)}",
                    endpoint=endpoint.name,
                    event=event,
                    session_id=session_id,
                    occurred_at=now,
                    attempts=0,
                    next_at=now,
                )
            )
        if wanted:
            self._database.afterwards(self._stored)

    def due(self, endpoint: str, now: datetime) -> Waiting | datetime | None:
        """The message that waits longest, or when the next is due; None where none waits."""
        asked = sa.select(table).where(table.c.endpoint == endpoint, table.c.next_at.is_not(None))
        with self._database.transaction() as connection:
            row = connection.execute(asked.order_by(table.c.next_at, table.c.number).limit(1)).first()
        if row is None:
            return None
        if _aware(row.next_at) > now:
            return _aware(row.next_at)
        return Waiting(row.id, row.event, row.session_id, _aware(row.occurred_at), row.attempts)

    def succeeded(self, message_id: str, now: datetime, status: int) -> None:
        """It was taken."""
        self._update(message_id, delivered_at=now, next_at=None, last_status=status, last_error="")

    def failed(
        self, message_id: str, now: datetime, status: int | None, error: str, again: datetime | None
    ) -> None:
        """It was not taken, for a fixed word of a reason; it is tried `again`, or given up."""
        given_up = None if again else now
        self._update(message_id, next_at=again, last_status=status, last_error=error, given_up_at=given_up)

    def log(self, limit: int) -> tuple[WebhookDelivery, ...]:
        """The newest messages first."""
        with self._database.transaction() as connection:
            rows = connection.execute(sa.select(table).order_by(table.c.number.desc()).limit(limit)).all()
        return tuple(
            WebhookDelivery(
                id=row.id,
                endpoint=row.endpoint,
                event=row.event,
                session_id=row.session_id,
                occurred_at=_aware(row.occurred_at),
                attempts=row.attempts,
                state="delivered" if row.delivered_at else "given_up" if row.given_up_at else "waiting",
                next_at=row.next_at and _aware(row.next_at),
                delivered_at=row.delivered_at and _aware(row.delivered_at),
                last_status=row.last_status,
                last_error=row.last_error,
            )
            for row in rows
        )

    def forget(self, now: datetime) -> None:
        """Clear away what is older than the log reaches."""
        with self._database.transaction() as connection:
            connection.execute(sa.delete(table).where(table.c.occurred_at < now - KEPT))

    def _stored(self) -> None:
        if (tell := self._tell) is not None:
            tell()

    def _update(self, message_id: str, **values: Any) -> None:
        changed = sa.update(table).where(table.c.id == message_id)
        with self._database.transaction() as connection:
            connection.execute(changed.values(attempts=table.c.attempts + 1, **values))


def _aware(moment: datetime) -> datetime:
    # SQLite keeps no zone: what was stored was UTC.
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
