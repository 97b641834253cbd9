"""The pronouns that a clinician's introduction gives."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from summarizer.introduction import spoken_pronouns
from summarizer.types import Turn


@pytest.mark.parametrize(
    ("said", "pronouns"),
    [
        ("T: Robin is a 52-year-old woman here for her knee.", "she/her"),
        ("T: This is a sixty year old gentleman with back pain.", "he/him"),
        ("T: A 52-year-old woman, whose son, a 20-year-old man, came along.", ""),
        ("C: I am a 52-year-old woman.", ""),
        ("T: Robin is here for the knee.", ""),
    ],
)
def test_pronouns_are_taken_from_the_clinicians_own_introduction_only(
    said: str, pronouns: str, talk: Callable[[str], tuple[Turn, ...]]
) -> None:
    assert spoken_pronouns(talk(said)) == pronouns
