"""Numbers as notes write them: `fifty milligrams three times a day` in, `50 mg 3 times a day` out.

Digits for what is counted or measured, usual abbreviations for doses; never inside a quotation. What cannot be read
in one way (`one twenty`, `twenty eighteen`) stays as it was said, and so does `one` where it counts nothing.
"""

from __future__ import annotations

import re

_UNITS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_VALUES = {word: value for value, word in enumerate(_UNITS)} | {
    word: 20 + 10 * place for place, word in enumerate(_TENS)
}
_SMALL = "|".join(_UNITS[1:10])
_TEN = "|".join(_TENS)
_BELOW_HUNDRED = rf"(?:(?:{_TEN})(?:[- ](?:{_SMALL}))?|{'|'.join(reversed(_UNITS))})"
_RUN = re.compile(
    rf"\b(?P<run>{_BELOW_HUNDRED}(?: hundred(?: and)?(?: {_BELOW_HUNDRED})?)?"
    rf"(?: thousand(?: {_BELOW_HUNDRED}(?: hundred)?)?)?)\b(?P<next>[ -]?\w*)",
    re.I,
)
_ANY = rf"(?:{'|'.join((*_UNITS, *_TENS))}|hundred|thousand|point|oh)"
_ORDINAL = re.compile(r"(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth)s?$", re.I)
_COUNTED = re.compile(
    r"[ -]?(?:milligrams?|mg|micrograms?|mcg|grams?|units?|hours?|days?|weeks?|months?|years?|minutes?|times|nights?"
    r"|pills?"
    r"|tablets?|puffs?|drinks?|beers?|glasses|packs?|cigarettes?|percent|pounds?|inch(?:es)?|centimeters?"
    r"|millimeters?|out"
    r"|half)$",
    re.I,
)
_ABBREVIATED: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(rf"(?<=\d)[ -]?{unit}\b", re.I), f" {short}")
    for unit, short in (
        ("milligrams?", "mg"),
        ("micrograms?", "mcg"),
        ("milliliters?", "mL"),
        ("centimeters?", "cm"),
        ("millimeters?", "mm"),
    )
)
_QUOTATION = re.compile(r"(\"[^\"]*\"|“[^”]*”|«[^»]*»)")


def in_numerals(text: str) -> str:
    """The text with its numbers in digits and its doses abbreviated, quotations as they are."""
    return "".join(part if place % 2 else _written(part) for place, part in enumerate(_QUOTATION.split(text)))


def digits(text: str) -> str:
    """The text with all its numbers in digits, to be compared and not to be read."""
    return _RUN.sub(_digits, text) if _NUMBER.search(text) else text


_NUMBER = re.compile(rf"\b(?:{'|'.join((*_UNITS, *_TENS))})\b", re.I)


def _written(text: str) -> str:
    text = digits(text)
    for pattern, short in _ABBREVIATED:
        text = pattern.sub(short, text)
    return text


def _digits(match: re.Match[str]) -> str:
    run, following = match["run"], match["next"]
    before = re.search(r"(\w+)[ -]$", match.string[: match.start()])
    beside = [following.strip(" -"), before[1] if before else ""]
    if any(re.fullmatch(_ANY, word, re.I) for word in beside if word):
        return match.group()
    if before and before[1].lower() == "over":
        return match.group()  # of a blood pressure only half could be read
    if following.strip().lower() == "of" or _ORDINAL.match(following.strip(" -")):
        return match.group()
    ranged = re.match(rf"\s+(?:{'|'.join((*_UNITS, *_TENS))})\b", match.string[match.end() :], re.I)
    counted = ranged if following.strip().lower() in ("or", "to") else _COUNTED.match(following)
    if run.lower() == "one" and not counted:
        return match.group()
    return f"{_value(run)}{following}"


def _value(run: str) -> int:
    total = current = 0
    for word in re.findall(r"[a-z]+", run.lower()):
        if word == "hundred":
            current *= 100
        elif word == "thousand":
            total, current = total + current * 1000, 0
        elif word != "and":
            current += _VALUES[word]
    return total + current
