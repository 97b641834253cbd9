"""Interventions by name: what a clinician said in, the techniques that those words show out.

A technique is named only where the clinician's own words show it being done in the room; what is set for home
is a plan and is left to `facts`. The table is data: name, wording for the note, and what gives it away. It does
not judge whether the technique was done well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from summarizer.wording import plain


@dataclass(frozen=True, slots=True)
class Technique:
    """`wording` follows "Clinician"; `broad` ones are common to all sessions and are told once, with an example."""

    name: str
    wording: str
    pattern: re.Pattern[str]
    broad: bool = False


def _technique(name: str, wording: str, pattern: str, *, broad: bool = False) -> Technique:
    return Technique(name, wording, re.compile(rf"(?:{pattern})", re.I), broad)


_TELLS_CLIENT = (
    r"^(?:(?:so|and|but|okay|yeah|well|right|then|now|because|maybe|even though|although)\W+)*(?:you(?!\s+(?:know"
    r"|should|could|can|might"
    r"|may|must|need to|have to|will|would want|guys|see\b(?! yourself)|mean\b|said you would)\b)"
    r"|for you\b|(?:it|that|this) (?:is|was|has been|feels?|felt|makes?|made|really|sounds?) (?:\w+ ){0,4}(?:for "
    r"|to )?you\b(?! (?:know|to|can|should))"
    r"|your (?!(?:welcome|name|insurance|next|appointment)\b)(?:\w+ ){1,3}(?:is|are|was|were|has|have|feels?|means?"
    r"|matters?|seems?|wants?)\b"
    r"|there is a (?:part|side) of you|a part of you)(?=(?:\W+\w+){3,})"
)
"""A statement to the client about the client: what motivational interviewing calls a reflection."""

TECHNIQUES: tuple[Technique, ...] = (
    _technique(
        "safety planning",
        "engaged client in safety planning",
        r"\bsafety plan|\bcrisis (?:line|plan|team)|\bcall 988\b|\b988\b|\bwarning signs\b"
        r"|\bwho (?:can|could|would) you (?:call|reach out to)\b.*\b(?:crisis|unsafe|thoughts|urge)"
        r"|\b(?:lock|locked|locking)\b.{0,30}\b(?:gun|guns|firearm|pills|medications?)|\b(?:remove"
        r"|give|hold|store)\b.{0,30}\b(?:guns?|firearms?)\b",
    ),
    _technique(
        "paced breathing",
        "guided a paced breathing exercise",
        r"\bbreath(?:e|ing) (?:in|out)\b.*\b(?:out|in|count|slow\w*|hold|two|three|four|five|six)\b"
        r"|\b(?:slow|deep|paced|belly|box|diaphragmatic) breath(?:s|ing)?\b.*\b(?:together|with me"
        r"|now|count|let us|let's|hold|in|out)\b"
        r"|\blet(?:'s| us) (?:\w+ ){0,4}breath\w*|\binhale\b|\bexhale\b",
    ),
    _technique(
        "grounding",
        "led a grounding exercise",
        r"\b(?:five|four|three|5|4|3) things (?:that )?you (?:can|could)? ?(?:see|hear|feel|touch"
        r"|smell)\b|\b(?:let's|let us|try|do|doing) (?:\w+ ){0,4}grounding\b"
        r"|\bfeet (?:flat )?on the (?:floor|ground)\b|\bnotice (?:the chair|your feet"
        r"|what you (?:can )?(?:see|hear|feel))",
    ),
    _technique(
        "muscle relaxation",
        "guided progressive muscle relaxation",
        r"\bprogressive muscle\b|\btense (?:up )?(?:your|the|those)\b.*\b(?:release|relax|let go)\b",
    ),
    _technique(
        "guided imagery",
        "used guided imagery",
        r"\b(?:guided )?imagery\b|\b(?:close your eyes and |i want you to "
        r"|i would like you to )(?:imagine|picture|visualize)\b|\bsafe place\b",
    ),
    _technique(
        "mindfulness",
        "led a mindfulness exercise",
        r"\bmindful(?:ness)?\b.*\b(?:exercise|notice|moment|together|now)\b|\bnotice (?:the"
        r"|your) (?:thoughts?|breath)\b|\bbody scan\b",
    ),
    _technique(
        "thought record review",
        "reviewed the thought record with client",
        r"\b(?:thought (?:record|log|diary|journal))\b.*\b(?:look|go (?:over|through)|review|show"
        r"|bring|wrote|what did you|see)\b|\b(?:look|go (?:over|through)|review|see"
        r"|bring)\b.*\bthought (?:record|log|diary|journal)",
    ),
    _technique(
        "cognitive restructuring",
        "used cognitive restructuring",
        r"\bevidence (?:for|against|that|do you have|is there)\b|\bwhat(?:'s| is) the evidence\b"
        r"|\banother (?:way (?:to (?:look|think|see)|of (?:looking|thinking|seeing))|explanation)"
        r"|\b(?:alternative|balanced|more balanced|different) thought\b|\b(?:more )?balanced way\b"
        r"|\bwhat would you (?:say|tell) (?:to )?(?:a|your) (?:good |best |close )?friend\b"
        r"|\bthinking trap|\bcognitive distortion|\ball[- ]or[- ]nothing\b|\bcatastrophi"
        r"|\bmind[- ]reading\b|\breframe\b|\bchallenge (?:that|those|the) thoughts?\b"
        r"|\bautomatic thoughts?\b|\bwhat (?:went|was going|is going|goes) through your (?:mind"
        r"|head)\b|\bhow (?:true|likely) (?:is|do you think|does)\b",
    ),
    _technique(
        "exposure",
        "engaged client in exposure work",
        r"\bexposures?\b|\bfear (?:ladder|hierarchy)\b|\bstay with (?:the|that) (?:anxiety|feeling"
        r"|fear|discomfort)\b|\bsubjective units\b|\bsuds\b|\bface (?:that|the|your) fear\b",
    ),
    _technique(
        "behavioural activation",
        "used behavioral activation to plan activities with client",
        r"\bbehaviou?ral activation\b|\b(?:pleasant|enjoyable|rewarding) activit"
        r"|\bactivity (?:schedul|log|chart)|\bschedul\w+ (?:\w+ ){0,3}activit"
        r"|\bone (?:small )?thing (?:that )?you (?:enjoy|used to enjoy|could do|might do)\b"
        r"|\bsmall (?:first )?step\b",
    ),
    _technique(
        "problem solving",
        "engaged client in problem solving",
        r"\bbrainstorm|\bpossible solutions?\b|\bwhat are (?:some|your|the) (?:\w+ )?(?:options"
        r"|solutions|ideas)\b|\bwhat (?:could|might|can) you do (?:differently|instead|to|about|when"
        r"|if)\b|\bwhat (?:gets|is getting|might get|stands|could get) in the way\b|\bobstacles?\b"
        r"|\bbarriers?\b",
    ),
    _technique(
        "decisional balance",
        "explored the pros and cons of change with client",
        r"\bpros and cons\b|\bwhat are (?:some of )?the (?:good|not[- ]so[- ]good|bad|less good"
        r"|benefits|upsides|downsides|positive|negative)\b|\bwhat (?:do|would) you (?:like|enjoy"
        r"|get) (?:about|from|out of)\b|\b(?:upside|downside|advantages?|disadvantages?)\b",
    ),
    _technique(
        "scaling question",
        "used a scaling question",
        r"\bon a scale\b|\b(?:zero|one|0|1) (?:to|through|being) (?:\w+ ){0,3}(?:ten|10)\b"
        r"|\bwhy (?:are you )?(?:a|an|at a|at)? ?(?:\d|two|three|four|five|six|seven|eight"
        r"|nine) and not\b|\bhow (?:important|confident|ready|motivated) (?:is|are|do|would)\b",
    ),
    _technique(
        "eliciting change talk",
        "elicited client's own reasons for change",
        r"\bwhat would (?:be different|it take|make you|have to (?:happen|change)|your life)\b"
        r"|\bwhy (?:would|do) you want to\b|\bwhat (?:makes|made) you (?:want|think|decide)\b"
        r"|\bwhat (?:worries|concerns) you (?:most |the most )?about\b|\bwhat (?:might|could"
        r"|would) (?:happen|be) (?:if|the)\b|\bhow would (?:things|your life|that) (?:be|look|change)\b"
        r"|\bhow would you like (?:things|it|your)\b"
        r"|\bin what ways?\b",
    ),
    _technique(
        "psychoeducation",
        "provided psychoeducation",
        r"\bfight[- ]or[- ]flight\b|\b(?:anxiety|depression|panic|trauma|grief|stress|avoidance"
        r"|addiction|craving)s? (?:is|are|works?|makes|tends|does|can|often)\b|\b(?:that is|this is"
        r"|it is) (?:what (?:we|they) call|called)\b|\bwhat happens (?:in|to) (?:your|the"
        r"|our) (?:brain|body)\b"
        r"|\b(?:research|studies|evidence) (?:shows?|suggests?|says|tells?)\b"
        r"|\b(?:vicious )?cycle of\b|\bnervous system\b|\b(?:recommended|safe|low[- ]risk"
        r"|standard) (?:limits?|drinks?|guidelines?|amount)\b|\bwe know that\b|\bincreases? (?:your"
        r"|the|their) risk\b|\blinked to\b",
    ),
    _technique(
        "sleep hygiene",
        "discussed sleep hygiene",
        r"\bsleep hygiene\b|\bscreens? (?:before|in) bed\b|\b(?:same"
        r"|regular) (?:bed)?time every (?:night|day|morning)\b|\bwind(?:ing)?[- ]down routine\b",
    ),
    _technique(
        "communication skills",
        "coached communication skills",
        r"\bi[- ]statements?\b|\bassertive\w*|\bset(?:ting)? (?:a |some |clear )?boundar"
        r"|\bhow (?:could|might|would) you (?:say|tell|ask|bring) (?:that|it|him|her|them|this)\b"
        r"|\bactive listening\b",
    ),
    _technique(
        "role play",
        "conducted a role play",
        r"\brole[- ]?play|\bpretend (?:i am|that i am|i'm)\b|\bpracti[cs]e (?:saying"
        r"|what you (?:would|will|might) say)\b",
    ),
    _technique(
        "distress tolerance",
        "taught distress tolerance skills",
        r"\bdistress tolerance\b|\bopposite action\b|\bradical acceptance\b|\btipp?\b skill"
        r"|\burge surfing\b|\bride (?:out|the) (?:the )?(?:wave|urge|craving)",
    ),
    _technique(
        "values clarification",
        "explored client's values",
        r"\byour values\b|\bwhat matters (?:most )?to you\b|\bwhat is (?:most )?important to you\b"
        r"|\bkind of (?:person|parent|partner|father|mother) you want to be\b",
    ),
    _technique(
        "chain analysis",
        "conducted a chain analysis",
        r"\bchain analysis\b|\bwhat happened (?:right |just )before\b.*\bafter\b"
        r"|\bwalk me through (?:what|that|it|the)\b",
    ),
    _technique(
        "coping review",
        "reviewed coping strategies with client",
        r"\bcoping (?:skills?|strateg\w+|mechanisms?)\b|\bwhat (?:has )?(?:help(?:s|ed)|works?"
        r"|worked) (?:you )?(?:in the past|before|when)\b|\bwhat do you do (?:to (?:cope|calm|manage"
        r"|deal)|when you (?:feel|get))\b",
    ),
    _technique(
        "homework review",
        "reviewed homework",
        r"\bhow did (?:the |your |that |it )?(?:\w+ )?(?:homework|practice|exercise|assignment"
        r"|worksheet|breathing|log|go with the) ?(?:go|work)?\b|\b(?:did you"
        r"|were you able to) (?:\w+ )?(?:try|do|practi[cs]e|complete|fill out) (?:the|your|that|any)\b",
    ),
    _technique(
        "goal setting",
        "collaborated on goal setting",
        r"\b(?:set(?:ting)?|making|make) (?:a |some |your |an? \w+ )?goals?\b|\bwhat (?:is|are"
        r"|would be) your goals?\b|\bgoals? (?:for|that you|you would|you have|do you)\b"
        r"|\bwhat would you like to (?:work on|change|accomplish|achieve|get out of)\b",
    ),
    _technique(
        "permission",
        "asked permission before giving information",
        r"\b(?:is it|would it be|if it is|will it be) (?:okay|ok|all right|alright) (?:if|with you if"
        r"|for) (?:i|we)\b|\bdo you mind if i\b|\b(?:can|could|may) i (?:share|give you|tell you"
        r"|offer)\b|\bwould you (?:be interested in|like to (?:hear|know|learn))\b",
        broad=True,
    ),
    _technique(
        "validation",
        "validated client's experience",
        r"\b(?:that|it) makes (?:a lot of |perfect |total |complete )?sense (?:that|you|why|given)\b"
        r"|\b(?:that is |it is |completely |very |totally )understandable\b"
        r"|\bi (?:can )?(?:understand|imagine) (?:that|how|why|it|you)\b|\banyone (?:would|in your)\b"
        r"|\b(?:it|that) is (?:okay|ok|normal|natural|all right) to\b"
        r"|\bthat (?:is|sounds|must be|must have been|has to be) (?:really |very |so |pretty "
        r"|incredibly )?(?:hard|difficult|tough|painful|frustrating|scary|stressful|overwhelming"
        r"|exhausting)\b|\bi am (?:so |really |very )?sorry (?:that )?(?:you|to hear|this|that)\b"
        r"|\byou are not alone\b",
        broad=True,
    ),
    _technique(
        "affirmation",
        "affirmed client's strengths and efforts",
        r"\bi (?:really |do )?appreciate (?:you|your|that you|how)\b|\btook (?:a lot of |some "
        r"|real )?courage\b|\bgood for you\b|\bi am (?:really |so |very )?(?:proud|impressed)\b"
        r"|\b(?:great|good|excellent|wonderful) (?:job|work|for you)\b"
        r"|\byou have (?:already )?(?:worked|done|shown|come|made|put) (?:\w+ ){0,3}(?:hard|well"
        r"|strength|effort|progress|far|thought|lot)\b|\bthat is (?:a )?(?:great|huge|big|wonderful"
        r"|excellent) (?:\w+ )?(?:step|achievement|accomplishment|effort)\b",
        broad=True,
    ),
    _technique(
        "summary",
        "summarized what client had said",
        r"\b(?:let me|so to|to|let me just|i want to|if i can) (?:summari[sz]e|recap|see if i (?:have"
        r"|got|understand|understood))\b|\bwhat (?:i have|i've|we have|we've) (?:heard|talked about"
        r"|covered)\b|\bso far you have\b|\blet me make sure i (?:understand|got|have)\b",
        broad=True,
    ),
    _technique(
        "reflective listening",
        "used reflective listening",
        rf"{_TELLS_CLIENT}|^(?:so |and |okay |yeah |well |but )*(?:it |that )?sounds? (?:to me )?like\b|^(?:so |and "
        r"|okay )*(?:it )?seems? like you\b|\bwhat i(?: am|'m)? hear(?:ing)?\b|\bi hear you saying\b"
        r"|^(?:so|and so|and|but) you (?:are|have|feel|want|were|would|really|kind of|also|do|know"
        r"|wish|think|like|enjoy|see|find)\b|\bpart of you\b|\bon (?:the )?one hand\b|^you (?:are"
        r"|feel) (?:\w+ ){0,3}(?:worried|feeling|concerned|afraid|scared|torn|frustrated|tired"
        r"|wondering|anxious|stuck|ready|proud|not sure)\b",
        broad=True,
    ),
    _technique(
        "information",
        "provided information",
        r"\b(?:research|studies|guidelines?|statistics)\b (?:\w+ )?(?:shows?|suggests?|says?|recommends?|found|have"
        r"|has|tells?)"
        r"|\b(?:many|most|some|a lot of) (?:people|folks|patients|clients|parents|men|women|kids)\b(?! you\b)"
        r"|\bthere (?:is|are) (?:\w+ ){0,4}(?:medications?|medicines?|programs?|groups?|options?|resources?"
        r"|services?|treatments?"
        r"|ways|things that (?:can|help)|evidence|risks?|benefits?|effects?)\b"
        r"|\b(?:it|they|this|that|these|which|alcohol|smoking|nicotine|exercise|sleep|stress|anxiety|depression"
        r"|the \w+) (?:\w+ )?"
        r"(?:can|may|could|might|tends? to|usually|often|typically) (?:\w+ )?(?:cause|lead|help|increase|decrease"
        r"|reduce|raise|lower"
        r"|affect|damage|make|worsen|improve|take|happen|result)\b"
        r"|\b(?:increases?|reduces?|lowers?|raises?|affects?|damages?|contributes? to|leads? to) (?:the "
        r"|your )?(?:risks?|chances?"
        r"|levels?|ability|health|body|brain|liver|lungs|heart|sleep|mood)\b"
        r"|\bis (?:a|an) (?:\w+ )?(?:symptom|sign|condition|disorder|disease|side effect|risk|medication|program"
        r"|technique"
        r"|approach|form|kind|type) (?:of|that|which|for)\b",
        broad=True,
    ),
    _technique(
        "open questions",
        "asked open questions",
        r"^(?:so |and |okay |well |um |now |then )*(?:what|how)\b(?! (?:dose|dosage|day|year|age|many|much|old|long"
        r"|often"
        r"|about|time))|\btell me (?:more|about|a (?:little|bit) (?:more )?about)\b|^(?:so "
        r"|and )?help me understand\b",
        broad=True,
    ),
)

_HOME = re.compile(
    r"\b(?:this week|next week|at home|between now|over the (?:next|coming)|for homework"
    r"|until (?:we|next)|before (?:we meet|next|our next)|every (?:day|night|morning|evening)"
    r"|(?:once|twice|\w+ times) a (?:day|week)|whenever you|keep (?:a|using|doing|practi[cs]ing)"
    r"|continue)\b",
    re.I,
)


def techniques_in(sentence: str, *, in_exam_room: bool = False) -> tuple[Technique, ...]:
    """Techniques that a clinician's sentence shows being done, in the order of the table.

    A sentence that sets something for the time until the next session shows none of the specific ones.
    """
    said = plain(sentence)
    at_home = bool(_HOME.search(said))
    found = []
    for technique in TECHNIQUES:
        if not technique.pattern.search(said):
            continue
        if (
            at_home
            and not technique.broad
            and technique.name not in ("safety planning", "psychoeducation", "homework review")
        ):
            continue
        if in_exam_room and (technique.broad or technique.name in _NOT_IN_EXAMS):
            continue
        found.append(technique)
    specific = [t for t in found if not t.broad]
    return tuple(specific or found[:1])


_NOT_IN_EXAMS = frozenset(
    {
        "paced breathing",
        "grounding",
        "psychoeducation",
        "exposure",
        "muscle relaxation",
        "scaling question",
        "cognitive restructuring",
        "eliciting change talk",
        "homework review",
        "summary",
    }
)
