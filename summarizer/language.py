"""English as it is spoken in a room: text in, sentences, clauses and their nature out.

Everything that cuts text gives `Slice`s, Python slices of the text that was given, so that what is found can
be pointed at. Nothing here relies on capital letters or on punctuation alone, because recognised speech often
has neither. It does not change words (see `wording`) and knows nothing of therapy.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, NamedTuple, TypeAlias

from summarizer.lexicon import word_set

AnswerPolarity: TypeAlias = Literal["yes", "no", "open"]


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
_JOINT = re.compile(
    rf"(?:\s*[,;]\s*|\s+)(?:and then|and so|but then|and also|and|but|so"
    rf"|plus)\s*,?\s+(?={_SUBJECT}\b(?!\s+(?:know|mean|guess)\b))"
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
_RUN_ON_WORDS = 16
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
_TAG = re.compile(
    r"[,\s](?:right|correct|is that right|is n['’]t it|isn['’]t it|do n['’]t you|don['’]t you"
    r"|yeah)\s*\??\s*$",
    re.I,
)


@lru_cache(maxsize=8192)
def is_question(sentence: str) -> bool:
    """Whether a sentence asks: by its mark, or, where there is none, by the order of its words."""
    stripped = sentence.rstrip(" \"'”")
    if stripped.endswith("?"):
        return True
    if stripped.endswith("!"):
        return False
    return bool(_ASKED.match(stripped.rstrip(".").strip()))


def has_tag(sentence: str) -> bool:
    """Whether a question ends in a tag (`…, right?`): a statement put up for confirmation."""
    return bool(_TAG.search(sentence))


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


_NO = re.compile(
    r"^(?:(?:um+|uh+|well|oh|i mean|okay|hmm+|mm+)\b[\s,.]*)*"
    r"(?:no|nope|nah|never|none|nothing|negative|(?:absolutely|definitely|certainly|of course"
    r"|probably) not|not (?:at all|that i|since|recently|lately|now|anymore|currently)"
    r"|i(?:['’]ve| have) (?:never|not)\b|i (?:do|did|have|am|was|would|could|can)(?:\s?n['’]t| not)\b"
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


_NEGATOR = re.compile(
    r"\b(?:no|not|never|none|nothing|nobody|neither|nor|without|cannot|deny|denies|denied|denying"
    r"|unable|hardly|barely"
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
    return bool(negators) and len(_WORD.findall(left[negators[-1].end() :])) <= 8


# ── words that carry content ─────────────────────────────────────────────────────────────────────────────

_STOP = word_set(
    """
    a an the and or but so if then than that this these those there here it its he she they them his her
    their theirs him i me my mine myself you your yours yourself themself themselves himself herself
    itself we us our ours be am is are was were been being do does did done have has had having will
    would can could shall should may might must not no nor to of in on at by for from with about into
    over under out up down off as too very just also really still again all any some such only own same
    other more most few each both what which who whom when where why how because while until during
    before after since go going get got getting like well yeah yes okay ok um uh know mean kind sort lot
    bit thing things stuff s t m re ve ll d don one even now gonna wanna think say said says
    """
)
_SUFFIXES = (
    ("ational", "at"), ("fulness", ""), ("ization", "iz"), ("iveness", "iv"), ("ingly", ""), ("edly", ""),
    ("ement", ""), ("ness", ""), ("ment", ""), ("ies", "y"), ("ied", "y"), ("ing", ""), ("ions", ""), ("ion", ""),
    ("ers", ""), ("er", ""), ("ed", ""), ("es", ""), ("ly", ""), ("s", ""),
)  # fmt: skip


@lru_cache(maxsize=16384)
def stem(word: str) -> str:
    """A word cut to a stem that its inflections share; crude, for counting overlap and nothing else."""
    word = word.lower().replace("’", "'").removesuffix("'s")
    return _stripped(_stripped(word))


def _stripped(word: str) -> str:
    for suffix, put in _SUFFIXES:
        if (
            word.endswith(suffix)
            and len(word) - len(suffix) >= 3
            and not (suffix == "s" and word.endswith("ss"))
        ):
            word = word[: len(word) - len(suffix)] + put
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "ls":
        word = word[:-1]
    return word[:-1] if len(word) > 3 and word.endswith(("e", "i", "y")) else word


def content_stems(text: str) -> tuple[str, ...]:
    """Stems of the words of `text` that carry content, in order, with repeats."""
    return tuple(
        stem(word) for word in word_list(text.replace("n't", " not")) if word not in _STOP and len(word) > 1
    )


_UNITS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    *(
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_NUMBER_WORDS = {word: i for i, word in enumerate(_UNITS)} | {
    word: 20 + 10 * i for i, word in enumerate(_TENS)
}


def numbers(text: str) -> frozenset[str]:
    """The numbers that `text` names, in digits: `40 mg`, `forty`, `thirty-five` and `two hundred` alike.

    The word `one` counts only beside a unit or a number, because it is mostly a pronoun.
    """
    found = set(re.findall(r"\d+(?:[.,:/]\d+)*", text))
    for compound in tuple(found):
        found.update(re.findall(r"\d+", compound))
    spelled = word_list(text.replace("-", " "))
    total = current = 0
    is_open = False
    for i, word in enumerate([*spelled, ""]):
        value = _NUMBER_WORDS.get(word)
        if value is not None and (word != "one" or is_open or _counts(spelled, i)):
            takes_unit = current % 10 == 0 and current % 100 >= 20 and value < 10
            if is_open and current % 100 and not takes_unit:
                found.add(str(total + current))
                total = current = 0
            current += value
            is_open = True
        elif is_open and word == "hundred":
            current *= 100
        elif is_open and word == "thousand":
            total, current = total + current * 1000, 0
        elif is_open and not (word == "and" and current and current % 100 == 0):
            found.add(str(total + current))
            total = current = 0
            is_open = False
    return frozenset(found)


def _counts(spelled: list[str], i: int) -> bool:
    following = spelled[i + 1] if i + 1 < len(spelled) else ""
    return following in _NUMBER_WORDS or following in _COUNTED


_COUNTED = word_set(
    """
    hundred thousand milligram milligrams mg hour hours day days week weeks month months year years time
    times night nights pill pills tablet drink drinks beer beers pack packs out percent plus
    """
)
