"""Risk in a form: fields with their turns in, what was written about danger out, word for word.

An answer to a question that names risk is quoted whole, with the question's label; a ticked box by itself; whatever
else names risk by its sentence. A blank is no answer: `asks_risk` says where one should be asked for. No level.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from summarizer.form import FormField
from summarizer.language import sentences
from summarizer.polarity import answer_polarity, is_pure_no, is_pure_yes
from summarizer.risk import risk_statements, topics_in
from summarizer.types import Polarity, RiskStatement, Role, Span, Turn

LABEL_SUFFIX = ".label"
"""Added to a field's id, it is the id of the turn that holds its label."""

LONGEST_QUOTE = 60
"""Words of an answer that are quoted whole; a longer one is told sentence by sentence."""


def label_span(field: FormField) -> Span | None:
    """The whole label of a field; None where it has none."""
    return Span(f"{field.id}{LABEL_SUFFIX}", 0, len(field.label)) if field.label else None


_BELONGS_TO_RISK = re.compile(
    r"\b(?:plan|intent\w*|means|access|attempt\w*|when|how (?:often|many|would)|describe|explain"
    r"|if (?:yes|so)"
    r"|details?|thoughts?|last time)\b",
    re.I,
)


_LISTS_FAMILY = re.compile(r"\b(?:family|relatives?)\b.*[,/]", re.I)


_GOES_DEEPER = re.compile(
    r"\b(?:plans?|intent\w*|intend\w*|means|attempt\w*|act(?:ed)? on|those thoughts)\b", re.I
)
_NEAR = 3
"""Questions after one about risk within which one about plan, intent or means still belongs to it."""


def _asked_topics(field: FormField, by_id: Mapping[str, FormField]) -> tuple[str, ...]:
    """Risk topics that a question names, by itself or by the one it goes on from."""
    named = tuple(name for name, _ in topics_in(field.label))
    parent = by_id.get(field.follows)
    if named or parent is None or not _BELONGS_TO_RISK.search(field.label):
        return named
    return _asked_topics(parent, {key: other for key, other in by_id.items() if key != field.id})


def asks_risk(field: FormField) -> bool:
    """Whether a question left blank must be asked again: one that names risk itself, not an `if yes` to a no."""
    return bool(topics_in(field.label)) and not field.follows


def risk_of_form(
    fields: Sequence[FormField], turns: Sequence[Turn], by_id: Mapping[str, FormField]
) -> tuple[RiskStatement, ...]:
    """Risk of the whole form in its order: answers to questions that name it, and whatever else names it."""
    found: list[RiskStatement] = []
    by_turn = {turn.id: turn for turn in turns}
    last_topics: tuple[str, ...] = ()
    last_number = -_NEAR - 1
    for number, field in enumerate(fields):
        asked = _asked_topics(field, by_id)
        if not asked and _GOES_DEEPER.search(field.label) and number - last_number <= _NEAR:
            asked = last_topics
        if asked:
            last_topics, last_number = asked, number
        if _LISTS_FAMILY.search(field.label) and not is_pure_yes(field.value):
            # A list of illnesses in the family: an answer is about risk where it says so itself.
            asked = ()
        if len(field.ticked) > 1 or (field.ticked and not asked):
            found += _ticked_risk(field, by_turn[field.id].role, asked)
            continue
        unasked = [
            statement
            for statement in risk_statements((by_turn[field.id],))
            if statement.evidence[0].turn == field.id
        ]
        if not asked:
            found += unasked
            continue
        whole = _first_words(field.value)
        found.append(
            RiskStatement(
                field.value[: whole.end],
                by_turn[field.id].role,
                ", ".join(
                    dict.fromkeys((*asked, *(name for name, _ in topics_in(field.value[: whole.end]))))
                ),
                _polarity(field.label, field.value[: whole.end]),
                (Span(field.id, 0, whole.end),),
                label_span(field),
            )
        )
        found += [statement for statement in unasked if statement.evidence[0].start >= whole.end]
    return tuple(found)


def _ticked_risk(field: FormField, role: Role, asked: Sequence[str]) -> Iterator[RiskStatement]:
    """Ticked boxes whose words name risk, each by itself; all of them where the question names it."""
    for item, span in ticked_items(field):
        named = topics_in(item)
        if named or asked:
            topics = ", ".join(dict.fromkeys((*(name for name, _ in named), *asked)))
            negated = is_pure_no(item) or (bool(named) and all(no for _, no in named))
            question = label_span(field) if asked else None
            yield RiskStatement(item, role, topics, "negated" if negated else "affirmed", (span,), question)


def ticked_items(field: FormField) -> Iterator[tuple[str, Span]]:
    """The ticked boxes' words, each with its place in the answer."""
    at = 0
    for item in field.ticked:
        start = field.value.index(item, at)
        at = start + len(item)
        yield item, Span(field.id, start, at)


def _first_words(value: str) -> Span:
    """An answer whole, or its first sentences as far as they are quoted together."""
    end = 0
    for piece in sentences(value):
        if end and len(value[: piece.end].split()) > LONGEST_QUOTE:
            break
        end = piece.end
    return Span("", 0, end or len(value))


WRITTEN_NO = re.compile(r"^\W*(?:denie[sd]|negative|absent|not present|none reported)\W*$", re.I)
_UNDECIDED = re.compile(
    r"\b(?:prefer not|rather not|decline\w*|refuse\w*|skip|not sure|unsure|unknown|don['’]?t know"
    r"|maybe)\b|^\W*\?",
    re.I,
)


_ASKS_SAFETY = re.compile(r"\b(?:feel(?:s|ing)?|are you|is it|be) safe\b", re.I)
_OPPOSITE: dict[Polarity, Polarity] = {"affirmed": "negated", "negated": "affirmed", "uncertain": "uncertain"}


def _polarity(label: str, answer: str) -> Polarity:
    """Whether the danger that a question names is affirmed: a no to `Do you feel safe at home?` affirms it."""
    said = _answer_polarity(answer)
    return _OPPOSITE[said] if _ASKS_SAFETY.search(label) else said


def _answer_polarity(answer: str) -> Polarity:
    if is_pure_no(answer) or WRITTEN_NO.match(answer):
        return "negated"
    if _UNDECIDED.search(answer):
        return "uncertain"
    if is_pure_yes(answer) or answer_polarity(answer) == "yes":
        return "affirmed"
    named = topics_in(answer)
    if named:
        return "negated" if all(negated for _, negated in named) else "affirmed"
    return "uncertain" if answer_polarity(answer) == "no" else "affirmed"
