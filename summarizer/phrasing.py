"""How a note words a fact: one fact in, one sentence out.

Third person, past and present as clinical notes use them, quotation where the rewriting is not sure. A
quotation is always an exact slice of a turn. It chooses nothing: what is told and where is `extractive`'s.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from summarizer.language import is_pure_no
from summarizer.lexicon import word_set
from summarizer.person import Subject, addressed, client_of, pronouns_of, reported
from summarizer.proposition import proposition
from summarizer.risk import topics_in
from summarizer.techniques import TECHNIQUES
from summarizer.types import Fact, Role, Span, Style, Support, Turn
from summarizer.verbs import forms, third
from summarizer.wording import core, plain, sentence_case, without_noise

_DENIABLE = frozenset({"suicidal ideation", "self-harm", "thoughts of harming others"})
_ASIDE_OF_SPEAKER = re.compile(
    r"[\s,]+(?:so that|so|because|just because|just so|just to|since|and then|but|and|if that"
    r"|as long as|unless|until|to see if|which|where)\b[^.]*?\b(?:i|we|us|our|me|my|let us)\b.*$",
    re.I,
)


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
    body = text.rstrip('"”»)')
    return (
        text
        if (body.endswith((".", "!", "?")) and body != text) or text.endswith((".", "!", "?"))
        else f"{text}."
    )


def clinician_inside(style: Style) -> str:
    """The clinician's term inside a sentence: `clinician`, but `Dr. Okafor`."""
    term = style.clinician_term
    return term.lower() if term in ("Clinician", "Therapist", "Counselor", "Provider") else term


def slice_of(span: Span, turns: Mapping[str, Turn]) -> str:
    """The words that a span points at."""
    return turns[span.turn].text[span.start : span.end]


def subject_of(role: Role, style: Style) -> Subject:
    """Whom a sentence of this role's is about."""
    client = client_of(style)
    if role == "family":
        return Subject("Family member", "family member", pronouns_of(Style()))
    if role == "interpreter":
        return Subject(f"{client.term} (through the interpreter)", client.inside, client.pronouns)
    if role == "other":
        return Subject("Another participant", "participant", pronouns_of(Style()))
    return client


def attribute(fact: Fact, name: str) -> str:
    """The value of one of a fact's attributes, or nothing."""
    return dict(fact.attributes).get(name, "")


def worded(fact: Fact, turns: Mapping[str, Turn], style: Style) -> Wording | None:
    """The sentence for a fact, or None where there is none worth writing."""
    if attribute(fact, "dictated"):
        return _dictated(fact)
    if fact.kind == "risk":
        return risk_wording(fact, turns, style)
    if fact.role == "clinician":
        return _clinicians(fact, turns, style)
    return _clients(fact, turns, style)


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
                    _ended(f"{subject.term} denies {denied} (asked: {quoted(question)}; answered: {answer})"),
                    fact.evidence,
                )
        return Wording(_question_and_answer(question, fact, style), fact.evidence)
    if fact.role == "clinician":
        return Wording(_ended(f"{style.clinician_term} stated, {answer}"), fact.evidence, "clinician")
    return Wording(_ended(f"{subject_of(fact.role, style).term} states, {answer}"), fact.evidence)


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
    if form in ("answer", "paired") and len(fact.evidence) > 1:
        return _answer(fact, turns, style, subject)
    if form != "quote":
        sentence = reported(fact.text, subject, antecedent=attribute(fact, "antecedent"))
        if sentence is not None:
            return Wording(_ended(sentence_case(sentence)), fact.evidence)
    said = without_noise(fact.text)
    if said != fact.text or len(said.split()) < 4:
        return None
    return Wording(_ended(f"{subject.term} states, {quoted(fact.text)}"), fact.evidence, confident=False)


def _answer(fact: Fact, turns: Mapping[str, Turn], style: Style, subject: Subject) -> Wording | None:
    question = slice_of(fact.evidence[-1], turns)
    if attribute(fact, "form") == "answer":
        put = proposition(question, subject)
        if put is not None and fact.polarity == "negated" and put.denies and fact.role != "family":
            return Wording(_ended(sentence_case(f"{subject.term} denies {put.denies}")), fact.evidence)
        if put is not None and fact.polarity == "affirmed" and put.reports:
            return Wording(_ended(sentence_case(f"{subject.term} reports {put.reports}")), fact.evidence)
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
            return f"{subject.term} reports sleeping {n} {(match['unit'] or ' hours').strip()}{night}"
    elif re.search(r"\bhow old are you\b", question, re.I) and (match["unit"] or "years").strip().startswith(
        "year"
    ):
        return f"{subject.term} reports being {n} years old"
    return ""


# ── the clinician ────────────────────────────────────────────────────────────────────────────────────────


def _dictated(fact: Fact) -> Wording:
    """A dictated sentence stands as it was dictated."""
    return Wording(_ended(sentence_case(fact.text.strip())), fact.evidence, "clinician")


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
    if aspect == "identifying":
        sentence = None if re.search(r"\b(?:i|we|you|your|me|my)\b", text, re.I) else text
    elif aspect == "recalled":
        sentence = _recalled(text, client, style)
        if sentence and len(fact.evidence) > 1:
            sentence = f"{sentence}; {client.inside} confirmed"
    else:
        sentence = _found(text, client, style)
    if (
        aspect == "stated"
        and len(fact.text.split()) <= _LONGEST_FINDING
        and without_noise(fact.text) == fact.text
    ):
        # What somebody seems to feel stays the clinician's spoken word and is never asserted by the note.
        return Wording(
            _ended(f"{style.clinician_term} observed aloud, {quoted(fact.text)}"),
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
        or len(fact.text.split()) > _LONGEST_FINDING
    ):
        return None
    return Wording(
        _ended(f"{style.clinician_term} stated, {quoted(fact.text)}"),
        fact.evidence,
        "clinician",
        confident=False,
    )


_POINTS_ELSEWHERE = re.compile(
    r"^(?:so |and |but |again |i (?:do )?think )*(?:it|this|that"
    r"|these|those|they)\b",
    re.I,
)


def technique_sentence(wording: str, style: Style) -> str:
    """`Clinician guided a paced breathing exercise.`"""
    inside = client_of(style).inside
    named = re.sub(r"\bclient\b", inside, wording)
    return _ended(f"{style.clinician_term} {named}")


_I_KNOW = re.compile(
    r"^(?:i (?:see|know|understand|saw|read|heard|remember)|it (?:says|looks like)"
    r"|looks like)(?: here)?(?: it says)?(?: that)? (?=you\b|your\b)|^(?=you (?:told|mentioned"
    r"|said)\b)",
    re.I,
)


def _recalled(text: str, client: Subject, style: Style) -> str | None:
    """What the clinician recalls of the client, as what the clinician noted."""
    match = _I_KNOW.match(text)
    if match is None:
        return None
    turned = addressed(text[match.end() :], client)
    if (
        turned is None
        or len(turned.split()) < 5
        or turned.split()[-1] in ("that", "to", "the", "a", "client")
    ):
        return None
    return f"{style.clinician_term} noted that {turned}"


_I_FIND = re.compile(
    r"^i (?:do |can |also |still |did )*(?P<verb>hear|appreciate|feel|note|notice|see|palpate"
    r"|observe) (?P<rest>.+)$",
    re.I,
)
_LONGEST_FINDING = 32
"""Words of a spoken finding beyond which it is a lecture, not a finding."""
_PROBLEM = re.compile(
    r"^(?:for|from|in terms of|as far as|regarding|with|about) (?:your|the) (?:(?:first|second"
    r"|third|fourth|last|next|other)(?: problem| issue| diagnosis)?,? (?:of |is |your |the "
    r"|here )*)?(?P<problem>(?!problem|exam|physical)[^,]{3,50}?)(?: standpoint| goes"
    r"| is concerned)?,\s*(?P<rest>.+)$",
    re.I,
)


def _about_problem(problem: str, rest: str, client: Subject, style: Style) -> str | None:
    """`For your hypertension, I think it's out of control` as a sentence about the problem that was named."""
    rest = core(rest)
    thought = _I_THINK.match(rest)
    turned = addressed(thought["rest"] if thought else rest, client, named=True)
    named = addressed(problem, client)
    if (
        turned is None
        or named is None
        or _dangling(turned)
        or not 3 <= len(turned.split()) <= _LONGEST_FINDING
    ):
        return None
    believes = f"{clinician_inside(style)} believes that "
    return f"Regarding {client.inside}'s {named}, {believes if thought else ''}{turned}"


_I_THINK = re.compile(
    r"^(?:so |what i want to tell you is (?:that )?|again,? )*i (?:do |also |really )*(?:think"
    r"|believe|feel|suspect)(?: that)? (?P<rest>.+)$",
    re.I,
)


def _found(text: str, client: Subject, style: Style) -> str | None:
    """A finding, a result or an impression, turned to speak of the client."""
    about = _PROBLEM.match(text)
    if about:
        return _about_problem(about["problem"], about["rest"], client, style)
    thought = _I_THINK.match(text)
    if thought:
        turned = addressed(thought["rest"], client)
        return f"{style.clinician_term} believes that {turned}" if turned and not _dangling(turned) else None
    seen = _I_FIND.match(text)
    if seen and not seen["rest"].lower().startswith(("that ", "what ", "how ", "it ")):
        turned = addressed(seen["rest"], client)
        return (
            (f"{style.clinician_term} {third(seen['verb'].lower())} {turned}")
            if turned and not _dangling(turned)
            else None
        )
    turned = addressed(text, client)
    if (
        turned is None
        or _dangling(turned)
        or len(turned.split()) > _LONGEST_FINDING
        or re.match(
            r"^(?:it|this|that|these|those|they|there|so|and|or|if|when"
            r"|which|because)\b",
            turned,
            re.I,
        )
    ):
        return None
    return turned


def _dangling(text: str) -> bool:
    return text.split()[-1].lower() in (
        "the",
        "a",
        "an",
        "and",
        "or",
        "but",
        "of",
        "to",
        "is",
        "are",
        "was",
        "with",
        "that",
        "in",
        "on",
        "for",
        "their",
        "which",
        "so",
        "because",
        "have",
        "they",
        "if",
        "when",
        "client's",
        "his",
        "her",
        "just",
        "it's",
    )


# ── the plan ─────────────────────────────────────────────────────────────────────────────────────────────

_ADVERBS = (
    r"(?:(?:go ahead and|just|also|probably|definitely|still|then|actually|really|do|first|maybe"
    r"|always|want to|like to|love to|need to|have to|try to) )*"
)
_I = r"\b(?:i|we) (?:(?:also|just|really|still|then|do|definitely|probably|certainly) )*"
_FORMS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.I), put)
    for pattern, put in (
        (
            rf"{_I}(?:want|would like|would love|need|am going to ask"
            rf"|are going to ask) (?:for )?you to {_ADVERBS}(?P<rest>.+)$",
            "client to",
        ),
        (
            rf"{_I}(?:will|am going to|are going to|am also going to|are also going to|am just going to"
            rf"|want to|would like to|would also like to|would) {_ADVERBS}have you {_ADVERBS}(?P<rest>.+)$",
            "client to",
        ),
        (
            rf"{_I}(?:will|am going to|are going to|am also going to|are also going to|am just going to"
            rf"|want to|would like to|would also like to|need to|should|would) {_ADVERBS}(?P<rest>.+)$",
            "imperative",
        ),
        (rf"{_I}(?:can|could|might) {_ADVERBS}(?P<rest>.+)$", "option"),
        (rf"\blet us {_ADVERBS}(?P<rest>.+)$", "imperative"),
        (
            r"\bi (?:would |do |strongly |also )*(?:recommend|suggest"
            r"|advise) (?:that )?you (?:should )?(?:to )?(?P<rest>.+)$",
            "recommend that",
        ),
        (r"\bi (?:would |do |strongly |also )*(?:recommend|suggest|advise) (?P<rest>.+)$", "recommend"),
        (rf"\byou (?:should|need to|have to|must|ought to|will need to) {_ADVERBS}(?P<rest>.+)$", "advised"),
        (rf"\byou (?:can|could|might want to|may want to|will want to) {_ADVERBS}(?P<rest>.+)$", "may"),
        (
            rf"^(?:for homework,? |this week,? |please )?{_ADVERBS}(?P<rest>(?:continue|keep|start|stop"
            rf"|try|make sure|practi[cs]e|take|use|come back|follow up|remember|write|bring|notice|call|do"
            rf"|return|watch|be sure|avoid|increase|decrease|pick)\b.+)$",
            "client to",
        ),
    )
)


def _plan(fact: Fact, turns: Mapping[str, Turn], style: Style, client: Subject) -> Wording | None:
    text = core(fact.text)
    agreement = attribute(fact, "agreement")
    reply = turns[fact.evidence[-1].turn].text if len(fact.evidence) > 1 else ""
    sentence = _planned(text, client, style)
    suffix = ""
    if agreement == "agreed":
        suffix = f"; {client.inside} agreed"
    elif agreement == "declined" and reply:
        suffix = f"; {client.inside} responded, {quoted(reply)}"
    if sentence is not None:
        return Wording(_ended(f"{sentence_case(sentence.rstrip('. '))}{suffix}"), fact.evidence, "clinician")
    if without_noise(fact.text) != fact.text or not 4 <= len(fact.text.split()) <= _LONGEST_FINDING:
        return None
    if fact.text.rstrip().endswith("?") and agreement == "agreed":
        answered = f"{client.inside} answered, {quoted(reply)}"
        return Wording(
            _ended(f"{style.clinician_term} asked, {quoted(fact.text)}; {answered}"),
            fact.evidence,
            "clinician",
            confident=False,
        )
    return Wording(
        _ended(f"{style.clinician_term} stated, {quoted(fact.text)}{suffix}"),
        fact.evidence,
        "clinician",
        confident=False,
    )


def _planned(text: str, client: Subject, style: Style) -> str | None:
    text = text.rstrip("?. ")
    if re.match(r"^(?:same time|next (?:week|session|appointment))\b", text, re.I):
        turned = addressed(text, client)
        return f"Next appointment: {turned}" if turned else None
    earliest: tuple[int, str, str] | None = None
    for pattern, put in _FORMS:
        match = pattern.search(text)
        if match and (earliest is None or match.start() < earliest[0]):
            earliest = (match.start(), put, match["rest"])
    if earliest is None or earliest[0] > 60:
        return None
    start, put, rest = earliest
    condition = _condition(text[:start], client)
    if condition is None:
        return None
    rest = (
        _ASIDE_OF_SPEAKER.sub("", rest)
        if re.search(r"\b(?:i|we|us|our|me|my|let us)\b", rest, re.I)
        else rest
    )
    rest = re.sub(
        r"\b(to|with|call|see|for) me\b",
        rf"\1 {clinician_inside(style)}",
        rest,
    )
    rest = re.sub(
        r"[\s,]*\b(?:okay|right|all right|alright|you know|if that is okay|if that is okay with you"
        r"|is that okay|does that sound (?:good|okay))\W*$",
        "",
        rest,
        flags=re.I,
    )
    first = rest.split()[0].lower().strip(",") if rest.split() else ""
    if len(rest.split()) < 2 or (
        "base" not in forms(first) and put not in ("recommend",) and first not in _BASE_TOO
    ):
        return None
    turned = addressed(rest, client, named=put in ("client to", "recommend that", "advised", "may"))
    if turned is None or _dangling(turned):
        return None
    if re.match(
        r"^\w+ (?:it|that|this|them|those|so|there)$|^(?:get|see|put|let|have) \w+ (?:back|soon|out"
        r"|checked|going|there|here|up|ready)\b",
        turned,
    ):
        return None
    lead = {
        "client to": f"{client.term} to {turned}",
        "imperative": turned,
        "option": f"Option discussed: {turned}",
        "recommend that": f"{style.clinician_term} recommended that {client.inside} {turned}",
        "recommend": f"{style.clinician_term} recommended {turned}",
        "advised": f"{client.term} advised to {turned}",
        "may": f"{client.term} advised that they can {turned}"
        if not client.pronouns.singular
        else f"{client.term} advised that {client.pronouns.subject} can {turned}",
    }[put]
    return (
        f"{lead}{condition}"
        if not condition
        else (f"{condition[0].upper()}{condition[1:]}, {lead[0].lower()}{lead[1:]}")
    )


_BASE_TOO = word_set(
    """
    follow see schedule order refer recheck prescribe taper elevate ice titrate re-check work set x-ray
    do be inject wean
    """
)


def _condition(lead: str, client: Subject) -> str | None:
    """What stands before the plan itself: kept where it is a condition or a problem, dropped where it is chatter."""
    lead = re.sub(
        r"^(?:so|and|but|then|now|okay|well|i think|i do think"
        r"|i guess|you know|,|\s)+",
        "",
        lead.strip(" ,"),
        flags=re.I,
    ).strip(" ,")
    if not lead:
        return ""
    if (
        re.match(
            r"^(?:if|when|for (?:the|your|homework)|in terms of|as far as|in (?:\w+ )?(?:days?|weeks?"
            r"|months?)|this week|next|between now)\b",
            lead,
            re.I,
        )
        and len(lead.split()) <= 14
    ):
        return addressed(lead, client)
    return (
        ""
        if len(lead.split()) <= 6 and not re.search(r"\b(?:not|no|never|if|unless)\b", lead, re.I)
        else None
    )
