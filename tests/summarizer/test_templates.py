"""Templates as files: the ones that ship, and what a bad one is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from summarizer.errors import UnknownTemplate, UnreadableTemplate
from summarizer.templates import (
    earlier_template,
    load_template,
    parse_template,
    read_template,
    template_key,
    template_names,
    template_of,
    template_toml,
)

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
        (GOOD + 'kinds = ["history.famly"]\n', "no aspect of history; there are allergy"),
        (GOOD + 'kinds = ["sleep.bad"]\n', "write 'sleep' alone"),
        (GOOD + 'loinc = "SOAP"\n', "loinc must be a code"),
        (GOOD.replace("Symptoms and sleep", "x" * 2001), "may have 2000 characters"),
        (GOOD.replace("My note", "My\\u0000note"), "control characters"),
        ("a = " + "[" * 5000, "not TOML"),
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


def test_a_template_written_out_is_read_back_the_same() -> None:
    odd = template_of(
        {
            "name": "odd",
            "version": 7,
            "title": 'Quotes " and \\ and emoji 🙂',
            "sections": [
                {"code": "A", "title": "Ä", "instruction": "Line\none", "kinds": ["history.family"]}
            ],
        }
    )
    for template in (*map(load_template, template_names()), odd):
        assert parse_template(template_toml(template)) == template


def test_every_earlier_version_of_a_shipped_template_is_still_there() -> None:
    for name in template_names():
        for version in range(1, load_template(name).version + 1):
            assert (earlier_template(name, version).name, earlier_template(name, version).version) == (
                name,
                version,
            )
    with pytest.raises(UnknownTemplate, match="no version 99"):
        earlier_template("soap", 99)


@pytest.mark.parametrize("name", ["../soap", "", "a/b", "ä", "x" * 41, "1a"])
def test_what_can_be_no_name_has_no_key(name: str) -> None:
    assert template_key(name) == ""


def test_loinc_codes_have_a_right_check_digit() -> None:
    # Mod 10 after Luhn, as LOINC's users' guide gives it; it catches a code that was mistyped.
    for name in template_names():
        template = load_template(name)
        for code in (template.loinc, *(section.loinc for section in template.sections)):
            if code:
                digits, check = code.split("-")
                doubled = [int(d) * (2 - i % 2) for i, d in enumerate(reversed(digits))]
                assert (10 - sum(d - 9 * (d > 9) for d in doubled) % 10) % 10 == int(check), code


def test_intake_and_treatment_plan_hold_what_payers_expect_in_order() -> None:
    plan = [section.code for section in load_template("treatment_plan").sections]
    wanted = ["PROBLEM", "GOALS", "OBJECTIVES", "INTERVENTIONS", "FREQUENCY"]
    assert plan[:5] == wanted
    intake = [section.code for section in load_template("intake").sections]
    order = ["TRAUMA", "STRENGTHS", "MENTAL_STATUS", "RISK", "MEASURES", "IMPRESSION", "FORMULATION"]
    assert [code for code in intake if code in order] == order
    assert intake[-2:] == ["RECOMMENDATIONS", "GOALS"]
