"""What is wrong with a body, statement by statement: body, turns and facts in, findings out.

It trusts no engine: every statement is held against the words its spans point at. A `blocking` finding must be
resolved before a note can be signed; an `advisory` one is for the reader's eye. It mends nothing.

    finding kind              severity   what is wrong
    no_evidence               blocking   no span at all
    invalid_span              blocking   a span that is no slice of a turn
    unsupported_number        blocking   a number (dose, date, score) that stands in no evidence
    unsupported_date          blocking   a month or weekday that stands in no evidence
    unsupported_drug          blocking   a drug name that stands in no evidence
    quote_not_exact           blocking   quoted words that are no exact slice of the evidence
    quote_wrong_speaker       blocking   quoted words of another than the one they are given to
    denial_without_question   blocking   `denies` without a clinician's question and a negative answer
    polarity                  blocking   affirms what its evidence negates, or the reverse
    wrong_role                blocking   an intervention or a plan that no clinician's words support
    not_from_audio            blocking   appearance, affect or eye contact that nobody spoke of
    diagnosis                 blocking   a diagnostic judgement that nobody spoke
    risk_level                blocking   a level of risk that nobody spoke
    risk_not_quoted           blocking   a risk statement that the note does not quote
    unsupported               blocking   hardly a word of it stands in its evidence
    weak_support              advisory   less than half of its words stand in its evidence
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from summarizer.content import content_stems, numbers
from summarizer.cues import DRUGS
from summarizer.discourse import CLIENT_SIDE
from summarizer.language import is_question
from summarizer.polarity import answer_polarity, has_negation
from summarizer.techniques import TECHNIQUES
from summarizer.templates import Template
from summarizer.types import Context, Fact, Finding, NoteBody, Role, Severity, Span, Statement, Style, Turn
from summarizer.wording import core, plain

_QUOTE = re.compile(r"\"([^\"]+)\"|“([^”]+)”|«([^»]+)»")
_DATE = re.compile(
    r"\b(january|february|march(?! (?:on|off|out))|april|june|july|august|september|october"
    r"|november|december|monday|tuesday|wednesday|thursday|friday|saturday|sunday)s?\b",
    re.I,
)
_DRUG = re.compile(rf"\b(?:{DRUGS})\b", re.I)
_UNSEEN = re.compile(
    r"\b(?:affect|eye contact|well[- ]groomed|groom\w*|dishevel\w*|psychomotor|gait|tearful"
    r"|appear(?:s|ed|ance)|euthymic|flat|blunted|constricted|congruent|posture|fidget\w*|restless"
    r"|cooperative|oriented|insight|judge?ment)\b",
    re.I,
)
_DIAGNOSIS = re.compile(
    r"\b(?:meets? (?:the )?criteria|diagnos(?:is|es|tic|ed)|consistent with|indicative of"
    r"|suggestive of|disorder|rule out|differential|likely (?:has|have|represents))\b",
    re.I,
)
_LEVEL = re.compile(
    r"\b(?:(?:low|moderate|high|elevated|imminent|minimal|acute|chronic) (?:acute )?(?:suicid\w+ "
    r"|safety )?risk|risk (?:level|is (?:low|moderate|high|elevated))|not (?:a"
    r"|an imminent) (?:danger|risk))\b",
    re.I,
)
_DENIES = re.compile(r"\b(?:denie[sd]|denying|deny)\b", re.I)
_GIVEN_TO_CLINICIAN = re.compile(
    r"\b(?:asked|observed|clinician|therapist|e\.g\.|proposed"
    r"|recommended)\b",
    re.I,
)
FRAME_STEMS = frozenset(
    content_stems(
        "client patient clinician therapist reports reported states stated believes wants would "
        "denies denied asked answered responded response noted "
        "family member interpreter participant agreed advised recommended discussed option "
        "appointment next treatment goal addressed confirmed feeling "
        "in response to observed aloud having being unable able plans schedule follow continue "
        "through directly does did not used provided guided led engaged explored reviewed "
        "identified supports voiced thought about"
    )
) | frozenset(content_stems(" ".join(technique.name for technique in TECHNIQUES)))
_TECHNIQUE_WORDINGS = tuple(technique.wording for technique in TECHNIQUES)
_PLAN_KINDS = frozenset({"plan", "homework", "homework.assigned", "next_appointment", "agreement"})
_UNSUPPORTED_SHARE, _WEAK_SHARE = 0.25, 0.5


def check(
    body: NoteBody,
    turns: Sequence[Turn],
    facts: Sequence[Fact] = (),
    *,
    template: Template | None = None,
    style: Style | None = None,
    context: Context | None = None,
) -> tuple[Finding, ...]:
    """All findings of a body, in the order of its statements, those of the whole note last.

    Without a `template` no role is required of any section; without `facts` risk is not looked for.
    """
    style, context = style or Style(), context or Context()
    by_id = {turn.id: turn for turn in turns}
    found: list[Finding] = []
    for section in body.sections:
        outline = template.section(section.code) if template else None
        kinds = frozenset(outline.kinds) if outline else frozenset()
        for statement in section.statements:
            found.extend(_statement(statement, kinds, by_id, style, context))
    found.extend(_risk(body, facts))
    return tuple(found)


def _finding(kind: str, statement: Statement | None, detail: str, severity: Severity = "blocking") -> Finding:
    return Finding(kind, severity, statement.id if statement else None, detail)


def _statement(
    statement: Statement, kinds: frozenset[str], turns: Mapping[str, Turn], style: Style, context: Context
) -> list[Finding]:
    if not statement.evidence:
        return [_finding("no_evidence", statement, "This statement points at nothing that was said.")]
    if not all(_is_valid(span, turns) for span in statement.evidence):
        return [
            _finding(
                "invalid_span", statement, "The evidence of this statement is no part of the transcript."
            )
        ]
    said = [
        (turns[span.turn].role, turns[span.turn].text[span.start : span.end]) for span in statement.evidence
    ]
    evidence = " \n ".join(text for _, text in said)
    if statement.support == "context":
        given = [text for _, text in context.treatment_goals] + [
            identity for identity, _ in context.treatment_goals
        ]
        evidence = " \n ".join([evidence, *given, *context.diagnoses])
    found = _values(statement, evidence)
    found += _quotes(statement, said, style)
    found += _denial(statement, said)
    found += _polarity(statement, said, evidence)
    found += _roles(statement, kinds, {role for role, _ in said})
    found += _judgements(statement, evidence, context)
    found += _support(statement, evidence, style)
    return found


def _is_valid(span: Span, turns: Mapping[str, Turn]) -> bool:
    return span.turn in turns and 0 <= span.start < span.end <= len(turns[span.turn].text)


def _unquoted(text: str) -> str:
    return _QUOTE.sub(" ", text)


def _values(statement: Statement, evidence: str) -> list[Finding]:
    found = []
    heard = plain(evidence)
    for number in sorted(numbers(statement.text) - numbers(evidence) - numbers(heard)):
        found.append(
            _finding(
                "unsupported_number",
                statement,
                f"The number {number} stands in no evidence of this statement.",
            )
        )
    low = evidence.lower()
    for kind, pattern, what in (
        ("unsupported_date", _DATE, "date"),
        ("unsupported_drug", _DRUG, "drug name"),
    ):
        for word in sorted({match.group().lower() for match in pattern.finditer(statement.text)}):
            if word.rstrip("s") not in low:
                found.append(
                    _finding(kind, statement, f"The {what} {word!r} stands in no evidence of this statement.")
                )
    return found


def _quotes(statement: Statement, said: Sequence[tuple[Role, str]], style: Style) -> list[Finding]:
    found = []
    for match in _QUOTE.finditer(statement.text):
        quote = next(group for group in match.groups() if group)
        holders = {role for role, text in said if quote in text}
        if not holders:
            found.append(
                _finding("quote_not_exact", statement, "The quoted words are not exactly what was said.")
            )
            continue
        before = _unquoted(statement.text[: match.start()])
        given = re.split(r"[;,(]\s*", before)
        lead = next((part for part in reversed(given) if part.strip()), before).lower()
        to_clinician = bool(_GIVEN_TO_CLINICIAN.search(lead)) or lead.strip().startswith(
            style.clinician_term.lower()
        )
        to_client = (
            bool(re.search(r"\b(?:client|answered|responded|states)\b", lead))
            or style.client_term.lower() in lead
        )
        wrong = (to_clinician and not to_client and "clinician" not in holders) or (
            to_client and not to_clinician and not holders & (CLIENT_SIDE | {"other"})
        )
        if wrong:
            found.append(
                _finding("quote_wrong_speaker", statement, "The quoted words are another speaker's.")
            )
    return found


def has_question_and_no(said: Sequence[tuple[Role, str]]) -> bool:
    """Whether evidence holds a clinician's question and a negative answer of the client's side."""
    asked = any(role == "clinician" and is_question(_last_sentence(text)) for role, text in said)
    return asked and any(role in CLIENT_SIDE and answer_polarity(text) == "no" for role, text in said)


def _last_sentence(text: str) -> str:
    return text if text.rstrip().endswith("?") else re.split(r"(?<=[.!?])\s+", text.strip())[-1]


def _denial(statement: Statement, said: Sequence[tuple[Role, str]]) -> list[Finding]:
    words = _unquoted(statement.text)
    if not _DENIES.search(words):
        return []
    dictated = statement.support == "clinician" and any(
        role == "clinician" and _DENIES.search(text) for role, text in said
    )
    if dictated or has_question_and_no(said):
        return []
    return [
        _finding(
            "denial_without_question",
            statement,
            "It says that the client denies, but no question with a negative answer is its evidence.",
        )
    ]


def _polarity(statement: Statement, said: Sequence[tuple[Role, str]], evidence: str) -> list[Finding]:
    """Plain disagreement only: what is quoted, denied or asked carries its polarity with it."""
    words = _unquoted(statement.text)
    if _QUOTE.search(statement.text) or _DENIES.search(words) or statement.support == "context":
        return []
    if any(role == "clinician" and is_question(_last_sentence(text)) for role, text in said):
        negative = any(role in CLIENT_SIDE and answer_polarity(text) == "no" for role, text in said)
        if negative and not has_negation(words):
            return [_finding("polarity", statement, "It affirms what the client answered with no.")]
        return []
    if any(
        wording.split(" ", 1)[0] in words and wording.rsplit(" ", 1)[0] in words
        for wording in _TECHNIQUE_WORDINGS
    ):
        return []
    if has_negation(words) and not has_negation(plain(evidence)):
        return [_finding("polarity", statement, "It negates, and its evidence does not.")]
    if not _ANY_NEGATION.search(words) and all(_mainly_negative(text) for _, text in said):
        return [_finding("polarity", statement, "It affirms, and its evidence negates.")]
    return []


_ANY_NEGATION = re.compile(
    r"\b(?:not|no|never|cannot|unable|without|none|nothing|nobody"
    r"|hardly|barely|denies)\b|n't\b",
    re.I,
)
_MAIN_NEGATION = re.compile(
    r"^(?:\W*(?:and|but|so|well|um|uh|yeah|no|nope|nah|okay|oh|like|just"
    r"|really)\b\W*)*(?:\w+ ){1,2}(?:(?:do|does|did|is|are|was|were|have|has|had|can|could|will"
    r"|would|am) not|cannot|never)\b",
    re.I,
)


def _mainly_negative(text: str) -> bool:
    """Whether the main verb of a clause is negated (`I don't sleep`), not some later one."""
    return bool(_MAIN_NEGATION.match(core(text)))


def _roles(statement: Statement, kinds: frozenset[str], roles: set[Role]) -> list[Finding]:
    if not kinds or "clinician" in roles:
        return []
    if kinds <= {"intervention"}:
        return [_finding("wrong_role", statement, "An intervention must rest on the clinician's words.")]
    if kinds <= _PLAN_KINDS:
        # What the client takes on rests on the question or proposal that it answers.
        return [_finding("wrong_role", statement, "A plan must rest on something that the clinician said.")]
    return []


def _judgements(statement: Statement, evidence: str, context: Context) -> list[Finding]:
    words = _unquoted(statement.text)
    low = evidence.lower() + " ".join(context.diagnoses).lower()
    found = []
    for kind, pattern, detail in (
        (
            "not_from_audio",
            _UNSEEN,
            "What can only be seen, or is the clinician's to judge, was not spoken of.",
        ),
        ("diagnosis", _DIAGNOSIS, "A diagnostic judgement stands in no evidence."),
        ("risk_level", _LEVEL, "A level of risk stands in no evidence."),
    ):
        if any(match.group().lower()[:6] not in low for match in pattern.finditer(words)):
            found.append(_finding(kind, statement, detail))
    return found


def _support(statement: Statement, evidence: str, style: Style) -> list[Finding]:
    if statement.support == "context":
        return []
    words = _unquoted(statement.text)
    wanted = (
        set(content_stems(words))
        - FRAME_STEMS
        - set(content_stems(f"{style.client_term} {style.clinician_term}"))
    )
    if any(_names_technique(words, wording) for wording in _TECHNIQUE_WORDINGS):
        return []
    if not wanted:
        return []
    share = len(wanted & (set(content_stems(evidence)) | set(content_stems(plain(evidence))))) / len(wanted)
    if share < _UNSUPPORTED_SHARE:
        return [_finding("unsupported", statement, "Hardly a word of this statement stands in its evidence.")]
    if share < _WEAK_SHARE:
        return [
            _finding(
                "weak_support",
                statement,
                "Less than half of this statement's words stand in its evidence.",
                "advisory",
            )
        ]
    return []


def _names_technique(words: str, wording: str) -> bool:
    """Whether a statement is the fixed sentence of a technique (its support is the table's, not the words')."""
    head = wording.split("client")[0].strip()
    return len(head) > 6 and head in words


def _risk(body: NoteBody, facts: Sequence[Fact]) -> list[Finding]:
    written = "\n".join(statement.text for section in body.sections for statement in section.statements)
    missing = [fact for fact in facts if fact.kind == "risk" and fact.text not in written]
    return [
        _finding(
            "risk_not_quoted",
            None,
            f"A risk statement (turn {fact.evidence[0].turn}) is not quoted in the note.",
        )
        for fact in missing
    ]
