import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr.metrics import (
    align_words,
    cpwer,
    diarization_error_rate,
    diarization_errors,
    normalize_words,
    speaker_word_accuracy,
    word_error_rate,
    word_errors,
)
from asr.types import SpeakerTurn

few_words = st.lists(st.sampled_from("abcd"), max_size=8)


def slow_distance(reference: list[str], hypothesis: list[str]) -> int:
    """The definition, without a table."""
    if not reference or not hypothesis:
        return len(reference) + len(hypothesis)
    if reference[-1] == hypothesis[-1]:
        return slow_distance(reference[:-1], hypothesis[:-1])
    return 1 + min(
        slow_distance(reference[:-1], hypothesis),
        slow_distance(reference, hypothesis[:-1]),
        slow_distance(reference[:-1], hypothesis[:-1]),
    )


def test_case_and_punctuation_do_not_count() -> None:
    assert normalize_words("Well, I’m OK — follow-up at 3.30?") == [
        "well",
        "i'm",
        "ok",
        "follow",
        "up",
        "at",
        "3.30",
    ]


def test_spelt_letters_are_one_word_but_a_and_i_stay_words() -> None:
    assert normalize_words("the P H Q nine") == ["the", "phq", "nine"]
    assert normalize_words("so I, a man, can") == ["so", "i", "a", "man", "can"]
    assert normalize_words("a I") == ["a", "i"]


@pytest.mark.parametrize(
    ("spoken", "written"),
    [
        ("twenty-five", "25"),
        ("twenty five milligrams", "25 milligrams"),
        ("fifty", "50"),
        ("twenty twelve", "20 12"),
        ("zero to nineteen", "0 to 19"),
        ("PHQ nine", "phq 9"),
        ("one two three", "1 2 3"),
    ],
)
def test_number_words_equal_digits_where_that_is_asked_for(spoken: str, written: str) -> None:
    assert word_error_rate(written, spoken, numbers=True) == 0.0
    assert word_error_rate(written, spoken) > 0.0


@given(few_words, few_words)
def test_the_errors_are_as_few_as_the_definition_says(reference: list[str], hypothesis: list[str]) -> None:
    substitutions, deletions, insertions, words = word_errors(reference, hypothesis)
    assert substitutions + deletions + insertions == slow_distance(reference, hypothesis)
    assert words == len(reference)
    assert len(hypothesis) == words - deletions + insertions


@given(few_words, few_words)
def test_an_alignment_holds_every_word_once_and_in_order(reference: list[str], hypothesis: list[str]) -> None:
    pairs = align_words(reference, hypothesis)
    assert [said for said, _ in pairs if said is not None] == list(range(len(reference)))
    assert [heard for _, heard in pairs if heard is not None] == list(range(len(hypothesis)))


def test_each_kind_of_error_is_counted_as_itself() -> None:
    assert word_errors(["i", "sleep", "four", "hours"], ["i", "slept", "four", "hours"]) == (1, 0, 0, 4)
    assert word_errors(["i", "sleep", "four", "hours"], ["i", "four", "hours"]) == (0, 1, 0, 4)
    assert word_errors(["four", "hours"], ["about", "four", "hours"]) == (0, 0, 1, 2)


def test_words_out_of_nothing_are_an_infinite_rate_and_nothing_out_of_nothing_none() -> None:
    assert word_error_rate("", "") == 0.0
    assert math.isinf(word_error_rate("", "thank you"))
    assert word_error_rate("yes", "yes yes yes yes") == 3.0


def test_the_labels_themselves_do_not_count() -> None:
    reference = [SpeakerTurn("clinician", 0.0, 4.0), SpeakerTurn("client", 4.0, 6.0)]
    hypothesis = [SpeakerTurn("SPEAKER_01", 0.0, 4.0), SpeakerTurn("SPEAKER_00", 4.0, 6.0)]
    assert diarization_error_rate(reference, hypothesis) == 0.0


def test_missed_invented_and_confused_time_are_told_apart() -> None:
    reference = [SpeakerTurn("a", 0.0, 5.0), SpeakerTurn("b", 5.0, 10.0)]
    hypothesis = [SpeakerTurn("x", 1.0, 6.0), SpeakerTurn("y", 6.0, 12.0)]
    errors = diarization_errors(reference, hypothesis)
    assert (errors.missed, errors.confusion, errors.false_alarm) == (1.0, 1.0, 2.0)
    assert errors.reference == 10.0
    assert errors.rate == pytest.approx(0.4)


def test_overlapped_speech_given_to_one_speaker_is_missed_once() -> None:
    reference = [SpeakerTurn("a", 0.0, 10.0), SpeakerTurn("b", 8.0, 10.0)]
    assert diarization_error_rate(reference, [SpeakerTurn("x", 0.0, 10.0)]) == pytest.approx(2 / 12)


def test_the_collar_forgives_a_boundary_a_little_off_and_no_more() -> None:
    reference = [SpeakerTurn("a", 0.0, 5.0), SpeakerTurn("b", 5.0, 10.0)]
    slightly_off = [SpeakerTurn("x", 0.0, 5.2), SpeakerTurn("y", 5.2, 10.0)]
    far_off = [SpeakerTurn("x", 0.0, 6.0), SpeakerTurn("y", 6.0, 10.0)]
    assert diarization_error_rate(reference, slightly_off) > 0.0
    assert diarization_error_rate(reference, slightly_off, collar=0.25) == 0.0
    assert diarization_error_rate(reference, far_off, collar=0.25) == pytest.approx(0.75 / 9.0)


def test_an_empty_reference_is_perfect_only_with_an_empty_hypothesis() -> None:
    assert diarization_error_rate([], []) == 0.0
    assert math.isinf(diarization_error_rate([], [SpeakerTurn("x", 0.0, 1.0)]))
    assert diarization_error_rate([SpeakerTurn("a", 0.0, 1.0)], []) == 1.0


def test_speaker_accuracy_looks_at_heard_words_only() -> None:
    reference = [("a", "how"), ("a", "are"), ("a", "you"), ("b", "not"), ("b", "well")]
    one_wrong = [("x", "how"), ("x", "are"), ("y", "you"), ("y", "knot"), ("y", "well")]
    one_unheard = [("x", "how"), ("x", "you"), ("y", "not"), ("y", "well")]
    assert speaker_word_accuracy(reference, one_wrong) == pytest.approx(4 / 5)
    assert speaker_word_accuracy(reference, one_unheard) == 1.0
    assert speaker_word_accuracy(reference, []) == 1.0


def test_one_label_for_everybody_is_right_for_the_one_who_says_most() -> None:
    reference = [("a", "one"), ("a", "two"), ("a", "three"), ("b", "four")]
    assert speaker_word_accuracy(reference, [("x", word) for _, word in reference]) == 0.75


def test_cpwer_finds_the_permutation_and_counts_words_given_to_the_wrong_speaker_twice() -> None:
    reference = {"clinician": "how are you", "client": "not too well"}
    assert cpwer(reference, {"S0": "not too well", "S1": "how are you"}) == 0.0
    assert cpwer(reference, {"S0": "too well", "S1": "how are you not"}) == pytest.approx(2 / 6)


def test_cpwer_counts_a_speaker_without_partner_whole() -> None:
    reference = {"clinician": "how are you", "client": "fine"}
    assert cpwer(reference, {"S0": "how are you"}) == pytest.approx(1 / 4)
    assert cpwer({"client": "fine"}, {"S0": "fine", "S1": "thank you"}) == 2.0
    assert cpwer({}, {}) == 0.0


def test_a_text_in_place_of_its_words_is_refused() -> None:
    with pytest.raises(TypeError, match="normalize_words"):
        word_errors("four hours", "for hours")
