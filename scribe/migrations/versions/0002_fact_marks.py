"""What the clinician pinned and discarded, beside the session."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("sessions", sa.Column("fact_marks", sa.LargeBinary))
