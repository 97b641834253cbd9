"""Webhook messages that wait and that went."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "webhook_deliveries",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("id", sa.String(40), nullable=False, unique=True),
        sa.Column("endpoint", sa.String(64), nullable=False),
        sa.Column("event", sa.String(32), nullable=False),
        sa.Column("session_id", sa.String(32), nullable=False),
        sa.Column("occurred_at", moment, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", moment),
        sa.Column("delivered_at", moment),
        sa.Column("given_up_at", moment),
        sa.Column("last_status", sa.Integer),
        sa.Column("last_error", sa.String(16), nullable=False, server_default=""),
    )
    op.create_index("webhook_deliveries_due", "webhook_deliveries", ["endpoint", "next_at"])
