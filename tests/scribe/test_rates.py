"""Rates: a full window at once, then one at a time; time is an argument."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribe.rates import MAX_KEYS, Rate


def test_a_full_window_may_come_at_once_and_one_more_waits() -> None:
    rate = Rate(10, 60.0)
    assert [rate.take("a", 100.0) for _ in range(10)] == [0.0] * 10
    assert rate.take("a", 100.0) == pytest.approx(6.0)
    assert rate.take("a", 105.9) > 0.0
    assert rate.take("a", 106.1) == 0.0


def test_keys_do_not_count_for_each_other_and_clearing_forgets() -> None:
    rate = Rate(1, 60.0)
    assert rate.take("a", 0.0) == 0.0
    assert rate.take("b", 0.0) == 0.0
    assert rate.take("a", 1.0) == pytest.approx(59.0)
    rate.clear("a")
    assert rate.take("a", 1.0) == 0.0


def test_asking_takes_nothing() -> None:
    rate = Rate(1, 10.0)
    assert [rate.wait("a", 0.0) for _ in range(5)] == [0.0] * 5
    assert rate.take("a", 0.0) == 0.0


@given(st.lists(st.floats(0, 5), max_size=80), st.integers(1, 20))
def test_no_window_ever_holds_more_than_twice_the_count(steps: list[float], count: int) -> None:
    rate, now, taken = Rate(count, 10.0), 0.0, []
    for step in steps:
        now += step
        if not rate.take("a", now):
            taken.append(now)
    for begin in taken:
        assert sum(begin <= at < begin + 10.0 for at in taken) <= 2 * count


def test_strangers_cannot_fill_the_memory() -> None:
    rate = Rate(1, 1e6)
    for number in range(MAX_KEYS + 500):
        rate.take(str(number), 0.0)
    assert len(rate._paid) == MAX_KEYS
    assert rate.wait(str(MAX_KEYS + 499), 0.0) > 0.0
