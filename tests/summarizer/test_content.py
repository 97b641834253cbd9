"""Stems and numbers."""

from __future__ import annotations

from summarizer.content import content_stems, numbers, stem


def test_numbers_in_words_and_digits_are_the_same_numbers() -> None:
    assert numbers("forty milligrams, thirty-five years, two hundred") == {"40", "35", "200"}
    assert numbers("40 mg, 35 years, 200") == {"40", "35", "200"}


def test_one_is_a_number_only_where_it_counts() -> None:
    assert numbers("one of my friends") == frozenset()
    assert numbers("one pill") == {"1"}


def test_inflections_share_a_stem() -> None:
    assert stem("sleeping") == stem("sleeps")
    assert stem("worried") == stem("worries")
    assert stem("remembering") == stem("remember")


def test_small_words_carry_no_content() -> None:
    assert content_stems("I was at the store and it was very loud") == (stem("store"), stem("loud"))
