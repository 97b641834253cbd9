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

    `sums` is float64 [voices, dimension], the weighted sum of what each voice was given; `weights` is float64
    [voices], the sum of the weights.
    """

    def __init__(
        self,
        dimension: int,
        sums: NDArray[np.float64] | None = None,
        weights: NDArray[np.float64] | None = None,
    ) -> None:
        self.sums = np.zeros((0, dimension)) if sums is None else sums.astype(np.float64)
        self.weights = np.zeros(len(self.sums)) if weights is None else weights.astype(np.float64)

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

    def linkage(self, embedding: Vectors) -> NDArray[np.float64]:
        """float64 [voices], the mean cosine with all that each voice was given, -1 for a voice never fed.

        Unlike the cosine with the mean it does not grow with how much was given, so one threshold serves all.
        """
        mean = self.sums / np.where(self.weights > 0, self.weights, 1.0)[:, None]
        linkage: NDArray[np.float64] = mean @ embedding.astype(np.float64)
        return np.where(self.weights > 0, linkage, -1.0)

    def open(self, voice: int) -> None:
        """Make room for `voice`, which may be a number in use before or the next one."""
        missing = voice + 1 - len(self.sums)
        if missing > 0:
            self.sums = np.concatenate([self.sums, np.zeros((missing, self.sums.shape[1]))])
            self.weights = np.concatenate([self.weights, np.zeros(missing)])

    def feed(self, voice: int, embedding: Vectors, weight: float) -> None:
        self.sums[voice] += weight * embedding.astype(np.float64)
        self.weights[voice] += weight


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
    1958); a row that is the mean of several embeddings, and so shorter than 1, counts as all of them. It ends when
    no two clusters are as close as `threshold` and at most `most` are left. Takes 8·n² bytes and about n²·log n
    steps: made for up to a few thousand.
    """
    count = len(embeddings)
    sums = embeddings.astype(np.float64) * weights[:, None]
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


def tell_apart(
    embeddings: Vectors,
    weights: NDArray[np.float64],
    *,
    same: float,
    most: int,
    expected: int,
    certain: int,
    smallest: float,
) -> NDArray[np.int64]:
    """int64 [n], the voice of each embedding, seen all together; numbers mean nothing.

    More clusters than there are voices are made, and each embedding is given to the closest; then two are joined
    and the embeddings given out anew, until at most `most` are left and no two are as close as `same`.
    Up to `expected` voices two must be closer to be joined, half of the way from `same` to how close embeddings of
    one voice are in this session; up to `certain` voices, three quarters of it. So what room and line do to all
    voices alike joins nobody. A cluster of less than `smallest` weight is no voice. Rows are as in `agglomerate`.
    """
    sums = _seeds(embeddings, weights, same, 2 * expected, smallest)
    while True:
        voice, sums, totals = _given_out(embeddings, weights, sums)
        count = len(sums)
        if count == 1:
            return voice
        closeness = (sums @ sums.T) / np.outer(totals, totals)
        within = _within(embeddings, weights, voice, sums, totals)
        usual = float((within * totals).sum() / totals.sum())
        share = 0.0 if count > expected else 0.5 if count > certain else 0.75
        limit = same + share * max(0.0, usual - same)
        if count > most:
            # Two that must be joined are those by which least speech comes to a strange voice (Ward, 1963): the
            # closest two may be two people, and what is left a cough.
            lost = np.maximum(usual - closeness, 0.0) * np.outer(totals, totals)
            worth = -lost / (totals[:, None] + totals[None])
        else:
            worth = closeness.copy()
        np.fill_diagonal(worth, -np.inf)
        np.fill_diagonal(closeness, -np.inf)
        one, other = divmod(int(worth.argmax()), count)
        if count <= most and closeness[one, other] < limit and totals.min() >= smallest:
            return voice
        if totals.min() < smallest:
            one = int(totals.argmin())
            other = int(closeness[one].argmax())
        sums[min(one, other)] += sums[max(one, other)]
        sums = np.delete(sums, max(one, other), axis=0)


def _seeds(
    embeddings: Vectors, weights: NDArray[np.float64], same: float, wanted: int, smallest: float
) -> NDArray[np.float64]:
    """float64 [seeds, dimension], sums of close embeddings, `wanted` or more of them where that can be."""
    sums = np.zeros((0, embeddings.shape[1]))
    for threshold in (same + (1 - same) * part for part in (1 / 3, 1 / 2, 2 / 3, 4 / 5)):
        seeds = agglomerate(embeddings, weights, threshold=threshold, most=len(embeddings))
        heavy = np.bincount(seeds, weights=weights)
        sums = _sums(embeddings, weights, seeds)[heavy >= min(smallest, heavy.max())]
        if len(sums) >= wanted:
            break
    return sums


def _sums(embeddings: Vectors, weights: NDArray[np.float64], voice: NDArray[np.int64]) -> NDArray[np.float64]:
    """float64 [voices, dimension], the weighted sum of each voice's embeddings."""
    sums = np.zeros((int(voice.max()) + 1, embeddings.shape[1]))
    np.add.at(sums, voice, embeddings.astype(np.float64) * weights[:, None])
    return sums


_ROUNDS = 5
"""Times that embeddings are given to the closest voice and the voices made anew; it hardly moves after three."""


def _given_out(
    embeddings: Vectors, weights: NDArray[np.float64], sums: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """The closest voice of each embedding, by cosine, and the sums and weights of the voices that are left."""
    voice = np.zeros(0, dtype=np.int64)
    for _ in range(_ROUNDS):
        before, voice = voice, (embeddings @ unit_rows(sums).T).argmax(axis=1)
        voice = np.unique(voice, return_inverse=True)[1].astype(np.int64)
        sums = _sums(embeddings, weights, voice)
        if np.array_equal(before, voice):
            break
    return voice, sums, np.bincount(voice, weights=weights).astype(np.float64)


def _within(
    embeddings: Vectors,
    weights: NDArray[np.float64],
    voice: NDArray[np.int64],
    sums: NDArray[np.float64],
    totals: NDArray[np.float64],
) -> NDArray[np.float64]:
    """float64 [voices], how alike different embeddings of one voice are; 1 where there is but one."""
    own = np.bincount(voice, weights=(weights * np.linalg.norm(embeddings, axis=1)) ** 2)
    squares = np.bincount(voice, weights=weights**2)
    among = totals**2 - squares
    alike: NDArray[np.float64] = np.where(
        among > 1e-9, ((sums**2).sum(axis=1) - own) / np.where(among > 1e-9, among, 1.0), 1.0
    )
    return alike


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
