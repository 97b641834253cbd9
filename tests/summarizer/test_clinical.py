"""The language of a physical visit."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from summarizer.clinical import aspect_of, counted, findings_in, is_header, visit_of
from summarizer.language import Slice
from summarizer.types import Turn


@pytest.mark.parametrize(
    ("said", "aspect"),
    [
        ("there is mild swelling over the left ankle", "examination"),
        ("no tenderness noted", "examination"),
        ("the x-ray of your hip was normal", "result"),
        ("she had her gallbladder taken out in 2019", "identifying"),
        ("you had a knee replacement two years ago", "identifying"),
        ("i think this is a sprained ligament", "impression"),
        ("we will repeat the mri of your shoulder", "plan"),
        ("ibuprofen, 400 milligrams, every six hours as needed", "plan"),
    ],
)
def test_a_clinical_clause_is_of_one_sort(said: str, aspect: str) -> None:
    assert aspect_of(said) == aspect


@pytest.mark.parametrize(
    "said",
    [
        "it was nice to meet your daughter",
        "tendons can sometimes cause pain like that",
        "most people have some pain in their knees",
        "let me listen to your lungs and your heart",
        "show me the x-ray of the knee",
        "on your heart exam",
    ],
)
def test_talk_teaching_and_what_is_done_in_the_room_are_none(said: str) -> None:
    assert aspect_of(said) == ""


def test_what_only_names_the_next_finding_is_a_header() -> None:
    assert is_header("okay and on your abdominal exam")
    assert not is_header("on your abdominal exam there is some tenderness")


def test_a_long_run_of_findings_is_cut_where_each_begins() -> None:
    said = (
        "your lungs are clear your heart has a regular rhythm and there is some swelling "
        "of the right ankle on your skin exam there is a small rash"
    )
    pieces = findings_in(said, Slice(0, len(said)))
    assert [said[p.start : p.end] for p in pieces] == [
        "your lungs are clear",
        "your heart has a regular rhythm",
        "there is some swelling of the right ankle",
        "on your skin exam there is a small rash",
    ]


def test_a_finding_is_not_cut_from_the_place_it_names() -> None:
    said = "you do have some pain to your right knee when i press on it and a little warmth of the skin around it"
    assert len(findings_in(said, Slice(0, len(said)))) == 1


def test_therapy_is_no_medical_visit(
    session: Callable[[str], tuple[Turn, ...]], talk: Callable[[str], tuple[Turn, ...]]
) -> None:
    assert not visit_of(map(counted, session("panic"))).medical
    visit = talk(
        "T: Any chest pain?\nC: No.\nT: Your lungs are clear, and there is no swelling of your legs."
    )
    assert visit_of(map(counted, visit)).medical
