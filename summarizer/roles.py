"""Who is who in a recording whose speakers have no names: (speaker, text) pairs in, a role for each out.

What each speaker said is weighed by itself (`role_evidence`); then all speakers and all places are matched together,
and what the other matchings are worth makes the confidence. It reads no meaning, feeling or voice; a person confirms
what it says.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache

from summarizer.role_evidence import Evidence, shipped_model
from summarizer.talk import read_conversation
from summarizer.types import Role

SURE = 0.95
"""From this confidence on a role is shown without asking. Of 37,296 conversations held out of training (cut to their
first 10 to 120 s or whole, up to a fifth of the turns given to the wrong voice) 83 % are above it, and 99.1 % of those
are right; at 0.9 98.8 % were (`scripts/train_roles.py`)."""

MOST_SURE = 0.99
"""No confidence is higher: labels of voices and words are both wrong at times."""

STAYS = 1.0
"""Log odds by which another matching must be better before a role that was told already changes."""

_STRANGER_WORDS = 6.0
"""Log odds against leaving a speaker of all the words without a place, where there are more speakers than places."""

_BEFOREHAND: Mapping[Role, float] = {
    "clinician": 0.0,
    "client": 0.0,
    "family": -0.5,
    "interpreter": -0.5,
    "other": 0.0,
}
"""Log odds for a place to be filled at all."""


def evidence_of(turns: Sequence[tuple[str, str]]) -> dict[str, Evidence]:
    """What each speaker's words say for each role, speakers in the order of their first words."""
    model = shipped_model()
    return {speaker: model.evidence(said) for speaker, said in read_conversation(turns).items()}


def guess_roles(turns: Sequence[tuple[str, str]]) -> dict[str, tuple[Role, float]]:
    """A role for every speaker and how sure it is, in [0, 1]; nobody is known beforehand.

    One clinician and one client are looked for; any third speaker is family, interpreter or other.
    """
    evidence = evidence_of(turns)
    more = max(len(evidence) - 2, 0)
    places: dict[Role, int] = {"clinician": 1, "client": 1}
    if more:
        places |= {"family": more, "interpreter": 1, "other": more}
    found = match_roles(evidence, places)
    return {speaker: found.get(speaker, ("other", 0.0)) for speaker, _ in turns}


def match_roles(
    evidence: Mapping[str, Evidence], places: Mapping[Role, int], before: Mapping[str, Role] | None = None
) -> dict[str, tuple[Role, float]]:
    """The role of each speaker in the best matching of all speakers to all places, and how sure it is.

    `places` says how many of each role take part. Where more speak than there are places, whoever fits least
    and says least is left open and missing in the answer. A role in `before` changes only for a clearly better one.
    """
    places = {role: count for role, count in places.items() if count}
    speakers = list(evidence) if places else []
    held = before or {}
    heard = sum(evidence[speaker].words for speaker in speakers) or 1
    strangers = max(len(speakers) - sum(places.values()), 0)
    options: list[Mapping[Role | None, float]] = []
    for speaker in speakers:
        one = evidence[speaker]
        given: dict[Role | None, float] = {role: one.scores[role] + _BEFOREHAND[role] for role in places}
        if strangers:
            given[None] = -_STRANGER_WORDS * one.words / heard
        options.append(given)
    room: dict[Role | None, int] = {None: strangers}
    for role, count in places.items():
        room[role] = count
    stays = [
        {role: score + STAYS * (held.get(speaker) == role) for role, score in given.items()}
        for speaker, given in zip(speakers, options, strict=True)
    ]
    best = _best(stays, room)
    total = _sum(options, room)
    found: dict[str, tuple[Role, float]] = {}
    for i, (speaker, taken) in enumerate(zip(speakers, best, strict=True)):
        if taken is not None:
            here = list(options)
            here[i] = {taken: options[i][taken]}
            found[speaker] = taken, round(min(math.exp(_sum(here, room) - total), MOST_SURE), 3)
    return found


def _best(
    options: Sequence[Mapping[Role | None, float]], room: Mapping[Role | None, int]
) -> tuple[Role | None, ...]:
    """The matching of the highest sum."""
    names = tuple(room)

    @cache
    def best(i: int, left: tuple[int, ...]) -> tuple[float, tuple[Role | None, ...]]:
        if i == len(options):
            return 0.0, ()
        found: tuple[float, tuple[Role | None, ...]] = (-math.inf, ())
        for place, role in enumerate(names):
            if left[place] and role in options[i]:
                rest, roles = best(i + 1, _less(left, place))
                if options[i][role] + rest > found[0]:
                    found = options[i][role] + rest, (role, *roles)
        return found

    return best(0, tuple(room.values()))[1]


def _sum(options: Sequence[Mapping[Role | None, float]], room: Mapping[Role | None, int]) -> float:
    """The logarithm of the summed odds of all matchings."""
    names = tuple(room)

    @cache
    def total(i: int, left: tuple[int, ...]) -> float:
        if i == len(options):
            return 0.0
        terms = [
            options[i][role] + total(i + 1, _less(left, place))
            for place, role in enumerate(names)
            if left[place] and role in options[i]
        ]
        highest = max(terms, default=-math.inf)
        if highest == -math.inf:
            return highest
        return highest + math.log(sum(math.exp(term - highest) for term in terms))

    return total(0, tuple(room.values()))


def _less(left: tuple[int, ...], place: int) -> tuple[int, ...]:
    return (*left[:place], left[place] - 1, *left[place + 1 :])
