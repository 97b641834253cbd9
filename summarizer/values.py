"""Values that a statement names and its evidence does not: two texts in, what was not said out.

Numbers, their units, how often, dates and drug names. What was said is read in every way a listener could
(`quantities.readings`), what is written strictly. It knows no calendar and no pharmacology beyond the names that are
one drug's two.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from summarizer.content import stem
from summarizer.cues import DRUGS
from summarizer.lexicon import word_set
from summarizer.quantities import quantities, readings
from summarizer.verifier_evidence import SYNONYMS
from summarizer.wording import plain


@dataclass(frozen=True, slots=True)
class Unsaid:
    """One value that stands in no evidence; `what` says of it what a clinician should look for."""

    kind: Literal["unsupported_number", "unsupported_date", "unsupported_drug"]
    what: str


_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_DATE = re.compile(
    r"\b(january|february|march(?! (?:on|off|out))|april|june|july|august|september|october"
    r"|november|december|monday|tuesday|wednesday|thursday|friday|saturday|sunday"
    r"|(?:yesterday|tomorrow|tonight|christmas|thanksgiving|easter|spring|summer|autumn|winter))s?\b"
    r"|(?<=\bin )(may)\b|(?<=\bsince )(may)\b|\b(may)(?= \d)",
    re.I,
)
_MORE_DRUGS = (
    r"haloperidol|haldol|cariprazine|vraylar|latuda|geodon|zyprexa|invega|clozaril|depakote|valproate"
    r"|valproic acid"
    r"|tegretol|carbamazepine|topamax|topiramate|remeron|pristiq|viibryd|trintellix|strattera"
    r"|atomoxetine|intuniv"
    r"|prazosin|clonidine|guanfacine|buprenorphine|disulfiram|antabuse|acamprosate|ketamine|lunesta"
    r"|sonata|restoril"
    r"|methylphenidate|amphetamine|dexedrine|focalin|rexulti|luvox|anafranil|clomipramine|elavil"
    r"|amitriptyline"
    r"|nortriptyline|doxepin|imipramine|phenelzine|chlorpromazine|perphenazine|benztropine|cogentin"
    r"|oxycodone|fentanyl"
)
DRUG = re.compile(rf"\b(?:{DRUGS}|{_MORE_DRUGS})\b", re.I)
_DOSED = re.compile(
    r"\b([A-Za-z]{5,})(?: (?:at|dose of))? (?:\d+(?:\.\d+)?) ?-?(?:mg|mcg|µg|milligrams?"
    r"|micrograms?)\b",
    re.I,
)
_NOT_A_DRUG = word_set(
    "about taking takes taken total exactly dose doses dosage increase decrease current around nearly"
)
_SPACED = re.compile(
    r"\b(?:(once|twice|thrice)(?= (?:a|per|every|each|daily|weekly|in)\b)|(daily|nightly|weekly|monthly"
    r"|yearly|hourly))\b",
    re.I,
)
_TIMES = {"once": "1", "twice": "2", "thrice": "3"}
_EVERY = {
    "daily": r"da(?:y|ys|ily)|night|nightly|morning|evening|every ?day|bedtime|once|twice|times",
    "nightly": r"night|nights|nightly|bedtime|evening|sleep|bed",
    "weekly": r"weeks?|weekly|monday|tuesday|wednesday|thursday|friday|saturday|sunday",
    "monthly": r"months?|monthly",
    "yearly": r"years?|yearly|annual\w*",
    "hourly": r"hours?|hourly",
}


def unsaid(text: str, said: Sequence[str]) -> tuple[Unsaid, ...]:
    """Every value of `text` that stands in none of the texts `said`, in a fixed order, each once."""
    evidence = " \n ".join(said)
    heard = plain(evidence)
    both = f"{evidence}\n{heard}"
    return tuple(
        dict.fromkeys(
            (*_numbers(text, both), *_frequencies(text, both), *_dates(text, both), *_drugs(text, both))
        )
    )


def _numbers(text: str, evidence: str) -> list[Unsaid]:
    heard = readings(evidence)
    units: dict[str, set[str]] = {}
    for quantity in quantities(evidence):
        units.setdefault(quantity.value, set()).add(quantity.unit)
    found = []
    for quantity in quantities(text):
        if not _is_heard(quantity.value, heard, evidence):
            found.append(Unsaid("unsupported_number", f"The number {quantity.value}"))
            continue
        said_with = units.get(quantity.value, set())
        if quantity.unit and said_with and quantity.unit not in said_with and "" not in said_with:
            found.append(Unsaid("unsupported_number", f"The unit of {quantity.value} ({quantity.unit})"))
    return found


def _is_heard(value: str, heard: frozenset[str], evidence: str) -> bool:
    if value in heard or value.removesuffix(".0") in heard:
        return True
    if value.removesuffix(":00") in heard:
        return True
    parts = [part.lstrip("0") or "0" for part in re.split(r"[/:]", value)]
    if len(parts) < 2:
        return False
    is_month = "/" in value and parts[0].isdigit() and 1 <= int(parts[0]) <= 12
    if is_month and _MONTHS[int(parts[0]) - 1] in evidence.lower():
        parts = parts[1:]
    years = {part: (part, part[2:]) for part in parts if len(part) == 4}
    return all(any(form in heard for form in years.get(part, (part,))) for part in parts)


def _frequencies(text: str, evidence: str) -> list[Unsaid]:
    found = []
    heard = readings(evidence)
    for match in _SPACED.finditer(text):
        word = match.group().lower()
        if word in _TIMES:
            is_said = _TIMES[word] in heard
        else:
            is_said = bool(re.search(rf"\b(?:{_EVERY[word]})\b", evidence, re.I))
        if not is_said:
            found.append(Unsaid("unsupported_number", f"How often ({word})"))
    return found


def _dates(text: str, evidence: str) -> list[Unsaid]:
    low = evidence.lower()
    words = {match.group().lower() for match in _DATE.finditer(text)}
    return [
        Unsaid("unsupported_date", f"The date {word!r}")
        for word in sorted(words)
        if not re.search(rf"\b{word.rstrip('s')}", low)
    ]


def _drugs(text: str, evidence: str) -> list[Unsaid]:
    low = evidence.lower()
    spoken = {SYNONYMS.get(stem(word), stem(word)) for word in re.findall(r"[a-z]+", low)}
    words = {match.group().lower() for match in DRUG.finditer(text)}
    words |= {match.group(1).lower() for match in _DOSED.finditer(text)} - _NOT_A_DRUG
    found = []
    for word in sorted(words):
        key = SYNONYMS.get(stem(word), stem(word))
        if key not in spoken and not re.search(rf"\b{re.escape(word.rstrip('s'))}", low):
            found.append(Unsaid("unsupported_drug", f"The drug name {word!r}"))
    return found
