"""Numbers as they are said and as they are written: text in, values with their units out.

`fifty milligrams`, `50 mg` and `50mg` are one quantity; `one fifty` may be 150 and `half past three` 3:30. What is
written in a note is read strictly, what was said is read in every way that a listener could. It converts no unit:
50 mcg is not 0.05 mg here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from summarizer.content import numbers


@dataclass(frozen=True, slots=True)
class Quantity:
    """`value` in digits, `unit` in one spelling (`mg`, `day`); empty where none is said."""

    value: str
    unit: str


_ONES = {
    word: i
    for i, word in enumerate(
        (
            *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
            *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"),
            *("eighteen", "nineteen"),
        )
    )
}
_TENS = {
    word: 10 * i
    for i, word in enumerate(
        ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"), 2
    )
}
_ORDINALS = {
    word: i
    for i, word in enumerate(
        (
            *("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"),
            *("tenth", "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth"),
            *("seventeenth", "eighteenth", "nineteenth", "twentieth"),
        ),
        1,
    )
}
_UNITS = {
    "mg": r"mgs?|milligrams?|milli grams?",
    "mcg": r"mcgs?|micrograms?|µg|μg|ug",
    "g": r"g|grams?",
    "kg": r"kgs?|kilos?|kilograms?",
    "ml": r"mls?|milliliters?|millilitres?|cc",
    "unit": r"units?",
    "minute": r"min|mins|minutes?",
    "hour": r"hr|hrs|hours?",
    "day": r"days?|nights?",
    "week": r"weeks?|wks?",
    "month": r"months?",
    "year": r"years?|yrs?|yo",
    "percent": r"%|percent",
    "pound": r"pounds?|lbs?",
    "tablet": r"tablets?|tabs?|pills?|capsules?|caps?",
    "mile": r"miles?",
    "drink": r"drinks?|beers?",
}
_UNIT = re.compile(
    r"\s*-?\s*(?:"
    + "|".join(rf"(?P<{name}>(?:{pattern}))" for name, pattern in _UNITS.items())
    + r")(?![a-z])"
)
_SPELLED = "|".join((*_ONES, *_TENS, "hundred", "thousand"))
_SAID = re.compile(rf"\d+(?:[.,:/]\d+)*|\b(?:(?:{_SPELLED})(?:[\s-]+(?:and\s+)?(?=(?:{_SPELLED})\b))?)+\b")


def is_number_word(word: str) -> bool:
    """Whether a word in lower case is a number by itself (`fifty`, `third`)."""
    return word in _ONES or word in _TENS or word in _ORDINALS or word in ("hundred", "thousand")


@lru_cache(maxsize=8192)
def quantities(text: str) -> tuple[Quantity, ...]:
    """Every number of `text` in order, with the unit that follows it.

    The word `one` alone is no number unless a unit follows it, because it is mostly a pronoun.
    """
    low = text.lower().replace(",000", "000")
    found = []
    for match in _SAID.finditer(low):
        after = _UNIT.match(low, match.end())
        unit = after.lastgroup or "" if after else ""
        if match.group().strip() == "one" and not unit:
            continue
        for value in _strict(match.group().strip()):
            found.append(Quantity(value, unit))
    return tuple(found)


def _strict(said: str) -> tuple[str, ...]:
    if said[0].isdigit():
        return (_trimmed(said),)
    return tuple(sorted(numbers(said))) or tuple(str(_ONES[w]) for w in said.split() if w in _ONES)


def _trimmed(value: str) -> str:
    """`0.50` and `.5` as `0.5`, `07` as `7`; times and fractions as they stand."""
    if re.fullmatch(r"\d+\.\d+", value):
        return value.rstrip("0").rstrip(".")
    if value.isdigit():
        return value.lstrip("0") or "0"
    return re.sub(r"(?<![\d.])0+(?=\d)", "", value) if "/" in value else value


_COUNTED = ("minute", "hour", "day", "week", "month", "year", "tablet", "drink", "mile", "pound")
_A = re.compile(
    rf"\b(?:an?|another|per|every|last|this|next)\s+(?:\w+\s+)?(?=(?:{'|'.join(_UNITS[u] for u in _COUNTED)})\b)"
)
_WORD_VALUES = {
    "couple": "2",
    "pair": "2",
    "both": "2",
    "twice": "2",
    "once": "1",
    "single": "1",
    "dozen": "12",
    "half": "0.5",
    "quarter": "0.25",
    "none": "0",
    "daily": "1",
    "noon": "12",
    "midnight": "12",
    "few": "3",
    "double": "2",
    "triple": "3",
    "biweekly": "2",
    "fortnight": "2",
}  # fmt: skip


@lru_cache(maxsize=8192)
def readings(text: str) -> frozenset[str]:
    """Every value, in digits, that a listener could take from `text`.

    More than was meant on purpose: a number that is in none of these readings was surely not said.
    """
    low = re.sub(r"[,](?=\d{3}\b)", "", text.lower())
    found = set(numbers(text)) | {quantity.value for quantity in quantities(low)}
    words = _compounded(re.findall(r"[a-z]+|\d+(?:\.\d+)?", low.replace("-", " ")))
    found.update(_WORD_VALUES[word] for word in words if word in _WORD_VALUES)
    found.update(str(_ORDINALS[word]) for word in words if word in _ORDINALS)
    found.update(re.findall(r"\b(\d+)(?:st|nd|rd|th)\b", low))
    if _A.search(low):
        found.add("1")
    if "one" in words:
        found.add("1")
    values = [_value(word) for word in words]
    for i, value in enumerate(values):
        if value is None:
            continue
        found.add(str(value))
        found.update(_joined(words, values, i))
    found.update(value.removesuffix(".0") for value in tuple(found))
    return frozenset(found)


def _compounded(words: list[str]) -> list[str]:
    """`thirty`, `five` as one `35`, so that neither counts alone."""
    found: list[str] = []
    for word in words:
        if found and found[-1] in _TENS and 0 < _ONES.get(word, _ORDINALS.get(word, 0)) < 10:
            found[-1] = str(_TENS[found[-1]] + _ONES.get(word, _ORDINALS.get(word, 0)))
        else:
            found.append(word)
    return found


def _value(word: str) -> int | None:
    if word.isdigit():
        return int(word)
    return _ONES.get(word, _TENS.get(word, _ORDINALS.get(word)))


def _joined(words: list[str], values: list[int | None], i: int) -> list[str]:
    """What the number at `i` may be together with those after it: 150, 2021, 3:30, 7.2, `one and a half`."""
    first = values[i]
    assert first is not None
    found: list[str] = []
    if words[i + 1 : i + 4] == ["and", "a", "half"]:
        found.append(f"{first}.5")
    if words[i + 1 : i + 2] == ["point"]:
        digits = "".join(str(value) for value in values[i + 2 : i + 3] if value is not None)
        found += [f"{first}.{digits}"] if digits else []
    before = words[max(i - 2, 0) : i]
    if before in (["half", "past"], ["quarter", "past"]):
        found.append(f"{first}:{'30' if before[0] == 'half' else '15'}")
    if before == ["quarter", "to"]:
        found.append(f"{(first - 2) % 12 + 1}:45")
    following = values[i + 1] if i + 1 < len(values) else None
    if following is not None and first < 100 and words[i].isalpha() | (first >= 20):
        if 10 <= following < 100:
            found += [str(first * 100 + following), f"{first}:{following:02d}"]
        elif following < 10 and first < 10:
            found.append(f"{first}{following}")
    return found
