"""How a statement and its evidence compare: two readings in, a row of figures out.

Each figure is an agreement or a disagreement that can be named: how much of the statement's content stands in
the evidence and how close together, whether it is affirmed or negated in both, whose words they are, whether
numbers, units, drugs, kin and quotations agree, whether a doubt was lost. No figure describes the statement alone
except its length, so that nothing can be learnt from how a false statement is worded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from summarizer.content import content_stems, stem
from summarizer.quantities import Quantity
from summarizer.types import Role
from summarizer.verifier_evidence import AFFIRMED, ASKED, NEGATED, SYNONYMS, Line, read, read_statement

NAMES = (
    "line_cover", "window_cover", "union_cover", "all_cover", "exact_cover",
    "rarest_missing", "missing", "missing_share", "words", "pairs",
    "negated_unheard", "negated_heard", "affirmed_denied", "affirmed_asked", "agreeing_window",
     "agreeing_any",
    "negated_unheard_part", "affirmed_denied_part", "denied_most",
    "numbers_missing", "numbers_missing_window", "numbers_missing_all", "units_differ",
    "drugs_missing", "drugs_other", "kin_missing", "kin_far", "opposites",
    "client_by_clinician", "clinician_by_client", "clinician_feels", "own_words",
    "doubt_lost", "doubt_added", "certainty_added", "quotes_inexact", "negations_differ",
)  # fmt: skip
"""The figures, in the order of a row."""

RISING = (
    *(1, 1, 1, 1, 1),
    *(-1, -1, -1, 0, 1),
    *(-1, 1, -1, -1, 1, 1),
    *(-1, -1, -1),
    *(-1, -1, -1, -1),
    *(-1, -1, -1, -1, -1),
    *(-1, -1, -1, 1),
    *(-1, 0, -1, -1, -1),
)
"""+1 where more of a figure can only speak for a statement, -1 where only against it."""

_FRAME = frozenset(
    SYNONYMS.get(word, word)
    for word in content_stems(
        """
        client patient clinician therapist provider physician doctor reports reported states stated notes noted denies
        denied endorses endorsed describes described indicates indicated presents presented complains complaint
        mentions mentioned feels believes wants says asked answered responded response currently today visit
        regarding history significant past medical discussed reviewed recommended advised encouraged counseled
        session mr mrs ms male female year old
        """
    )
)
_WINDOW = 3
"""Sentences of a window: a question, its answer, what is added to it."""
_WINDOWS = 3
_PREFIX, _KINDRED = 5, 0.7
"""Stems that share so many first letters (`hypertensiv`, `hypertension`) count for each other so far."""
_NUMBER_WEIGHT = 2.0
"""What a number counts where the place of a statement is looked for: half of a rare word."""
_QUOTE = re.compile(r"\"([^\"]+)\"|“([^”]+)”|«([^»]+)»")
_CLIENT = re.compile(
    r"^\W*(?:the |this )?(?:client|patient|pt|member)\b(?!['’]s)|^\W*(?:she|he|they)\b|\b(?:client"
    r"|patient|he|she)"
    r" (?:also )?(?:reports?|reported|states?|stated|denies|denied|endorses|endorsed|feels|notes|noted"
    r"|says|answered|has"
    r"|is|was|had)\b",
    re.I,
)
_CLINICIAN = re.compile(
    r"\b(?:the )?(?:clinician|therapist|doctor|physician|provider|counselor|nurse|psychologist"
    r"|psychiatrist)(?:['’]s)?"
    r" (?:also |has |had |is |was )*(?:\w+s|\w+ed|feels?|had|has|is|was|will|does|did)\b|^\W*I\b",
    re.I,
)
_CLINICIAN_FEELS = re.compile(
    r"\b(?:clinician|therapist|doctor|physician|provider|counselor|nurse)(?:['’]s)? (?:also |still "
    r"|currently |now )*"
    r"(?:(?:has|had) (?!discuss|advis|recommend|order|prescrib|refer|explain|review|encourag|ask|agreed)"
    r"|is (?!concern|recommend|order|confiden|aware)|was (?!concern|contact|inform|notif)"
    r"|reports?|reported|denie[sd]|endorse[sd]?|complain|takes?|took|suffer|feels? (?!that)|experienc"
    r"|rates?|rated"
    r"|presents?|drinks?|smokes?|lives?|works?|sleeps?|eats?|felt|underwent|developed|needs?|tolerate"
    r"|utiliz|use[sd]? (?:to|alcohol|tobacco|drug)"
    r"|rem(?:ains|ained)|lost|gained|fell|injured|died|participat|enjoy|struggl)",
    re.I,
)
"""A clinician given what only a client has: a note tells of its writer's acts, never of their state."""
_OWN = re.compile(r"\b(?:i|my|me|i'm|i've|we|our)\b", re.I)
_KIN = {
    stem(word): stem(group.split()[0])
    for group in (
        "mother mom mum mommy", "father dad daddy", "brother brothers", "sister sisters", "son sons",
         "daughter daughters",
        "wife", "husband", "uncle uncles", "aunt aunts", "grandmother grandma", "grandfather grandpa",
        "boyfriend", "girlfriend", "boss supervisor manager", "friend friends", "cousin cousins", "parents",
        "roommate", "neighbor",
    )
    for word in group.split()
}  # fmt: skip
_KIN_HEARD = {"mother": "parent", "father": "parent"}
_OPPOSITES = {
    stem(one): stem(other)
    for pair in (
        "left right", "increase decrease", "increased decreased", "better worse", "improved worsened",
         "improving worsening",
        "start stop", "started stopped", "morning evening", "daily weekly", "weekly monthly",
         "normal abnormal",
        "more less", "never always", "upper lower", "before after", "mild severe", "high low",
         "positive negative",
        "accept refuse", "gained lost", "easy hard", "agreed declined", "younger older", "often rarely",
        "stable unstable", "good bad", "compliant noncompliant",
    )
    for one, other in (pair.split(), reversed(pair.split()))
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What was counted in training: how rare a stem is."""

    weights: Mapping[str, float]
    unknown: float

    def weight(self, word: str) -> float:
        return self.weights.get(word, self.unknown)


class Heard:
    """Evidence read once, to be compared with many statements."""

    def __init__(self, said: Sequence[tuple[Role | None, str]]) -> None:
        self.lines = read(said)
        self.where: dict[str, list[int]] = {}
        for i, line in enumerate(self.lines):
            for word in dict.fromkeys(line.stems):
                self.where.setdefault(word, []).append(i)
        self.begins: dict[str, list[str]] = {}
        for word in self.where:
            if len(word) >= _PREFIX:
                self.begins.setdefault(word[:_PREFIX], []).append(word)
        self.values = frozenset().union(*(line.values for line in self.lines)) if self.lines else frozenset()
        self.drugs = frozenset().union(*(line.drugs for line in self.lines)) if self.lines else frozenset()
        self.text = "\n".join(line.text for line in self.lines)
        self.low = self.text.lower()
        self.texts = tuple(text for _, text in said)


@dataclass(frozen=True, slots=True)
class _Aligned:
    """Where a statement's words were heard: for each line the credit of each word, and the windows chosen."""

    words: tuple[str, ...]
    credit: dict[int, dict[str, float]]
    windows: tuple[range, ...]


def _aligned(
    words: Sequence[str], heard: Heard, lexicon: Lexicon, quantities: Sequence[Quantity]
) -> _Aligned:
    credit: dict[int, dict[str, float]] = {}
    for word in words:
        for i in heard.where.get(word, ()):
            credit.setdefault(i, {})[word] = 1.0
        for other in heard.begins.get(word[:_PREFIX], ()):
            for i in heard.where[other]:
                credit.setdefault(i, {}).setdefault(word, _KINDRED)
    left = {word: lexicon.weight(word) for word in words}
    for quantity in quantities:
        key = f"#{quantity.value}"
        left[key] = _NUMBER_WEIGHT
        for i, line in enumerate(heard.lines):
            if quantity.value in line.values:
                credit.setdefault(i, {})[key] = 1.0
    windows: list[range] = []
    for _ in range(_WINDOWS):
        best, best_score = None, 0.0
        for start in {max(i - back, 0) for i in credit for back in range(_WINDOW)}:
            window = range(start, min(start + _WINDOW, len(heard.lines)))
            reached = _reached(window, credit)
            score = sum(weight * reached.get(word, 0.0) for word, weight in left.items())
            # Of equal windows the one whose words stand closest, then the first.
            score += 0.1 * max(
                (sum(left[w] * c for w, c in credit[i].items() if w in left) for i in window if i in credit),
                default=0,
            )
            if score > best_score + 1e-9 or (abs(score - best_score) <= 1e-9 and best and start < best.start):
                best, best_score = window, score
        if best is None or best_score < 0.05:
            break
        windows.append(best)
        for word, share in _reached(best, credit).items():
            if word in left and share > 0.3:
                del left[word]
    return _Aligned(tuple(words), credit, tuple(windows))


def _reached(lines: Sequence[int] | range, credit: Mapping[int, Mapping[str, float]]) -> dict[str, float]:
    found: dict[str, float] = {}
    for i in lines:
        for word, share in credit.get(i, {}).items():
            if share > found.get(word, 0.0):
                found[word] = share
    return found


def evidence_lines(statement: str, heard: Heard, lexicon: Lexicon) -> tuple[int, ...]:
    """The lines that best hold a statement's words: up to three windows of three sentences, label unseen."""
    claim = read_statement(statement)
    aligned = _aligned(_content(claim), heard, lexicon, claim.quantities)
    return tuple(sorted({i for window in aligned.windows for i in window}))


def _content(line: Line) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for word in line.stems if word not in _FRAME))


def features(statement: str, heard: Heard, lexicon: Lexicon) -> list[float]:
    """The row of figures for one statement, named by `NAMES`."""
    quotes = [next(group for group in match.groups() if group) for match in _QUOTE.finditer(statement)]
    claim = read_statement(statement)
    words = _content(claim)
    aligned = _aligned(words, heard, lexicon, claim.quantities)
    weights = {word: lexicon.weight(word) for word in words}
    total = sum(weights.values()) or 1.0
    union = sorted({i for window in aligned.windows for i in window})
    window = aligned.windows[0] if aligned.windows else range(0)
    in_window, in_union = _reached(window, aligned.credit), _reached(union, aligned.credit)
    in_all = _reached(list(aligned.credit), aligned.credit)
    missing = [word for word in words if in_union.get(word, 0.0) < 0.15]

    def cover(reached: Mapping[str, float]) -> float:
        return sum(weights[word] * reached.get(word, 0.0) for word in words) / total if words else 0.5

    line_cover = max(
        (cover(aligned.credit[i]) for i in union if i in aligned.credit), default=0.0 if words else 0.5
    )
    exact = (
        sum(weights[w] for w in words if any(w in heard.lines[i].stems for i in union)) / total
        if words
        else 0.5
    )
    return [
        line_cover,
        cover(in_window),
        cover(in_union),
        cover(in_all),
        exact,
        max((weights[word] for word in missing), default=0.0),
        float(len(missing)),
        sum(weights[word] for word in missing) / total,
        float(len(words)),
        _pairs(claim, [heard.lines[i] for i in union]),
        *_polarities(claim, words, weights, total, heard, aligned, window, union),
        *_values(claim, heard, window, union),
        *_names(claim, heard, union),
        *_speakers(statement, words, weights, heard, aligned, window),
        *_doubts(claim, words, weights, heard, aligned, window),
        float(sum(not any(quote in text for text in heard.texts) for quote in quotes)),
        _negations(claim, heard, window),
    ]


def _pairs(claim: Line, lines: Sequence[Line]) -> float:
    """Share of neighbouring content words of a statement that stand within three words in one line."""
    pairs = [
        (a, b)
        for a, b in zip(claim.stems, claim.stems[1:], strict=False)
        if a not in _FRAME and b not in _FRAME and a != b
    ]
    if not pairs:
        return 0.5
    near = {
        frozenset((a, b))
        for line in lines
        for i, a in enumerate(line.stems)
        for b in line.stems[i + 1 : i + 4]
    }
    return sum(frozenset(pair) in near for pair in pairs) / len(pairs)


def _flags_of(word: str, line: Line) -> int:
    """How a line says a word; only where it does not say the word itself, how it says one that begins alike."""
    exact = other = 0
    for said, flag in zip(line.stems, line.flags, strict=True):
        if said == word:
            exact |= flag
        elif len(word) >= _PREFIX and said.startswith(word[:_PREFIX]):
            other |= flag
    return exact or other


def _polarities(
    claim: Line,
    words: Sequence[str],
    weights: Mapping[str, float],
    total: float,
    heard: Heard,
    aligned: _Aligned,
    window: range,
    union: Sequence[int],
) -> list[float]:
    said_as: dict[str, int] = {}
    for word, flag in zip(claim.stems, claim.flags, strict=True):
        said_as[word] = said_as.get(word, 0) | flag
    unheard = heard_too = denied = asked = agree_window = agree_any = most = 0.0
    found = set()
    for word in words:
        share = weights[word] / total
        wanted = said_as[word]
        at = {i: _flags_of(word, heard.lines[i]) for i in aligned.credit if word in aligned.credit[i]}
        near = [flags for i, flags in at.items() if i in window] or [
            flags for i, flags in at.items() if i in union
        ]
        if not at:
            continue
        found.add(word)
        in_window = 0
        for flags in near:
            in_window |= flags
        anywhere = 0
        for flags in at.values():
            anywhere |= flags
        if wanted == NEGATED:
            heard_too += share * bool(in_window & NEGATED)
            unheard += share * (not in_window & NEGATED)
        elif wanted == AFFIRMED:
            denied += share * (in_window == NEGATED)
            most = max(most, weights[word] * (anywhere == NEGATED))
            asked += share * (in_window in (ASKED, ASKED | NEGATED))
        agree_window += share * bool(in_window & wanted)
        agree_any += share * bool(anywhere & wanted)
    negated = sum(weights[word] for word in words if said_as[word] == NEGATED and word in found) / total
    affirmed = sum(weights[word] for word in words if said_as[word] == AFFIRMED and word in found) / total
    return [
        *(unheard, heard_too, denied, asked, agree_window, agree_any),
        unheard / negated if negated else 0.0,
        denied / affirmed if affirmed else 0.0,
        most,
    ]


def _values(claim: Line, heard: Heard, window: range, union: Sequence[int]) -> list[float]:
    if not claim.quantities:
        return [0.0, 0.0, 0.0, 0.0]
    near: set[str] = set()
    for i in _around(window, heard):
        near |= heard.lines[i].values
    wide = set(near)
    for i in _around(union, heard):
        wide |= heard.lines[i].values
    values = {quantity.value for quantity in claim.quantities}
    differ = 0
    for quantity in claim.quantities:
        units = {q.unit for line in heard.lines for q in line.quantities if q.value == quantity.value}
        differ += bool(quantity.unit and units and quantity.unit not in units and "" not in units)
    return [
        float(sum(not _heard_value(value, wide) for value in values)),
        float(sum(not _heard_value(value, near) for value in values)),
        float(sum(not _heard_value(value, heard.values) for value in values)),
        float(differ),
    ]


def _heard_value(value: str, heard: set[str] | frozenset[str]) -> bool:
    if value in heard:
        return True
    parts = [part for part in re.split(r"[/:-]", value) if part]
    return len(parts) > 1 and all(part in heard or part.lstrip("0") in heard for part in parts)


def _around(lines: Sequence[int] | range, heard: Heard) -> list[int]:
    """`lines` with the sentence before and after each."""
    return sorted({j for i in lines for j in (i - 1, i, i + 1) if 0 <= j < len(heard.lines)})


def _names(claim: Line, heard: Heard, union: Sequence[int]) -> list[float]:
    missing = [drug for drug in claim.drugs if not _names_drug(drug, heard)]
    others = bool(missing) and bool(heard.drugs)
    spoken = {word for i in _around(union, heard) for word in _raw_stems(heard.lines[i].text)}
    kin = {_KIN[word] for word in _raw_stems(claim.text) if word in _KIN}
    held = {_KIN[word] for word in heard_words(heard) if word in _KIN}
    opposed = 0
    claimed = set(_raw_stems(claim.text))
    for word in claimed:
        other = _OPPOSITES.get(word)
        opposed += bool(other and other not in claimed and word not in spoken and other in spoken)
    near = {_KIN[word] for word in spoken if word in _KIN}
    far = bool(near) and bool(kin - near)
    return [float(len(missing)), float(others), float(len(kin - held)), float(far), float(opposed)]


def _names_drug(drug: str, heard: Heard) -> bool:
    key = stem(drug)
    return drug in heard.low or SYNONYMS.get(key, key) in heard.where or drug.rstrip("s") in heard.low


def heard_words(heard: Heard) -> set[str]:
    """All stems of the evidence before any synonym is put for them."""
    return {word for line in heard.lines for word in _raw_stems(line.text)}


def _raw_stems(text: str) -> tuple[str, ...]:
    return content_stems(text)


def _speakers(
    statement: str,
    words: Sequence[str],
    weights: Mapping[str, float],
    heard: Heard,
    aligned: _Aligned,
    window: range,
) -> list[float]:
    """Whose words hold the content, against whom the statement is about."""
    client = clinician = own = total = 0.0
    for word in words:
        at = [heard.lines[i] for i in window if word in aligned.credit.get(i, {})]
        if not at:
            continue
        total += weights[word]
        client += weights[word] * any(line.role != "clinician" or line.asks for line in at)
        clinician += weights[word] * any(line.role in (None, "clinician") and not line.asks for line in at)
        own += weights[word] * any(
            line.role in (None, "clinician") and not line.asks and bool(_OWN.search(line.text)) for line in at
        )
    if not total:
        return [0.0, 0.0, 0.0, 0.0]
    clinicians = bool(_CLINICIAN.search(statement))
    clients = bool(_CLIENT.search(statement)) and not clinicians
    feels = bool(_CLINICIAN_FEELS.search(statement))
    return [
        (clinician / total) * (1 - client / total) if clients else 0.0,
        1 - clinician / total if clinicians else 0.0,
        1.0 - 0.5 * own / total if feels else 0.0,
        own / total if clinicians else 0.0,
    ]


def _doubts(
    claim: Line,
    words: Sequence[str],
    weights: Mapping[str, float],
    heard: Heard,
    aligned: _Aligned,
    window: range,
) -> list[float]:
    total = doubted = 0.0
    for word in words:
        at = [i for i in window if word in aligned.credit.get(i, {})]
        if not at:
            continue
        total += weights[word]
        doubted += weights[word] * all(heard.lines[i].hedged for i in at)
    share = doubted / total if total else 0.0
    surer = claim.certain and not any(heard.lines[i].certain for i in _around(window, heard))
    return [0.0 if claim.hedged else share, (1 - share) if claim.hedged else 0.0, float(surer)]


def _negations(claim: Line, heard: Heard, window: range) -> float:
    """Whether a statement negates anything where its window negates nothing, or the reverse over all its words."""
    negates = any(flag & NEGATED for flag in claim.flags)
    lines = [heard.lines[i] for i in _around(window, heard)]
    heard_negated = any(flag & NEGATED for line in lines for flag in line.flags)
    if negates:
        return float(not heard_negated)
    flags = [flag for line in lines for flag in line.flags]
    return 0.5 * float(bool(flags) and all(flag == NEGATED for flag in flags))
