"""What a text is about and which numbers it names: text in, stems and numbers out.

Made for counting overlap between a statement and its evidence. A stem is a key, not a word of English; nothing
here knows meaning, so two words for one thing have two stems.
"""

from __future__ import annotations

import re
from functools import lru_cache

from summarizer.language import word_list
from summarizer.lexicon import word_set
from summarizer.numerals import digits

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
        stem(word)
        for word in word_list(digits(text.replace("n't", " not")))
        if word not in _STOP and (len(word) > 1 or word.isdigit())
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
    following, after = [*spelled[i + 1 : i + 3], "", ""][:2]
    if following in ("or", "to"):
        return after in _NUMBER_WORDS
    return following in _NUMBER_WORDS or following in _COUNTED


_COUNTED = word_set(
    """
    hundred thousand milligram milligrams mg hour hours day days week weeks month months year years time
    times night nights pill pills tablet tablets drink drinks beer beers pack packs out percent plus minute
    minutes microgram micrograms mcg gram grams unit units puff puffs glass glasses cigarette cigarettes pound
    pounds inch inches centimeter centimeters millimeter millimeters cm mm half
    """
)
