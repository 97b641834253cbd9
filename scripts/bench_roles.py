"""How often the roles are right: rules alone against rules with the classifier, on labelled dialogues, in one run.

    python scripts/bench_roles.py --data ../shared/data [--sets annomi aci-bench-valid …] [--quick]

Each set is measured whole, cut to its first 30, 60 and 120 s, and with turns given to a wrong voice, to a voice that
is nobody's, or one speaker split in two. `session` is the share of two-party sessions whose clinician and client are
both right, `turn` the share of turns that have their role. `sure` is the share of sessions whose every role is shown
without asking, and how many of those are right. `flips` counts how often a role that was told changes when the turns
come one by one. ACI-Bench's and MTS-Dialog's `train` are what the classifier was trained on. --json gives JSON lines.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from measuring.spoken import (
    Spoken,
    confused,
    first_seconds,
    read_own,
    read_spoken,
    with_phantom,
    with_split,
    without_marks,
)

from scribe.roles import assign_speakers, role_of
from scribe.session import Participant, SpeakerAssignment
from summarizer.role_evidence import Evidence, shipped_model
from summarizer.roles import SURE, match_roles
from summarizer.talk import read_conversation, talk_of

SETS = ("annomi", "aci-bench-valid", "mts-dialog-valid", "aci-bench-train", "mts-dialog-train")
SEED = 11
Guess: TypeAlias = Callable[[Sequence[tuple[str, str]]], Mapping[str, tuple[str, float]]]


def by_both(turns: Sequence[tuple[str, str]]) -> Mapping[str, tuple[str, float]]:
    """The roles as they ship, one clinician and one client given."""
    model = shipped_model()
    evidence = {who: model.evidence(said) for who, said in read_conversation(turns).items()}
    return match_roles(evidence, {"clinician": 1, "client": 1})


def by_rules(turns: Sequence[tuple[str, str]]) -> Mapping[str, tuple[str, float]]:
    """The counted rules alone, their confidence fitted like that of both."""
    evidence = {}
    for who, said in read_conversation(turns).items():
        talk = talk_of(said)
        half = RULES * talk.leaning * talk.words / (talk.words + RULES_WORDS_HALF) / 2
        evidence[who] = Evidence({"clinician": half, "client": -half}, talk.words)
    return match_roles(evidence, {"clinician": 1, "client": 1})


RULES, RULES_WORDS_HALF = 2.0, 20.0
"""What `train_roles.py` fits where the rules stand alone."""


@dataclass(slots=True)
class Counts:
    """Sessions and turns, and how many were right."""

    sessions: int = 0
    right: int = 0
    turns: int = 0
    right_turns: int = 0
    sure: int = 0
    sure_right: int = 0

    def add(self, one: Spoken, found: Mapping[str, tuple[str, float]]) -> None:
        """One session whose true speakers are those of role clinician and client."""
        main = [who for who, role in one.roles.items() if role in ("clinician", "client")]
        spoken = {who for who, _ in one.turns}
        main = [who for who in main if who in spoken]
        is_right = all(found.get(who, ("", 0.0))[0] == one.roles[who] for who in main)
        is_sure = bool(found) and all(found.get(who, ("", 0.0))[1] >= SURE for who in spoken)
        self.sessions += 1
        self.right += is_right
        self.sure += is_sure
        self.sure_right += is_sure and is_right
        self.turns += len(one.turns)
        self.right_turns += sum(found.get(who, ("", 0.0))[0] == one.roles[who] for who, _ in one.turns)

    def row(self) -> dict[str, float | int | None]:
        def share(part: int, whole: int) -> float | None:
            return round(100 * part / whole, 2) if whole else None

        return {
            "sessions": self.sessions,
            "session_right_percent": share(self.right, self.sessions),
            "turn_right_percent": share(self.right_turns, self.turns),
            "sure_percent": share(self.sure, self.sessions),
            "sure_right_percent": share(self.sure_right, self.sure),
        }


def flips(one: Spoken, guess_with_memory: bool) -> int:
    """How often a speaker's told role changes when turn comes after turn."""
    people = tuple(Participant(id=role, role=role) for role in ("clinician", "client"))  # type: ignore[arg-type]
    speakers: dict[str, SpeakerAssignment] = {}
    told: dict[str, str] = {}
    changes = 0
    for end in range(1, min(len(one.turns), 120) + 1):
        before = speakers if guess_with_memory else {}
        speakers = assign_speakers(people, one.turns[:end], before, channels=1)
        for who in speakers:
            role = role_of(who, speakers, people)[0]
            changes += told.get(who, role) != role
            told[who] = role
    return changes


def cases(quick: bool) -> dict[str, Callable[[Spoken, random.Random], Spoken]]:
    """What is done to a conversation before it is heard."""
    found: dict[str, Callable[[Spoken, random.Random], Spoken]] = {
        "whole": lambda one, _: one,
        "no marks": lambda one, _: without_marks(one),
        "first 30 s": lambda one, _: first_seconds(one, 30),
        "first 60 s": lambda one, _: first_seconds(one, 60),
        "first 120 s": lambda one, _: first_seconds(one, 120),
        "5 % wrong voice": lambda one, rng: confused(one, 0.05, rng),
        "10 % wrong voice": lambda one, rng: confused(one, 0.10, rng),
        "20 % wrong voice": lambda one, rng: confused(one, 0.20, rng),
        "60 s, 20 % wrong voice": lambda one, rng: confused(first_seconds(one, 60), 0.20, rng),
        "phantom 5 %": lambda one, rng: with_phantom(one, 0.05, rng),
        "split": with_split,
    }
    return {name: found[name] for name in ("whole", "first 60 s", "20 % wrong voice")} if quick else found


def several(part: str) -> None:
    """The project's own conversations of three and with an interpreter, through the server's assignment."""
    for one in read_own(part):  # type: ignore[arg-type]
        people = tuple(Participant(id=who, role=role) for who, role in one.roles.items())
        found = assign_speakers(people, one.turns, {}, channels=1)
        told = {who: role_of(who, found, people) for who in one.roles}
        right = sum(told[who][0] == role for who, role in one.roles.items())
        detail = ", ".join(f"{who} {role} {sure:.2f}" for who, (role, sure) in told.items())
        print(f"  {part:5} {one.name:36} {right} of {len(one.roles)} voices right: {detail}")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds `dialogues`")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--quick", action="store_true")
    parser.add_argument(
        "--as-tagged", action="store_true", help="do not put the swapped tags of ACI-Bench right"
    )
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--misses", action="store_true", help="name the sessions that are wrong")
    options = parser.parse_args()
    guesses: dict[str, Guess] = {"rules": by_rules, "both": by_both}
    for name in options.sets:
        dataset, _, part = name.rpartition("-") if name != "annomi" else ("annomi", "", "valid")
        try:
            read = read_spoken(dataset, part, options.data, mended=not options.as_tagged)
        except FileNotFoundError as error:
            print(error, file=sys.stderr)
            continue
        two = [one for one in read if one.has_two]
        print(f"\n{name}: {len(two)} of {len(read)} have one clinician and one client")
        for case, spoil in cases(options.quick).items():
            rng = random.Random(SEED)
            heard = [spoil(one, rng) for one in two]
            for who, guess in guesses.items():
                counts = Counts()
                for one in heard:
                    found = guess(one.turns)
                    before = counts.right
                    counts.add(one, found)
                    if options.misses and counts.right == before:
                        print(f"    wrong by {who}, {case}: {one.name} {dict(found)}")
                row = counts.row()
                if options.json:
                    print(json.dumps({"set": name, "case": case, "by": who, **row}))
                else:
                    print(
                        f"  {case:24}{who:7} session {row['session_right_percent']:6} %  turn "
                        f"{row['turn_right_percent']:6} %  sure {row['sure_percent']:6} %, right "
                        f"{row['sure_right_percent']} %"
                    )
        some = two if len(two) < 100 else two[:100]
        for memory in (False, True):
            counted = [flips(one, memory) for one in some]
            print(
                f"  flips a session, {'with' if memory else 'without'} staying: mean "
                f"{sum(counted) / len(counted):.2f}, most {max(counted)}, none in "
                f"{sum(c == 0 for c in counted)} of {len(counted)}"
            )
    print("\nthree voices, all participants given:")
    for part in ("train", "valid"):
        several(part)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
