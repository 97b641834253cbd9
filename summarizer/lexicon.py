"""Word lists written as text: a run of words in, a set of them out. It reads no files and knows no language."""

from __future__ import annotations


def word_set(text: str) -> frozenset[str]:
    """The words of a text between its blanks: `word_set("a an the")` holds three."""
    return frozenset(text.split())
