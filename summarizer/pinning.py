"""Facts that the clinician pinned: marked before an engine writes, and looked for in what it wrote.

A pinned fact that no statement tells, though a section takes its kind, is added to that section, in its own
words where there is no better sentence. An engine may tell it better; it cannot leave it out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from summarizer.content import content_stems
from summarizer.phrasing import attribute, risk_wording, worded
from summarizer.templates import Template
from summarizer.types import Fact, NoteBody, Section, Statement, Style, Turn

PINNED = "pinned"
"""The attribute that a pinned fact has."""
_TOLD = 0.5
"""Share of a fact's content words from which a statement that points at its place also tells it."""


def pin(facts: Iterable[Fact], pinned: frozenset[str]) -> tuple[Fact, ...]:
    """The facts, those with these ids marked as pinned."""
    return tuple(
        replace(fact, attributes=tuple(sorted((*fact.attributes, (PINNED, "yes")))))
        if fact.id in pinned
        else fact
        for fact in facts
    )


def is_pinned(fact: Fact) -> bool:
    """Whether the clinician wants this fact in the note."""
    return attribute(fact, PINNED) != ""


def with_pinned(
    body: NoteBody, template: Template, facts: Sequence[Fact], turns: Sequence[Turn], style: Style
) -> NoteBody:
    """The body with a statement for every pinned fact that it does not tell and that a section takes."""
    written = [statement for section in body.sections for statement in section.statements]
    missing = [
        fact
        for fact in facts
        if is_pinned(fact) and not any(_tells(statement, fact) for statement in written)
    ]
    if not missing:
        return body
    by_id = {turn.id: turn for turn in turns}
    sections = {section.code: section for section in body.sections}
    for fact in missing:
        home = template.home(fact)
        if home is None:
            continue
        wording = worded(fact, by_id, style) or risk_wording(fact, by_id, style)
        statement = Statement(f"pinned-{fact.id}", wording.text, wording.evidence, wording.support)
        before = sections.get(home.code) or Section(home.code, home.title, "not_discussed")
        sections[home.code] = replace(before, statements=(*before.statements, statement), status="drafted")
    return replace(body, sections=tuple(sections.values()))


def _tells(statement: Statement, fact: Fact) -> bool:
    place = fact.evidence[0]
    if place in statement.evidence:
        return True
    if not any(
        span.turn == place.turn and span.start < place.end and place.start < span.end
        for span in statement.evidence
    ):
        return False
    wanted = set(content_stems(fact.text))
    return len(wanted & set(content_stems(statement.text))) >= _TOLD * len(wanted)
