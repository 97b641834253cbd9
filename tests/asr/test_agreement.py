"""Which words of a growing utterance will not change any more."""

from __future__ import annotations

import random

from asr.agreement import Agreement
from asr.types import Word


def said(text: str, start: float = 0.0, each: float = 0.5) -> list[Word]:
    return [
        Word(word, start + index * each, start + (index + 1) * each, 0.9)
        for index, word in enumerate(text.split())
    ]


def texts(words) -> str:
    return " ".join(word.text for word in words)


def test_a_word_is_agreed_when_two_decodes_say_it():
    agreement = Agreement()
    assert agreement.push(said("I sleep"), 1.5) == ((), tuple(said("I sleep")))

    agreed, tentative = agreement.push(said("I sleep badly"), 2.5)

    assert texts(agreed) == "I sleep"
    assert texts(tentative) == "badly"


def test_a_word_that_the_second_decode_hears_otherwise_is_not_agreed_nor_what_follows():
    agreement = Agreement()
    agreement.push(said("I weep badly now"), 3.0)

    agreed, tentative = agreement.push(said("I sleep badly now"), 4.0)

    assert texts(agreed) == "I"
    assert texts(tentative) == "sleep badly now"


def test_a_word_at_the_edge_of_the_audio_is_held_back():
    agreement = Agreement()
    agreement.push(said("I sleep"), 1.0)

    assert texts(agreement.push(said("I sleep"), 1.29)[0]) == "I"
    assert texts(agreement.push(said("I sleep"), 1.30)[0]) == "I sleep"


def test_two_decodes_of_the_same_audio_are_no_agreement():
    agreement = Agreement()
    agreement.push(said("I sleep"), 3.0)

    assert agreement.push(said("I sleep"), 3.0) == ((), tuple(said("I sleep")))
    assert agreement.push(said("you creep"), 2.0) == ((), tuple(said("I sleep")))


def test_punctuation_and_capitals_do_not_stand_in_the_way():
    agreement = Agreement()
    agreement.push(said("well i sleep."), 2.5)

    assert texts(agreement.push(said("Well, I sleep"), 3.5)[0]) == "Well, I sleep"


def test_a_hypothesis_that_begins_behind_the_agreed_words_goes_on_from_them():
    agreement = Agreement()
    agreement.push(said("one two three"), 2.0)
    agreement.push(said("one two three four"), 3.0)

    agreed, tentative = agreement.push(said("four five", start=1.5), 3.5)

    assert texts(agreed) == "one two three four"
    assert texts(tentative) == "five"


def test_an_agreed_word_that_comes_again_a_little_later_is_not_doubled():
    agreement = Agreement()
    agreement.push(said("one two"), 2.0)
    agreement.push(said("one two"), 2.4)

    agreed, tentative = agreement.push(said("two three", start=0.8), 3.0)

    assert texts(agreed) == "one two"
    assert texts(tentative) == "three"


def test_a_word_that_is_really_said_twice_is_kept_twice():
    agreement = Agreement()
    agreement.push(said("no no"), 1.1)
    agreement.push(said("no no stop"), 1.4)  # the second "no" ends within the edge
    assert texts(agreement.agreed) == "no no"

    agreement = Agreement()
    agreement.push(said("no no"), 0.9)
    agreement.push(said("no no"), 1.2)
    assert texts(agreement.agreed) == "no"
    assert texts(agreement.push(said("no no stop"), 2.2)[0]) == "no no"


def test_agreed_words_never_change_and_nothing_is_lost_however_the_hypotheses_vary():
    rng = random.Random(5)
    truth = said(" ".join(f"w{index}" for index in range(40)))
    for _ in range(30):
        agreement = Agreement()
        before = ()
        end = 0.0
        while end < 20.0:
            end += rng.uniform(0.3, 2.0)
            words = [word for word in truth if word.end <= end]
            # The last words are often misheard, each time otherwise.
            words[-2:] = [
                Word(word.text + rng.choice(["", f"-{end}"]), word.start, word.end, 0.5)
                for word in words[-2:]
            ]
            agreed, tentative = agreement.push(words, end)
            assert agreed[: len(before)] == before
            assert len(agreed) + len(tentative) == len(words)
            before = agreed
        assert [word.text for word in before] == [f"w{index}" for index in range(len(before))]
        assert len(before) > 30
