from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from asr.assignment import best_pairs

tables = st.tuples(st.integers(0, 5), st.integers(0, 5)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.integers(-9, 9).map(float))
)


@given(tables)
def test_no_other_pairing_has_a_greater_total(scores: np.ndarray) -> None:
    pairs = best_pairs(scores)
    rows, columns = scores.shape
    longer = scores if rows <= columns else scores.T
    totals = [
        sum(longer[row, column] for row, column in enumerate(chosen))
        for chosen in permutations(range(longer.shape[1]), longer.shape[0])
    ]
    assert sum(scores[pair] for pair in pairs) == pytest.approx(max(totals))
    assert len(pairs) == min(rows, columns)
    assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs)


def test_the_greedy_choice_is_not_taken_where_it_costs_more_than_it_gains() -> None:
    assert best_pairs(np.array([[10.0, 9.0], [9.0, 1.0]])) == [(0, 1), (1, 0)]


def test_a_row_too_many_goes_without_partner() -> None:
    assert best_pairs(np.array([[1.0], [5.0], [2.0]])) == [(1, 0)]
