"""What the clinician says of facts before the draft is written: marks and facts in, the status of each fact out.

Pure. A mark remembers where its fact stood, its kind and its words, so that it still finds the fact when a
corrected line has moved it. Risk is never discarded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from scribe.errors import BadRequest
from scribe.session import Strict
from scribe.wire import FactStatus, WireFact


class FactMark(Strict):
    """A fact that was pinned or discarded, and by what it is known again."""

    status: Literal["pinned", "discarded"]
    utterance: str
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """Ids of the facts, as the summariser has them, that a draft must hold and must not hold."""

    pinned: frozenset[str] = frozenset()
    discarded: frozenset[str] = frozenset()


EVERY_FACT = Chosen()
"""Nothing was pinned and nothing discarded."""


def marked_ids(marks: Mapping[str, FactMark], facts: Iterable[WireFact]) -> dict[str, str]:
    """For each mark whose fact is found, by its id: the fact's id now.

    A fact of the same id and words is the one meant; else one of the same words and kind in the same line; else,
    where its words were corrected in place, the one of the same id.
    """
    by_id = {fact.id: fact for fact in facts}
    by_words = {_known_by(fact): fact.id for fact in reversed(by_id.values())}
    found: dict[str, str] = {}
    for mark_id, mark in marks.items():
        same_id = by_id.get(mark_id)
        if same_id is not None and same_id.text == mark.text:
            found[mark_id] = mark_id
        elif (moved := by_words.get((mark.utterance, mark.kind, mark.text))) is not None:
            found[mark_id] = moved
        elif same_id is not None:
            found[mark_id] = mark_id
    return found


def statuses(marks: Mapping[str, FactMark], facts: Iterable[WireFact]) -> dict[str, FactStatus]:
    """The status of every fact that is not as it was found, by the fact's id."""
    facts = tuple(facts)
    risks = {fact.id for fact in facts if fact.kind == "risk"}
    told: dict[str, FactStatus] = {}
    for mark_id, fact_id in marked_ids(marks, facts).items():
        status = marks[mark_id].status
        if not (status == "discarded" and fact_id in risks):
            told[fact_id] = status
    return told


def marked(
    marks: Mapping[str, FactMark], facts: Iterable[WireFact], fact: WireFact, status: FactStatus
) -> dict[str, FactMark]:
    """The marks after the clinician gave `fact` a status; raises BadRequest where risk was to be discarded."""
    if status == "discarded" and fact.kind == "risk":
        raise BadRequest(
            f"The fact {fact.id} is about risk and cannot be discarded; review it in the draft, where it "
            "stands first."
        )
    stale = {mark_id for mark_id, fact_id in marked_ids(marks, facts).items() if fact_id == fact.id}
    kept = {mark_id: mark for mark_id, mark in marks.items() if mark_id not in stale}
    if status != "found":
        kept[fact.id] = FactMark(
            status=status, utterance=fact.evidence[0].utterance, kind=fact.kind, text=fact.text
        )
    return kept


def _known_by(fact: WireFact) -> tuple[str, str, str]:
    return fact.evidence[0].utterance, fact.kind, fact.text
