"""Second person turned to third."""

from __future__ import annotations

import pytest

from summarizer.address import addressed
from summarizer.subject import client_of
from summarizer.types import Style

THEY = client_of(Style())
SHE = client_of(Style(pronouns="she/her"))


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("your lungs are clear", "client's lungs are clear"),
        ("you have a sprain and your ankle is swollen", "client has a sprain and their ankle is swollen"),
        ("start you on a low dose", "start client on a low dose"),
    ],
)
def test_what_is_said_to_the_client_is_turned_to_speak_of_them(said: str, written: str) -> None:
    assert addressed(said, THEY) == written


def test_words_of_the_clinicians_own_are_not_turned() -> None:
    assert addressed("I will call you", THEY) is None


def test_only_the_first_mention_is_the_term_and_verbs_follow_it() -> None:
    assert addressed("you have a cold and you need rest", THEY) == "client has a cold and they need rest"
    assert addressed("you have a cold and you need rest", SHE) == "client has a cold and she needs rest"


def test_where_the_client_is_named_already_pronouns_do() -> None:
    assert addressed("burning when you urinate", THEY, named=True) == "burning when they urinate"
