"""Keys with ids, the server's root secret, the moment of signing, process notes, and what must not come back."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("sessions", sa.Column("key_id", sa.String(64)))
    op.add_column("sessions", sa.Column("signed_at", sa.DateTime(timezone=True)))
    op.create_table(
        "secrets",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("key_id", sa.String(64), nullable=False),
        sa.Column("wrapped", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "process_notes",
        sa.Column("session_id", sa.String(32), sa.ForeignKey("sessions.id"), primary_key=True),
        sa.Column("author", sa.String(128), primary_key=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("key_id", sa.String(64), nullable=False),
        sa.Column("data_key", sa.LargeBinary, nullable=False),
        sa.Column("note", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "tombstones",
        sa.Column("session_id", sa.String(32), primary_key=True),
        sa.Column("what", sa.String(20), primary_key=True),
    )
    op.execute(
        "insert into tombstones (session_id, what) select id, 'session' from sessions where state = 'shredded'"
    )
    _date_signatures(op.get_bind())


def _date_signatures(connection: sa.Connection) -> None:
    """When the notes that stand were signed, as the audit has it; now where it does not say, never too early."""
    sessions = sa.table(
        "sessions", sa.column("id"), sa.column("state"), sa.column("signed_at", sa.DateTime(timezone=True))
    )
    signed = sessions.c.state == "signed"
    connection.execute(sa.update(sessions).where(signed).values(signed_at=datetime.now(UTC)))
    events = connection.execute(sa.text("select event from audit where event like '%\"note signed\"%'"))
    for (text,) in events.all():
        event = json.loads(text)
        if event["action"] == "note signed":
            this = signed & (sessions.c.id == event["session"])
            at = datetime.fromisoformat(event["at"])
            connection.execute(sa.update(sessions).where(this).values(signed_at=at))
