"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("template", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("channels", sa.Integer, nullable=False),
        sa.Column("transcribed", sa.BigInteger, nullable=False),
        sa.Column("data_key", sa.LargeBinary),
        sa.Column("details", sa.LargeBinary),
        sa.Column("speakers", sa.LargeBinary),
        sa.Column("checkpoint", sa.LargeBinary),
    )
    op.create_table(
        "utterances",
        sa.Column("session_id", sa.String(32), sa.ForeignKey("sessions.id"), primary_key=True),
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("line", sa.LargeBinary, nullable=False),
    )
    for name, column in (("marks", "mark"), ("notes", "note")):
        op.create_table(
            name,
            sa.Column("session_id", sa.String(32), sa.ForeignKey("sessions.id"), primary_key=True),
            sa.Column("number", sa.Integer, primary_key=True),
            sa.Column(column, sa.LargeBinary, nullable=False),
        )
    op.create_table(
        "receipts",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("session_id", sa.String(32), sa.ForeignKey("sessions.id"), nullable=False, unique=True),
        sa.Column("receipt", sa.Text, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
    )
