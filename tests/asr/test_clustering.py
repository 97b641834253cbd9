from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from asr.clustering import (
    Centroids,
    agglomerate,
    in_order_of_appearance,
    most_likely_path,
    tell_apart,
    unit_rows,
)


def voices(directions: list[int], spread: float, seed: int = 0) -> NDArray[np.float64]:
    """One unit vector near the given axis of sixteen for each entry."""
    rng = np.random.default_rng(seed)
    return unit_rows(np.eye(16)[directions] + spread * rng.standard_normal((len(directions), 16)))


def test_voices_are_told_apart_and_numbered_by_who_came_first() -> None:
    said = [5, 5, 2, 5, 2, 9, 2, 9, 5]
    found = agglomerate(voices(said, 0.1), np.ones(9), threshold=0.5, most=8)
    assert found.tolist() == [0, 0, 1, 0, 1, 2, 1, 2, 0]


def test_one_voice_stays_one_cluster() -> None:
    assert set(agglomerate(voices([3] * 30, 0.1), np.ones(30), threshold=0.5, most=8).tolist()) == {0}


def test_more_voices_than_allowed_are_joined_to_the_closest() -> None:
    embeddings = unit_rows(np.array([[1.0, 0, 0], [0.9, 0.4, 0], [0, 0, 1.0], [0, 0.1, 1.0]]))
    assert agglomerate(embeddings, np.ones(4), threshold=0.999, most=2).tolist() == [0, 0, 1, 1]


def naive_average_linkage(
    embeddings: NDArray[np.float64], weights: NDArray[np.float64], threshold: float, most: int
) -> list[int]:
    clusters = [[index] for index in range(len(embeddings))]
    while len(clusters) > 1:
        pairs = [
            (
                sum(weights[i] * weights[j] * (embeddings[i] @ embeddings[j]) for i in one for j in other)
                / (sum(weights[one]) * sum(weights[other])),
                left,
                right,
            )
            for left, one in enumerate(clusters)
            for right, other in enumerate(clusters)
            if left < right
        ]
        closeness, left, right = max(pairs)
        if closeness < threshold and len(clusters) <= most:
            break
        clusters[left] += clusters.pop(right)
    clusters.sort(key=min)
    return [next(n for n, cluster in enumerate(clusters) if i in cluster) for i in range(len(embeddings))]


@pytest.mark.parametrize("seed", range(12))
def test_the_clusters_are_those_of_average_linkage_computed_from_its_definition(seed: int) -> None:
    rng = np.random.default_rng(seed)
    embeddings = unit_rows(rng.standard_normal((14, 3)))
    weights = rng.uniform(0.5, 4.0, 14)
    found = agglomerate(embeddings, weights, threshold=0.3, most=4)
    assert found.tolist() == naive_average_linkage(embeddings, weights, 0.3, 4)


def test_nothing_and_one_embedding_are_fine() -> None:
    assert agglomerate(np.zeros((0, 4)), np.zeros(0), threshold=0.5, most=2).tolist() == []
    assert agglomerate(np.eye(4)[:1], np.ones(1), threshold=0.5, most=2).tolist() == [0]


def test_renumbering_keeps_the_grouping() -> None:
    assert in_order_of_appearance(np.array([7, 7, 3, 7, 0])).tolist() == [0, 0, 1, 0, 2]


def test_a_centroid_is_the_weighted_mean_of_what_it_was_fed() -> None:
    centroids = Centroids(2)
    centroids.open(1)
    centroids.feed(1, np.array([1.0, 0.0]), 3.0)
    centroids.feed(1, np.array([0.0, 1.0]), 4.0)
    assert len(centroids) == 2
    assert centroids.units.tolist() == [[0.0, 0.0], [0.6, 0.8]]
    assert centroids.similarity(np.array([0.0, 1.0])).tolist() == [0.0, 0.8]


def test_opening_a_voice_again_forgets_nothing() -> None:
    centroids = Centroids(2, np.array([[1.0, 2.0]]))
    centroids.open(0)
    assert centroids.sums.tolist() == [[1.0, 2.0]]


def test_a_path_goes_over_when_the_gain_is_worth_the_switch_and_not_before() -> None:
    scores = np.array([[0.9, 0.1], [0.9, 0.1], [0.4, 0.6], [0.9, 0.1]])
    assert most_likely_path(scores, 0.5).tolist() == [0, 0, 0, 0]
    lasting = np.array([[0.9, 0.1], [0.9, 0.1], [0.2, 0.8], [0.2, 0.8]])
    assert most_likely_path(lasting, 0.5).tolist() == [0, 0, 1, 1]


@given(
    st.integers(1, 3).flatmap(
        lambda count: st.lists(
            st.lists(st.integers(0, 9), min_size=count, max_size=count), min_size=1, max_size=6
        )
    ),
    st.integers(0, 9),
)
def test_no_path_scores_better_than_the_one_found(table: list[list[int]], cost: int) -> None:
    def score(path: tuple[int, ...]) -> int:
        switches = sum(one != other for one, other in pairwise(path))
        return sum(row[voice] for row, voice in zip(table, path, strict=True)) - cost * switches

    found = tuple(most_likely_path(np.array(table, dtype=np.float64), float(cost)).tolist())
    assert score(found) == max(score(path) for path in product(range(len(table[0])), repeat=len(table)))


def on_one_line(directions: list[int], line: float, seed: int = 0) -> NDArray[np.float64]:
    """Voices whose vectors all share a direction, as a telephone line makes them; `line` is its weight."""
    return unit_rows(voices(directions, 0.15, seed) + line * np.eye(16)[15])


APART = {"same": 0.4, "most": 2, "expected": 2, "certain": 2, "smallest": 3.0}


@pytest.mark.parametrize("line", [0.0, 0.6, 1.2])
def test_two_who_take_part_are_told_apart_however_alike_a_line_makes_all_voices(line: float) -> None:
    said = [0, 1] * 12
    found = tell_apart(on_one_line(said, line), np.full(24, 3.0), **APART)
    assert in_order_of_appearance(found).tolist() == said


def test_where_nobody_knows_how_many_take_part_voices_as_alike_as_one_are_one() -> None:
    embeddings = on_one_line([0, 1] * 12, 1.2)
    found = tell_apart(embeddings, np.full(24, 3.0), **APART | {"expected": 1, "certain": 1, "most": 6})
    assert set(found.tolist()) == {0}


def test_one_voice_is_not_two_though_two_take_part_and_the_other_is_silent_yet() -> None:
    embeddings = voices([3] * 30, 0.15)
    found = tell_apart(embeddings, np.full(30, 3.0), **APART | {"certain": 1})
    assert set(found.tolist()) == {0}


def test_never_more_voices_than_take_part_and_the_closest_two_are_joined() -> None:
    embeddings = unit_rows(voices([0] * 6 + [1] * 6 + [2] * 6, 0.1) + np.eye(16)[[0] * 6 + [1] * 12] * 0.8)
    found = tell_apart(embeddings, np.full(18, 3.0), **APART)
    assert in_order_of_appearance(found).tolist() == [0] * 6 + [1] * 12


def test_a_cough_is_no_voice_of_its_own() -> None:
    embeddings = voices([0] * 8 + [1] * 8 + [9], 0.1)
    weights = np.array([3.0] * 16 + [1.5])
    found = tell_apart(embeddings, weights, **APART | {"most": 3, "expected": 3})
    assert len(set(found.tolist())) == 2


@pytest.mark.parametrize("count", [1, 2])
def test_one_or_two_embeddings_have_a_voice_too(count: int) -> None:
    found = tell_apart(voices([4] * count, 0.05), np.full(count, 1.0), **APART | {"certain": 1})
    assert found.tolist() == [0] * count


def test_linkage_is_the_mean_cosine_with_all_that_was_given_and_does_not_grow_with_it() -> None:
    given, asked = voices([2] * 40, 0.3), voices([2], 0.3, seed=1)[0]
    centroids = Centroids(16)
    centroids.open(1)
    for embedding in given:
        centroids.feed(0, embedding, 0.75)
    linkage = centroids.linkage(asked)
    assert linkage[0] == pytest.approx(float(np.mean(given @ asked)))
    assert linkage[1] == -1.0
