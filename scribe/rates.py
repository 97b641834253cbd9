"""How often something may happen, by key. Pure: time is an argument, and one that never runs backwards.

The generic cell rate algorithm (ITU-T I.371, appendix I): per key one number, the moment at which all that was
taken is paid off. A full window may come at once; after that it is one at a time as the window moves on.
"""

from __future__ import annotations

MAX_KEYS = 10_000
"""Keys that are remembered; strangers can make up addresses faster than we want to keep them."""


class Rate:
    """`count` in `seconds` for each key; stateful, shared."""

    def __init__(self, count: float, seconds: float) -> None:
        self._step = seconds / count
        self._slack = seconds - self._step
        self._paid: dict[str, float] = {}

    def take(self, key: str, now: float) -> float:
        """Take one and return 0.0; or take none and return the seconds until there is one."""
        wait = self.wait(key, now)
        if not wait:
            paid = max(self._paid.pop(key, now), now)
            self._paid[key] = paid + self._step
            if len(self._paid) > MAX_KEYS:
                self._forget_paid(now)
        return wait

    def wait(self, key: str, now: float) -> float:
        """Seconds until one can be taken; 0.0 where it can be now."""
        return max(0.0, self._paid.get(key, now) - now - self._slack)

    def clear(self, key: str) -> None:
        """Forget what was taken."""
        self._paid.pop(key, None)

    def _forget_paid(self, now: float) -> None:
        self._paid = {key: paid for key, paid in self._paid.items() if paid > now}
        while len(self._paid) > MAX_KEYS:
            del self._paid[next(iter(self._paid))]  # the one that was longest not heard of
