"""A clinician's question and the client's answer read together: clauses in, facts of whole answers out.

Some answers mean nothing without their question (`Who is there for you?` `My sister. And my dog.`). Here the
question decides of which kind such an answer is; its sentences are kept together, and what it says is quoted
or, where question and answer fit for certain, put together by `phrasing`. It takes nothing that touches risk.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from summarizer.clinician import fact_of
from summarizer.content import numbers
from summarizer.cues import DRUGS, PSYCHIATRIC_DRUG, SMALL_TALK
from summarizer.discourse import CLIENT_SIDE, Clause, Question
from summarizer.language import broken_off, is_backchannel, sentences, word_list
from summarizer.polarity import answer_polarity
from summarizer.types import Fact, FactKind, Polarity, Span
from summarizer.wording import UNCLEAR, core, plain

_LONGEST_THOUGHT = 20
"""Words of an answer beyond which it tells a story rather than a thought."""
_LONGEST_ANSWER = 45
"""Words of an answer that are quoted together; sentences beyond are read by themselves."""


@dataclass(frozen=True, slots=True)
class _Form:
    """What a question of this form asks for: the name of the form, the kind and aspect of its answer."""

    name: str
    kind: FactKind
    aspect: str
    pattern: re.Pattern[str]


def _form(name: str, kind: FactKind, aspect: str, pattern: str) -> _Form:
    return _Form(name, kind, aspect, re.compile(rf"\b(?:{pattern})", re.I))


_SUPPORT_ASKED = (
    r"who (?:(?:else )?(?:is|are)|'s) (?:\w+ )?(?:there for you|around|in your corner|supporting"
    r"|by your side)"
    r"|who (?:do|can|could|would|did) you (?:\w+ )?(?:turn|talk|lean|call|reach|rely|go|count"
    r"|open up|trust|confide)"
    r"|who (?:supports|helps|looks after|else knows|has been (?:there|supporting))"
    r"|support (?:system|network|group|from|at home|in your life)|(?:do|have) you (?:\w+ )?(?:any|some|enough"
    r"|much|a lot of)?(?: \w+)? ?support\b|what (?:is|are) your supports?\b|what supports?\b"
    r"|(?:is there |are there |have |do you have )?(?:anyone|anybody|someone|somebody|people"
    r"|friends or family)"
    r" (?:that |who |whom )?(?:you (?:can|could|trust|feel close)|in your life|supports?|helps|around you)"
    r"|what (?:keeps|has kept|kept) you (?:going|alive|here|afloat)|what (?:gets|got|helps"
    r"|carries) you (?:to )?(?:get )?"
    r"through|reasons? (?:to|for) (?:live|living|keep going|go on)|what gives you (?:hope"
    r"|strength|comfort|meaning|joy)"
    r"|(?:source|sources) of (?:strength|comfort|support|hope)|where do you (?:get|find"
    r"|draw) (?:your )?(?:strength|support"
    r"|comfort|hope)|what do you live for"
)
_THOUGHT_ASKED = (
    r"(?:which|what) (?:(?:was|is|were|are) )?(?:the |that |those )?(?:\w+ )?(?<!your )(?:thoughts?|belief)\b"
    r"(?! (?:records?|logs?|diary|on|about|of|for)\b)|what (?:goes|went|was going|is going"
    r"|was running|runs|ran|comes|came|popped) "
    r"(?:through|into|to|up in) your (?:mind|head)|what (?:do|did|were|are) you (?:telling|tell"
    r"|saying|say) (?:to )?yourself"
    r"|what (?:were|was) you thinking|what are you afraid (?:will|would|might)"
    r"|what (?:is|was) the worst (?:that|thing|case)"
)
_SCALE_ASKED = (
    r"(?:zero|one|0|1) (?:to|and|through) (?:\w+ ){0,2}(?:ten|10|a hundred|one hundred|hundred|100)\b"
    r"|out of (?:ten|10|a hundred|100)\b|on a scale|(?:what|how many|which) percent"
    r"|how (?:strongly|much) do you (?:still )?believe"
)
_TOPICS: tuple[tuple[FactKind, str, str], ...] = (
    ("sleep", "sleep", r"sleep\w*"),
    ("appetite", "appetite", r"appetite|eat(?:ing)?"),
    ("energy", "energy", r"energy|motivation"),
    ("symptom", "mood", r"mood"),
    ("symptom", "anxiety", r"anxiety"),
    ("symptom", "depression", r"depression"),
    ("symptom", "panic", r"panic(?: attacks?)?"),
    ("symptom", "pain", r"pain"),
    ("symptom", "concentration", r"concentration|concentrating|focus"),
    ("functioning", "work", r"work|job"),
    ("functioning", "school", r"school|college|classes"),
    ("functioning", "home life", r"home|home life"),
    ("functioning", "the relationship", r"(?:the|your) (?:relationship|marriage)"),
    ("substance_use", "drinking", r"drinking|alcohol"),
    ("substance_use", "smoking", r"smoking"),
)
"""Kind, the noun that an `it` of the answer stands for, and the words by which the question names it."""
_HOW = (
    r"(?:how (?:is|are|was|were|has|have|did|do|does|about)|what about"
    r"|tell me (?:a (?:little|bit) )?(?:more )?about)\b"
)
_TOPIC_ASKED = tuple(
    (
        noun,
        _form(
            "topic",
            kind,
            "",
            rf"{_HOW} (?:(?:you|your|the|things|it|been|feeling|doing|going|with|at|on|currently|lately"
            rf"|these days|any)\s+){{0,5}}(?:{words})\b"
            r"(?=\s*(?:[?.,!]|$|(?:been|is|going|lately|now|today|these|this|last|over|since|at|in|right|currently"
            r"|or|and|doing|like|so|after|with|for|you)\b))",
        ),
    )
    for kind, noun, words in _TOPICS
)
_HOMEWORK_ASKED = _form(
    "answered",
    "homework",
    "done",
    r"(?:how (?:did|was|has|is|were|have) |did you (?:\w+ )?(?:get a chance|manage|do|try"
    r"|complete|practi[cs]e|write|fill)"
    r"|were you able)[^?]*\b(?:homework|thought (?:record|log)|worksheet|diary|journal(?:ing)?"
    r"|assignment|exercises?"
    r"|breathing|practi[cs]e|experiment|log)\b",
)
_MEDICATION_ASKED = _form(
    "medication",
    "medication",
    "",
    rf"(?:are you|have you been|do you|did you|how (?:is|are|was|has)|taking"
    rf"|still on)\b[^?]*\b(?:{DRUGS}|medications?|medicines?|meds?|pills?)\b",
)
_FORMS: tuple[_Form, ...] = (
    _form("support", "protective", "", _SUPPORT_ASKED),
    _form("rating", "progress", "", _SCALE_ASKED),
    _form("thought", "symptom", "cognition", _THOUGHT_ASKED),
    _HOMEWORK_ASKED,
)
_GOAL_NAMED = re.compile(
    r"\b(?:goals?(?: \w+){0,3}? (?:was|is|to|of)(?: to)?|wanted to|were (?:going|hoping|planning|trying) to"
    r"|been working on) (?P<goal>\w+[^.?!]*)",
    re.I,
)
_GOING = re.compile(
    r"\bhow (?:is|has|did|are|was|have) (?:that|it|this|things|you|those)\b(?: \w+){0,3}\W*$"
    r"|\bany (?:progress|luck|movement)\b|\bhow far\b",
    re.I,
)
_BALANCED = re.compile(
    r"\b(?:balanced|alternative|helpful|different|other|another|realistic|kinder)\b|\bfriend\b|\bevidence\b",
    re.I,
)
_RISKY = re.compile(r"\b(?:suicid\w*|hurt\w*|harm\w*|kill\w*|die|dying|dead|death|ending your)\b", re.I)


def exchange_facts(
    said: Sequence[Clause], taken: frozenset[tuple[str, int]]
) -> tuple[list[Fact], frozenset[tuple[str, int]]]:
    """Facts of whole answers, and the (turn, sentence start) of the sentences that they have told.

    `taken` are sentences that are told elsewhere already (risk).
    """
    found: list[Fact] = []
    told: set[tuple[str, int]] = set()
    for clause, question, answer in _answers(said, taken):
        fact, spent = _read(clause, question, answer)
        if fact is not None:
            if (named := _named_goal(fact, question)) is not None:
                found.append(named)
            found.append(fact)
            told.update((clause.turn.id, at) for at in spent)
    return found, frozenset(told)


@dataclass(frozen=True, slots=True)
class _Answer:
    """The sentences of an answering turn from its first on, as far as they are quoted together."""

    start: int
    end: int
    starts: tuple[int, ...]


def _answers(
    said: Sequence[Clause], taken: frozenset[tuple[str, int]]
) -> Iterator[tuple[Clause, Question, _Answer]]:
    for clause in said:
        question = clause.question
        if question is None or not clause.first or clause.turn.role not in CLIENT_SIDE:
            continue
        text = clause.turn.text
        pieces = [p for p in sentences(text) if p.start >= clause.sentence.start]
        kept: list[tuple[int, int]] = []
        for piece in pieces:
            body = text[piece.start : piece.end]
            if (
                (clause.turn.id, piece.start) in taken
                or body.rstrip().endswith("?")
                or UNCLEAR.search(body)
                or broken_off(text, piece)
                or "[" in body
                or (kept and len(text[kept[0][0] : piece.end].split()) > _LONGEST_ANSWER)
            ):
                break
            kept.append((piece.start, piece.end))
        if kept and not UNCLEAR.search(question.text) and len(question.last.split()) <= 40:
            yield clause, question, _Answer(kept[0][0], kept[-1][1], tuple(start for start, _ in kept))


def _read(clause: Clause, question: Question, answer: _Answer) -> tuple[Fact | None, tuple[int, ...]]:
    asked = plain(question.last)
    text = clause.turn.text[answer.start : answer.end]
    words = word_list(core(text))
    nothing: tuple[Fact | None, tuple[int, ...]] = (None, ())
    if not words or is_backchannel(text) or _RISKY.search(plain(question.text)):
        return nothing
    if len(text.split()) > _LONGEST_ANSWER:
        return nothing
    goal = _goal(clause, question, answer, asked)
    if goal is not None:
        return goal, answer.starts
    for form in _FORMS:
        if form.pattern.search(asked):
            if form.name == "rating":
                return _rating(form, clause, question, answer)
            if form.name == "thought" and (_BALANCED.search(asked) or len(text.split()) > _LONGEST_THOUGHT):
                return nothing
            if form.name == "support" and len(words) < 2 and answer_polarity(text) != "open":
                return nothing
            return _whole(form, clause, question, answer, text), answer.starts
    if _MEDICATION_ASKED.pattern.search(asked):
        return _medication(clause, question, answer)
    return _topic(clause, question, answer, asked)


def _rating(
    form: _Form, clause: Clause, question: Question, answer: _Answer
) -> tuple[Fact | None, tuple[int, ...]]:
    """The sentences of an answer up to the last that names a number; how bad a pain is is no progress."""
    text = clause.turn.text
    rated = [p for p in sentences(text) if p.start in answer.starts and numbers(text[p.start : p.end])]
    if not rated or re.search(r"\b(?:pain|hurt\w*|ache)\b", question.text, re.I):
        return None, ()
    kept = _Answer(
        answer.start, rated[-1].end, tuple(start for start in answer.starts if start < rated[-1].end)
    )
    said = text[kept.start : kept.end]
    return (
        (_whole(form, clause, question, kept, said), kept.starts) if len(said.split()) <= 25 else (None, ())
    )


def _whole(
    form: _Form, clause: Clause, question: Question, answer: _Answer, text: str, **attributes: str
) -> Fact:
    polarity: Polarity = "negated" if _is_nobody(text) or answer_polarity(text) == "no" else "affirmed"
    return fact_of(
        clause,
        form.kind,
        evidence=(Span(clause.turn.id, _opened(clause, answer), answer.end), question.last_span),
        confidence=0.85,
        polarity=polarity,
        assessed=True,
        aspect=form.aspect,
        form=form.name,
        **attributes,
    )


_OPENING = re.compile(r"^(?:(?:um+|uh+|well|so|hmm+|oh|like|you know|i mean|yes|yeah)\b[\s,.-]*)+", re.I)


def _opened(clause: Clause, answer: _Answer) -> int:
    """Where an answer begins without the `um, well` that opens it."""
    text = clause.turn.text[answer.start : answer.end]
    match = _OPENING.match(text)
    return answer.start + (match.end() if match and match.end() < len(text) else 0)


def _is_nobody(text: str) -> bool:
    return bool(
        re.match(
            r"^\W*(?:(?:well|um|uh|honestly|really|i guess)\W+)*(?:nobody|no one|none|not really)\b",
            text,
            re.I,
        )
    )


def _goal(clause: Clause, question: Question, answer: _Answer, asked: str) -> Fact | None:
    """`You had a goal to see more people. How is that going?`: question and goal are one span of evidence."""
    turn = question.turn.text
    if not _GOING.search(asked):
        return None
    before = [p for p in sentences(turn) if p.end <= question.parts[-1].start]
    if not before:
        return None
    last = before[-1]
    named = _GOAL_NAMED.search(turn, last.start, last.end)
    if named is None or len(turn[last.start : last.end].split()) > 30:
        return None
    homework = _HOMEWORK_ASKED.pattern.search(f"how did {named['goal']}")
    return fact_of(
        clause,
        "homework" if homework else "progress",
        evidence=(
            Span(clause.turn.id, _opened(clause, answer), answer.end),
            Span(question.turn.id, last.start, question.parts[-1].end),
        ),
        confidence=0.85,
        assessed=True,
        aspect="done" if homework else "",
        form="answered",
    )


def _named_goal(fact: Fact, question: Question) -> Fact | None:
    """The goal itself, in the clinician's words, where an answer about it was read."""
    span = fact.evidence[-1]
    if fact.kind != "progress" or span.start >= question.parts[-1].start:
        return None
    named = _GOAL_NAMED.search(question.turn.text, span.start, question.parts[-1].start)
    if named is None:
        return None
    start, end = named.span("goal")
    text = question.turn.text[start:end]
    return Fact(
        f"{span.turn}.{start}.goal",
        "goal",
        text,
        "clinician",
        "affirmed",
        False,
        0.8,
        (Span(span.turn, start, end),),
        (("aspect", "named"),),
    )


_LEADS_YES = re.compile(r"^\W*(?:(?:oh|well|um|uh)\W+)*(?:yes|yeah|yep|yup|mhm|i am|i do)\b[\s,.]*", re.I)


def _medication(clause: Clause, question: Question, answer: _Answer) -> tuple[Fact | None, tuple[int, ...]]:
    """`Yes, 50 milligrams every morning.`: a yes with no more than a dose or how often."""
    sentence = clause.sentence_text
    yes = _LEADS_YES.match(sentence)
    rest = sentence[yes.end() :] if yes else ""
    is_dose = yes is not None and bool(DOSE.match(rest.strip(" .,")))
    text = clause.turn.text
    end = 0
    spent: list[int] = []
    for piece in sentences(text):
        if piece.start not in answer.starts:
            continue
        body = text[piece.start : piece.end]
        leans = _OF_IT.match(core(body)) if spent else is_dose or _ABOUT_IT.search(body)
        if not leans:
            break
        end = piece.end
        spent.append(piece.start)
    if not spent or (not is_dose and answer_polarity(text) != "open"):
        return None, ()
    start = answer.start if is_dose else _opened(clause, answer)
    fact = fact_of(
        clause,
        "medication",
        evidence=(Span(clause.turn.id, start, end), question.last_span),
        confidence=0.9,
        assessed=True,
        form="dose" if is_dose else "answered",
        aspect="psychiatric" if PSYCHIATRIC_DRUG.search(question.last) else "other",
    )
    return fact, tuple(spent)


_OF_IT = re.compile(r"^(?:it|they)\b", re.I)
_ABOUT_IT = re.compile(r"\b(?:it|them)\b", re.I)
"""What an answer about a medicine says where the medicine is named in the question alone."""


_COUNT = (
    r"(?:\d[\d.,/]*|one|two|three|four|five|six|eight"
    r"|ten|twenty|thirty|forty|fifty|sixty|a hundred|one hundred|two hundred|half a)(?:[- ]five)?"
)
_OFTEN = (
    r"(?:(?:every|each) (?:single )?(?:day|morning|night|evening|other day|week)|(?:once|twice"
    r"|three times) (?:a|per) day|daily"
    r"|(?:once|twice) daily|at (?:night|bedtime)|in the (?:morning|evening)|before bed"
    r"|with (?:breakfast|dinner|food))"
)
DOSE = re.compile(
    rf"^(?:{_COUNT} ?(?:mg|milligrams?|mcg|micrograms?|units?|tablets?|pills?)(?: (?:of it|a day"
    rf"|per day|{_OFTEN}))*"
    rf"|{_OFTEN}(?: {_OFTEN})?)$",
    re.I,
)
"""A dose with or without how often, or how often alone, and nothing more."""

_MANNER = re.compile(
    r"^(?:(?:well|so|um|uh|honestly|oh|like)\b[\s,]*)*(?P<manner>(?:(?:not|really|very|pretty|so"
    r"|a lot|a bit|a little|much|quite|still|too) )*"
    r"(?:well|badly|poorly|terribly|horribly|fine|okay|ok|good|great|better|worse|bad|terrible"
    r"|awful|great|much))$",
    re.I,
)


def _topic(
    clause: Clause, question: Question, answer: _Answer, asked: str
) -> tuple[Fact | None, tuple[int, ...]]:
    """An answer that leans on what the question was about; one that can stand alone is left to others."""
    nothing: tuple[Fact | None, tuple[int, ...]] = (None, ())
    if SMALL_TALK.search(asked):
        return nothing
    for noun, form in _TOPIC_ASKED:
        if not form.pattern.search(asked):
            continue
        first = core(clause.sentence_text)
        brief = (
            len(word_list(first)) <= 4
            and answer_polarity(clause.sentence_text) == "open"
            and "i" not in word_list(first)
        )
        leans = brief or bool(_MANNER.match(first) or LEANS_ON_TOPIC.match(first))
        return (_leaning(form, noun, clause, question, answer)) if leans else nothing
    return nothing


LEANS_ON_TOPIC = re.compile(
    r"^(?:it|that|they)\b(?! (?:is|was) (?:like|just )?(?:that|because|when)\b)", re.I
)


def _leaning(
    form: _Form, noun: str, clause: Clause, question: Question, answer: _Answer
) -> tuple[Fact | None, tuple[int, ...]]:
    """The sentences from the first on that lean on the topic, kept together; the rest reads by itself."""
    text = clause.turn.text
    spans = [p for p in sentences(text) if p.start in answer.starts]
    end, spent = spans[0].end, [spans[0].start]
    for piece in spans[1:]:
        body = core(text[piece.start : piece.end])
        if not (LEANS_ON_TOPIC.match(body) or _MANNER.match(body)):
            break
        end = piece.end
        spent.append(piece.start)
    kept = _Answer(answer.start, end, tuple(spent))
    fact = _whole(form, clause, question, kept, text[kept.start : kept.end], noun=noun)
    return fact, tuple(spent)
