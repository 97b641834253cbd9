"""Risk in forms, by what was asked and what was written."""

from __future__ import annotations

import pytest

from summarizer.answers import form_turns
from summarizer.form import FormField, read_form
from summarizer.form_risk import asks_risk, risk_of_form, ticked_items
from summarizer.types import RiskStatement


def risk(text: str) -> tuple[RiskStatement, ...]:
    fields = [field for field in read_form(text) if field.value]
    return risk_of_form(fields, form_turns(fields), {field.id: field for field in read_form(text)})


@pytest.mark.parametrize(
    ("form", "topic"),
    [
        ("Suicidal thoughts: sometimes", "suicidal ideation"),
        ("Have you ever cut or burned yourself? Years ago", "self-harm"),
        ("Do you own firearms? A rifle for hunting", "access to means"),
        ("Have you been abused? By my uncle", "abuse"),
    ],
)
def test_an_answer_to_a_question_about_risk_is_quoted_with_its_label(form: str, topic: str) -> None:
    (found,) = risk(form)
    assert topic in found.topic.split(", ")
    assert found.question is not None
    assert found.question.turn == "1.label"
    assert form.endswith(found.quote)


def test_risk_that_nobody_asked_for_is_quoted_by_its_sentence() -> None:
    (found,) = risk("What brings you here? Work is hard. Some nights I want to die. I sleep badly.")
    assert (found.quote, found.question) == ("Some nights I want to die.", None)


def test_a_long_answer_is_quoted_by_its_first_sentences_and_no_danger_after_them_is_lost() -> None:
    filler = "We had a quiet summer at the lake and the children swam every day until dark. " * 5
    found = risk(f"Thoughts of suicide? Not often. {filler}Last week I wanted to kill myself.")
    assert found[0].quote.startswith("Not often.")
    assert len(found[0].quote.split()) <= 60
    assert found[-1].quote == "Last week I wanted to kill myself."


def test_an_everyday_idiom_is_no_risk() -> None:
    assert risk("Hobbies: I am dying to see the new film") == ()


@pytest.mark.parametrize(("label", "asks"), [("Thoughts of suicide?", True), ("Hobbies", False)])
def test_only_a_question_that_names_risk_must_be_asked_again(label: str, asks: bool) -> None:
    field = FormField("1", "", label, "")
    assert asks_risk(field) is asks
    assert asks_risk(FormField("2", "", label, "", follows="1")) is False


def test_ticked_items_have_their_own_places_even_where_one_begins_like_another() -> None:
    field = FormField("1", "", "Symptoms", "Panic\nPanic at night", ("Panic", "Panic at night"))
    assert [(field.value[span.start : span.end], item) for item, span in ticked_items(field)] == [
        ("Panic", "Panic"),
        ("Panic at night", "Panic at night"),
    ]


@pytest.mark.parametrize(
    ("answer", "polarity"), [("No", "affirmed"), ("Yes", "negated"), ("Not sure", "uncertain")]
)
def test_a_no_to_feeling_safe_is_danger(answer: str, polarity: str) -> None:
    (found,) = risk(f"Do you feel safe at home? {answer}")
    assert (found.quote, found.polarity) == (answer, polarity)


def test_a_plan_asked_after_risk_belongs_to_it_and_one_asked_elsewhere_does_not() -> None:
    near = risk("Thoughts of suicide? Sometimes\nDo you have a plan? No")
    assert [(found.quote, found.topic) for found in near] == [
        ("Sometimes", "suicidal ideation"),
        ("No", "suicidal ideation"),
    ]
    assert risk("Occupation: nurse\nDo you have a plan for the summer? No") == ()
