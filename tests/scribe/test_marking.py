"""Marks find their facts again."""

from __future__ import annotations

import pytest

from scribe.errors import BadRequest
from scribe.marking import FactMark, marked, marked_ids, statuses
from scribe.note import Evidence
from scribe.wire import WireFact


def fact(name: str, text: str, kind: str = "sleep", utterance: str = "u1") -> WireFact:
    return WireFact(
        id=name,
        kind=kind,
        text=text,
        role="client",
        polarity="affirmed",
        assessed=False,
        confidence=0.7,
        evidence=(Evidence(utterance=utterance, start=0, end=len(text), quote=text),),
        attributes={},
    )


NAPS, WAKES = fact("u1.0.sleep", "I nap."), fact("u1.7.sleep", "I wake up at three.")


def test_a_mark_is_found_by_its_id_and_taken_away_again() -> None:
    marks = marked({}, (NAPS, WAKES), WAKES, "pinned")
    assert statuses(marks, (NAPS, WAKES)) == {"u1.7.sleep": "pinned"}
    marks = marked(marks, (NAPS, WAKES), WAKES, "discarded")
    assert statuses(marks, (NAPS, WAKES)) == {"u1.7.sleep": "discarded"}
    assert marked(marks, (NAPS, WAKES), WAKES, "found") == {}


def test_a_mark_follows_its_words_where_a_corrected_line_moved_them() -> None:
    marks = marked({}, (NAPS, WAKES), WAKES, "discarded")
    moved = fact("u1.12.sleep", "I wake up at three.")
    other = fact("u1.7.sleep", "I snore.")
    assert marked_ids(marks, (NAPS, other, moved)) == {"u1.7.sleep": "u1.12.sleep"}
    assert statuses(marks, (NAPS, other, moved)) == {"u1.12.sleep": "discarded"}
    assert marked(marks, (NAPS, other, moved), moved, "found") == {}


def test_a_mark_stays_with_words_that_were_corrected_in_place() -> None:
    marks = marked({}, (NAPS, WAKES), WAKES, "pinned")
    assert statuses(marks, (NAPS, fact("u1.7.sleep", "I wake up at two."))) == {"u1.7.sleep": "pinned"}


def test_the_same_words_in_another_line_are_not_marked() -> None:
    marks = marked({}, (WAKES,), WAKES, "discarded")
    assert statuses(marks, (fact("u9.0.sleep", "I wake up at three.", utterance="u9"),)) == {}


def test_risk_is_pinned_but_never_discarded() -> None:
    risk = fact("u1.0.risk", "I want to die.", "risk")
    with pytest.raises(BadRequest, match="cannot be discarded"):
        marked({}, (risk,), risk, "discarded")
    assert statuses(marked({}, (risk,), risk, "pinned"), (risk,)) == {"u1.0.risk": "pinned"}


def test_what_became_risk_after_it_was_discarded_is_not_discarded() -> None:
    marks = {"u1.0.risk": FactMark(status="discarded", utterance="u1", kind="event", text="I want to fly.")}
    assert statuses(marks, (fact("u1.0.risk", "I want to die.", "risk"),)) == {}


def test_the_refusal_quotes_no_words() -> None:
    risk = fact("u1.0.risk", "I want to die.", "risk")
    with pytest.raises(BadRequest) as refusal:
        marked({}, (risk,), risk, "discarded")
    assert "die" not in refusal.value.detail
