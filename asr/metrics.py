"""What was said and what was heard in, error figures out; it measures and never changes a transcript.

Words are compared after `normalize_words`; speakers after the pairing of labels that is best for the measure,
because a label says nothing beyond "the same voice". All rates are errors over reference, 0.0 is perfect and
more than 1.0 is possible where much was invented.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from asr.assignment import best_pairs
from asr.types import SpeakerTurn

FRAMES_A_SECOND = 100
"""Diarization is scored in frames of 10 ms, as NIST's md-eval does at its finest."""

Alignment: TypeAlias = list[tuple[int | None, int | None]]
"""(reference index, hypothesis index) pairs in order; None stands for the word that the other side lacks."""

_WORD = re.compile(r"[a-z0-9]+(?:['.][a-z0-9]+)*")
_UNIT_WORDS = (
    *(
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
    ),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS_WORDS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_UNITS = {word: value for value, word in enumerate(_UNIT_WORDS)}
_TENS = {word: 10 * value for value, word in enumerate(_TENS_WORDS, start=2)}


def normalize_words(text: str, *, numbers: bool = False) -> list[str]:
    """The words of `text` in lower case without punctuation; hyphens part words, apostrophes stay in them.

    Runs of single letters are one word (`P H Q` and `PHQ` are the same). With `numbers`, number words up to 99
    become digits (`twenty-five` and `25` are the same); without, both are left as they are written.
    """
    words = _WORD.findall(text.lower().replace("’", "'"))
    words = _joined_letters(words)
    return _digits(words) if numbers else words


def _joined_letters(words: list[str]) -> list[str]:
    """`p h q` → `phq`; a lone letter, and `a` or `i` before a longer word, stay words."""
    joined: list[str] = []
    run: list[str] = []
    for word in [*words, ""]:
        if len(word) == 1 and word.isalpha():
            run.append(word)
            continue
        joined += ["".join(run)] if len(run) > 1 and not set(run) <= {"a", "i"} else run
        run = []
        joined += [word] if word else []
    return joined


def _digits(words: list[str]) -> list[str]:
    digits: list[str] = []
    tens: int | None = None
    for word in words:
        unit = _UNITS.get(word)
        if tens is not None and unit is not None and 1 <= unit <= 9:
            digits[-1] = str(tens + unit)
            tens = None
            continue
        tens = _TENS.get(word)
        digits.append(str(tens) if tens is not None else str(unit) if unit is not None else word)
    return digits


def align_words(reference: Sequence[str], hypothesis: Sequence[str]) -> Alignment:
    """The alignment with the fewest errors (Levenshtein, 1966); a pair of unequal words is a substitution.

    Takes four bytes for each cell of reference × hypothesis.
    """
    table = _distances(reference, hypothesis)
    row, column = len(reference), len(hypothesis)
    pairs: Alignment = []
    while row or column:
        if row and column:
            differs = reference[row - 1] != hypothesis[column - 1]
            if table[row, column] == table[row - 1, column - 1] + differs:
                row, column = row - 1, column - 1
                pairs.append((row, column))
                continue
        if row and table[row, column] == table[row - 1, column] + 1:
            row -= 1
            pairs.append((row, None))
        else:
            column -= 1
            pairs.append((None, column))
    return pairs[::-1]


def _distances(reference: Sequence[str], hypothesis: Sequence[str]) -> NDArray[np.int32]:
    """int32 [reference + 1, hypothesis + 1]: edit distance between every two beginnings."""
    numbers = {word: number for number, word in enumerate(dict.fromkeys([*reference, *hypothesis]))}
    columns = np.array([numbers[word] for word in hypothesis], dtype=np.int64)
    steps = np.arange(len(hypothesis) + 1, dtype=np.int32)
    table = np.empty((len(reference) + 1, len(hypothesis) + 1), dtype=np.int32)
    table[0] = steps
    for row, word in enumerate(reference, start=1):
        above = table[row - 1]
        best = above + 1
        best[1:] = np.minimum(best[1:], above[:-1] + (columns != numbers[word]))
        # An insertion costs one a column: the running minimum of (cost − column) does the whole row at once.
        table[row] = np.minimum.accumulate(best - steps) + steps
    return table


def word_errors(reference: Sequence[str], hypothesis: Sequence[str]) -> tuple[int, int, int, int]:
    """(substitutions, deletions, insertions, reference words) of the best alignment.

    Raises TypeError for a text in place of its words: it would be counted letter by letter.
    """
    if isinstance(reference, str) or isinstance(hypothesis, str):
        raise TypeError("expected words, but a text came; split it with normalize_words")
    substitutions = deletions = insertions = 0
    for in_reference, in_hypothesis in align_words(reference, hypothesis):
        if in_reference is None:
            insertions += 1
        elif in_hypothesis is None:
            deletions += 1
        elif reference[in_reference] != hypothesis[in_hypothesis]:
            substitutions += 1
    return substitutions, deletions, insertions, len(reference)


def word_error_rate(reference: str, hypothesis: str, *, numbers: bool = False) -> float:
    """(S + D + I) / N over normalised words, the definition of NIST's sclite.

    An empty reference gives 0.0 for an empty hypothesis and infinity otherwise.
    """
    substitutions, deletions, insertions, words = word_errors(
        normalize_words(reference, numbers=numbers), normalize_words(hypothesis, numbers=numbers)
    )
    return _rate(substitutions + deletions + insertions, words)


def _rate(errors: float, reference: float) -> float:
    if reference:
        return errors / reference
    return float("inf") if errors else 0.0


@dataclass(frozen=True, slots=True)
class DiarizationErrors:
    """Seconds of speaker time missed, invented, given to another speaker, and in the reference."""

    missed: float
    false_alarm: float
    confusion: float
    reference: float

    @property
    def rate(self) -> float:
        return _rate(self.missed + self.false_alarm + self.confusion, self.reference)


def diarization_errors(
    reference: Sequence[SpeakerTurn], hypothesis: Sequence[SpeakerTurn], *, collar: float = 0.0
) -> DiarizationErrors:
    """The parts of the diarization error of NIST's Rich Transcription evaluation (RT-09 plan, section 6).

    Overlapped speech counts once for each speaker in it. Time within `collar` seconds of a reference boundary
    is left out on both sides. Labels are paired so that the shared time is the longest.
    """
    frames = round(max((turn.end for turn in (*reference, *hypothesis)), default=0.0) * FRAMES_A_SECOND)
    scored = np.ones(frames, dtype=bool)
    for turn in reference:
        for boundary in (turn.start, turn.end) if collar > 0 else ():
            scored[_frames(boundary - collar, boundary + collar)] = False
    spoken = _activity(reference, frames)[:, scored]
    heard = _activity(hypothesis, frames)[:, scored]
    shared = spoken.astype(np.float64) @ heard.T.astype(np.float64)
    right = sum(shared[pair] for pair in best_pairs(shared))
    speakers, voices = spoken.sum(axis=0), heard.sum(axis=0)
    return DiarizationErrors(
        missed=float(np.maximum(speakers - voices, 0).sum()) / FRAMES_A_SECOND,
        false_alarm=float(np.maximum(voices - speakers, 0).sum()) / FRAMES_A_SECOND,
        confusion=float(np.minimum(speakers, voices).sum() - right) / FRAMES_A_SECOND,
        reference=float(speakers.sum()) / FRAMES_A_SECOND,
    )


def diarization_error_rate(
    reference: Sequence[SpeakerTurn], hypothesis: Sequence[SpeakerTurn], *, collar: float = 0.0
) -> float:
    """(missed + false alarm + confusion) / reference speaker time; see `diarization_errors`."""
    return diarization_errors(reference, hypothesis, collar=collar).rate


def _frames(start: float, end: float) -> slice:
    return slice(max(0, round(start * FRAMES_A_SECOND)), max(0, round(end * FRAMES_A_SECOND)))


def _activity(turns: Sequence[SpeakerTurn], frames: int) -> NDArray[np.bool_]:
    """bool [speakers, frames]: who speaks in which frame."""
    rows = {speaker: row for row, speaker in enumerate(dict.fromkeys(turn.speaker for turn in turns))}
    activity = np.zeros((len(rows), frames), dtype=bool)
    for turn in turns:
        activity[rows[turn.speaker], _frames(turn.start, turn.end)] = True
    return activity


def speaker_word_accuracy(
    reference: Sequence[tuple[str, str]], hypothesis: Sequence[tuple[str, str]]
) -> float:
    """Of the words that were heard, rightly or not, the part that carries the right speaker.

    Both are (speaker, word) pairs in order of time, the words normalised. It is one minus the word diarization
    error rate of Shafey, Soltau and Shafran (2019): (S_wrong + C_wrong) / (S + C). 1.0 where nothing aligns.
    """
    pairs = [
        (reference[said][0], hypothesis[heard][0])
        for said, heard in align_words([word for _, word in reference], [word for _, word in hypothesis])
        if said is not None and heard is not None
    ]
    rows = {speaker: row for row, speaker in enumerate(dict.fromkeys(said for said, _ in pairs))}
    columns = {speaker: column for column, speaker in enumerate(dict.fromkeys(heard for _, heard in pairs))}
    counts = np.zeros((len(rows), len(columns)))
    for said, heard in pairs:
        counts[rows[said], columns[heard]] += 1
    return float(sum(counts[pair] for pair in best_pairs(counts))) / len(pairs) if pairs else 1.0


def cpwer(reference: Mapping[str, str], hypothesis: Mapping[str, str], *, numbers: bool = False) -> float:
    """Concatenated minimum-permutation word error rate (Watanabe et al., CHiME-6, 2020).

    Both are all of a speaker's text by speaker. Each reference speaker is paired with one of the hypothesis so
    that the errors are the fewest; a speaker without partner counts wholly as deleted or inserted.
    """
    said = [normalize_words(text, numbers=numbers) for text in reference.values()]
    heard = [normalize_words(text, numbers=numbers) for text in hypothesis.values()]
    words = sum(len(text) for text in said)
    size = max(len(said), len(heard))
    said += [[]] * (size - len(said))
    heard += [[]] * (size - len(heard))
    errors = np.array(
        [[sum(word_errors(one, other)[:3]) for other in heard] for one in said], dtype=np.float64
    )
    errors = errors.reshape(size, size)
    return _rate(float(sum(errors[pair] for pair in best_pairs(-errors))), words)
