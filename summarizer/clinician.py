"""What the clinician contributed: a clinician's clauses in, interventions, plan and spoken findings out.

Works on conversations; a clinician's own dictated summary is read by `dictation`. It takes nothing from what
the client says except the reply that an intervention or a plan got.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from summarizer.clinical import Visit, aspect_of, findings_in, is_header
from summarizer.content import numbers
from summarizer.cues import (
    COMMAND_TO_DEVICE,
    EXAMINATION,
    IDENTIFYING,
    IMPRESSION,
    MEASURE_STATED,
    RECALLED,
    RESULT,
    STATED_OBSERVATION,
)
from summarizer.discourse import CLIENT_SIDE, Clause, closing_question
from summarizer.language import (
    Slice,
    broken_off,
    clauses,
    is_backchannel,
    is_question,
    sentences,
    word_list,
)
from summarizer.observation import told
from summarizer.polarity import answer_polarity, has_negation, is_pure_yes
from summarizer.techniques import techniques_in
from summarizer.types import Fact, FactKind, Polarity, Span, Turn
from summarizer.wording import core, plain

_ACTION = (
    r"order|prescribe|refer|start|stop|increase|decrease|lower|raise|continue|schedule|send|get"
    r"|repeat|recheck|check (?:your |the |some |a )?(?:labs?|blood|levels?|a1c|thyroid"
    r"|cholesterol|urine)|monitor|follow|call|give|taper|switch|add|keep|put|set|obtain|draw"
    r"|have you|see you|meet|try|practi[cs]e|track|use|avoid|limit|reduce|exercise|rest|ice"
    r"|elevate|wear|drink|eat|cut|make (?:sure|an appointment)|bring|write|record|log|notice"
    r"|journal|do some|do a (?:\w+ )?(?:test|scan|x-?ray|mri|ct|ultrasound|referral|stress)"
    r"|recommend|suggest|advise|consider|hold|discuss it with|reach out|contact|attend|go to"
    r"|go back|take|work on (?:that|this|it|your|\w+ing)|return|come back|watch|read|quit"
    r"|fill out|complete|apply|wean|inject|file|make a report|report (?:it|this|that)"
)
_DAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?"
WHEN = (
    rf"(?:(?:on |at |for )?(?:the )?(?:same time|same day)\b|(?:on |for |this |next "
    rf"|this coming )*{_DAY}\b|next (?:week|month)\b"
    rf"|tomorrow\b|in (?:a |an |about |another )*(?:one|two|three|four|five|six|couple of|few"
    rf"|\d+)? ?(?:days?|weeks?|months?)\b"
    rf"|(?:a|one|two|three|four|six|\d+) (?:days?|weeks?|months?) from\b|(?:on )?the \d+(?:st|nd|rd|th)\b)"
)
_ADVERBS = (
    r"(?:(?:go ahead and|just|also|probably|definitely|still|then|actually|really|do|first|maybe"
    r"|always|at least|get you to|go|need to|have to|have you|have|want to|like to) )*"
)
_NEXT_APPOINTMENT = re.compile(
    rf"\b(?:(?:see|meet|talk to|talk with|expect|have) (?:you|up)?(?: again| back)? ?{WHEN}"
    rf"|(?:book|pencil|put|fit|squeeze|get|schedule|have|set) (?:you|us) (?:in|down|back|up"
    rf"|on)\b.{{0,30}}?{WHEN}"
    rf"|^(?:(?:so|and|okay|well|then|now)\W+)*(?:does|would|will"
    rf"|is) (?:\w+ ){{0,2}}?{WHEN}[^.?]*\b(?:work|okay|good|fine|suit)\b"
    rf"|(?:how|what) about (?:\w+ ){{0,2}}?{WHEN}|can you (?:do|make|come)(?: back| in| again| it)* {WHEN}"
    rf"|shall we (?:say|do|meet|try)(?: again)? {WHEN}|(?:next|our) (?:session|appointment) (?:is "
    rf"|will be |on |at |for )*{WHEN})|\b(?:(?:see|meet|talk to|talk with"
    rf"|check in with) you (?:again|back|next|in|on|at"
    r"|then)\b.*\b(?:week|weeks|month|months|day|days|monday|tuesday|wednesday|thursday|friday"
    r"|year|time|session|then)"
    r"|(?:next|follow[- ]?up) (?:session|appointment|visit) (?:is|will be|on|in|at|for|next)"
    r"|schedule (?:you |a |your |our |an |another )(?:\w+ )?(?:follow|next|session|appointment"
    r"|visit)|come back (?:in|and see|next|to see)|same time next|follow[- ]?up (?:with me "
    r"|with us |appointment )?(?:in|next) (?:\w+ ){0,3}(?:week|day|month|year)s?"
    r"|back (?:to see me |to see us |here |in the office )?in (?:\w+ ){0,3}(?:day|week|month"
    r"|year)s?|return (?:in|to (?:the )?clinic in)|meet (?:again|next|every|weekly)|(?:let us"
    r"|we will|shall we|we can) meet\b)\b",
    re.I,
)
_TAKES = re.compile(r"^\W*(?:great|perfect|good|fine|okay|ok|all right|alright|sounds)\b", re.I)
_PAST_VISIT = re.compile(
    r"\b(?:last|when did|did you|have you|were you|do you (?:see|meet)|your (?:mother|father|doctor))\b", re.I
)
"""What a question about another visit than the next one says."""
_HOMEWORK = re.compile(
    r"\b(?:for homework|homework (?:is|for|this|will)|between now and|(?:i want|i would like"
    r"|i am going to ask|i would love for|i would love) you to (?:\w+ ){0,4}(?:practi[cs]e|write"
    r"|try|keep (?:a|track|using|practi)|track|record|notice|log|fill|journal|read|do|pick"
    r"|experiment|use|think about|bring|make a list|come up)|experiment with"
    r"|(?:try|practi[cs]e|keep|write|do|use|bring|pick|schedule|notice)\b.*\b(?:this week"
    r"|every (?:day|night|morning|evening)|each (?:day|night|morning|evening)|at home"
    r"|before (?:our next|next|we meet)|(?:once|twice|three times) a (?:day|week)|until (?:we"
    r"|next)|over the (?:next|coming) week|for the next \w+ (?:days|weeks)|next (?:time"
    r"|session)))\b",
    re.I,
)
_PLAN = re.compile(
    rf"\b(?:i (?:do )?(?:want|would like|am going to ask|would love|need) (?:for )?you to\b"
    rf"|i want to (?:make sure|have|see) you|(?:i|we) (?:also |just |really |still |then |do "
    rf"|definitely |probably )*(?:will|would like to|want to"
    rf"|am going to|are going to|can|should|need to|could|would) {_ADVERBS}(?:{_ACTION})\b"
    # "Let's try …" is done in the room; these are arranged for later.
    rf"|let us {_ADVERBS}(?:schedule|meet|continue|keep|order|refer|recheck|repeat|increase"
    rf"|decrease|follow|set up"
    r"|plan|get (?:you|a|an|some)|start you|put you|make|add|hold|stop|send|have you)\b"
    rf"|i (?:would |do |strongly |also |then |just )*(?:recommend|suggest|advise|encourage you|am ordering"
    rf"|am prescribing|am referring|have ordered)|^(?:(?:so|and|then|maybe|i think|i do think|i just think"
    rf"|i would say"
    rf"|but) )*you (?:(?:have to|must) {_ADVERBS}(?:{_ACTION})\b|(?:should|need to|will need to"
    rf"|will want to|might want to"
    rf"|may want to|can (?:take|try|continue|use|stop|go|start)|ought to) {_ADVERBS}(?:{_ACTION}"
    rf"|\w+)\b)"
    rf"|(?:^|\b(?:please|then|just|should) )(?:continue|keep|start|stop|increase"
    rf"|decrease) (?:taking|with|doing|on|using|the|your|you|to (?:take|use|do|watch))\b"
    rf"|(?:make sure|be sure|remember) (?:you|to|that you)\b|(?:try|continue) to \w+\b|(?:refer"
    rf"|referral)(?:ring|red)? (?:you |to |for )|prescription for\b|(?:the|our|my) plan is\b)",
    re.I,
)
_NOT_PLAN = re.compile(
    r"\b(?:(?:ask|asking) you (?:some|a few|a couple|about|if|what|how|to (?:bend|lift|open|turn"
    r"|push|breathe|lie|sit|stand|follow|hold|look))|physical exam|examine|exam\b"
    r"|take a (?:quick )?(?:look|listen|deep breath)|look at|listen to|(?:let us|want to|like to"
    r"|will|going to) talk (?:about|a little"
    r"|more|to you about)|go over|show me|you can (?:sit|lie|lay|stand|relax|breathe|put|get down"
    r"|go ahead)\b|raise the subject|tell me\b|(?:today|now),? (?:i|we) (?:would like|want|are going|am going"
    r"|will) (?:to )?(?:try|do|practi[cs]e|work on|talk|look|explore)|get (?:a (?:little|bit)|some|your"
    r"|more) (?:\w+ )?(?:background"
    r"|information|history|details)|get (?:started|into|a sense|to know|back to that)"
    r"|see if i|go through|check (?:you|out) (?:your|out|now)|start (?:by|with (?:the|your|a|what"
    r"|some))"
    r"|stop (?:you )?(?:there|here)|understand|hear (?:more|about|what)|give you (?:a minute"
    r"|some (?:background|space))|put (?:that|this) (?:another|on)|you (?:should|might"
    r"|would) (?:feel|be|have|know|notice)|if you (?:had to|could)|you have to (?:say|tell)"
    r"|you need to (?:say|tell)|you (?:should|must) (?:be|have been|have|feel)\b|you (?:can|could"
    r"|would) (?:take|go) (?:\w+ )?(?:a seat|from there)"
    r"|let us (?:see|say)\b|try (?:not )?to (?:understand|get)|you (?:had|have had) to"
    r"|make sure (?:i|that i)\b|see you (?:today|trying)|can you|what (?:you|we|i)|do you"
    r"|keep in mind|maneuvers?|push on|move (?:it|this|your \w+) around|you guys"
    r"|you to (?:\w+ )?(?:push|bend|squeeze|lift|pull|turn|resist|close|open|follow my|touch"
    r"|wiggle|sit up|relax|straighten|lean|grip))\b",
    re.I,
)
_ADVICE_TO_SELF = re.compile(
    r"^(?:when|because|so that|since|although|i (?:do not|don't) think|which)\b|\byou (?:said|say"
    r"|told|mentioned|feel|think|thought) (?:that )?(?:you|it|like)\b",
    re.I,
)
_REFUSAL = re.compile(
    r"\b(?:i (?:do not|don['’]?t|do n['’]t) (?:want (?:to|her|him|them|any|it|that)|think (?:so|i (?:can|will|want))"
    r"|like that)"
    r"|i(?:['’]m| am) not (?:going to |gonna |gon na )?(?:\w+ing|doing|calling|going)|could we|can we|how about"
    r"|what about|instead"
    r"|holiday|i (?:can['’]?t|ca n['’]t|cannot)"
    r"|i['’]?d rather not|i would rather not|i (?:won['’]?t|wo n['’]t)|no thank)",
    re.I,
)
_AGREEMENT = re.compile(
    r"\b(?:i(?:['’]ll| will) (?:try|do|give|call|make|go|take|use|write|practi[cs]e|start)"
    r"|i can (?:do|try|manage|start|commit)|sounds (?:good|great|fine|reasonable|like a plan)"
    r"|that works|works?(?: for me| fine| well| great|(?=\W*$))|(?:is|should be"
    r"|would be) (?:great|good|fine|perfect|okay)|(?:see|talk to) you then|i(?:['’]ll"
    r"| will) be (?:here|there)"
    r"|fine (?:by|with) me|i(?:['’]m| am) (?:willing|happy|okay|ready) (?:to|with)|i(?:['’]d"
    r"| would) (?:like|be willing|be open) |sure|let['’]?s do (?:it|that)|i agree|we can do that"
    r"|that['’]?s (?:doable|fine|a good idea))\b",
    re.I,
)
_SOUNDS_GOOD = re.compile(
    r"\b(?:okay|ok|all right|alright|sound|sounds|willing|fair|good|make sense|work for you"
    r"|do that|try that)\b",
    re.I,
)
_PROGRESS_SEEN = re.compile(
    r"\b(?:progress|improvement|improved|improving|better than|come (?:a )?long way|change(?:d"
    r"|s)? (?:since|from))\b",
    re.I,
)
_UNKNOWING = re.compile(
    r"^\W*(?:(?:um|uh|well|god|oh)\W+)*(?:i (?:do not|don['’]t) know|i guess|god|well)?\W*$", re.I
)
_LONGEST_RESPONSE = 26
"""Words up to which the sentences of a reply are told together."""
_SPECIFIC_WORDS = 4
"""Words a client's reply must have to be told as a response to an intervention."""


@dataclass(frozen=True, slots=True)
class _Reply:
    """The next client-side turn after a clinician's turn."""

    turn: Turn
    agreed: bool
    declined: bool


def _reply(turns: Sequence[Turn], index: int) -> _Reply | None:
    for turn in turns[index + 1 : index + 4]:
        if turn.role in CLIENT_SIDE:
            text = turn.text
            declined = bool(_REFUSAL.search(text)) or answer_polarity(text) == "no"
            agreed = not declined and (
                bool(_AGREEMENT.search(text)) or (is_pure_yes(text) and len(word_list(text)) <= 6)
            )
            return _Reply(turn, agreed, declined)
        if turn.role == "clinician" and not is_backchannel(turn.text):
            return None
    return None


def clinician_facts(
    said: Sequence[Clause], turns: Sequence[Turn], taken: frozenset[tuple[str, int]], visit: Visit
) -> list[Fact]:
    """Facts from a clinician's side of a conversation, which is a `visit` of that kind.

    `taken` are (turn, sentence start) of sentences that are told elsewhere already (risk).
    """
    medical = visit.medical
    found: list[Fact] = []
    seen_sentences: set[tuple[str, int]] = set()
    for clause in said:
        if clause.turn.role != "clinician" or _only_for_device(clause.sentence_text):
            continue
        at = (clause.turn.id, clause.sentence.start)
        if at not in seen_sentences and clause.whole:
            seen_sentences.add(at)
            found.extend(_interventions(clause, turns, visit.exam_room))
        if at in taken or not clause.whole:
            continue
        pieces = findings_in(clause.turn.text, Slice(clause.start, clause.end)) if medical else ()
        parts = [replace(clause, start=p.start, end=p.end) for p in pieces] if len(pieces) > 1 else [clause]
        found.extend(fact for part in parts if (fact := _finding(part, turns, medical)) is not None)
    place = {turn.id: at for at, turn in enumerate(turns)}
    return _without_withdrawn(_without_superseded(found, place), said, place)


_SOON = 3
"""Turns within which a time that was turned down is followed by the one that holds."""


def _without_superseded(found: Sequence[Fact], place: Mapping[str, int]) -> list[Fact]:
    """The facts without appointments that the client turned down before another was made."""
    made = [(place[fact.evidence[0].turn], fact.id) for fact in found if fact.kind == "next_appointment"]

    def is_superseded(fact: Fact) -> bool:
        at = place[fact.evidence[0].turn]
        turned_down = fact.kind == "next_appointment" and ("agreement", "declined") in fact.attributes
        return turned_down and any(at < later <= at + _SOON for later, name in made if name != fact.id)

    return [fact for fact in found if not is_superseded(fact)]


_WITHDRAWS = re.compile(
    r"\b(?:(?:let us|we will|we can|we could|i will) (?:just |then )?(?:hold|wait|skip|drop|cancel|leave|postpone"
    r"|put off)"
    r"|hold off|never mind|forget (?:about )?the|instead of)\b",
    re.I,
)
_STEM = 5
"""Letters by which a word is known again."""


def _without_withdrawn(found: Sequence[Fact], said: Sequence[Clause], place: Mapping[str, int]) -> list[Fact]:
    """The facts without plans that the clinician took back soon after (`let's hold the referral for now`)."""
    taken_back = [
        (clause.index, _beginnings(clause.text))
        for clause in said
        if clause.turn.role == "clinician" and _WITHDRAWS.search(clause.plain)
    ]

    def is_withdrawn(fact: Fact) -> bool:
        if fact.kind not in ("plan", "homework"):
            return False
        at = place[fact.evidence[0].turn]
        words = _beginnings(fact.text)
        return any(at < later <= at + _SOON and words & again for later, again in taken_back)

    return [fact for fact in found if not is_withdrawn(fact)]


def _beginnings(text: str) -> set[str]:
    """How the longer words of a text begin (`refer`, `referral`)."""
    return {word[:_STEM] for word in word_list(text) if len(word) >= _STEM}


def _settles_appointment(clause: Clause, turns: Sequence[Turn], text: str) -> bool:
    """Whether a few words (`Thursday at ten it is`) name the time after one that was proposed and turned down."""
    if len(word_list(text)) > _FEW_WORDS or not _TIME_NAMED.match(text):
        return False
    before = turns[max(0, clause.index - 4) : clause.index]
    proposed = any(turn.role == "clinician" and _NEXT_APPOINTMENT.search(plain(turn.text)) for turn in before)
    return proposed and any(turn.role in CLIENT_SIDE and _REFUSAL.search(turn.text) for turn in before)


_FEW_WORDS = 10
_TIME_NAMED = re.compile(
    rf"^(?:(?:oh|right|okay|so|then|sure|great|perfect|fine)\W+)*(?:(?:on|at|next|this) )*(?:{_DAY}|tomorrow|noon"
    rf"|(?:one|two|three|four|five"
    r"|six|seven|eight|nine|ten|eleven|twelve|\d{1,2}(?::\d\d)?)(?: (?:o'clock|a\.?m|p\.?m))?)\b",
    re.I,
)


_ORDERED = re.compile(r"\b(?:order|prescribe|refill|refer|schedule|\w+[- ]year[- ]old)\b", re.I)


def _only_for_device(sentence: str) -> bool:
    """Whether a sentence only works a device (`show me the labs`); an order given to one is a plan."""
    return bool(COMMAND_TO_DEVICE.search(sentence)) and not _ORDERED.search(sentence)


def fact_of(
    clause: Clause,
    kind: FactKind,
    *,
    evidence: tuple[Span, ...] | None = None,
    confidence: float = 0.7,
    polarity: Polarity = "affirmed",
    assessed: bool = False,
    **attributes: str,
) -> Fact:
    """A fact of a clause; its id is made from where the clause stands, so the same words give the same id."""
    spans = evidence if evidence is not None else (clause.span,)
    text = clause.turn.text[spans[0].start : spans[0].end] if spans[0].turn == clause.turn.id else clause.text
    given = tuple(sorted((key, value) for key, value in attributes.items() if value))
    return Fact(
        f"{clause.turn.id}.{spans[0].start}.{kind}",
        kind,
        text,
        clause.turn.role,
        polarity,
        assessed,
        round(confidence, 3),
        spans,
        given,
    )


def _interventions(clause: Clause, turns: Sequence[Turn], medical: bool) -> list[Fact]:
    found = []
    for technique in techniques_in(clause.sentence_text, in_exam_room=medical):
        name = technique.name
        found.append(
            fact_of(
                clause,
                "intervention",
                evidence=(clause.sentence_span,),
                confidence=0.5 if technique.broad else 0.8,
                technique=name,
                breadth="broad" if technique.broad else "specific",
            )
        )
        if technique.broad:
            continue
        response = _response(turns, clause, name)
        if response is not None:
            text = next(turn.text for turn in turns if turn.id == response.turn)
            found.append(
                Fact(
                    f"{response.turn}.{response.start}.client_response",
                    "client_response",
                    text[response.start : response.end],
                    next(turn.role for turn in turns if turn.id == response.turn),
                    "affirmed",
                    False,
                    0.7,
                    (response, clause.sentence_span),
                    (("technique", name),),
                )
            )
    return found


def _response(turns: Sequence[Turn], clause: Clause, technique: str) -> Span | None:
    """What the client said to an intervention: the first telling sentence of the reply, if it is no question."""
    reply = _reply(turns, clause.index)
    said_after = (p for p in sentences(clause.turn.text) if p.start >= clause.sentence.end)
    if reply is None or any(_is_plan(core(clause.turn.text[p.start : p.end])) for p in said_after):
        # Of the two the plan is what is answered last.
        return None
    text = reply.turn.text
    pieces = [p for p in sentences(text) if not is_backchannel(text[p.start : p.end])]
    while len(pieces) > 1 and _UNKNOWING.match(text[pieces[0].start : pieces[0].end]):
        pieces = pieces[1:]
    if not pieces or "[" in text[pieces[0].start : pieces[0].end]:
        return None
    start, end = pieces[0].start, pieces[0].end
    for piece in pieces[1:3]:
        body = text[start : piece.end]
        if (
            len(body.split()) > _LONGEST_RESPONSE
            or "[" in body
            or body.rstrip().endswith("?")
            or broken_off(text, piece)
        ):
            break
        end = piece.end
    said = text[start:end]
    rated = technique == "scaling question" and bool(numbers(said))
    told = rated or len(word_list(core(said))) >= _SPECIFIC_WORDS
    asks = any(is_question(text[p.start : p.end]) for p in pieces if start <= p.start < end)
    return Span(reply.turn.id, start, end) if told and not asks and len(said.split()) <= 30 else None


def _finding(clause: Clause, turns: Sequence[Turn], medical: bool) -> Fact | None:
    text = core(clause.text)
    count = len(word_list(text))
    if count < 3:
        return None
    if clause.asks and not (
        medical and _TAG.search(clause.text) and not is_question(_TAG.sub("", clause.text))
    ):
        if _AGED.search(text) and "you" not in word_list(text):
            return fact_of(clause, "observation", aspect="identifying")
        return _put_for_confirmation(clause, turns, text) or _appointment_question(clause, turns, text)
    if _settles_appointment(clause, turns, text):
        return fact_of(clause, "next_appointment", confidence=0.8)
    if _is_plan(text):
        return _plan(clause, turns, text)
    if count > 60:
        return None
    if medical and is_header(text):
        return None
    aspect = ""
    if IDENTIFYING.search(text) and not _ASKS_FOR.match(text):
        aspect = "identifying"
    elif MEASURE_STATED.search(text):
        return _measure(clause)
    elif RECALLED.search(text):
        aspect = "recalled"
    elif medical and RESULT.search(text):
        aspect = "result"
    elif medical and EXAMINATION.search(text):
        aspect = "examination"
    elif IMPRESSION.search(text) and (medical or _PROGRESS_SEEN.search(text)):
        aspect = "impression"
    elif STATED_OBSERVATION.search(text) and not medical:
        aspect = "stated"
    elif medical and (aspect := aspect_of(plain(text))) == "plan":
        return _plan(clause, turns, text, form="managed")
    return fact_of(clause, "observation", aspect=aspect) if aspect else None


_AGED = re.compile(r"\b(?:\d+|[a-z]+)[- ]years?[- ]old\b", re.I)
_ASKS_FOR = re.compile(
    r"^(?:\w+ ){0,2}?(?:tell me|any|what|how|let us|can you|do you|have you|is there|are there)\b", re.I
)
"""How a clause begins that asks for what it names, even without a question mark."""
_TAG = re.compile(r"\W+(?:okay|ok|all right|alright|right)\s*\?\W*$", re.I)
"""What a clinician hangs on to a finding to see that it was heard; the finding is no question."""
_COMPARED = re.compile(
    r"\b(?:last (?:time|week|month|session|visit)|previous(?:ly)?|before|down from|up from|it was"
    r"|was (?:a )?\d+|compared"
    r"|two weeks ago|in (?:january|february|march|april|may|june|july|august|september|october"
    r"|november|december))\b",
    re.I,
)


def _measure(clause: Clause) -> Fact:
    """A score as the clinician said it, with the earlier score that the next sentence compares it with."""
    text = clause.turn.text
    following = next((p for p in sentences(text) if p.start >= clause.sentence.end), None)
    if following is not None and clause.end == clause.sentence.end:
        first = clauses(text, following)[0]
        body = text[first.start : first.end]
        if numbers(body) and _COMPARED.search(body) and not body.rstrip().endswith("?") and "[" not in body:
            second = Span(clause.turn.id, first.start, first.end)
            return fact_of(clause, "measure", evidence=(clause.span, second), form="compared")
    return fact_of(clause, "measure")


def _put_for_confirmation(clause: Clause, turns: Sequence[Turn], text: str) -> Fact | None:
    """Something the clinician recalls and the client confirms (`I see you had surgery, correct?` `Yes.`)."""
    if not RECALLED.search(text) or re.search(
        r"\b(?:what|how|when|where|why|tell me|can you|do you|are you"
        r"|is it|or)\b",
        text,
        re.I,
    ):
        return None
    reply = _reply(turns, clause.index)
    if reply is None or not is_pure_yes(reply.turn.text):
        return None
    span = Span(reply.turn.id, 0, len(reply.turn.text))
    return fact_of(clause, "observation", evidence=(clause.span, span), aspect="recalled")


def _appointment_question(clause: Clause, turns: Sequence[Turn], text: str) -> Fact | None:
    """`Same time next Thursday?` with a yes is an appointment; without one it is nothing."""
    reply = _reply(turns, clause.index)
    is_appointment = bool(_NEXT_APPOINTMENT.search(text))
    if reply is None or reply.declined or not (is_appointment or _HOMEWORK.search(text)):
        return None
    taken = answer_polarity(reply.turn.text) == "yes" or _TAKES.match(reply.turn.text)
    if not reply.agreed and not (is_appointment and taken):
        return None
    if is_appointment and _PAST_VISIT.search(text):
        return None
    span = Span(reply.turn.id, 0, len(reply.turn.text))
    kind: FactKind = "next_appointment" if is_appointment else "homework"
    return fact_of(
        clause,
        kind,
        evidence=(clause.span, span),
        aspect="assigned" if kind == "homework" else "",
        agreement="agreed",
    )


def asks_appointment(text: str) -> bool:
    """Whether a clinician's question proposes when to meet next."""
    bare = core(text)
    return bool(_NEXT_APPOINTMENT.search(bare)) and not _PAST_VISIT.search(bare)


def _is_plan(text: str) -> bool:
    text = told(text)
    if _NEXT_APPOINTMENT.search(text):
        return True
    if _NOT_PLAN.search(text) or _ADVICE_TO_SELF.search(text):
        return False
    return bool(_PLAN.search(text) or _HOMEWORK.search(text))


def _plan(clause: Clause, turns: Sequence[Turn], text: str, form: str = "") -> Fact:
    kind: FactKind = "plan"
    if _NEXT_APPOINTMENT.search(text):
        kind = "next_appointment"
    elif _HOMEWORK.search(text):
        kind = "homework"
    reply = _reply(turns, clause.index)
    spans = [clause.span]
    agreement = ""
    pieces = sentences(clause.turn.text)
    closes = not pieces or clause.sentence.start >= pieces[max(len(pieces) - 2, 0)].start
    closing = closing_question(clause.turn, clause.index)
    # "Any questions?" at the end takes the reply; "does that sound good?" asks about the plan itself.
    if (
        closing is not None
        and closing.parts[-1].start > clause.sentence.start
        and not _SOUNDS_GOOD.search(closing.last)
    ):
        closes = False
    settled = not has_negation(text)
    if (
        reply is not None
        and closes
        and settled
        and (reply.agreed or reply.declined)
        and len(reply.turn.text.split()) <= 40
    ):
        agreement = "agreed" if reply.agreed else "declined"
        spans.append(Span(reply.turn.id, 0, len(reply.turn.text)))
    return fact_of(
        clause,
        kind,
        evidence=tuple(spans),
        aspect="assigned" if kind == "homework" else "",
        agreement=agreement,
        form=form,
    )
