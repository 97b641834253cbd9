"""What outlives a process: sessions, transcript, notes, receipts. Never audio.

Everything clinical, and everything a caller named, is sealed with its session's data key before it gets here
as a column. In clear stand only ids made here, states, times, counts and hashes. Every method is one
transaction and blocks; callers in asyncio run it in a thread. SQLite (WAL, synchronous FULL) by default,
PostgreSQL by URL.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter

from scribe.access import LOCAL, Whose
from scribe.chains import read_head, receipt_chain
from scribe.crypto import KeyWrapper, SessionCipher, SigningKey, new_data_key
from scribe.database import Database
from scribe.errors import NotConsented, NotFound, WrongState
from scribe.marking import FactMark
from scribe.migrations import upgrade
from scribe.note import Note
from scribe.receipt import signed_receipt
from scribe.root import root_secret
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
from scribe.tables import marks, notes, process_notes, receipts, sessions, tombstones, utterances
from scribe.tombstones import Destroyed, add_tombstones
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
    whose: Whose
    signed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SessionRow:
    """What of a session stands in clear."""

    id: str
    state: State
    template: str
    created_at: datetime
    position: int
    whose: Whose
    ended_at: datetime | None = None
    signed_at: datetime | None = None


_NOTE: TypeAdapter[Note] = TypeAdapter(Note)
_SPEAKERS: TypeAdapter[dict[str, SpeakerAssignment]] = TypeAdapter(dict[str, SpeakerAssignment])
_FACT_MARKS: TypeAdapter[dict[str, FactMark]] = TypeAdapter(dict[str, FactMark])


class Store:
    """Sessions and all that hangs on them."""

    def __init__(
        self,
        database: Database,
        keys: KeyWrapper,
        destroyed: Path | None = None,
        on_step: Callable[[sa.Connection, str, Step, datetime], None] | None = None,
    ) -> None:
        """`destroyed` is the file that outlives the store (see `tombstones`).

        `on_step` is told of each step of a session's life, within its transaction.
        """
        self._on_step = on_step
        self._keys = keys
        self._destroyed = destroyed
        self._signing_key: SigningKey | None = None
        self._database = database
        self._transaction = database.transaction

    @property
    def signing_key(self) -> SigningKey:
        """What this server signs receipts and the audit with."""
        if self._signing_key is None:
            with self._transaction() as connection:
                self._signing_key = SigningKey(root_secret(connection, self._keys).derive("signing"))
        return self._signing_key

    def together(self) -> AbstractContextManager[sa.Connection]:
        """What this thread does within, here and in other rooms of the same database, is all kept or not at all."""
        return self._transaction()

    # --- life ----------------------------------------------------------------------------------------

    def migrate(self) -> None:
        """Bring the schema up to date; raises StoreFailed where the database cannot be written."""
        with self._transaction() as connection:
            upgrade(connection)

    def recover(self) -> int:
        """Sessions whose server died while they were captured become interrupted; returns how many."""
        with self._transaction() as connection:
            rows = connection.execute(
                sa.select(sessions.c.id, sessions.c.state)
                .where(sessions.c.state.in_([State.RECORDING.value, State.PAUSED.value]))
                .with_for_update()
            ).all()
            for row in rows:
                state = step(State(row.state), Step.CUT)
                connection.execute(
                    sa.update(sessions).where(sessions.c.id == row.id).values(state=state.value)
                )
        # A server that died while it shredded left the destroyed pages in the log.
        self._database.cut_log()
        return len(rows)

    # --- sessions ------------------------------------------------------------------------------------

    def create_session(
        self,
        session_id: str,
        new: NewSession,
        now: datetime,
        what: Step | None = None,
        *,
        owner: str = LOCAL.actor,
        made_by: str = LOCAL.actor,
    ) -> None:
        """A new session in AWAITING_CONSENT, or one step on, with a data key of its own.

        `owner` and `made_by` are account ids.
        """
        state = State.AWAITING_CONSENT if what is None else step(State.AWAITING_CONSENT, what)
        key_id = self._keys.key_id
        cipher, wrapped = new_data_key(self._keys, "sessions", session_id, "data_key")
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
                    key_id=key_id,
                    data_key=wrapped,
                    details=_seal(cipher, details, session_id, "details"),
                    owner=owner,
                    made_by=made_by,
                )
            )

    def whose(self, session_id: str) -> Whose:
        """Whose a session is, also a shredded one; raises NotFound."""
        with self._transaction() as connection:
            row = connection.execute(
                sa.select(sessions.c.owner, sessions.c.made_by).where(sessions.c.id == session_id)
            ).first()
        if row is None:
            raise no_session(session_id)
        return Whose(row.owner, row.made_by)

    def session(self, session_id: str) -> StoredSession:
        """The session; raises NotFound, also for one that was shredded."""
        with self._transaction() as connection:
            return self._read(connection, session_id)[0]

    def list_sessions(
        self, *, owners: Collection[str] | None = None, made_by: str | None = None
    ) -> tuple[SessionRow, ...]:
        """Sessions, the newest first; shredded ones are listed as such.

        With `owners` those that are theirs, or that `made_by` began; without, all.
        """
        columns = (
            sessions.c.id,
            sessions.c.state,
            sessions.c.template,
            sessions.c.created_at,
            sessions.c.position,
            sessions.c.ended_at,
            sessions.c.signed_at,
            sessions.c.owner,
            sessions.c.made_by,
        )
        wanted = sa.select(*columns).order_by(sessions.c.created_at.desc())
        if owners is not None:
            wanted = wanted.where(sessions.c.owner.in_(owners) | (sessions.c.made_by == made_by))
        with self._transaction() as connection:
            rows = connection.execute(wanted).all()
        return tuple(
            SessionRow(
                r.id,
                State(r.state),
                r.template,
                _aware(r.created_at),
                r.position,
                Whose(r.owner, r.made_by),
                r.ended_at and _aware(r.ended_at),
                r.signed_at and _aware(r.signed_at),
            )
            for r in rows
        )

    def client_labels(self, session_ids: Collection[str]) -> dict[str, tuple[str, ...]]:
        """What the clients of these sessions are called; nothing for a session that was shredded."""
        columns = (sessions.c.id, sessions.c.data_key, sessions.c.key_id, sessions.c.details)
        wanted = sa.select(*columns).where(sessions.c.id.in_(session_ids), sessions.c.data_key.is_not(None))
        with self._transaction() as connection:
            rows = connection.execute(wanted).all()
        people = {row.id: self._details(self._cipher(row), row).participants for row in rows}
        return {
            session_id: tuple(one.label for one in here if one.role == "client" and one.label)
            for session_id, here in people.items()
        }

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
            stored, cipher = self._read(connection, session_id, lock=True)
            details = stored.details.model_copy(update={"consents": change(stored.details)})
            if callable(what):
                what = what(replace(stored, details=details))
            self._update(connection, session_id, details=_seal(cipher, details, session_id, "details"))
            if what is not None:
                self._advance(connection, session_id, what, now)
            return self._read(connection, session_id)[0]

    def change_participants(
        self, session_id: str, change: Callable[[StoredSession], tuple[Participant, ...]]
    ) -> StoredSession:
        """Replace the participants by what `change` makes of the session."""
        with self._transaction() as connection:
            stored, cipher = self._read(connection, session_id, lock=True)
            details = stored.details.model_copy(update={"participants": change(stored)})
            self._update(connection, session_id, details=_seal(cipher, details, session_id, "details"))
            return self._read(connection, session_id)[0]

    def shred(self, session_id: str, now: datetime, *, spare: frozenset[State] = frozenset()) -> None:
        """Destroy the data key and every sealed value of a session; its receipt and audit rows stay.

        Raises WrongState, and destroys nothing, where the session is in a state to `spare`.
        """
        with self._transaction() as connection:
            state = connection.execute(
                sa.select(sessions.c.state).where(sessions.c.id == session_id).with_for_update()
            ).scalar()
            if state is None:
                raise no_session(session_id)
            if State(state) in spare:
                raise WrongState(f"The session is {state} and is not destroyed now.")
            self._advance(connection, session_id, Step.SHREDDED, now)
            erase_session(connection, session_id)
            _bury(connection, session_id, "session")
        self._after_destruction(session_id, "session")

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
            stored, cipher = self._read(connection, session_id, lock=True)
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
            if checkpoint is not None and checkpoint[0] == stored.position:
                # A commit whose answer was lost is said again: its samples are counted once.
                transcribed = min(0, transcribed)
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
                # What a person said of a voice is not undone by what was guessed before it was known here.
                said = {name: one for name, one in stored.speakers.items() if one.confirmed}
                values["speakers"] = self._speakers(cipher, session_id, {**speakers, **said})
            self._update(connection, session_id, **values)
            if what is not None and now is not None:
                self._advance(connection, session_id, what, now)

    def correct_line(self, session_id: str, utterance_id: str, text: str) -> TranscriptLine:
        """Put other words in the place of a line's.

        Raises NotFound, WrongState once the note is signed, and NotConsented once consent was revoked.
        """
        with self._transaction() as connection:
            stored, cipher = self._read(connection, session_id, lock=True)
            if stored.state is State.REVOKED:
                raise NotConsented("Consent to this session was revoked; no more words are stored.")
            if stored.state is State.SIGNED:
                raise WrongState(
                    "The note is signed; its transcript does not change. Add a correction instead."
                )
            sealed = connection.execute(
                sa.select(utterances.c.line).where(
                    utterances.c.session_id == session_id, utterances.c.id == utterance_id
                )
            ).scalar()
            if sealed is None:
                raise NotFound(f"This transcript has no line {utterance_id}.")
            line = TranscriptLine.model_validate_json(
                cipher.open(sealed, "utterances", session_id, utterance_id, "line")
            ).model_copy(update={"text": text, "words": (), "corrected": True})
            _upsert(
                connection, utterances, session_id, "id", line.id, line=self._line(cipher, session_id, line)
            )
            return line

    def confirm_speakers(
        self, session_id: str, change: Callable[[StoredSession], dict[str, SpeakerAssignment]]
    ) -> StoredSession:
        """Lay what `change` makes of the session over its speakers."""
        with self._transaction() as connection:
            stored, cipher = self._read(connection, session_id, lock=True)
            speakers = {**stored.speakers, **change(stored)}
            self._update(connection, session_id, speakers=self._speakers(cipher, session_id, speakers))
            return self._read(connection, session_id)[0]

    def end_capture(
        self, session_id: str, now: datetime, make: Callable[[StoredSession, str], Receipt]
    ) -> Receipt:
        """The session is over: every voiceprint is destroyed and the receipt written, in one transaction.

        `make` gets the session and the hash of the receipt before it; what it makes is signed here.
        """
        key = self.signing_key
        with self._transaction() as connection:
            stored, _ = self._read(connection, session_id, lock=True)
            self._advance(connection, session_id, Step.STOPPED, now)
            head = read_head(connection, "audit")
            last = (head.number, head.sha256) if head is not None else None
            made: list[Receipt] = []

            def link(previous: str) -> dict[str, Any]:
                receipt = signed_receipt(make(stored, previous), key, last)
                made.append(receipt)
                return {
                    "session_id": session_id,
                    "receipt": receipt.model_dump_json(exclude_none=True),
                    "sha256": receipt.sha256,
                }

            receipt_chain(key).append(connection, link)
            return made[0]

    def forget_transcript(self, session_id: str) -> None:
        """Destroy the words of a session and keep its note: what was signed is part of the record."""
        with self._transaction() as connection:
            self._read(connection, session_id, lock=True)
            erase_transcript(connection, session_id)
            _bury(connection, session_id, "transcript")
        self._after_destruction(session_id, "transcript")

    def with_words(self) -> frozenset[str]:
        """The sessions that still have words of a transcript."""
        with self._transaction() as connection:
            kept = sa.union(*(sa.select(table.c.session_id) for table in (utterances, marks)))
            return frozenset(connection.execute(kept).scalars())

    def destroyed(self) -> frozenset[tuple[str, str]]:
        """(session id, what) of all that must not come back from a backup."""
        with self._transaction() as connection:
            rows = connection.execute(sa.select(tombstones.c.session_id, tombstones.c.what)).all()
        return frozenset((row.session_id, row.what) for row in rows)

    def note_destroyed(self) -> None:
        """Write to the file what a process destroyed that was killed before it could, and cut the log again."""
        if self._destroyed is not None:
            add_tombstones(self._destroyed, self.destroyed())
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
            stored, cipher = self._read(connection, session_id, lock=True)
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

    def note_history(self, session_id: str) -> tuple[Note, ...]:
        """Every revision of the note that was ever kept, the newest first."""
        with self._transaction() as connection:
            _, cipher = self._read(connection, session_id)
            rows = connection.execute(
                sa.select(notes.c.number, notes.c.note)
                .where(notes.c.session_id == session_id)
                .order_by(notes.c.number.desc())
            ).all()
        return tuple(
            _NOTE.validate_json(cipher.open(row.note, "sessions", session_id, "note", str(row.number)))
            for row in rows
        )

    def save_note(
        self,
        session_id: str,
        change: Callable[[Note | None], Note],
        what: Step | None,
        now: datetime,
        *,
        template: str | None = None,
    ) -> Note:
        """Replace the note by what `change` makes of it, take a step, and keep what stood there before.

        A `template` that is given is the session's from now on.
        """
        with self._transaction() as connection:
            stored, cipher = self._read(connection, session_id, lock=True)
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
            if template is not None:
                self._update(connection, session_id, template=template)
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

    def _after_destruction(self, session_id: str, what: Destroyed) -> None:
        def tidy() -> None:
            self._database.cut_log()
            if self._destroyed is not None:
                add_tombstones(self._destroyed, [(session_id, what)])

        self._database.afterwards(tidy)

    def _read(
        self, connection: sa.Connection, session_id: str, *, lock: bool = False
    ) -> tuple[StoredSession, SessionCipher]:
        """The session; with `lock` nobody else changes it, or what hangs on it, before the transaction ends."""
        asked = sa.select(sessions).where(sessions.c.id == session_id)
        row = connection.execute(asked.with_for_update() if lock else asked).first()
        if row is None:
            raise no_session(session_id)
        if row.data_key is None:
            raise NotFound(f"The session {session_id} was shredded; only its receipt and audit trail remain.")
        cipher = self._cipher(row)
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
            details=self._details(cipher, row),
            speakers=_SPEAKERS.validate_json(speakers),
            checkpoint=row.checkpoint and cipher.open(row.checkpoint, "sessions", session_id, "checkpoint"),
            signed_at=row.signed_at and _aware(row.signed_at),
            whose=Whose(row.owner, row.made_by),
        )
        return stored, cipher

    def _cipher(self, row: Any) -> SessionCipher:
        return SessionCipher(self._keys.unwrap(row.key_id, row.data_key, "sessions", row.id, "data_key"))

    def _details(self, cipher: SessionCipher, row: Any) -> Details:
        return Details.model_validate_json(cipher.open(row.details, "sessions", row.id, "details"))

    def _advance(self, connection: sa.Connection, session_id: str, what: Step, now: datetime) -> State:
        row = connection.execute(
            sa.select(sessions.c.state, sessions.c.started_at)
            .where(sessions.c.id == session_id)
            .with_for_update()
        ).first()
        if row is None:
            raise no_session(session_id)
        state = step(State(row.state), what)
        values: dict[str, Any] = {"state": state.value}
        if what is Step.OPENED and row.started_at is None:
            values["started_at"] = now
        if state in (State.ENDED, State.REVOKED):
            # A clock that was set back ends no session before it began.
            values["ended_at"] = max(now, _aware(row.started_at)) if row.started_at else now
            # Nobody goes on from here: the voiceprints are destroyed, in the log too.
            values["checkpoint"] = None
            self._database.afterwards(self._database.cut_log)
        if what is Step.SIGNED:
            values["signed_at"] = now
        self._update(connection, session_id, **values)
        if self._on_step is not None:
            self._on_step(connection, session_id, what, now)
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
            if mark in kept:
                continue  # a client that comes back says again what it cannot know was heard
            kept.append(mark)
            sealed = _seal(cipher, mark, session_id, "mark", str(len(kept)))
            connection.execute(sa.insert(marks).values(session_id=session_id, number=len(kept), mark=sealed))

    def _speakers(
        self, cipher: SessionCipher, session_id: str, speakers: dict[str, SpeakerAssignment]
    ) -> bytes:
        return cipher.seal(_SPEAKERS.dump_json(speakers), "sessions", session_id, "speakers")

    def _line(self, cipher: SessionCipher, session_id: str, line: TranscriptLine) -> bytes:
        return cipher.seal(line.model_dump_json().encode(), "utterances", session_id, line.id, "line")


def erase_session(connection: sa.Connection, session_id: str) -> None:
    """Every sealed value of a session, its data key first of all."""
    sealed = ("data_key", "key_id", "details", "speakers", "checkpoint", "fact_marks")
    here = sessions.c.id == session_id
    connection.execute(sa.update(sessions).where(here).values(dict.fromkeys(sealed)))
    for table in (utterances, marks, notes, process_notes):
        connection.execute(sa.delete(table).where(table.c.session_id == session_id))


def erase_transcript(connection: sa.Connection, session_id: str) -> None:
    """The words of a session; a fact's mark quotes them too."""
    for table in (utterances, marks):
        connection.execute(sa.delete(table).where(table.c.session_id == session_id))
    connection.execute(sa.update(sessions).where(sessions.c.id == session_id).values(fact_marks=None))


def _bury(connection: sa.Connection, session_id: str, what: Destroyed) -> None:
    here = (tombstones.c.session_id == session_id) & (tombstones.c.what == what)
    if connection.execute(sa.select(tombstones.c.what).where(here)).first() is None:
        connection.execute(sa.insert(tombstones).values(session_id=session_id, what=what))


def _seal(cipher: SessionCipher, value: Strict, session_id: str, *column: str) -> bytes:
    return cipher.seal(value.model_dump_json().encode(), "sessions", session_id, *column)


def _upsert(
    connection: sa.Connection, table: sa.Table, session_id: str, key: str, value: str, **values: Any
) -> None:
    here = (table.c.session_id == session_id) & (table.c[key] == value)
    if connection.execute(sa.update(table).where(here).values(**values)).rowcount == 0:
        connection.execute(sa.insert(table).values(session_id=session_id, **{key: value}, **values))


def no_session(session_id: str) -> NotFound:
    """The error for a session that is not there, and in the same words for one that is somebody else's."""
    return NotFound(f"There is no session {session_id}; list them with GET /v1/sessions.")


def _aware(moment: datetime) -> datetime:
    # SQLite keeps no zone: what was stored was UTC.
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
