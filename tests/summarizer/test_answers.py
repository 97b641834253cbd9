"""Answers of a form and the sentences that tell them, case by case."""

from __future__ import annotations

import pytest

from summarizer.answers import FormReading, read_answers
from summarizer.form import read_form
from summarizer.types import Style


def read(text: str) -> FormReading:
    return read_answers(read_form(text), Style())


def told(text: str) -> list[tuple[str, str]]:
    return [(answer.fact.kind, answer.wording.text) for answer in read(text).answers]


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ("Do you use tobacco? No", "Client denies using tobacco."),
        ("Allergies: none", 'Asked, "Allergies", client answered, "none".'),
        ("Military service: No", 'Asked, "Military service", client answered, "No".'),
        ("Occupation: nurse", "Occupation: nurse."),
        ("Have you been in therapy before? Yes", "Client reports having been in therapy before."),
        (
            "How many drinks per week? 4 or 5",
            'Asked, "How many drinks per week?", client answered, "4 or 5".',
        ),
        ("Family history: My mother had depression.", "Client reports that their mother had depression."),
        ("Symptoms:\n[x] Poor sleep [ ] Panic [x] Low mood", "Client endorsed poor sleep and low mood."),
        ("What brings you here? I cannot sleep.", 'Client states, "I cannot sleep."'),
        (
            "Have you been in therapy before? [x] Yes [ ] No If yes, when? In 2016",
            'Client reports having been in therapy before: "In 2016".',
        ),
        (
            "Thoughts of suicide: [x] Yes [ ] No",
            'Asked, "Thoughts of suicide", client answered, "Yes".',
        ),
        (
            "Have you had thoughts of suicide? No",
            'Client denies having had thoughts of suicide (asked: "Have you had thoughts of suicide?"; '
            'answered: "No").',
        ),
    ],
)
def test_an_answer_is_told_in_one_sentence(form: str, sentence: str) -> None:
    assert [text for _, text in told(form)] == [sentence]


def test_every_span_is_an_exact_slice_and_rests_on_answer_and_label() -> None:
    reading = read("Occupation: nurse\nDo you use tobacco? No\nSymptoms:\n[x] Panic [x] Suicidal thoughts")
    turns = {turn.id: turn.text for turn in reading.turns}
    assert turns["1"] == "nurse"
    assert turns["1.label"] == "Occupation"
    for answer in reading.answers:
        first = answer.fact.evidence[0]
        assert turns[first.turn][first.start : first.end] == answer.fact.text
        assert answer.fact.text


def test_a_no_is_an_assessed_negative_and_a_blank_is_nothing() -> None:
    reading = read("Do you use tobacco? No\nDo you drink alcohol?\nAllergies: none")
    assert [(a.fact.polarity, a.fact.assessed) for a in reading.answers] == [
        ("negated", True),
        ("negated", True),
    ]
    assert all("alcohol" not in answer.wording.text for answer in reading.answers)


def test_unticked_boxes_are_never_denied() -> None:
    ((_, text),) = told("Symptoms:\n[x] Panic [ ] Crying [ ] Poor sleep")
    assert "rying" not in text
    assert "denies" not in text


def test_a_ticked_danger_is_quoted_by_itself_as_risk() -> None:
    reading = read("Symptoms:\n[x] Poor sleep [x] Wish I were dead [ ] Panic")
    assert [(risk.quote, risk.topic, risk.polarity) for risk in reading.risk] == [
        ("Wish I were dead", "suicidal ideation", "affirmed")
    ]
    assert [text for _, text in sorted(told("Symptoms:\n[x] Poor sleep [x] Wish I were dead"))] == [
        'Client reports, "Wish I were dead".',
        "Client endorsed poor sleep.",
    ]


@pytest.mark.parametrize(
    ("answer", "polarity"),
    [
        ("No", "negated"),
        ("Denied", "negated"),
        ("never", "negated"),
        ("Yes", "affirmed"),
        ("Sometimes at night", "affirmed"),
        ("Prefer not to say", "uncertain"),
        ("Not sure", "uncertain"),
        ("No, but I think about dying", "affirmed"),
    ],
)
def test_an_answer_about_risk_has_the_polarity_that_it_says(answer: str, polarity: str) -> None:
    (risk,) = read(f"Thoughts of suicide: {answer}").risk
    assert (risk.quote, risk.polarity) == (answer, polarity)
    assert risk.question is not None


def test_what_goes_on_from_a_risk_question_is_risk_too() -> None:
    reading = read("Thoughts of suicide? [x] Yes [ ] No If yes, please describe: mostly at night, with pills")
    assert [(risk.quote, risk.topic) for risk in reading.risk] == [
        ("Yes", "suicidal ideation"),
        ("mostly at night, with pills", "suicidal ideation"),
    ]


def test_a_risk_question_left_blank_is_named_and_its_follow_up_is_not() -> None:
    reading = read("Age: 34\nThoughts of suicide?\nIf yes, do you have a plan?\nAllergies:")
    assert reading.blank_risk == ("2",)


def test_abuse_stands_in_trauma_and_in_risk() -> None:
    kinds = [kind for kind, _ in told("Were you ever abused? Yes, by a neighbor")]
    assert sorted(kinds) == ["history", "risk"]


def test_a_list_of_family_illnesses_is_no_risk_of_the_client() -> None:
    assert read("Family history (depression, suicide): grandmother had depression").risk == ()
    assert read("Family history (depression, suicide): uncle died by suicide").risk != ()


def test_contact_and_insurance_are_left_out() -> None:
    reading = read("Name: Ada\nPhone: 555-0100\nInsurance: Acme\nSignature: Ada")
    assert reading.administrative == ("2", "3", "4")
    assert [turn.id for turn in reading.turns] == ["1.label", "1"]


def test_a_form_that_a_parent_filled_in_speaks_of_the_family_member_and_never_denies_for_the_client() -> None:
    reading = read("Completed by: Mother\nDoes your child use drugs? No\nHas he talked of suicide? No")
    assert {turn.role for turn in reading.turns} == {"clinician", "family"}
    assert all("denies" not in answer.wording.text for answer in reading.answers)


def test_the_pronouns_are_those_that_the_client_wrote() -> None:
    assert read("Pronouns: she/her\nAge: 34").pronouns == "she/her"
