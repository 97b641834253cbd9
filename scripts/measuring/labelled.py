"""Whether a draft says what was said and points at where: dialogues labelled by hand in, counts out.

`labelled_dialogues.toml` holds them, with its own account of the labels. A statement is right where it says at
least one labelled fact with that fact's yes or no, says nothing false, and points at no turn outside those facts'.
Everything else that is written counts against evidence precision. A salient fact that no statement says is an
omission. Half of the conversations are held out: what is missed in them is counted and never shown.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measuring.dialogues import Dialogue, Part
from measuring.note_report import NoteBench, percent
from summarizer.content import stem
from summarizer.language import word_list
from summarizer.types import Role, Statement, Turn

FILE = Path(__file__).parents[1] / "labelled_dialogues.toml"
_ROLES: dict[str, Role] = {"T": "clinician", "C": "client", "F": "family"}
_NO = re.compile(r"\b(?:no|not|never|none|nothing|without|denie[sd]|cannot)\b|n[’']t\b", re.I)


@dataclass(frozen=True, slots=True)
class LabelledFact:
    """`words` are sets of stems of which a statement has one each; `negated` is None where it does not matter."""

    words: tuple[frozenset[str], ...]
    turns: frozenset[str]
    salient: bool = False
    negated: bool | None = None

    def is_said_in(self, text: str) -> bool:
        """Whether `text` says the fact, with its yes or no."""
        if not _has(self.words, text):
            return False
        return self.negated is None or self.negated == bool(_NO.search(text))


@dataclass(frozen=True, slots=True)
class Falsehood:
    """A statement with all `words` and none of `unless` is false."""

    words: tuple[frozenset[str], ...]
    unless: frozenset[str]

    def is_said_in(self, text: str) -> bool:
        """Whether `text` says it."""
        return _has(self.words, text) and not self.unless & _stems(text)


@dataclass(frozen=True, slots=True)
class Labelled:
    """One conversation with its labels."""

    name: str
    part: Part
    template: str
    turns: tuple[Turn, ...]
    facts: tuple[LabelledFact, ...]
    falsehoods: tuple[Falsehood, ...]


def _stems(text: str) -> frozenset[str]:
    words = word_list(text)
    return frozenset(stem(part) for word in words for part in (word, *word.split("-")))


def _has(words: Sequence[frozenset[str]], text: str) -> bool:
    stems = _stems(text)
    return all(choice & stems for choice in words)


def _words(text: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(stem(choice) for choice in word.split("|")) for word in text.split())


def read_labelled(file: Path = FILE) -> list[Labelled]:
    """The labelled conversations. Raises `ValueError` where a label names a turn that is not there."""
    return [_labelled(entry) for entry in tomllib.loads(file.read_text("utf-8"))["dialogue"]]


def _labelled(entry: dict[str, Any]) -> Labelled:
    turns = []
    for line in entry["turns"].strip().splitlines():
        number, who, text = line.split(" ", 2)
        turns.append(Turn(number, _ROLES[who.rstrip(":")], text))
    known = {turn.id for turn in turns}
    facts = tuple(
        LabelledFact(
            _words(fact["words"]),
            frozenset(map(str, fact["turns"])),
            fact.get("salient", False),
            fact.get("negated"),
        )
        for fact in entry["facts"]
    )
    for fact in facts:
        if not fact.turns <= known:
            raise ValueError(f"{entry['name']}: the turns {sorted(fact.turns - known)} are not there")
    falsehoods = tuple(
        Falsehood(_words(false["words"]), _stems(false.get("unless", ""))) for false in entry["false"]
    )
    return Labelled(entry["name"], entry["part"], entry["template"], tuple(turns), facts, falsehoods)


def is_right(statement: Statement, one: Labelled) -> bool:
    """Whether a statement says a labelled fact, no falsehood, and points only at turns of the facts it says."""
    said = [fact for fact in one.facts if fact.is_said_in(statement.text)]
    turns = {span.turn for span in statement.evidence}
    if any(falsehood.is_said_in(statement.text) for falsehood in one.falsehoods):
        return False
    return bool(said) and bool(turns) and turns <= frozenset().union(*(fact.turns for fact in said))


def is_opposite(statement: Statement, one: Labelled) -> bool:
    """Whether a statement says no where a labelled fact says yes, or the reverse, and nothing else that is labelled."""
    if any(fact.is_said_in(statement.text) for fact in one.facts):
        return False
    return any(fact.negated is not None and _has(fact.words, statement.text) for fact in one.facts)


def evidence(bench: NoteBench) -> None:
    """Evidence precision, omission and falsehoods over the hand-labelled conversations, in their two halves."""
    labelled = read_labelled()
    bench.say(f"evidence: {len(labelled)} labelled conversations")
    parts: tuple[Part, ...] = ("train", "valid")
    for part in parts:
        counts: Counter[str] = Counter()
        for one in labelled:
            if one.part == part:
                counts.update(_counts(bench, one))
        bench.tell(
            "evidence",
            "labelled, to develop with" if part == "train" else "labelled, held out",
            {
                "evidence_precision_percent": percent(counts["right"], counts["statements"]),
                "salient_omitted_percent": percent(counts["omitted"], counts["salient"]),
                **{name: counts[name] for name in ("false_statements", "opposite_statements")},
                **{name: counts[name] for name in ("statements", "salient", "dialogues")},
            },
            "evidence_precision_percent",
            "salient_omitted_percent",
            "false_statements",
            "opposite_statements",
        )


def _counts(bench: NoteBench, one: Labelled) -> Counter[str]:
    draft = bench.draft(one.turns, one.template)
    statements = [statement for section in draft.body.sections for statement in section.statements]
    texts = [statement.text for statement in statements]
    wrong = [statement for statement in statements if not is_right(statement, one)]
    salient = [fact for fact in one.facts if fact.salient]
    omitted = [fact for fact in salient if not any(fact.is_said_in(text) for text in texts)]
    false = [text for text in texts if any(falsehood.is_said_in(text) for falsehood in one.falsehoods)]
    if bench.misses and one.part == "train":
        for statement in wrong:
            at = ", ".join(dict.fromkeys(span.turn for span in statement.evidence))
            bench.say(f"  not borne out in {one.name!r}: {statement.text} [{at}]")
        for fact in omitted:
            words = " ".join("|".join(sorted(choice)) for choice in fact.words)
            bench.say(f"  omitted in {one.name!r}: {words} [{', '.join(sorted(fact.turns))}]")
        for text in false:
            bench.say(f"  false in {one.name!r}: {text}")
    return Counter(
        dialogues=1,
        statements=len(statements),
        right=len(statements) - len(wrong),
        salient=len(salient),
        omitted=len(omitted),
        false_statements=len(false),
        opposite_statements=sum(is_opposite(statement, one) for statement in statements),
    )


def as_dialogues() -> list[Dialogue]:
    """The labelled conversations without their labels."""
    return [Dialogue(one.name, one.turns) for one in read_labelled()]
