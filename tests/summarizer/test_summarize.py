"""The whole way from turns to a draft."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest

from summarizer.errors import EngineFailed
from summarizer.extractive import ExtractiveEngine
from summarizer.summarize import MIN_WORDS, summarize
from summarizer.templates import load_template, template_names
from summarizer.testing import FakeEngine
from summarizer.transcript import read_transcript
from summarizer.types import Draft, NoteBody, Section, Span, Statement, Turn

Session = Callable[[str], tuple[Turn, ...]]
Talk = Callable[[str], tuple[Turn, ...]]


def draft(turns: Sequence[Turn], name: str = "soap", **named: object) -> Draft:
    engine = named.pop("engine", ExtractiveEngine())
    return asyncio.run(summarize(turns, template=load_template(name), engine=engine, **named))  # type: ignore[arg-type]


def test_fewer_than_twenty_words_give_no_note_and_ask_no_engine(talk: Talk) -> None:
    engine = FakeEngine()
    found = draft(talk("T: Hello there.\nC: Hi."), engine=engine)
    assert found.insufficient
    assert {section.status for section in found.body.sections} == {"not_discussed"}
    assert [finding.kind for finding in found.findings] == ["insufficient"]
    assert engine.calls == 0


def test_twenty_words_are_enough() -> None:
    def turn(words: int) -> tuple[Turn, ...]:
        return (Turn("1", "client", "I sleep badly " + "very " * (words - 4) + "often"),)

    assert draft(turn(MIN_WORDS - 1)).insufficient
    assert not draft(turn(MIN_WORDS)).insufficient


def test_risk_is_surfaced_even_where_there_is_no_note(talk: Talk) -> None:
    found = draft(talk("C: I want to die."))
    assert found.insufficient
    assert [risk.quote for risk in found.risk] == ["I want to die."]


def test_the_same_transcript_gives_the_same_draft(session: Session) -> None:
    for name in template_names():
        assert draft(session("risk"), name) == draft(session("risk"), name)


def test_the_written_sessions_give_notes_without_blocking_findings(session: Session) -> None:
    for name in template_names():
        for told in ("panic", "risk", "drinking"):
            found = draft(session(told), name)
            assert [f for f in found.findings if f.severity == "blocking"] == []


def test_a_struck_fact_leaves_the_note_but_risk_stays_in_sight(session: Session) -> None:
    turns = session("risk")
    first = draft(turns)
    struck = frozenset(fact.id for fact in first.facts if fact.kind == "risk")
    found = draft(turns, discarded=struck)
    assert not struck & {fact.id for fact in found.facts}
    assert found.risk == first.risk
    assert "better off without me" not in str(found.body)


def test_a_statement_that_nothing_supports_is_withdrawn_and_told(session: Session) -> None:
    turns = session("panic")
    invented = Statement("x", "Client enjoys gardening, cycling and opera.", (Span(turns[0].id, 0, 2),))
    body = NoteBody("soap", (Section("SUBJECTIVE", "S", "drafted", (invented,)),))
    found = draft(turns, engine=FakeEngine(body))
    assert found.body.sections[0].statements == ()
    assert found.body.sections[0].status == "not_discussed"
    (told,) = [finding.detail for finding in found.findings if finding.kind == "withdrawn"]
    assert "section Subjective" in told
    assert "subjective-1" not in told
    assert "gardening" not in told


def test_a_statement_with_a_wrong_number_stays_and_blocks(session: Session) -> None:
    turns = session("panic")
    at = next(turn for turn in turns if "sleeping badly" in turn.text)
    wrong = Statement(
        "x", "Client reports sleeping badly since March, waking at 5.", (Span(at.id, 0, len(at.text)),)
    )
    body = NoteBody("soap", (Section("SUBJECTIVE", "S", "drafted", (wrong,)),))
    found = draft(turns, engine=FakeEngine(body))
    assert [s.id for s in found.body.sections[0].statements] == ["subjective-1"]
    assert ("unsupported_number", "subjective-1") in {(f.kind, f.statement) for f in found.findings}


def test_an_engine_cannot_change_the_templates_sections(session: Session) -> None:
    body = NoteBody("soap", (Section("SECRET", "Secret", "drafted", ()),))
    found = draft(session("panic"), engine=FakeEngine(body))
    assert [section.code for section in found.body.sections] == [
        "SUBJECTIVE",
        "OBJECTIVE",
        "ASSESSMENT",
        "PLAN",
    ]


def test_a_failing_engine_is_not_swallowed(session: Session) -> None:
    with pytest.raises(EngineFailed):
        draft(session("panic"), engine=FakeEngine(failure="no JSON came back"))


def test_one_section_can_be_drafted_alone(session: Session) -> None:
    turns = session("panic")
    alone = asyncio.run(
        summarize(turns, template=load_template("soap").only("PLAN"), engine=ExtractiveEngine())
    )
    plans = [s.text for s in alone.body.sections[-1].statements]
    whole = [
        s.text for section in draft(turns).body.sections if section.code == "PLAN" for s in section.statements
    ]
    assert [text for text in plans if text in whole] == whole


def test_a_dictated_summary_becomes_a_note_in_its_own_words() -> None:
    turns = read_transcript(
        "Client reports poor sleep and low mood since the divorce.\nClient denies suicidal ideation.\n"
        "Therapist used cognitive restructuring.\nPlan: continue weekly sessions."
    )
    found = draft(turns)
    sections = {section.code: [s.text for s in section.statements] for section in found.body.sections}
    assert sections["PLAN"] == ["Continue weekly sessions."]
    assert "Therapist used cognitive restructuring." in sections["OBJECTIVE"]
    assert [f for f in found.findings if f.severity == "blocking"] == []
