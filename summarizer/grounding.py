"""What is wrong with a body, statement by statement: body, turns and facts in, findings out.

It trusts no engine: every statement is held against the words its spans point at. A `blocking` finding must be
resolved before a note can be signed; an `advisory` one is for the reader's eye. It mends nothing.

    finding kind              severity   what is wrong
    no_evidence               blocking   no span at all
    invalid_span              blocking   a span that is no slice of a turn
    unsupported_number        blocking   a number, its unit or how often that stands in no evidence
    unsupported_date          blocking   a date that stands in no evidence
    unsupported_drug          blocking   a drug name that stands in no evidence
    quote_not_exact           blocking   quoted words that are no exact slice of the evidence
    quote_wrong_speaker       blocking   quoted words of another than the one they are given to
    wrong_speaker             blocking   a report or an act of one whose words are not its evidence
    denial_without_question   blocking   `denies` without a clinician's question and a negative answer
    polarity                  blocking   affirms what its evidence negates, or the reverse
    wrong_role                blocking   an intervention or a plan that no clinician's words support
    not_agreed                blocking   a plan that was only asked about and that nobody said yes to
    technique_not_shown       blocking   an intervention that the clinician's words do not show
    not_from_audio            blocking   appearance, affect, eye contact and the like that nobody spoke of
    diagnosis                 blocking   a diagnostic judgement that nobody spoke
    risk_level                blocking   a level of risk that nobody spoke
    wrong_support             blocking   a kind of support that its evidence does not have
    risk_not_quoted           blocking   a risk statement that the note does not quote
    unsupported               blocking   hardly a word of it stands in its evidence, or the verifier refuses it
    weak_support              advisory   less than half of its words stand in its evidence, or the verifier doubts it
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from summarizer.content import content_stems
from summarizer.discourse import CLIENT_SIDE
from summarizer.judgements import unspoken
from summarizer.language import is_backchannel, is_question
from summarizer.polarity import answer_polarity, has_negation
from summarizer.risk import topics_in
from summarizer.subject import client_of, clinician_of
from summarizer.techniques import TECHNIQUES, Technique
from summarizer.templates import Template
from summarizer.types import Context, Fact, Finding, NoteBody, Role, Severity, Span, Statement, Style, Turn
from summarizer.values import unsaid
from summarizer.verifier import UNSUPPORTED_BELOW, WEAK_BELOW, Verifier
from summarizer.verifier_evidence import AFFIRMED, NEGATED, read_statement
from summarizer.verifier_features import Heard
from summarizer.wording import core, plain

_QUOTE = re.compile(
    r"\"([^\"]+)\"|“([^”]+)”|«([^»]+)»|‘([^’]+(?:’\w[^’]*)*)’(?!\w)|(?<!\w)'([^']+(?:'\w[^']*)*)'(?!\w)"
)
_DENIES = re.compile(
    r"\b(?:denie[sd]|denying|deny|(?:does|did|do) not (?:endorse|admit|acknowledge)|negative for)\b"
    r"|\bno (?:current |active"
    r" |recent |evidence of |reported |known )*(?:SI|HI|suicid\w+|homicid\w+|self-harm|safety concerns?"
    r"|(?:thoughts?|intent"
    r"|plans?) (?:of|to) (?:suicide|self-harm|harm\w*|kill\w*|hurt\w*))\b",
    re.I,
)
_GIVEN_TO_CLINICIAN = re.compile(
    r"\b(?:asked|observed|clinician|therapist|e\.g\.|proposed"
    r"|recommended)\b",
    re.I,
)
_CLIENT_SAYS = (
    r"(?:report|state|endorse|describe|den(?:y|ie)|mention|express|admit|acknowledge|share|disclose"
    r"|identif(?:y|ie)|complain"
    r"|voice|answer|respond|believe|want|feel|worr(?:y|ie)|wish|agree|confirm)(?:s|d|ed)\b"
)
_CLINICIAN_ACTS = (
    r"(?:also )?(?:recommend|advise|propose|suggest|explain|discuss|ask|state|note|observe|believe"
    r"|provide|review|encourage|guide"
    r"|lead|led|teach|taught|assign|refer|prescribe|instruct|validate|reflect|explore|introduce)(?:s|d"
    r"|ed|red)?\b"
)
FRAME_STEMS = frozenset(
    content_stems(
        "client patient clinician therapist reports reported states stated believes wants would "
        "denies denied asked answered responded response noted "
        "family member interpreter participant agreed advised recommended discussed option "
        "appointment next treatment goal addressed confirmed feeling "
        "in response to observed aloud having being unable able plans schedule follow continue "
        "through directly does did not used provided guided led engaged explored reviewed "
        "identified supports voiced thought about later"
    )
) | frozenset(content_stems(" ".join(technique.name for technique in TECHNIQUES)))
_PLAN_KINDS = frozenset({"plan", "homework", "homework.assigned", "next_appointment", "agreement"})
_UNSUPPORTED_SHARE, _WEAK_SHARE = 0.25, 0.5
_FEWEST_WORDS = 2
"""Words of content below which there is too little for the verifier to judge (`not doing any of that`)."""
_PLANNED_SHARE = 0.3
"""Of a plan's words those that must be the clinician's; the client may have named the day or the place."""
_REVERSED_SHARE = 0.6
"""Of a statement's words that were heard those that must have been denied for it to be the reverse of what was said."""


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
    order = {turn.id: i for i, turn in enumerate(turns)}
    found: list[Finding] = []
    for section in body.sections:
        outline = template.section(section.code) if template else None
        kinds = frozenset(outline.kinds) if outline else frozenset()
        for statement in section.statements:
            found.extend(_statement(statement, kinds, by_id, order, style, context))
    found.extend(_risk(body, facts))
    return tuple(found)


def _finding(kind: str, statement: Statement | None, detail: str, severity: Severity = "blocking") -> Finding:
    return Finding(kind, severity, statement.id if statement else None, detail)


def _statement(
    statement: Statement,
    kinds: frozenset[str],
    turns: Mapping[str, Turn],
    order: Mapping[str, int],
    style: Style,
    context: Context,
) -> list[Finding]:
    if not statement.evidence:
        return [_finding("no_evidence", statement, "This statement points at nothing that was said.")]
    if not all(_is_valid(span, turns) for span in statement.evidence):
        return [
            _finding(
                "invalid_span", statement, "The evidence of this statement is no part of the transcript."
            )
        ]
    spans = sorted(statement.evidence, key=lambda span: (order[span.turn], span.start))
    said = [(turns[span.turn].role, turns[span.turn].text[span.start : span.end]) for span in spans]
    given: list[str] = []
    if statement.support == "context":
        given = [part for goal in context.treatment_goals for part in goal] + list(context.diagnoses)
    heard = Heard(said)
    words = _unquoted(statement.text)
    found = [
        _finding(one.kind, statement, f"{one.what} stands in no evidence of this statement.")
        for one in unsaid(statement.text, [*(text for _, text in said), *given, style.client_term])
    ]
    found += _quotes(statement, said, style)
    found += _speaker(statement, words, said, style)
    found += _denial(statement, said)
    found += _polarity(statement, said, heard, style)
    found += _roles(statement, words, kinds, said)
    found += _techniques(statement, words, said, style)
    found += [
        _finding(kind, statement, detail)
        for kind, detail in unspoken(words, [text for _, text in said], [*given, *context.diagnoses])
    ]
    found += _support(statement, words, said, given, heard, style)
    return found


def _is_valid(span: Span, turns: Mapping[str, Turn]) -> bool:
    return span.turn in turns and 0 <= span.start < span.end <= len(turns[span.turn].text)


def _unquoted(text: str) -> str:
    return _QUOTE.sub(" ", text)


def _quotes(statement: Statement, said: Sequence[tuple[Role, str]], style: Style) -> list[Finding]:
    found = []
    if _QUOTE.sub("", statement.text).count('"') % 2 or "“" in _QUOTE.sub("", statement.text):
        found.append(_finding("quote_not_exact", statement, "A quotation is opened and never closed."))
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
        clinician = clinician_of(style).inside.lower()
        to_clinician = bool(_GIVEN_TO_CLINICIAN.search(lead)) or lead.strip().startswith(f"{clinician} ")
        to_client = (
            bool(re.search(r"\b(?:client|patient|answered|responded|states|reports|says)\b", lead))
            or style.client_term.lower() in lead
            or (not to_clinician and bool(re.search(r"\bstated\b", lead)))
        )
        wrong = (to_clinician and not to_client and "clinician" not in holders) or (
            to_client and not to_clinician and not holders & (CLIENT_SIDE | {"other"})
        )
        if wrong:
            found.append(
                _finding("quote_wrong_speaker", statement, "The quoted words are another speaker's.")
            )
    return found


def _speaker(
    statement: Statement, words: str, said: Sequence[tuple[Role, str]], style: Style
) -> list[Finding]:
    """What is told as one person's report or act must rest on that person's words."""
    roles = {role for role, _ in said}
    lead = words.strip()
    writer = re.escape(clinician_of(style).term)
    clinician = rf"^(?:the )?(?:clinician|therapist|{writer}) {_CLINICIAN_ACTS}"
    if re.match(clinician, lead, re.I) and "clinician" not in roles:
        return [
            _finding(
                "wrong_speaker", statement, "An act of the clinician must rest on the clinician's words."
            )
        ]
    client = (
        rf"^(?:the )?(?:client|patient|{re.escape(style.client_term)}|he|she|they) (?:also )?{_CLIENT_SAYS}"
    )
    if not re.match(client, lead, re.I) or roles & (CLIENT_SIDE | {"other"}):
        return []
    # A dictated note, or a clinician who tells what the client told, speaks of the client.
    told = any(_TELLS_OF_CLIENT.search(text) for role, text in said if role == "clinician")
    if told or statement.support == "context":
        return []
    return [_finding("wrong_speaker", statement, "A report of the client must rest on the client's words.")]


_TELLS_OF_CLIENT = re.compile(
    r"\b(?:client|patient|pt|he|she|they|you(?:['’]ve)? (?:\w+ )?(?:told|said|mentioned|report\w*"
    r"|shared|described|agreed))\b",
    re.I,
)


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
        role == "clinician" and (_DENIES.search(text) or has_negation(plain(text))) for role, text in said
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


def _polarity(
    statement: Statement, said: Sequence[tuple[Role, str]], heard: Heard, style: Style
) -> list[Finding]:
    """Plain disagreement only: what is quoted or asked carries its polarity with it."""
    words = _unquoted(statement.text)
    if statement.support == "context":
        return []
    if _REPORTS_NOTHING.search(words) is None and (reversed_ := _reversed(words, heard)):
        return [_finding("polarity", statement, reversed_)]
    if _QUOTE.search(statement.text) or _DENIES.search(words):
        return []
    if any(role == "clinician" and is_question(_last_sentence(text)) for role, text in said):
        negative = any(role in CLIENT_SIDE and answer_polarity(text) == "no" for role, text in said)
        if negative and not has_negation(words):
            return [_finding("polarity", statement, "It affirms what the client answered with no.")]
        return []
    if _technique_in(words, style):
        return []
    if has_negation(words) and not has_negation(plain(" \n ".join(text for _, text in said))):
        return [_finding("polarity", statement, "It negates, and its evidence does not.")]
    if not _ANY_NEGATION.search(words) and all(_mainly_negative(text) for _, text in said):
        return [_finding("polarity", statement, "It affirms, and its evidence negates.")]
    return []


_REPORTS_NOTHING = re.compile(r"^\W*(?:asked|in response)\b", re.I)


def _reversed(words: str, heard: Heard) -> str:
    """How a statement's words are the reverse of the same words in its evidence; empty where they are not."""
    claim = read_statement(words)
    denied = affirmed = heard_denied = heard_affirmed = 0
    for word, flag in zip(claim.stems, claim.flags, strict=True):
        if word in FRAME_STEMS or word not in heard.where:
            continue
        lines = [heard.lines[i] for i in heard.where[word]]
        flags = {f for line in lines for said, f in zip(line.stems, line.flags, strict=True) if said == word}
        if flag == NEGATED:
            denied += 1
            heard_affirmed += flags == {AFFIRMED}
        else:
            affirmed += 1
            heard_denied += flags == {NEGATED}
    if heard_affirmed and heard_affirmed == denied and denied >= affirmed:
        return "It denies what its evidence does not deny."
    if affirmed and not has_negation(words) and heard_denied >= max(_REVERSED_SHARE * affirmed, 1):
        return "It affirms what its evidence denies."
    return ""


_ANY_NEGATION = re.compile(
    r"\b(?:not|no|never|cannot|unable|without|none|nothing|nobody"
    r"|hardly|barely|denies|denied)\b|n't\b",
    re.I,
)
_MAIN_NEGATION = re.compile(
    # One way only to part the words of the lead: two would be tried in every combination.
    r"^\W*(?:(?:and|but|so|well|um|uh|yeah|no|nope|nah|okay|oh|like|just"
    r"|really)\b\W+)*(?:\w+ ){1,2}(?:(?:do|does|did|is|are|was|were|have|has|had|can|could|will"
    r"|would|am) not|cannot|never)\b",
    re.I,
)


def _mainly_negative(text: str) -> bool:
    """Whether the main verb of a clause is negated (`I don't sleep`), not some later one."""
    return bool(_MAIN_NEGATION.match(core(text)))


def _roles(
    statement: Statement, words: str, kinds: frozenset[str], said: Sequence[tuple[Role, str]]
) -> list[Finding]:
    roles = {role for role, _ in said}
    if not kinds:
        return []
    if kinds <= {"intervention"} and "clinician" not in roles:
        return [_finding("wrong_role", statement, "An intervention must rest on the clinician's words.")]
    if not kinds <= _PLAN_KINDS:
        return []
    if "clinician" not in roles:
        # What the client takes on rests on the question or proposal that it answers.
        return [_finding("wrong_role", statement, "A plan must rest on something that the clinician said.")]
    proposals = [text for role, text in said if role == "clinician" and not is_backchannel(text)]
    wanted = set(content_stems(words)) - FRAME_STEMS
    proposed = wanted & {stem for text in proposals for stem in _stems_said(text)}
    client = [text for role, text in said if role != "clinician"]
    agreed = any(answer_polarity(text) == "yes" or _AGREES.search(text) for text in client)
    answered = bool(client) and any(is_question(_last_sentence(text)) for text in proposals)
    if wanted and len(proposed) < _PLANNED_SHARE * len(wanted) and not (proposals and (agreed or answered)):
        return [_finding("wrong_role", statement, "What is planned stands in no words of the clinician.")]
    if client and proposals and all(answer_polarity(text) == "no" for text in client):
        asked = all(is_question(_last_sentence(text)) for text in proposals)
        if asked and not has_negation(words):
            return [_finding("not_agreed", statement, "The client said no to what stands here as planned.")]
    return []


_AGREES = re.compile(
    r"\b(?:sure|okay|ok|fine|sounds good|that works|i(?: ca|['’]ll| will| can| could| would| guess so)"
    r"|works for me|all right|alright"
    r"|i(?:['’]m| am) (?:willing|open|happy|going)|let['’]?s|good idea|great|perfect|i promise)\b",
    re.I,
)


def _stems_said(text: str) -> set[str]:
    return set(content_stems(text)) | set(content_stems(plain(text)))


def _technique_in(words: str, style: Style) -> Technique | None:
    """The technique whose fixed sentence a statement holds (its support is the table's, not the words')."""
    low = words.lower()
    client = client_of(style).inside
    for technique in TECHNIQUES:
        if re.sub(r"\bclient\b", lambda _: client, technique.wording).lower() in low:
            return technique
    return None


def _techniques(
    statement: Statement, words: str, said: Sequence[tuple[Role, str]], style: Style
) -> list[Finding]:
    """A specific technique is named only where the clinician's own words show it, or name it (dictation)."""
    named = _technique_in(words, style)
    if named is None or named.broad or statement.support == "context":
        return []
    shown = [plain(text) for role, text in said if role == "clinician"]
    if any(named.pattern.search(text) or named.wording in text.lower() for text in (*shown, " ".join(shown))):
        return []
    return [
        _finding(
            "technique_not_shown", statement, "The clinician's words do not show the intervention it names."
        )
    ]


def _support(
    statement: Statement,
    words: str,
    said: Sequence[tuple[Role, str]],
    given: Sequence[str],
    heard: Heard,
    style: Style,
) -> list[Finding]:
    wanted = (
        set(content_stems(words))
        - FRAME_STEMS
        - set(content_stems(f"{style.client_term} {style.clinician_term}"))
    )
    evidence = " \n ".join([*(text for _, text in said), *given])
    if statement.support == "context" and not given:
        return [
            _finding("wrong_support", statement, "It rests on a context that the clinician did not give.")
        ]
    if statement.support == "clinician" and all(role != "clinician" for role, _ in said):
        return [
            _finding(
                "wrong_support", statement, "It rests on the clinician, whose words are not its evidence."
            )
        ]
    technique = _technique_in(words, style)
    if technique is not None:
        wanted -= set(content_stems(technique.wording))
    if not wanted:
        return []
    held = _stems_said(evidence) | set(heard.where)
    claimed = {name for name, _ in topics_in(words)}
    if claimed and claimed <= {name for name, _ in topics_in(evidence)}:
        # `suicidal ideation` is the note's word for what was asked in many others.
        held |= {stem for name in claimed for stem in content_stems(name)} | _RISK_STEMS
    share = len(wanted & held) / len(wanted)
    if share < _UNSUPPORTED_SHARE:
        return [_finding("unsupported", statement, "Hardly a word of this statement stands in its evidence.")]
    score = 1.0
    if statement.support != "context" and technique is None and not claimed and len(wanted) >= _FEWEST_WORDS:
        score = Verifier.load().score_heard(statement.text, heard)
    if score < UNSUPPORTED_BELOW:
        return [_finding("unsupported", statement, "Its evidence does not say what this statement says.")]
    if share < _WEAK_SHARE:
        return [
            _finding(
                "weak_support",
                statement,
                "Less than half of this statement's words stand in its evidence.",
                "advisory",
            )
        ]
    if score < WEAK_BELOW:
        return [
            _finding(
                "weak_support",
                statement,
                "Its evidence may not say what this statement says; read the two side by side.",
                "advisory",
            )
        ]
    return []


_RISK_STEMS = frozenset(
    content_stems("si hi suicidal suicide homicidal ideation thoughts self-harm harm harming self")
)


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
