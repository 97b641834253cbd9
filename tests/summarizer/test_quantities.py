"""Numbers as they are said and as they are written."""

from __future__ import annotations

import pytest

from summarizer.quantities import Quantity, quantities, readings


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("50 mg", [("50", "mg")]),
        ("fifty milligrams", [("50", "mg")]),
        ("one hundred and fifty micrograms", [("150", "mcg")]),
        ("one pill and one of them", [("1", "tablet")]),
        ("0.50 mg at 3:30", [("0.5", "mg"), ("3:30", "")]),
    ],
)
def test_what_is_written_is_read_strictly(text: str, found: list[tuple[str, str]]) -> None:
    assert quantities(text) == tuple(Quantity(value, unit) for value, unit in found)


@pytest.mark.parametrize(
    ("said", "meant", "not_meant"),
    [
        ("one fifty over ninety", "150", "240"),
        ("twenty twenty one", "2021", "2020"),
        ("half past three", "3:30", "3:15"),
        ("a week ago", "1", "2"),
        ("thirty five", "35", "30"),
        ("seven point two", "7.2", "72"),
        ("one and a half", "1.5", "15"),
        ("a couple of times", "2", "3"),
    ],
)
def test_what_was_said_is_read_in_every_way_a_listener_could(said: str, meant: str, not_meant: str) -> None:
    assert meant in readings(said)
    assert not_meant not in readings(said)
