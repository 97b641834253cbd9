"""From turns to a draft note: the one way through facts, engine and check.

The only `await` of the package is the engine's. Nothing is stored, sent or logged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from summarizer.engine import Engine
from summarizer.facts import extract_facts, risk_statements
from summarizer.grounding import check
from summarizer.introduction import spoken_pronouns
from summarizer.language import word_list
from summarizer.pinning import pin, with_pinned
from summarizer.striking import without_struck
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
    pinned: frozenset[str] = frozenset(),
) -> Draft:
    """A draft note with its findings, risk and facts.

    `discarded` are ids of facts that the clinician struck: the engine never sees them. Risk is shown in
    `Draft.risk` whatever was struck. `pinned` are ids of facts that are told wherever a section takes their
    kind. Under `MIN_WORDS` words the draft is `insufficient` and the engine is not asked. Raises what the engine
    raises (`EngineFailed`).
    """
    style, context = style or Style(), context or Context()
    if not style.pronouns:
        style = replace(style, pronouns=spoken_pronouns(turns))
    risk = risk_statements(turns)
    if sum(len(word_list(turn.text)) for turn in turns) < MIN_WORDS:
        note = Finding(
            "insufficient",
            "blocking",
            None,
            f"Fewer than {MIN_WORDS} words were said; there is nothing to draft a note from.",
        )
        return Draft(_empty(template), (note,), risk, extract_facts(turns), engine.info, insufficient=True)
    found = extract_facts(turns)
    facts = pin((fact for fact in found if fact.id not in discarded), pinned)
    heard = without_struck(turns, [fact for fact in found if fact.id in discarded], facts)
    written = await engine.write(template, heard, facts, style, context)
    body = _in_shape(with_pinned(written, template, facts, turns, style), template)
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


_WHY = {
    "no_evidence": "it pointed at nothing that was said",
    "invalid_span": "it pointed at a place that is not in the transcript",
    "quote_not_exact": "the words it put in quotation marks were not exactly what was said",
    "denial_without_question": "it said that something was denied, but no question with that answer was found",
    "unsupported": "hardly a word of it was found in what was said",
}


def _withdrawal(title: str, kind: str) -> str:
    """Why a statement is missing, for the clinician: neither its words nor its id."""
    return (
        f"One sentence was left out of the section {title} because {_WHY[kind]}; "
        "read the transcript there and add what is missing."
    )


def _without_unsupported(
    body: NoteBody, findings: tuple[Finding, ...]
) -> tuple[NoteBody, tuple[Finding, ...]]:
    """Statements that nothing said can support are withdrawn; one advisory finding each tells that and why."""
    dropped = {f.statement: f.kind for f in findings if f.statement is not None and f.kind in _DROPPED}
    if not dropped:
        return body, findings
    sections, told = [], []
    for section in body.sections:
        for statement in section.statements:
            if statement.id in dropped:
                told.append(
                    Finding("withdrawn", "advisory", None, _withdrawal(section.title, dropped[statement.id]))
                )
        kept: tuple[Statement, ...] = tuple(s for s in section.statements if s.id not in dropped)
        sections.append(replace(section, statements=kept, status="drafted" if kept else "not_discussed"))
    left = [f for f in findings if f.statement not in dropped]
    return NoteBody(body.template, tuple(sections)), (*left, *told)
