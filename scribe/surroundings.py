"""What every capture needs and none owns: settings, models, store, clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from scribe.config import Settings
from scribe.engines import Engines
from scribe.store import Store


@dataclass(frozen=True, slots=True)
class Surroundings:
    """One for a server, shared by its captures."""

    settings: Settings
    engines: Engines
    store: Store
    clock: Callable[[], datetime]
