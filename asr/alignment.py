"""Words and speaker turns in, runs of words of one speaker out; it neither hears voices nor changes words.

Speakers are given word by word, never utterance by utterance: a recogniser does not end its segment where the
speaker changes. Times of words and turns are seconds on the same clock; both are in order of time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby, pairwise

from asr.types import SpeakerTurn, Word

SNAP = 0.6
"""Seconds that a change of speaker may be moved to lie in a pause: under half a window of 1.5 s."""
SENTENCE_BONUS = 0.2
"""Seconds that the end of a sentence adds to the pause after it when a place for the change is chosen."""
TINY_RUN = 0.35
"""Seconds: one word as short as this cannot be told apart by its voice."""
PAUSE = 0.2
"""Seconds of silence on both sides that make a tiny run a back-channel of its own, to be kept."""


def split_by_speaker(
    words: Sequence[Word], turns: Sequence[SpeakerTurn]
) -> tuple[tuple[str, tuple[Word, ...]], ...]:
    """(speaker, words) runs; no two neighbours share a speaker, and every word is in one run, in order.

    `turns` holds at least one turn unless there are no words.
    """
    speakers = _without_tiny_runs(words, [speaker_of(word, turns) for word in words])
    spoken = zip(speakers, words, strict=True)
    return tuple(
        (speaker, tuple(word for _, word in run))
        for speaker, run in groupby(spoken, key=lambda pair: pair[0])
    )


def speaker_of(word: Word, turns: Sequence[SpeakerTurn]) -> str:
    """The speaker whose turns overlap the word longest, the earlier turn's among equals; else the nearest's."""
    shared: dict[str, float] = {}
    for turn in turns:
        overlap = min(word.end, turn.end) - max(word.start, turn.start)
        if overlap > 0:
            shared[turn.speaker] = shared.get(turn.speaker, 0.0) + overlap
    if shared:
        return max(shared, key=lambda speaker: shared[speaker])
    middle = (word.start + word.end) / 2
    return min(turns, key=lambda turn: max(turn.start - middle, middle - turn.end)).speaker


def snap_to_pauses(turns: Sequence[SpeakerTurn], words: Sequence[Word]) -> tuple[SpeakerTurn, ...]:
    """The turns with each change of speaker moved into the longest pause between words within `SNAP` seconds.

    The end of a sentence makes the pause after it count as longer. A change with no word boundary near stays.
    """
    pauses = [
        ((left.end + right.start) / 2, right.start - left.end + _sentence_bonus(left))
        for left, right in pairwise(words)
    ]
    snapped = list(turns)
    for index, (before, after) in enumerate(pairwise(turns)):
        if before.speaker == after.speaker:
            continue
        boundary = (before.end + after.start) / 2
        earliest = max(boundary - SNAP, snapped[index].start)
        latest = min(boundary + SNAP, after.end)
        near = [(length - abs(at - boundary) / 4, at) for at, length in pauses if earliest < at < latest]
        if near:
            _, at = max(near)
            snapped[index] = replace(snapped[index], end=at)
            snapped[index + 1] = replace(snapped[index + 1], start=at)
    return tuple(snapped)


def _sentence_bonus(word: Word) -> float:
    return SENTENCE_BONUS if word.text.endswith((".", "?", "!")) else 0.0


def _without_tiny_runs(words: Sequence[Word], speakers: Sequence[str]) -> list[str]:
    """A lone short word between two words of another single speaker is theirs, unless pauses set it apart."""
    smoothed = list(speakers)
    for index in range(1, len(words) - 1):
        before, word, after = words[index - 1 : index + 2]
        enclosed = speakers[index - 1] == speakers[index + 1] != speakers[index]
        set_apart = word.start - before.end >= PAUSE and after.start - word.end >= PAUSE
        if enclosed and word.end - word.start <= TINY_RUN and not set_apart:
            smoothed[index] = speakers[index - 1]
    return smoothed
