"""Sign-ins that are under way at the organisation's provider, from the moment a browser is sent there until it is back.

Each is known to the browser that began it alone, and good for one return.
"""

from __future__ import annotations

import hmac
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from scribe.access import Caller
from scribe.errors import SignInRefused
from scribe.provider import Question

ATTEMPT_LIFE = timedelta(minutes=10)
ATTEMPTS = 10_000
"""Sign-ins that may be under way; half a kilobyte each. One more makes the oldest begin again."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A sign-in under way; `confirms` is whoever is to show anew who they are, `session` where they come back to."""

    question: Question
    began_at: datetime
    confirms: Caller | None
    session: str


class Attempts:
    """Sign-ins under way by state, in memory: after a restart they begin again."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, Attempt] = OrderedDict()

    def keep(self, attempt: Attempt) -> None:
        """Wait for its return."""
        self._waiting[attempt.question.state] = attempt
        if len(self._waiting) > ATTEMPTS:
            self._waiting.popitem(last=False)

    def take(self, state: str, cookie: str | None, now: datetime) -> Attempt:
        """The attempt that this browser began, once; raises SignInRefused."""
        # RFC 6749, section 10.12: who did not begin it here must not end it here.
        if cookie is not None and hmac.compare_digest(cookie.encode(), state.encode()):
            attempt = self._waiting.pop(state, None)
            if attempt is not None and now - attempt.began_at < ATTEMPT_LIFE:
                return attempt
        raise SignInRefused("attempt_over", "This sign-in is over or was begun elsewhere; begin it again.")
