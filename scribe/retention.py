"""How long what is kept: rules over moments. Pure: no clock, no store.

Words that are not final are never stored, and voiceprints go with the session's end; both see to that themselves
(see `capture` and `store`). Here is the rest: the transcript, the note, and sessions that nobody signs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from scribe.session import CAPTURING, State

SPARED = CAPTURING | {State.SIGNED, State.SHREDDED}
"""What is never destroyed for being unsigned: what is being heard now, what is signed, what is gone."""


class Due(StrEnum):
    """What is to be destroyed."""

    TRANSCRIPT = "transcript"
    NOTE = "note"
    UNSIGNED = "unsigned session"


@dataclass(frozen=True, slots=True)
class Retention:
    """The rules of a site; None keeps for as long as nobody deletes.

    What a fact quotes in a signed note is part of the note, and so are the consents with their evidence: they stay
    as long as the note does.
    """

    transcript: timedelta
    note: timedelta | None = None
    unsigned: timedelta | None = None

    def transcript_until(self, signed_at: datetime | None) -> datetime | None:
        """When the words of a session go; None before it is signed."""
        if signed_at is None:
            return None
        return min(later(signed_at, span) for span in (self.transcript, self.note) if span is not None)

    def note_until(self, signed_at: datetime | None) -> datetime | None:
        """When the note goes, and with it all else; None before it is signed, and where notes are kept."""
        return None if signed_at is None or self.note is None else later(signed_at, self.note)

    def due(
        self, state: State, *, ended_at: datetime, signed_at: datetime | None, words: bool, now: datetime
    ) -> Due | None:
        """What of a session is to be destroyed at `now`; `ended_at` is its beginning where it has no end yet."""
        if state is State.SIGNED:
            note, transcript = self.note_until(signed_at), self.transcript_until(signed_at)
            if note is not None and note <= now:
                return Due.NOTE
            return Due.TRANSCRIPT if words and transcript is not None and transcript <= now else None
        if state in SPARED or self.unsigned is None:
            return None
        return Due.UNSIGNED if later(ended_at, self.unsigned) <= now else None


def later(moment: datetime, span: timedelta) -> datetime:
    """The moment that much later; the last there is where the calendar ends before."""
    try:
        return moment + span
    except OverflowError:
        return datetime.max.replace(tzinfo=moment.tzinfo)
