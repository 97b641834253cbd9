"""The tables of the store, as the migrations leave them.

In clear stand only ids made here, states, times, counts and hashes; every `LargeBinary` is a sealed value (see
`crypto`). A test holds this file against the migrations.
"""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()
_now_utc = sa.DateTime(timezone=True)

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("template", sa.String(64), nullable=False),
    sa.Column("created_at", _now_utc, nullable=False),
    sa.Column("started_at", _now_utc),
    sa.Column("ended_at", _now_utc),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("channels", sa.Integer, nullable=False),
    sa.Column("transcribed", sa.BigInteger, nullable=False),
    sa.Column("data_key", sa.LargeBinary),
    sa.Column("details", sa.LargeBinary),
    sa.Column("speakers", sa.LargeBinary),
    sa.Column("checkpoint", sa.LargeBinary),
    sa.Column("fact_marks", sa.LargeBinary),
)
utterances = sa.Table(
    "utterances",
    metadata,
    sa.Column("session_id", sa.ForeignKey("sessions.id"), primary_key=True),
    sa.Column("id", sa.String(40), primary_key=True),
    sa.Column("line", sa.LargeBinary, nullable=False),
)
marks = sa.Table(
    "marks",
    metadata,
    sa.Column("session_id", sa.ForeignKey("sessions.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("mark", sa.LargeBinary, nullable=False),
)
notes = sa.Table(
    "notes",
    metadata,
    sa.Column("session_id", sa.ForeignKey("sessions.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("note", sa.LargeBinary, nullable=False),
)
consent_statements = sa.Table(
    "consent_statements",
    metadata,
    sa.Column("version", sa.String(64), primary_key=True),
    sa.Column("language", sa.String(3), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("created_at", _now_utc, nullable=False),
)
"""In clear: a statement is what an organisation says to everybody."""
receipts = sa.Table(
    "receipts",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("session_id", sa.ForeignKey("sessions.id"), nullable=False, unique=True),
    sa.Column("receipt", sa.Text, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
)
audit = sa.Table(
    "audit",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("event", sa.Text, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
)
