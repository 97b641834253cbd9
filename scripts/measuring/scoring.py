"""What a stream is worth: a run and the truth of what was played in, errors, losses and latencies out; pure.

Words are compared after `asr.metrics.normalize_words`. With two channels each is scored against its own truth, and
a final belongs to the channel whose speaker it names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from asr.metrics import align_words, normalize_words, word_errors
from asr.types import Word
from measuring.benching import Run, percentile
from measuring.latency import Told, changes, offsets, reference_ends, stable_moments
from measuring.recordings import Recording, spoken
from scribe.wire import UtteranceMessage


def of_channel(run: Run, recording: Recording, channel: int) -> list[UtteranceMessage]:
    """The finals of one channel, in order of time; with two channels, each is a speaker of its own."""
    if recording.channels == 1:
        return run.finals
    return [message for message in run.finals if message.speaker == f"SPEAKER_{channel:02d}"]


def errors(run: Run, recording: Recording) -> tuple[int, int]:
    """Word errors and reference words of a run's finals."""
    channels = range(recording.channels)
    texts = [" ".join(message.text for message in of_channel(run, recording, one)) for one in channels]
    return text_errors(texts, recording)


def text_errors(texts: Sequence[str], recording: Recording) -> tuple[int, int]:
    """Word errors and reference words of a text for each channel."""
    wrong = words = 0
    for reference, said in zip(recording.texts, texts, strict=True):
        substitutions, deletions, insertions, count = word_errors(
            normalize_words(reference), normalize_words(said)
        )
        wrong += substitutions + deletions + insertions
        words += count
    return wrong, words


@dataclass(slots=True)
class Loss:
    """Words that no final has, that were misheard and that were made up, and where in the recording that was."""

    lost: int = 0
    misheard: int = 0
    invented: int = 0
    last_wrong: int = 0
    words: int = 0
    places: list[float] = field(default_factory=list)

    def add(self, run: Run, recording: Recording) -> None:
        """Count a run of a recording whose words are known."""
        for channel, words in enumerate(recording.words):
            reference = spoken(words)
            # Word by word on both sides: single letters in a row would become one word in a text.
            heard = [text for text, _ in spoken(words_of(of_channel(run, recording, channel)))]
            for at, index in align_words([text for text, _ in reference], heard):
                if at is None:
                    self.invented += 1
                elif index is None or heard[index] != reference[at][0]:
                    self.lost += index is None
                    self.misheard += index is not None
                    self.last_wrong += at == len(reference) - 1
                    self.places.append(round(reference[at][1].start, 2))
            self.words += len(reference)

    def figures(self) -> dict[str, Any]:
        return {
            "words_lost": self.lost,
            "words_misheard": self.misheard,
            "words_invented": self.invented,
            "last_words_wrong": self.last_wrong,
            "words": self.words,
            "wrong_at_seconds": self.places,
        }


@dataclass(slots=True)
class Latencies:
    """Seconds behind the sending of the last sample, of any number of runs together.

    Of each final word: until it was stable, and until its final came. Of each utterance: until its final came,
    behind its last word and behind its own end as the server gives it.
    """

    stable: list[float] = field(default_factory=list)
    word_final: list[float] = field(default_factory=list)
    final: list[float] = field(default_factory=list)
    final_after_utterance: list[float] = field(default_factory=list)
    changed: int = 0
    """Words that were called stable and changed by a later partial."""
    changed_by_final: int = 0

    @classmethod
    def of(cls, run: Run, recording: Recording) -> Latencies:
        """Of one run."""
        found = cls()
        found.add(run, recording)
        return found

    def add(self, run: Run, recording: Recording) -> None:
        """Take a run of a recording; where its words' times are not known, the finals' own are taken."""
        ends = _true_ends(run, recording)
        for root, told in _by_utterance(run).items():
            finals = [(at, message) for at, message in told if message.is_final and message.words]
            if not finals:
                continue
            at = finals[-1][0]
            final = Told(at, tuple(word.text for _, message in finals for word in message.words))
            partials = [
                Told(when, tuple(word.text for word in message.words), getattr(message, "stable", None))
                for when, message in told
                if not message.is_final
            ]
            moments = stable_moments(partials, final)
            by_partials, by_final = changes(partials, final)
            self.changed += by_partials
            self.changed_by_final += by_final
            sent = [run.sent_at(end) for end in ends[root]]
            self.stable += [moment - one for moment, one in zip(moments, sent, strict=True)]
            self.word_final += [at - one for one in sent]
            self.final.append(at - sent[-1])
            self.final_after_utterance.append(at - run.sent_at(finals[-1][1].end))

    def figures(self) -> dict[str, Any]:
        figures: dict[str, Any] = {
            "words": len(self.word_final),
            "finals": len(self.final),
            "stable_words_changed": self.changed,
            "stable_words_changed_by_final": self.changed_by_final,
        }
        for name in ("stable", "word_final", "final", "final_after_utterance"):
            values = getattr(self, name)
            figures[f"{name}_median_seconds"] = percentile(values, 0.5)
            figures[f"{name}_p95_seconds"] = percentile(values, 0.95)
        return figures


def loop_offsets(run: Run, recording: Recording, loop: int) -> list[float]:
    """How far the words of one loop of a recording begin from where the recording has them, in seconds."""
    start = loop * recording.seconds
    found: list[float] = []
    for channel in range(recording.channels):
        heard = [
            Word(word.text, word.start - start, word.end - start, 1.0)
            for word in words_of(of_channel(run, recording, channel))
            if start <= word.start < start + recording.seconds
        ]
        found += offsets(heard, recording.words[channel])
    return found


def words_of(finals: Sequence[UtteranceMessage]) -> list[Word]:
    """The finals' words in session time."""
    return [
        Word(word.text, word.start, word.end, word.probability) for final in finals for word in final.words
    ]


def _by_utterance(run: Run) -> dict[str, list[tuple[float, UtteranceMessage]]]:
    """What was told, by utterance: a final that was parted by speaker has its parts numbered behind a point."""
    told: dict[str, list[tuple[float, UtteranceMessage]]] = {}
    for at, message in run.told:
        told.setdefault(message.id.partition(".")[0], []).append((at, message))
    return told


def _true_ends(run: Run, recording: Recording) -> dict[str, list[float]]:
    """For each utterance the seconds at which its final words really ended."""
    ends: dict[str, list[float]] = {}
    for channel in range(recording.channels):
        finals = of_channel(run, recording, channel)
        places = [message.id.partition(".")[0] for message in finals for _ in message.words]
        reference = recording.words[channel] if recording.words else ()
        for root, end in zip(places, reference_ends(words_of(finals), reference), strict=True):
            ends.setdefault(root, []).append(end)
    return ends
