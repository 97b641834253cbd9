"""Pinned facts in a draft: told by whatever engine, wherever a section takes their kind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from summarizer.extractive import ExtractiveEngine
from summarizer.facts import extract_facts
from summarizer.summarize import summarize
from summarizer.templates import Template, load_template
from summarizer.types import Context, Draft, EngineInfo, Fact, NoteBody, Section, Style, Turn

Talk = Callable[[str], tuple[Turn, ...]]


class Silent:
    """An engine that writes nothing."""

    @property
    def info(self) -> EngineInfo:
        return EngineInfo("silent", "none", "1")

    async def write(
        self, template: Template, turns: Sequence[Turn], facts: Sequence[Fact], style: Style, context: Context
    ) -> NoteBody:
        del turns, facts, style, context  # it writes nothing, whatever it gets
        return NoteBody(
            template.name, tuple(Section(s.code, s.title, "not_discussed") for s in template.sections)
        )


def written(draft: Draft) -> str:
    return "\n".join(s.text for section in draft.body.sections for s in section.statements)


TALK = """
    T: How have you been sleeping?
    C: I sleep about four hours a night. I wake up at three every morning.
    T: And your appetite?
    C: I skip breakfast most days. I lost five pounds since March.
    T: How is work going?
    C: My boss moved my desk to the hallway. I was late twice last week. I missed a deadline on Friday.
    T: What else has been hard?
    C: I feel anxious in shops. I argue with my sister about money. I cried on Sunday night.
    T: Let us meet next Thursday at four.
    C: That works for me.
"""


def test_a_pinned_fact_stands_in_a_brief_note_that_left_it_out(talk: Talk) -> None:
    turns = talk(TALK)
    template, style = load_template("soap"), Style(detail="brief")

    def drafted(pinned: frozenset[str] = frozenset()) -> Draft:
        return asyncio.run(
            summarize(turns, template=template, engine=ExtractiveEngine(), style=style, pinned=pinned)
        )

    plain = drafted()
    told = {span for section in plain.body.sections for s in section.statements for span in s.evidence}
    left_out = [
        fact
        for fact in plain.facts
        if fact.evidence[0] not in told
        and any(section.takes(fact.kind) for section in template.sections)
        and fact.kind != "intervention"
    ]
    assert left_out, "a brief note leaves something out"
    draft = drafted(frozenset(fact.id for fact in left_out))
    told = {span for section in draft.body.sections for s in section.statements for span in s.evidence}
    assert {fact.evidence[0] for fact in left_out} <= told
    assert not [finding for finding in draft.findings if finding.severity == "blocking"]


def test_an_engine_cannot_leave_a_pinned_fact_out(talk: Talk) -> None:
    turns = talk(TALK)
    (fact,) = [fact for fact in extract_facts(turns) if "four hours" in fact.text]
    draft = asyncio.run(
        summarize(turns, template=load_template("soap"), engine=Silent(), pinned=frozenset({fact.id}))
    )
    (statement,) = [s for section in draft.body.sections for s in section.statements]
    assert "4 hours" in statement.text
    assert statement.evidence[0] == fact.evidence[0]
    assert statement.id == "subjective-1"


def test_a_pinned_fact_that_no_section_takes_is_not_forced_into_one(talk: Talk) -> None:
    turns = talk(TALK)
    template = load_template("soap").only("PLAN")
    (fact,) = [fact for fact in extract_facts(turns) if "four hours" in fact.text]
    draft = asyncio.run(summarize(turns, template=template, engine=Silent(), pinned=frozenset({fact.id})))
    assert written(draft) == ""


def test_a_discarded_fact_is_not_told_and_the_others_are(talk: Talk) -> None:
    turns = talk(TALK)
    (struck,) = [fact for fact in extract_facts(turns) if "four hours" in fact.text]
    draft = asyncio.run(
        summarize(
            turns,
            template=load_template("soap"),
            engine=ExtractiveEngine(),
            discarded=frozenset({struck.id}),
        )
    )
    assert "four hours" not in written(draft)
    assert "breakfast" in written(draft)
