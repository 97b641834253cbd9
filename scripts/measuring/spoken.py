"""Who said what in the public dialogues: (speaker, text) turns with each speaker's true role, and what spoils them.

Speakers keep their own labels, so that two of one role stay two. Some visits of ACI-Bench have their two tags swapped
(`SWAPPED`, each read by a person); they are put right. Times are counted from words, for most sets have none.
"""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from measuring.dialogues import Part, read_dialogues, rows_of
from measuring.labelled import read_labelled
from summarizer.types import Role

SWAPPED = frozenset({"D2N034", "D2N038", "D2N056", "D2N057", "D2N059", "D2N082"})
"""Visits in which `[doctor]` tells their symptoms and `[patient]` asks and prescribes, from beginning to end."""

OWN = Path(__file__).parents[1] / "role_dialogues.toml"
SAMPLE = OWN.with_name("sample_script.toml")

WORDS_A_SECOND = 2.5
PAUSE_SECONDS = 0.5
"""150 words a minute and half a second between turns."""

_LINE = re.compile(r"\s*(?:\[(?P<tag>[a-z_]+)\]|(?P<label>[A-Za-z_]+(?: ?\d)?)\s*:)\s*(?P<text>.*)")
_ROLES: tuple[tuple[str, Role], ...] = (
    ("family", "family"),
    ("guest_clinic", "clinician"),
    ("patient_guest", "family"),
    ("do", "clinician"),
    ("patient", "client"),
)
"""The beginning or a part of a label; it holds for the sets' misspellings too (`Docotr_2`, `Gest_family`)."""
_LETTERS: Mapping[str, Role] = {"T": "clinician", "C": "client", "F": "family", "I": "interpreter"}


@dataclass(frozen=True, slots=True)
class Spoken:
    """A conversation as voices: `turns` are (speaker, text), `roles` the true role of every speaker."""

    name: str
    turns: tuple[tuple[str, str], ...]
    roles: Mapping[str, Role]

    @property
    def has_two(self) -> bool:
        """Whether it is one clinician and one client."""
        return sorted(self.roles.values()) == ["client", "clinician"]

    @property
    def seconds(self) -> float:
        return sum(len(text.split()) / WORDS_A_SECOND + PAUSE_SECONDS for _, text in self.turns)


def read_spoken(name: str, part: Part, data: Path, *, mended: bool = True) -> list[Spoken]:
    """The dialogues of a set. Raises `FileNotFoundError` where they are absent."""
    if name == "annomi":
        found = []
        for dialogue in read_dialogues(name, part, data):
            turns = tuple((turn.role, turn.text) for turn in dialogue.turns)
            found.append(Spoken(dialogue.name, turns, {turn.role: turn.role for turn in dialogue.turns}))
        return found
    read = []
    for row in rows_of(name, part, data):
        identity = row.get("encounter_id") or f"mts-{row['ID']}"
        read.append(_read(identity, row["dialogue"], swapped=mended and identity in SWAPPED))
    return read


def read_own(part: Part) -> list[Spoken]:
    """The project's own scripted conversations of more than two, or with an interpreter."""
    found = []
    for entry in tomllib.loads(OWN.read_text("utf-8"))["dialogue"]:
        if entry["part"] != part:
            continue
        turns = []
        for line in entry["turns"].strip().splitlines():
            who, text = line.split(": ", 1)
            turns.append((who, text))
        roles = {who: _LETTERS[who[0]] for who, _ in turns}
        found.append(Spoken(entry["name"], tuple(turns), roles))
    return found


def read_scripted() -> list[Spoken]:
    """The project's own scripted sessions of two or three: the bundled sample, the labelled dialogues."""
    script = tomllib.loads(SAMPLE.read_text("utf-8"))
    said = (
        (turn["role"], re.sub(r"\{([^}|]*)\|[^}]*\}|<[\d.]+>", r"\1", turn["says"]))
        for turn in script["turn"]
    )
    found = [Spoken("sample", tuple(said), {role: role for role in ("clinician", "client")})]
    for one in (one for one in read_labelled() if one.part == "train"):
        roles = {turn.role: turn.role for turn in one.turns}
        found.append(Spoken(one.name, tuple((turn.role, turn.text) for turn in one.turns), roles))
    return found + [one for one in read_own("train") if "interpreter" not in one.roles.values()]


def _read(name: str, text: str, *, swapped: bool) -> Spoken:
    turns: list[tuple[str, str]] = []
    roles: dict[str, Role] = {}
    for line in text.splitlines():
        if match := _LINE.match(line):
            label = (match["tag"] or match["label"]).lower().replace(" ", "_")
            role = next((role for mark, role in _ROLES if mark in label), None)
            if role is None:
                raise ValueError(f"{name}: the label {label!r} is of no known role")
            if swapped:
                role = "client" if role == "clinician" else "clinician"
            roles[label] = role
            turns.append((label, match["text"]))
        elif turns and line.strip():
            turns[-1] = turns[-1][0], f"{turns[-1][1]} {line.strip()}"
    return Spoken(name, tuple((who, said) for who, said in turns if said.strip()), roles)


# ── what spoils a conversation ───────────────────────────────────────────────────────────────────────────


def first_seconds(one: Spoken, seconds: float) -> Spoken:
    """Its turns up to so many seconds; the last one is cut where the time is up."""
    left = seconds
    turns = []
    for who, text in one.turns:
        words = text.split()
        takes = len(words) / WORDS_A_SECOND + PAUSE_SECONDS
        if takes > left:
            if kept := words[: int(left * WORDS_A_SECOND)]:
                turns.append((who, " ".join(kept)))
            break
        turns.append((who, text))
        left -= takes
    return replace(one, turns=tuple(turns), roles={who: one.roles[who] for who, _ in turns})


def without_marks(one: Spoken) -> Spoken:
    """As a recogniser without punctuation writes it."""
    turns = ((who, " ".join(re.sub(r"[.,;:?!…—–\"]+", " ", text).lower().split())) for who, text in one.turns)
    return replace(one, turns=tuple((who, text) for who, text in turns if text))


def confused(one: Spoken, share: float, rng: random.Random) -> Spoken:
    """So many of its turns are given to another of its speakers."""
    names = sorted(one.roles)
    if len(names) < 2:
        return one
    turns = tuple(
        (rng.choice([name for name in names if name != who]) if rng.random() < share else who, text)
        for who, text in one.turns
    )
    return replace(one, turns=turns)


def with_phantom(one: Spoken, share: float, rng: random.Random) -> Spoken:
    """So many of its turns are given to a voice that is nobody's, of role `other`."""
    turns = tuple(("phantom" if rng.random() < share else who, text) for who, text in one.turns)
    return replace(one, turns=turns, roles={**one.roles, "phantom": "other"})


def with_split(one: Spoken, rng: random.Random) -> Spoken:
    """One speaker's later half is given to a new voice of the same role."""
    names = sorted(one.roles)
    whose = rng.choice(names)
    at = len(one.turns) // 2
    turns = tuple(
        (f"{who}+" if who == whose and i >= at else who, text) for i, (who, text) in enumerate(one.turns)
    )
    return replace(one, turns=turns, roles={**one.roles, f"{whose}+": one.roles[whose]})
