"""How a spoken finding is worded: what a clinician said of the client to the client in, a sentence of a note out.

Findings of an examination, results, impressions and what the clinician recalls. An impression is always given as
the clinician's. None where the words cannot surely be turned.
"""

from __future__ import annotations

import re

from summarizer.address import addressed
from summarizer.language import word_list
from summarizer.subject import Subject, clinician_of
from summarizer.types import Style
from summarizer.verbs import AUXILIARIES, forms
from summarizer.wording import core, is_dangling

_I_KNOW = re.compile(
    r"^(?:[a-z]+,? )?(?:i (?:see|know|understand|saw|read|heard|remember|have)|it (?:says|looks like)"
    r"|looks like)(?: here)?(?: it says)?(?: that)? (?=you\b|your\b)|^(?=you (?:told|mentioned"
    r"|said)\b)",
    re.I,
)


def recalled(text: str, client: Subject, style: Style) -> str | None:
    """What the clinician recalls of the client, as what the clinician noted."""
    text = told(text)
    match = _I_KNOW.match(text)
    if match is None:
        return None
    turned = addressed(text[match.end() :], client)
    if (
        turned is None
        or len(turned.split()) < 5
        or turned.split()[-1] in ("that", "to", "the", "a", "client")
    ):
        return None
    return f"{clinician_of(style).term} noted that {turned}"


_I_FIND = re.compile(
    r"^i (?:do |can |also |still |did |however )*(?P<verb>hear|appreciate|feel|note|notice|see|palpate"
    r"|observe|recognize) (?P<rest>.+)$",
    re.I,
)
LONGEST_FINDING = 32
"""Words of a spoken finding beyond which it is a lecture, not a finding."""
_PROBLEM = re.compile(
    r"^(?:for|from|in terms of|as far as|regarding|with|about) (?:your|the) (?:(?:first|second"
    r"|third|fourth|last|next|other)(?: problem| issue| diagnosis)?,? (?:of |is |your |the "
    r"|here )*)?(?P<problem>(?!problem|exam|physical)[^,]{3,50}?)(?: standpoint| goes"
    r"| is concerned)?,\s*(?P<rest>.+)$",
    re.I,
)


def _about_problem(problem: str, rest: str, client: Subject, style: Style) -> str | None:
    """`For your hypertension, I think it's out of control` as a sentence about the problem that was named."""
    rest = core(rest)
    thought = _I_THINK.match(rest)
    turned = addressed(thought["rest"] if thought else rest, client, named=True)
    named = addressed(problem, client)
    if (
        turned is None
        or named is None
        or is_dangling(turned)
        or not 3 <= len(turned.split()) <= LONGEST_FINDING
    ):
        return None
    clinician = clinician_of(style)
    believes = f"{clinician.inside} {clinician.does('believe')} that "
    return f"Regarding {client.inside}'s {named}, {believes if thought else ''}{turned}"


_I_THINK = re.compile(
    r"^(?:so |what i want to tell you is (?:that )?|again,? )*(?:i (?:do |also |really )*(?:think"
    r"|believe|feel|suspect)(?: that)?|it (?:sounds|looks|seems|appears) like) (?P<rest>.+)$",
    re.I,
)


_NOTHING = re.compile(
    r"^(?:and |so )*(?:i|we) (?:do not|did not|cannot) (?:really |actually )?(?:see|hear|feel|appreciate|palpate"
    r"|notice"
    r"|find) (?:any )?(?P<rest>(?!that\b|how\b|what\b|it\b).+)$",
    re.I,
)
_I_DID = re.compile(
    r"^(?:and |so |then )*(?:i|we) (?:also |just |then |already )*(?P<verb>\w+) (?P<not>not )?(?P<rest>.+)$",
    re.I,
)
_NOW_DOING = frozenset({"have", "do"})


def _done(text: str, client: Subject, style: Style) -> str | None:
    """What a clinician says of the own doing: `I reviewed your labs` as `Clinician reviewed client's labs`."""
    none = _NOTHING.match(text)
    if none is not None:
        turned = addressed(none["rest"], client)
        return f"no {turned}" if turned and not is_dangling(turned) else None
    done = _I_DID.match(text)
    if done is None:
        return None
    clinician, verb = clinician_of(style), done["verb"].lower()
    if verb in _NOW_DOING:
        verb = clinician.does(verb)
    elif "past" not in forms(verb) and verb not in ("had", "was", "did"):
        return None
    turned = addressed(done["rest"], client)
    if turned is None or is_dangling(turned) or len(turned.split()) > LONGEST_FINDING:
        return None
    return f"{clinician.term} {verb} {done['not'] or ''}{turned}"


_NO_FINDING = re.compile(
    r"^(?:it|this|that|these|those|they|there(?! (?:is|are|was|were)\b)|so|any|and|or|if|when|which|because)\b",
    re.I,
)
_LOOSE = re.compile(r"^(?:on|in|at|with|for|from|about|of|by|to|looking|taking|going|next|as)\b", re.I)


def found(text: str, client: Subject, style: Style, *, fragment: bool = False) -> str | None:
    """A finding, a result or an impression, turned to speak of the client.

    A `fragment` may do without a verb, as findings are dictated (`no tenderness`, `gait not assessed today`).
    """
    text = told(text)
    about = _PROBLEM.match(text)
    if about:
        return _about_problem(about["problem"], about["rest"], client, style)
    clinician = clinician_of(style)
    thought = _I_THINK.match(text)
    if thought:
        turned = addressed(thought["rest"], client)
        believes = f"{clinician.term} {clinician.does('believe')} that"
        return f"{believes} {turned}" if turned and not is_dangling(turned) else None
    seen = _I_FIND.match(text)
    if seen and not seen["rest"].lower().startswith(("what ", "how ", "it ", "that it ")):
        turned = addressed(seen["rest"], client)
        sees = f"{clinician.term} {clinician.does(seen['verb'].lower())}"
        return f"{sees} {turned}" if turned and not is_dangling(turned) else None
    turned = addressed(text, client)
    if turned is None:
        return _done(text, client, style)
    if (
        is_dangling(turned)
        or len(turned.split()) > LONGEST_FINDING
        or _NO_FINDING.match(turned)
        or not (_has_verb(turned) or (fragment and not _LOOSE.match(turned)))
    ):
        return None
    return turned


def told(text: str) -> str:
    """A clinician's clause without what is said to a device, to be heard, or in passing of the clinician's own."""
    text = _ALSO.sub(r"\1\2", _ASIDE.sub("", _TAG.sub("", _TO_DEVICE.sub("", text))))
    return _SHOWS.sub("", _NAMED.sub("", _FALSE_START.sub("", text)))


_SHOWS = re.compile(
    r"^(?:and |so )*(?:it|this|that) (?:does |also |basically |just )*shows? that (?=(?:you|your|there)\b)",
    re.I,
)


_ASIDE = re.compile(r"(?:, (?:that|like|as)|,? which) (?:i|we)\b(?: \w+){0,8}$", re.I)
_FALSE_START = re.compile(
    r"^(?:(?:so|and|but|again|now|you know)\W+)*(?:i|we) (?=(?:you|your|there|it)\b)", re.I
)
_NAMED = re.compile(
    r"^(?:it is|that is|this is) (?:just |going to be |gon na be )?(?=\w+ (?:\d|\w+ milligrams?|one\b|two\b))",
    re.I,
)
_ALSO = re.compile(
    r"\b(am|are|would|want|do) (?:also|just|still|then|probably|definitely|really)( (?:going to|like|love|want"
    r"|you to)\b)",
    re.I,
)
_TO_DEVICE = re.compile(r"^(?:hey,? )?(?:dragon|dax|siri|alexa)\b,? *", re.I)
_TAG = re.compile(r"(?:[\s,]*\b(?:okay|ok|alright|you know)|,\s*(?:all )?right)\W*$", re.I)


def _has_verb(text: str) -> bool:
    """Whether a finding says anything of what it names (`on client's examination of their abdomen` does not)."""
    return any(word in AUXILIARIES or forms(word) & {"s", "past"} for word in word_list(text))
