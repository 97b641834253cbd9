"""A clinician's own dictated summary: sentences of a note spoken or typed by the clinician in, facts out.

Every sentence is already in the clinician's words, so nothing is turned round; it is only sorted by what it is
about. Headings (`Plan: …`) decide where they stand. Used where a transcript has no client's side at all.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from summarizer.clinician import fact_of
from summarizer.cues import (
    CLIENT_CUES,
    DRUGS,
    EXAMINATION,
    IDENTIFYING,
    IMPRESSION,
    MEASURE_STATED,
    PSYCHIATRIC_DRUG,
    RESULT,
)
from summarizer.discourse import Clause
from summarizer.language import word_list
from summarizer.polarity import has_negation
from summarizer.techniques import techniques_in
from summarizer.types import Fact, FactKind, Span

_HEADING = re.compile(r"^\s*(?P<name>[A-Za-z][A-Za-z /&-]{0,30}):\s*")
_HEADINGS: tuple[tuple[re.Pattern[str], FactKind, str], ...] = (
    (re.compile(r"\b(?:plan|recommendations?)\b", re.I), "plan", ""),
    (re.compile(r"\bhomework\b", re.I), "homework", "assigned"),
    (re.compile(r"\bnext (?:session|appointment|visit)\b", re.I), "next_appointment", ""),
    (re.compile(r"\binterventions?\b", re.I), "intervention", ""),
    (re.compile(r"\bresponse\b", re.I), "client_response", ""),
    (re.compile(r"\bprogress\b", re.I), "progress", ""),
    (re.compile(r"\bgoals?\b", re.I), "goal", ""),
    (re.compile(r"\b(?:assessment|impression|evaluation)\b", re.I), "observation", "impression"),
    (re.compile(r"\bchief complaint\b|\breason\b|\bpresenting\b", re.I), "observation", "reason"),
    (re.compile(r"\bfamily\b", re.I), "history", "family"),
    (re.compile(r"\bsocial\b", re.I), "history", "social"),
    (re.compile(r"\bexam\w*\b|\bmental status\b|\bmse\b", re.I), "observation", "stated"),
)
_NEXT = re.compile(
    r"\b(?:next (?:session|appointment|visit)|return(?:s)? (?:in|next)|follow[- ]?up (?:in|on"
    r"|next|session|appointment|(?:mon|tues|wednes|thurs|fri|satur|sun)day)|scheduled (?:for|on)"
    r"|meet(?:ing)? (?:again|weekly|next))\b",
    re.I,
)
_PLANNED = re.compile(
    r"\b(?:will|to (?:continue|practice|complete|call|schedule|attend|follow)|homework|plan(?:s"
    r"|ned)? (?:is|to|for)|referr(?:ed|al)|recommend(?:ed)?|assigned|agreed to)\b",
    re.I,
)
_HOMEWORK_TOLD = re.compile(
    r"\b(?:did not (?:do|complete|finish|bring)|did|completed|finished|brought|forgot"
    r"|practi[cs]ed) (?:\w+ ){0,5}(?:homework"
    r"|thought (?:record|log)|worksheet|assignment|journal(?:ing)?|diary|exercises?)\b",
    re.I,
)
"""Homework that was reviewed; without these words it is what was given."""
_MEDICATED = re.compile(
    rf"\b(?:continues on|takes|is (?:taking|on)|remains on|taking|stopped|missed"
    rf"|reports taking) (?:\w+ ){{0,4}}?(?:{DRUGS}|medications?)\b"
    r"(?!.*\b(?:will|plan)\b)",
    re.I,
)
_DID = re.compile(
    r"\b(?:(?:therapist|clinician|counsell?or|writer|provider|i|we) (?:\w+ )?(?:used|provided"
    r"|explored|reviewed|introduced|taught|guided|discussed|validated|processed|modeled|assisted"
    r"|facilitated|encouraged|challenged|practi[cs]ed|normalized|reflected|supported|helped"
    r"|worked)"
    r"|(?:cbt|dbt|emdr|motivational interviewing|psychoeducation|cognitive restructuring|exposure"
    r"|behaviou?ral activation) (?:was|were|techniques?|skills?))\b",
    re.I,
)
_RESPONDED = re.compile(
    r"\b(?:respond\w*|receptive|engaged|participat\w*|was (?:open|able|willing) to"
    r"|expressed (?:relief|understanding|insight))\b",
    re.I,
)
_PROGRESS = re.compile(
    r"\b(?:progress\w*|improv\w*|worsen\w*|better|decreas\w*|increas\w*|barrier\w*|reduced"
    r"|setback)\b",
    re.I,
)
_SEEN = re.compile(
    r"\b(?:appear\w*|present(?:ed|s) (?:as|with)|affect|mood was|eye contact|oriented"
    r"|well[- ]groomed|speech|tearful|observed)\b",
    re.I,
)


def dictated_facts(said: Sequence[Clause], taken: frozenset[tuple[str, int]]) -> list[Fact]:
    """Facts of a dictated summary; every sentence that says anything becomes one.

    `taken` are (turn, sentence start) of sentences that are told elsewhere already (risk).
    """
    found: list[Fact] = []
    under: tuple[FactKind, str] | None = None
    done: set[tuple[str, int]] = set()
    for clause in said:
        at = (clause.turn.id, clause.sentence.start)
        if at in done or clause.turn.role != "clinician" or not clause.whole:
            continue
        done.add(at)
        text = clause.sentence_text
        start = clause.sentence.start
        heading = _HEADING.match(text)
        if heading:
            under = next(
                ((kind, aspect) for pattern, kind, aspect in _HEADINGS if pattern.search(heading["name"])),
                None,
            )
            start += heading.end()
            text = text[heading.end() :]
        if at in taken or clause.asks or len(word_list(text)) < 2:
            continue
        kind, aspect = _sorted(text) if under is None else under
        span = Span(clause.turn.id, start, clause.sentence.end)
        polarity = "negated" if has_negation(text) and kind not in ("plan", "intervention") else "affirmed"
        technique = next((t.name for t in techniques_in(text)), "") if kind == "intervention" else ""
        found.append(
            fact_of(
                clause,
                kind,
                evidence=(span,),
                confidence=0.8,
                polarity=polarity,  # type: ignore[arg-type]
                aspect=aspect,
                dictated="yes",
                technique=technique,
            )
        )
    return found


def _sorted(text: str) -> tuple[FactKind, str]:
    """Kind and aspect of a sentence that stands under no heading."""
    if MEASURE_STATED.search(text):
        return "measure", ""
    if _NEXT.search(text):
        return "next_appointment", ""
    if _HOMEWORK_TOLD.search(text):
        return "homework", "done"
    if _MEDICATED.search(text):
        return "medication", "psychiatric" if PSYCHIATRIC_DRUG.search(text) else "other"
    if _DID.search(text):
        return "intervention", ""
    if _RESPONDED.search(text):
        return "client_response", ""
    if _PLANNED.search(text):
        return "plan", ""
    if _SEEN.search(text):
        return "observation", "stated"
    if IDENTIFYING.search(text):
        return "observation", "identifying"
    for pattern, aspect in ((RESULT, "result"), (EXAMINATION, "examination"), (IMPRESSION, "impression")):
        if pattern.search(text):
            return "observation", aspect
    if _PROGRESS.search(text):
        return "progress", ""
    for kind, aspect, pattern in CLIENT_CUES:
        if kind not in ("measure", "homework") and pattern.search(text):
            return kind, aspect
    return "event", ""
