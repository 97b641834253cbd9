"""An engine without a model: facts in, worded, sorted into sections and thinned out.

Deterministic: the same turns, template, style and context give the same bytes. It writes nothing that is not
in a fact, so it cannot invent; it can be plain, and it can miss what its cues do not know.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from summarizer.content import content_stems, numbers
from summarizer.discourse import CLIENT_SIDE
from summarizer.language import sentences
from summarizer.phrasing import Wording, attribute, quoted, technique_clause, technique_sentence, worded
from summarizer.pinning import is_pinned
from summarizer.polarity import has_negation
from summarizer.subject import client_of
from summarizer.techniques import TECHNIQUES
from summarizer.templates import Template, TemplateSection
from summarizer.types import (
    Context,
    DetailLevel,
    EngineInfo,
    Fact,
    NoteBody,
    Section,
    Span,
    Statement,
    Style,
    Turn,
)

VERSION = "1"


@dataclass(frozen=True, slots=True)
class _Measure:
    """How much a level of detail tells: statements a section, least confidence, broad techniques named."""

    statements: int
    confidence: float
    broad: int
    quotes: int


_MEASURES: dict[DetailLevel, _Measure] = {
    "brief": _Measure(statements=5, confidence=0.6, broad=1, quotes=1),
    "standard": _Measure(statements=15, confidence=0.5, broad=4, quotes=4),
    "detailed": _Measure(statements=30, confidence=0.3, broad=6, quotes=10),
}
_FEW = 3
"""A section of the client's report that would hold fewer statements than this also takes less telling ones."""
_SAME = 0.8
"""Share of the shorter statement's content words in the longer, from which the two say the same."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A fact in words; `position` is that of its turn, `terms` are stems of whom the note is about."""

    fact: Fact
    wording: Wording
    position: int
    terms: frozenset[str] = frozenset()


class ExtractiveEngine:
    """Writes notes from facts alone; stateless, shared by all sessions."""

    @property
    def info(self) -> EngineInfo:
        return EngineInfo("extractive", "rules", VERSION)

    async def write(
        self, template: Template, turns: Sequence[Turn], facts: Sequence[Fact], style: Style, context: Context
    ) -> NoteBody:
        """The body of a note; see `Engine.write`. Raises nothing."""
        return write_note(template, turns, facts, style, context)


def write_note(
    template: Template, turns: Sequence[Turn], facts: Sequence[Fact], style: Style, context: Context
) -> NoteBody:
    """The extractive note; what `ExtractiveEngine.write` awaits nothing for."""
    by_id = {turn.id: turn for turn in turns}
    order = {turn.id: i for i, turn in enumerate(turns)}
    placed = template.placed(_without_told_responses(template, facts))
    responses = _responses_told(template, placed)
    sections = []
    for section in template.sections:
        wordings = _section(section, placed[section.code], responses, by_id, order, style, context)
        statements = tuple(
            Statement(f"{section.code.lower()}-{n}", w.text, w.evidence, w.support)
            for n, w in enumerate(wordings, 1)
        )
        sections.append(
            Section(section.code, section.title, "drafted" if statements else "not_discussed", statements)
        )
    return NoteBody(template.name, tuple(sections))


def _section(
    section: TemplateSection,
    facts: Sequence[Fact],
    responses: Sequence[Fact],
    turns: Mapping[str, Turn],
    order: Mapping[str, int],
    style: Style,
    context: Context,
) -> list[Wording]:
    measure = _MEASURES[style.detail]
    terms = frozenset(content_stems(f"{style.client_term} {style.clinician_term}"))
    candidates = []
    for fact in facts:
        told_with_technique = (
            fact.kind == "client_response"
            and "intervention" in section.kinds
            and not attribute(fact, "dictated")
        )
        if fact.kind == "intervention" or told_with_technique:
            continue
        if fact.kind == "client_response" and fact not in responses and not attribute(fact, "dictated"):
            continue
        if fact.kind in _TOLD_ONCE and any(_stands_in(fact, response) for response in responses):
            continue
        if attribute(fact, "aspect") == "named" and len(section.kinds) > _FEW:
            continue
        wording = worded(fact, turns, style)
        if wording is not None:
            candidates.append(_Candidate(fact, wording, order[fact.evidence[0].turn], terms))
    chosen = _thinned(candidates, measure)
    risks = [c for c in chosen if c.fact.kind == "risk"]
    denied = [c.wording for c in risks if _is_denial(c.fact)]
    out = [c.wording for c in risks if not _is_denial(c.fact)]
    out += _goals(section, turns, context)
    techniques = _techniques(section, facts, turns, style, measure)
    for entry in section.kinds:
        if entry == "intervention":
            out, denied = [*out, *denied, *techniques], []
        mine = [c for c in chosen if c.fact.kind != "risk" and _home_entry(c.fact, section) == entry]
        out += _denied_together(mine, style)
    return [*out, *denied]


_MOST_DENIED = 4
"""Denials that one sentence takes: a reader can still check each against its answer."""


def _denied_together(candidates: Sequence[_Candidate], style: Style) -> list[Wording]:
    """Plain denials of one section in one sentence, as notes write them; the others as they are.

    Every one keeps its question and its answer as evidence.
    """
    client = client_of(style)
    opening = f"{client.term} {client.does('deny')} "
    plain_ones = [
        c
        for c in candidates
        if c.wording.text.startswith(opening) and not _NO_THING.match(c.wording.text[len(opening) :])
    ]
    groups = [plain_ones[at : at + _MOST_DENIED] for at in range(0, len(plain_ones), _MOST_DENIED)]
    out: list[Wording] = []
    for candidate in candidates:
        group = next((g for g in groups if candidate in g), [candidate])
        if group[0] is not candidate:
            continue
        if len(group) == 1:
            out.append(candidate.wording)
            continue
        things = [
            part for c in group for part in re.split(r",? or |, ", c.wording.text[len(opening) :].rstrip("."))
        ]
        unique = list(dict.fromkeys(things))
        listed = " or ".join(unique) if len(unique) < 3 else f"{', '.join(unique[:-1])}, or {unique[-1]}"
        spans = tuple(dict.fromkeys(span for c in group for span in c.wording.evidence))
        out.append(Wording(f"{opening}{listed}.", spans))
    return out


_NO_THING = re.compile(r"(?:that|ever|having|being|\w+ing)\b|.*[\"“«(;]")
"""Denials that are no plain thing, and would not stand in a list."""


def _is_denial(fact: Fact) -> bool:
    """Whether a risk fact is a plain no to a question: told in the section's end, where danger opens it."""
    return fact.polarity == "negated" and fact.assessed


_TOLD_ONCE = frozenset({"event", "quote", "homework"})
"""Kinds that a section of the client's report leaves out where the same words are told as a response."""


def _stands_in(fact: Fact, response: Fact) -> bool:
    mine, its = fact.evidence[0], response.evidence[0]
    return (
        fact.role != "clinician" and mine.turn == its.turn and its.start <= mine.start and mine.end <= its.end
    )


def _responses_told(template: Template, placed: Mapping[str, Sequence[Fact]]) -> list[Fact]:
    """The responses to techniques that the note will quote, wherever its template puts them."""
    told: list[Fact] = []
    for section in template.sections:
        if section.takes("client_response"):
            told += _by_technique(placed[section.code])
    return told


def _without_told_responses(template: Template, facts: Sequence[Fact]) -> list[Fact]:
    """The facts without responses that another section tells as a thought or a rating."""
    owned = [
        fact
        for fact in facts
        if attribute(fact, "form") in ("thought", "rating")
        and any(section.takes(fact.kind, attribute(fact, "aspect")) for section in template.sections)
    ]
    return [
        fact
        for fact in facts
        if fact.kind != "client_response" or not any(_stands_in(own, fact) for own in owned)
    ]


def _by_technique(facts: Sequence[Fact]) -> list[Fact]:
    """For each technique its first response and its last, none of them twice."""
    by_name: dict[str, list[Fact]] = {}
    used: set[Span] = set()
    for fact in facts:
        if (
            fact.kind == "client_response"
            and not attribute(fact, "dictated")
            and fact.evidence[0] not in used
        ):
            used.add(fact.evidence[0])
            by_name.setdefault(attribute(fact, "technique"), []).append(fact)
    return [fact for its in by_name.values() for fact in (its if len(its) < 3 else (its[0], its[-1]))]


def _home_entry(fact: Fact, section: TemplateSection) -> str:
    exact = f"{fact.kind}.{attribute(fact, 'aspect')}"
    return exact if exact in section.kinds else fact.kind


# ── choosing ─────────────────────────────────────────────────────────────────────────────────────────────


_RESPONSES = 2
"""Responses told to one technique where they stand in a section of their own."""


def _thinned(candidates: Sequence[_Candidate], measure: _Measure) -> list[_Candidate]:
    """The most telling candidates, in the order in which they were said; risk is never left out."""
    answered: dict[str, int] = {}
    kept: list[_Candidate] = [c for c in candidates if c.fact.kind == "risk"]
    kept = _merged(kept)
    risks = len(kept)
    quotes = 0
    rest = sorted(
        (c for c in candidates if c.fact.kind != "risk"), key=lambda c: (not is_pinned(c.fact), -_worth(c))
    )
    for candidate in rest:
        pinned = is_pinned(candidate.fact)  # these come first, and no limit holds for them
        if len(kept) - risks >= measure.statements and not pinned:
            break
        responds = candidate.fact.kind == "client_response" and not attribute(candidate.fact, "dictated")
        if responds and not pinned:
            technique = attribute(candidate.fact, "technique")
            answered[technique] = answered.get(technique, 0) + 1
            if answered[technique] > _RESPONSES:
                continue
        few = len(kept) - risks < _FEW and measure.confidence <= 0.5
        if candidate.fact.confidence < measure.confidence and not few and not pinned:
            continue
        if not candidate.wording.confident and not pinned:
            if quotes >= measure.quotes:
                continue
            quotes += 1
        same = next((i for i, other in enumerate(kept) if _says_the_same(other, candidate)), None)
        if same is None:
            kept.append(candidate)
        elif kept[same].fact.kind != "risk":
            kept[same] = _merge(kept[same], candidate)
    return sorted(kept, key=lambda c: (c.position, c.fact.evidence[0].start))


def _worth(candidate: _Candidate) -> float:
    return candidate.fact.confidence - (0.0 if candidate.wording.confident else 0.1)


def _merged(candidates: Sequence[_Candidate]) -> list[_Candidate]:
    """Risk candidates without word-for-word repeats."""
    kept: dict[str, _Candidate] = {}
    for candidate in candidates:
        text = candidate.wording.text
        kept[text] = (
            replace(kept[text], wording=_with_evidence(kept[text].wording, candidate.wording))
            if text in kept
            else candidate
        )
    return list(kept.values())


def _with_evidence(wording: Wording, other: Wording) -> Wording:
    return replace(wording, evidence=tuple(dict.fromkeys((*wording.evidence, *other.evidence))))


def _says_the_same(one: _Candidate, other: _Candidate) -> bool:
    """Whether two statements overlap so far that one will do; never where numbers or polarity differ."""
    frame = _FRAME | one.terms
    a, b = set(content_stems(one.wording.text)) - frame, set(content_stems(other.wording.text)) - frame
    if not a or not b or one.fact.polarity != other.fact.polarity or one.fact.role != other.fact.role:
        return False
    if has_negation(one.wording.text) != has_negation(other.wording.text):
        return False
    if numbers(one.wording.text) != numbers(other.wording.text):
        return False
    return len(a & b) >= _SAME * min(len(a), len(b))


_FRAME = frozenset(
    content_stems("client patient clinician reports states believes wants asked answered denies stated noted")
)


def _merge(one: _Candidate, other: _Candidate) -> _Candidate:
    longer, shorter = (one, other) if len(one.wording.text) >= len(other.wording.text) else (other, one)
    if one.wording.confident != other.wording.confident:
        longer, shorter = (one, other) if one.wording.confident else (other, one)
    return replace(longer, wording=_with_evidence(longer.wording, shorter.wording))


# ── interventions and goals ──────────────────────────────────────────────────────────────────────────────

_MOST_SPANS = 4


def _techniques(
    section: TemplateSection,
    facts: Sequence[Fact],
    turns: Mapping[str, Turn],
    style: Style,
    measure: _Measure,
) -> list[Wording]:
    """One sentence for each technique: the specific ones in the order of the session, then the broad ones."""
    found = [fact for fact in facts if fact.kind == "intervention"]
    dictated = [worded(fact, turns, style) for fact in found if attribute(fact, "dictated")]
    by_name: dict[str, list[Fact]] = {}
    for fact in found:
        if not attribute(fact, "dictated"):
            by_name.setdefault(attribute(fact, "technique"), []).append(fact)
    responses: dict[str, list[Fact]] = {}
    if section.takes("client_response"):
        for fact in _by_technique(facts):
            responses.setdefault(attribute(fact, "technique"), []).append(fact)
    specific = [name for name, its in by_name.items() if attribute(its[0], "breadth") != "broad"]
    broad = sorted((name for name in by_name if name not in specific), key=lambda name: -len(by_name[name]))
    broad = [name for name in broad if len(by_name[name]) > 1]
    said = [
        _technique(by_name[name], responses.get(name, []), style) for name in specific[: measure.statements]
    ]
    said += [_broad(by_name[name], style) for name in broad[: measure.broad]]
    return [w for w in (*dictated, *said) if w is not None]


def _technique(its: Sequence[Fact], responses: Sequence[Fact], style: Style) -> Wording:
    wording = next(t.wording for t in TECHNIQUES if t.name == attribute(its[0], "technique"))
    sentence = technique_sentence(wording, style)
    spans = tuple(fact.evidence[0] for fact in its[:_MOST_SPANS])
    if not responses:
        return Wording(sentence, spans, "clinician")
    said = " and later, ".join(quoted(response.text) for response in responses)
    ending = "" if responses[-1].text.rstrip().endswith((".", "!", "?")) else "."
    sentence = f"{technique_clause(wording, style)}; {client_of(style).inside} responded, {said}{ending}"
    evidence = (*spans, *(span for response in responses for span in response.evidence))
    return Wording(sentence, tuple(dict.fromkeys(evidence)), "clinician")


_UNFIT_EXAMPLE = re.compile(
    r"[\[—-]|\b(?:um|uh|and|but|or|so|the|a|to|that|of"
    r"|know),?\W*$|\b(?:um|uh)\b|\?\s+\S",
    re.I,
)


def _broad(its: Sequence[Fact], style: Style) -> Wording:
    """A technique common to all sessions, with the plainest example of it."""
    wording = next(t.wording for t in TECHNIQUES if t.name == attribute(its[0], "technique"))
    sentence = technique_sentence(wording, style)
    fit = [fact for fact in its if 5 <= len(fact.text.split()) <= 20 and not _UNFIT_EXAMPLE.search(fact.text)]
    spans = tuple(fact.evidence[0] for fact in its[:_MOST_SPANS])
    if not fit:
        return Wording(sentence, spans, "clinician")
    example = fit[0]
    evidence = (example.evidence[0], *(span for span in spans if span != example.evidence[0]))
    told = f"{technique_clause(wording, style)} (e.g., {quoted(example.text)})."
    return Wording(told, evidence, "clinician")


def _goals(section: TemplateSection, turns: Mapping[str, Turn], context: Context) -> list[Wording]:
    """Treatment-plan goals of the context that this conversation touched, with where it did."""
    if not section.takes("goal"):
        return []
    out = []
    for identity, text in context.treatment_goals:
        wanted = set(content_stems(text))
        scored: list[tuple[float, Span]] = []
        for turn in turns.values():
            if turn.role not in CLIENT_SIDE and turn.role != "clinician":
                continue
            for piece in sentences(turn.text):
                shared = wanted & set(content_stems(turn.text[piece.start : piece.end]))
                if len(shared) >= 2 or (wanted and len(shared) / len(wanted) >= 0.5):
                    scored.append((-float(len(shared)), Span(turn.id, piece.start, piece.end)))
        scored.sort(key=lambda entry: entry[0])
        if scored:
            spans = tuple(span for _, span in scored[:_MOST_SPANS])
            out.append(
                Wording(f"Treatment goal addressed ({identity}): {text.rstrip('. ')}.", spans, "context")
            )
    return out
