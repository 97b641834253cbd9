"""From turns to a draft note: the one way through facts, engine and check.

The only `await` of the package is the engine's. Nothing is stored, sent or logged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from summarizer.engine import Engine
from summarizer.facts import extract_facts, risk_statements
from summarizer.grounding import check
from summarizer.language import word_list
from summarizer.templates import Template
from summarizer.types import Context, Draft, Finding, NoteBody, Section, Statement, Style, Turn

MIN_WORDS = 20
"""Words in all below which there is nothing to write a note from (silence, noise, a greeting)."""

_DROPPED = frozenset(
    {"no_evidence", "invalid_span", "quote_not_exact", "denial_without_question", "unsupported"}
)
"""Blocking findings that no edit can mend: the statement is withdrawn and its withdrawal is told."""


async def summarize(
    turns: Sequence[Turn],
    *,
    template: Template,
    engine: Engine,
    style: Style | None = None,
    context: Context | None = None,
    discarded: frozenset[str] = frozenset(),
) -> Draft:
    """A draft note with its findings, risk and facts.

    `discarded` are ids of facts that the clinician struck: the engine never sees them. Risk is shown in
    `Draft.risk` whatever was struck. Under `MIN_WORDS` words the draft is `insufficient` and the engine is not
    asked. Raises what the engine raises (`EngineFailed`).
    """
    style, context = style or Style(), context or Context()
    risk = risk_statements(turns)
    if sum(len(word_list(turn.text)) for turn in turns) < MIN_WORDS:
        note = Finding(
            "insufficient",
            "blocking",
            None,
            f"Fewer than {MIN_WORDS} words were said; there is nothing to draft a note from.",
        )
        return Draft(_empty(template), (note,), risk, extract_facts(turns), engine.info, insufficient=True)
    facts = tuple(fact for fact in extract_facts(turns) if fact.id not in discarded)
    body = _in_shape(await engine.write(template, turns, facts, style, context), template)
    findings = check(body, turns, facts, template=template, style=style, context=context)
    body, findings = _without_unsupported(body, findings)
    return Draft(body, findings, risk, facts, engine.info)


def _empty(template: Template) -> NoteBody:
    return NoteBody(
        template.name, tuple(Section(s.code, s.title, "not_discussed") for s in template.sections)
    )


def _in_shape(body: NoteBody, template: Template) -> NoteBody:
    """The body with exactly the template's sections, in their order, and unique statement ids."""
    given = {section.code: section for section in body.sections}
    sections = []
    for outline in template.sections:
        statements = given[outline.code].statements if outline.code in given else ()
        named = tuple(replace(s, id=f"{outline.code.lower()}-{n}") for n, s in enumerate(statements, 1))
        sections.append(Section(outline.code, outline.title, "drafted" if named else "not_discussed", named))
    return NoteBody(template.name, tuple(sections))


def _without_unsupported(
    body: NoteBody, findings: tuple[Finding, ...]
) -> tuple[NoteBody, tuple[Finding, ...]]:
    """Statements that nothing said can support are withdrawn; one advisory finding each tells that and why."""
    dropped = {f.statement: f.kind for f in findings if f.statement is not None and f.kind in _DROPPED}
    if not dropped:
        return body, findings
    sections = []
    for section in body.sections:
        kept: tuple[Statement, ...] = tuple(s for s in section.statements if s.id not in dropped)
        sections.append(replace(section, statements=kept, status="drafted" if kept else "not_discussed"))
    left = [f for f in findings if f.statement not in dropped]
    told = [
        Finding("withdrawn", "advisory", None, f"Statement {name} was withdrawn from the draft ({kind}).")
        for name, kind in dropped.items()
    ]
    return NoteBody(body.template, tuple(sections)), (*left, *told)
