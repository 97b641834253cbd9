"""Which psychotherapy codes a session's time supports: clock seconds and who took part in, time bands out.

The bands are data. What comes out is shown beside the checklist as support for the clinician's own choice; no
code is ever chosen, stored or put into a note here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

SOURCE = (
    "American Medical Association, CPT, guidelines on psychotherapy: 16 to 37, 38 to 52, and 53 minutes or more; "
    "family psychotherapy not under 26 minutes"
)
"""Of every band below. Payers' own manuals may ask for more."""

Setting: TypeAlias = Literal["with client", "add-on to E/M", "family without client", "family with client"]
"""What kind of service a band is for."""


@dataclass(frozen=True, slots=True)
class TimeBand:
    """Whole minutes from `least` to `most` (None: no upper limit) in which a code's time rule is met."""

    code: str
    title: str
    setting: Setting
    least: int
    most: int | None


BANDS: tuple[TimeBand, ...] = (
    TimeBand("90832", "psychotherapy, 30 minutes", "with client", 16, 37),
    TimeBand("90834", "psychotherapy, 45 minutes", "with client", 38, 52),
    TimeBand("90837", "psychotherapy, 60 minutes", "with client", 53, None),
    TimeBand("90833", "psychotherapy with E/M, 30 minutes", "add-on to E/M", 16, 37),
    TimeBand("90836", "psychotherapy with E/M, 45 minutes", "add-on to E/M", 38, 52),
    TimeBand("90838", "psychotherapy with E/M, 60 minutes", "add-on to E/M", 53, None),
    TimeBand("90846", "family psychotherapy without the client", "family without client", 26, None),
    TimeBand("90847", "family psychotherapy with the client", "family with client", 26, None),
)
REASON_FROM = next(band.least for band in BANDS if band.code == "90837")
"""Whole minutes from which the note must say why the session was longer than 52."""


@dataclass(frozen=True, slots=True)
class TimeSupport:
    """`minutes` are whole and begun ones do not count; `bands` are those that the time supports, often one."""

    minutes: int
    bands: tuple[TimeBand, ...]
    remark: str


def time_support(
    seconds: float,
    *,
    client_present: bool = True,
    family_present: bool = False,
    psychotherapy_minutes: int | None = None,
) -> TimeSupport:
    """What `seconds` on the record support (pauses are not in them).

    `psychotherapy_minutes` is what the clinician gave for psychotherapy beside an evaluation and management
    service on the same day; only then are the add-on codes looked at, and the clock is not, for it ran through
    both. Raises ValueError for a negative time.
    """
    if seconds < 0 or (psychotherapy_minutes or 0) < 0:
        raise ValueError("time cannot be negative")
    given = psychotherapy_minutes is not None
    minutes = psychotherapy_minutes if psychotherapy_minutes is not None else int(seconds // 60)
    settings = _settings(client_present=client_present, family_present=family_present, with_em=given)
    bands = tuple(
        band
        for band in BANDS
        if band.setting in settings and band.least <= minutes and (band.most is None or minutes <= band.most)
    )
    counted = "given by the clinician for psychotherapy" if given else "on the record by the session clock"
    if bands:
        found = " or ".join(band.code for band in bands)
        return TimeSupport(minutes, bands, f"{minutes} minutes {counted} support the time of {found}.")
    least = min((band.least for band in BANDS if band.setting in settings), default=0)
    why = f"the least is {least}" if least else "nobody of the client's side took part"
    return TimeSupport(minutes, (), f"{minutes} minutes {counted} support no psychotherapy code; {why}.")


def _settings(*, client_present: bool, family_present: bool, with_em: bool) -> frozenset[Setting]:
    """Whose presence allows which services. With client and family in the room it is the clinician's to say which."""
    if with_em:
        return frozenset({"add-on to E/M"}) if client_present else frozenset()
    found: set[Setting] = set()
    if client_present:
        found.add("with client")
    if family_present:
        found.add("family with client" if client_present else "family without client")
    return frozenset(found)
