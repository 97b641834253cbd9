"""What questions of intake forms are about, asked in many ways."""

from __future__ import annotations

import pytest

from summarizer.form import FormField
from summarizer.questions import ADMINISTRATIVE, topic_of


@pytest.mark.parametrize(
    ("label", "heading", "kind", "aspect"),
    [
        ("What brings you to counseling?", "", "observation", "reason"),
        ("Reason for referral", "", "observation", "reason"),
        ("Date of birth", "", "observation", "identifying"),
        ("Who referred you?", "", "observation", "identifying"),
        ("Have you seen a therapist before?", "", "history", "psychiatric"),
        ("Have you ever been hospitalized?", "Mental health history", "history", "psychiatric"),
        ("Have you ever been hospitalized?", "Medical history", "history", "medical"),
        ("Chronic health conditions", "", "history", "medical"),
        ("Operations and dates", "", "history", "surgical"),
        ("Allergies to food or medicine", "", "history", "allergy"),
        ("Does anyone in your family have a mental illness?", "", "history", "family"),
        ("Traumatic events", "", "history", "trauma"),
        ("Where did you grow up?", "", "history", "developmental"),
        ("Highest grade completed", "", "history", "social"),
        ("Any legal problems?", "", "history", "social"),
        ("How many drinks in a week?", "", "substance_use", ""),
        ("Do you use recreational drugs?", "", "substance_use", ""),
        ("Hours of sleep", "", "sleep", ""),
        ("Who supports you?", "Support", "protective", ""),
        ("What do you hope to change in therapy?", "", "goal", ""),
        ("PHQ-9 total", "", "measure", ""),
        ("How does this affect your work?", "", "functioning", ""),
        ("Check all that apply", "", "symptom", ""),
    ],
)
def test_a_question_is_about_what_it_asks(label: str, heading: str, kind: str, aspect: str) -> None:
    topic = topic_of(FormField("1", heading, label, "x"))
    assert topic is not None
    assert (topic.kind, topic.aspect) == (kind, aspect)


@pytest.mark.parametrize(
    ("value", "aspect"), [("Lisinopril 10 mg", "other"), ("Zoloft 50 mg and lisinopril", "psychiatric")]
)
def test_a_medication_is_psychiatric_where_the_answer_names_such_a_drug(value: str, aspect: str) -> None:
    topic = topic_of(FormField("1", "", "Current medications", value))
    assert topic is not None
    assert topic.aspect == aspect


def test_a_question_that_goes_on_is_about_what_the_first_was_about() -> None:
    first = FormField("1", "", "Do you drink alcohol?", "Yes")
    topic = topic_of(FormField("2", "", "If yes, please describe", "wine", follows="1"), first)
    assert topic is not None
    assert topic.kind == "substance_use"


def test_a_question_that_says_nothing_is_about_nothing() -> None:
    assert topic_of(FormField("1", "", "Anything else?", "x")) is None


@pytest.mark.parametrize(
    "label", ["Home phone", "E-mail address", "Insurance company", "Member ID", "Signature", "Date", "SSN"]
)
def test_contact_insurance_and_signatures_are_administrative(label: str) -> None:
    assert ADMINISTRATIVE.search(label)


@pytest.mark.parametrize("label", ["Date of birth", "Age", "Medical history", "Current concerns"])
def test_what_a_summary_tells_is_not_administrative(label: str) -> None:
    assert not ADMINISTRATIVE.search(label)
