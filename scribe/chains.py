"""Rows that are only ever appended, each bound to the one before it by its hash: receipts and the audit.

The last link of a chain is signed and kept apart, in `chain_heads`, in the transaction that appends it: whoever can
write the database but has not the key can neither rewrite a chain nor cut its end off without it being seen.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from scribe.crypto import SigningKey
from scribe.proof import BROKEN, GENESIS, Head
from scribe.tables import audit, chain_heads, receipts

log = logging.getLogger("scribe.chains")

LOCKS = {"audit": 0x5343_5249_0001, "receipts": 0x5343_5249_0002}
"""PostgreSQL's advisory locks, one a chain. In one transaction the chains are locked in the order receipts, audit."""


class Chain:
    """One chain of a database; stateless. Every call is made within a transaction of the caller's."""

    def __init__(self, table: sa.Table, key: SigningKey) -> None:
        self._table = table
        self._name = table.name
        self._key = key

    def append(self, connection: sa.Connection, link: Callable[[str], dict[str, Any]]) -> None:
        """Append what `link` makes of the hash before it: the row's columns, `sha256` among them.

        Where the chain is not as its signed head says, the new link points to BROKEN, and the break stays to be seen.
        """
        lock_chain(connection, self._name)
        number, previous = last_link(connection, self._table)
        head = read_head(connection, self._name)
        since = head.since if head is not None else number + 1
        if head is not None and not self._holds(head, number, previous):
            log.error(
                "the %s chain was changed by somebody else; `scribe audit verify` says where", self._name
            )
            previous = BROKEN
        row = {"number": number + 1, **link(previous)}
        connection.execute(sa.insert(self._table).values(row))
        self._sign(connection, Head(since=since, number=number + 1, sha256=row["sha256"]), new=head is None)

    def _holds(self, head: Head, number: int, digest: str) -> bool:
        """Whether the head is ours and is of that link."""
        return (head.number, head.sha256) == (number, digest) and self._key.public.signed(
            head.text(self._name), head.signature
        )

    def _sign(self, connection: sa.Connection, head: Head, *, new: bool) -> None:
        values = head.model_dump() | {"signature": self._key.sign(head.text(self._name))}
        if new:
            connection.execute(sa.insert(chain_heads).values(chain=self._name, **values))
        else:
            connection.execute(
                sa.update(chain_heads).where(chain_heads.c.chain == self._name).values(**values)
            )


def audit_chain(key: SigningKey) -> Chain:
    """The chain of the audit's events."""
    return Chain(audit, key)


def receipt_chain(key: SigningKey) -> Chain:
    """The chain of the discard receipts."""
    return Chain(receipts, key)


def lock_chain(connection: sa.Connection, name: str) -> None:
    """Wait until nobody else appends to that chain; until the transaction ends.

    SQLite's transactions are immediate: they have waited already.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCKS[name])))


def last_link(connection: sa.Connection, table: sa.Table) -> tuple[int, str]:
    """The number and the hash of the last row; 0 and GENESIS where there is none."""
    row = connection.execute(
        sa.select(table.c.number, table.c.sha256).order_by(table.c.number.desc()).limit(1)
    ).first()
    return (row.number, row.sha256) if row else (0, GENESIS)


def read_head(connection: sa.Connection, name: str) -> Head | None:
    """The signed head as it stands, whoever signed it; None where nothing was signed yet."""
    row = connection.execute(
        sa.select(
            chain_heads.c.since, chain_heads.c.number, chain_heads.c.sha256, chain_heads.c.signature
        ).where(chain_heads.c.chain == name)
    ).first()
    return Head.model_validate(dict(row._mapping)) if row else None


def canonical_json(values: dict[str, Any]) -> str:
    """JSON with sorted keys and no spaces, as it is hashed."""
    return json.dumps(values, sort_keys=True, separators=(",", ":"))
