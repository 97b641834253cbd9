"""The conversations that roles are measured on, and what spoils them."""

from __future__ import annotations

import importlib
import os
import random
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[1] / "scripts"
SHARED = Path(os.environ.get("SCRIBE_SHARED") or Path(__file__).parents[2] / "shared")


def script(name: str):
    """A module of scripts/, which is no package: its files find each other where they lie."""
    if str(SCRIPTS) not in sys.path:
        sys.path.append(str(SCRIPTS))
    return importlib.import_module(name)


spoken = script("measuring.spoken")

TALK = spoken.Spoken(
    "talk",
    tuple(("a", "How are you, then?") if i % 2 == 0 else ("b", "I am fine today.") for i in range(200)),
    {"a": "clinician", "b": "client"},
)


def test_the_first_seconds_end_where_the_time_is_up() -> None:
    # Each turn is four words at 2.5 a second and half a second between turns: 2.1 s.
    cut = spoken.first_seconds(TALK, 5.1)
    assert [text for _, text in cut.turns] == ["How are you, then?", "I am fine today.", "How are"]


def test_about_so_many_turns_are_given_to_another_voice_and_every_word_is_kept() -> None:
    wrong = spoken.confused(TALK, 0.2, random.Random(3))
    moved = sum(a != b for (a, _), (b, _) in zip(TALK.turns, wrong.turns, strict=True))
    assert 20 <= moved <= 60
    assert [text for _, text in wrong.turns] == [text for _, text in TALK.turns]


def test_a_phantom_and_a_split_are_voices_of_their_own() -> None:
    assert {who for who, _ in spoken.with_phantom(TALK, 0.1, random.Random(1)).turns} == {"a", "b", "phantom"}
    split = spoken.with_split(TALK, random.Random(1))
    (new,) = set(split.roles) - set(TALK.roles)
    assert split.roles[new] == TALK.roles[new.rstrip("+")]
    assert all(who != new for who, _ in split.turns[:100])


def test_without_marks_is_small_letters_alone() -> None:
    assert spoken.without_marks(TALK).turns[0] == ("a", "how are you then")


@pytest.mark.parametrize("part", ["train", "valid"])
def test_each_scripted_conversation_of_our_own_has_three_voices(part: str) -> None:
    assert all(len(one.roles) == 3 for one in spoken.read_own(part))


@pytest.mark.data
def test_swapped_tags_are_put_right_and_only_those() -> None:
    if not (SHARED / "data").exists():
        pytest.skip("the dialogues are not there; set SCRIBE_SHARED to the folder that holds data/dialogues")
    written, mended = (
        spoken.read_spoken("aci-bench", "train", SHARED / "data", mended=mended) for mended in (False, True)
    )
    changed = {a.name for a, b in zip(written, mended, strict=True) if a.roles != b.roles}
    assert changed == {"D2N034", "D2N038", "D2N056", "D2N057", "D2N059"}
    assert [one.turns for one in written] == [one.turns for one in mended]
