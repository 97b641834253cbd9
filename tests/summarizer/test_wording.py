"""Stumbling taken out of speech, and nothing else."""

from __future__ import annotations

import pytest

from summarizer.wording import core, expanded, plain, sentence_case, tidied, without_noise


@pytest.mark.parametrize(
    ("spoken", "written"),
    [
        ("I, um, I can't, you know, sleep", "I cannot sleep"),
        ("i 'm gon na stop", "i am going to stop"),
        ("I-I-I feel bad", "I feel bad"),
        ("y- you told me", "you told me"),
        ("it was like, a lot", "it was a lot"),
        ("I do n't wan na go", "I do not want to go"),
        ("he left 'cause I asked", "he left because I asked"),
        ("for the past year, um, since my exam", "for the past year since my exam"),
    ],
)
def test_stumbling_goes_and_the_words_stay(spoken: str, written: str) -> None:
    assert plain(spoken) == written


def test_like_stays_where_it_means_something() -> None:
    assert plain("I feel like a failure") == "I feel like a failure"
    assert plain("I would like to rest") == "I would like to rest"
    assert plain("she was in like a bad mood") == "she was in a bad mood"


def test_a_repeat_that_means_something_stays() -> None:
    assert plain("I am very very tired") == "I am very very tired"
    assert plain("the pain I had had before") == "the pain I had had before"


def test_had_and_would_are_told_apart_by_what_follows() -> None:
    assert expanded("I'd gone home") == "I had gone home"
    assert expanded("I'd like that") == "I would like that"
    assert expanded("it's been hard") == "it has been hard"
    assert expanded("it's hard") == "it is hard"


def test_chaff_at_the_edges_goes_and_an_answering_no_with_it() -> None:
    assert core("Well, yeah, so I left, you know.") == "I left"
    assert core("No, I don't smoke") == "I do not smoke"


def test_an_empty_core_is_empty() -> None:
    assert core("um, well, yeah") == ""


def test_transcribers_marks_are_noise() -> None:
    assert without_noise("I [laughs] left") == "I left"


def test_months_and_weekdays_are_written_large_but_verbs_are_not() -> None:
    assert sentence_case("it began in march and they may march") == "It began in March and they may march"


def test_text_from_outside_is_tidied_and_says_the_same() -> None:
    assert tidied("Well  ...........   \t no??????\n\n\n\n\ud800 yes") == "Well ... no???\n\n? yes"
    assert tidied("Name: Ada      Age: 34", blanks=4) == "Name: Ada    Age: 34"


def test_what_is_written_without_an_apostrophe_is_read_with_it() -> None:
    assert plain("im tired and i dont know why") == "i am tired and i do not know why"
    assert core("i know what depression looks like") == "i know what depression looks like"
