"""Destroys what its time is over for, and says what that was: ids and counts.

Each destruction is one transaction of the store, recorded in the audit before it is done: cut off in between, the
next run records and does it again. Nothing is destroyed without its row.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from scribe.audit import Audit
from scribe.config import Settings
from scribe.errors import NotFound, ScribeError, WrongState
from scribe.retention import SPARED, Due, Retention
from scribe.store import Store
from scribe.threads import to_the_end

log = logging.getLogger("scribe")

HOUR = 3600.0
ACTOR = "retention"


@dataclass(frozen=True, slots=True)
class PurgeReport:
    """What was destroyed, or would be: session ids by what of them."""

    at: datetime
    dry_run: bool
    transcripts: tuple[str, ...]
    notes: tuple[str, ...]
    unsigned: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """For other programs."""
        kinds = {"transcripts": self.transcripts, "notes": self.notes, "unsigned": self.unsigned}
        return {
            "at": self.at.isoformat(),
            "dry_run": self.dry_run,
            **{kind: {"count": len(ids), "sessions": list(ids)} for kind, ids in kinds.items()},
        }


class Purge:
    """Applies the rules of retention to a store; every method blocks."""

    def __init__(
        self,
        store: Store,
        audit: Audit,
        retention: Retention,
        clock: Callable[[], datetime],
        actor: str = ACTOR,
    ) -> None:
        self._store = store
        self._audit = audit
        self._retention = retention
        self._clock = clock
        self._actor = actor

    def due(self) -> dict[str, Due]:
        """What is to be destroyed now, by session id."""
        now, words = self._clock(), self._store.with_words()
        found = {
            row.id: self._retention.due(
                row.state,
                ended_at=row.ended_at or row.created_at,
                signed_at=row.signed_at,
                words=row.id in words,
                now=now,
            )
            for row in self._store.list_sessions()
        }
        return {session_id: due for session_id, due in found.items() if due is not None}

    def run(self, *, dry_run: bool = False) -> PurgeReport:
        """Destroy what is due and report it; with `dry_run` report only."""
        now = self._clock()
        done: dict[Due, list[str]] = {due: [] for due in Due}
        for session_id, due in sorted(self.due().items()):
            if dry_run or self._destroy(session_id, due, now):
                done[due].append(session_id)
        if not dry_run:
            self._store.note_destroyed()
        return PurgeReport(
            now, dry_run, tuple(done[Due.TRANSCRIPT]), tuple(done[Due.NOTE]), tuple(done[Due.UNSIGNED])
        )

    def _destroy(self, session_id: str, due: Due, now: datetime) -> bool:
        self._audit.record(self._actor, f"{due} purged", session_id)
        try:
            if due is Due.TRANSCRIPT:
                self._store.forget_transcript(session_id)
            else:
                self._store.shred(session_id, now, spare=SPARED if due is Due.UNSIGNED else frozenset())
        except (NotFound, WrongState):
            return False  # somebody was quicker: it is gone, is heard again or was signed meanwhile
        return True


def retention_of(settings: Settings) -> Retention:
    """The rules that the settings make."""

    def days(count: float) -> timedelta | None:
        return timedelta(days=count) if count else None

    return Retention(
        timedelta(days=settings.retention_transcript_days),
        days(settings.retention_note_days),
        days(settings.retention_unsigned_days),
    )


async def an_hour() -> None:
    """Between two runs."""
    await asyncio.sleep(HOUR)


async def purge_hourly(purge: Purge, wait: Callable[[], Awaitable[None]] = an_hour) -> None:
    """Purge now and after every `wait`, until cancelled; a run that was begun is finished."""
    while True:
        try:
            report = await to_the_end(purge.run)
        except ScribeError as error:
            log.error("what is over its time could not be destroyed: %s", error.detail)
        else:
            counts = (len(report.transcripts), len(report.notes), len(report.unsigned))
            if any(counts):
                log.info("retention: %d transcripts, %d notes and %d unsigned sessions destroyed", *counts)
        await wait()


async def call_off(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait for its end."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
