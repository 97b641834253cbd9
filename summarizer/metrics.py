"""How good a draft is against a reference note: texts in, figures out.

Claims are the reference's sentences split where clauses join. A claim is recalled where at least 0.7 of its
content, weighed by how rare each word is, stands in some window of two neighbouring draft sentences. No n-gram
score is computed: a note can share many and miss the point. Used by benchmarks, never by the drafting itself.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from summarizer.content import content_stems, numbers
from summarizer.grounding import FRAME_STEMS, has_question_and_no
from summarizer.language import sentences
from summarizer.types import Draft, NoteBody, Turn
from summarizer.wording import plain

RECALLED_SHARE = 0.7
WINDOW = 2
_JOINTS = re.compile(
    r"\s*;\s*|,\s+(?:and|but|which|who|with)\s+(?=\w+ \w+)|\s+(?:and|but)\s+(?=(?:he|she|they|it"
    r"|the|has|had|is|was|denies|reports|states)\b)",
    re.I,
)
_FEWEST_CONTENT_WORDS = 2
_HEADING = re.compile(r"^[A-Z][A-Z /&-]{3,}:?$")


def idf(documents: Sequence[str]) -> dict[str, float]:
    """Inverse document frequency of stems, ln((n + 1) / (df + 1)) + 1."""
    counts: Counter[str] = Counter()
    for document in documents:
        counts.update(set(content_stems(document)))
    return {word: math.log((len(documents) + 1) / (count + 1)) + 1 for word, count in counts.items()}


def claims(note: str) -> tuple[str, ...]:
    """The claims of a reference note; headings and pieces of under two content words are none."""
    lines = "\n".join(line for line in note.splitlines() if not _HEADING.match(line.strip()))
    found: list[str] = []
    for piece in sentences(lines):
        found.extend(part.strip() for part in _JOINTS.split(lines[piece.start : piece.end]) if part)
    return tuple(claim for claim in found if len(set(content_stems(claim))) >= _FEWEST_CONTENT_WORDS)


def recalled(
    wanted: Sequence[str], draft: Sequence[str], weights: Mapping[str, float], share: float = RECALLED_SHARE
) -> tuple[bool, ...]:
    """For each claim, whether `WINDOW` neighbouring sentences of a draft hold enough of its weighted content."""
    rare = max(weights.values(), default=1.0)
    stems = [set(content_stems(sentence)) for sentence in draft]
    windows = [set().union(*stems[i : i + WINDOW]) for i in range(max(len(stems) - WINDOW + 1, 1))]
    found = []
    for claim in wanted:
        content = {word: weights.get(word, rare) for word in set(content_stems(claim))}
        least = share * sum(content.values())
        found.append(any(sum(content[w] for w in window & content.keys()) >= least for window in windows))
    return tuple(found)


def is_recalled(claim: str, draft: Sequence[str], weights: Mapping[str, float]) -> bool:
    """`recalled` of one claim."""
    return recalled([claim], draft, weights)[0]


def claim_recall(reference: str, body: NoteBody, weights: Mapping[str, float]) -> tuple[int, int]:
    """(recalled, all) claims of a reference note."""
    return sentence_recall(reference, statements_of(body), weights)


def sentence_recall(reference: str, draft: Sequence[str], weights: Mapping[str, float]) -> tuple[int, int]:
    """`claim_recall` of sentences that are no draft of ours: a transcript's, another note's."""
    found = recalled(claims(reference), draft, weights)
    return sum(found), len(found)


def statements_of(body: NoteBody) -> list[str]:
    """The texts of a note's statements, in order."""
    return [statement.text for section in body.sections for statement in section.statements]


@dataclass(frozen=True, slots=True)
class Grounding:
    """Counts over one draft; the four faults must be zero.

    Content words are those outside quotation marks that are not the note's own frame (`Client reports`).
    """

    statements: int
    numbers: int
    numbers_grounded: int
    quotes: int
    inexact_quotes: int
    denials: int
    denials_without_question: int
    plan_without_source: int
    content_words: int
    content_words_grounded: int


_QUOTED = re.compile(r"\"([^\"]+)\"|“([^”]+)”|«([^»]+)»")


def grounding_of(
    draft: Draft,
    turns: Sequence[Turn],
    plan_sections: frozenset[str] = frozenset({"PLAN", "RECOMMENDATIONS", "AFTERCARE"}),
) -> Grounding:
    """Counts made from the transcript itself, without the checks that drafting uses, except for denials."""
    texts = {turn.id: turn for turn in turns}
    counts: Counter[str] = Counter()
    for section in draft.body.sections:
        for statement in section.statements:
            said = [(texts[s.turn].role, texts[s.turn].text[s.start : s.end]) for s in statement.evidence]
            evidence = " \n ".join(text for _, text in said)
            counts["statements"] += 1
            named = numbers(statement.text)
            counts["numbers"] += len(named)
            counts["numbers_grounded"] += len(named & numbers(evidence))
            for match in _QUOTED.finditer(statement.text):
                counts["quotes"] += 1
                counts["inexact"] += not any(next(g for g in match.groups() if g) in text for _, text in said)
            bare = _QUOTED.sub(" ", statement.text)
            if re.search(r"\bden(?:ies|ied)\b", bare):
                counts["denials"] += 1
                counts["bad_denials"] += not has_question_and_no(said)
            if section.code in plan_sections:
                roles = {role for role, _ in said}
                counts["bad_plan"] += "clinician" not in roles
            words = set(content_stems(bare)) - FRAME_STEMS
            counts["content"] += len(words)
            counts["content_grounded"] += len(words & set(content_stems(f"{evidence} {plain(evidence)}")))
    return Grounding(
        counts["statements"],
        counts["numbers"],
        counts["numbers_grounded"],
        counts["quotes"],
        counts["inexact"],
        counts["denials"],
        counts["bad_denials"],
        counts["bad_plan"],
        counts["content"],
        counts["content_grounded"],
    )
