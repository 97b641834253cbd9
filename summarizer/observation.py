"""How a spoken finding is worded: what a clinician said of the client to the client in, a sentence of a note out.

Findings of an examination, results, impressions and what the clinician recalls. An impression is always given as
the clinician's. None where the words cannot surely be turned.
"""

from __future__ import annotations

import re

from summarizer.address import addressed
from summarizer.language import word_list
from summarizer.subject import Subject, clinician_inside
from summarizer.types import Style
from summarizer.verbs import AUXILIARIES, forms, third
from summarizer.wording import core, is_dangling

_I_KNOW = re.compile(
    r"^(?:i (?:see|know|understand|saw|read|heard|remember)|it (?:says|looks like)"
    r"|looks like)(?: here)?(?: it says)?(?: that)? (?=you\b|your\b)|^(?=you (?:told|mentioned"
    r"|said)\b)",
    re.I,
)


def recalled(text: str, client: Subject, style: Style) -> str | None:
    """What the clinician recalls of the client, as what the clinician noted."""
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
    return f"{style.clinician_term} noted that {turned}"


_I_FIND = re.compile(
    r"^i (?:do |can |also |still |did )*(?P<verb>hear|appreciate|feel|note|notice|see|palpate"
    r"|observe) (?P<rest>.+)$",
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
    believes = f"{clinician_inside(style)} believes that "
    return f"Regarding {client.inside}'s {named}, {believes if thought else ''}{turned}"


_I_THINK = re.compile(
    r"^(?:so |what i want to tell you is (?:that )?|again,? )*i (?:do |also |really )*(?:think"
    r"|believe|feel|suspect)(?: that)? (?P<rest>.+)$",
    re.I,
)


def found(text: str, client: Subject, style: Style) -> str | None:
    """A finding, a result or an impression, turned to speak of the client."""
    about = _PROBLEM.match(text)
    if about:
        return _about_problem(about["problem"], about["rest"], client, style)
    thought = _I_THINK.match(text)
    if thought:
        turned = addressed(thought["rest"], client)
        return (
            f"{style.clinician_term} believes that {turned}" if turned and not is_dangling(turned) else None
        )
    seen = _I_FIND.match(text)
    if seen and not seen["rest"].lower().startswith(("that ", "what ", "how ", "it ")):
        turned = addressed(seen["rest"], client)
        return (
            (f"{style.clinician_term} {third(seen['verb'].lower())} {turned}")
            if turned and not is_dangling(turned)
            else None
        )
    turned = addressed(text, client)
    if (
        turned is None
        or is_dangling(turned)
        or not _has_verb(turned)
        or len(turned.split()) > LONGEST_FINDING
        or re.match(
            r"^(?:it|this|that|these|those|they|there|so|any|no|and|or|if|when"
            r"|which|because)\b",
            turned,
            re.I,
        )
    ):
        return None
    return turned


def _has_verb(text: str) -> bool:
    """Whether a finding says anything of what it names (`on client's examination of their abdomen` does not)."""
    return any(word in AUXILIARIES or forms(word) & {"s", "past"} for word in word_list(text))
