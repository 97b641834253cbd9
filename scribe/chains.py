"""Rows that are only ever appended, each bound to the one before it by its hash: receipts and the audit."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa

GENESIS = "0" * 64
"""What the first link of a hash chain points to."""


def last_link(connection: sa.Connection, table: sa.Table) -> tuple[int, str]:
    """The number and the hash of the last row; 0 and GENESIS where there is none."""
    row = connection.execute(
        sa.select(table.c.number, table.c.sha256).order_by(table.c.number.desc()).limit(1)
    ).first()
    return (row.number, row.sha256) if row else (0, GENESIS)


def canonical_json(values: dict[str, Any]) -> str:
    """JSON with sorted keys and no spaces, as it is hashed."""
    return json.dumps(values, sort_keys=True, separators=(",", ":"))
