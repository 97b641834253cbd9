"""Numbers as notes write them."""

from __future__ import annotations

import pytest

from summarizer.content import numbers
from summarizer.numerals import digits, in_numerals


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("fifty milligrams three times a day", "50 mg 3 times a day"),
        ("two hundred and fifty micrograms", "250 mcg"),
        ("a forty-four-year-old teacher", "a 44-year-old teacher"),
        ("one or two drinks", "1 or 2 drinks"),
        ("one pill at night", "1 pill at night"),
        ("zero to ten", "0 to 10"),
    ],
)
def test_what_is_counted_is_in_digits(said: str, written: str) -> None:
    assert in_numerals(said) == written
    assert numbers(said) == numbers(written)


@pytest.mark.parametrize(
    "said",
    [
        "one twenty over seventy",
        "in twenty eighteen",
        "one of them",
        "whether they have one or not",
        "no one",
        "on the twenty seventh",
        "the two of them",
        'states, "I took fifty milligrams twice."',
    ],
)
def test_what_can_be_read_in_two_ways_or_is_quoted_stays(said: str) -> None:
    assert in_numerals(said) == said


def test_to_be_compared_quotations_are_in_digits_too() -> None:
    assert digits('"fifty" of forty') == '"50" of 40'
