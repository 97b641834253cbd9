"""Who did what to which session, when: append-only, chained by hash, signed, never a clinical word.

Goes in: actor, action, session id and figures. Comes out: a chain that anyone with the rows can verify. An
audit row that cannot be written fails the call it belongs to: no log, no answer.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from scribe.chains import audit_chain, canonical_json, last_link, lock_chain, read_head
from scribe.crypto import SigningKey
from scribe.database import Database
from scribe.proof import EventLine, Header, ReceiptLine, chained
from scribe.tables import audit, receipts
from scribe.wire import AuditEvent, Receipt

log = logging.getLogger("scribe.audit")

PAGE = 1000
"""Rows that are read in one transaction: no reader keeps a writer waiting for long."""

NAMED = re.compile(r"[A-Za-z0-9_.:@|/-]{1,128}")
"""An id, a kind, a version or a hash. It has no blanks, so no sentence is one."""
ACTION = re.compile(r"[a-z][a-z0-9 -]{0,63}")

_seen: ContextVar[list[str] | None] = ContextVar("scribe_audit_seen", default=None)


class Audit:
    """Writes the chain and reads it; shared by all calls."""

    def __init__(self, database: Database, clock: Callable[[], datetime], key: SigningKey) -> None:
        self._database = database
        self._clock = clock
        self._key = key
        self._chain = audit_chain(key)

    def record(self, actor: str, action: str, session_id: str = "", **figures: str | int | float) -> None:
        """Append one event; blocks on the store. `figures` are counts, versions, ids and kinds only.

        A figure that may be words is left out, and its name is logged. Raises ValueError for an actor, action or
        session id that is none: there is no call without them.
        """
        if not (
            NAMED.fullmatch(actor) and ACTION.fullmatch(action) and re.fullmatch(NAMED, session_id or "-")
        ):
            raise ValueError("an event needs the id of an actor, an action in small letters and a session id")
        for name in [name for name, value in figures.items() if not _is_figure(value)]:
            log.error("the figure %s of %r is no count and no id; it was left out of the audit", name, action)
            del figures[name]
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
            self._chain.append(
                connection,
                lambda previous: {
                    "event": event,
                    "session_id": session_id,
                    "sha256": chained(previous, event),
                },
            )
        seen = _seen.get()
        if seen is not None:
            seen.append(action)

    def events(
        self, *, after: int | None = None, limit: int = PAGE, session_id: str | None = None
    ) -> tuple[AuditEvent, ...]:
        """Up to `limit` events, the oldest first: those after number `after`, or else the last there are."""
        asked = sa.select(audit.c.number, audit.c.event, audit.c.sha256).limit(limit)
        if session_id is not None:
            asked = asked.where(audit.c.session_id == session_id)
        if after is None:
            asked = asked.order_by(audit.c.number.desc())
        else:
            asked = asked.where(audit.c.number > after).order_by(audit.c.number)
        with self._database.transaction() as connection:
            rows = connection.execute(asked).all()
        return tuple(
            AuditEvent.model_validate({**json.loads(row.event), "number": row.number, "sha256": row.sha256})
            for row in (rows if after is not None else reversed(rows))
        )

    def rows(self) -> tuple[tuple[str, str], ...]:
        """All events as (text, hash), the oldest first."""
        with self._database.transaction() as connection:
            rows = connection.execute(sa.select(audit.c.event, audit.c.sha256).order_by(audit.c.number)).all()
        return tuple((row.event, row.sha256) for row in rows)

    def export(self) -> Iterator[dict[str, Any]]:
        """The lines of an export as plain JSON values (see `proof`), as the chains stand when it begins."""
        with self._database.transaction() as connection:
            for chain in ("receipts", "audit"):
                lock_chain(connection, chain)
            heads = {chain: read_head(connection, chain) for chain in ("receipts", "audit")}
            last_receipt, last_event = last_link(connection, receipts)[0], last_link(connection, audit)[0]
            counts = [
                connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
                for table in (receipts, audit)
            ]
        yield Header(
            public_key=self._key.public.text,
            receipts=counts[0],
            events=counts[1],
            heads={chain: head for chain, head in heads.items() if head is not None},
        ).model_dump(mode="json")
        for row in self._pages(receipts, last_receipt):
            receipt = Receipt.model_validate_json(row.receipt)
            yield ReceiptLine(number=row.number, receipt=receipt).model_dump(mode="json")
        for row in self._pages(audit, last_event):
            yield EventLine(number=row.number, event=row.event, sha256=row.sha256).model_dump(mode="json")

    def _pages(self, table: sa.Table, last: int) -> Iterator[sa.Row[Any]]:
        after = -1
        while True:
            asked = (
                sa.select(table)
                .where(table.c.number > after, table.c.number <= last)
                .order_by(table.c.number)
                .limit(PAGE)
            )
            with self._database.transaction() as connection:
                rows = connection.execute(asked).all()
            if not rows:
                return
            yield from rows
            after = rows[-1].number


@contextmanager
def seen() -> Iterator[list[str]]:
    """The actions that are recorded within, by this task and the threads it waits for."""
    actions: list[str] = []
    token = _seen.set(actions)
    try:
        yield actions
    finally:
        _seen.reset(token)


def _is_figure(value: object) -> bool:
    return NAMED.fullmatch(value) is not None if isinstance(value, str) else isinstance(value, int | float)
