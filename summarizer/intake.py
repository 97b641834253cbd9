"""The intake summary: a filled-in form and, where there was one, the intake session in, one draft out.

The form's answers stand in the sections of the template beside what was said, each with its own evidence; what a
check finds is found about both alike. Where form and session differ, a finding says so and neither is left out.
Nothing is stored, sent or logged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from summarizer.answers import Answer, FormReading, read_answers
from summarizer.content import numbers
from summarizer.cues import DRUGS
from summarizer.engine import Engine
from summarizer.facts import extract_facts, risk_statements
from summarizer.form import FormField
from summarizer.form_risk import LABEL_SUFFIX
from summarizer.summarize import summarize
from summarizer.templates import Template, TemplateSection
from summarizer.types import (
    Context,
    Draft,
    EngineInfo,
    Fact,
    FactKind,
    Finding,
    NoteBody,
    Polarity,
    RiskStatement,
    Section,
    Span,
    Statement,
    Style,
    Turn,
)
from summarizer.wording import plain


@dataclass(frozen=True, slots=True)
class IntakeSummary:
    """The draft, the turns that its evidence points into, and those of them that are the form's.

    `style` is the one it is worded in, with the pronouns of the form; `administrative` are the ids of answered
    questions that are no part of a summary (contact, insurance, signature).
    """

    draft: Draft
    style: Style
    turns: tuple[Turn, ...]
    form_turns: frozenset[str]
    administrative: tuple[str, ...]


async def summarize_intake(
    fields: Sequence[FormField],
    session: Sequence[Turn] = (),
    *,
    template: Template,
    engine: Engine,
    style: Style | None = None,
    context: Context | None = None,
) -> IntakeSummary:
    """A draft from a form's answers and an intake session's turns.

    A form answer's turn has the id of its field, its label's that id and `.label`; a turn of the session whose
    id is taken gets `session-` before it. Pronouns that the client wrote on the form are used where the style
    has none. Raises what the engine raises (`EngineFailed`).
    """
    style = style or Style()
    form = read_answers(fields, style)
    if form.pronouns and not style.pronouns:
        style = replace(style, pronouns=form.pronouns)
        form = read_answers(fields, style)
    ours = frozenset(turn.id for turn in form.turns)
    spoken = tuple(replace(t, id=f"session-{t.id}") if t.id in ours else t for t in session)
    turns = (*form.turns, *spoken)
    writer = _WithForm(engine, form, spoken)
    draft = await summarize(turns, template=template, engine=writer, style=style, context=context)
    if not draft.insufficient:
        draft = replace(
            draft,
            findings=(
                *draft.findings,
                *_about_form(form, fields, draft.body),
                *_differences(form, spoken, draft.body),
            ),
            facts=(*(answer.fact for answer in form.answers), *extract_facts(spoken)),
        )
    return IntakeSummary(
        replace(draft, risk=(*form.risk, *risk_statements(spoken))), style, turns, ours, form.administrative
    )


# ── the form's part of the body ──────────────────────────────────────────────────────────────────────────


class _WithForm:
    """An engine that writes the session's part by another engine and puts the form's answers before it."""

    def __init__(self, engine: Engine, form: FormReading, spoken: Sequence[Turn]) -> None:
        self._engine = engine
        self._form = form
        self._spoken = tuple(spoken)

    @property
    def info(self) -> EngineInfo:
        return self._engine.info

    async def write(
        self, template: Template, turns: Sequence[Turn], facts: Sequence[Fact], style: Style, context: Context
    ) -> NoteBody:
        """The body of both. Raises `EngineFailed`."""
        del turns, facts  # those of form and session together; here each is read by itself
        told = _tales(self._form)
        found = (*_further_facts(told, self._form, template), *extract_facts(self._spoken))
        conversation = (*told, *self._spoken)
        spoken = await self._engine.write(template, conversation, found, style, context) if found else None
        by_code = {section.code: section.statements for section in spoken.sections} if spoken else {}
        sections = []
        for outline in template.sections:
            lines = tuple(_section(outline, template, self._form.answers, by_code.get(outline.code, ())))
            named = tuple(replace(s, id=f"{outline.code.lower()}-{n}") for n, s in enumerate(lines, 1))
            sections.append(
                Section(outline.code, outline.title, "drafted" if named else "not_discussed", named)
            )
        return NoteBody(template.name, tuple(sections))


def _tales(form: FormReading) -> tuple[Turn, ...]:
    """The long answers with their labels, to be read as a conversation."""
    return tuple(turn for turn in form.turns if turn.id.removesuffix(LABEL_SUFFIX) in form.tales)


def _further_facts(told: Sequence[Turn], form: FormReading, template: Template) -> Iterator[Fact]:
    """What long answers say beside what is told of them already: not risk, and nothing of the form's own words."""
    covered = [answer.fact for answer in form.answers]
    for fact in extract_facts(told):
        span = fact.evidence[0]
        if fact.kind == "risk" or fact.role == "clinician" or span.turn.endswith(LABEL_SUFFIX):
            continue
        if any(_is_told(span, other, fact, template) for other in covered):
            continue
        yield fact


def _is_told(span: Span, other: Fact, fact: Fact, template: Template) -> bool:
    """Whether the words of a fact are told by `other` in the section where the fact would stand."""
    mine = other.evidence[0]
    if mine.turn != span.turn or span.end <= mine.start or mine.end <= span.start:
        return False
    return other.kind == "risk" or template.home(fact) in (template.home(other), None)


def _section(
    outline: TemplateSection, template: Template, answers: Sequence[Answer], spoken: Sequence[Statement]
) -> Iterator[Statement]:
    """The form's answers in the order of the section's kinds, then what was said; danger first, a plain no last."""
    mine = [
        answer
        for answer in answers
        if (home := template.home(answer.fact)) is not None and home.code == outline.code
    ]
    risk = [answer for answer in mine if answer.fact.kind == "risk"]
    denied = [answer for answer in risk if answer.fact.polarity == "negated"]
    rest = [answer for answer in mine if answer.fact.kind != "risk"]
    rest.sort(key=lambda answer: _rank(answer.fact, outline))
    first = [answer for answer in risk if answer not in denied]
    yield from (_statement(answer) for answer in (*first, *rest))
    yield from spoken
    yield from (_statement(answer) for answer in denied)


def _rank(fact: Fact, outline: TemplateSection) -> int:
    exact = f"{fact.kind}.{dict(fact.attributes).get('aspect', '')}"
    return outline.kinds.index(exact if exact in outline.kinds else fact.kind)


def _statement(answer: Answer) -> Statement:
    # The client's own written words carry it, so it is `direct` and every check applies to it; that it is the
    # form's can be seen from its evidence. `context` would switch off the checks of polarity and support.
    return Statement("", answer.wording.text, answer.wording.evidence, answer.wording.support)


# ── findings about the form ──────────────────────────────────────────────────────────────────────────────


def _about_form(form: FormReading, fields: Sequence[FormField], body: NoteBody) -> Iterator[Finding]:
    """Questions about risk that were left blank, and answers that stand nowhere in the draft."""
    named = {field.id: f"Question {field.id} of the form ({_short(field.label)})" for field in fields}
    for field in form.blank_risk:
        yield Finding(
            "form_blank_risk",
            "advisory",
            None,
            f"{named[field]} is about risk and was left blank; ask it.",
        )
    told = {span.turn for s in body.sections for line in s.statements for span in line.evidence}
    answered = {turn.id for turn in form.turns if not turn.id.endswith(LABEL_SUFFIX)}
    for field in (f.id for f in fields if f.id in answered - told):
        yield Finding(
            "form_unplaced",
            "advisory",
            None,
            f"{named[field]} has an answer that stands in no section; read it in the form.",
        )


def _short(label: str) -> str:
    return label if len(label) <= 60 else f"{label[:57].rstrip()}…"


@dataclass(frozen=True, slots=True)
class _Matter:
    """Something that a form and a session can both tell of; `kinds` are the facts that tell it."""

    name: str
    kinds: frozenset[FactKind]
    pattern: re.Pattern[str]


def _matter(name: str, kinds: tuple[FactKind, ...], pattern: str) -> _Matter:
    return _Matter(name, frozenset(kinds), re.compile(rf"\b(?:{pattern})", re.I))


_MATTERS: tuple[_Matter, ...] = (
    _matter("alcohol", ("substance_use",), r"alcohol\w*|drink\w*|drank|wine|beers?|vodka|liquor|whisk\w+"),
    _matter("tobacco", ("substance_use",), r"tobacco|smok\w+|cigarettes?|vap\w+|nicotine"),
    _matter("cannabis", ("substance_use",), r"cannabis|marijuana|weed|pot\b"),
    _matter("other drugs", ("substance_use",), r"drugs?\b|cocaine|heroin|opioids?|meth\w*|fentanyl"),
    _matter("medication", ("medication",), rf"medications?|medicines?|meds\b|pills?|(?:{DRUGS})\b"),
    _matter("allergies", ("history",), r"allerg\w+"),
    _matter("earlier treatment", ("history",), r"therap\w+|counsel\w+|psychiatrist"),
    _matter("hospital stays", ("history",), r"hospitali[sz]\w+|inpatient|psych\w* (?:ward|unit|hospital)"),
    _matter("family history", ("history",), r"family|mother|father|brother|sister|uncle|aunt|grand\w+"),
)
_DOSE = re.compile(r"(\d[\d.,]*|\w+(?:[- ]\w+)?) ?(?:mg|milligrams?|mcg|micrograms?)\b", re.I)
_HOURS = re.compile(r"(?:\S+ ){1,3}hours?\b", re.I)
_MEASURE = re.compile(r"\b(PHQ|GAD|PCL|AUDIT|BDI|BAI)[- ]?\d{0,2}\b", re.I)
_DRUG = re.compile(rf"\b(?:{DRUGS})\b", re.I)


@dataclass(frozen=True, slots=True)
class _Told:
    """A fact with all the words of its evidence, question included."""

    fact: Fact
    text: str


def _differences(form: FormReading, session: Sequence[Turn], body: NoteBody) -> Iterator[Finding]:
    """Where form and session say different things of one matter; each matter once, the first pair named."""
    turns = {turn.id: turn for turn in (*form.turns, *session)}
    written = [_told(answer.fact, turns) for answer in form.answers]
    spoken = [_told(fact, turns) for fact in extract_facts(session)]
    named: set[str] = set()
    for one in written:
        for other in spoken:
            for name in (*_opposite(one, other), *_unequal(one, other)):
                if name not in named:
                    named.add(name)
                    yield _differs(name, one.fact, other.fact, body)
    for topic, risk, heard in _risk_pairs(form.risk, risk_statements(session)):
        yield _differs(topic, risk, heard, body)


def _told(fact: Fact, turns: dict[str, Turn]) -> _Told:
    return _Told(fact, plain(" ".join(turns[s.turn].text[s.start : s.end] for s in fact.evidence)))


def _opposite(one: _Told, other: _Told) -> Iterator[str]:
    """Matters that one says are so and the other says are not."""
    if {one.fact.polarity, other.fact.polarity} != {"affirmed", "negated"}:
        return
    aspects = {dict(told.fact.attributes).get("aspect", "") for told in (one, other)}
    if len(aspects) > 1 and one.fact.kind != "medication":
        return
    for matter in _MATTERS:
        if {one.fact.kind, other.fact.kind} <= matter.kinds and all(
            matter.pattern.search(told.text) for told in (one, other)
        ):
            yield matter.name


def _unequal(one: _Told, other: _Told) -> Iterator[str]:
    """A drug's doses, hours of sleep, and scores of one measure that are not the same number."""
    drugs = {m.group().lower() for m in _DRUG.finditer(one.text)}
    for drug in sorted(drugs & {m.group().lower() for m in _DRUG.finditer(other.text)}):
        if _disjoint(_found(_DOSE, one.text), _found(_DOSE, other.text)):
            yield f"the dose of {drug}"
    if one.fact.kind == other.fact.kind == "sleep" and _disjoint(
        _found(_HOURS, one.text), _found(_HOURS, other.text)
    ):
        yield "hours of sleep"
    measures = {m[1].upper() for m in _MEASURE.finditer(one.text)}
    for measure in sorted(measures & {m[1].upper() for m in _MEASURE.finditer(other.text)}):
        if _disjoint(numbers(_MEASURE.sub(" ", one.text)), numbers(_MEASURE.sub(" ", other.text))):
            yield f"the {measure} score"


def _found(pattern: re.Pattern[str], text: str) -> frozenset[str]:
    return frozenset(number for match in pattern.finditer(text) for number in numbers(match.group()))


def _disjoint(one: frozenset[str], other: frozenset[str]) -> bool:
    return bool(one and other) and not one & other


def _risk_pairs(
    form: Sequence[RiskStatement], session: Sequence[RiskStatement]
) -> Iterator[tuple[str, RiskStatement, RiskStatement]]:
    """Topics that the one affirms somewhere and the other only negates, with a statement of each."""
    for topic in dict.fromkeys(name for risk in form for name in risk.topic.split(", ")):
        written, spoken = _by_polarity(form, topic), _by_polarity(session, topic)
        if "affirmed" in written and "affirmed" not in spoken and "negated" in spoken:
            yield topic, written["affirmed"], spoken["negated"]
        elif "affirmed" in spoken and "affirmed" not in written and "negated" in written:
            yield topic, written["negated"], spoken["affirmed"]


def _by_polarity(statements: Sequence[RiskStatement], topic: str) -> dict[Polarity, RiskStatement]:
    """The first statement of each polarity on a topic."""
    return {risk.polarity: risk for risk in reversed(statements) if topic in risk.topic.split(", ")}


def _differs(name: str, one: Fact | RiskStatement, other: Fact | RiskStatement, body: NoteBody) -> Finding:
    field, turn = one.evidence[0].turn, other.evidence[0].turn
    statement = next(
        (
            statement.id
            for section in body.sections
            for statement in section.statements
            if one.evidence[0] in statement.evidence
        ),
        None,
    )
    return Finding(
        "form_differs",
        "advisory",
        statement,
        f"The form (question {field}) and the session (turn {turn}) differ about {name}; ask, and keep what is right.",
    )
