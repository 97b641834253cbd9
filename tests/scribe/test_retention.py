"""The rules of retention, for any moments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribe.retention import Due, Retention
from scribe.session import State

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
DAY = timedelta(days=1)
WEEK = Retention(7 * DAY)

moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
spans = st.timedeltas(timedelta(minutes=1), timedelta(days=36_500))


def due(
    rules: Retention, state: State, signed_at: datetime | None, now: datetime, **more: object
) -> Due | None:
    given_ = {"ended_at": NOW, "words": True, **more}
    return rules.due(state, signed_at=signed_at, now=now, **given_)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (timedelta(0), None),
        (7 * DAY - timedelta(seconds=1), None),
        (7 * DAY, Due.TRANSCRIPT),
        (900 * DAY, Due.TRANSCRIPT),
    ],
)
def test_a_transcript_goes_seven_days_after_signing(after: timedelta, expected: Due | None) -> None:
    assert due(WEEK, State.SIGNED, NOW, NOW + after) is expected


def test_what_has_no_words_left_is_not_due_again() -> None:
    assert due(WEEK, State.SIGNED, NOW, NOW + 8 * DAY, words=False) is None


@pytest.mark.parametrize("state", [state for state in State if state is not State.SIGNED])
def test_what_is_not_signed_keeps_its_words_however_old(state: State) -> None:
    assert due(WEEK, state, None, NOW + 9000 * DAY) is None


def test_a_note_is_kept_unless_the_site_says_how_long() -> None:
    assert WEEK.note_until(NOW) is None
    assert due(WEEK, State.SIGNED, NOW, NOW + 9000 * DAY, words=False) is None
    rules = Retention(7 * DAY, note=30 * DAY)
    assert rules.note_until(NOW) == NOW + 30 * DAY
    assert due(rules, State.SIGNED, NOW, NOW + 29 * DAY, words=False) is None
    assert due(rules, State.SIGNED, NOW, NOW + 30 * DAY, words=False) is Due.NOTE


def test_a_transcript_never_outlives_its_note() -> None:
    rules = Retention(30 * DAY, note=2 * DAY)
    assert rules.transcript_until(NOW) == rules.note_until(NOW) == NOW + 2 * DAY


def test_nothing_is_promised_before_the_signature() -> None:
    rules = Retention(7 * DAY, note=DAY)
    assert rules.transcript_until(None) is None
    assert rules.note_until(None) is None


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (State.AWAITING_CONSENT, Due.UNSIGNED),
        (State.READY, Due.UNSIGNED),
        (State.RECORDING, None),
        (State.PAUSED, None),
        (State.INTERRUPTED, Due.UNSIGNED),
        (State.INTERRUPTED_PAUSED, Due.UNSIGNED),
        (State.ENDED, Due.UNSIGNED),
        (State.IN_REVIEW, Due.UNSIGNED),
        (State.SIGNED, None),
        (State.REVOKED, Due.UNSIGNED),
        (State.SHREDDED, None),
    ],
)
def test_what_is_never_signed_goes_when_the_site_says_so_but_never_while_it_is_heard(
    state: State, expected: Due | None
) -> None:
    rules = Retention(9000 * DAY, unsigned=10 * DAY)
    assert due(rules, state, NOW if state is State.SIGNED else None, NOW + 10 * DAY) is expected
    assert (
        due(rules, state, NOW if state is State.SIGNED else None, NOW + 10 * DAY - timedelta(seconds=1))
        is None
    )


@given(st.sampled_from(State), moments, moments, spans, st.none() | spans, st.none() | spans, st.booleans())
def test_nothing_is_due_before_its_time_and_everything_is_after_it(
    state: State,
    moment: datetime,
    now: datetime,
    transcript: timedelta,
    note: timedelta | None,
    unsigned: timedelta | None,
    words: bool,
) -> None:
    rules = Retention(transcript, note, unsigned)
    signed = state is State.SIGNED
    found = rules.due(state, ended_at=moment, signed_at=moment if signed else None, words=words, now=now)
    age = now - moment
    if signed and note is not None and age >= note:
        assert found is Due.NOTE
    elif signed and words and age >= transcript:
        assert found is Due.TRANSCRIPT
    elif signed or state in (State.RECORDING, State.PAUSED, State.SHREDDED) or unsigned is None:
        assert found is None
    else:
        assert found is (Due.UNSIGNED if age >= unsigned else None)


def test_a_span_beyond_the_calendar_is_for_ever() -> None:
    rules = Retention(timedelta(days=3_000_000))
    assert due(rules, State.SIGNED, NOW, NOW + 30_000 * DAY) is None
