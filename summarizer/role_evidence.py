"""What speaks for each role in how a speaker talks: sentences in, a score for every role out.

Weights of a linear classifier over everyday words, pairs of them and cues (`talk`), with the counted rules beside it;
its card `roles.md` says from what it was trained, how well it does and where it fails. It compares no speakers: see
`roles`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from summarizer.talk import Sentence, talk_of
from summarizer.types import Role

FILE = Path(__file__).with_name("roles.json")

TRAINED: tuple[Role, ...] = ("clinician", "client", "family")
"""The roles that the classifier knows, in the order of its weights."""

_REPORTS, _ECHOES, _OTHERWISE = 2.5, 1.5, -0.6
_TWO_TONGUES = 1.0
"""Set by hand, for no data has interpreters: what a sentence that passes words on, repeats them or does neither says
for an interpreter, and each pair of sentences in two languages."""

_OTHER = -2.0
"""For somebody of another role nothing can be learnt: less likely than any known one that fits at all."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one speaker said, weighed: log odds for each role against the rest, and how much there was."""

    scores: Mapping[Role, float]
    words: int


@dataclass(frozen=True, slots=True)
class RoleModel:
    """Weights for each feature in the order of `TRAINED`, and how far they are believed.

    A speaker's sum over n sentences counts as `classifier` * sum / (1 + n / `sentences_half`); the leaning that the
    rules find counts as `rules` * leaning * words / (words + `words_half`). Immutable; one serves all sessions.
    """

    weights: Mapping[str, tuple[float, ...]]
    classifier: float
    sentences_half: float
    rules: float
    words_half: float

    @classmethod
    def read(cls, path: Path) -> RoleModel:
        """A model as `scripts/train_roles.py` writes it. Raises `ValueError` where its roles are not ours."""
        given = json.loads(path.read_text("utf-8"))
        if tuple(given["roles"]) != TRAINED:
            raise ValueError(
                "the file of role weights knows other roles than the code; train it anew with scripts/train_roles.py"
            )
        weights = {name: tuple(row) for name, row in given["weights"].items()}
        return cls(weights, **given["belief"])

    def evidence(self, said: Sequence[Sentence]) -> Evidence:
        """What a speaker's sentences say for each role."""
        sums = self.sums(said)
        talk = talk_of(said)
        shrunk = self.classifier / (1.0 + len(said) / self.sentences_half)
        leaning = self.rules * talk.leaning * talk.words / (talk.words + self.words_half) / 2
        scores: dict[Role, float] = {
            role: shrunk * total + (leaning if role == "clinician" else -leaning)
            for role, total in zip(TRAINED, sums, strict=True)
        }
        scores["interpreter"] = shrunk * _interprets(said)
        scores["other"] = _OTHER
        return Evidence(scores, talk.words)

    def sums(self, said: Sequence[Sentence]) -> list[float]:
        """The classifier's weights over all sentences, in the order of `TRAINED`."""
        found = [0.0] * len(TRAINED)
        for sentence in said:
            for feature in features(sentence):
                for i, weight in enumerate(self.weights.get(feature, ())):
                    found[i] += weight
        return found


def features(sentence: Sentence) -> set[str]:
    """Words, pairs of neighbours, the first word (`^word`) and cues (`<cue>`) of a sentence."""
    words = sentence.words
    found = {*words, *(f"{a} {b}" for a, b in pairwise(words)), *(f"<{cue}>" for cue in sentence.cues)}
    return found | {f"^{words[0]}"} if words else found


def _interprets(said: Sequence[Sentence]) -> float:
    passed = sum(
        _REPORTS if "reports" in sentence.cues else _ECHOES if "echoes" in sentence.cues else _OTHERWISE
        for sentence in said
    )
    foreign = sum("foreign" in sentence.cues for sentence in said)
    return passed + _TWO_TONGUES * 2 * min(foreign, len(said) - foreign)


@lru_cache(maxsize=1)
def shipped_model() -> RoleModel:
    """The weights that ship with the package; their file is read once."""
    return RoleModel.read(FILE)
