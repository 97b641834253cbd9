"""Answers tied to their questions."""

from __future__ import annotations

from collections.abc import Callable

from summarizer.discourse import closing_question, read_clauses
from summarizer.types import Turn

Talk = Callable[[str], tuple[Turn, ...]]


def test_an_answer_carries_the_question_of_the_turn_before(talk: Talk) -> None:
    said = read_clauses(talk("T: How are you sleeping?\nC: About four hours. I wake up a lot."))
    answers = [clause for clause in said if clause.turn.role == "client"]
    assert [a.question.last if a.question else None for a in answers] == ["How are you sleeping?"] * 2
    assert [a.first for a in answers] == [True, False]


def test_a_noise_between_does_not_take_the_question(talk: Talk) -> None:
    said = read_clauses(talk("T: Do you smoke?\nC: Um.\nT: Mm-hmm.\nC: No."))
    assert said[-1].question is not None
    assert said[-1].question.last == "Do you smoke?"


def test_a_statement_after_the_question_closes_it(talk: Talk) -> None:
    said = read_clauses(talk("T: Do you smoke?\nT: My father smoked all his life.\nC: No."))
    assert said[-1].question is None


def test_several_questions_in_a_row_are_one_question_with_parts() -> None:
    found = closing_question(Turn("t1", "clinician", "Okay. Any fever? Any chills?"), 0)
    assert found is not None
    assert found.text == "Any fever? Any chills?"
    assert found.last == "Any chills?"


def test_words_that_were_not_understood_make_a_clause_unfit(talk: Talk) -> None:
    (clause,) = read_clauses(talk("C: I took [unintelligible] this morning."))
    assert not clause.whole


def test_spans_are_slices_of_their_turns(talk: Talk) -> None:
    for clause in read_clauses(
        talk("C: I left, and I cried. Then I slept-- I mean I rested.\nT: What happened then?")
    ):
        assert clause.turn.text[clause.start : clause.end] == clause.text
        assert clause.text in clause.sentence_text


def test_speech_that_is_only_repeated_is_not_the_speakers_own(talk: Talk) -> None:
    said = read_clauses(talk('C: He said, "I am done. I am leaving you." And then I cried.'))
    assert [clause.text for clause in said if clause.whole] == ['He said, "I am done.', "And then I cried."]
