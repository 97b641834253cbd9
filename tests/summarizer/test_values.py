"""Values that stand in no evidence."""

from __future__ import annotations

import pytest

from summarizer.values import unsaid


@pytest.mark.parametrize(
    ("text", "said", "kinds"),
    [
        ("Takes 50 mg.", "fifty milligrams", []),
        ("Takes 50 mcg.", "fifty milligrams", ["unsupported_number"]),
        ("Seen on 3/14/2024.", "on march fourteenth twenty twenty four", []),
        ("Seen on 3/15/2024.", "on march fourteenth twenty twenty four", ["unsupported_number"]),
        ("Takes Zoloft daily.", "I take sertraline every morning", []),
        ("Takes Zoloft weekly.", "I take sertraline every morning", ["unsupported_number"]),
        ("Takes Nervomil 20 mg.", "I take 20 milligrams of something", ["unsupported_drug"]),
        ("Since May.", "since June", ["unsupported_date"]),
        ("May return.", "I could come back", []),
    ],
)
def test_only_what_was_not_said_is_found(text: str, said: str, kinds: list[str]) -> None:
    assert [one.kind for one in unsaid(text, [said])] == kinds
