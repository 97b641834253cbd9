"""Word lists written as text."""

from __future__ import annotations

from summarizer.lexicon import word_set


def test_a_word_list_holds_each_word_once_however_it_is_broken() -> None:
    assert word_set("a an\n  the a") == {"a", "an", "the"}
