"""When audio came: positions and moments in, how long ago a position was heard out. Pure; time is an argument."""

from __future__ import annotations

from bisect import bisect_left


class Arrivals:
    """The frames of one session that wait for their words; stateful. Positions and moments never go back."""

    def __init__(self) -> None:
        self._ends: list[int] = []
        self._moments: list[float] = []

    def heard(self, position: int, now: float) -> None:
        """Audio up to this position is here; moments are seconds of any clock that never runs backwards."""
        self._ends.append(position)
        self._moments.append(now)

    def seconds_since(self, position: int, now: float) -> float:
        """How long ago the frame with the sample before this position came; 0.0 where none is remembered."""
        at = bisect_left(self._ends, position)
        return now - self._moments[at] if at < len(self._moments) else 0.0

    def forget(self, position: int) -> None:
        """What ends before this position is not asked for any more."""
        at = bisect_left(self._ends, position)
        del self._ends[:at], self._moments[:at]
