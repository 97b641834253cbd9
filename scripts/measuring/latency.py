"""When words became stable and when their finals came: what a client was told in, seconds out; pure.

A word of a final is stable from the moment on which the server said that it will not change any more (`stable`
leading words of a partial), or, where a server does not say so, from the moment on which it stood there and was
never told otherwise. A word that no partial had is stable with its final.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from asr.metrics import align_words, normalize_words
from asr.types import Word

ASTRAY = 1.0
"""Seconds between a word and its reference beyond which the two were paired by chance."""


@dataclass(frozen=True, slots=True)
class Told:
    """One message about an utterance: when it came, the words, and how many of them the server calls stable.

    `stable` None is a server that does not say.
    """

    at: float
    words: tuple[str, ...]
    stable: int | None = None


def stable_moments(partials: Sequence[Told], final: Told) -> list[float]:
    """For each word of a final the moment from which it was stable.

    `partials` are the earlier messages of the same utterance in order of time. Words are the same but for case and
    punctuation.
    """
    said = [_plain(word) for word in final.words]
    moments = [final.at] * len(said)
    held_until_now = [True] * len(said)
    for partial in reversed(partials):
        held = _held(said, partial)
        for index, place in enumerate(held):
            if partial.stable is not None:
                if place is not None and place < partial.stable:
                    moments[index] = partial.at
            elif held_until_now[index] and place is not None:
                moments[index] = partial.at
            else:
                held_until_now[index] = False
    return moments


def changes(partials: Sequence[Told], final: Told) -> tuple[int, int]:
    """How many words were called stable and then changed: by a later partial, and by the final."""
    by_partials = sum(_broken(one, other) for one, other in pairwise(partials))
    return by_partials, _broken(partials[-1], final) if partials else 0


def _broken(promise: Told, later: Told) -> int:
    """Words that a message called stable and a later one has not."""
    promised = [_plain(word) for word in promise.words[: promise.stable or 0]]
    return sum(index is None for index in _held(promised, later))


def _held(said: Sequence[str], partial: Told) -> list[int | None]:
    """Where in a partial each word of the final stands; None where it does not."""
    words = [_plain(word) for word in partial.words]
    held: list[int | None] = [None] * len(said)
    for final_index, index in align_words(said, words):
        if final_index is not None and index is not None and said[final_index] == words[index]:
            held[final_index] = index
    return held


def reference_ends(heard: Sequence[Word], reference: Sequence[Word]) -> list[float]:
    """When each heard word really ended, in seconds: its reference's end, or its own where it has none.

    Both are in order of time on one clock. A reference more than a second away is another word's.
    """
    ends = [word.end for word in heard]
    ours = [(_plain(word.text), index) for index, word in enumerate(heard)]
    theirs = [(text, word) for word in reference for text in normalize_words(word.text)]
    pairs = align_words([text for text, _ in theirs], [text for text, _ in ours])
    for reference_index, index in pairs:
        if reference_index is None or index is None:
            continue
        true_end, place = theirs[reference_index][1].end, ours[index][1]
        if abs(true_end - heard[place].end) <= ASTRAY:
            ends[place] = true_end
    return ends


def offsets(heard: Sequence[Word], reference: Sequence[Word]) -> list[float]:
    """How far each word that was heard right begins after its reference, in seconds."""
    ours = [(_plain(word.text), word) for word in heard]
    theirs = [(text, word) for word in reference for text in normalize_words(word.text)]
    pairs = align_words([text for text, _ in theirs], [text for text, _ in ours])
    return [
        ours[index][1].start - theirs[at][1].start
        for at, index in pairs
        if at is not None and index is not None and ours[index][0] == theirs[at][0]
    ]


def _plain(word: str) -> str:
    """Case and punctuation apart; what holds no letter stays as it is."""
    return " ".join(normalize_words(word)) or word
