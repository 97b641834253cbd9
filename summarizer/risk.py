"""Risk as it was said: turns in, exact quotations with their questions out.

Surfaces suicidal and homicidal thoughts, self-harm, abuse, violence and access to means. Plain idioms
(`dying to see it`, `my back is killing me`) are passed over; whatever is not plainly an idiom is surfaced. It
computes no level and leaves no answer out because it sounds harmless.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from summarizer.cues import STRONG_SUPPORT
from summarizer.discourse import CLIENT_SIDE, Clause, Question, read_clauses
from summarizer.language import sentences
from summarizer.polarity import (
    answer_polarity,
    has_negation,
    is_negated,
    is_pure_no,
    is_pure_yes,
    takes_back,
)
from summarizer.types import Polarity, RiskStatement, Span, Turn
from summarizer.wording import plain


@dataclass(frozen=True, slots=True)
class RiskTopic:
    """`name` is the note's word for what was spoken of (`suicidal ideation`)."""

    name: str
    pattern: re.Pattern[str]


_SELF = r"(?:my|your|him|her|them|our)sel(?:f|ves)"
_KIN = (
    r"(?:wife|husband|kids?|child|children|son|daughter|baby|mother|mom|father|dad|parents|family"
    r"|boss|partner"
    r"|boyfriend|girlfriend|ex\w*|brother|sister|neighbou?r|coworkers?|roommate|teacher)"
)
_OTHERS = (
    rf"(?:him|her|them|someone|somebody|anyone|anybody|others|(?:an)?other people|people|the kids"
    rf"|(?:my|your) (?:\w+ )?{_KIN})"
)


def _topic(name: str, *patterns: str) -> RiskTopic:
    return RiskTopic(name, re.compile(rf"\b(?:{'|'.join(patterns)})", re.I))


# Matched on plain wording (`wording.plain`): contractions are written out, fillers are gone.
TOPICS: tuple[RiskTopic, ...] = (
    _topic(
        "suicidal ideation",
        r"suicid\w*|unalive|\bkms\b|si\b(?=[/, ]+hi\b)",
        rf"(?:kill|hang|shoot)(?:ed|ing)? {_SELF}",
        r"(?:end|take)(?:s|d|ing)? (?:my|your|his|her|their) (?:own )?li(?:fe|ves)\b|(?:taking"
        r"|took) (?:my|your|his|her|their) own li",
        r"(?:end|ending) (?:it all\b|it\b(?= (?:for good|tonight|now))|things\b(?= (?:for good|tonight)))",
        r"(?:want(?:ed|ing|s)?|ready|rather|like|hop(?:e|ed|ing)|going) (?:to )?(?:just )?(?:die"
        r"|dying)\b(?! (?:my hair|of laughter))",
        r"(?:wish(?:ed|ing)?|rather be|better off|would be|were) (?:\w+ ){0,4}dead\b(?! (?:tired|end"
        r"|set|serious|battery|weight))",
        r"(?:wish|hop)(?:e|ed|ing|es)? (?:\w+ ){0,5}(?:not|never) (?:\w+ ){0,2}(?:wake up|woken up"
        r"|woke up|been born|exist)",
        r"(?:wish|want)(?:ed|ing)? (?:\w+ ){0,4}(?:to |could |would )?(?:just )?(?:disappear"
        r"|go to sleep forever|cease to exist)\b",
        r"(?:asleep|to sleep) and (?:just )?(?:never|not) wak",
        r"not wak(?:e|ing) up (?:again|anymore|any more|at all|ever|one|in the morning)",
        r"(?:not|no longer) (?:\w+ )?want(?:ed|ing)? to (?:be (?:here|alive|on this earth"
        r"|around (?:any ?more|any longer))|exist|go on(?! \w)"
        r"|wake up|do this any ?more|live(?! (?:in|with|at|near|there|like|by|alone|here)\b))",
        r"not (?:be|being) (?:alive|here any ?more|on this earth|around any ?more)"
        r"|you do not want to be here",
        r"better off (?:without (?:me|you|him|her)|if i (?:was|were) (?:gone|dead))",
        # Before the plain form, so that the danger's own "not" is part of it.
        r"(?:not|cannot) (?:\w+ ){0,3}(?:the |a |any |much )(?:reason|point|sense|will) (?:to|in|of|for) (?:live"
        r"|living"
        r"|going on|go on"
        r"|life|being alive|be here|it all)",
        r"(?:no|any|lost (?:the|my|all)|see (?:the|a|any)|what is the) (?:reason|point|will) (?:to|in"
        r"|of|for) (?:live|living|going on|go on|life|being alive|be here|it all)",
        r"(?:not|life is not|is) worth living|tired of (?:living|being alive|life)|done with (?:life"
        r"|living)|giv(?:e|en|ing) up on (?:life|living)",
        r"cannot go on\b|cannot do this any ?more|no (?:other )?way out|only way out"
        r"|(?:a )?burden (?:to|on) (?:everyone|everybody|my family|them|my kids)",
        r"(?:thoughts?|thinking|thought|think) (?:a lot )?(?:about|of) (?:my own )?(?:death|dying)",
        r"jump(?:ing|ed)? (?:off (?:a|the|that) (?:bridge|roof|building|balcony)|in front of)",
        r"driv(?:e|ing) (?:my car |the car )?(?:off|into) (?:a|the|that) (?:bridge|road|tree|wall|traffic)",
        r"overdos\w+|(?:take|took|taking|swallow\w*) (?:all|a (?:whole )?bottle"
        r"|the whole bottle)(?: of)? (?:my |the |your |those )?(?:pills|meds|medications?)\b"
        r"(?! (?:at the same time|together|every|with|in the|as|like))",
        r"(?:goodbye|suicide) (?:letter|note)|(?:wrote|written|writing) (?:\w+ ){0,3}letters? to (?:my|the) (?:kids"
        r"|children|family|wife"
        r"|husband|parents)",
        r"(?:i am|i feel|feel|being|such) (?:\w+ ){0,3}a burden\b|(?:better"
        r"|happier) (?:off )?(?:\w+ ){0,3}(?:without me|if i (?:was|were)"
        r" (?:gone|dead|not here)|with the insurance)|if i (?:was|were) (?:gone|not around|not here)\b"
        r"|when i am gone\b(?! (?:for|to|on|at))",
        r"how many (?:\w+ )?(?:pills|tylenol|tablets|of them) (?:it|you|would)|took (?:\d+|ten|twelve|twenty|thirty"
        r"|forty|fifty"
        r"|a (?:bunch|handful)(?: of)?) (?:\w+ )?(?:pills|tylenol|tablets|advil|xanax)",
        r"giving (?:\w+ ){0,3}(?:stuff|things|belongings) away|giv(?:ing|en) away (?:my|all)",
        r"(?:not|don't) (?:\w+ ){0,2}see the point\b|(?:drive|driving|steer\w*|swerv\w*) (?:\w+ ){0,3}into (?:the"
        r"|a) (?:barrier|median"
        r"|wall|tree|truck|traffic|bridge|oncoming)|driv\w+ past (?:that|the) bridge",
        r"(?:go|going|want to) be with (?:my (?:mother|mom|father|dad|husband|wife|son|daughter|brother|sister)|him"
        r"|her)\b(?= (?:again|in"
        r" heaven|up there|now)|[.?!]|$)|(?:not|cannot) (?:be able to |able to )?keep (?:myself|yourself) safe"
        r"|not trust myself\b",
        r"crossed my mind\b|voices (?:\w+ )?tell(?:ing)? me to",
    ),
    _topic(
        "self-harm",
        r"self[- ]?harm\w*|self[- ]?injur\w*",
        rf"(?:harm|hurt|injur|burn|punish)(?:ing|ed|e|s|t)? {_SELF}\b",
        rf"cut(?:ting|s)? (?:on )?(?:{_SELF}|my (?:arms?|wrists?|legs?|thighs?|skin))\b",
        r"(?:started|been|stopped|back to|urge to|urges to|want to|wanted to) cut(?:ting)?\b"
        r"(?! (?:back|down|out|off|the|it|my|carbs|sugar|salt|corners))",
        r"scratch\w* (?:myself until|my (?:arms?|wrists?|legs?|thighs?))|hit(?:ting)? my(?:self| own)",
        r"(?:cut|burn(?:ed|t)?|hurt|hit) (?:my (?:arm|leg|wrist|thigh|hand|skin)s? )?(?:\w+ ){0,4}on purpose"
        r"|i cut (?:last|again|yesterday"
        r"|this|two|three|a few|on (?:mon|tues|wednes|thurs|fri|satur|sun)day)\b",
    ),
    _topic(
        "thoughts of harming others",
        rf"homicid\w*|(?:kill|murder|shoot|stab|strangle)(?:ing)? {_OTHERS}\b",
        rf"(?:harm|hurt)(?:ing)? (?:{_OTHERS}|anyone else|someone else)\b(?! feelings)",
        r"want(?:ed)? (?:him|her|them) dead",
    ),
    _topic(
        "abuse",
        r"(?<!alcohol )(?<!substance )(?<!drug )(?<!drugs )abus(?:e|ed|es|ing|ive|er)\b|molest\w*"
        r"|rap(?:e|ed|ist|ing)\b|incest",
        r"(?:sexual(?:ly)? )?assault(?:ed|ing|s)?\b|forc(?:ed|es|ing) (?:himself|herself) on"
        r"|forc(?:ed|es|ing) me to (?:have|do) ",
        r"touch(?:ed|es|ing) me (?:in|when|where|there|inappropriately)|neglect(?:ed|s|ing)?\b",
        r"(?:will|does|would|did) not let me (?:leave|see|talk|have|go|out)|lock(?:ed|s) me (?:in"
        r"|out)|control(?:s|led|ling) (?:all )?(?:my|the) money",
        r"(?:afraid|scared|terrified) (?:of (?:him|her|my (?:husband|wife|partner|boyfriend"
        r"|girlfriend|father|dad|mother|mom|ex\w*)"
        r"|what (?:he|she))|to go home)",
        r"not (?:feel(?:ing)? )?safe\b|unsafe\b(?= (?:at|with|in|there|around|to go)|$|[.?!,])"
        r"|(?:feel|are you|is it|be) safe (?:at home|there|with|in)",
        r"touched (?:me|you) in (?:a|any) way|(?:made|makes|making) me have sex|sex when i (?:do|did) not want"
        r"|into my room at night"
        r"|(?:hit|hits|beat|spank\w*) (?:me|him|her|them|us) with (?:a|the|his|her)|(?:keeps? |kept )?(?:showing up"
        r"|shows up|following me)"
        r" (?:at|outside) my (?:work|house|home|job)",
        r"strangl(?:e|ed|es|ing)\b|chok(?:ed|es|ing) me|hands around my (?:neck|throat)",
    ),
    _topic(
        "violence",
        r"violen(?:t|ce)\b|(?<!life-)(?<!life )threaten(?:s|ed|ing)?\b|physical(?:ly)? (?:fight|hurt"
        r"|altercation)",
        r"(?:hit|hits|hitting|beat|beats|beating|punch\w*|slap\w*|kick\w*|shov\w*|chok\w*|grabb\w*"
        r"|push(?:ed|es)) "
        rf"(?:me|him|her|them|my {_KIN}|the kids?|you)\b(?! (?:hard that|out of|to (?:go|do|try|be|get"
        rf"|take))\b)",
        r"(?:beat|beats|beaten|beating) (?:me|him|her|them) up|thr(?:ew|ows?"
        r"|owing) (?:\w+ ){1,3}at (?:me|him|her|them|the kids|my)\b",
        r"(?:put|lay|laid|puts) (?:his|her|their|my) hands on|pinn(?:ed|s) me\b|punch(?:ed|es|ing)? (?:the|a"
        r"|holes? in the) (?:\w+ )?(?:wall"
        r"|door|mirror|window)",
        rf"(?:he|she|they|(?:my|the) (?:\w+ )?{_KIN}|husband|wife) (?:\w+ ){{0,6}}(?:kill|hurt|shoot|stab|strangle"
        rf"|harm|murder)"
        rf"(?:ing)? (?:me|us|my {_KIN}|the kids|himself and me)\b",
    ),
    _topic(
        "access to means",
        r"(?:guns?|firearms?|pistols?|revolvers?|rifles?|shotgun|handgun|glock|weapons?|bullets|ammo|ammunition)\b"
        r"|lethal means"
        r"|noose\b|knife\b|razor ?blades?",
        r"stockpil\w*|(?:sav(?:ed|ing)|hoard\w*|collect(?:ed|ing)) (?:up )?(?:my |the |some "
        r"|all my )?(?:pills|meds)",
        r"(?:bought|have|got|tied) (?:a |the |some )?rope\b",
    ),
)

_IDIOMS = re.compile(
    "|".join(
        (
            r"\b(?:dying|die) (?:to|for a|laughing|of (?:laughter|embarrassment|boredom))\b(?! (?:be"
            r"|end))|\bto die for\b",
            r"\bkill(?:ing|s|ed)? (?:time|two birds|it|the (?:time|pain|mood))\b|\bkilling (?:me|us)\b(?! (?:and|if"
            r"|when|in|with)\b)"
            r"|\bkill(?:s|ed)? (?:me|us) (?:to|that|inside|how|when i (?:see|hear|think))\b",
            r"\b(?:my|his|her|the) (?:\w+ ){1,3}(?:is|are|was|were|has been|have been) killing (?:me|him"
            r"|her)\b",
            r"\b(?:my|his|her) (?:mom|mother|dad|father|boss|parents) (?:will|would"
            r"|is going to|are going to) kill me\b",
            r"\bkill for an?\b|\bdead (?:tired|end|serious|set|battery|weight|wrong)\b|\b(?:bored|scared"
            r"|worried) to death\b",
            r"\b(?:it|that|which|this|then it|just|really) (?:just |really |suddenly "
            r"|finally )?hits? (?:me|him|her|you)\b|\bhits? the gym\b",
            r"\bbeat(?:ing|s)? (?:myself|yourself|themselves|herself|himself) up\b|\bable to beat\b",
            r"\bjump(?:ed|ing)? the gun\b|\bstick to (?:my|your) guns\b|\bson of a gun\b|\bsmoking gun\b"
            r"|\b(?:nail|heat|glue|massage|toy|plastic) gun\b",
            r"\bshoot (?:me|you|him|her) an? (?:email|text|message)\b|\boverdos\w+ on (?:coffee|caffeine"
            r"|sugar|chocolate|tv)\b",
            r"\b(?:butter|kitchen|pocket|steak|bread|sharp) knife\b|\bunder the knife\b|\b(?:like a "
            r"|nick from a )knife\b|\bknife[- ]like\b|\bstabbing pain\b",
            r"\bviolent(?:ly)? (?:ill|sick|cough\w*|vomit\w*|thr\w+)\b|\b(?:life|weather"
            r"|rain)[- ]threatening\b",
            r"\b(?:kick|kicked|push|pushed|beats?) (?:me|you|them) (?:out of (?:the )?(?:house|school"
            r"|class|team)|to (?:do|be|go)|hollow)\b",
            r"\bneglect(?:ed|ing|s)? (?:to|my (?:health|diet|exercise|teeth|house|homework|work|studies))\b",
            r"\b(?:person|driver|car|guy|woman|man|truck|dog|cat|ball|door|bike)s? (?:who "
            r"|that )?(?:\w+ ){0,2}(?:hit|kicked|pushed) (?:me|us|him|her|them)\b",
            r"\b(?:it|ear|head|back|stomach|leg|foot|knee|pee|belly)s? (?:\w+ )?(?:hurts?|hurting) (?:him"
            r"|her|them)\b",
            r"\b(?:abuse of (?:alcohol|drugs|substances|medication)|(?:alcohol|substance|drug) abuse"
            r"|drugs? of abuse)\b",
        )
    ),
    re.I,
)
"""Everyday turns of speech that name no danger. What is not plainly one of these is surfaced."""
_ACCIDENT = re.compile(
    r"\b(?:hurt|injur(?:ed|ing)?|cut|burn(?:ed|t)?) (?:my|your|him|her)self\b.{0,40}\b(?:fall\w*"
    r"|fell|lift\w*|play\w*|working out"
    r"|gym|cook\w*|shav\w*|kitchen|running|exercis\w*|basketball|football|soccer|ski\w*|accident\w*"
    r"|when i (?:was \w+ing|slipped|tripped|fell)|when he slipped|at work)\b",
    re.I,
)
_MEANT = re.compile(
    r"\b(?:used to|on purpose|want(?:ed)? to|urges? to|tried to|started to|thought(?:s)? (?:of|about))\b",
    re.I,
)
"""What makes a hurt of one's own no accident."""
_MEDICAL_INJURY = re.compile(
    r"\b(?:how|when|where|did) (?:did )?you (?:hurt|injure|cut"
    r"|burn) yourself\b",
    re.I,
)
_FOLLOW_UP = re.compile(
    r"\b(?:thought (?:of|about) (?:a way|how)|how (?:\w+ )?(?:you )?would do it|come up\b|anything like that"
    r"|ammunition|nearby"
    r"|how often|when was the last|what stopped|were you close|(?:a |any |the |have )(?:\w+ )?plans?\b"
    r"|intent(?:ions?)?\b|means\b|how (?:would"
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


def topics_in(text: str) -> tuple[tuple[str, bool], ...]:
    """Risk topics that `text` names, each with whether it is negated there; plain idioms are passed over."""
    said = plain(text)
    blanked = _IDIOMS.sub(lambda m: " " * len(m.group()), said)
    if (_ACCIDENT.search(said) and not _MEANT.search(said)) or _MEDICAL_INJURY.search(said):
        blanked = re.sub(
            rf"\b(?:hurt|injur|cut|burn)\w* {_SELF}", lambda m: " " * len(m.group()), blanked, flags=re.I
        )
    found: list[tuple[str, bool]] = []
    for topic in TOPICS:
        match = topic.pattern.search(blanked)
        if match:
            # "I don't want to be here" names the danger by its own "not".
            negated = is_negated(blanked, match.start()) and not has_negation(match.group())
            found.append((topic.name, negated))
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
        polarity: Polarity = "negated" if all(negated for _, negated in named) else "affirmed"
        found.append(
            RiskStatement(
                clause.sentence_text,
                clause.turn.role,
                ", ".join(name for name, _ in named),
                "uncertain" if clause.asks else polarity,
                (clause.sentence_span,),
            )
        )
    found = _folded([*found, *_unanswered(said, answered)])
    order = {turn.id: i for i, turn in enumerate(turns)}
    return tuple(sorted(found, key=lambda risk: (order[risk.evidence[0].turn], risk.evidence[0].start)))


_MOST_SPANS = 20
"""Places that a statement said again and again points at."""


def _folded(found: Sequence[RiskStatement]) -> list[RiskStatement]:
    """What was said unasked in the very same words stands once, with where it was said."""
    first: dict[tuple[str, str, str], int] = {}
    kept: list[RiskStatement] = []
    for risk in found:
        key = (risk.quote, risk.role, risk.polarity)
        if risk.question is None and key in first:
            before = kept[first[key]]
            if len(before.evidence) < _MOST_SPANS:
                kept[first[key]] = replace(before, evidence=(*before.evidence, *risk.evidence))
            continue
        if risk.question is None:
            first[key] = len(kept)
        kept.append(risk)
    return kept


_ASKS_MORE_THAN_WHETHER = re.compile(
    r"^\W*(?:(?:and|so|okay|well|but)\W+)*(?:who|what|how|when"
    r"|where|why|would|could)\b",
    re.I,
)


_QUALIFIED = re.compile(
    r"\b(?:but|before|except|yes|yeah|sometimes|used to|only|once|until|unless|lately|recently|this (?:week|month"
    r"|time)|today"
    r"|anymore|any more|not really|not exactly|i guess|i think|maybe|much|often)\b",
    re.I,
)
"""What makes a no to a question of risk less than a no."""


_REFUSES = re.compile(
    r"\b(?:i (?:do not|don['’]?t|do n['’]t|would rather not|['’]d rather not|can(?:['’]?t|not)) (?:want to |wanna "
    r"|really )?(?:say"
    r"|talk|answer|get into|discuss|know|remember|tell)|no comment|none of your business|rather not"
    r"|i have(?:n['’]?t| not) (?:told|said))\b",
    re.I,
)
"""An answer that gives none: it neither denies nor affirms."""


def _plainly_no(quote: str) -> bool:
    """Whether an answer denies and nothing in it takes that back."""
    if is_pure_no(quote):
        return True
    if answer_polarity(quote) != "no" or topics_in(quote):
        return False
    no = _NO_FIRST.match(quote)
    if no is None:
        return len(quote.split()) <= 8 and not _QUALIFIED.search(quote)
    rest = quote[no.end() :]
    pieces = [rest[piece.start : piece.end] for piece in sentences(rest)]
    return not takes_back("No.", " ".join(piece for piece in pieces if not _KEEPS.search(piece)))


_NO_FIRST = re.compile(r"^\W*(?:(?:oh|um|uh|well)\W+)*(?:no|nope|nah|never|not at all)\b[\s,.!-]*", re.I)
_KEEPS = re.compile(rf"\b(?:{STRONG_SUPPORT})", re.I)
"""What holds somebody here says no more than the no before it."""


_SAFE_ASKED = re.compile(r"\b(?:feel(?:ing)?|are you|is it|be|keep yourself|stay) (?:\w+ ){0,2}safe\b", re.I)
"""A question of which a no is the danger."""
_MOSTLY = re.compile(r"\b(?:mostly|but|except|sometimes|usually|only|guess|think|for now|when)\b", re.I)
_OPPOSITE: dict[Polarity, Polarity] = {"affirmed": "negated", "negated": "affirmed", "uncertain": "uncertain"}


def _answered(clause: Clause, question: Question, topic: str) -> RiskStatement:
    text = clause.turn.text
    end = clause.sentence.end
    for piece in sentences(text):
        if piece.start >= clause.start and len(text[clause.start : piece.end].split()) <= _QUOTE_WORDS:
            end = max(end, piece.end)
    quote = text[clause.start : end]
    polarity: Polarity = "uncertain"
    if _ASKS_MORE_THAN_WHETHER.search(question.last) or _REFUSES.search(quote):
        pass
    elif _plainly_no(quote):
        polarity = "negated"
    elif answer_polarity(quote) == "no" and not topics_in(quote):
        pass
    elif is_pure_yes(quote) or answer_polarity(quote) == "yes":
        polarity = "affirmed"
    elif named := topics_in(quote):
        polarity = "negated" if all(negated for _, negated in named) else "affirmed"
    if _SAFE_ASKED.search(question.last) and not topics_in(quote):
        # Whoever says more than yes may not be safe.
        more = polarity == "affirmed" and (len(sentences(quote)) > 1 or bool(_MOSTLY.search(quote)))
        polarity = "uncertain" if more else _OPPOSITE[polarity]
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
