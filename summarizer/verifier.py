"""Whether evidence says what a statement says: a statement and its evidence in, a score from 0 to 1 out.

A small model of boosted trees over named agreements (`verifier_features`), trained on public training dialogues; its
card `verifier.md` says which, how well and where it fails. It calls nobody and gives the same score for the same words.
What the evidence does not say is not supported, true or not. It explains nothing: see `grounding` for findings.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from summarizer.types import Role, Turn
from summarizer.verifier_features import NAMES, Heard, Lexicon, features

FILE = Path(__file__).with_name("verifier.json")

UNSUPPORTED_BELOW = 0.1
"""Below this a statement is withdrawn. Of 5,161 sentences of the extractive engine about training dialogues that were
held out, under 1 % score lower; of the same sentences against the evidence of others more than half."""
WEAK_BELOW = 0.3
"""Below this a statement is marked for reading: of the same sentences under 5 %; of them negated, 82 %."""


@dataclass(frozen=True, slots=True)
class Model:
    """Trees whose leaves are added up to log odds; a node is (figure, threshold, left, right), a leaf (value,)."""

    base: float
    trees: tuple[tuple[tuple[float, ...], ...], ...]
    lexicon: Lexicon

    @classmethod
    def read(cls, path: Path) -> Model:
        """A model as `scripts/train_verifier.py` writes it. Raises `ValueError` where its figures are not ours."""
        given = json.loads(path.read_text("utf-8"))
        if tuple(given["figures"]) != NAMES:
            raise ValueError(
                "the verifier's model knows other figures than the code; train it anew with scripts/train_verifier.py"
            )
        trees = tuple(tuple(tuple(node) for node in tree) for tree in given["trees"])
        return cls(given["base"], trees, Lexicon(given["weights"], given["unknown"]))

    def probability(self, row: Sequence[float]) -> float:
        """How likely a statement with these figures is a true one, 0 to 1."""
        total = self.base
        for tree in self.trees:
            node = tree[0]
            while len(node) > 1:
                figure, threshold, left, right = node
                node = tree[int(left if row[int(figure)] <= threshold else right)]
            total += node[0]
        return 1 / (1 + math.exp(-total))


class Verifier:
    """Scores statements; immutable once loaded, so that one serves all sessions and threads."""

    def __init__(self, model: Model) -> None:
        self._model = model

    @classmethod
    def load(cls) -> Verifier:
        """The verifier that ships with the package; its file is read once."""
        return _shipped()

    @property
    def lexicon(self) -> Lexicon:
        return self._model.lexicon

    def score(
        self, statement: str, evidence: str | Sequence[tuple[Role, str]], *, section: str = ""
    ) -> float:
        """How surely `evidence` supports `statement`, 0 to 1.

        `evidence` are (role, text) pairs, best in the order of the conversation so that answers follow their questions,
        or a text whose speaker is not known. `section` is taken for the caller's convenience and changes nothing.
        """
        del section
        return self.score_heard(
            statement, Heard([(None, evidence)] if isinstance(evidence, str) else evidence)
        )

    def score_in(self, statement: str, turns: Sequence[Turn]) -> float:
        """How surely a whole transcript supports `statement`, 0 to 1; for many, read it once with `Heard`."""
        return self.score_heard(statement, Heard([(turn.role, turn.text) for turn in turns]))

    def score_heard(self, statement: str, heard: Heard) -> float:
        """`score` against evidence that was read already."""
        return self._model.probability(features(statement, heard, self._model.lexicon))


@lru_cache(maxsize=1)
def _shipped() -> Verifier:
    return Verifier(Model.read(FILE))
