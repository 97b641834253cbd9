"""A session with its truth in, what the real pipeline says of its speakers and how far that is wrong out.

The way is the server's: voice activity, segmenter, diarizer, revisions. Only the words come from the truth, each
in the utterance that holds its middle, so what is measured is who said them. Turns are the words, joined over
less than half a second on both sides; so time is missed where the voice activity misses it, and hardly invented.
"""

from __future__ import annotations

import importlib.metadata
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asr.assignment import best_pairs
from asr.embedding import SpeakerEmbedder
from asr.metrics import FRAMES_A_SECOND, cpwer, diarization_errors
from asr.pipeline import DecodeJob, Pipeline
from asr.recognizer import Hypothesis
from asr.types import SAMPLE_RATE, SpeakerRevision, SpeakerTurn, Utterance, Word
from asr.vad import VoiceActivityModel
from measuring.conversations import Spoken, joined

SETTLED_AFTER = 60.0
"""Seconds after which a label should not change any more."""
FRAME = SAMPLE_RATE // 2


@dataclass(slots=True)
class Told:
    """What the pipeline said of a session; `changes` are (moment, part) whose speaker was told anew.

    `cpu_seconds` is what it took to say who spoke; voice activity and words are not in it.
    """

    finals: list[Utterance] = field(default_factory=list)
    first: dict[str, str] = field(default_factory=dict)
    speakers: dict[str, str] = field(default_factory=dict)
    settled_at: dict[str, float] = field(default_factory=dict)
    changes: list[tuple[float, str]] = field(default_factory=list)
    cpu_seconds: float = 0.0

    def take(self, events: Sequence[Any], at: float) -> None:
        for event in events:
            if isinstance(event, Utterance) and event.is_final:
                self.finals.append(event)
                self.first[event.id] = self.speakers[event.id] = event.speaker
                self.settled_at[event.id] = at
            elif isinstance(event, SpeakerRevision):
                for part, speaker in event.speakers:
                    self.speakers[part] = speaker
                    self.settled_at[part] = at
                    self.changes.append((at, part))

    def said(self) -> list[tuple[str, Word]]:
        """(speaker, word) in order of time, as it stands at the end."""
        return sorted(
            ((self.speakers[final.id], word) for final in self.finals for word in final.words),
            key=lambda one: (one[1].start, one[1].end),
        )


def told_of(spoken: Spoken, embedder: SpeakerEmbedder, vad: VoiceActivityModel, **arguments: Any) -> Told:
    """Feed a session half a second at a time; `arguments` are the pipeline's."""
    pipeline = Pipeline(channels=spoken.audio.shape[1], vad=vad, embedder=embedder, **arguments)
    told = Told()
    truth = [
        sorted((word for _, channel, word in spoken.words if channel == one), key=lambda word: word.start)
        for one in range(spoken.audio.shape[1])
    ]
    for begin in range(0, len(spoken.audio), FRAME):
        told.take(pipeline.push(spoken.audio[begin : begin + FRAME]), begin / SAMPLE_RATE)
        for job in _finals(pipeline):
            began = time.process_time()
            told.take(
                pipeline.deliver(job, Hypothesis(_words(job, truth, leaks=spoken.leaks))),
                pipeline.position / SAMPLE_RATE,
            )
            told.cpu_seconds += time.process_time() - began
        pipeline.release(pipeline.checkpoint())
    told.take(pipeline.flush(), spoken.seconds)
    for job in _finals(pipeline):
        heard = Hypothesis(_words(job, truth, leaks=spoken.leaks))
        told.take(pipeline.deliver(job, heard), spoken.seconds)
    began = time.process_time()
    told.take(pipeline.finish(), spoken.seconds)
    told.cpu_seconds += time.process_time() - began
    pipeline.discard()
    return told


def _finals(pipeline: Pipeline) -> Iterator[DecodeJob]:
    """Finals that are wanted; partials are left undecoded, as on a server that is busy."""
    while (want := pipeline.want) is not None and want.kind == "final":
        job = pipeline.next_job()
        assert job is not None
        yield job


def _words(job: DecodeJob, truth: Sequence[Sequence[Word]], *, leaks: bool) -> tuple[Word, ...]:
    """The true words whose middle lies in the job and that are not silenced in it, on its clock.

    Where channels leak, the other channel's words are heard too, unless they are silenced or said over. Word k of
    a channel is called `c0wk`, so that it is found again.
    """
    start, end = job.start / SAMPLE_RATE, job.end / SAMPLE_RATE
    own = truth[job.channel]
    words = []
    for channel in range(len(truth)) if leaks else (job.channel,):
        for number, word in enumerate(truth[channel]):
            if not start <= (word.start + word.end) / 2 < end:
                continue
            begin, stop = max(0.0, word.start - start), min(word.end, end) - start
            sound = job.request.audio[round(begin * SAMPLE_RATE) : round(stop * SAMPLE_RATE)]
            said_over = any(one.start < word.end and one.end > word.start for one in own)
            audible = sound.any() if channel == job.channel else sound.all() and not said_over
            if audible:
                words.append(Word(f"c{channel}w{number}", begin, stop, 1.0))
    return tuple(sorted(words, key=lambda word: word.start))


@dataclass(slots=True)
class Figures:
    """Sums over sessions; `rates` makes figures of them."""

    sessions: int = 0
    seconds: float = 0.0
    wrong_seconds: float = 0.0
    missed: float = 0.0
    invented: float = 0.0
    confused: float = 0.0
    reference_seconds: float = 0.0
    wrong_collar: float = 0.0
    reference_collar: float = 0.0
    jaccard: list[float] = field(default_factory=list)
    cp_wrong: float = 0.0
    words: int = 0
    words_of_other: int = 0
    words_heard: int = 0
    right_count: int = 0
    heard_first_wrong: int = 0
    flips: int = 0
    settled_seconds: float = 0.0
    stable_after: list[float] = field(default_factory=list)
    cpu_seconds: float = 0.0
    rates_of_sessions: list[float] = field(default_factory=list)

    def add(self, spoken: Spoken, told: Told) -> None:
        """Take what was told of a session."""
        said = told.said()
        turns = joined([(speaker, word.start, word.end) for speaker, word in said])
        errors = diarization_errors(spoken.turns, turns)
        collared = diarization_errors(spoken.turns, turns, collar=0.25)
        self.sessions += 1
        self.seconds += spoken.seconds
        self.missed += errors.missed
        self.invented += errors.false_alarm
        self.confused += errors.confusion
        self.reference_seconds += errors.reference
        self.wrong_collar += collared.missed + collared.false_alarm + collared.confusion
        self.reference_collar += collared.reference
        self.rates_of_sessions.append(errors.rate)
        self.jaccard.append(jaccard_error(spoken.turns, turns))
        names = _names(spoken)
        self.words += len(names)
        heard = _by_speaker([(speaker, word.text) for speaker, word in said])
        self.cp_wrong += len(names) * cpwer(_by_speaker([(one, name) for name, one in names.items()]), heard)
        self._count_words(names, said, told)
        voices = {speaker for speaker, _ in said}
        self.right_count += len(voices) == len(spoken.speakers)
        late = {final.id for final in told.finals if final.end >= SETTLED_AFTER}
        self.flips += sum(part in late for _, part in told.changes)
        self.settled_seconds += max(0.0, spoken.seconds - SETTLED_AFTER)
        self.stable_after += [
            max(0.0, told.settled_at[final.id] - word.end) for final in told.finals for word in final.words
        ]
        self.cpu_seconds += told.cpu_seconds

    def _count_words(self, names: dict[str, str], said: Sequence[tuple[str, Word]], told: Told) -> None:
        """Words whose speaker is not the one that their voice is best paired with, at the end and when first told."""
        found = [(names[word.text], speaker) for speaker, word in said]
        first = [(names[w.text], told.first[final.id]) for final in told.finals for w in final.words]
        self.words_heard += len(found)
        self.words_of_other += len(found) - _rightly(found)
        self.heard_first_wrong += len(first) - _rightly(first)

    def rates(self) -> dict[str, float]:
        """The figures by name; rates in percent."""
        wrong = self.missed + self.invented + self.confused
        ordered = sorted(self.stable_after)
        return {
            "sessions": self.sessions,
            "minutes": self.seconds / 60,
            "der_percent": 100 * wrong / self.reference_seconds,
            "der_worst_percent": 100 * max(self.rates_of_sessions),
            "missed_percent": 100 * self.missed / self.reference_seconds,
            "false_alarm_percent": 100 * self.invented / self.reference_seconds,
            "confusion_percent": 100 * self.confused / self.reference_seconds,
            "der_collar_percent": 100 * self.wrong_collar / max(self.reference_collar, 1e-9),
            "jer_percent": 100 * float(np.mean(self.jaccard)),
            "cpwer_percent": 100 * self.cp_wrong / self.words,
            "words_of_wrong_speaker_percent": 100 * self.words_of_other / max(1, self.words_heard),
            "first_told_wrong_percent": 100 * self.heard_first_wrong / max(1, self.words_heard),
            "words_of_wrong_speaker": self.words_of_other,
            "speaker_count_right_percent": 100 * self.right_count / self.sessions,
            "flips_an_hour": self.flips / max(self.settled_seconds, 1e-9) * 3_600,
            "stable_median_seconds": ordered[len(ordered) // 2] if ordered else float("nan"),
            "stable_p95_seconds": ordered[int(0.95 * (len(ordered) - 1))] if ordered else float("nan"),
            "cpu_seconds_an_audio_second": self.cpu_seconds / self.seconds,
        }


def _names(spoken: Spoken) -> dict[str, str]:
    """The speaker of each word by the name that `told_of` gives it."""
    channels = sorted({channel for _, channel, _ in spoken.words})
    names: dict[str, str] = {}
    for one in channels:
        mine = [(speaker, word) for speaker, channel, word in spoken.words if channel == one]
        mine.sort(key=lambda pair: pair[1].start)
        names |= {f"c{one}w{number}": speaker for number, (speaker, _) in enumerate(mine)}
    return names


def _by_speaker(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    texts: dict[str, list[str]] = {}
    for speaker, text in pairs:
        texts.setdefault(speaker, []).append(text)
    return {speaker: " ".join(words) for speaker, words in texts.items()}


def _rightly(pairs: Sequence[tuple[str, str]]) -> int:
    """Of (true, told) speakers, how many agree under the best pairing."""
    rows = {name: index for index, name in enumerate(dict.fromkeys(one for one, _ in pairs))}
    columns = {name: index for index, name in enumerate(dict.fromkeys(other for _, other in pairs))}
    counts = np.zeros((len(rows), len(columns)))
    for one, other in pairs:
        counts[rows[one], columns[other]] += 1
    return int(sum(counts[pair] for pair in best_pairs(counts)))


def jaccard_error(reference: Sequence[SpeakerTurn], hypothesis: Sequence[SpeakerTurn]) -> float:
    """The Jaccard error rate of DIHARD II (Ryant et al., 2019): one minus intersection over union, mean of voices.

    The pairing is that of the diarization error, as in pyannote.metrics; a voice without partner counts 1.
    """
    end = max((turn.end for turn in (*reference, *hypothesis)), default=0.0)
    frames = round(end * FRAMES_A_SECOND)
    spoken, heard = _activity(reference, frames), _activity(hypothesis, frames)
    shared = spoken.astype(np.float64) @ heard.T.astype(np.float64)
    pairs = dict(best_pairs(shared))
    errors = []
    for row in range(len(spoken)):
        column = pairs.get(row)
        if column is None or shared[row, column] == 0:
            errors.append(1.0)
            continue
        union = float((spoken[row] | heard[column]).sum())
        errors.append(1.0 - shared[row, column] / union)
    return float(np.mean(errors)) if errors else 0.0


def _activity(turns: Sequence[SpeakerTurn], frames: int) -> NDArray[np.bool_]:
    rows = {speaker: row for row, speaker in enumerate(dict.fromkeys(turn.speaker for turn in turns))}
    activity = np.zeros((len(rows), frames), dtype=bool)
    for turn in turns:
        activity[
            rows[turn.speaker], round(turn.start * FRAMES_A_SECOND) : round(turn.end * FRAMES_A_SECOND)
        ] = True
    return activity


def checked(spoken: Spoken, told: Told) -> dict[str, Any]:
    """Ours and the public libraries' figures of one session, side by side; empty for those not installed."""
    said = told.said()
    turns = joined([(speaker, word.start, word.end) for speaker, word in said])
    figures: dict[str, Any] = {}
    try:
        from pyannote.core import Annotation, Segment
        from pyannote.metrics.diarization import DiarizationErrorRate, JaccardErrorRate
    except ImportError:
        pass
    else:

        def annotated(some: Sequence[SpeakerTurn]) -> Any:
            annotation = Annotation()
            for number, turn in enumerate(some):
                annotation[Segment(turn.start, turn.end), number] = turn.speaker
            return annotation

        of, found = annotated(spoken.turns), annotated(turns)
        figures["pyannote.metrics"] = {
            "version": importlib.metadata.version("pyannote.metrics"),
            "der": [
                diarization_errors(spoken.turns, turns).rate,
                float(DiarizationErrorRate(collar=0.0)(of, found)),
            ],
            "der_collar": [
                diarization_errors(spoken.turns, turns, collar=0.25).rate,
                # There, a collar is the whole width around a boundary; in md-eval and here, each side.
                float(DiarizationErrorRate(collar=0.5)(of, found)),
            ],
            "jer": [jaccard_error(spoken.turns, turns), float(JaccardErrorRate(collar=0.0)(of, found))],
        }
    try:
        from meeteval.wer import cp_word_error_rate
    except ImportError:
        pass
    else:
        names = _names(spoken)
        reference = _by_speaker([(speaker, name) for name, speaker in names.items()])
        heard = _by_speaker([(speaker, word.text) for speaker, word in said])
        figures["meeteval"] = {
            "version": importlib.metadata.version("meeteval"),
            "cpwer": [cpwer(reference, heard), float(cp_word_error_rate(reference, heard).error_rate)],
        }
    return figures


def equal_error(sessions: Sequence[Spoken], embedder: SpeakerEmbedder, *, seconds: float = 1.5) -> float:
    """The equal error rate of two windows of one session being of one voice; windows of one voice alone."""
    same: list[NDArray[np.float64]] = []
    other: list[NDArray[np.float64]] = []
    for spoken in sessions:
        vectors, speakers = [], []
        for turn in spoken.turns:
            alone = all(
                one.speaker == turn.speaker or one.end <= turn.start or one.start >= turn.end
                for one in spoken.turns
            )
            begin = round(turn.start * SAMPLE_RATE)
            while alone and begin + seconds * SAMPLE_RATE <= turn.end * SAMPLE_RATE:
                vectors.append(embedder.embed(spoken.audio[begin : begin + round(seconds * SAMPLE_RATE), 0]))
                speakers.append(turn.speaker)
                begin += round(seconds * SAMPLE_RATE)
        cosines = np.stack(vectors).astype(np.float64) @ np.stack(vectors).T
        alike = np.array(speakers)[:, None] == np.array(speakers)[None]
        upper = np.triu(np.ones(alike.shape, dtype=bool), 1)
        same.append(cosines[alike & upper])
        other.append(cosines[~alike & upper])
    of_one, of_two = np.sort(np.concatenate(same)), np.sort(np.concatenate(other))
    thresholds = np.linspace(-1, 1, 2_001)
    missed = np.searchsorted(of_one, thresholds) / len(of_one)
    taken = 1 - np.searchsorted(of_two, thresholds) / len(of_two)
    at = int(np.abs(missed - taken).argmin())
    return float((missed[at] + taken[at]) / 2)
