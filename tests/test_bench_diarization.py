"""The bench of diarization, held against figures worked out by hand."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from asr.types import SpeakerRevision, SpeakerTurn, Utterance, Word

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))

from measuring.conversations import Spoken, joined
from measuring.diarization import Figures, Told, jaccard_error

TRUTH = tuple(
    (speaker, 0, Word("w", start, start + 1.0, 1.0))
    for speaker, start in (("ann", 0.0), ("ann", 1.0), ("bob", 3.0), ("ann", 70.0), ("bob", 72.0))
)
SPOKEN = Spoken("by hand", np.zeros((120 * 16_000, 1), dtype=np.float32), TRUTH)


def told(labels: list[str], changed: dict[str, str] | None = None) -> Told:
    """One utterance for each word, under these labels; those in `changed` get another at the end."""
    found = Told()
    for number, ((_, _, word), label) in enumerate(zip(TRUTH, labels, strict=True)):
        name = Word(f"c0w{number}", word.start, word.end, 1.0)
        said = Utterance(f"u{number}", label, 0, word.start, word.end, (name,), True, 0)
        found.take([said], word.end + 1.0)
    if changed:
        found.take([SpeakerRevision(tuple(changed.items()))], 119.0)
    return found


def rates(told: Told) -> dict[str, float]:
    figures = Figures()
    figures.add(SPOKEN, told)
    return figures.rates()


def test_right_labels_by_whatever_names_are_no_error() -> None:
    found = rates(told(["x", "x", "y", "x", "y"]))
    for name in ("der_percent", "jer_percent", "cpwer_percent", "words_of_wrong_speaker", "flips_an_hour"):
        assert found[name] == 0.0
    assert found["speaker_count_right_percent"] == 100.0
    assert found["stable_p95_seconds"] == 1.0


def test_one_word_of_five_under_the_other_s_label() -> None:
    found = rates(told(["x", "x", "y", "x", "x"]))
    assert found["der_percent"] == pytest.approx(20.0)
    assert found["words_of_wrong_speaker"] == 1
    assert found["cpwer_percent"] == pytest.approx(40.0)  # one word inserted here and deleted there
    assert found["jer_percent"] == pytest.approx(100 * (1 / 4 + 1 / 2) / 2)


def test_a_flip_is_a_label_that_changed_after_the_first_minute_and_the_first_answer_is_kept() -> None:
    found = rates(told(["x", "y", "y", "x", "x"], {"u1": "x", "u4": "y"}))
    assert found["der_percent"] == 0.0
    assert found["flips_an_hour"] == pytest.approx(60.0)  # one in the minute that counts
    assert found["first_told_wrong_percent"] == pytest.approx(40.0)


def test_a_voice_that_nobody_found_counts_whole_in_the_jaccard_error() -> None:
    turns = [SpeakerTurn("a", 0.0, 4.0), SpeakerTurn("b", 4.0, 8.0)]
    assert jaccard_error(turns, [SpeakerTurn("x", 0.0, 8.0)]) == pytest.approx((0.5 + 1.0) / 2)


def test_pauses_of_less_than_half_a_second_are_within_a_turn() -> None:
    assert joined([("a", 0.0, 1.0), ("a", 1.4, 2.0), ("a", 2.6, 3.0)]) == (
        SpeakerTurn("a", 0.0, 2.0),
        SpeakerTurn("a", 2.6, 3.0),
    )
