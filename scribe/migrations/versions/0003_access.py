"""Who may call: accounts, API keys, supervision, and whose a session is."""

from __future__ import annotations

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    pass
