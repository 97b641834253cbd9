"""Embeddings in, which of them are one voice out; it hears no audio and knows nothing of time or words.

Two ways to the same end. `Centroids` is told the embeddings one by one and answers at once; `agglomerate` sees
all of them and answers better, later. An embedding is float [dimension] with norm 1; its weight is the seconds
of speech it stands for. Voices are numbered from 0 in the order in which they were first heard.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32] | NDArray[np.float64]


class Centroids:
    """The mean embedding of each voice heard so far; per session.

    `sums` is float64 [voices, dimension], the weighted sum of what each voice was given.
    """

    def __init__(self, dimension: int, sums: NDArray[np.float64] | None = None) -> None:
        self.sums = np.zeros((0, dimension)) if sums is None else sums.astype(np.float64)

    def __len__(self) -> int:
        return len(self.sums)

    @property
    def units(self) -> NDArray[np.float64]:
        """float64 [voices, dimension] of norm 1; a voice that was never fed is all zeros."""
        return unit_rows(self.sums)

    def similarity(self, embedding: Vectors) -> NDArray[np.float64]:
        """float64 [voices], the cosine with each voice."""
        similarity: NDArray[np.float64] = self.units @ embedding.astype(np.float64)
        return similarity

    def open(self, voice: int) -> None:
        """Make room for `voice`, which may be a number in use before or the next one."""
        missing = voice + 1 - len(self.sums)
        if missing > 0:
            self.sums = np.concatenate([self.sums, np.zeros((missing, self.sums.shape[1]))])

    def feed(self, voice: int, embedding: Vectors, weight: float) -> None:
        self.sums[voice] += weight * embedding.astype(np.float64)


def unit_rows(vectors: Vectors) -> NDArray[np.float64]:
    """Each row over its norm; rows of zeros stay zeros."""
    rows = vectors.astype(np.float64)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(norms > 0, norms, 1.0))


def agglomerate(
    embeddings: Vectors, weights: NDArray[np.float64], *, threshold: float, most: int
) -> NDArray[np.int64]:
    """int64 [n], the voice of each embedding: the closest two clusters are joined again and again.

    Closeness is the weighted average of the cosines between the members (average linkage; Sokal and Michener,
    1958). It ends when no two clusters are as close as `threshold` and at most `most` are left. Takes 8·n²
    bytes and about n²·log n steps: made for up to a few thousand.
    """
    count = len(embeddings)
    sums = unit_rows(embeddings) * weights[:, None]
    totals = weights.astype(np.float64).copy()
    closeness = (sums @ sums.T) / np.outer(totals, totals)
    np.fill_diagonal(closeness, -np.inf)
    voice = np.arange(count)
    nearest = closeness.argmax(axis=1) if count else np.zeros(0, dtype=np.int64)
    nearest_closeness = closeness[np.arange(count), nearest]
    for left in range(count, 1, -1):
        one = int(nearest_closeness.argmax())
        if nearest_closeness[one] < threshold and left <= most:
            break
        other = int(nearest[one])
        one, other = min(one, other), max(one, other)
        share = totals[other] / (totals[one] + totals[other])
        joined = (1 - share) * closeness[one] + share * closeness[other]
        joined[[one, other]] = -np.inf
        closeness[one], closeness[:, one] = joined, joined
        closeness[other], closeness[:, other] = -np.inf, -np.inf
        totals[one] += totals[other]
        voice[voice == other] = one
        nearest_closeness[other] = -np.inf
        # Whoever was nearest to one of the two may now be nearest to another; average linkage never makes the
        # joined cluster closer to a third than the closer of the two was, so nobody else's nearest changes.
        for row in {one, *np.flatnonzero((nearest == one) | (nearest == other)).tolist()} - {other}:
            nearest[row] = closeness[row].argmax()
            nearest_closeness[row] = closeness[row, nearest[row]]
    return in_order_of_appearance(voice)


def in_order_of_appearance(voices: NDArray[np.int64]) -> NDArray[np.int64]:
    """The same grouping, numbered from 0 by who comes first."""
    numbers = {voice: number for number, voice in enumerate(dict.fromkeys(voices.tolist()))}
    return np.array([numbers[voice] for voice in voices.tolist()], dtype=np.int64)


def most_likely_path(scores: NDArray[np.float64], switch_cost: float) -> NDArray[np.int64]:
    """int64 [steps], the voice at each step that maximises the scores less the cost of the switches.

    `scores` is float64 [steps, voices] with at least one voice (Viterbi, 1967). Among equals it stays.
    """
    steps = len(scores)
    best = scores[0].copy() if steps else np.zeros(scores.shape[1])
    came_from = np.zeros(scores.shape, dtype=np.int64)
    for step in range(1, steps):
        top = int(best.argmax())
        stays = best >= best[top] - switch_cost
        came_from[step] = np.where(stays, np.arange(scores.shape[1]), top)
        best = np.where(stays, best, best[top] - switch_cost) + scores[step]
    path = np.zeros(steps, dtype=np.int64)
    if steps:
        path[-1] = best.argmax()
    for step in range(steps - 1, 0, -1):
        path[step - 1] = came_from[step, path[step]]
    return path
