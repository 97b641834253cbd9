"""The wording that people agree to, by version: kept once, never changed, so that a consent can be read back.

A platform may keep its wording itself and name only the version; then the consent has no hash, and that is told.
In clear in the store: a statement is what an organisation says to everybody. Blocks on the store.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa

from scribe.database import Database
from scribe.errors import BadRequest, NotFound, WrongState
from scribe.session import Consent
from scribe.tables import consent_statements
from scribe.wire import StatementText, StatementView

SHIPPED_VERSION = "1"
SHIPPED = StatementText(
    language="en",
    text="I agree that this session is recorded, transcribed on this computer and drafted into a note by software; "
    "the recording is discarded, and my clinician reviews and signs the note.",
)
"""What the command line asks for."""


class Statements:
    """All versions; shared by all calls."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep_shipped(self, now: datetime) -> None:
        """Keep the statement that ships, unless an organisation has made that version its own."""
        with self._database.transaction() as connection:
            if _read(connection, SHIPPED_VERSION) is None:
                _keep(connection, SHIPPED_VERSION, SHIPPED, now)

    def keep(self, version: str, statement: StatementText, now: datetime) -> StatementView:
        """Keep a version; the same again changes nothing. Raises WrongState where it has other words."""
        with self._database.transaction() as connection:
            kept = _read(connection, version)
            if kept is None:
                return _keep(connection, version, statement, now)
        if (kept.text, kept.language) != (statement.text, statement.language):
            raise WrongState(
                f"The statement {version} is kept with other words, and versions never change; "
                "put the new words under another version."
            )
        return kept

    def statement(self, version: str) -> StatementView:
        """One version; raises NotFound."""
        with self._database.transaction() as connection:
            kept = _read(connection, version)
        if kept is None:
            raise NotFound(
                f"No consent statement {version} is kept here; put its words with PUT /v1/consent-statements/{version}."
            )
        return kept

    def all(self) -> tuple[StatementView, ...]:
        """Every version, the oldest first."""
        table = consent_statements
        with self._database.transaction() as connection:
            rows = connection.execute(sa.select(table).order_by(table.c.created_at, table.c.version)).all()
        return tuple(_view(row) for row in rows)

    def named(self, consents: Sequence[Consent], *, only_known: bool) -> tuple[Consent, ...]:
        """The consents with the hash of the words they name, where those are kept here.

        Raises BadRequest for a version that is not, where `only_known`.
        """
        hashes = {kept.version: kept.sha256 for kept in self.all()}
        unknown = next((c for c in consents if c.statement_version not in hashes), None)
        if only_known and unknown is not None:
            raise BadRequest(
                "A consent names a statement_version that this server does not keep; put its words with "
                "PUT /v1/consent-statements/{version} first."
            )
        return tuple(
            consent.model_copy(update={"statement_sha256": hashes.get(consent.statement_version, "")})
            for consent in consents
        )


def _read(connection: sa.Connection, version: str) -> StatementView | None:
    table = consent_statements
    row = connection.execute(sa.select(table).where(table.c.version == version)).first()
    return None if row is None else _view(row)


def _keep(connection: sa.Connection, version: str, statement: StatementText, now: datetime) -> StatementView:
    digest = hashlib.sha256(statement.text.encode()).hexdigest()
    values = {**statement.model_dump(), "version": version, "sha256": digest, "created_at": now}
    connection.execute(sa.insert(consent_statements).values(**values))
    return StatementView.model_validate(values)


def _view(row: sa.Row[tuple[str, str, str, str, datetime]]) -> StatementView:
    # SQLite keeps no zone: what was stored was UTC.
    at = row.created_at if row.created_at.tzinfo else row.created_at.replace(tzinfo=UTC)
    return StatementView(
        version=row.version, language=row.language, text=row.text, sha256=row.sha256, created_at=at
    )
