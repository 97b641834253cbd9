"""How a note words a fact: one fact in, one sentence out.

What the client reports stands in the note's tense, what was done in the session in the past; the clinician is
`I` where the style says so; quotation where the rewriting is not sure. A quotation is always an exact slice of a
turn. It chooses nothing: what is told and where is `extractive`'s.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from summarizer.address import addressed
from summarizer.language import sentences
from summarizer.numerals import in_numerals
from summarizer.observation import LONGEST_FINDING, found, recalled
from summarizer.person import narrated, on_topic, reported
from summarizer.plan import appointment, planned
from summarizer.polarity import has_negation, is_pure_no
from summarizer.proposition import proposition
from summarizer.risk import topics_in
from summarizer.subject import Subject, client_of, clinician_of, subject_of
from summarizer.techniques import TECHNIQUES
from summarizer.types import Fact, Span, Style, Support, Turn
from summarizer.wording import core, plain, sentence_case, without_noise

_DENIABLE = frozenset({"suicidal ideation", "self-harm", "thoughts of harming others"})


@dataclass(frozen=True, slots=True)
class Wording:
    """A sentence with its full stop, the spans it rests on, and how it rests on them."""

    text: str
    evidence: tuple[Span, ...]
    support: Support = "direct"
    confident: bool = True


def quoted(text: str) -> str:
    """`text` between quotation marks that do not occur in it."""
    for left, right in (('"', '"'), ("“", "”"), ("«", "»")):
        if left not in text and right not in text:
            return f"{left}{text}{right}"
    return f'"{text[: text.index(chr(34))].rstrip()}"'


def _ended(text: str) -> str:
    """`text` with one full stop at its end, which may stand inside a closing quotation mark."""
    text = text.rstrip(" ,;:")
    body = text.rstrip('"”»')
    return (
        text
        if (body.endswith((".", "!", "?")) and body != text) or text.endswith((".", "!", "?"))
        else f"{text}."
    )


def slice_of(span: Span, turns: Mapping[str, Turn]) -> str:
    """The words that a span points at."""
    return turns[span.turn].text[span.start : span.end]


def attribute(fact: Fact, name: str) -> str:
    """The value of one of a fact's attributes, or nothing."""
    return dict(fact.attributes).get(name, "")


def worded(fact: Fact, turns: Mapping[str, Turn], style: Style) -> Wording | None:
    """The sentence for a fact, or None where there is none worth writing."""
    if attribute(fact, "dictated"):
        return _dictated(fact, style)
    if fact.kind == "risk":
        wording: Wording | None = risk_wording(fact, turns, style)
    elif fact.role == "clinician":
        wording = _clinicians(fact, turns, style)
    else:
        wording = _clients(fact, turns, style)
    return wording and replace(wording, text=in_numerals(wording.text))


# ── the client's side ────────────────────────────────────────────────────────────────────────────────────


def risk_wording(fact: Fact, turns: Mapping[str, Turn], style: Style) -> Wording:
    """A risk fact, always with its exact words; a denial only where a question was answered by no."""
    answer = quoted(fact.text)
    if (
        len(fact.evidence) > 1
        and turns[fact.evidence[-1].turn].role == "clinician"
        and fact.role != "clinician"
    ):
        question = slice_of(fact.evidence[-1], turns)
        subject = subject_of(fact.role, style)
        if fact.role != "family" and is_pure_no(fact.text):
            denied = _denied(question, subject)
            if denied:
                return Wording(
                    _ended(
                        f"{subject.term} {subject.does('deny')} {denied} "
                        f"(asked: {quoted(question)}; answered: {answer})"
                    ),
                    fact.evidence,
                )
        return Wording(_question_and_answer(question, fact, style), fact.evidence)
    if fact.role == "clinician":
        return Wording(_ended(f"{clinician_of(style).term} stated, {answer}"), fact.evidence, "clinician")
    subject = subject_of(fact.role, style)
    return Wording(_ended(f"{subject.term} {subject.does('state')}, {answer}"), fact.evidence)


def _denied(question: str, subject: Subject) -> str:
    """What a no to a risk question denies; empty where that is not certain."""
    put = proposition(question, subject)
    if put is not None:
        return put.denies
    names = [name for name, _ in topics_in(question)]
    single = question.count("?") <= 1 and not re.search(
        r"\b(?:what|how|when|why|who|other than|besides)\b", question, re.I
    )
    return " or ".join(names) if names and single and set(names) <= _DENIABLE else ""


def _question_and_answer(question: str, fact: Fact, style: Style) -> str:
    who = subject_of(fact.role, style)
    return _ended(f"Asked, {quoted(question)}, {_inside(who)} answered, {quoted(fact.text)}")


def _inside(subject: Subject) -> str:
    return subject.term if "(" in subject.term else subject.inside


def _clients(fact: Fact, turns: Mapping[str, Turn], style: Style) -> Wording | None:
    subject = subject_of(fact.role, style)
    form = attribute(fact, "form")
    if fact.kind == "client_response":
        technique = attribute(fact, "technique")
        return Wording(
            _ended(f"In response to {technique}, {_inside(subject)} stated, {quoted(fact.text)}"),
            fact.evidence,
        )
    if form == "thought" and len(fact.evidence) == 1:
        return Wording(_ended(f"{subject.term} voiced the thought, {quoted(fact.text)}"), fact.evidence)
    if form in _WHOLE and len(fact.evidence) > 1:
        return _whole_answer(fact, turns, style, subject)
    if form in ("answer", "paired") and len(fact.evidence) > 1:
        return _answer(fact, turns, style, subject)
    if form != "quote":
        sentence = reported(fact.text, subject, antecedent=attribute(fact, "antecedent"))
        if sentence is not None:
            return Wording(_ended(sentence_case(sentence)), fact.evidence)
    said = without_noise(fact.text)
    if said != fact.text or len(said.split()) < 4:
        return None
    stated = f"{subject.term} {subject.does('state')}, {quoted(fact.text)}"
    return Wording(_ended(stated), fact.evidence, confident=False)


_WHOLE = frozenset({"support", "thought", "rating", "answered", "topic", "dose"})
"""Forms of answers that `exchange` reads together with their question."""
_OPENS_YES = re.compile(r"^\W*(?:(?:oh|well|um|uh|yes|yeah|yep|yup|mhm|i am|i do)\b[\s,.]*)+", re.I)


def _whole_answer(fact: Fact, turns: Mapping[str, Turn], style: Style, subject: Subject) -> Wording | None:
    question = slice_of(fact.evidence[-1], turns)
    if without_noise(fact.text) != fact.text or without_noise(question) != question:
        return None
    form = attribute(fact, "form")
    if form == "dose":
        put = proposition(question, subject)
        taken = put.reports if put is not None else ""
        end = sentences(fact.text)[0].end
        dose = core(_OPENS_YES.sub("", fact.text[:end])).rstrip(". ")
        more = fact.text[end:].strip()
        if re.search(r"\b(?:taking|using|being on)\b", taken) and dose:
            added = f"; {_inside(subject)} {subject.does('state')}, {quoted(more)}" if more else ""
            reports = f"{subject.term} {subject.does('report')}"
            return Wording(_ended(f"{reports} {taken}, {dose}{added}"), fact.evidence)
        return Wording(_question_and_answer(question, fact, style), fact.evidence)
    if form == "support" and fact.polarity == "affirmed":
        return Wording(_ended(f"{subject.term} identified supports: {quoted(fact.text)}"), fact.evidence)
    if form == "thought":
        return Wording(_ended(f"{subject.term} identified the thought, {quoted(fact.text)}"), fact.evidence)
    if form == "topic":
        noun = attribute(fact, "noun")
        is_named = noun.split()[-1] in question.lower()
        leans = re.search(r"\bit\b", fact.text, re.I)
        said = on_topic(fact.text, question, noun, subject) if is_named or not leans else None
        if said is not None:
            return Wording(_ended(sentence_case(said)), fact.evidence)
        if is_named:
            asked = f"Asked about {noun}, {_inside(subject)} stated, {quoted(fact.text)}"
            return Wording(_ended(asked), fact.evidence)
    return Wording(_question_and_answer(question, fact, style), fact.evidence)


def _answer(fact: Fact, turns: Mapping[str, Turn], style: Style, subject: Subject) -> Wording | None:
    question = slice_of(fact.evidence[-1], turns)
    if attribute(fact, "form") == "answer":
        put = proposition(question, subject)
        if put is not None and fact.polarity == "negated" and put.denies and fact.role != "family":
            denies = f"{subject.term} {subject.does('deny')} {put.denies}"
            return Wording(_ended(sentence_case(denies)), fact.evidence)
        if put is not None and fact.polarity == "affirmed" and put.reports:
            reports = f"{subject.term} {subject.does('report')} {put.reports}"
            return Wording(_ended(sentence_case(reports)), fact.evidence)
    resolved = _resolved(plain(question), core(fact.text), subject)
    if resolved:
        return Wording(_ended(sentence_case(resolved)), fact.evidence)
    if without_noise(fact.text) != fact.text or without_noise(question) != question:
        return None
    return Wording(_question_and_answer(question, fact, style), fact.evidence, confident=False)


_NUMBER = (
    r"(?:about|around|maybe|like|roughly|almost|over|under|at least|only|probably|between"
    r"|approximately)?\s*(?:\d[\d.,/]*|one|two|three|four|five|six|seven|eight|nine|ten|eleven"
    r"|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|(?:twenty|thirty"
    r"|forty|fifty|sixty|seventy|eighty|ninety)(?:[- ]\w+)?)(?: (?:or|to) (?:\d+|\w+))?"
)
_BARE_NUMBER = re.compile(
    rf"^(?P<n>{_NUMBER})(?P<unit> (?:hours?|years?(?: old)?|times?|nights?|cups?|beers?|drinks?"
    rf"|packs?|cigarettes?))?(?P<rest> (?:a|per|each|every) (?:day|night|week|month))?$",
    re.I,
)


def _resolved(question: str, answer: str, subject: Subject) -> str:
    """A bare number put into the question that asked for it, in the few forms where that is certain."""
    match = _BARE_NUMBER.match(answer.rstrip(". "))
    if match is None:
        return ""
    n = match["n"].strip().lower()
    rest = match["rest"] or ""
    if re.search(
        r"\bhow many hours (?:of sleep )?(?:do|are|did) you (?:usually |normally "
        r"|typically )?(?:sleep|sleeping|get|getting)\b",
        question,
        re.I,
    ):
        if (match["unit"] or " hours").strip() in ("hour", "hours"):
            night = rest or (" a night" if re.search(r"\b(?:a|per|each) night\b", question) else "")
            slept = f"sleeping {n} {(match['unit'] or ' hours').strip()}{night}"
            return f"{subject.term} {subject.does('report')} {slept}"
    elif re.search(r"\bhow old are you\b", question, re.I) and (match["unit"] or "years").strip().startswith(
        "year"
    ):
        return f"{subject.term} {subject.does('report')} being {n} years old"
    return ""


# ── the clinician ────────────────────────────────────────────────────────────────────────────────────────


def _dictated(fact: Fact, style: Style) -> Wording:
    """A dictated sentence stands as it was dictated; only who wrote it is told as the style has it."""
    clinician, text = clinician_of(style), fact.text.strip()
    if clinician.first:
        return Wording(_ended(sentence_case(_OF_WRITER.sub("I ", text))), fact.evidence, "clinician")
    told = narrated(text, clinician, client_of(style))
    if told is None:
        told = f"{clinician.term} stated, {quoted(text)}"
    return Wording(_ended(sentence_case(told)), fact.evidence, "clinician")


_OF_WRITER = re.compile(
    r"^(?:(?:The )?(?:[Tt]herapist|[Cc]linician|[Cc]ounsell?or|[Ww]riter|[Pp]rovider)) "
    r"(?=(?:also |then |briefly )?(?:\w+ed|taught|led|gave|set|went|told|spoke|met|made|did|was able to)\b)"
)
"""What opens a dictated sentence about the clinician's own work, before a verb in the past."""


def _clinicians(fact: Fact, turns: Mapping[str, Turn], style: Style) -> Wording | None:
    client = client_of(style)
    if fact.kind in ("plan", "homework", "next_appointment"):
        return _plan(fact, turns, style, client)
    if fact.kind == "intervention":
        wording = next((t.wording for t in TECHNIQUES if t.name == attribute(fact, "technique")), "")
        return Wording(technique_sentence(wording, style), fact.evidence, "clinician") if wording else None
    text = core(fact.text)
    aspect = attribute(fact, "aspect")
    sentence: str | None
    if aspect == "named":
        turned = addressed(text, client)
        return Wording(_ended(f"Goal reviewed: {turned}"), fact.evidence, "clinician") if turned else None
    if attribute(fact, "form") == "compared":
        return _compared(fact, turns, style, client)
    if aspect == "identifying":
        spoken_to = re.search(r"\b(?:i|we|you|your|me|my)\b", text, re.I)
        sentence = found(text, client, style, fragment=True) if spoken_to else text
    elif aspect == "recalled":
        sentence = recalled(text, client, style)
        if sentence and len(fact.evidence) > 1:
            sentence = f"{sentence}; {client.inside} confirmed"
    else:
        sentence = found(text, client, style, fragment=aspect in ("examination", "result", "impression"))
    if sentence is not None and has_negation(plain(fact.text)) and not has_negation(sentence):
        # A `no` that opens a finding looks like an answer and may have been cut off as one.
        sentence = None
    if sentence is not None and _DENIES.search(sentence):
        # What somebody denied is the note's to say only with the question; what the clinician said of it is quoted.
        sentence = None
    if (
        aspect == "stated"
        and len(fact.text.split()) <= LONGEST_FINDING
        and without_noise(fact.text) == fact.text
    ):
        # What somebody seems to feel stays the clinician's spoken word and is never asserted by the note.
        return Wording(
            _ended(f"{clinician_of(style).term} observed aloud, {quoted(fact.text)}"),
            fact.evidence,
            "clinician",
            confident=False,
        )
    if sentence is not None:
        return Wording(_ended(sentence_case(sentence)), fact.evidence, "clinician")
    if aspect in ("impression", "examination", "result") and _POINTS_ELSEWHERE.match(text):
        return None
    if (
        aspect == "recalled"
        or without_noise(fact.text) != fact.text
        or len(fact.text.split()) > LONGEST_FINDING
    ):
        return None
    return Wording(
        _ended(f"{clinician_of(style).term} stated, {quoted(fact.text)}"),
        fact.evidence,
        "clinician",
        confident=False,
    )


_DENIES = re.compile(r"\bden(?:y|ies|ied|ying)\b", re.I)


def _compared(fact: Fact, turns: Mapping[str, Turn], style: Style, client: Subject) -> Wording | None:
    """A score and the one it is compared with, in one sentence."""
    first, second = (core(slice_of(span, turns)).rstrip(". ") for span in fact.evidence[:2])
    now = found(first, client, style)
    then = addressed(second, client, named=True)
    if now is not None and then is not None:
        return Wording(
            _ended(sentence_case(f"{now}; {then[0].lower()}{then[1:]}")), fact.evidence, "clinician"
        )
    said = " ".join(quoted(slice_of(span, turns)) for span in fact.evidence[:2])
    return Wording(
        _ended(f"{clinician_of(style).term} stated, {said}"), fact.evidence, "clinician", confident=False
    )


_POINTS_ELSEWHERE = re.compile(
    r"^(?:so |and |but |again |i (?:do )?think )*(?:it|this|that"
    r"|these|those|they)\b",
    re.I,
)


def technique_clause(wording: str, style: Style) -> str:
    """`Clinician guided a paced breathing exercise`, without a full stop of its own."""
    inside = client_of(style).inside
    named = re.sub(r"\bclient\b", lambda _: inside, wording)
    return f"{clinician_of(style).term} {named}"


def technique_sentence(wording: str, style: Style) -> str:
    """`Clinician guided a paced breathing exercise.`"""
    return _ended(technique_clause(wording, style))


_ONLY_SEES = re.compile(
    r"^(?:(?:see|meet)\b(?:\W+\w+){1,6}|(?:book|put|pencil|fit|squeeze)\b(?:\W+\w+){1,10})\W*$", re.I
)
"""An item of the plan that says no more than that clinician and client meet again."""


def _plan(fact: Fact, turns: Mapping[str, Turn], style: Style, client: Subject) -> Wording | None:
    text = core(fact.text)
    agreement = attribute(fact, "agreement")
    reply = turns[fact.evidence[-1].turn].text if len(fact.evidence) > 1 else ""
    sentence = planned(text, client, style)
    if sentence is None and attribute(fact, "form") == "managed":
        sentence = found(text, client, style, fragment=True)
    when = appointment(text) if fact.kind == "next_appointment" else None
    if when is not None and (sentence is None or _ONLY_SEES.match(sentence)):
        sentence = f"Next appointment: {when.removeprefix('on ').removeprefix('On ')}"
    suffix = ""
    if agreement == "agreed":
        suffix = f"; {client.inside} agreed"
    elif agreement == "declined" and reply:
        suffix = f"; {client.inside} responded, {quoted(reply)}"
    if sentence is not None:
        return Wording(_ended(f"{sentence_case(sentence.rstrip('. '))}{suffix}"), fact.evidence, "clinician")
    if without_noise(fact.text) != fact.text or not 4 <= len(fact.text.split()) <= LONGEST_FINDING:
        return None
    if fact.text.rstrip().endswith("?") and agreement == "agreed":
        answered = f"{client.inside} answered, {quoted(reply)}"
        return Wording(
            _ended(f"{clinician_of(style).term} asked, {quoted(fact.text)}; {answered}"),
            fact.evidence,
            "clinician",
            confident=False,
        )
    return Wording(
        _ended(f"{clinician_of(style).term} stated, {quoted(fact.text)}{suffix}"),
        fact.evidence,
        "clinician",
        confident=False,
    )
