"""Verb forms: spelling rules, irregular verbs, and the way back to the base."""

from __future__ import annotations

import pytest

from summarizer.verbs import base_of, forms, gerund, is_gerund, is_participle, is_past, participle, third


@pytest.mark.parametrize(
    ("base", "ing"),
    [
        ("sleep", "sleeping"),
        ("lie", "lying"),
        ("stop", "stopping"),
        ("take", "taking"),
        ("see", "seeing"),
        ("panic", "panicking"),
        ("be", "being"),
    ],
)
def test_a_gerund_is_spelled_as_english_spells_it(base: str, ing: str) -> None:
    assert gerund(base) == ing


@pytest.mark.parametrize(
    ("base", "s"),
    [("worry", "worries"), ("have", "has"), ("go", "goes"), ("miss", "misses"), ("stay", "stays")],
)
def test_the_third_person_is_spelled_as_english_spells_it(base: str, s: str) -> None:
    assert third(base) == s


def test_an_irregular_past_leads_back_to_its_verb() -> None:
    assert (base_of("slept"), base_of("woke"), base_of("drank"), base_of("fought")) == (
        "sleep",
        "wake",
        "drink",
        "fight",
    )


def test_a_participle_is_known_where_it_differs_from_the_past() -> None:
    assert (participle("eat"), participle("walk"), participle("nosuchverb")) == ("eaten", "walked", None)


def test_a_word_that_is_both_base_and_past_says_so() -> None:
    assert {"base", "past"} <= forms("cut")
    assert "past" not in forms("drink")


def test_unknown_words_count_as_past_by_their_ending_only_where_it_is_one() -> None:
    assert is_past("kayaked")
    assert not is_past("need")
    assert not is_past("speed")
    assert is_participle("googled")


def test_nouns_in_ing_are_no_gerunds() -> None:
    assert is_gerund("crying")
    assert not any(is_gerund(word) for word in ("nothing", "morning", "something", "king"))
