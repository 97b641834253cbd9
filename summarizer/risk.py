"""Risk as it was said: turns in, exact quotations with their questions out.

Surfaces suicidal and homicidal thoughts, self-harm, abuse, violence and access to means. Plain idioms
(`dying to see it`, `my back is killing me`) are passed over; whatever is not plainly an idiom is surfaced. It
computes no level and leaves no answer out because it sounds harmless.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from summarizer.discourse import CLIENT_SIDE, Clause, Question, read_clauses
from summarizer.language import answer_polarity, is_negated, is_pure_no, is_pure_yes, sentences
from summarizer.types import Polarity, RiskStatement, Span, Turn


@dataclass(frozen=True, slots=True)
class RiskTopic:
    """`name` is the note's word for what was asked about (`suicidal ideation`)."""

    name: str
    pattern: re.Pattern[str]


_SELF = r"(?:my|your|him|her|them|our)sel(?:f|ves)"
_OTHERS = (
    r"(?:him|her|them|someone|somebody|anyone|anybody|others|(?:an)?other people|people|(?:my"
    r"|your) (?:\w+ )?(?:wife|husband|kids?|child|children|son"
    r"|daughter|baby|mother|mom|father|dad|parents|family|boss|partner|boyfriend|girlfriend|ex\w*"
    r"|brother|sister|neighbou?r|coworkers?|roommate|teacher))"
)


def _topic(name: str, pattern: str) -> RiskTopic:
    return RiskTopic(name, re.compile(rf"\b(?:{pattern})", re.I))


TOPICS: tuple[RiskTopic, ...] = (
    _topic(
        "suicidal ideation",
        rf"suicid\w*|\bsi\b(?=[/, ]+hi\b)|kill(?:ed|ing)? {_SELF}|(?:end|ended|ending|take|taking"
        rf"|took) (?:my|your|his|her|their|it all|my own|your own|his own|her own)(?: own)? ?li(?:fe"
        rf"|ves)|end(?:ing)? it all\b|end(?:ing)? (?:it|things)\b(?= (?:all|for good|tonight|now))"
        r"|(?:want(?:ed|ing|s)?|wan na|wanna|going|ready|rather|like|hop(?:e|ed"
        r"|ing)) (?:to )?(?:just )?(?:die|dying)\b(?! (?:hair|my|her|his|of laughter))|(?:wish(?:ed"
        r"|ing)?|better off|rather be|were|was) (?:\w+ ){0,4}dead\b(?! (?:tired|end|set|serious"
        r"|battery|weight))|(?:wish|wished|hope|hoped|hoping) (?:\w+ ){0,5}(?:not |n['’]t "
        r"|never )(?:\w+ ){0,2}(?:wake up|woken up|woke up|been born|exist)"
        r"|not (?:want(?:ing)? to )?(?:wake up\b(?= (?:again|anymore|any more|at all|ever|one"
        r"|in the morning))|be (?:here|alive|around|on this earth)\b)|(?:do ?n['’]t|did ?n['’]t|not"
        r"|no longer) want(?:ed|ing)? to (?:be (?:here|alive|on this earth|around (?:anymore|any more"
        r"|any longer))|live(?! (?:in|with|at|near|there|like|by|alone))|exist|go on|wake up"
        r"|do this anymore)\b|better off (?:without me|dead|if i)"
        r"|(?:no|any|lost|see the|what['’]s the|what is the) (?:reason|point|will) (?:to|in|of"
        r"|for) (?:live|living|go on|going on|life|being alive|be alive|it all)\b|not worth living"
        r"|worth living|give up on life|ca ?n['’]t go on\b|(?:thoughts?|thinking|thought) (?:about"
        r"|of) (?:death|dying)|jump(?:ing|ed)? off (?:a|the) (?:bridge|roof|building)"
        r"|overdos\w+|take all (?:of )?(?:my|the|your) (?:pills|meds"
        r"|medication)\b(?! (?:at the same time|together|every|with|in the|as|like))"
        r"|hang(?:ing)? (?:my|your|him|her)self|fall asleep and (?:never|not) wake"
        r"|go to sleep and (?:never|not|just not) wake|drive (?:my car )?(?:off|into) (?:a"
        r"|the) (?:bridge|road|tree|wall|traffic)",
    ),
    _topic(
        "self-harm",
        rf"self[- ]?harm\w*|self[- ]?injur\w*|(?:harm|hurt|injur|burn|punish)(?:ing|ed|e|s)? {_SELF}\b"
        rf"|cut(?:ting|s)? (?:{_SELF}|my (?:arms?|wrists?|legs?|thighs?))\b|(?:started|been|stopped"
        rf"|back to|urge to|urges to|want to|wanted to) cut(?:ting)?\b(?! (?:back|down|out|off|the|it"
        rf"|my|it out|carbs|sugar|salt|corners))|scratch\w* myself until|hit(?:ting)? my(?:self| own)",
    ),
    _topic(
        "thoughts of harming others",
        rf"homicid\w*|(?:kill(?:ing)?|murder(?:ing)?|shoot(?:ing)?|stab(?:bing)?) {_OTHERS}\b|(?:harm"
        rf"|hurt)(?:ing)? (?:{_OTHERS}|anyone else|someone else)\b(?! feelings)|want(?:ed)? (?:him|her"
        rf"|them) dead",
    ),
    _topic(
        "abuse",
        r"(?<!alcohol )(?<!substance )(?<!drug )(?<!drugs )abus(?:e|ed|es|ing|ive|er)\b|molest\w*"
        r"|\brap(?:e|ed|ist|ing)\b|sexual(?:ly)? assault\w*|assault(?:ed|ing|s)?\b|(?:touch(?:ed|es"
        r"|ing)?) me (?:in|when|where|there|inappropriately)|neglect(?:ed|s|ing)?\b|incest"
        r"|(?:won['’]t|wo n['’]t|does ?n['’]t|will not|would ?n['’]t) let me (?:leave|see|talk|have"
        r"|go)|control(?:s|led|ling) (?:all )?(?:my|the) money|(?:afraid|scared"
        r"|terrified) (?:of (?:him|her|my (?:husband|wife|partner|boyfriend|girlfriend|father|dad"
        r"|mother|mom|ex\w*)|what (?:he|she))|to go home)|(?:not|n['’]t"
        r"|un)\s?(?:feel(?:ing)? )?safe\b|feel(?:ing)? unsafe|(?:feel|are you|is it"
        r"|be) safe (?:at home|there|with|in)|strangl(?:e|ed|es|ing)|chok(?:ed|es|ing) me",
    ),
    _topic(
        "violence",
        r"violen(?:t|ce)\b|(?:hit|hits|hitting|beat|beats|beating|punch\w*|slap\w*|kick\w*|shov\w*"
        r"|chok\w*|grabb\w*|threw \w+ at|push(?:ed|es)?) (?:me|him|her|them|my (?:wife|husband|kids?"
        r"|son|daughter|mom|mother|dad|partner|girlfriend|boyfriend|brother|sister)|the kids?"
        r"|you)\b(?! (?:hard that|up|out of|to (?:go|do|try|be|get|take))\b)"
        r"|(?:beat|beats|beaten|beating) (?:me|him|her|them) up|(?<!life[- ])threaten\w*"
        r"|physical(?:ly)? (?:fight|hurt|altercation)|(?:put|lay|laid|puts) (?:his|her|their"
        r"|my) hands on",
    ),
    _topic(
        "access to means",
        r"(?:guns?|firearms?|pistol|rifle|shotgun|handgun|weapons?|bullets|ammo)\b|stockpil\w*"
        r"|(?:saved|saving|hoard\w*) (?:up )?(?:my |the |some )?(?:pills|meds)|(?:bought|have|got"
        r"|tied) (?:a |the )?(?:rope|noose)|noose\b|knife\b|razor ?blades?|lethal means",
    ),
)

_IDIOMS = re.compile(
    r"\b(?:(?:dying|die) (?:to|for a|of laughter|of embarrassment|laughing)\b|to die for"
    r"|die of (?:boredom|embarrassment)|kill(?:ing|s|ed)? (?:me|us|time|two birds|it|the (?:time"
    r"|pain|mood))\b|(?:is|are|was|were|been|be) killing (?:me|him|her)|(?:my|his|her"
    r"|the) (?:\w+ ){1,3}(?:is|are|was|were|has been) killing|(?:would|could|going to|gon na"
    r"|gonna|will|'ll) kill me\b"
    r"|kill for a|(?:my|his|her) (?:mom|mother|dad|father|wife|husband|boss|parents) (?:will"
    r"|would|is going to|'ll|'d) kill me|dead (?:tired|end|serious|set|battery|weight|wrong)"
    r"|bored to death|scared to death|worried to death|(?:it|that|which|this|then it|just"
    r"|really) (?:just |really |suddenly |finally )?hit(?:s)? (?:me|him|her|you)\b|hits? the gym"
    r"|beat(?:ing|s)? (?:myself|yourself|themselves|herself|himself) up|jump(?:ed|ing)? the gun"
    r"|stick to (?:my|your) guns|son of a gun|smoking gun|nail gun|heat gun|glue gun|massage gun"
    r"|shoot (?:me|you|him|her) an? (?:email|text|message)|pick(?:ed|ing)? my brain"
    r"|overdos\w+ (?:on )?(?:coffee|caffeine|sugar|chocolate|tv|netflix)|(?:butter|kitchen|pocket"
    r"|steak|bread) knife|under the knife"
    r"|threaten\w* (?:to rain|weather)|heart attack|(?:kick|kicked|kicking|push|pushed"
    r"|beats?) (?:me|you|them) (?:out of (?:the )?(?:house|school|class|team)|to (?:do|be|go)"
    r"|hollow)|like a knife|knife[- ]like|sharp knife|stabbing pain|violent(?:ly)? (?:ill|sick"
    r"|cough\w*|vomit\w*|thr\w+)|neglect(?:ed|ing|s)? (?:to|my (?:health|diet|exercise|teeth"
    r"|house|homework|work|studies))|(?:dog|cat|ball|car|door|truck|bike)s? (?:\w+ ){0,2}(?:hit"
    r"|kicked|pushed) (?:me|him|her)"
    r"|(?:person|driver|car|guy|woman|man|truck) (?:who |that )?hit (?:me|us|them)|(?:it|ear|head"
    r"|back|stomach|leg|foot|knee|pee)s? (?:\w+ )?(?:hurts?|hurting) (?:him|her|them)"
    r"|abuse of (?:alcohol|drugs|substances|medication)|alcohol abuse|substance abuse|drug abuse"
    r"|drugs? of abuse)\b",
    re.I,
)
_ACCIDENT = re.compile(
    r"\b(?:hurt|injur(?:ed|ing)?|cut|burn(?:ed|t)?) (?:my|your|him|her)self\b.{0,40}\b(?:fall\w*"
    r"|fell|lift\w*|play\w*|work(?:ing)? out|gym|cook\w*|shav\w*|kitchen|running|exercis\w*"
    r"|basketball|football|soccer|ski\w*|accident\w*|when i (?:was|slipped|tripped|fell)"
    r"|at work)\b",
    re.I,
)
_MEDICAL_INJURY = re.compile(
    r"\b(?:how|when|where|did) (?:did )?you (?:hurt|injure|cut"
    r"|burn) yourself\b",
    re.I,
)
_FOLLOW_UP = re.compile(
    r"\b(?:(?:a |any |the |have )(?:\w+ )?plans?\b|intent(?:ions?)?\b|means\b|how (?:would"
    r"|you would|did|had) you|would you (?:do|act)|act(?:ed|ing)? on|access to|ever (?:tried"
    r"|attempted)|(?:tried|attempted) before|attempts?\b|how often (?:do|are) (?:you|those|these"
    r"|the) (?:have |thoughts)|those thoughts|these thoughts|thoughts like that|what (?:keeps"
    r"|stops|stopped) you|are you safe|keep (?:yourself )?safe|feel safe|last time you (?:had"
    r"|felt|thought))\b",
    re.I,
)
_FOLLOW_UP_TURNS = 6
"""Turns after a risk topic within which a question about plan, intent or means still belongs to it."""
_ABOUT_CLIENT = re.compile(r"\b(?:you|your|yourself|he|she|client|patient|pt)\b", re.I)
"""Whom a clinician's risk statement must be about in a conversation; general teaching names nobody."""
_QUOTE_WORDS = 60


def topics_in(text: str) -> tuple[tuple[str, int], ...]:
    """Risk topics that `text` names, each with the character where it first does; plain idioms are passed over."""
    blanked = _IDIOMS.sub(lambda m: " " * len(m.group()), text)
    if _ACCIDENT.search(text) or _MEDICAL_INJURY.search(text):
        blanked = re.sub(
            rf"\b(?:hurt|injur|cut|burn)\w* {_SELF}", lambda m: " " * len(m.group()), blanked, flags=re.I
        )
    found: list[tuple[str, int]] = []
    for topic in TOPICS:
        match = topic.pattern.search(blanked)
        if match:
            found.append((topic.name, match.start()))
    return tuple(found)


def risk_statements(turns: Sequence[Turn]) -> tuple[RiskStatement, ...]:
    """Every risk statement of the conversation, in order.

    An answer to a clinician's risk question is quoted whole, with the question; what anybody says unasked is
    quoted by its sentence. A question that was never answered is quoted itself, as `uncertain`.
    """
    return risk_in(read_clauses(turns), turns)


def risk_in(said: Sequence[Clause], turns: Sequence[Turn]) -> tuple[RiskStatement, ...]:
    """`risk_statements` for clauses that have been read already."""
    in_dialogue = any(turn.role in CLIENT_SIDE for turn in turns)
    found: list[RiskStatement] = []
    answered: set[tuple[str, int]] = set()
    taken: set[tuple[str, int]] = set()
    last_topic, last_index = "", -_FOLLOW_UP_TURNS - 1
    for clause in said:
        question = clause.question
        if (
            question is not None
            and (question.turn.id, question.start) not in answered
            and clause.turn.role in CLIENT_SIDE
        ):
            names = [name for name, _ in topics_in(question.text)]
            follows = (
                last_topic
                and clause.index - last_index <= _FOLLOW_UP_TURNS
                and _FOLLOW_UP.search(question.text)
            )
            if names or follows:
                topic = ", ".join(names) or last_topic
                statement = _answered(clause, question, topic)
                found.append(statement)
                answered.add((question.turn.id, question.start))
                taken.update(
                    (clause.turn.id, at)
                    for at in range(statement.evidence[0].start, statement.evidence[0].end)
                )
                last_topic, last_index = topic, clause.index
                continue
        if (clause.turn.id, clause.sentence.start) in taken:
            continue
        named = topics_in(clause.sentence_text)
        if not named:
            continue
        last_topic, last_index = named[0][0], clause.index
        if clause.turn.role == "clinician" and (
            clause.asks or (in_dialogue and not _ABOUT_CLIENT.search(clause.sentence_text))
        ):
            continue
        taken.add((clause.turn.id, clause.sentence.start))
        polarity: Polarity = (
            "negated" if all(is_negated(clause.sentence_text, at) for _, at in named) else "affirmed"
        )
        found.append(
            RiskStatement(
                clause.sentence_text,
                clause.turn.role,
                ", ".join(name for name, _ in named),
                "uncertain" if clause.asks else polarity,
                (clause.sentence_span,),
            )
        )
    found.extend(_unanswered(said, answered))
    order = {turn.id: i for i, turn in enumerate(turns)}
    return tuple(sorted(found, key=lambda risk: (order[risk.evidence[0].turn], risk.evidence[0].start)))


_ASKS_MORE_THAN_WHETHER = re.compile(
    r"^\W*(?:(?:and|so|okay|well|but)\W+)*(?:who|what|how|when"
    r"|where|why|would|could)\b",
    re.I,
)


def _answered(clause: Clause, question: Question, topic: str) -> RiskStatement:
    text = clause.turn.text
    end = clause.sentence.end
    for piece in sentences(text):
        if piece.start >= clause.start and len(text[clause.start : piece.end].split()) <= _QUOTE_WORDS:
            end = max(end, piece.end)
    quote = text[clause.start : end]
    polarity: Polarity = "uncertain"
    if _ASKS_MORE_THAN_WHETHER.search(question.last):
        pass
    elif is_pure_no(quote) or (
        answer_polarity(quote) == "no" and not topics_in(quote) and len(quote.split()) <= 8
    ):
        polarity = "negated"
    elif is_pure_yes(quote) or answer_polarity(quote) == "yes":
        polarity = "affirmed"
    elif named := topics_in(quote):
        polarity = "negated" if all(is_negated(quote, at) for _, at in named) else "affirmed"
    return RiskStatement(
        quote, clause.turn.role, topic, polarity, (Span(clause.turn.id, clause.start, end),), question.span
    )


def _unanswered(said: Sequence[Clause], answered: set[tuple[str, int]]) -> list[RiskStatement]:
    """Risk questions to which nobody replied, quoted themselves."""
    covered = {turn for turn, _ in answered}
    return [
        RiskStatement(
            clause.sentence_text,
            "clinician",
            ", ".join(name for name, _ in topics_in(clause.sentence_text)),
            "uncertain",
            (clause.sentence_span,),
        )
        for clause in said
        if clause.asks
        and clause.turn.role == "clinician"
        and clause.turn.id not in covered
        and topics_in(clause.sentence_text)
    ]
