"""What every capture needs and none owns: settings, models, store, clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from scribe.audit import Audit
from scribe.config import Settings
from scribe.engines import Engines
from scribe.jurisdictions import Rules, load_rules
from scribe.metrics import Metrics
from scribe.store import Store
from scribe.traces import Traces


@dataclass(frozen=True, slots=True)
class Surroundings:
    """One for a server, shared by its captures."""

    settings: Settings
    engines: Engines
    store: Store
    clock: Callable[[], datetime]
    rules: Rules = field(default_factory=load_rules)
    audit: Audit | None = None
    """None where nobody keeps an audit; a server always does."""
    metrics: Metrics = field(default_factory=Metrics)
    traces: Traces = field(default_factory=Traces)
