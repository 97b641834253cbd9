from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr.alignment import snap_to_pauses, speaker_of, split_by_speaker
from asr.types import SpeakerTurn, Word


def words_at(*times: tuple[str, float, float]) -> tuple[Word, ...]:
    return tuple(Word(text, start, end, 1.0) for text, start, end in times)


def texts(runs: tuple[tuple[str, tuple[Word, ...]], ...]) -> list[tuple[str, str]]:
    return [(speaker, " ".join(word.text for word in words)) for speaker, words in runs]


A_THEN_B = (SpeakerTurn("A", 0.0, 2.0), SpeakerTurn("B", 2.0, 4.0))


def test_a_change_of_speaker_within_an_utterance_parts_its_words() -> None:
    words = words_at(
        ("how", 0.2, 0.6), ("are", 0.7, 1.0), ("you", 1.1, 1.9), ("not", 2.1, 2.5), ("well", 2.6, 3.0)
    )
    assert texts(split_by_speaker(words, A_THEN_B)) == [("A", "how are you"), ("B", "not well")]


@pytest.mark.parametrize(("start", "end", "speaker"), [(1.5, 2.1, "A"), (1.9, 2.5, "B"), (1.5, 2.5, "A")])
def test_a_word_over_the_change_belongs_to_whoever_has_more_of_it(
    start: float, end: float, speaker: str
) -> None:
    assert speaker_of(Word("so", start, end, 1.0), A_THEN_B) == speaker


def test_a_word_outside_all_turns_goes_to_the_nearest() -> None:
    turns = (SpeakerTurn("A", 0.0, 1.0), SpeakerTurn("B", 3.0, 4.0))
    assert speaker_of(Word("well", 1.2, 1.4, 1.0), turns) == "A"
    assert speaker_of(Word("well", 2.6, 2.8, 1.0), turns) == "B"
    assert speaker_of(Word("well", 9.0, 9.1, 1.0), turns) == "B"


TINY_B = (SpeakerTurn("A", 0.0, 1.0), SpeakerTurn("B", 1.0, 1.3), SpeakerTurn("A", 1.3, 3.0))


def test_one_short_word_in_the_flow_of_another_speaker_stays_in_it() -> None:
    words = words_at(("it", 0.5, 0.98), ("is", 1.0, 1.3), ("mine", 1.32, 1.9))
    assert texts(split_by_speaker(words, TINY_B)) == [("A", "it is mine")]


def test_a_back_channel_set_apart_by_pauses_is_kept() -> None:
    words = words_at(("work", 0.3, 0.75), ("yeah", 1.0, 1.3), ("and", 1.55, 1.9))
    assert texts(split_by_speaker(words, TINY_B)) == [("A", "work"), ("B", "yeah"), ("A", "and")]


def test_a_long_word_and_a_pair_of_words_are_no_tiny_run() -> None:
    longer = (SpeakerTurn("A", 0.0, 1.0), SpeakerTurn("B", 1.0, 1.6), SpeakerTurn("A", 1.6, 3.0))
    one = words_at(("work", 0.3, 0.98), ("absolutely", 1.0, 1.6), ("and", 1.62, 1.9))
    two = words_at(("work", 0.3, 0.98), ("oh", 1.0, 1.25), ("no", 1.3, 1.55), ("and", 1.62, 1.9))
    assert texts(split_by_speaker(one, longer))[1] == ("B", "absolutely")
    assert texts(split_by_speaker(two, longer))[1] == ("B", "oh no")


def test_a_short_word_at_the_end_is_an_answer_and_stays_one() -> None:
    words = words_at(("okay?", 0.3, 1.9), ("yes", 2.0, 2.2))
    assert texts(split_by_speaker(words, A_THEN_B)) == [("A", "okay?"), ("B", "yes")]


def test_no_words_give_no_runs() -> None:
    assert split_by_speaker((), A_THEN_B) == ()


def test_a_change_moves_into_the_pause_near_it() -> None:
    words = words_at(("how", 0.2, 0.9), ("are", 1.0, 1.3), ("you", 1.32, 1.6), ("fine", 2.2, 2.6))
    before, after = snap_to_pauses((SpeakerTurn("A", 0.0, 1.5), SpeakerTurn("B", 1.5, 4.0)), words)
    assert before.end == after.start == pytest.approx(1.9)


def test_the_end_of_a_sentence_outweighs_a_slightly_longer_pause() -> None:
    words = words_at(("you?", 0.2, 1.0), ("well", 1.1, 1.4), ("not", 1.55, 2.0))
    before, _ = snap_to_pauses((SpeakerTurn("A", 0.0, 1.3), SpeakerTurn("B", 1.3, 3.0)), words)
    assert before.end == pytest.approx(1.05)


def test_a_change_far_from_every_pause_stays_where_it_is() -> None:
    words = words_at(("how", 0.0, 0.3), ("are", 0.5, 3.9))
    turns = (SpeakerTurn("A", 0.0, 2.0), SpeakerTurn("B", 2.0, 4.0))
    assert snap_to_pauses(turns, words) == turns


def test_the_edge_between_two_turns_of_one_speaker_is_left_alone() -> None:
    words = words_at(("how", 0.2, 0.9), ("are", 1.5, 2.3))
    turns = (SpeakerTurn("A", 0.0, 1.0), SpeakerTurn("A", 1.0, 3.0))
    assert snap_to_pauses(turns, words) == turns


@st.composite
def talk(draw: st.DrawFn) -> tuple[tuple[Word, ...], tuple[SpeakerTurn, ...]]:
    def times() -> list[float]:
        return sorted(draw(st.lists(st.integers(0, 400), min_size=2, max_size=20, unique=True)))

    edges = [at / 50 for at in times()]
    words = [at / 50 for at in times()]
    turns = [SpeakerTurn(draw(st.sampled_from("ABC")), *edge) for edge in pairwise(edges)]
    return tuple(Word("w", *edge, 1.0) for edge in pairwise(words)), tuple(turns)


@given(talk())
def test_every_word_is_in_one_run_in_order_and_neighbouring_runs_differ(
    case: tuple[tuple[Word, ...], tuple[SpeakerTurn, ...]],
) -> None:
    words, turns = case
    runs = split_by_speaker(words, turns)
    assert tuple(word for _, run in runs for word in run) == words
    assert all(left[0] != right[0] for left, right in pairwise(runs))


@given(talk())
def test_snapping_keeps_the_order_of_turns_and_the_outer_edges(
    case: tuple[tuple[Word, ...], tuple[SpeakerTurn, ...]],
) -> None:
    words, turns = case
    snapped = snap_to_pauses(turns, words)
    assert [turn.speaker for turn in snapped] == [turn.speaker for turn in turns]
    assert (snapped[0].start, snapped[-1].end) == (turns[0].start, turns[-1].end)
    assert all(turn.start <= turn.end for turn in snapped)
    assert all(left.end == right.start for left, right in pairwise(snapped))
