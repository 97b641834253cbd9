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
    sa.Column("key_id", sa.String(64)),
    sa.Column("signed_at", _now_utc),
    sa.Column("owner", sa.String(32), nullable=False, server_default="local"),
    sa.Column("made_by", sa.String(32), nullable=False, server_default="local"),
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
    sa.Column("session_id", sa.String(64), nullable=False, server_default=""),
    sa.Index("audit_by_session", "session_id", "number"),
)
chain_heads = sa.Table(
    "chain_heads",
    metadata,
    sa.Column("chain", sa.String(16), primary_key=True),
    sa.Column("since", sa.Integer, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False),
    sa.Column("signature", sa.String(100), nullable=False),
)
secrets = sa.Table(
    "secrets",
    metadata,
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("key_id", sa.String(64), nullable=False),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
)
process_notes = sa.Table(
    "process_notes",
    metadata,
    sa.Column("session_id", sa.ForeignKey("sessions.id"), primary_key=True),
    sa.Column("author", sa.String(128), primary_key=True),
    sa.Column("changed_at", _now_utc, nullable=False),
    sa.Column("key_id", sa.String(64), nullable=False),
    sa.Column("data_key", sa.LargeBinary, nullable=False),
    sa.Column("note", sa.LargeBinary, nullable=False),
)
tombstones = sa.Table(
    "tombstones",
    metadata,
    sa.Column("session_id", sa.String(32), primary_key=True),
    sa.Column("what", sa.String(20), primary_key=True),
)
accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("kind", sa.String(10), nullable=False),
    sa.Column("subject_hash", sa.String(64), unique=True),
    sa.Column("label", sa.LargeBinary),
    sa.Column("roles", sa.String(80), nullable=False),
    sa.Column("created_at", _now_utc, nullable=False),
    sa.Column("disabled_at", _now_utc),
)
api_keys = sa.Table(
    "api_keys",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("account_id", sa.ForeignKey("accounts.id"), nullable=False),
    sa.Column("secret_sha256", sa.String(64), nullable=False),
    sa.Column("scopes", sa.String(80), nullable=False),
    sa.Column("created_at", _now_utc, nullable=False),
    sa.Column("expires_at", _now_utc, nullable=False),
    sa.Column("revoked_at", _now_utc),
    sa.Column("last_used_at", _now_utc),
)
supervision = sa.Table(
    "supervision",
    metadata,
    sa.Column("supervisor_id", sa.ForeignKey("accounts.id"), primary_key=True),
    sa.Column("clinician_id", sa.ForeignKey("accounts.id"), primary_key=True),
)
webhook_deliveries = sa.Table(
    "webhook_deliveries",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("id", sa.String(40), nullable=False, unique=True),
    sa.Column("endpoint", sa.String(64), nullable=False),
    sa.Column("event", sa.String(32), nullable=False),
    sa.Column("session_id", sa.String(32), nullable=False),
    sa.Column("occurred_at", _now_utc, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_at", _now_utc),
    sa.Column("delivered_at", _now_utc),
    sa.Column("given_up_at", _now_utc),
    sa.Column("last_status", sa.Integer),
    sa.Column("last_error", sa.String(16), nullable=False, server_default=""),
    sa.Index("webhook_deliveries_due", "endpoint", "next_at"),
)
sign_ins = sa.Table(
    "sign_ins",
    metadata,
    sa.Column("secret_sha256", sa.String(64), primary_key=True),
    sa.Column("account_id", sa.String(32), nullable=False),
    sa.Column("began_at", _now_utc, nullable=False),
    sa.Column("seen_at", _now_utc, nullable=False),
    sa.Column("confirmed_at", _now_utc),
)
