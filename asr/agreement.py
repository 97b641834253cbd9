"""Successive hypotheses of one growing utterance in, the words that will not change any more out.

LocalAgreement-2 (Liu et al., Interspeech 2020; Macháček et al., 2023): a word is agreed when two decodes, of
which the later heard more audio, put it at the same place. What is agreed is never taken back; the rest of the
newest hypothesis is tentative. Knows nothing of audio or recognisers: words and times only.
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import TypeAlias

from asr.types import Word

EDGE = 0.3
"""Seconds before the end of the audio in which no word is agreed: it may be cut in the middle."""

OVERLAP = 5
"""Words that are compared where a hypothesis begins by repeating what is agreed already."""

NEAR = 1.0
"""Seconds after the last agreed word within which the same word again is taken for the same."""

Words: TypeAlias = tuple[Word, ...]


def _same(one: Word, other: Word) -> bool:
    """The same word but for case and punctuation, which a recogniser changes as it hears more."""
    return one.text.strip(string.punctuation).casefold() == other.text.strip(string.punctuation).casefold()


class Agreement:
    """The words of one open utterance; one instance per utterance."""

    def __init__(self) -> None:
        self._agreed: Words = ()
        self._tentative: Words = ()
        self._audio_end = float("-inf")

    @property
    def agreed(self) -> Words:
        return self._agreed

    @property
    def tentative(self) -> Words:
        return self._tentative

    def push(self, words: Sequence[Word], audio_end: float) -> tuple[Words, Words]:
        """(agreed, tentative) after a decode that heard up to `audio_end` seconds.

        The words' times and `audio_end` are seconds on one axis. A decode that heard no more than one before
        it (a repeat, or a late arrival) changes nothing: two looks at the same audio are no agreement.
        """
        if audio_end <= self._audio_end:
            return self._agreed, self._tentative
        self._audio_end = audio_end
        fresh = self._after_agreed(tuple(words))
        count = 0
        for before, now in zip(self._tentative, fresh, strict=False):
            if not _same(before, now) or now.end > audio_end - EDGE:
                break
            count += 1
        self._agreed += fresh[:count]
        self._tentative = fresh[count:]
        return self._agreed, self._tentative

    def _after_agreed(self, words: Words) -> Words:
        """The words that lie after what is agreed: by time first, then by text, as times shift a little."""
        if not self._agreed:
            return words
        last = self._agreed[-1].end
        words = tuple(word for word in words if (word.start + word.end) / 2 > last)
        for length in range(min(OVERLAP, len(words), len(self._agreed)), 0, -1):
            repeats = all(map(_same, self._agreed[-length:], words[:length]))
            if repeats and words[0].start < last + NEAR and not self._said_twice(words, length):
                return words[length:]
        return words

    def _said_twice(self, words: Words, length: int) -> bool:
        """Whether these are a repetition that both decodes heard ("no, no"), and no shifted time."""
        return len(self._tentative) >= length and all(map(_same, self._tentative[:length], words[:length]))
