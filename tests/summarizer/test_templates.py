"""Templates as files: the ones that ship, and what a bad one is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from summarizer.errors import UnknownTemplate, UnreadableTemplate
from summarizer.templates import load_template, parse_template, read_template, template_names

GOOD = """
name = "mine"
version = 3
title = "My note"

[[sections]]
code = "STORY"
title = "What was reported"
instruction = "Symptoms and sleep as reported."
"""


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("soap", ["SUBJECTIVE", "OBJECTIVE", "ASSESSMENT", "PLAN"]),
        ("dap", ["DATA", "ASSESSMENT", "PLAN"]),
        ("birp", ["BEHAVIOR", "INTERVENTION", "RESPONSE", "PLAN"]),
        ("girpp", ["GOAL", "INTERVENTION", "RESPONSE", "PROGRESS", "PLAN"]),
        ("sirp", ["SITUATION", "INTERVENTION", "RESPONSE", "PLAN"]),
        ("pie", ["PROBLEM", "INTERVENTION", "EVALUATION"]),
        ("physical_soap", ["SUBJECTIVE", "OBJECTIVE", "ASSESSMENT", "PLAN"]),
    ],
)
def test_a_shipped_template_has_its_sections_in_order(name: str, codes: list[str]) -> None:
    assert [section.code for section in load_template(name).sections] == codes


def test_eleven_templates_ship_and_all_are_readable() -> None:
    assert len(template_names()) == 11
    for name in template_names():
        template = load_template(name)
        assert template.name == name
        assert template.version >= 1
        assert all(section.instruction for section in template.sections)


def test_every_shipped_template_gives_risk_a_home_before_everything_else() -> None:
    for name in template_names():
        homes = [section for section in load_template(name).sections if section.takes("risk")]
        assert len(homes) == 1
        assert homes[0].kinds[0] == "risk"


def test_mental_status_is_left_to_the_clinician() -> None:
    section = load_template("intake").section("MENTAL_STATUS")
    assert section is not None
    assert section.kinds == ()


def test_one_section_alone_can_be_asked_for() -> None:
    assert [section.code for section in load_template("soap").only("PLAN").sections] == ["PLAN"]
    with pytest.raises(UnknownTemplate, match="no section 'NOPE'"):
        load_template("soap").only("NOPE")


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UnknownTemplate, match="birp"):
        load_template("haiku")


def test_a_name_may_be_written_large_or_with_hyphens() -> None:
    assert load_template("Physical-SOAP") == load_template("physical_soap")


def test_a_section_without_kinds_reads_them_off_its_words(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD, "utf-8")
    (section,) = read_template(path).sections
    assert {"symptom", "sleep"} <= set(section.kinds)


def test_an_empty_list_of_kinds_leaves_a_section_to_the_clinician() -> None:
    assert parse_template(GOOD + "kinds = []\n").sections[0].kinds == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name = ", "not TOML"),
        (GOOD.replace('"mine"', '"My Note"'), "lower-case"),
        (GOOD.replace("version = 3", "version = 0"), "whole number from 1"),
        (GOOD.replace('title = "My note"', ""), "title must be text"),
        (GOOD.split("[[")[0], "1 to 20"),
        (GOOD + GOOD.split("3\n")[1].split('note"')[1], "used twice"),
        (GOOD + 'kinds = ["weather"]\n', "no kind of fact"),
        (GOOD + 'colour = "red"\n', "'colour' is not known"),
        (GOOD.replace('"STORY"', '"my story"'), "capital letters"),
    ],
)
def test_a_template_that_misses_something_is_told_what(text: str, says: str) -> None:
    with pytest.raises(UnreadableTemplate, match=says):
        parse_template(text, source="mine.toml")


def test_twenty_one_sections_are_too_many() -> None:
    section = '[[sections]]\ncode = "S{n}"\ntitle = "T"\ninstruction = "I"\n'
    head = 'name = "long"\nversion = 1\ntitle = "T"\n'
    assert len(parse_template(head + "".join(section.format(n=n) for n in range(20))).sections) == 20
    with pytest.raises(UnreadableTemplate, match="21"):
        parse_template(head + "".join(section.format(n=n) for n in range(21)))


def test_a_file_that_cannot_be_read_is_told_by_name(tmp_path: Path) -> None:
    with pytest.raises(UnreadableTemplate, match=r"gone\.toml"):
        read_template(tmp_path / "gone.toml")
