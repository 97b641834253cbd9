"""The answers of a form as facts with their sentences: fields in, what a summary says of each out.

Every sentence rests on the answer and, where it has one, on its question's label, both word for word as turns. A
no to a question is an assessed negative; a blank is nothing at all. Risk is quoted whole and comes first. It does
not look at any session: see `intake`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from summarizer.cues import CLIENT_CUES
from summarizer.form import FormField
from summarizer.form_risk import (
    LABEL_SUFFIX,
    LONGEST_QUOTE,
    WRITTEN_NO,
    asks_risk,
    label_span,
    risk_of_form,
    ticked_items,
)
from summarizer.language import is_question, sentences, word_list
from summarizer.person import reported
from summarizer.phrasing import Wording, quoted, risk_wording
from summarizer.polarity import answer_polarity, is_pure_no, is_pure_yes
from summarizer.proposition import proposition
from summarizer.questions import ADMINISTRATIVE, Topic, topic_of
from summarizer.risk import topics_in
from summarizer.subject import Pronouns, Subject, subject_of
from summarizer.types import DetailLevel, Fact, Polarity, RiskStatement, Role, Span, Style, Turn
from summarizer.wording import plain, sentence_case

_SENTENCES: Mapping[DetailLevel, int] = {"brief": 2, "standard": 6, "detailed": 20}
_FEW_WORDS = 8
"""Words up to which an answer is an entry (`nurse`, `about eight months`) rather than a tale."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A fact of the form and the sentence that tells it."""

    fact: Fact
    wording: Wording


@dataclass(frozen=True, slots=True)
class FormReading:
    """A form read: the turns that evidence points into, what is told, the risk, and what is left to others.

    `tales` are the ids of long answers whose further facts are found as in a conversation, `blank_risk` those of
    unanswered questions about risk, `administrative` those of answered ones that are no part of a summary.
    `pronouns` are those the client wrote.
    """

    turns: tuple[Turn, ...]
    answers: tuple[Answer, ...]
    risk: tuple[RiskStatement, ...]
    tales: frozenset[str]
    blank_risk: tuple[str, ...]
    administrative: tuple[str, ...]
    pronouns: str


def read_answers(fields: Sequence[FormField], style: Style) -> FormReading:
    """The form's reading. The same fields and style give the same reading; ids of fields must be unique."""
    told = [field for field in fields if field.value and not _is_administrative(field)]
    turns = form_turns(told, filler_of(fields))
    by_id = {field.id: field for field in fields}
    by_turn = {turn.id: turn for turn in turns}
    risk = risk_of_form(told, turns, by_id)
    risky = {statement.evidence[0].turn for statement in risk}
    answers = [_risk_answer(statement, by_turn, style, by_id) for statement in risk]
    going_on = {
        field.follows
        for field in told
        if field.follows and field.id not in risky and not _is_tale(field.value)
        if topic_of(field, by_id.get(field.follows)) is not None
    }
    tales: set[str] = set()
    for field in told:
        parent = by_id.get(field.follows)
        topic = topic_of(field, parent) or _topic_of_ticks(field)
        mine = [statement for statement in risk if statement.evidence[0].turn == field.id]
        if topic is not None and (topic.kind, topic.aspect) in _TOLD_TWICE:
            answers += [_told_as(topic, _risk_answer(one, by_turn, style, by_id)) for one in mine]
        spans = [statement.evidence[0] for statement in mine]
        if spans and _covers(spans, field.value):
            continue
        if field.id in going_on and _says_what(field, by_turn, style):
            continue  # told with the answer that goes on from it
        subject = subject_of(by_turn[field.id].role, style)
        if topic is None or topic.narrative or len(word_list(field.value)) > LONGEST_QUOTE:
            tales.add(field.id)
        if topic is None:
            continue
        if topic.narrative and len(word_list(field.value)) > LONGEST_QUOTE:
            continue
        put = _says_what(parent, by_turn, style) if parent is not None and field.follows in going_on else ""
        if put and parent is not None and not spans and not _is_tale(field.value):
            answers.append(_with_yes(_Asked(field, topic, by_turn[field.id].role), parent, subject, put))
            continue
        answers += _answers(_Asked(field, topic, by_turn[field.id].role), subject, style, spans)
    return FormReading(
        turns,
        tuple(answers),
        risk,
        frozenset(tales),
        tuple(f.id for f in fields if not f.value and asks_risk(f)),
        tuple(field.id for field in fields if field.value and _is_administrative(field)),
        next((f.value for f in fields if re.search(r"\bpronouns?\b", f.label, re.I) and "/" in f.value), ""),
    )


# ── turns ────────────────────────────────────────────────────────────────────────────────────────────────


def form_turns(fields: Sequence[FormField], role: Role = "client") -> tuple[Turn, ...]:
    """Each answered field as the turn of its label, which the form asks for the clinician, and that of its answer."""
    turns: list[Turn] = []
    for field in fields:
        if field.value:
            if field.label:
                turns.append(Turn(f"{field.id}{LABEL_SUFFIX}", "clinician", field.label))
            turns.append(Turn(field.id, role, field.value))
    return tuple(turns)


_FILLED_BY = re.compile(
    r"\b(?:completed|filled (?:out|in)) by\b|\brelationship to (?:client|patient|child)\b", re.I
)
_OTHER_THAN_CLIENT = re.compile(
    r"\b(?:parent|mother|father|mom|dad|guardian|caregiver|spouse|partner|husband|wife|grand\w+|aunt"
    r"|uncle|son|daughter)\b",
    re.I,
)


def filler_of(fields: Sequence[FormField]) -> Role:
    """Who filled the form in: a family member where the form says so, else the client."""
    named = [field.value for field in fields if _FILLED_BY.search(field.label)]
    return "family" if any(_OTHER_THAN_CLIENT.search(value) for value in named) else "client"


def _is_administrative(field: FormField) -> bool:
    return bool(ADMINISTRATIVE.search(field.label)) and not topics_in(field.label)


# ── risk ─────────────────────────────────────────────────────────────────────────────────────────────────


def _risk_answer(
    statement: RiskStatement, turns: Mapping[str, Turn], style: Style, by_id: Mapping[str, FormField]
) -> Answer:
    question = statement.question
    evidence = statement.evidence if question is None else (*statement.evidence, question)
    field = by_id[statement.evidence[0].turn]
    fact = Fact(
        f"{evidence[0].turn}.{evidence[0].start}.risk",
        "risk",
        statement.quote,
        statement.role,
        statement.polarity,
        question is not None and statement.polarity != "uncertain",
        0.9,
        evidence,
        (("topic", statement.topic),),
    )
    label = turns[question.turn].text if question is not None else ""
    subject = subject_of(statement.role, style)
    if question is None:
        said = (
            f"{subject.term} {subject.does('report' if field.ticked else 'state')}, {quoted(statement.quote)}"
        )
        return Answer(fact, Wording(ended(said), evidence))
    if is_question(label) and is_pure_no(statement.quote) and not field.follows:
        return Answer(fact, risk_wording(fact, turns, style))
    return Answer(
        fact,
        Wording(ended(sentence_case(_asked_and_answered(label, statement.quote, subject))), evidence),
    )


_TOLD_TWICE = frozenset({("history", "trauma"), ("history", "family")})
"""What is told as risk and, where the template has a section for it, there as well."""


def _told_as(topic: Topic, answer: Answer) -> Answer:
    fact = replace(answer.fact, kind=topic.kind, attributes=(("aspect", topic.aspect),))
    return replace(answer, fact=replace(fact, id=f"{fact.id}.{topic.aspect}"))


# ── all other answers ────────────────────────────────────────────────────────────────────────────────────


def ended(text: str) -> str:
    """`text` with one full stop at its end, which may stand inside a closing quotation mark."""
    text = text.rstrip(" ,;:")
    return text if text.rstrip('"”»)').endswith((".", "!", "?")) else f"{text}."


def _asked_and_answered(label: str, answer: str, subject: Subject) -> str:
    entry = answer_polarity(answer) == "open" and not WRITTEN_NO.match(answer)
    if (
        entry
        and not is_question(label)
        and len(label.split()) <= _FEW_WORDS
        and not re.match("if ", label, re.I)
    ):
        return ended(f"{label.rstrip(':. ')}: {quoted(answer)}")
    return ended(f"Asked, {quoted(label)}, {subject.inside} answered, {quoted(answer)}")


def _is_tale(value: str) -> bool:
    """Whether an answer tells something in sentences of its own."""
    return bool(_OF_ONESELF.search(value)) and (
        len(word_list(value)) > _FEW_WORDS
        or any(reported(value[p.start : p.end], _ANYBODY) is not None for p in sentences(value))
    )


_OF_ONESELF = re.compile(r"\b(?:I|I['’]\w+|[Mm]y|[Ww]e|[Oo]ur)\b")
_ANYBODY = Subject("Client", "client", Pronouns())


def _covers(spans: Sequence[Span], value: str) -> bool:
    """Whether these spans leave no word of an answer untold."""
    left = list(value)
    for span in spans:
        left[span.start : span.end] = " " * (span.end - span.start)
    return not word_list("".join(left))


def _topic_of_ticks(field: FormField) -> Topic | None:
    """What ticked boxes without a telling label are about, by the words beside the first that says it."""
    for item in field.ticked:
        for kind, aspect, pattern in CLIENT_CUES:
            if pattern.search(plain(item)):
                return Topic(kind, aspect, pattern)
    return None


@dataclass(frozen=True, slots=True)
class _Asked:
    """One answered question with what it is about; makes the answers that are told of it."""

    field: FormField
    topic: Topic
    role: Role

    def answer(self, text: str, span: Span, polarity: Polarity = "affirmed") -> Answer:
        """What is told of the stretch `span` of the answer."""
        label = label_span(self.field)
        evidence = (span,) if label is None else (span, label)
        fact = Fact(
            f"{self.field.id}.{span.start}.{self.topic.kind}",
            self.topic.kind,
            self.field.value[span.start : span.end],
            self.role,
            polarity,
            label is not None and polarity == "negated",
            0.9,
            evidence,
            (("aspect", self.topic.aspect),) if self.topic.aspect else (),
        )
        return Answer(fact, Wording(ended(sentence_case(text)), evidence))


def _answers(asked: _Asked, subject: Subject, style: Style, told: Sequence[Span]) -> list[Answer]:
    """The sentences for one answered question; stretches in `told` (risk) are told already."""
    field, topic, answer = asked.field, asked.topic, asked.answer
    value = field.value
    whole = Span(field.id, 0, len(value))
    if len(field.ticked) > 1 or (field.ticked and not field.label):
        left = [item for item, span in ticked_items(field) if span not in told]
        if not left:
            return []
        marked = _listed(left)
        if (
            topic.kind in _MARKED
            or not field.label
            or is_question(field.label)
            or _TELLS_TO_MARK.search(field.label)
        ):
            return [answer(f"{subject.term} endorsed {marked}", whole)]
        return [answer(f"{field.label.rstrip(':?. ')}: {marked}", whole)]
    if is_pure_no(value) or is_pure_yes(value):
        return [_yes_or_no(asked, subject, whole)]
    if topic.narrative and not told:
        return [answer(f"{subject.term} {subject.does('state')}, {quoted(value)}", whole)]
    if not _is_tale(value) and not told:
        return [answer(_entry(field, subject), whole)]
    return _sentence_by_sentence(asked, subject, style, told)


def _says_what(field: FormField, turns: Mapping[str, Turn], style: Style) -> str:
    """What a plain yes reports, where that can be said for certain; empty for every other answer."""
    if field.id not in turns or not is_pure_yes(field.value) or topics_in(field.label):
        return ""
    put = (
        proposition(field.label, subject_of(turns[field.id].role, style))
        if is_question(field.label)
        else None
    )
    return put.reports if put is not None else ""


def _with_yes(asked: _Asked, parent: FormField, subject: Subject, put: str) -> Answer:
    """A yes and what was written to `If yes, …`, in one sentence: `reports having been in therapy before: …`."""
    value = asked.field.value
    text = f"{subject.term} {subject.does('report')} {put}: {quoted(value)}"
    told = asked.answer(text, Span(asked.field.id, 0, len(value)))
    yes = Span(parent.id, 0, len(parent.value))
    more = tuple(span for span in (yes, label_span(parent)) if span is not None)
    return replace(told, wording=replace(told.wording, evidence=(*told.wording.evidence, *more)))


def _entry(field: FormField, subject: Subject) -> str:
    """A short answer with its question: `Occupation: nurse`, a question in full."""
    value, label = field.value, field.label.rstrip(":. ")
    if not label:
        return f"{subject.term} {subject.does('state')}, {quoted(value)}"
    if label.endswith("?") or field.follows or len(label.split()) > _FEW_WORDS:
        return _asked_and_answered(field.label, value, subject)
    return f"{label}: {quoted(value) if _OF_ONESELF.search(value) else _in_line(value)}"


_TELLS_TO_MARK = re.compile(r"\b(?:check|mark|tick|circle|select)\b", re.I)
_MARKED = frozenset({"symptom", "sleep", "appetite", "energy", "functioning", "trigger"})
"""Kinds whose ticks are told as marked; of others the label says what the ticks are."""


def _listed(items: Sequence[str]) -> str:
    shown = [_small(item) for item in items]
    return (
        shown[0]
        if len(shown) == 1
        else f"{', '.join(shown[:-1])}{',' if len(shown) > 2 else ''} and {shown[-1]}"
    )


def _small(item: str) -> str:
    """An item of a list inside a sentence: its first letter small, unless the word is a name or an abbreviation."""
    first = item.split(maxsplit=1)[0]
    return item if first == "I" or not first[1:].islower() else item[0].lower() + item[1:]


def _in_line(value: str) -> str:
    """Lines of an entry on one line, each still word for word."""
    return "; ".join(line.strip(" ;") for line in value.split("\n") if line.strip())


def _yes_or_no(asked: _Asked, subject: Subject, whole: Span) -> Answer:
    field, answer = asked.field, asked.answer
    value = field.value
    no = is_pure_no(value)
    polarity: Polarity = "negated" if no else "affirmed"
    if is_question(field.label) and subject.term != "Family member":
        put = proposition(field.label, subject)
        if put is not None and no and put.denies:
            return answer(f"{subject.term} {subject.does('deny')} {put.denies}", whole, polarity)
        if put is not None and not no and put.reports:
            return answer(f"{subject.term} {subject.does('report')} {put.reports}", whole, polarity)
    return answer(_asked_and_answered(field.label, value, subject), whole, polarity)


def _sentence_by_sentence(
    asked: _Asked, subject: Subject, style: Style, told: Sequence[Span]
) -> list[Answer]:
    field, answer = asked.field, asked.answer
    found = []
    for piece in sentences(field.value):
        if any(span.start < piece.end and piece.start < span.end for span in told):
            continue
        text = field.value[piece.start : piece.end]
        span = Span(field.id, piece.start, piece.end)
        put = reported(text, subject)
        found.append(answer(put or f"{subject.term} {subject.does('state')}, {quoted(text)}", span))
    return found[: _SENTENCES[style.detail]]
