"""English as it is spoken in a room: text in, sentences, clauses and their nature out.

Everything that cuts text gives `Slice`s, Python slices of the text that was given, so that what is found can
be pointed at. Nothing here relies on capital letters or on punctuation alone, because recognised speech often
has neither. It does not change words (see `wording`) and knows nothing of therapy.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from summarizer.lexicon import word_set


class Slice(NamedTuple):
    """Characters `start` to `end` of a text."""

    start: int
    end: int


_WORD = re.compile(r"[A-Za-z]+(?:['’-][A-Za-z]+)*|\d+(?:[.,:/]\d+)*%?")
_SENTENCE_END = re.compile(
    r"[.!?…]+[\"'”’)\]]*(?=\s|$|[A-Z][a-z])|\s*--+\s*|\s*[—–]+\s*|(?<=\w)-(?=\s*$)|\s+-\s+|(?<=\w)-\s+(?=\w)"
    r"|\n+"
)
_ABBREVIATION = re.compile(r"(?:\b(?:dr|mr|mrs|ms|st|vs|e\.g|i\.e|approx|etc|prof)|(?<![\w.])[a-z])$", re.I)
_EDGE = " \t\r\n-–—,;:"

_SUBJECT = (
    r"(?:i|i['’](?:m|ve|d|ll)|my|he|she|we|they|it|that|there|(?:he|she|it|that|there)['’]s"
    r"|(?:we|they)['’](?:re|ve|d|ll)|you|you['’](?:re|ve|d|ll)|nothing|everything|everyone|nobody)"
)
_OPENS_CLAUSE = _SUBJECT.replace("|nothing", "").replace("|nobody", "")
"""What opens a clause after `and`: not `nobody` and `nothing`, which answer what stands before them."""
_JOINT = re.compile(
    rf"(?:\s*[,;]\s*|\s+)(?:and then|and so|but then|and also|and|but|so"
    rf"|plus)\s*,?\s+(?={_OPENS_CLAUSE}\b(?!\s+(?:know|mean|guess)\b))"
    rf"|\s*;\s+|\s*,\s+(?={_SUBJECT}\b(?!\s+(?:know|mean|guess|think|suppose)\b))",
    re.I,
)
_SUBORDINATE = re.compile(
    r"^(?:(?:well|so|and|but|yeah|um|uh|like)\W+)*"
    r"(?:when|whenever|if|because|since|after|before|while|once|until|although|though|as soon as|every time"
    r"|even though|even if|unless|what|where|how)\b",
    re.I,
)
_LEANS = re.compile(
    r"\b(?:when|whenever|if|because|since|after|before|while|once|until"
    r"|although)\b(?:\W+\w+){1,8}\W*$",
    re.I,
)
_NO_SUBJECT = re.compile(
    r"^\W*(?:(?:so|and|but|then|now|okay)\W+)*(?:on|for|in|at|from|with|as|about|after|during"
    r"|since|by|over|regarding)\b(?!.*\b(?:i|he|she|we|they|it)\b)",
    re.I,
)
_OPEN_ENDS = word_set("that when because if and but or so which who the a my to of with i")
_RUN_ON = re.compile(r"\s+(?=(?:i|i['’](?:m|ve|d|ll)|my|it['’]s|there['’]s|there is)\b)", re.I)
_BOUND_BEFORE = word_set(
    """
    that what when whenever if because cause since after before while once until although though where
    how why which who whom than as like think thought know knew feel felt guess say said says told mean
    believe wish hope suppose realize realized noticed of in on at to for from with by about and or but
    so thing things way time times people everything anything something nothing all sure afraid worried
    of is was am are do did can could would should will have had has does not just really even probably
    maybe then every day
    """
)
_LED_IN = re.compile(
    r"\b(?:and|then|but|so)\s+(?:on|in|at|after|before|during|by|over|every|last"
    r"|this)\b[^,]{0,28}$",
    re.I,
)
_RUN_ON_WORDS = 10
"""A clause without punctuation that is longer than this is searched for joints without a joining word."""


def words(text: str) -> tuple[Slice, ...]:
    """The words and numbers of `text`, without punctuation; `don't` and `follow-up` are one each."""
    return tuple(Slice(m.start(), m.end()) for m in _WORD.finditer(text))


def word_list(text: str) -> list[str]:
    """The words and numbers of `text` in lower case."""
    return [found.lower() for found in _WORD.findall(text)]


def _trimmed(text: str, start: int, end: int) -> Slice:
    while start < end and text[start] in _EDGE:
        start += 1
    while end > start and text[end - 1] in " \t\r\n":
        end -= 1
    # Where the punctuation stands apart ("not today ."), it is no part of what was said.
    while end - 2 >= start and text[end - 1] in ".,;" and text[end - 2].isspace():
        end -= 1
        while end > start and text[end - 1].isspace():
            end -= 1
    return Slice(start, end)


def sentences(text: str) -> tuple[Slice, ...]:
    """Sentences of `text`; a dash that breaks off ends one, and so does a line break.

    One that was broken off keeps its dash out of the slice: see `broken_off`.
    """
    found: list[Slice] = []
    start = 0
    for match in _SENTENCE_END.finditer(text):
        if match.group().startswith(".") and _ABBREVIATION.search(text, start, match.start()):
            continue
        if match.group().startswith("-") and _is_stutter(text, match):
            continue
        keeps = match.group().strip()[:1] in (".", "!", "?", "…")
        found.append(_trimmed(text, start, match.end() if keeps else match.start()))
        start = match.end()
    found.append(_trimmed(text, start, len(text)))
    apart = (part for piece in found for part in _unpunctuated(text, piece))
    return tuple(s for s in apart if _WORD.search(text, s.start, s.end))


def _is_stutter(text: str, match: re.Match[str]) -> bool:
    """Whether a hyphen and a space only part a word from its repeat (`that- that`, `y- you`)."""
    before = _WORD.findall(text[max(match.start() - 20, 0) : match.start()])
    after = _WORD.match(text, match.end())
    return bool(before and after and after.group().lower().startswith(before[-1].lower()))


_OPENER = re.compile(
    r"\s+(?=(?:okay|alright|all right|yeah|now (?:i|you|we|let)|let['’]?s|(?:and )?(?:do|are|have"
    r"|did|can|could|would|does|is) (?:you|it|that|there|they)\b(?! (?:know|sure)\b)"
    r"|(?:and )?(?:what|how|when|where) (?:do|are|is|have|about|did|does|long|often|many|much"
    r"|would|was)\b|any (?:other )?\w+ (?:or|like)\b|so (?:i|you|we|what|how|do|are|the|your|for"
    r"|on|let|tell|when|did|have)\b"
    r"|(?:and |but )?(?:i am|i['’]m|we['’]re) (?:going to|gon ?na)\b|(?:and |but )?i(?:['’]d"
    r"| would) like\b|(?:and |but )?i (?:want|wan na) (?:you|to)\b|(?:and |but )?(?:for"
    r"|on) your (?:first|second|third|last|next|exam|physical)\b)\b)",
    re.I,
)
_OPENER_BOUND = word_set(
    """
    and but so that what how when where why if because to of the a is was it or do are think know said
    say as like whether who which really just okay alright right yeah i you we he she they than then not
    much many until since before after while
    """
)
_UNPUNCTUATED_WORDS = 22
"""A sentence of more words than this, with at most one mark in it, is recognised speech without punctuation."""


def _unpunctuated(text: str, piece: Slice) -> list[Slice]:
    """A long run without punctuation, cut where a speaker opens anew (`okay`, `do you`, `so i`)."""
    body = text[piece.start : piece.end]
    if body.count(" ") < _UNPUNCTUATED_WORDS or len(re.findall(r"[,.;:?!]", body[:-1])) > 1:
        return [piece]
    found = []
    start = 0
    for match in _OPENER.finditer(body):
        before = word_list(body[start : match.start()])
        if len(before) < 3 or before[-1] in _OPENER_BOUND:
            continue
        found.append(_trimmed(text, piece.start + start, piece.start + match.start()))
        start = match.end()
    found.append(_trimmed(text, piece.start + start, piece.end))
    return found


def broken_off(text: str, piece: Slice) -> bool:
    """Whether the speaker broke off at the end of `piece`: a dash follows, or dots trail off."""
    tail = text[piece.end : piece.end + 4].lstrip(" ")
    return tail[:1] in ("-", "—", "–") or text[piece.start : piece.end].endswith(("...", "…"))


def clauses(text: str, sentence: Slice) -> tuple[Slice, ...]:
    """A sentence cut where a new subject begins after `and`, `but`, `so`, a comma or a semicolon.

    A clause that leans on the next one (`when I wake up, I feel sick`) stays with it. Joining words are left
    out of the slices.
    """
    body = text[sentence.start : sentence.end]
    cuts: list[tuple[int, int]] = []
    last = 0
    for match in _JOINT.finditer(body):
        left = body[last : match.start()]
        comma_only = match.group().strip() == ","
        before = word_list(left)
        if comma_only and (
            len(before) < 3 or before[-1] in _OPEN_ENDS or _LEANS.search(left) or _NO_SUBJECT.match(left)
        ):
            continue
        if before and before[-1] == word_list(body[match.end() :])[0]:
            continue  # "that I, I love": the speaker stumbled
        if _SUBORDINATE.match(left) and not _closed_subordinate(left):
            continue
        cuts.append((match.start(), match.end()))
        last = match.end()
    pieces = _between(body, cuts)
    apart = [part for piece in pieces for part in _run_on(body, piece)]
    placed = (_trimmed(text, sentence.start + p.start, sentence.start + p.end) for p in apart)
    return tuple(p for p in placed if _WORD.search(text, p.start, p.end))


def _closed_subordinate(left: str) -> bool:
    """Whether a clause that begins with `when` or `because` already holds its main clause."""
    return bool(re.search(rf",\s*{_SUBJECT}\b.*\w+\s+\w+", left, re.I))


def _between(body: str, cuts: list[tuple[int, int]]) -> list[Slice]:
    edges = [0, *(edge for cut in cuts for edge in cut), len(body)]
    return [Slice(edges[i], edges[i + 1]) for i in range(0, len(edges), 2)]


def _run_on(body: str, piece: Slice) -> list[Slice]:
    part = body[piece.start : piece.end]
    if len(part.split()) <= _RUN_ON_WORDS or any(mark in part for mark in ",;"):
        return [piece]
    cuts: list[tuple[int, int]] = []
    last = 0
    for match in _RUN_ON.finditer(part):
        before = _WORD.findall(part[last : match.start()])
        if len(before) < 4 or before[-1].lower() in _BOUND_BEFORE or _SUBORDINATE.match(part[last:]):
            continue
        if _LED_IN.search(part[last : match.start()]):
            continue
        cuts.append((match.start(), match.end()))
        last = match.end()
    return [Slice(piece.start + p.start, piece.start + p.end) for p in _between(part, cuts)]


_PRONOUN = re.compile(
    r"\s(?=(?:i|i['’](?:m|ve|d|ll)|he|she|we|they|it(?=\s+(?:is|was|has|does|just|really|started"
    r"|hurts))|it['’]s|that['’]s"
    r"|there['’]s)\s)",
    re.I,
)
_RUN_ON_AT_ALL = 18


def is_run_on(text: str) -> bool:
    """Whether a clause without a mark may be two run together (`i missed two doses last week i had no …`)."""
    found = _WORD.findall(text)
    if len(found) <= 8 or re.search(r"[.,;:!?—–]", text[:-1]):
        return False
    if len(found) > _RUN_ON_AT_ALL:
        return True
    if _SUBORDINATE.match(text):
        return len(re.findall(r"\b(?:i|he|she|we|they)\b", text, re.I)) > 2
    return any(
        len(before) >= 3 and before[-1].lower() not in _BOUND_BEFORE
        for before in (_WORD.findall(text[: match.start()]) for match in _PRONOUN.finditer(text))
    )


# ── the nature of a sentence ─────────────────────────────────────────────────────────────────────────────

_LEAD = (
    r"^(?:(?:so|and|but|or|well|um+|uh+|okay|ok|yeah|yes|now|then|alright|all right|right|oh|also"
    r"|hmm+|mm+|like"
    r"|good|great|sure|gotcha|got it|i see|you know|i mean|just|again)\b[\s,.\-]*)*"
)
_AUX = (
    r"(?:do|does|did|are|is|am|was|were|have|has|had|can|could|would|will|should|may"
    r"|might)(?:\s?n['’]t| not)?"
)
_ASKED = re.compile(
    _LEAD + r"(?:"
    rf"{_AUX}\s+(?:you|he|she|it|they|we|i|there|that|this|your|the|any\w*|your)\b(?!\s*(?:,|$))"
    r"|(?:what|how|when|where|who|why|which)(?:['’]s|['’]re|['’]d|['’]ve|\s+(?:is|are|was|were|do"
    r"|does|did|have|has"
    r"|had|can|could|would|will|should|about|many|much|long|often|old|bad|far|come|kind|kinds"
    r"|sort|time|brings?"
    r"|brought|else|made|makes|happens|happened|medications?|symptoms))\b"
    r"|any\s+(?:\w+\s+){0,6}\w+\s*$"
    r"|(?:can|could|would)\s+you\s+(?:tell|describe|say)|tell me\b(?!\s+(?:that|to))|describe\b"
    r")",
    re.I,
)


_RISK_ASKED = re.compile(
    r"\b(?:any|have you had|had any|having) (?:\w+ ){0,2}thoughts? (?:of|about) (?:\w+ ){0,3}(?:dead|die|dying"
    r"|suicid\w*|hurting"
    r"|killing|harming|ending)\b(?!.*\bi (?:am|was|have|had|thought)\b)",
    re.I,
)
"""How safety is asked after, wherever it stands in a clause that recognition left without marks."""


@lru_cache(maxsize=8192)
def is_question(sentence: str) -> bool:
    """Whether a sentence asks: by its mark, or, where there is none, by the order of its words."""
    stripped = sentence.rstrip(" \"'”")
    if stripped.endswith("?"):
        return True
    if stripped.endswith("!"):
        return False
    bare = stripped.rstrip(".").strip()
    return bool(_ASKED.match(bare) or _RISK_ASKED.search(bare))


_BACKCHANNEL = word_set(
    """
    yeah yes yep yup no nope nah okay ok alright right sure mm mhm hmm hm uh um huh oh ah wow aha well
    so mm-hmm uh-huh mmm hmmm gotcha exactly absolutely definitely totally correct true cool great good
    nice fine thanks thank you i see all got it know mean very much of course really welcome perfect
    """
)


def is_backchannel(text: str) -> bool:
    """Whether a turn only shows that its speaker listens: `mm-hmm`, `okay, right`, `I see`."""
    found = word_list(text)
    return len(found) <= 6 and all(word in _BACKCHANNEL for word in found)
