"""Who did what to which session, when: append-only, chained by hash, never a clinical word.

Goes in: actor, action, session id and figures. Comes out: a chain that anyone with the rows can verify. An
audit row that cannot be written fails the call it belongs to: no log, no answer.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from scribe.store import GENESIS, Store, canonical_json


class Audit:
    """Writes the chain; shared by all calls."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    def record(self, actor: str, action: str, session_id: str = "", **figures: str | int | float) -> None:
        """Append one event; blocks on the store. `figures` are counts, versions and ids only."""
        at = self._clock().isoformat()

        def link(previous: str) -> tuple[str, str]:
            event = canonical_json(
                {"at": at, "actor": actor, "action": action, "session": session_id, "figures": figures}
            )
            return event, chained(previous, event)

        self._store.append_audit(link)

    def events(self) -> tuple[dict[str, Any], ...]:
        """All events, the oldest first, each with its hash."""
        return tuple({**json.loads(event), "sha256": digest} for event, digest in self._store.audit_rows())


def chained(previous: str, event: str) -> str:
    """The hash of a link: SHA-256 over the hash before it and the event."""
    return hashlib.sha256(f"{previous}\n{event}".encode()).hexdigest()


def first_broken(rows: Iterable[tuple[str, str]]) -> int | None:
    """The number (from 1) of the first row that does not fit the chain; None where all do."""
    previous = GENESIS
    for number, (event, digest) in enumerate(rows, start=1):
        if chained(previous, event) != digest:
            return number
        previous = digest
    return None
