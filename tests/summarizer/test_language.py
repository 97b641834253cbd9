"""Cutting and the nature of sentences, on speech with and without punctuation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summarizer.language import broken_off, clauses, is_backchannel, is_question, is_run_on, sentences


def cut(text: str) -> list[str]:
    return [text[s.start : s.end] for s in sentences(text)]


def parts(text: str) -> list[str]:
    return [text[c.start : c.end] for s in sentences(text) for c in clauses(text, s)]


def test_sentences_end_at_marks_but_not_at_titles_or_decimals() -> None:
    assert cut("I saw Dr. Lee. She gave me 2.5 mg. Why?") == ["I saw Dr. Lee.", "She gave me 2.5 mg.", "Why?"]


def test_a_missing_blank_after_a_full_stop_still_ends_the_sentence() -> None:
    assert cut("I went home.Then I slept.") == ["I went home.", "Then I slept."]


def test_a_dash_that_breaks_off_ends_a_sentence_and_is_told() -> None:
    text = "I wanted to-- I went home."
    first, second = sentences(text)
    assert text[second.start : second.end] == "I went home."
    assert broken_off(text, first)
    assert not broken_off(text, second)


def test_a_stutter_is_no_break() -> None:
    assert cut("I think that- that it helps.") == ["I think that- that it helps."]


def test_speech_without_punctuation_is_cut_where_a_speaker_opens_anew() -> None:
    text = (
        "so i looked at the x-ray this morning and the bone is fine okay do you have any numbness in "
        "the foot "
        "i want you to rest it for a week"
    )
    assert "okay do you have any numbness in the foot" in cut(text)
    assert cut(text)[-1] == "i want you to rest it for a week"


def test_clauses_part_where_a_new_subject_begins() -> None:
    assert parts("I wake up at three and I can't get back to sleep, and my boss is angry.") == [
        "I wake up at three",
        "I can't get back to sleep",
        "my boss is angry.",
    ]


def test_a_clause_that_leans_on_the_next_stays_with_it() -> None:
    assert parts("When I wake up, I feel sick.") == ["When I wake up, I feel sick."]


def test_you_know_is_no_new_subject() -> None:
    assert parts("I take a pill, you know, in the morning.") == ["I take a pill, you know, in the morning."]


@given(st.text(alphabet="ab iI.,?!-—'\n you", max_size=120))
def test_every_piece_is_a_slice_of_the_text_and_pieces_do_not_overlap(text: str) -> None:
    last = 0
    for sentence in sentences(text):
        assert last <= sentence.start < sentence.end <= len(text)
        last = sentence.end
        at = sentence.start
        for clause in clauses(text, sentence):
            assert at <= clause.start < clause.end <= sentence.end
            at = clause.end


@pytest.mark.parametrize(
    "asked",
    [
        "how are you sleeping",
        "so do you smoke",
        "and have you been taking it",
        "any chest pain",
        "tell me about your drinking",
        "You went there?",
        "what are some of the good things about drinking",
    ],
)
def test_a_question_needs_no_mark(asked: str) -> None:
    assert is_question(asked)


@pytest.mark.parametrize(
    "told", ["I do smoke", "what I need is rest", "you are sleeping better", "I have a plan"]
)
def test_a_statement_is_no_question(told: str) -> None:
    assert not is_question(told)


def test_listening_noises_are_back_channels_and_answers_with_content_are_not() -> None:
    assert is_backchannel("Mm-hmm.")
    assert is_backchannel("okay, right")
    assert not is_backchannel("okay, I slept badly")


@pytest.mark.parametrize(
    ("said", "runs_on"),
    [
        ("i forgot my pills on sunday he was angry about that", True),
        ("i went home because i was tired of the noise there", False),
        ("i have been very sad", False),
        ("I forgot my pills on Sunday, he was angry about that.", False),
    ],
)
def test_two_clauses_without_a_mark_between_them_run_on(said: str, runs_on: bool) -> None:
    assert is_run_on(said) is runs_on
