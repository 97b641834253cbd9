"""Yes, no and not: an answer in, how it answers out; a sentence in, what a negation in it reaches.

Only the words are read. A negated answer says what somebody said, not what is so.
"""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

from summarizer.language import word_list

AnswerPolarity: TypeAlias = Literal["yes", "no", "open"]

_NO = re.compile(
    r"^(?:(?:um+|uh+|well|oh|i mean|okay|hmm+|mm+)\b[\s,.]*)*"
    r"(?:no|nope|nah|never|none|nothing|negative|(?:absolutely|definitely|certainly|of course"
    r"|probably) not|not (?:at all|that i|since|recently|lately|now|anymore|currently)"
    r"|i(?:['’]ve| have) (?:never|not)\b|i (?:do|did|have|am|was|would|could|can|ca)(?:\s?n['’]?t| not)\b"
    r"|i(?:['’]m| am) not\b|i can['’]?t\b)",
    re.I,
)
_YES = re.compile(
    r"^(?:(?:um+|uh+|well|oh|i mean|okay|hmm+|mm+)\b[\s,.]*)*"
    r"(?:yes|yeah|yep|yup|yea|uh-huh|mm-hmm|mhm|absolutely|definitely|correct|of course|exactly"
    r"|sure|i do\b(?! n)"
    r"|i have\b(?! n| not| never)|i am\b(?! not)|i did\b(?! n)|it (?:is|does|has)\b|that['’]s right)",
    re.I,
)
_UNSURE = re.compile(
    r"\b(?:not really|not exactly|kind of|sort of|i do ?n['’]t know|not sure|maybe|sometimes"
    r"|a little|a bit|i guess"
    r"|except|but|unless|only|just|once|twice|used to|most(?:ly)?|hard to say|occasional\w*|i think so"
    r"|not (?:that often|much|too)|well,? (?:yeah|yes))\b",
    re.I,
)
_PURE_NO = re.compile(
    r"^(?:(?:um+|uh+|well|oh|okay|ok|no|nope|nah|none|never|nothing|not at all|not that i(?:['’]m"
    r"| am| can| know|['’]ve| have"
    r"| could)?(?: aware of| think of| noticed| remember| recall| of)?|nothing (?:like that"
    r"|at all|really like that)"
    r"|none (?:of that|of those|at all)|i (?:do|did|have|am|was)(?:\s?n['’]t| not)|i(?:['’]ve"
    r"| have) (?:not|never)"
    r"|i(?:['’]m| am) not|sir|ma['’]am|doctor|absolutely not|definitely not|negative|thank god"
    r"|thanks|thank you"
    r"|no way|never have|not now|neither)\b[\s,.!;-]*)+$",
    re.I,
)
_PURE_YES = re.compile(
    r"^(?:(?:um+|uh+|well|oh|okay|ok|yes|yeah|yep|yup|yea|uh-huh|mm-hmm|mhm|absolutely|definitely"
    r"|correct|of course"
    r"|exactly|sure|i do|i have|i am|i did|it is|it does|it has|that['’]s right|right|sir"
    r"|ma['’]am|doctor)\b[\s,.!;-]*)+$",
    re.I,
)


def answer_polarity(answer: str) -> AnswerPolarity:
    """How an answer begins; `open` where it neither affirms nor denies."""
    if _NO.match(answer):
        return "no"
    return "yes" if _YES.match(answer) else "open"


def is_pure_no(answer: str) -> bool:
    """Whether an answer says no and nothing else, so that it denies all that was asked."""
    return (
        answer_polarity(answer) == "no"
        and bool(_PURE_NO.match(answer.strip()))
        and not _UNSURE.search(answer)
    )


def is_pure_yes(answer: str) -> bool:
    """Whether an answer says yes and nothing else."""
    return answer_polarity(answer) == "yes" and bool(_PURE_YES.match(answer.strip()))


_RESERVE = re.compile(
    r"\b(?:but|except|only|once|twice|sometimes|used to|until|unless|before|lately|occasional\w*|maybe|i guess"
    r"|a little"
    r"|a bit|well|just|though|last|yesterday|tonight|weekends?|now and then|not (?:every|always|all|really))\b",
    re.I,
)
_OWN = re.compile(r"\b(?:i|i['’]\w+|me|my|we)\b", re.I)


def takes_back(answer: str, rest: str) -> bool:
    """Whether what follows a plain yes or no in the same breath may take it back (`No.` `Only on weekends.`).

    After a no, anything the speaker affirms of themselves counts; after a yes, only a reserve or a not.
    """
    said = [piece for piece in re.split(r"(?<=[.!?])\s+", rest.strip()) if word_list(piece)]
    if is_pure_no(answer):
        return any(
            bool(_RESERVE.search(piece))
            or (bool(_OWN.search(piece)) and not has_negation(piece))
            or (
                len(word_list(piece)) > 2
                and not _OWN.search(piece)
                and not has_negation(piece)
                and bool(_COUNTS.search(piece))
            )
            for piece in said
        )
    return bool(said) and bool(_RESERVE.search(said[0]) or has_negation(said[0]))


_COUNTS = re.compile(r"\b(?:\d+|one|two|three|four|five|six|a few|some|couple|drinks?|times)\b", re.I)

_NEGATOR = re.compile(
    r"\b(?:no|not|never|none|nothing|nobody|neither|nor|without|cannot|deny|denies|denied|denying"
    r"|unable|hardly|barely|(?:do|did|does|is|was|are|were|ca|could|would|should|have|has|had)nt"
    r"|stopped|stop|ca|wo|nope|nah|lack\w*|negative)\b|n['’]t\b",
    re.I,
)
_NEGATION_ENDS = re.compile(
    r"\b(?:but|except|although|however|though|because|so|until"
    r"|unless|which)\b|[;:.?!]",
    re.I,
)
_PSEUDO_NEGATION = re.compile(
    r"^\W*(?:no|nope|nah)\b\s*(?:[,.]|(?=(?:i|it|we|he|she|they|that|my)\b))|\b(?:not only"
    r"|no doubt|no wonder|not just|no matter|not sure if|not to mention)\b",
    re.I,
)


def has_negation(text: str) -> bool:
    """Whether any negating word stands in `text`."""
    return bool(_NEGATOR.search(_PSEUDO_NEGATION.sub(" ", text)))


def is_negated(text: str, at: int) -> bool:
    """Whether the word at character `at` lies in the scope of a negation to its left.

    The scope runs from the negator to the next word that ends it, at most eight words (the rule of NegEx,
    Chapman et al. 2001, with a wider window because speech is wordier than notes).
    """
    left = _PSEUDO_NEGATION.sub(lambda m: " " * len(m.group()), text[:at])
    scope = 0
    for match in _NEGATION_ENDS.finditer(left):
        scope = match.end()
    negators = list(_NEGATOR.finditer(left, scope))
    return bool(negators) and len(word_list(left[negators[-1].end() :])) <= 8
