"""What a yes or a no says: a clinician's question in, the thing it puts to the client out.

`Have you had any thoughts of suicide?` puts `thoughts of suicide`; with *no* a note may say that the client
denies them, with *yes* that they report them. A question that cannot be turned round surely gives None, and
then question and answer are quoted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from summarizer.address import addressed
from summarizer.language import word_list
from summarizer.polarity import has_negation
from summarizer.subject import Subject
from summarizer.verbs import base_of, forms, gerund, is_gerund, is_participle, participle, past, third
from summarizer.wording import plain


@dataclass(frozen=True, slots=True)
class Proposition:
    """`reports` follows "Client reports", `denies` follows "Client denies"; either may be empty: not sayable."""

    reports: str
    denies: str


_LEAD = re.compile(
    r"^(?:(?:so|and|but|or|well|okay|ok|yeah|yes|now|then|alright|all right|right|oh|also|good"
    r"|great|sure|gotcha|got it|i see|just|again|still|perfect"
    r"|excellent|nice|hey|sorry|thank you|that is (?:good|great|fine))\b[\s,.!-]*)+",
    re.I,
)
_ASIDE = re.compile(
    r"^(?:(?:in terms of|as far as|with regard to|how about|what about|regarding|besides"
    r"|other than|aside from|apart from|in addition to|along with|with) [^,]{2,60},\s*)"
    r"|^(?:can i ask|may i ask|i wanted to ask|let me ask(?: you)?(?: this)?|i am wondering"
    r"|do you mind me asking|tell me)[ ,]*(?:if|whether)?\s*",
    re.I,
)
_TAIL = re.compile(
    r"(?:,\s*(?:okay|right|correct|yeah)|[\s,]*\b(?:at all|or no|or not|or anything"
    r"|or anything like that|anything like that|right now|is that right|by any chance"
    r"|or|though|then|for me|as well|do you|have you|are you|did you|is that correct))\s*[?.,]*$",
    re.I,
)
_SECOND_QUESTION = re.compile(
    r"\b(?:or|and|but)\s+(?:are|do|did|have|has|is|was|were|can|could|would|will|how|what|when"
    r"|where|why|who|not)\b(?! (?:a|an|the)\b)|[?!]",
    re.I,
)
_OPEN = re.compile(
    r"\b(?:what|how|when|where|why|who|which|whether|better|worse|same) (?:or|and)\b|\bwhat"
    r"|\bhow\b|\bwhy\b",
    re.I,
)
_NOUN_FRAMES = tuple(
    re.compile(pattern, re.I)
    for pattern in (
        r"^(?:have|had|did|do) (?:you|your \w+) (?:ever |also |still |recently )*(?:had|have|having"
        r"|get|gotten|noticed|notice|experienced|experience|experiencing|feel"
        r"|felt|been having|been experiencing|been feeling|been noticing|see|seen|developed"
        r"|suffered(?: from)?|been getting) (?:any|some)(?P<x> .+)$",
        r"^are you (?:also |still |currently |now )*(?:having|experiencing|feeling|noticing|getting"
        r"|seeing) (?:any|some)(?P<x> .+)$",
        r"^do you (?:also |still |currently |ever )*(?:have|get|feel|notice|experience|see|take"
        r"|use) (?:any|some)(?P<x> .+)$",
        r"^(?:is|are|were|was|have|has) there (?:been |ever been )?(?:any|some)(?P<x> .+)$",
        r"^any(?P<x> .+)$",
        r"^no(?P<x>,? (?!i\b|you\b|we\b|it\b).+)$",
        r"^do you have (?:a |an )(?P<x>history of .+)$",
    )
)
_ANY_PREFIX = re.compile(
    r"^\s*(?:other |associated |of those |of these )*(?:symptoms|things|problems"
    r"|issues)?\s*,?\s*(?:like|such as|including)\s+",
    re.I,
)
_ONLY_PRONOUN = re.compile(
    r"^(?:of (?:that|those|these|them|it)|other|that|this|it|those|more|else)\b"
    r"|^(?:\w+ )?(?:questions?|idea|concerns?|thoughts)\b(?! of| about)",
    re.I,
)
_ITEM_LEAD = re.compile(r"^(?:any|no|some|or|and|like|other|a|an|either)\s+", re.I)


def proposition(question: str, subject: Subject) -> Proposition | None:
    """The proposition of a question that can be answered by yes or no; None where there is not surely one."""
    text = plain(question).strip().rstrip("?. ")
    for _ in range(3):
        text = _ASIDE.sub("", _LEAD.sub("", text)).strip()
    for _ in range(2):
        text = _TAIL.sub("", text).strip(" ,")
    if not 2 <= len(text.split()) <= 30 or _SECOND_QUESTION.search(text):
        return None
    for frame in _NOUN_FRAMES:
        match = frame.match(text)
        if match:
            found = _of_nouns(match["x"].strip(" ,"), subject)
            # "No chest pain?" answered by yes may mean either.
            return Proposition("", found.denies) if found and text.lower().startswith("no") else found
    return _of_verb(text, subject) or _of_clause(text, subject)


def _of_nouns(nouns: str, subject: Subject) -> Proposition | None:
    if _ONLY_PRONOUN.match(nouns) or _OPEN.search(nouns):
        return None
    listed = _ANY_PREFIX.sub("", nouns)
    if re.match(
        r"^(?:other )?(?:symptoms|problems|issues|things)\W*(?:today"
        r"|lately|recently)?$",
        listed,
        re.I,
    ):
        return None
    items = [item for item in (_item(part) for part in re.split(r",|;|\bor\b|\band\b", listed)) if item]
    items = [
        item
        for item in items
        if not re.fullmatch(r"(?:other )?(?:issues?|problems?|concerns?|symptoms?|things?)", item, re.I)
    ]
    if not items:
        return None
    if any(
        re.match(
            r"^(?:you|i|we|it|he|she|they|not|to|if|when|that|do|is|are"
            r"|have)\b",
            item,
            re.I,
        )
        for item in items
    ):
        return None
    kept = [turned for item in items if (turned := addressed(item, subject, named=True)) is not None]
    if len(kept) != len(items):
        return None
    joined = _list(kept)
    return Proposition(reports=joined if len(kept) == 1 else "", denies=joined)


def _item(part: str) -> str:
    part = part.strip(" ,.")
    while True:
        shorter = _ITEM_LEAD.sub("", part)
        if shorter == part:
            return part if word_list(part) else ""
        part = shorter


def _list(items: list[str]) -> str:
    if len(items) < 3:
        return " or ".join(items)
    return ", ".join(items[:-1]) + ", or " + items[-1]


_VERB_FRAME = re.compile(
    r"^(?P<aux>are|were|do|did|have|can|you are|you were"
    r"|you have) (?P<you>you )?(?P<adverbs>(?:ever|still|also|currently|currently still|now"
    r"|always|usually|recently|actually|normally|regularly) )*(?P<rest>.+)$",
    re.I,
)


def _of_verb(text: str, subject: Subject) -> Proposition | None:
    match = _VERB_FRAME.match(text)
    if match is None or (match["you"] is None) == (not match["aux"].lower().startswith("you ")):
        return None
    aux = match["aux"].lower().removeprefix("you ")
    adverb = match["adverbs"].strip() + " " if match["adverbs"] else ""
    words = match["rest"].split()
    first = words[0].lower().strip(",")
    if (
        _OPEN.search(match["rest"])
        or has_negation(match["rest"])
        or first in ("think", "mean", "know", "want", "like", "understand", "remember", "agree", "feel")
    ):
        return None
    if _POINTS.search(match["rest"]):
        return None
    head = _head(aux, first)
    if head is None:
        return None
    rest = " ".join(([head[1]] if head[1] else []) + words[1:])
    turned = addressed(rest, subject, named=True)
    if turned is None:
        return None
    if aux == "can":
        return Proposition(f"{head[0]}{turned}", "")
    if re.search(r"\bor\b", turned):
        # A no denies both, a yes may mean either.
        return Proposition("", f"{head[0]}{turned}")
    if re.search(r"\b(?:any\w*|ever)\b", turned):
        return Proposition("", f"{head[0]}{turned}")
    phrase = f"{adverb}{head[0]}{turned}"
    if re.search(r"\b(?:okay|ok|well|fine|enough|all right|good)$", turned):
        return Proposition(phrase.removeprefix("ever "), "")
    denied = phrase if adverb.strip() not in ("still", "also", "always", "usually", "normally") else ""
    return Proposition(phrase.removeprefix("ever "), denied)


def _head(aux: str, first: str) -> tuple[str, str] | None:
    """The words that open the phrase, and the first word after them: `(having, slept)`, `(being, tired)`."""
    if aux == "are":
        return ("", first) if is_gerund(first) else _being(first)
    if aux == "were":
        return None
    if aux == "do":
        base = base_of(first)
        return ("", gerund(base)) if base is not None and "base" in forms(first) else None
    if aux == "did":
        form = participle(first)
        return ("having ", form) if form is not None and "base" in forms(first) else None
    if aux == "have":
        if first in ("a", "an", "any", "the", "had"):
            return ("having ", first)
        return ("having ", first) if is_participle(first) or first == "been" else None
    if aux == "can":
        return ("being able to ", first) if "base" in forms(first) else None
    return None


_POINTS = re.compile(r"\b(?:that|it|this|those|them|one|so|he|she|they|him|these|there|here)\s*$", re.I)
"""The end of a question that means nothing without what it points to."""
_OPINION = frozenset(
    {
        "think",
        "mean",
        "know",
        "want",
        "like",
        "understand",
        "remember",
        "agree",
        "feel",
        "see",
        "guess",
        "say",
    }
)
_WHO = r"(?P<who>you|(?:your|the) (?:[\w-]+ ){0,2}?[\w-]+?)"
_ABOUT_BEING = re.compile(
    rf"^(?P<aux>are|were|have|had|has|is|was|can|could|will) {_WHO} (?P<rest>(?:(?:still|also|currently|now|ever"
    rf"|always)\s+)*"
    r"(?:[\w-]+(?:ing|ed|en)|able|due|on|in|at|worse|better|okay|normal|bigger|sore|tender|swollen|numb|stiff|there"
    r"|allergic"
    r"|aware|safe|comfortable|up|under|back|got|gone|had|been|taken|done|seen|felt|tried|gotten)\b.*)$",
    re.I,
)
_ABOUT_DOING = re.compile(
    rf"^(?P<aux>do|does|did) {_WHO} (?P<rest>(?:(?:still|also|ever|usually|always)\s+)*(?P<verb>[\w-]+)\b.*)$",
    re.I,
)
_DECLARED = re.compile(
    r"^(?P<who>you|your (?:[\w-]+ ){0,2}?[\w-]+) (?P<rest>(?:(?:still|also|really|just)\s+)*(?:are|were|have|had|has"
    r"|is|was|do|did"
    r"|[a-z]+(?:s|ed|ing)?)\b.*)$",
    re.I,
)


def _of_clause(text: str, subject: Subject) -> Proposition | None:
    """A question turned back into the clause it asks for: `does your pain radiate` as `that their pain radiates`."""
    said = _declarative(text)
    if said is None or _OPEN.search(said) or has_negation(said) or _POINTS.search(said):
        return None
    turned = addressed(said, subject, named=True)
    if turned is None or len(turned.split()) < 3:
        return None
    either = bool(re.search(r"\b(?:or|any\w*|ever)\b", turned))
    return Proposition("" if either else f"that {turned}", f"that {turned}")


def _declarative(text: str) -> str | None:
    doing = _ABOUT_DOING.match(text)
    if doing is not None:
        verb, who = doing["verb"].lower(), doing["who"]
        if verb in _OPINION or base_of(verb) is None or "base" not in forms(verb):
            return None
        adverbs = doing["rest"][: doing.start("verb") - doing.start("rest")]
        after = doing["rest"][doing.end("verb") - doing.start("rest") :]
        aux = doing["aux"].lower()
        form = past(verb) if aux == "did" else third(verb) if aux == "does" else verb
        return f"{who} {adverbs}{form}{after}" if form else None
    being = _ABOUT_BEING.match(text)
    if being is not None:
        return f"{being['who']} {being['aux'].lower()} {being['rest']}"
    declared = _DECLARED.match(text)
    if declared is None or declared["rest"].split()[0].lower() in _OPINION:
        return None
    return (
        text
        if set(map(str.lower, declared["rest"].split()[:2])) & _VERBAL or _is_verb(declared["rest"])
        else None
    )


_VERBAL = frozenset({"are", "were", "have", "had", "has", "is", "was", "do", "did", "can", "could", "will"})


def _is_verb(rest: str) -> bool:
    first = next(
        (word for word in rest.lower().split() if word not in ("still", "also", "really", "just")), ""
    )
    return bool(forms(first) & {"base", "s", "past"})


def _being(first: str) -> tuple[str, str] | None:
    if first in (
        "able",
        "taking",
        "allergic",
        "married",
        "sexually",
        "pregnant",
        "safe",
        "tired",
        "anxious",
        "employed",
        "working",
        "diabetic",
        "in",
        "on",
    ):
        return "being ", first
    return None
