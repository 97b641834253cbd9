"""Chains that the database itself refuses to change."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

CHAINS = ("audit", "receipts")


def upgrade() -> None:
    op.create_table(
        "chain_heads",
        sa.Column("chain", sa.String(16), primary_key=True),
        sa.Column("since", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("signature", sa.String(100), nullable=False),
    )
    op.add_column("audit", sa.Column("session_id", sa.String(64), nullable=False, server_default=""))
    postgres = op.get_bind().dialect.name == "postgresql"
    session = "cast(event as json)->>'session'" if postgres else "json_extract(event, '$.session')"
    op.execute(f"update audit set session_id = coalesce({session}, '')")
    op.create_index("audit_by_session", "audit", ["session_id", "number"])
    for statement in _postgres() if postgres else _sqlite():
        op.execute(statement)


def _postgres() -> list[str]:
    told = "'rows of ' || tg_table_name || ' are only ever appended'"
    return [
        "create function scribe_append_only() returns trigger language plpgsql as "
        f"$$ begin raise exception using message = {told}; end $$",
        *(
            f"create trigger {table}_append_only before update or delete or truncate on {table} "
            "for each statement execute function scribe_append_only()"
            for table in CHAINS
        ),
    ]


def _sqlite() -> list[str]:
    statements = []
    for table in CHAINS:
        refuse = f"begin select raise(abort, 'rows of {table} are only ever appended'); end"
        statements += [
            f"create trigger {table}_no_update before update on {table} {refuse}",
            f"create trigger {table}_no_delete before delete on {table} {refuse}",
            # INSERT OR REPLACE deletes without telling the trigger for it.
            f"create trigger {table}_no_replace before insert on {table} "
            f"when exists (select 1 from {table} where number = new.number) {refuse}",
        ]
    return statements
