"""Forms as text and JSON; what each line asks and what was answered is written out here."""

from __future__ import annotations

import json

import pytest

from summarizer.errors import UnreadableForm
from summarizer.form import FormField, read_form


def pairs(text: str) -> list[tuple[str, str]]:
    return [(field.label, field.value) for field in read_form(text)]


@pytest.mark.parametrize(
    ("line", "label", "value"),
    [
        ("Occupation: nurse", "Occupation", "nurse"),
        ("12. Occupation: nurse", "Occupation", "nurse"),
        ("Do you smoke? No", "Do you smoke?", "No"),
        ("Do you smoke? (please circle) No", "Do you smoke? (please circle)", "No"),
        ("Seen at: 10:30 in the morning", "Seen at", "10:30 in the morning"),
        ("Do you smoke? [x] Yes [ ] No", "Do you smoke?", "Yes"),
        ("Do you smoke? ☐ Yes ☒ No", "Do you smoke?", "No"),
        ("Do you smoke? Yes [ ] No [X]", "Do you smoke?", "No"),
        ("Do you smoke? ( ) Yes (x) No", "Do you smoke?", "No"),
        ("Name: ____Ada____", "Name", "Ada"),
    ],
)
def test_a_line_gives_its_question_and_its_answer(line: str, label: str, value: str) -> None:
    assert pairs(line) == [(label, value)]


@pytest.mark.parametrize("blank", ["", "________", "N/A", "n/a", "-", "....."])
def test_a_blank_is_no_answer(blank: str) -> None:
    fields = read_form(f"Surgeries: {blank}\nAllergies: none")
    assert [(field.label, field.value) for field in fields] == [("Surgeries", ""), ("Allergies", "none")]


def test_what_follows_a_blank_line_of_the_form_is_not_its_answer() -> None:
    fields = read_form("Surgeries: ______\nFAMILY HISTORY\nMental illness: none")
    assert [(f.heading, f.label, f.value) for f in fields] == [
        ("", "Surgeries", ""),
        ("FAMILY HISTORY", "Mental illness", "none"),
    ]


def test_a_box_that_is_not_ticked_is_no_answer() -> None:
    (field,) = read_form("Symptoms:\n[x] Poor sleep [ ] Panic\n[ ] Crying [x] Worry")
    assert field.ticked == ("Poor sleep", "Worry")
    assert field.value == "Poor sleep\nWorry"


def test_boxes_under_a_yes_or_no_are_not_part_of_its_answer() -> None:
    first, second = read_form("Thoughts of suicide? [ ] Yes [x] No\n[x] Irritability")
    assert (first.value, second.label, second.ticked) == ("No", "", ("Irritability",))


def test_if_yes_belongs_to_the_question_before_it() -> None:
    first, more = read_form("Seen a therapist before? [x] Yes [ ] No  If yes, when? In 2016")
    assert (first.value, more.label, more.value, more.follows) == (
        "Yes",
        "If yes, when?",
        "In 2016",
        first.id,
    )


def test_an_answer_may_stand_under_its_question_and_run_over_lines() -> None:
    (field,) = read_form(
        "What brings you here?\nI have not slept well since the move and everything feels heavy at\n"
        "home. Two things: my job and my sister."
    )
    assert field.value == (
        "I have not slept well since the move and everything feels heavy at home. "
        "Two things: my job and my sister."
    )


def test_two_columns_are_two_questions() -> None:
    assert pairs("Name: Ada King      Age: 34") == [("Name", "Ada King"), ("Age", "34")]


def test_titles_instructions_and_page_numbers_are_no_answers() -> None:
    text = "WEST SIDE CLINIC\nPlease fill in all parts.\n\nAge: 34\nPage 2 of 3\n"
    assert pairs(text) == [("Age", "34")]


def test_ids_number_the_questions_in_order() -> None:
    assert [field.id for field in read_form("Age: 34\nJob:\nCity: Albany")] == ["1", "2", "3"]


def read_json(value: object) -> list[FormField]:
    return list(read_form(json.dumps(value)))


def test_json_keys_are_labels_and_objects_are_headings() -> None:
    fields = read_json({"client": {"fullName": "Ada", "age": 34}, "prior_therapy": "none"})
    assert [(f.heading, f.label, f.value) for f in fields] == [
        ("client", "full name", "Ada"),
        ("client", "age", "34"),
        ("", "prior therapy", "none"),
    ]


def test_json_true_is_a_ticked_box_and_false_and_null_are_no_answers() -> None:
    fields = read_json(
        {"symptoms": {"panic": True, "poor_sleep": True, "crying": False}, "si": False, "hi": None}
    )
    assert [(f.label, f.value, f.ticked) for f in fields] == [
        ("symptoms", "panic\npoor sleep", ("panic", "poor sleep")),
        ("si", "", ()),
        ("hi", "", ()),
    ]


def test_json_questions_with_answers_are_read_and_a_false_answer_is_a_no() -> None:
    fields = read_json(
        {
            "item": [
                {
                    "text": "Safety",
                    "item": [{"text": "Any thoughts of suicide?", "answer": [{"valueBoolean": False}]}],
                },
                {"question": "Age", "answer": 34},
            ]
        }
    )
    assert [(f.heading, f.label, f.value) for f in fields] == [
        ("Safety", "Any thoughts of suicide?", "No"),
        ("item", "Age", "34"),
    ]


def test_json_lists_of_objects_are_the_items_of_one_answer() -> None:
    (field,) = read_json(
        {"medications": [{"name": "Zoloft", "dose": "50 mg"}, {"name": "Ambien", "dose": "5 mg"}]}
    )
    assert field.ticked == ("Zoloft, 50 mg", "Ambien, 5 mg")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no question with an answer"),
        ("hello there", "no question with an answer"),
        ("Name:\nAge:", "no question with an answer"),
        ('{"name": ', "breaks off or is malformed"),
        ("[" * 3000 + "]" * 3000, "nested"),
        ("{}", "no question with an answer"),
        ("\n".join(f"Item {n}: x" for n in range(1001)), "more than 1000"),
    ],
)
def test_what_is_no_form_is_refused_in_one_sentence(text: str, told: str) -> None:
    with pytest.raises(UnreadableForm, match=told):
        read_form(text)


def test_a_heading_right_under_a_short_answer_is_no_part_of_it() -> None:
    fields = read_form("Do you use cannabis? No\nSafety\nThoughts of suicide? No")
    assert [(field.heading, field.value) for field in fields] == [("", "No"), ("Safety", "No")]


def test_a_bare_how_often_belongs_to_the_question_before_it() -> None:
    first, often = read_form("Do you drink alcohol? Yes\nHow often? Most nights")
    assert often.follows == first.id
