"""How a plan is worded: what a clinician said would be done in, an item of the plan out, or None.

`I want you to keep a log` is `Client to keep a log`, `I'm going to refer you to …` is `Refer client to …`. Reasons
that the clinician gives in the first person are cut off; conditions stay. What is a plan is `clinician`'s to say.
"""

from __future__ import annotations

import re

from summarizer.address import addressed
from summarizer.lexicon import word_set
from summarizer.observation import told
from summarizer.subject import Subject, clinician_of
from summarizer.types import Style
from summarizer.verbs import forms
from summarizer.wording import is_dangling

_ASIDE_OF_SPEAKER = re.compile(
    r"[\s,]+(?:so that|so|because|just because|just so|just to|since|and then|but|and|if that|once|when|before|after"
    r"|as long as|unless|until|to see if|which|where)\b[^.]*?\b(?:i|we|us|our|me|my|let us)\b(?:(?!, and (?!i\b"
    r"|we\b)).)*",
    re.I,
)
_ADVERBS = (
    r"(?:(?:go ahead and|just|also|probably|definitely|still|then|actually|really|do|first|maybe"
    r"|always|want to|like to|love to|need to|have to|try to) )*"
)
_I = r"\b(?:i|we) (?:(?:also|just|really|still|then|do|definitely|probably|certainly|strongly) )*"
_FORMS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.I), put)
    for pattern, put in (
        (
            rf"{_I}(?:want|would like|would love|need|am going to ask"
            rf"|are going to ask) (?:for )?you to {_ADVERBS}(?P<rest>.+)$",
            "client to",
        ),
        (
            rf"{_I}(?:want to|would like to|would love to) {_ADVERBS}see you (?!back\b|again\b|in\b|on\b|at\b|next\b"
            rf"|for\b)"
            rf"{_ADVERBS}(?P<rest>.+)$",
            "client to",
        ),
        (
            rf"{_I}(?:will|am going to|are going to|am also going to|are also going to|am just going to"
            rf"|want to|would like to|would also like to|would) {_ADVERBS}have you {_ADVERBS}(?P<rest>.+)$",
            "client to",
        ),
        (
            r"\bi (?:(?:also|just|then|definitely) )*(?:will|am going to)(?: also| then"
            r"| just)? (?P<rest>(?:send (?:a|an|the|your) \w+ to|call|contact|email|fax|phone"
            r"|reach out to|talk (?:to|with)|speak (?:to|with)|write (?:to|a letter)|coordinate with"
            r"|consult(?: with)?"
            r"|check with|follow up with)\b (?!you\b).+)$",
            "clinician",
        ),
        (
            rf"{_I}(?:will|am going to|are going to|am also going to|are also going to|am just going to"
            rf"|want to|would like to|would also like to|need to|should|would) {_ADVERBS}(?P<rest>.+)$",
            "imperative",
        ),
        (rf"{_I}(?:can|could|might) {_ADVERBS}(?P<rest>.+)$", "option"),
        (rf"\blet us {_ADVERBS}(?P<rest>.+)$", "imperative"),
        (
            r"\bi (?:would |do |strongly |also |then |just )*(?:recommend|suggest"
            r"|advise|encourage) (?:that )?you (?:should )?(?:to )?(?P<rest>.+)$",
            "recommend that",
        ),
        (
            r"\bi (?:would |do |strongly |also |then |just )*(?:recommend|suggest|advise) (?P<rest>.+)$",
            "recommend",
        ),
        (rf"\byou (?:should|need to|have to|must|ought to|will need to) {_ADVERBS}(?P<rest>.+)$", "advised"),
        (rf"\byou (?:can|could|might want to|may want to|will want to) {_ADVERBS}(?P<rest>.+)$", "may"),
        (
            rf"^(?:(?:for homework|for (?:this|next|the coming) week|for next time|this week|until (?:then"
            rf"|next time|next week"
            rf"|we meet)|between now and then),? )?(?:please "
            rf"|i would ask you to )?{_ADVERBS}(?P<rest>(?:continue|keep|start|stop"
            rf"|try|make sure|practi[cs]e|take|use|come back|follow up|remember|write|bring|notice|call|do"
            rf"|return|watch|be sure|avoid|increase|decrease|pick)\b.+)$",
            "client to",
        ),
        (
            rf"^(?:(?:hey,? )?(?:dragon|dax|siri|alexa),? )?{_ADVERBS}(?P<rest>(?:order|prescribe|refill|refer"
            rf"|schedule"
            rf"|obtain|repeat|recheck|discontinue)\b.+)$",
            "imperative",
        ),
    )
)


_WRITER = "clinician"
"""Stands for `me` where the clinician is `I`, while what is said to the client is turned."""
_DAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?"
_CLOCK = (
    r"(?:at |around )(?:\d{1,2}(?::\d\d)?|noon|one|two|three|four|five|six|seven|eight|nine|ten"
    r"|eleven|twelve)"
    r"(?:[- ](?:thirty|fifteen|forty-five))?(?: ?(?:o'clock|a\.?m\.?|p\.?m\.?))?"
)
_PART = r"(?:in the (?:morning|afternoon|evening)|morning|afternoon|evening)"
_WHEN = re.compile(
    rf"\b(?P<when>(?:(?:the )?same (?:time|day)(?: and (?:time|place))? (?:next (?:week|month"
    rf"|{_DAY})|in \w+ \w+|on {_DAY})"
    rf"|(?:on |this coming |this |next )*{_DAY}(?: the \w+| in (?:two|three|four) weeks)?"
    rf"|next (?:week|month)(?: on {_DAY})?|tomorrow"
    rf"|in (?:about )?(?:a|one|two|three|four|five|six|eight|a couple of|a few|\d+) (?:days?|weeks?|months?)"
    rf"|(?:a|one|two|three|four|six|\d+) (?:days?|weeks?|months?) from (?:today|now|{_DAY})"
    rf"|on the \d+(?:st|nd|rd|th)?)"
    rf"(?:,? {_PART})?(?:,? {_CLOCK})?(?:,? {_PART})?)",
    re.I,
)
_ABOUT_MEETING = re.compile(
    r"\b(?:see you|meet|shall we|book you|pencil you|put you (?:down|in)|fit you in|talk (?:to"
    r"|with) you|how about|what about|does|would|can you"
    r"|(?:next|our) (?:session|appointment)|expect you|come back)\b",
    re.I,
)


def appointment(text: str) -> str | None:
    """When the next meeting is, as it was said: `next Tuesday at three`; None where that is not certain."""
    if re.search(r"\b(?:if|unless|labs?|test|blood|or)\b", text, re.I) or not _ABOUT_MEETING.search(text):
        return None
    found = list(_WHEN.finditer(text))
    return found[0]["when"].strip() if len(found) == 1 else None


def planned(text: str, client: Subject, style: Style) -> str | None:
    """A clinician's clause as an item of the plan, without a full stop; None where it cannot surely be one."""
    text = _WHAT_I_DO.sub("", _THOUGHT.sub("", told(text))).rstrip("?. ")
    if re.match(r"^(?:same time|next (?:week|session|appointment))\b", text, re.I):
        turned = addressed(text, client)
        return f"Next appointment: {turned}" if turned else None
    earliest: tuple[int, str, str] | None = None
    for pattern, put in _FORMS:
        match = pattern.search(text)
        if match and (earliest is None or match.start() < earliest[0]):
            earliest = (match.start(), put, match["rest"])
    if earliest is None or earliest[0] > (_LONGEST_PROBLEM if _ABOUT.match(text) else 60):
        return None
    start, put, rest = earliest
    clinician = clinician_of(style)
    rest = _TO_SEE.sub("", rest)
    condition = _condition(text[:start], client)
    if condition is None:
        return None
    rest = (
        _ASIDE_OF_SPEAKER.sub("", rest)
        if re.search(r"\b(?:i|we|us|our|me|my|let us)\b", rest, re.I)
        else rest
    )
    rest = re.sub(
        r"\b(to|with|call|see|for) me\b",
        lambda match: f"{match.group(1)} {_WRITER if clinician.first else clinician.inside}",
        rest,
    )
    rest = re.sub(
        r"[\s,]*\b(?:okay|right|all right|alright|you know|if that is okay|if that is okay with you"
        r"|is that okay|does that sound (?:good|okay))\W*$",
        "",
        rest,
        flags=re.I,
    )
    first = rest.split()[0].lower().strip(",") if rest.split() else ""
    if len(rest.split()) < 2 or (
        "base" not in forms(first) and put not in ("recommend",) and first not in _BASE_TOO
    ):
        return None
    turned = addressed(rest, client, named=put in ("client to", "recommend that", "advised", "may"))
    if turned is None or is_dangling(turned):
        return None
    if re.match(
        r"^\w+ (?:it|that|this|them|those|so|there)(?: (?:down|up|out|on|off|back|then))?$|^(?:get"
        r"|see|put|let|have) \w+ (?:back|soon|out"
        r"|checked|going|there|here|up|ready)\b",
        turned,
    ):
        return None
    turned = re.sub(rf"\b{_WRITER}\b", clinician.object, turned[0].lower() + turned[1:])
    if put == "clinician" and not re.search(rf"\b{client.pronouns.possessive}\b", rest, re.I):
        # "call client's doctor about their sleep" could be the doctor's.
        turned = re.sub(rf"\b{client.pronouns.possessive}\b", f"{client.inside}'s", turned)
    # A condition opens the sentence; what follows it stands inside, where a name keeps its capital.
    who, whose = (client.inside, clinician.inside) if condition else (client.term, clinician.term)
    lead = {
        "client to": f"{who} to {turned}",
        "imperative": turned,
        "clinician": f"{whose} will {turned}",
        "option": f"{'option' if condition else 'Option'} discussed: {turned}",
        "recommend that": f"{whose} recommended that {client.inside} {turned}",
        "recommend": f"{whose} recommended {turned}",
        "advised": f"{who} advised to {turned}",
        "may": f"{who} advised that {client.pronouns.subject} can {turned}",
    }[put]
    return f"{condition[0].upper()}{condition[1:]}, {lead}" if condition else lead


_WHAT_I_DO = re.compile(
    r"\bwhat (?:i|we) (?:would like|want|am going|are going|will|need)(?: to)? do(?: now| next| today)? (?:is"
    r"|,)(?: is)? (?=(?:i|we)\b)",
    re.I,
)
_THOUGHT = re.compile(
    r"^(?:i think|i do think|i believe|i feel like|i would say) (?=(?:you|we|i|let us)\b)", re.I
)
_ABOUT = re.compile(
    r"^(?:(?:and|so|then|now) )*(?:for|from|in terms of|as far as|regarding|with|under) (?:your|the|a)\b",
    re.I,
)
_LONGEST_PROBLEM = 120
"""Characters before a plan that name the problem it is for."""
_TO_SEE = re.compile(
    r"[\s,]+(?:and|to|and then|and we will) (?:just )?see (?:how|if|what|whether)\b.*$", re.I
)
"""What a clinician hangs on to a plan that says no more than that it will be looked at again."""
_BASE_TOO = word_set(
    """
    follow see schedule order refer recheck prescribe taper elevate ice titrate re-check work set x-ray
    do be inject wean
    """
)


def _condition(lead: str, client: Subject) -> str | None:
    """What stands before the plan itself: kept where it is a condition or a problem, dropped where it is chatter."""
    lead = re.sub(
        r"^(?:so|and|but|then|now|okay|well|i think|i do think"
        r"|i guess|you know|,|\s)+",
        "",
        lead.strip(" ,"),
        flags=re.I,
    ).strip(" ,")
    if not lead:
        return ""
    if (
        re.match(
            r"^(?:if|when|for (?:the|your|homework)|from (?:a|your|the)|regarding|in terms of|as far as"
            r"|in (?:\w+ )?(?:days?|weeks?"
            r"|months?)|this week|next|between now)\b",
            lead,
            re.I,
        )
        and len(lead.split()) <= 18
    ):
        return addressed(lead, client)
    return (
        ""
        if len(lead.split()) <= 6 and not re.search(r"\b(?:not|no|never|if|unless)\b", lead, re.I)
        else None
    )
