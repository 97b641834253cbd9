"""Process notes: what a clinician writes for themselves about a session, kept apart from the record.

These are the psychotherapy notes of 45 CFR 164.501: an analysis of a conversation that is separated from the rest
of the record. Each author has one of their own for a session, sealed with a data key of its own, in a table of its
own; no draft, note, export, or anybody else's view reads it. It goes with the session when that is shredded.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from scribe.crypto import KeyWrapper, SessionCipher, new_data_key
from scribe.database import Database
from scribe.errors import NotFound
from scribe.tables import process_notes, sessions


@dataclass(frozen=True, slots=True)
class ProcessNote:
    """What its author wrote, and when last."""

    text: str
    changed_at: datetime


class ProcessNotes:
    """The process notes of all sessions; every method is one transaction and blocks."""

    def __init__(self, database: Database, keys: KeyWrapper) -> None:
        self._database = database
        self._keys = keys

    def read(self, session_id: str, author: str) -> ProcessNote:
        """The author's own; raises NotFound where there is none, whoever else may have one."""
        with self._database.transaction() as connection:
            row = connection.execute(sa.select(process_notes).where(_here(session_id, author))).first()
        if row is None:
            raise _none(session_id)
        place = ("process_notes", session_id, author)
        cipher = SessionCipher(self._keys.unwrap(row.key_id, row.data_key, *place, "data_key"))
        changed_at = row.changed_at if row.changed_at.tzinfo else row.changed_at.replace(tzinfo=UTC)
        return ProcessNote(cipher.open(row.note, *place, "note").decode(), changed_at)

    def write(self, session_id: str, author: str, text: str, now: datetime) -> ProcessNote:
        """Replace the author's own, under a fresh data key; raises NotFound for a session that was shredded."""
        place = ("process_notes", session_id, author)
        cipher, wrapped = new_data_key(self._keys, *place, "data_key")
        values = {
            "changed_at": now,
            "key_id": self._keys.key_id,
            "data_key": wrapped,
            "note": cipher.seal(text.encode(), *place, "note"),
        }
        with self._database.transaction() as connection:
            here = sessions.c.id == session_id
            # Locked where the database locks rows: a session that is being shredded takes no more notes.
            key = connection.execute(sa.select(sessions.c.data_key).where(here).with_for_update()).scalar()
            if key is None:
                raise NotFound(f"There is no session {session_id} that takes a process note.")
            changed = connection.execute(
                sa.update(process_notes).where(_here(session_id, author)).values(**values)
            )
            if changed.rowcount == 0:
                connection.execute(
                    sa.insert(process_notes).values(session_id=session_id, author=author, **values)
                )
        self._database.cut_log()
        return ProcessNote(text, now)

    def destroy(self, session_id: str, author: str) -> None:
        """Destroy the author's own with its key; raises NotFound where there is none."""
        with self._database.transaction() as connection:
            gone = connection.execute(sa.delete(process_notes).where(_here(session_id, author)))
            if gone.rowcount == 0:
                raise _none(session_id)
        self._database.cut_log()


def _here(session_id: str, author: str) -> sa.ColumnElement[bool]:
    return (process_notes.c.session_id == session_id) & (process_notes.c.author == author)


def _none(session_id: str) -> NotFound:
    return NotFound(f"You have no process note of the session {session_id}; PUT writes one.")
