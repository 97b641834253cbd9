"""A table of scores in, the pairing of rows with columns of the greatest total out; knows nothing of speakers.

It is how two sets of speaker labels are laid on one another, be it for a measure or for stable slots.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def best_pairs(scores: NDArray[np.float64]) -> list[tuple[int, int]]:
    """(row, column) pairs in order of rows, min(rows, columns) of them, with the greatest sum of scores.

    `scores` is float64 [rows, columns], finite. Among equal sums the choice is always the same one. The
    Hungarian method by shortest augmenting paths (Kuhn, 1955; Jonker and Volgenant, 1987), O(rows² · columns).
    """
    rows, columns = scores.shape
    if rows > columns:
        return sorted((row, column) for column, row in best_pairs(scores.T))
    cost = -scores
    row_price = np.zeros(rows)
    column_price = np.zeros(columns)
    row_of = np.full(columns, -1)
    for new_row in range(rows):
        distance = np.full(columns, np.inf)
        came_from = np.full(columns, -1)
        done = np.zeros(columns, dtype=bool)
        row, last, reached = new_row, -1, 0.0
        while True:
            slack = reached + cost[row] - row_price[row] - column_price
            shorter = ~done & (slack < distance)
            distance[shorter] = slack[shorter]
            came_from[shorter] = last
            last = int(np.where(done, np.inf, distance).argmin())
            reached = float(distance[last])
            done[last] = True
            if row_of[last] < 0:
                break
            row = int(row_of[last])
        row_price[new_row] += reached
        for column in np.flatnonzero(done & (row_of >= 0)):
            row_price[row_of[column]] += reached - distance[column]
        column_price[done] -= reached - distance[done]
        while last >= 0:
            row_of[last] = new_row if came_from[last] < 0 else row_of[came_from[last]]
            last = int(came_from[last])
    return sorted((int(row), column) for column, row in enumerate(row_of) if row >= 0)
