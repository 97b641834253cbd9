"""How somebody talks."""

from __future__ import annotations

import pytest

from summarizer.talk import read_conversation, read_turn, talk_of


def test_counts_are_of_sentences_and_words() -> None:
    talk = talk_of(read_turn("How are you? I'm fine."))
    assert (talk.sentences, talk.questions, talk.words) == (2, 1, 5)


@pytest.mark.parametrize(
    ("text", "cue"),
    [
        ("how long has this been going on", "asks"),
        ("Let's talk about your week.", "manages"),
        ("It sounds like that hurt.", "reflects"),
        ("I can't sleep.", "own_state"),
        ("My son never listens.", "kin_talk"),
        ("She says that it hurts.", "reports"),
        ("¿Cuántas horas duerme en una noche?", "foreign"),
        ("Yeah.", "short"),
    ],
)
def test_a_sentence_has_the_cue_of_how_it_is_made(text: str, cue: str) -> None:
    assert cue in read_turn(text)[0].cues


@pytest.mark.parametrize("text", ["Alright.", "so what did you do then", "We met on Tuesday at the lake."])
def test_plain_english_is_neither_passed_on_nor_foreign(text: str) -> None:
    assert not {"reports", "foreign"} & read_turn(text)[0].cues


def test_contractions_are_one_word_however_they_are_written() -> None:
    written = [read_turn(text)[0].words for text in ("I don't know", "i do n't know", "I don’t know")]
    assert written == [("i", "don't", "know")] * 3


def test_an_answer_follows_another_speakers_question_and_not_ones_own() -> None:
    said = read_conversation(
        [("A", "How do you sleep?"), ("B", "Four hours."), ("B", "Sometimes five."), ("A", "Four then.")]
    )
    assert ["answers" in sentence.cues for sentence in said["B"]] == [True, False]
    assert ["answers" in sentence.cues for sentence in said["A"]] == [False, False]


def test_who_repeats_what_another_just_said_echoes() -> None:
    said = read_conversation(
        [("A", "My grandfather picked apples every summer."), ("B", "Grandfather picked apples summer.")]
    )
    assert "echoes" in said["B"][0].cues


def test_whoever_says_no_word_is_there_without_sentences() -> None:
    assert read_conversation([("A", "…"), ("B", "Hello.")])["A"] == []
