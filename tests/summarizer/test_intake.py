"""Intake summaries of forms written for these tests, alone and with a session."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from summarizer.extractive import ExtractiveEngine
from summarizer.form import read_form
from summarizer.intake import IntakeSummary, summarize_intake
from summarizer.templates import load_template
from summarizer.transcript import read_transcript
from summarizer.types import Style

FORMS = Path(__file__).parent / "forms"


def summary(form: str, session: str = "", **style: str) -> IntakeSummary:
    """The summary of a form and a transcript, each the name of a file beside this one or its text."""
    text = (FORMS / form).read_text() if (FORMS / form).suffix and "\n" not in form else form
    said = (FORMS / session).read_text() if session.endswith(".txt") else session
    return asyncio.run(
        summarize_intake(
            read_form(text),
            read_transcript(said) if said else (),
            template=load_template("intake"),
            engine=ExtractiveEngine(),
            style=Style(**style) if style else None,  # type: ignore[arg-type]
        )
    )


def section(found: IntakeSummary, code: str) -> list[str]:
    (one,) = (s for s in found.draft.body.sections if s.code == code)
    return [statement.text for statement in one.statements]


def kinds(found: IntakeSummary) -> list[str]:
    return [finding.kind for finding in found.draft.findings]


ALONE = ["adult.txt", "child.txt", "adult.json"]


@pytest.mark.parametrize("form", ALONE)
@pytest.mark.parametrize("session", ["", "session.txt"])
def test_every_statement_rests_on_exact_words_and_none_is_withdrawn(form: str, session: str) -> None:
    found = summary(form, session)
    turns = {turn.id: turn.text for turn in found.turns}
    assert len(turns) == len(found.turns)
    for one in found.draft.body.sections:
        for statement in one.statements:
            assert statement.evidence
            for span in statement.evidence:
                assert 0 <= span.start < span.end <= len(turns[span.turn])
    for risk in found.draft.risk:
        span = risk.evidence[0]
        assert turns[span.turn][span.start : span.end] == risk.quote
    assert "withdrawn" not in kinds(found)
    assert not [finding for finding in found.draft.findings if finding.severity == "blocking"]


@pytest.mark.parametrize("form", ALONE)
def test_all_risk_is_quoted_word_for_word_in_the_risk_section(form: str) -> None:
    found = summary(form)
    written = "\n".join(section(found, "RISK"))
    assert len(found.draft.risk) >= 4
    assert all(risk.quote in written for risk in found.draft.risk)


def test_danger_stands_first_and_a_plain_no_last() -> None:
    told = section(summary("adult.txt"), "RISK")
    assert told[0] == 'Asked, "Have you had thoughts of suicide?", client answered, "Yes".'
    assert told[1].endswith(
        '"Sometimes I think my kids would be better off without me, but I would never act on it."'
    )
    assert told[-2].startswith("Client denies ever having attempted suicide")
    assert told[-1] == 'Asked, "Thoughts of harming others", client answered, "No".'


def test_each_answer_stands_in_the_section_that_it_is_about() -> None:
    found = summary("adult.txt")
    expected = {
        "IDENTIFYING": "Date of birth: 04/12/1990.",
        "PRESENTING_PROBLEM": "Client endorsed trouble sleeping, racing thoughts, low mood, and irritability.",
        "PSYCHIATRIC_HISTORY": "Current medications: Sertraline 50 mg daily.",
        "MEDICAL_HISTORY": "Medical conditions: Hypothyroidism, migraines.",
        "SUBSTANCE_USE": "Client denies using tobacco.",
        "FAMILY_HISTORY": "Client reports that her uncle was an alcoholic.",
        "SOCIAL_HISTORY": "Occupation: nurse.",
        "STRENGTHS": "Hobbies: gardening, choir.",
        "MEASURES": "PHQ-9 score: 16.",
        "GOALS": "Client wants to sleep through the night and stop drinking on weekdays.",
    }
    for code, text in expected.items():
        assert text in section(found, code), code
    assert any("pushed me down the stairs" in text for text in section(found, "TRAUMA"))


def test_what_nobody_answered_is_not_discussed_and_never_denied() -> None:
    found = summary("adult.txt")
    everything = "\n".join(text for s in found.draft.body.sections for text in section(found, s.code))
    assert section(found, "MENTAL_STATUS") == section(found, "RECOMMENDATIONS") == []
    for blank in ("firearm", "ecreational", "urger", "anic attack", "appetite"):
        assert blank not in everything
    (finding,) = (f for f in found.draft.findings if f.kind == "form_blank_risk")
    assert "Do you have access to firearms?" in finding.detail


def test_contact_and_insurance_stay_out_of_the_summary() -> None:
    found = summary("adult.txt")
    told = "\n".join(text for s in found.draft.body.sections for text in section(found, s.code))
    assert not [word for word in ("555-0134", "Acme", "99-1234") if word in told]
    assert not [word for word in ("555-0134", "Acme", "99-1234") if any(word in t.text for t in found.turns)]


def test_a_long_tale_is_also_read_for_what_else_it_says() -> None:
    assert any("bottle of wine" in text for text in section(summary("adult.txt"), "SUBSTANCE_USE"))


def test_a_parents_form_is_told_as_the_parents() -> None:
    found = summary("child.txt")
    told = "\n".join(text for s in found.draft.body.sections for text in section(found, s.code))
    assert "Family member states" in told
    assert "denies" not in told
    polarity = {risk.quote: risk.polarity for risk in found.draft.risk}
    assert polarity["Talks about wanting to die"] == "affirmed"
    assert polarity["Prefer not to answer"] == "uncertain"


def test_an_answer_that_stands_nowhere_is_told() -> None:
    (finding,) = (f for f in summary("child.txt").draft.findings if f.kind == "form_unplaced")
    assert "Anything else we should know?" in finding.detail


def test_form_and_session_stand_side_by_side_each_with_its_own_evidence() -> None:
    found = summary("adult.txt", "session.txt")
    told = section(found, "MEASURES")
    assert told == ["PHQ-9 score: 16.", 'Clinician stated, "On the PHQ-9 today you scored 12."']
    assert "Client to keep a sleep log every night this week." in section(found, "RECOMMENDATIONS")
    sources = {turn.id in found.form_turns for turn in found.turns}
    assert sources == {True, False}


def test_where_they_differ_a_finding_says_so_and_both_stay() -> None:
    found = summary("adult.txt", "session.txt")
    differences = [f for f in found.draft.findings if f.kind == "form_differs"]
    about = " ".join(f.detail for f in differences)
    for matter in (
        "alcohol",
        "the dose of sertraline",
        "the PHQ score",
        "earlier treatment",
        "suicidal ideation",
    ):
        assert f"differ about {matter}" in about
    assert all(f.severity == "advisory" for f in differences)
    quotes = [(risk.quote, risk.polarity) for risk in found.draft.risk]
    assert ("Yes", "affirmed") in quotes
    assert ("No.", "negated") in quotes


AGREEING = """Therapist: Have you had any thoughts of suicide?
Client: Yes, some nights I do.
Therapist: You take sertraline. What dose are you on?
Client: I take 50 milligrams of sertraline every morning.
Therapist: Have you ever been in therapy before?
Client: Yes, I have been in therapy before, in college.
Therapist: On the PHQ-9 today you scored 16.
"""


def test_what_agrees_is_no_difference() -> None:
    assert "form_differs" not in kinds(summary("adult.txt", AGREEING))


def test_turns_of_the_session_keep_apart_from_the_numbers_of_the_form() -> None:
    session = '[{"id": "1", "role": "clinician", "text": "What brings you in?"}, ' + (
        '{"id": "x", "role": "client", "text": "I have been having panic attacks at work."}]'
    )
    found = summary("Name: Ada\nReason for visit: I have felt low and tired since the spring.", session)
    assert {"1", "session-1", "x"} <= {turn.id for turn in found.turns}


def test_pronouns_of_the_form_are_used_unless_others_are_given() -> None:
    assert "Client reports that her mother had depression." in section(summary("adult.txt"), "FAMILY_HISTORY")
    given = section(summary("adult.txt", pronouns="he/him"), "FAMILY_HISTORY")
    assert "Client reports that his mother had depression." in given


def test_a_form_with_hardly_a_word_gives_no_summary_but_its_risk() -> None:
    found = summary("Age: 34\nThoughts of suicide: Yes")
    assert found.draft.insufficient
    assert [risk.quote for risk in found.draft.risk] == ["Yes"]


def test_the_same_form_gives_the_same_summary() -> None:
    assert summary("adult.txt", "session.txt") == summary("adult.txt", "session.txt")
