"""From turns to facts: what was said, of which kind, by whom, with its evidence.

Risk comes first, then what the client's side said, then what the clinician did, found and planned; in the
order of the conversation within each. A fact repeats the transcript's own words; how a note words it is decided
elsewhere. Questions, greetings and back-channels make no facts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from summarizer.clinical import Visit, counted, terms_in, visit_of
from summarizer.clinician import asks_appointment, clinician_facts, fact_of
from summarizer.content import content_stems, numbers
from summarizer.cues import CLIENT_CUES, COGNITION, DEPENDENT, QUANTITY, REASON_ASKED, SMALL_TALK, STRONG
from summarizer.dictation import dictated_facts
from summarizer.discourse import CLIENT_SIDE, Clause, Question, read_clauses
from summarizer.exchange import exchange_facts
from summarizer.language import Slice, broken_off, is_backchannel, is_run_on, sentences, word_list
from summarizer.person import reported
from summarizer.polarity import answer_polarity, is_negated, is_pure_no, is_pure_yes, takes_back
from summarizer.proposition import proposition
from summarizer.risk import risk_in, risk_statements
from summarizer.subject import Pronouns, Subject
from summarizer.types import Fact, FactKind, Polarity, RiskStatement, Span, Turn
from summarizer.wording import UNCLEAR, core, plain

__all__ = ["extract_facts", "risk_statements"]

_SOMEBODY = Subject("Client", "client", Pronouns())
_GENERIC_CONFIDENCE = 0.5
_MIN_WORDS = 3
_LONGEST_QUOTE = 28
"""Words of a clause that cannot be rewritten, beyond which it is not quoted either."""
_KIN_NOUNS = {
    "he": re.compile(
        r"\bmy (?:\w+ )?(?:husband|father|dad|brother|son|boyfriend|uncle|grandfather|grandpa"
        r"|ex-husband)\b",
        re.I,
    ),
    "she": re.compile(
        r"\bmy (?:\w+ )?(?:wife|mother|mom|mum|sister|daughter|girlfriend|aunt|grandmother|grandma"
        r"|ex-wife)\b",
        re.I,
    ),
}
_ROS_ASKED = re.compile(
    r"\b(?:any|symptoms?|(?:have|had|having|experienc\w+|notic\w+"
    r"|feel\w*) (?:any|some))\b",
    re.I,
)
_COMMITMENT = re.compile(
    r"^i (?:will|am going to|plan to) (?:\w+ )?(?:try|call|do|practi[cs]e|start|go|make|talk"
    r"|write|take|use|ask|tell|set|cut|stop|walk|sign|join|look|check|come|think|keep|put"
    r"|schedule|bring)\b",
    re.I,
)


_ABOUT_WHAT_NEXT = re.compile(
    r"\b(?:you (?:will|are going to|could|can|might|plan|like to do|willing)|(?:will|can|could"
    r"|would|are) you (?:be )?(?:\w+ )?(?:try|do|willing|going|able|start|commit|call)|next step"
    r"|this week|plan|what (?:will|would|could|can) you)\b",
    re.I,
)


def extract_facts(turns: Sequence[Turn], *, visit: Visit | None = None) -> tuple[Fact, ...]:
    """All facts of a transcript. Ids are made from turn ids and positions, so the same turns give the same ids.

    `visit` is what the whole session is, where `turns` are only a part of it.
    """
    said = read_clauses(turns)
    risks = risk_in(said, turns)
    found = [_risk_fact(risk) for risk in risks]
    told_of: dict[str, list[Span]] = {}
    for risk in risks:
        for span in risk.evidence:
            told_of.setdefault(span.turn, []).append(span)
    taken = frozenset(
        (clause.turn.id, clause.sentence.start)
        for clause in said
        for span in told_of.get(clause.turn.id, ())
        if span.start <= clause.sentence.start < span.end
    )
    if any(turn.role in CLIENT_SIDE for turn in turns):
        told, spent = exchange_facts(said, taken)
        order = {turn.id: i for i, turn in enumerate(turns)}
        pieces = {turn.id: (turn.text, sentences(turn.text)) for turn in turns}
        both = [
            _corrected(fact, *pieces[fact.evidence[0].turn])
            for fact in (*told, *_client_facts(said, taken | spent))
        ]
        found.extend(sorted(both, key=lambda fact: (order[fact.evidence[0].turn], fact.evidence[0].start)))
        found.extend(clinician_facts(said, turns, taken, visit or visit_of(map(counted, turns))))
    else:
        found.extend(dictated_facts(said, taken))
    return _with_unique_ids(found)


_CORRECTS = re.compile(
    r"^\W*(?:(?:no|oh|wait|well|um|uh|or)\W+)*(?:sorry|i mean\b|i meant|actually|make that|correction"
    r"|scratch that|that is wrong|that's wrong|no it is|no it's|i misspoke)\b",
    re.I,
)


def _corrected(fact: Fact, text: str, pieces: Sequence[Slice]) -> Fact:
    """A fact with a number that its speaker takes back at once is quoted together with what was put in its place.

    `text` is that of its first evidence's turn, `pieces` its sentences.
    """
    span = fact.evidence[0]
    if not numbers(text[span.start : span.end]):
        return fact
    following = next((piece for piece in pieces if piece.start >= span.end), None)
    if following is None:
        return fact
    body = text[following.start : following.end]
    if not numbers(body) or not _CORRECTS.match(body):
        return fact
    opening = max((piece.start for piece in pieces if piece.start <= span.start), default=span.start)
    whole = Span(span.turn, opening, following.end)
    answers = len(fact.evidence) > 1 and fact.evidence[-1].turn != span.turn
    return replace(
        fact,
        text=text[whole.start : whole.end],
        evidence=(whole, *fact.evidence[1:]),
        attributes=tuple(sorted({**dict(fact.attributes), "form": "paired" if answers else "quote"}.items())),
    )


def _with_unique_ids(found: Sequence[Fact]) -> tuple[Fact, ...]:
    counts: dict[str, int] = {}
    unique = []
    for fact in found:
        n = counts[fact.id] = counts.get(fact.id, 0) + 1
        unique.append(fact if n == 1 else replace(fact, id=f"{fact.id}.{n}"))
    return tuple(unique)


def _risk_fact(risk: RiskStatement) -> Fact:
    evidence = risk.evidence if risk.question is None else (*risk.evidence, risk.question)
    return Fact(
        f"{evidence[0].turn}.{evidence[0].start}.risk",
        "risk",
        risk.quote,
        risk.role,
        risk.polarity,
        risk.question is not None and risk.polarity != "uncertain",
        0.9,
        evidence,
        (("topic", risk.topic),),
    )


# ── the client's side ────────────────────────────────────────────────────────────────────────────────────


def _client_facts(said: Sequence[Clause], taken: frozenset[tuple[str, int]]) -> list[Fact]:
    found: list[Fact] = []
    people: dict[str, tuple[str, Span, int]] = {}
    reason_given = False
    paired: set[tuple[str, int]] = set()
    for clause in said:
        if clause.turn.role not in CLIENT_SIDE:
            continue
        for pronoun, pattern in _KIN_NOUNS.items():
            if match := pattern.search(clause.text):
                at = clause.start + match.start()
                people[pronoun] = (
                    match.group().lower(),
                    Span(clause.turn.id, at, at + len(match.group())),
                    clause.index,
                )
        if (clause.turn.id, clause.sentence.start) in taken or clause.asks or not clause.whole:
            continue
        if DEPENDENT.match(clause.text) and clause.start == clause.sentence.start:
            found = _with_dependent(found, clause)
            continue
        fact = _thought(clause) or _client_fact(clause, people, paired)
        if fact is None:
            continue
        asked = clause.question
        if not reason_given and asked and REASON_ASKED.search(plain(asked.text)) and _gives_reason(fact):
            reason_given = True
            kept = tuple(entry for entry in fact.attributes if entry[0] != "aspect")
            fact = replace(fact, kind="observation", attributes=(*kept, ("aspect", "reason")), confidence=0.9)
        found.append(fact)
    return found if reason_given else _with_first_complaint(found, said)


def _with_dependent(found: list[Fact], clause: Clause) -> list[Fact]:
    """A sentence that says nothing certain without the one before it is quoted with that one, or left out."""
    text = clause.turn.text
    before = [piece for piece in sentences(text) if piece.end <= clause.sentence.start]
    if not before:
        return found
    last = before[-1]
    joint = Span(clause.turn.id, last.start, clause.sentence.end)
    words = len(text[joint.start : joint.end].split())
    leaning = [
        fact
        for fact in found
        if fact.evidence[0].turn == clause.turn.id
        and last.start <= fact.evidence[0].start < last.end
        and fact.kind != "agreement"
    ]
    if not leaning or words > _LONGEST_QUOTE or len(leaning) > 1 or "[" in text[joint.start : joint.end]:
        return found
    (whole,) = leaning
    form = _attribute(whole, "form") if len(whole.evidence) > 1 else "quote"
    if form not in ("paired", "quote"):
        return found
    told = replace(
        whole,
        text=text[joint.start : joint.end],
        evidence=(joint, *whole.evidence[1:]),
        attributes=tuple(sorted({**dict(whole.attributes), "form": form or "quote"}.items())),
    )
    return [told if fact is whole else fact for fact in found]


def _attribute(fact: Fact, name: str) -> str:
    return dict(fact.attributes).get(name, "")


def _thought(clause: Clause) -> Fact | None:
    """A thought about oneself, others or what will happen, as cognitive therapy writes them down."""
    bare = core(clause.sentence_text)
    if (
        clause.start != clause.sentence.start
        or broken_off(clause.turn.text, clause.sentence)
        or not (COGNITION.match(bare) or COGNITION.match(plain(clause.sentence_text)))
        or not _MIN_WORDS <= len(word_list(bare)) <= _LONGEST_QUOTE
    ):
        return None
    return fact_of(
        clause,
        "symptom",
        evidence=(clause.sentence_span,),
        confidence=0.8,
        aspect="cognition",
        form="thought",
    )


_EARLY_TURNS = 8


def _with_first_complaint(found: list[Fact], said: Sequence[Clause]) -> list[Fact]:
    """Where nobody asked for the reason, the first symptom told early on stands for it."""
    early = {clause.turn.id for clause in said if clause.index < _EARLY_TURNS}
    for i, fact in enumerate(found):
        if (
            fact.kind == "symptom"
            and fact.evidence[0].turn in early
            and not fact.assessed
            and fact.polarity == "affirmed"
            and _attribute(fact, "form") != "thought"
        ):
            told = replace(
                fact,
                kind="observation",
                attributes=(*(a for a in fact.attributes if a[0] != "aspect"), ("aspect", "reason")),
            )
            return [*found[:i], told, *found[i + 1 :]]
    return found


def _gives_reason(fact: Fact) -> bool:
    return (
        fact.kind not in ("progress", "protective", "event", "quote")
        and _attribute(fact, "form") != "thought"
        and len(word_list(core(fact.text))) >= _MIN_WORDS
    )


def _client_fact(
    clause: Clause, people: dict[str, tuple[str, Span, int]], paired: set[tuple[str, int]]
) -> Fact | None:
    text = clause.plain
    bare = core(clause.text)
    question = clause.question
    if question is not None and clause.first:
        sentence = clause.sentence_text
        if is_pure_no(sentence) or is_pure_yes(sentence):
            return _assessed(clause, question, paired)
    words = word_list(bare)
    if not words or is_backchannel(clause.text):
        return None
    antecedent, antecedent_span = _antecedent(words[0], clause, people)
    stands_alone = (
        len(words) >= _MIN_WORDS
        and not _WITHOUT_NOUN.match(bare)
        and not _WITHOUT_VERB.match(bare)
        and not _runs_on(clause)
        and reported(clause.text, _SOMEBODY, antecedent=antecedent) is not None
    )
    kind, aspect, hits = _kind(bare)
    if kind in _NOT_HYPOTHETICAL and _HYPOTHETICAL.search(bare):
        kind, aspect = None, ""
    if SMALL_TALK.search(text) and hits < 2:
        return None
    answers = question is not None and clause.first
    if (kind is None and not answers and len(set(content_stems(bare))) < 2) or _BARE_PROMISE.match(bare):
        return None
    if not stands_alone and question is not None and answers and len(word_list(text)) <= _LONGEST_QUOTE:
        return _paired(clause, question, kind, paired)
    if not stands_alone:
        if clause.start > clause.sentence.start and _POINTS_BACK.match(clause.text):
            return None
        if _runs_on(clause) and _UNFIT_RUN_ON.search(clause.text):
            return None
        quotable = hits >= 1 and "i" in words and _MIN_WORDS + 2 <= len(words) <= _LONGEST_QUOTE
        return (
            fact_of(
                clause,
                kind or "quote",
                confidence=0.35 + 0.05 * min(hits, 3),
                polarity=_polarity(clause, kind),
                aspect=aspect,
                form="quote",
            )
            if quotable
            else None
        )
    evidence = (clause.span,) if antecedent_span is None else (clause.span, antecedent_span)
    if _COMMITMENT.match(bare) and question is not None and _ABOUT_WHAT_NEXT.search(plain(question.text)):
        return fact_of(clause, "agreement", evidence=(*evidence, question.last_span), confidence=0.6)
    confidence = _GENERIC_CONFIDENCE if kind is None else 0.5 + 0.05 * min(hits, 3)
    confidence += (
        0.08 * bool(QUANTITY.search(bare))
        + 0.05 * bool(STRONG.search(bare))
        + 0.07 * (words[0] in ("i", "my"))
        + 0.2 * (aspect == "stressor" or kind == "protective")
        + 0.15 * (kind == "medication" and bool(_ADHERENCE.search(bare)))
    )
    return fact_of(
        clause,
        kind or "event",
        evidence=evidence,
        confidence=min(confidence, 0.95),
        polarity=_polarity(clause, kind),
        aspect=aspect,
        antecedent=antecedent,
    )


_POINTS_BACK = re.compile(r"^\W*(?:it|that|this|they|those|these)\b", re.I)
"""The opening of a clause that would be quoted without what it points to."""
_ADHERENCE = re.compile(
    r"\bside[- ]effects?\b|\b(?:missed|skipp?(?:ed|ing)?|forg[eo]t\w*|stopped|ran out|doses?)\b", re.I
)
_NOT_HYPOTHETICAL = frozenset({"progress", "energy", "sleep", "symptom", "appetite"})
"""Kinds that tell how things are: `I would have more energy` is none of them."""
_HYPOTHETICAL = re.compile(r"\b(?:would(?! like)|might|could(?! not)|if)\b", re.I)
_WITHOUT_NOUN = re.compile(
    r"^i (?:\w+ ){1,3}(?:one|some|two of them|both of them|it all|a few)\b(?! (?:of|time|day"
    r"|night|(?!this\b)\w+s)\b)",
    re.I,
)


_WITHOUT_VERB = re.compile(
    r"^(?:i am|i have been) (?:doing|feeling|being)(?: (?:well|good|fine|okay|all right))?\W*$|^i have (?:a"
    r"|my) list\b"
    r"|^i (?:will|am going to) be (?:here|there|back)\b|^i (?:do|did|have|had|am|was|would|could|can|will"
    r"|should)(?: not|not)\b,? (?:if|this|it is|that is|but|because"
    r"|so|when|i|you|he|she|we|they|there|and|or|well)\b",
    re.I,
)
"""What says nothing by itself: a bare `I don't` with another clause behind it, `I'm doing fine`, `I'll be there`."""


def _runs_on(clause: Clause) -> bool:
    """Whether a clause of recognised speech without any mark may be two run together."""
    return not re.search(r"[.,;:!?—–]", clause.turn.text) and is_run_on(core(clause.text))


_UNFIT_RUN_ON = re.compile(r"\b(?:you|your)\b|\b(\w+)\W+\1\b", re.I)
"""What makes speech without marks unfit even to quote: words to another, words said twice."""


_BARE_PROMISE = re.compile(
    r"^i (?:will|can|am going to) (?:\w+ )?(?:try|do|make|give|go|come)\b(?: (?:it|that|this|in"
    r"|a try))?\W*$",
    re.I,
)
_OPENING = re.compile(r"^(?:(?:um+|uh+|well|so|hmm+|oh)\b[\s,.-]*)+", re.I)


def _without_opening(clause: Clause) -> Span:
    """The span of an answer without the `um, well` that opens it."""
    match = _OPENING.match(clause.text)
    skip = match.end() if match and match.end() < len(clause.text) else 0
    return Span(clause.turn.id, clause.start + skip, clause.end)


def _kind(text: str) -> tuple[FactKind | None, str, int]:
    """The first kind whose cue stands in `text`, and how many cues of any kind do."""
    kind: FactKind | None = None
    aspect = ""
    hits = 0
    for candidate, its_aspect, pattern in CLIENT_CUES:
        if pattern.search(text):
            hits += 1
            if kind is None:
                kind, aspect = candidate, its_aspect
    return kind, aspect, hits


def _polarity(clause: Clause, kind: FactKind | None) -> Polarity:
    for candidate, _, pattern in CLIENT_CUES:
        if candidate == kind and (match := pattern.search(clause.text)):
            return "negated" if is_negated(clause.text, match.start()) else "affirmed"
    return "affirmed"


_NEAR_TURNS = 4


def _antecedent(
    first: str, clause: Clause, people: dict[str, tuple[str, Span, int]]
) -> tuple[str, Span | None]:
    """Whom a leading he or she stands for, if exactly one person of that gender was named close by."""
    key = first.split("'")[0]
    if key not in people:
        return "", None
    noun, span, index = people[key]
    near = clause.index - index <= _NEAR_TURNS
    return (
        (noun, span)
        if (near and (span.turn, span.start) < (clause.turn.id, clause.start))
        or (near and span.turn != clause.turn.id)
        else ("", None)
    )


def _assessed(clause: Clause, question: Question, paired: set[tuple[str, int]]) -> Fact | None:
    """A bare yes or no, tied to what was asked."""
    key = (question.turn.id, question.start)
    if key in paired:
        return None
    asked = plain(question.last)
    kind, aspect, _ = _kind(asked)
    if kind is None and terms_in(asked):
        kind, aspect = "symptom", "reviewed"
    if kind is None or UNCLEAR.search(question.last) or SMALL_TALK.search(asked) or asks_appointment(asked):
        return None
    whole = _whole_where_taken_back(clause)
    if whole is None and proposition(question.last, _SOMEBODY) is None:
        return None
    paired.add(key)
    if whole is not None:
        return fact_of(
            clause,
            kind,
            evidence=(whole, question.last_span),
            confidence=0.75,
            assessed=True,
            aspect=aspect,
            form="paired",
        )
    if kind == "symptom" and _ROS_ASKED.search(asked):
        aspect = "reviewed"
    return fact_of(
        clause,
        kind,
        evidence=(clause.sentence_span, question.last_span),
        confidence=0.75,
        polarity="negated" if is_pure_no(clause.sentence_text) else "affirmed",
        assessed=True,
        aspect=aspect,
        form="answer",
    )


_LONGEST_RESERVE = 40
"""Words of an answer up to which what takes back its yes or no is quoted with it."""


def _whole_where_taken_back(clause: Clause) -> Span | None:
    """The whole answer where a plain yes or no is not the last word of it (`No. Well, once.`), else None."""
    text = clause.turn.text
    rest = [piece for piece in sentences(text) if piece.start >= clause.sentence.end]
    if not rest or not takes_back(clause.sentence_text, text[rest[0].start : rest[-1].end]):
        return None
    end = rest[0].end
    for piece in rest[1:]:
        if len(text[clause.sentence.start : piece.end].split()) > _LONGEST_RESERVE:
            break
        end = piece.end
    return Span(clause.turn.id, clause.sentence.start, end)


def _paired(
    clause: Clause, question: Question, kind: FactKind | None, paired: set[tuple[str, int]]
) -> Fact | None:
    """An answer that cannot stand alone, quoted with its question."""
    key = (question.turn.id, question.start)
    text = core(clause.text)
    if (
        key in paired
        or not word_list(text)
        or UNCLEAR.search(question.last)
        or not 2 <= len(question.last.split()) <= _LONGEST_QUOTE
    ):
        return None
    asked_kind, asked_aspect, asked_hits = _kind(plain(question.last))
    if asked_kind is None and kind is not None and REASON_ASKED.search(plain(question.last)):
        asked_kind = kind
    if asked_kind is None or SMALL_TALK.search(plain(question.last)) or asks_appointment(question.last):
        return None
    paired.add(key)
    polarity: Polarity = "negated" if answer_polarity(clause.text) == "no" else "affirmed"
    return fact_of(
        clause,
        asked_kind if asked_kind != "goal" else kind or asked_kind,
        evidence=(_without_opening(clause), question.last_span),
        confidence=0.5 + 0.05 * min(asked_hits, 2) + 0.12 * bool(QUANTITY.search(text) or numbers(text)),
        polarity=polarity,
        assessed=True,
        aspect=asked_aspect,
        form="paired",
    )
