"""Train the verifier: training dialogues in, `summarizer/verifier.json` out; on `valid` it only measures.

Statements are the labelled sentences of `measuring/falsified.py` and, as true ones with the evidence they name, the
sentences that the extractive engine writes about the training dialogues, with the same changes made to them. Boosted
trees, each figure allowed to count in one direction only, are chosen by folds over dialogues. Needs scikit-learn (the
`train` extra); what it writes needs nothing.

    python scripts/train_verifier.py --data DIR                  # folds, then the model on all of train
    python scripts/train_verifier.py --data DIR --measure        # the shipped model on the validation sets
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from measuring.falsified import CHANGES, KINDS, Case, Labelled, cases, changed_by, labelled

from summarizer.extractive import ExtractiveEngine
from summarizer.facts import extract_facts
from summarizer.quantities import readings
from summarizer.templates import load_template
from summarizer.types import Context, Style
from summarizer.verifier import FILE, Model, Verifier
from summarizer.verifier_evidence import DRUG, read_statement
from summarizer.verifier_features import NAMES, RISING, Heard, Lexicon, evidence_lines, features

FOLDS = 5
ITERATIONS, RATE, LEAVES = 140, 0.1, 12
MODES = ("window", "whole")
TEMPLATES = ("soap", "history_and_physical", "birp")


@dataclass(frozen=True)
class Rows:
    """Statements with their figures: `x` float32 [statements, modes, figures]."""

    x: np.ndarray
    told: list[Labelled]

    @property
    def kinds(self) -> np.ndarray:
        return np.array([one.kind for one in self.told])


def heard_of(found: Sequence[Case]) -> dict[str, Heard]:
    """The whole dialogue of each case, read."""
    return {case.id: Heard([(turn.role, turn.text) for turn in case.turns]) for case in found}


def window_of(text: str, heard: Heard, lexicon: Lexicon) -> Heard:
    """The best windows for a statement as evidence of its own."""
    return Heard([(heard.lines[i].role, heard.lines[i].text) for i in evidence_lines(text, heard, lexicon)])


def counted(found: Sequence[Case], heard: dict[str, Heard]) -> Lexicon:
    """How rare each stem is over dialogues with their notes: ln((n + 1) / (df + 1)) + 1."""
    counts: Counter[str] = Counter()
    for case in found:
        stems = {word for line in heard[case.id].lines for word in line.stems}
        counts.update(stems | {word for _, told in case.note for word in read_statement(told).stems})
    n = len(found)
    weights = {w: round(math.log((n + 1) / (c + 1)) + 1, 1) for w, c in sorted(counts.items()) if c > 1}
    return Lexicon(weights, round(math.log((n + 1) / 2) + 1, 1))


def reference_rows(found: Sequence[Case], heard: dict[str, Heard], lexicon: Lexicon) -> Rows:
    """The labelled sentences against their best windows and against the whole dialogue."""
    told = labelled(found)
    x = [
        (
            features(one.text, window_of(one.text, heard[one.case], lexicon), lexicon),
            features(one.text, heard[one.case], lexicon),
        )
        for one in told
    ]
    return Rows(np.array(x, dtype=np.float32), told)


def engine_rows(found: Sequence[Case], lexicon: Lexicon, seed: int = 5) -> Rows:
    """The extractive engine's sentences with the very spans they name, and the same made false."""
    rng = random.Random(seed)
    written: list[tuple[str, str, str, Heard]] = []
    for i, case in enumerate(found):
        template = load_template(TEMPLATES[i % len(TEMPLATES)])
        order = {turn.id: at for at, turn in enumerate(case.turns)}
        body = asyncio.run(
            ExtractiveEngine().write(template, case.turns, extract_facts(case.turns), Style(), Context())
        )
        for section in body.sections:
            for statement in section.statements:
                spans = sorted(statement.evidence, key=lambda span: (order[span.turn], span.start))
                said = [
                    (case.turns[order[s.turn]].role, case.turns[order[s.turn]].text[s.start : s.end])
                    for s in spans
                ]
                written.append((case.id, section.code, statement.text, Heard(said)))
    x, told = [], []
    for case_id, section, text, heard in written:
        made = [("true", text, heard), ("other_note", text, rng.choice(written)[3])]
        made += [(k, c, heard) for k in CHANGES if (c := changed_by(k, text, rng)) is not None]
        for kind, changed, evidence in made:
            row = features(changed, evidence, lexicon)
            x.append((row, row))
            told.append(Labelled(case_id, f"engine-{section}", kind, changed, text))
    return Rows(np.array(x, dtype=np.float32), told)


def weights_of(kinds: np.ndarray) -> np.ndarray:
    """True and false weigh the same together; a rare kind counts more than by its number."""
    counts = Counter(kinds.tolist())
    weights = np.array([1.0 if kind == "true" else counts[kind] ** -0.5 for kind in kinds])
    false = kinds != "true"
    weights[false] *= (~false).sum() / weights[false].sum()
    return weights


def fitted(rows: Sequence[Rows], keep: Sequence[np.ndarray]) -> Any:
    """Trees fitted to the kept rows, each in both modes."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    x = np.vstack(
        [r.x[k].transpose(1, 0, 2).reshape(-1, len(NAMES)) for r, k in zip(rows, keep, strict=True)]
    )
    y = np.concatenate([np.tile(r.kinds[k] == "true", 2) for r, k in zip(rows, keep, strict=True)])
    w = np.concatenate([np.tile(weights_of(r.kinds[k]), 2) for r, k in zip(rows, keep, strict=True)])
    trees = HistGradientBoostingClassifier(
        max_iter=ITERATIONS,
        learning_rate=RATE,
        max_leaf_nodes=LEAVES,
        min_samples_leaf=60,
        l2_regularization=1.0,
        monotonic_cst=list(RISING),
        random_state=0,
    )
    return trees.fit(x, y, sample_weight=w)


def exported(trees: Any, lexicon: Lexicon) -> dict[str, Any]:
    """The model as it is shipped; a node is [figure, threshold, left, right], a leaf [value]."""
    grown = []
    for (predictor,) in trees._predictors:
        grown.append(
            [
                [round(float(node["value"]), 5)]
                if node["is_leaf"]
                else [
                    int(node["feature_idx"]),
                    round(float(node["num_threshold"]), 9),
                    int(node["left"]),
                    int(node["right"]),
                ]
                for node in predictor.nodes
            ]
        )
    return {
        "version": 1,
        "figures": list(NAMES),
        "base": round(float(np.ravel(trees._baseline_prediction)[0]), 6),
        "unknown": lexicon.unknown,
        "weights": dict(lexicon.weights),
        "trees": grown,
    }


# ── measuring ────────────────────────────────────────────────────────────────────────────────────────────


def auroc(positive: np.ndarray, negative: np.ndarray) -> float:
    """How often a true statement scores above a false one, ties half (Mann and Whitney's U over all pairs)."""
    both = np.concatenate([positive, negative])
    order = np.argsort(both, kind="mergesort")
    ranks = np.empty(len(both))
    ranks[order] = np.arange(1, len(both) + 1)
    for value in np.unique(both):
        same = both == value
        ranks[same] = ranks[same].mean()
    n, m = len(positive), len(negative)
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * m)) if n and m else float("nan")


def tell(name: str, told: Sequence[Labelled], scores: np.ndarray, checkable: np.ndarray) -> None:
    """AUROC by kind, pooled and by section; `checkable` are statements whose changed word was said at all."""
    kinds = np.array([one.kind for one in told])
    true = scores[kinds == "true"]
    print(f"\n{name}: {len(true)} true, {(kinds != 'true').sum()} false")
    for kind in KINDS:
        there = kinds == kind
        if there.any():
            clear = there & checkable
            paired = _paired(told, scores, clear)
            print(
                f"  {kind:18} {auroc(true, scores[there]):.3f}  n={there.sum():5}"
                f"   against its own original, where that could be checked: {paired}"
            )
    print(f"  {'all kinds':18} {auroc(true, scores[kinds != 'true']):.3f}")
    per_kind = [auroc(true, scores[kinds == kind]) for kind in KINDS if (kinds == kind).any()]
    print(f"  {'mean of kinds':18} {np.mean(per_kind):.3f}")
    sections = defaultdict(list)
    for i, one in enumerate(told):
        sections[one.section].append(i)
    for section, at in sorted(sections.items()):
        is_true = kinds[at] == "true"
        if is_true.sum() >= 15 and (~is_true).sum() >= 15:
            print(
                f"    {section:34} {auroc(scores[at][is_true], scores[at][~is_true]):.3f}  true={is_true.sum()}"
            )


def _paired(told: Sequence[Labelled], scores: np.ndarray, clear: np.ndarray) -> str:
    originals = {(one.case, one.text): i for i, one in enumerate(told) if one.kind == "true"}
    wins = [
        float(scores[o] > scores[i]) + 0.5 * float(scores[o] == scores[i])
        for i in np.flatnonzero(clear)
        if (o := originals.get((told[i].case, told[i].origin))) is not None
    ]
    return f"{np.mean(wins):.3f} (n={len(wins)})" if wins else "-"


def checkable_of(told: Sequence[Labelled], heard: dict[str, Heard]) -> np.ndarray:
    """Whether the original's numbers and drugs stand in the dialogue at all (else no reader could tell)."""
    found = []
    for one in told:
        talk = heard[one.case]
        numbers = {quantity.value for quantity in read_statement(one.origin).quantities}
        drugs = {match.group().lower() for match in DRUG.finditer(one.origin)}
        said = numbers <= readings(talk.text) if one.kind == "number_swapped" else True
        found.append(said and (one.kind != "drug_swapped" or all(drug in talk.low for drug in drugs)))
    return np.array(found)


def by_folds(found: Sequence[Case], heard: dict[str, Heard], rows: Sequence[Rows]) -> None:
    """Figures on dialogues that were held out, fold by fold."""
    order = np.random.RandomState(0).permutation(len(found)) % FOLDS
    fold = {case.id: int(order[i]) for i, case in enumerate(found)}
    at = [np.array([fold[one.case] for one in r.told]) for r in rows]
    scores = [np.zeros((len(r.told), 2)) for r in rows]
    for k in range(FOLDS):
        trees = fitted(rows, [a != k for a in at])
        for r, a, s in zip(rows, at, scores, strict=True):
            for mode in range(2):
                s[a == k, mode] = trees.predict_proba(r.x[a == k, mode])[:, 1]
    checkable = checkable_of(rows[0].told, heard)
    for mode, name in enumerate(MODES):
        tell(f"train by {FOLDS} folds, {name}", rows[0].told, scores[0][:, mode], checkable)
    tell("extractive engine's sentences", rows[1].told, scores[1][:, 0], np.ones(len(rows[1].told), bool))
    true = scores[1][rows[1].kinds == "true", 0]
    print(
        "  quantiles of true ones, 1 2 5 10 25 50 %:",
        np.quantile(true, [0.01, 0.02, 0.05, 0.1, 0.25, 0.5]).round(3),
    )
    for kind in KINDS:
        s = scores[1][rows[1].kinds == kind, 0]
        if len(s):
            print(f"  {kind:18} below 0.1: {(s < 0.1).mean():.3f}   below 0.3: {(s < 0.3).mean():.3f}")


def train(data: Path, out: Path, *, folds: bool) -> None:
    """Folds first, for the figures that choose; then the model on everything."""
    found = cases(data, "train")
    heard = heard_of(found)
    lexicon = counted(found, heard)
    rows = [reference_rows(found, heard, lexicon), engine_rows(found, lexicon)]
    if folds:
        by_folds(found, heard, rows)
    trees = fitted(rows, [np.ones(len(r.told), bool) for r in rows])
    out.write_text(json.dumps(exported(trees, lexicon), separators=(",", ":")) + "\n", "utf-8")
    ours = Model.read(out)
    sample = rows[0].x[::97, 0]
    worst = max(
        abs(ours.probability([float(v) for v in row]) - p[1])
        for row, p in zip(sample, trees.predict_proba(sample), strict=True)
    )
    print(
        f"wrote {out} ({out.stat().st_size // 1024} KB); differs from the trained trees by at most {worst:.2g}"
    )


def measure(data: Path) -> None:
    """The shipped model on the validation sets."""
    found = cases(data, "valid")
    heard = heard_of(found)
    verifier = Verifier.load()
    told = labelled(found)
    checkable = checkable_of(told, heard)
    lexicon = verifier.lexicon
    window = np.array(
        [verifier.score_heard(one.text, window_of(one.text, heard[one.case], lexicon)) for one in told]
    )
    tell("validation, window", told, window, checkable)
    whole = np.array([verifier.score_heard(one.text, heard[one.case]) for one in told])
    tell("validation, whole", told, whole, checkable)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="the folder that holds `dialogues`")
    parser.add_argument("--out", type=Path, default=FILE)
    parser.add_argument(
        "--measure", action="store_true", help="measure the shipped model on the validation sets"
    )
    parser.add_argument(
        "--no-folds", action="store_true", help="write the model without the figures by folds"
    )
    options = parser.parse_args()
    try:
        if options.measure:
            measure(options.data)
        else:
            train(options.data, options.out, folds=not options.no_folds)
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
