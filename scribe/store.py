"""What outlives a process: sessions, transcript, notes, receipts. Never audio.

Everything clinical, and everything a caller named, is sealed with its session's data key before it gets here
as a column. In clear stand only ids made here, states, times, counts and hashes. Every method is one
transaction and blocks; callers in asyncio run it in a thread. SQLite (WAL, synchronous FULL) by default,
PostgreSQL by URL.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from pydantic import TypeAdapter

from scribe.chains import last_link
from scribe.crypto import KeyEncryptionKey, SessionCipher
from scribe.database import Database
from scribe.errors import NotConsented, NotFound, WrongState
from scribe.marking import FactMark
from scribe.note import Note
from scribe.session import (
    UNFINISHED,
    Consent,
    NewSession,
    Participant,
    SessionContext,
    SpeakerAssignment,
    State,
    Step,
    Strict,
    step,
)
from scribe.tables import marks, notes, receipts, sessions, utterances
from scribe.wire import Receipt, TranscriptLine, TranscriptMark


class Details(Strict):
    """The part of a session that names people or says why they meet; sealed."""

    participants: tuple[Participant, ...]
    consents: tuple[Consent, ...]
    context: SessionContext


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A session as it is kept; `position` and `transcribed` are samples at 16 kHz, `channels` 0 before audio."""

    id: str
    state: State
    template: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    position: int
    channels: int
    transcribed: int
    details: Details
    speakers: dict[str, SpeakerAssignment]
    checkpoint: bytes | None


@dataclass(frozen=True, slots=True)
class SessionRow:
    """What of a session stands in clear."""

    id: str
    state: State
    template: str
    created_at: datetime
    position: int


_NOTE: TypeAdapter[Note] = TypeAdapter(Note)
_SPEAKERS: TypeAdapter[dict[str, SpeakerAssignment]] = TypeAdapter(dict[str, SpeakerAssignment])
_FACT_MARKS: TypeAdapter[dict[str, FactMark]] = TypeAdapter(dict[str, FactMark])


class Store:
    """Sessions and all that hangs on them."""

    def __init__(self, database: Database, key: KeyEncryptionKey) -> None:
        self._key = key
        self._database = database
        self._transaction = database.transaction

    # --- life ----------------------------------------------------------------------------------------

    def migrate(self) -> None:
        """Bring the schema up to date; raises StoreFailed where the database cannot be written."""
        config = Config()
        config.set_main_option("script_location", "scribe:migrations")
        with self._transaction() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")

    def recover(self) -> int:
        """Sessions whose server died while they were captured become interrupted; returns how many."""
        with self._transaction() as connection:
            rows = connection.execute(
                sa.select(sessions.c.id, sessions.c.state).where(
                    sessions.c.state.in_([State.RECORDING.value, State.PAUSED.value])
                )
            ).all()
            for row in rows:
                state = step(State(row.state), Step.CUT)
                connection.execute(
                    sa.update(sessions).where(sessions.c.id == row.id).values(state=state.value)
                )
            return len(rows)

    # --- sessions ------------------------------------------------------------------------------------

    def create_session(
        self, session_id: str, new: NewSession, now: datetime, what: Step | None = None
    ) -> None:
        """A new session in AWAITING_CONSENT, or one step on, with a data key of its own."""
        state = State.AWAITING_CONSENT if what is None else step(State.AWAITING_CONSENT, what)
        cipher, wrapped = self._key.new_data_key(session_id)
        details = Details(participants=new.participants, consents=new.consents, context=new.context)
        with self._transaction() as connection:
            connection.execute(
                sa.insert(sessions).values(
                    id=session_id,
                    state=state.value,
                    template=new.template,
                    created_at=now,
                    position=0,
                    channels=0,
                    transcribed=0,
                    data_key=wrapped,
                    details=_seal(cipher, details, session_id, "details"),
                )
            )

    def session(self, session_id: str) -> StoredSession:
        """The session; raises NotFound, also for one that was shredded."""
        with self._transaction() as connection:
            return self._read(connection, session_id)[0]

    def list_sessions(self) -> tuple[SessionRow, ...]:
        """All sessions, the newest first; shredded ones are listed as such."""
        columns = (
            sessions.c.id,
            sessions.c.state,
            sessions.c.template,
            sessions.c.created_at,
            sessions.c.position,
        )
        with self._transaction() as connection:
            rows = connection.execute(sa.select(*columns).order_by(sessions.c.created_at.desc())).all()
        return tuple(
            SessionRow(r.id, State(r.state), r.template, _aware(r.created_at), r.position) for r in rows
        )

    def advance(self, session_id: str, what: Step, now: datetime) -> State:
        """Take one step of the life table; raises WrongState where it is not possible."""
        with self._transaction() as connection:
            return self._advance(connection, session_id, what, now)

    def change_consents(
        self,
        session_id: str,
        change: Callable[[Details], tuple[Consent, ...]],
        what: Step | Callable[[StoredSession], Step | None] | None,
        now: datetime,
    ) -> StoredSession:
        """Replace the consents by what `change` makes of the details, and take a step with it.

        `what` may be a function of the session with its new consents; if it raises, nothing has changed.
        """
        with self._transaction() as connection:
            stored, cipher = self._read(connection, session_id)
            details = stored.details.model_copy(update={"consents": change(stored.details)})
            if callable(what):
                what = what(replace(stored, details=details))
            self._update(connection, session_id, details=_seal(cipher, details, session_id, "details"))
            if what is not None:
                self._advance(connection, session_id, what, now)
            return self._read(connection, session_id)[0]

    def set_template(self, session_id: str, template: str) -> None:
        """The template that the session's note is drafted with from now on."""
        with self._transaction() as connection:
            self._read(connection, session_id)
            self._update(connection, session_id, template=template)

    def shred(self, session_id: str, now: datetime) -> None:
        """Destroy the data key and every sealed value of a session; its receipt and audit rows stay."""
        with self._transaction() as connection:
            state = connection.execute(
                sa.select(sessions.c.state).where(sessions.c.id == session_id)
            ).scalar()
            if state is None:
                raise _no_session(session_id)
            self._advance(connection, session_id, Step.SHREDDED, now)
            for table in (utterances, marks, notes):
                connection.execute(sa.delete(table).where(table.c.session_id == session_id))
            sealed = ("data_key", "details", "speakers", "checkpoint", "fact_marks")
            self._update(connection, session_id, **dict.fromkeys(sealed))
        self._database.cut_log()

    # --- transcript ----------------------------------------------------------------------------------

    def commit_words(
        self,
        session_id: str,
        lines: Sequence[TranscriptLine],
        new_marks: Sequence[TranscriptMark] = (),
        *,
        checkpoint: tuple[int, bytes] | None = None,
        channels: int | None = None,
        transcribed: int = 0,
        speakers: dict[str, SpeakerAssignment] | None = None,
        what: Step | None = None,
        now: datetime | None = None,
    ) -> None:
        """Words, marks, the point to go on from and a step of the life table, in one transaction.

        After it the audio may go. A line of an id that is there replaces it. `transcribed` samples are added to
        the session's count. `now` is needed for a step.
        """
        with self._transaction() as connection:
            stored, cipher = self._read(connection, session_id)
            if stored.state is State.REVOKED:
                raise NotConsented("Consent to this session was revoked; no more words are stored.")
            if checkpoint is not None and stored.state not in UNFINISHED:
                raise WrongState(f"A session that is {stored.state.value} takes no more words.")
            for line in lines:
                _upsert(
                    connection,
                    utterances,
                    session_id,
                    "id",
                    line.id,
                    line=self._line(cipher, session_id, line),
                )
            self._add_marks(connection, cipher, session_id, new_marks)
            values: dict[str, Any] = {"transcribed": stored.transcribed + transcribed}
            if checkpoint is not None:
                position, state = checkpoint
                values |= {
                    "position": position,
                    "checkpoint": cipher.seal(state, "sessions", session_id, "checkpoint"),
                }
            if channels is not None:
                values["channels"] = channels
            if speakers is not None:
                values["speakers"] = cipher.seal(
                    _SPEAKERS.dump_json(speakers), "sessions", session_id, "speakers"
                )
            self._update(connection, session_id, **values)
            if what is not None and now is not None:
                self._advance(connection, session_id, what, now)

    def end_capture(
        self, session_id: str, now: datetime, make: Callable[[StoredSession, str], Receipt]
    ) -> Receipt:
        """The session is over: every voiceprint is destroyed and the receipt written, in one transaction.

        `make` gets the session and the hash of the receipt before it.
        """
        with self._transaction() as connection:
            stored, _ = self._read(connection, session_id)
            self._advance(connection, session_id, Step.STOPPED, now)
            self._update(connection, session_id, checkpoint=None)
            number, last = last_link(connection, receipts)
            receipt = make(stored, last)
            connection.execute(
                sa.insert(receipts).values(
                    number=number + 1,
                    session_id=session_id,
                    receipt=receipt.model_dump_json(),
                    sha256=receipt.sha256,
                )
            )
            return receipt

    def forget_transcript(self, session_id: str) -> None:
        """Destroy the words of a session and keep its note: what was signed is part of the record."""
        with self._transaction() as connection:
            self._read(connection, session_id)
            for table in (utterances, marks):
                connection.execute(sa.delete(table).where(table.c.session_id == session_id))
            # A mark quotes the words of its fact.
            self._update(connection, session_id, fact_marks=None)
        self._database.cut_log()

    def transcript(self, session_id: str) -> tuple[TranscriptLine, ...]:
        """All final utterances by time."""
        with self._transaction() as connection:
            _, cipher = self._read(connection, session_id)
            rows = connection.execute(
                sa.select(utterances.c.id, utterances.c.line).where(utterances.c.session_id == session_id)
            ).all()
        lines = (
            TranscriptLine.model_validate_json(
                cipher.open(row.line, "utterances", session_id, row.id, "line")
            )
            for row in rows
        )
        return tuple(sorted(lines, key=lambda line: (line.start, line.end, line.id)))

    def marks(self, session_id: str) -> tuple[TranscriptMark, ...]:
        """Pauses, marks and gaps in the order they came."""
        with self._transaction() as connection:
            _, cipher = self._read(connection, session_id)
            return self._marks(connection, cipher, session_id)

    # --- facts ---------------------------------------------------------------------------------------

    def fact_marks(self, session_id: str) -> dict[str, FactMark]:
        """What the clinician pinned and discarded, by fact id; the facts themselves follow from the transcript."""
        with self._transaction() as connection:
            _, cipher = self._read(connection, session_id)
            return self._fact_marks(connection, cipher, session_id)

    def change_fact_marks(
        self,
        session_id: str,
        change: Callable[[StoredSession, Mapping[str, FactMark]], Mapping[str, FactMark]],
    ) -> dict[str, FactMark]:
        """Replace the marks by what `change` makes of the session and of those that stand."""
        with self._transaction() as connection:
            stored, cipher = self._read(connection, session_id)
            marks = dict(change(stored, self._fact_marks(connection, cipher, session_id)))
            sealed = cipher.seal(_FACT_MARKS.dump_json(marks), "sessions", session_id, "fact_marks")
            self._update(connection, session_id, fact_marks=sealed)
            return marks

    # --- notes ---------------------------------------------------------------------------------------

    def note(self, session_id: str) -> Note:
        """The note as it stands; raises NotFound where none was drafted."""
        with self._transaction() as connection:
            _, cipher = self._read(connection, session_id)
            return self._note(connection, cipher, session_id)

    def save_note(
        self, session_id: str, change: Callable[[Note | None], Note], what: Step | None, now: datetime
    ) -> Note:
        """Replace the note by what `change` makes of it, take a step, and keep what stood there before."""
        with self._transaction() as connection:
            stored, cipher = self._read(connection, session_id)
            if what is None and stored.state not in (State.IN_REVIEW, State.SIGNED):
                raise WrongState(f"The note of a session that is {stored.state.value} cannot be changed.")
            try:
                before: Note | None = self._note(connection, cipher, session_id)
            except NotFound:
                before = None
            note = change(before)
            if note == before:
                return note
            number = connection.execute(
                sa.select(sa.func.coalesce(sa.func.max(notes.c.number), 0)).where(
                    notes.c.session_id == session_id
                )
            ).scalar_one()
            sealed = _seal(cipher, note, session_id, "note", str(number + 1))
            connection.execute(sa.insert(notes).values(session_id=session_id, number=number + 1, note=sealed))
            if what is not None:
                self._advance(connection, session_id, what, now)
            return note

    # --- receipts ------------------------------------------------------------------------------------

    def receipt(self, session_id: str) -> Receipt:
        """The discard receipt of a session; raises NotFound before its end."""
        with self._transaction() as connection:
            row = connection.execute(
                sa.select(receipts.c.receipt).where(receipts.c.session_id == session_id)
            ).first()
        if row is None:
            raise NotFound(f"The session {session_id} has no receipt; it is written when the session ends.")
        return Receipt.model_validate_json(row.receipt)

    # --- inside --------------------------------------------------------------------------------------

    def _read(self, connection: sa.Connection, session_id: str) -> tuple[StoredSession, SessionCipher]:
        row = connection.execute(sa.select(sessions).where(sessions.c.id == session_id)).first()
        if row is None:
            raise _no_session(session_id)
        if row.data_key is None:
            raise NotFound(f"The session {session_id} was shredded; only its receipt and audit trail remain.")
        cipher = self._key.unwrap(row.data_key, session_id)
        speakers = cipher.open(row.speakers, "sessions", session_id, "speakers") if row.speakers else b"{}"
        stored = StoredSession(
            id=row.id,
            state=State(row.state),
            template=row.template,
            created_at=_aware(row.created_at),
            started_at=row.started_at and _aware(row.started_at),
            ended_at=row.ended_at and _aware(row.ended_at),
            position=row.position,
            channels=row.channels,
            transcribed=row.transcribed,
            details=Details.model_validate_json(cipher.open(row.details, "sessions", session_id, "details")),
            speakers=_SPEAKERS.validate_json(speakers),
            checkpoint=row.checkpoint and cipher.open(row.checkpoint, "sessions", session_id, "checkpoint"),
        )
        return stored, cipher

    def _advance(self, connection: sa.Connection, session_id: str, what: Step, now: datetime) -> State:
        row = connection.execute(
            sa.select(sessions.c.state, sessions.c.started_at).where(sessions.c.id == session_id)
        ).first()
        if row is None:
            raise _no_session(session_id)
        state = step(State(row.state), what)
        values: dict[str, Any] = {"state": state.value}
        if what is Step.OPENED and row.started_at is None:
            values["started_at"] = now
        if state in (State.ENDED, State.REVOKED):
            values["ended_at"] = now
        self._update(connection, session_id, **values)
        return state

    def _update(self, connection: sa.Connection, session_id: str, **values: Any) -> None:
        connection.execute(sa.update(sessions).where(sessions.c.id == session_id).values(**values))

    def _fact_marks(
        self, connection: sa.Connection, cipher: SessionCipher, session_id: str
    ) -> dict[str, FactMark]:
        sealed = connection.execute(
            sa.select(sessions.c.fact_marks).where(sessions.c.id == session_id)
        ).scalar()
        if sealed is None:
            return {}
        return _FACT_MARKS.validate_json(cipher.open(sealed, "sessions", session_id, "fact_marks"))

    def _note(self, connection: sa.Connection, cipher: SessionCipher, session_id: str) -> Note:
        row = connection.execute(
            sa.select(notes.c.number, notes.c.note)
            .where(notes.c.session_id == session_id)
            .order_by(notes.c.number.desc())
            .limit(1)
        ).first()
        if row is None:
            raise NotFound(f"The session {session_id} has no note yet; draft one with POST …/note.")
        return _NOTE.validate_json(cipher.open(row.note, "sessions", session_id, "note", str(row.number)))

    def _marks(
        self, connection: sa.Connection, cipher: SessionCipher, session_id: str
    ) -> tuple[TranscriptMark, ...]:
        rows = connection.execute(
            sa.select(marks.c.number, marks.c.mark)
            .where(marks.c.session_id == session_id)
            .order_by(marks.c.number)
        ).all()
        return tuple(
            TranscriptMark.model_validate_json(
                cipher.open(row.mark, "sessions", session_id, "mark", str(row.number))
            )
            for row in rows
        )

    def _add_marks(
        self, connection: sa.Connection, cipher: SessionCipher, session_id: str, new: Sequence[TranscriptMark]
    ) -> None:
        if not new:
            return
        kept = list(self._marks(connection, cipher, session_id))
        for mark in new:
            if mark.kind == "mark" and mark in kept:
                continue  # a client that reconnects may say it again
            kept.append(mark)
            sealed = _seal(cipher, mark, session_id, "mark", str(len(kept)))
            connection.execute(sa.insert(marks).values(session_id=session_id, number=len(kept), mark=sealed))

    def _line(self, cipher: SessionCipher, session_id: str, line: TranscriptLine) -> bytes:
        return cipher.seal(line.model_dump_json().encode(), "utterances", session_id, line.id, "line")


def _seal(cipher: SessionCipher, value: Strict, session_id: str, *column: str) -> bytes:
    return cipher.seal(value.model_dump_json().encode(), "sessions", session_id, *column)


def _upsert(
    connection: sa.Connection, table: sa.Table, session_id: str, key: str, value: str, **values: Any
) -> None:
    here = (table.c.session_id == session_id) & (table.c[key] == value)
    if connection.execute(sa.update(table).where(here).values(**values)).rowcount == 0:
        connection.execute(sa.insert(table).values(session_id=session_id, **{key: value}, **values))


def _no_session(session_id: str) -> NotFound:
    return NotFound(f"There is no session {session_id}; list them with GET /v1/sessions.")


def _aware(moment: datetime) -> datetime:
    # SQLite keeps no zone: what was stored was UTC.
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
