"""Train the classifier of roles: training dialogues in, `summarizer/roles.json` out.

It learns from the training parts of ACI-Bench and MTS-Dialog and from this project's own scripted sessions, each
once as written and once without marks. A sentence's role is its speaker's. What counts are everyday words
(`EVERYDAY`), pairs of them and cues; no other word can get into the file. How far sums are believed is fitted on
dialogues held out by folds, cut short and with turns given to the wrong speaker. Needs numpy alone.

    python scripts/train_roles.py --data DIR
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from measuring.spoken import (
    Spoken,
    confused,
    first_seconds,
    read_scripted,
    read_spoken,
    without_marks,
)

from summarizer.lexicon import word_set
from summarizer.role_evidence import FILE, TRAINED, features
from summarizer.talk import read_conversation, talk_of

FOLDS = 5
ROUNDS, RATE, DECAY = 300, 0.5, 2e-3
"""`DECAY` pulls weights to nothing: chosen by folds between 2e-4 and 4e-3."""
RULES = (1.0, 1.5, 2.0, 3.0)
"""The least belief in the rules is a third of what they have alone, though on medical visits they add nothing to the
classifier: mirroring, which marks a therapist, is rare there, and they were made for therapy."""
SEEN_IN = 12
"""Dialogues in which a feature must stand to be counted."""

EVERYDAY = word_set(
    """
    a about actually after again ago all alright also always am an and another any anybody anything are around as
    ask at away back bad be because been before being best better between both bring but by bye call can can't
    cannot check come comes coming could couldn't day days did didn't do does doesn't doing don't done down each
    else even ever every everybody everything far feel feeling feels felt few find fine first for from gave get gets
    getting give given go goes going gonna good got great guess had happen happened happening happens has hasn't
    have haven't having he he's hear heard hello help helped helps her here here's hers hey hi him himself his hm
    hmm hopefully how how's i i'd i'll i'm i've if important in into is isn't it it'd it'll it's its just keep kept
    kind knew know last later least leave let let's like little long look looking looks lot made make makes many
    may maybe me mean mentioned might mind mine mm mm-hmm more morning most much must my myself need needed needs
    never new next nice night no nobody none nope not nothing notice noticed now of off often oh ok okay on once
    one ones only or order other our out over own part people perfect perhaps plan please possible probably put
    question questions quite rather ready really recommend remember right said same saw say says see seem seems seen
    set she she's should since so some somebody something sometimes soon sorry sort sound sounds start started
    stay still stop stuff such suggest supposed sure take taken takes taking talk talked talking tell than thank
    thanks that that'd that'll that's the their them then there there's these they they'd they'll they're they've thing
    things think thinking this those though thought through time times to today together told tomorrow tonight too
    took tried try trying uh uh-huh um understand until up us use used usually very wait wanna want wanted wants was
    wasn't way we we'd we'll we're we've week weeks welcome well went were weren't what what's when where where's
    whether which while who who's why will with within without won't wonder wondering wonderful work working works
    worried worry worse would wouldn't yeah year years yep yes yesterday yet you you'd you'll you're you've your
    yours yourself
    """
)
"""Words of any conversation: no illness, body, drug or name is among them, so that what is learnt carries over."""

KIN = word_set(
    """
    mother mom dad father son daughter husband wife brother sister child children kids baby boy girl family parents
    """
)

Row = tuple[list[str], int]


def allowed(feature: str) -> bool:
    """Whether all words of a feature are everyday ones."""
    if feature.startswith("<"):
        # What only an interpreter does has no examples here.
        return feature not in ("<reports>", "<echoes>", "<foreign>")
    return all(word in EVERYDAY or word in KIN for word in feature.lstrip("^").split(" "))


def rows_of(dialogues: Sequence[Spoken]) -> list[list[Row]]:
    """For each dialogue its sentences: their features and the number of their speaker's role."""
    found = []
    for one in dialogues:
        rows = []
        for speaker, said in read_conversation(one.turns).items():
            if (role := one.roles[speaker]) in TRAINED:
                rows += [([f for f in sorted(features(s)) if allowed(f)], TRAINED.index(role)) for s in said]
        found.append(rows)
    return found


def vocabulary_of(rows: Sequence[Sequence[Row]]) -> list[str]:
    """The features that stand in enough dialogues, sorted."""
    counts = Counter(name for one in rows for name in {f for found, _ in one for f in found})
    return sorted(name for name, count in counts.items() if count >= SEEN_IN)


def fitted(rows: Sequence[Sequence[Row]], names: Sequence[str]) -> np.ndarray:
    """Multinomial logistic weights, float64 [features, roles]; each role weighs the same.

    A dialogue weighs as the root of its length.

    Gradient descent with momentum over the sparse rows; there is no intercept, so that a sum is evidence alone.
    """
    number = {name: i for i, name in enumerate(names)}
    flat = [
        (sorted(number[f] for f in found if f in number), role, len(one))
        for one in rows
        for found, role in one
    ]
    flat = [entry for entry in flat if entry[0]]
    columns = np.concatenate([np.array(entry[0]) for entry in flat])
    starts = np.cumsum([0, *(len(entry[0]) for entry in flat[:-1])])
    of_row = np.repeat(np.arange(len(flat)), [len(entry[0]) for entry in flat])
    truth = np.eye(len(TRAINED))[[entry[1] for entry in flat]]
    weight = np.array([entry[2] for entry in flat], dtype=float) ** -0.5
    weight /= truth @ (truth * weight[:, None]).sum(axis=0)
    weights = np.zeros((len(names), len(TRAINED)))
    speed = np.zeros_like(weights)
    # The curvature differs by how often a feature stands: each has a step of its own.
    often = np.zeros(len(names))
    np.add.at(often, columns, weight[of_row])
    step = (RATE / (often + DECAY * 10))[:, None]
    for _ in range(ROUNDS):
        logits = np.add.reduceat(weights[columns], starts, axis=0)
        logits -= logits.max(axis=1, keepdims=True)
        odds = np.exp(logits)
        odds /= odds.sum(axis=1, keepdims=True)
        error = (odds - truth) * weight[:, None]
        gradient = np.stack(
            [np.bincount(columns, error[of_row, i], len(names)) for i in range(len(TRAINED))], axis=1
        )
        speed = 0.9 * speed - 0.1 * step * (gradient + DECAY * weights)
        weights += speed
    return weights - weights.mean(axis=1, keepdims=True)


def spoiled(one: Spoken, rng: random.Random) -> list[Spoken]:
    """A conversation as it may be heard: from its first half minute to its end, with errors of the diarizer or none."""
    found = []
    for seconds in (10.0, 20.0, 30.0, 60.0, 120.0, one.seconds):
        for share in (0.0, 0.1, 0.2):
            found.append(confused(first_seconds(one, seconds), share, rng))
    return [cut for cut in found if len({who for who, _ in cut.turns}) == 2]


def gaps(
    dialogues: Sequence[Spoken], rows: np.ndarray, names: Sequence[str], rng: random.Random
) -> list[list[float]]:
    """For two-party conversations: sums, sentences, leaning and words of the clinician, then of the client."""
    number = {name: i for i, name in enumerate(names)}
    found = []
    for one in dialogues:
        if not one.has_two:
            continue
        for cut in spoiled(one, rng):
            heard = read_conversation(cut.turns)
            by_role = {one.roles[who]: said for who, said in heard.items()}
            if len(by_role) < 2:
                continue
            row: list[float] = []
            for role in ("clinician", "client"):
                said = by_role[role]
                at = [number[f] for s in said for f in features(s) if f in number]
                total = rows[at].sum(axis=0) if at else np.zeros(len(TRAINED))
                talk = talk_of(said)
                row += [total[0] - total[1], len(said), talk.leaning, talk.words]
            found.append(row)
    return found


def believed(table: np.ndarray, use_classifier: bool = True, use_rules: bool = True) -> dict[str, float]:
    """How far sums and leanings are believed, so that the clinician's true gap is likeliest; a search over a grid."""
    best: tuple[float, dict[str, float]] = (float("inf"), {})
    sum1, n1, lean1, words1, sum2, n2, lean2, words2 = table.T
    grid = (0.03, 0.05, 0.08, 0.12, 0.18, 0.25, 0.35, 0.5, 0.7, 1.0)
    for classifier in grid if use_classifier else (0.0,):
        for half in (3.0, 6.0, 12.0, 25.0, 50.0, 100.0) if use_classifier else (1.0,):
            learnt = classifier * (sum1 / (1 + n1 / half) - sum2 / (1 + n2 / half))
            for rules in RULES if use_rules else (0.0,):
                for w in (10.0, 20.0, 40.0, 80.0, 160.0) if rules else (1.0,):
                    counted = rules * (lean1 * words1 / (words1 + w) - lean2 * words2 / (words2 + w))
                    loss = float(np.logaddexp(0, -(learnt + counted)).mean())
                    if loss < best[0]:
                        found = {
                            "classifier": classifier,
                            "sentences_half": half,
                            "rules": rules,
                            "words_half": w,
                        }
                        best = loss, found
    belief = best[1]
    print(f"believed {belief}, mean loss {best[0]:.4f} over {len(table)} conversations cut and spoiled")
    return belief


def tell_thresholds(table: np.ndarray, belief: dict[str, float]) -> None:
    """How many of the held-out conversations are above a confidence, and how many of those are right."""
    sum1, n1, lean1, words1, sum2, n2, lean2, words2 = table.T
    half, w = belief["sentences_half"], belief["words_half"]
    gap = belief["classifier"] * (sum1 / (1 + n1 / half) - sum2 / (1 + n2 / half))
    gap += belief["rules"] * (lean1 * words1 / (words1 + w) - lean2 * words2 / (words2 + w))
    sure = 1 / (1 + np.exp(-np.abs(gap)))
    for threshold in (0.5, 0.8, 0.9, 0.95, 0.96, 0.97, 0.98, 0.99):
        there = sure >= threshold
        print(f"  from {threshold}: {there.mean():.3f} of them, right {(gap[there] > 0).mean():.4f}")


def train(data: Path, out: Path) -> None:
    """Folds for the belief, then the weights from everything."""
    parts = [
        read_spoken("aci-bench", "train", data),
        read_spoken("mts-dialog", "train", data),
        read_scripted(),
    ]
    for part in parts:
        random.Random(2).shuffle(part)
    dialogues = [one for part in parts for one in part]
    fold_of = [i % FOLDS for part in parts for i in range(len(part))]
    written, plain = rows_of(dialogues), rows_of([without_marks(one) for one in dialogues])
    names = vocabulary_of(written)
    print(f"{len(dialogues)} dialogues, {sum(map(len, written))} sentences, {len(names)} features")
    rng = random.Random(7)
    table: list[list[float]] = []
    for k in range(FOLDS):
        inside = [i for i, fold in enumerate(fold_of) if fold != k]
        weights = fitted([rows for i in inside for rows in (written[i], plain[i])], names)
        held = [one for one, fold in zip(dialogues, fold_of, strict=True) if fold == k]
        both = [version for one in held for version in (one, without_marks(one))]
        table += gaps(both, weights, names, rng)
    figures = np.array(table)
    believed(figures, use_classifier=False)
    believed(figures, use_rules=False)
    belief = believed(figures)
    tell_thresholds(figures, belief)
    weights = fitted([rows for pair in zip(written, plain, strict=True) for rows in pair], names)
    given = {name: [round(float(v), 2) for v in row] for name, row in zip(names, weights, strict=True)}
    rows = ",\n".join(f"{json.dumps(name)}:{json.dumps(row)}" for name, row in given.items() if any(row))
    head = json.dumps({"version": 1, "roles": list(TRAINED), "belief": belief})
    out.write_text(f'{head[:-1]}, "weights": {{\n{rows}\n}}}}\n', "utf-8")
    print(f"wrote {out} ({out.stat().st_size // 1024} KB)")
    for i, role in enumerate(TRAINED):
        top = sorted(given, key=lambda name: -given[name][i])[:25]
        print(f"  for {role}: {', '.join(top)}")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds `dialogues`")
    parser.add_argument("--out", type=Path, default=FILE)
    options = parser.parse_args()
    try:
        train(options.data, options.out)
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
