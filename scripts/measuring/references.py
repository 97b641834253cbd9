"""What a draft is held against: the reference note by ROUGE and by claims, and what needs no summariser at all.

The whole transcript, the transcript cut to the draft's number of words, another patient's note and the reference
itself go through the same claim recall as the draft, so that its figure can be read. ROUGE is `rouge-score`'s, the
package that published tables were made with, without stemming; this file alone imports it. Sentences stand on
lines of their own, as its Lsum asks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from typing import Any

from summarizer.language import sentences
from summarizer.metrics import sentence_recall
from summarizer.types import Turn

ROUGE = {"rouge1": "rouge_1", "rouge2": "rouge_2", "rougeLsum": "rouge_lsum"}


def missing_rouge() -> str | None:
    """Why ROUGE cannot be told; None where it can."""
    if find_spec("rouge_score") is None:
        return "ROUGE is left out: rouge-score is not installed; install it with pip install -e '.[dev]'"
    return None


@cache
def _scorer() -> Any:
    from rouge_score.rouge_scorer import RougeScorer

    return RougeScorer(list(ROUGE), use_stemmer=False)


def rouge(candidate: str, reference: str) -> dict[str, float]:
    """F1 of each kind, 0 to 100."""
    scores = _scorer().score(lines_of(reference), lines_of(candidate))
    return {name: 100 * scores[key].fmeasure for key, name in ROUGE.items()}


def sentences_of(text: str) -> list[str]:
    """The sentences of a text, as the note side reads them."""
    return [text[piece.start : piece.end] for piece in sentences(text)]


def lines_of(text: str) -> str:
    """A text with each sentence on a line of its own."""
    return "\n".join(sentences_of(text))


def spoken(turns: Sequence[Turn]) -> list[str]:
    """The sentences of a transcript, without who said them."""
    return [sentence for turn in turns for sentence in sentences_of(turn.text)]


def from_the_start(said: Sequence[str], words: int) -> list[str]:
    """The first `words` words; the sentence in which they end is cut there."""
    kept: list[str] = []
    for sentence in said:
        left = words - sum(len(line.split()) for line in kept)
        if left <= 0:
            break
        kept.append(" ".join(sentence.split()[:left]))
    return kept


def evenly_spaced(said: Sequence[str], words: int) -> list[str]:
    """Sentences from all over the transcript, in order, with `words` words in all."""
    total = sum(len(sentence.split()) for sentence in said)
    kept: list[str] = []
    seen = taken = 0
    for sentence in said:
        seen += len(sentence.split())
        if taken * total < words * seen and taken < words:
            kept.append(" ".join(sentence.split()[: words - taken]))
            taken += len(kept[-1].split())
    return kept


def recalls(
    reference: str,
    draft: Sequence[str],
    turns: Sequence[Turn],
    another: str,
    weights: Mapping[str, float],
) -> dict[str, tuple[int, int]]:
    """(recalled, all) claims by the draft and by what it is read beside."""
    said = spoken(turns)
    words = sum(len(sentence.split()) for sentence in draft)
    beside = {
        "draft": draft,
        "transcript": said,
        "cut_from_start": from_the_start(said, words),
        "cut_evenly": evenly_spaced(said, words),
        "another_note": sentences_of(another),
        "reference": sentences_of(reference),
    }
    return {name: sentence_recall(reference, text, weights) for name, text in beside.items()}
