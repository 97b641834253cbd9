"""Final utterances of one channel in, each split into parts of one speaker out; it finds no speech and no words.

    utterance → windows → embeddings → voices (clustering) → speaker turns → words by speaker (alignment)

The answer comes at once and is the best guess so far. `revise` looks at everything heard again and names the
parts whose speaker it now knows better; the cut into parts is never taken back. A speaker is a slot, the first
`SPEAKER_00`, and two slots never swap their holders. Neither audio nor words are kept, only an embedding for
every three seconds, in memory and in `state()`; who the speakers are is decided elsewhere.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asr.alignment import snap_to_pauses, split_by_speaker
from asr.assignment import best_pairs
from asr.clustering import Centroids, agglomerate, most_likely_path, tell_apart, unit_rows
from asr.embedding import SpeakerEmbedder
from asr.errors import ModelUnusable
from asr.types import SAMPLE_RATE, Audio, SpeakerRevision, SpeakerTurn, Word

WINDOW = 24_000
"""Samples an embedding is made of: 1.5 s × 16 kHz; shorter is noise, longer misses short turns."""
HOP = 12_000
"""Samples from one window to the next: 0.75 s × 16 kHz."""
SHORTEST = 6_400
"""Samples below which no embedding is made: 0.4 s × 16 kHz."""
MOST_SPEAKERS = 6
"""Speakers where no other limit is given: more than a family session seats, fewer than errors would make."""
PIECE = 4
"""Windows that are remembered as one: 3 s of speech. A part may hold two voices where only one was known yet."""
HISTORY = 1_024
"""Pieces remembered for `revise`: 45 minutes of talk; 256 half-precision numbers each take 512 KiB."""


FIRST_SPEAKER = "SPEAKER_00"


@dataclass(frozen=True, slots=True)
class Part:
    """What one speaker said of an utterance; `words` may be empty where nothing was recognised.

    The parts of an utterance are in order of time; the first has the utterance's id, the others add `.1`, `.2`.
    """

    id: str
    speaker: str
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Tuning:
    """How sure the diarizer wants to be, in units of what is left between `same_speaker` and 1.

    That is about half of what lies between two voices and one, whichever the embedder.
    """

    new_speaker: float = 0.0
    """A stretch this much less like every known voice than `same_speaker` is a new one."""
    within_utterance: float = -0.1
    """Windows of one utterance are more alike than this above `same_speaker` if one voice said them."""
    switch_cost: float = 0.3
    """What a change of speaker within an utterance must gain over all its windows."""
    stay_bonus: float = 0.1
    """The speaker heard last is this much more likely to go on."""
    shortest_new: float = 1.5
    """Seconds of speech without which no new speaker is opened."""
    smallest_voice: float = 3.0
    """In `revise`, seconds of speech below which a cluster is no voice of its own."""
    conversation: float = 60.0
    """In `revise`, seconds of speech in which at least two of several have spoken."""
    keep: float = 0.2
    """In `revise`, a part goes to another speaker only if it is this much more like that one."""


@dataclass(frozen=True, slots=True)
class _Heard:
    """A piece of a part as it is remembered: `embedding`, the mean of its windows', of `seconds` of speech.

    float16 [dimension] with norm 1 or less: it is part of every checkpoint, and a cosine needs no more digits.
    """

    id: str
    voice: int
    seconds: float
    embedding: NDArray[np.float16]


class Diarizer:
    """Who spoke when; one for each session and channel with several speakers."""

    def __init__(
        self,
        embedder: SpeakerEmbedder,
        *,
        max_speakers: int | None = None,
        state: dict[str, Any] | None = None,
        tuning: Tuning | None = None,
    ) -> None:
        """`max_speakers` is how many take part, where that is known: never more are found, and as many are looked for.

        `state` is what `state()` gave, with JSON in between or not; everything else as it was then. Raises
        ModelUnusable if the state was made with another embedder.
        """
        self._embedder = embedder
        self._most = max_speakers or MOST_SPEAKERS
        self._expected = max_speakers or 1
        self._tuning = tuning or Tuning()
        self._centroids = Centroids(embedder.dimension)
        self._heard: list[_Heard] = []
        self._forgotten: set[int] = set()
        self._current = 0
        self._revised = True
        if state is not None:
            self._restore(state)

    @property
    def current(self) -> str:
        """The speaker heard last, which an unfinished utterance is best shown under; SPEAKER_00 at first."""
        return _label(self._current)

    def label(
        self, utterance_id: str, audio: Audio, start: float, words: tuple[Word, ...]
    ) -> tuple[Part, ...]:
        """The parts of a final utterance, at least one; together they hold all its words in order.

        `audio` is the utterance's, float32 [n] at 16 kHz, beginning at `start`; the words' times are on the
        same clock as `start`. Utterances come in order of time, each once. Under 0.4 s of audio no voice can be
        told, and the speaker heard last is taken. What is digital silence is nobody's.
        """
        spans = [span for span in _windows(len(audio)) if np.count_nonzero(audio[slice(*span)]) >= SHORTEST]
        if not spans:
            return (Part(utterance_id, self.current, words),)
        embeddings = np.stack([self._embedder.embed(audio[begin:end]) for begin, end in spans])
        seconds = np.full(len(spans), HOP / SAMPLE_RATE)
        seconds[0] = spans[0][1] / SAMPLE_RATE
        voices = self._voices(embeddings, seconds)
        runs = split_by_speaker(words, snap_to_pauses(_turns(spans, voices, start), words))
        if not runs:
            longest = int(np.bincount(voices, weights=seconds).argmax())
            runs = ((_label(longest), ()),)
        parts = tuple(
            Part(f"{utterance_id}.{index}" if index else utterance_id, speaker, run)
            for index, (speaker, run) in enumerate(runs)
        )
        for part in parts:
            mine = _windows_of(part, spans, voices, start)
            self._remember(part, embeddings[mine], seconds[mine])
        self._current = _voice(parts[-1].speaker)
        return parts

    def revise(self) -> SpeakerRevision | None:
        """Everything remembered, clustered anew: the parts whose speaker changes, or None.

        The new clusters take the slots of those they share most speech with, so a slot's holder never changes
        for another's. A part no longer remembered keeps its speaker.
        """
        if self._revised or not self._heard:
            return None
        self._revised = True
        embeddings = np.stack([heard.embedding for heard in self._heard]).astype(np.float64)
        seconds = np.array([heard.seconds for heard in self._heard])
        before = np.array([heard.voice for heard in self._heard])
        voices = self._slots(self._clusters(embeddings, seconds), seconds, before)
        sums = np.zeros((max(len(self._centroids), int(voices.max()) + 1), embeddings.shape[1]))
        np.add.at(sums, voices, embeddings * seconds[:, None])
        after = self._of_parts(embeddings * seconds[:, None], sums, before)
        self._heard = [
            replace(heard, voice=int(voice)) for heard, voice in zip(self._heard, after, strict=True)
        ]
        weights = np.bincount(voices, weights=seconds, minlength=len(sums))
        for voice in range(len(sums)):
            self._centroids.open(voice)
            if voice not in self._forgotten or voice in voices:
                self._centroids.sums[voice] = sums[voice]
                self._centroids.weights[voice] = weights[voice]
        self._current = int(after[-1])
        changed = {
            heard.id: _label(heard.voice)
            for heard, voice in zip(self._heard, before, strict=True)
            if heard.voice != voice
        }
        return SpeakerRevision(tuple(changed.items())) if changed else None

    def state(self) -> dict[str, Any]:
        """What is known so far, of JSON's types only: `Diarizer(..., state=...)` goes on exactly as this one."""
        embeddings = np.stack([heard.embedding for heard in self._heard]) if self._heard else np.zeros((0,))
        return {
            "embedder": self._embedder.name,
            "current": self._current,
            "revised": self._revised,
            "forgotten": sorted(self._forgotten),
            "sums": base64.b64encode(self._centroids.sums.astype("<f8").tobytes()).decode("ascii"),
            "weights": self._centroids.weights.tolist(),
            "heard": [[heard.id, heard.voice, heard.seconds] for heard in self._heard],
            "embeddings": base64.b64encode(embeddings.astype("<f2").tobytes()).decode("ascii"),
        }

    def _restore(self, state: dict[str, Any]) -> None:
        if state["embedder"] != self._embedder.name:
            raise ModelUnusable(
                f"Expected the speaker embedder {state['embedder']!r} that this session began with, got "
                f"{self._embedder.name!r}; go on with the former until the session ends."
            )
        dimension = self._embedder.dimension
        sums = np.frombuffer(base64.b64decode(state["sums"]), dtype="<f8").reshape(-1, dimension)
        embeddings = np.frombuffer(base64.b64decode(state["embeddings"]), dtype="<f2").reshape(-1, dimension)
        self._centroids = Centroids(dimension, sums, np.array(state["weights"], dtype=np.float64))
        self._heard = [
            _Heard(str(part), int(voice), float(seconds), embedding.astype(np.float16))
            for (part, voice, seconds), embedding in zip(state["heard"], embeddings, strict=True)
        ]
        self._forgotten = {int(voice) for voice in state["forgotten"]}
        self._current = int(state["current"])
        self._revised = bool(state["revised"])

    def _known(self) -> list[int]:
        """Voices that can be recognised again."""
        return np.flatnonzero(self._centroids.sums.any(axis=1)).tolist()

    def _free_slot(self, taken: Sequence[int]) -> int:
        """The lowest number that no part of the session has."""
        used = {*taken, *self._forgotten}
        return next(voice for voice in range(len(used) + 1) if voice not in used)

    def _voices(self, embeddings: NDArray[np.float32], seconds: NDArray[np.float64]) -> NDArray[np.int64]:
        """int64 [windows], whose voice each window is; opens new voices."""
        known = self._known()
        states = list(self._centroids.units[known])
        for stretch in self._new_voices(embeddings, seconds):
            voice = self._free_slot(known)
            self._centroids.open(voice)
            known.append(voice)
            states.append(stretch)
        scores = embeddings.astype(np.float64) @ np.stack(states).T
        if self._current in known:
            scores[0, known.index(self._current)] += self._tuning.stay_bonus * self._unit
        return np.array(known)[most_likely_path(scores, self._tuning.switch_cost * self._unit)]

    @property
    def _unit(self) -> float:
        """What `Tuning` counts in."""
        return 1.0 - self._embedder.same_speaker

    def _new_voices(
        self, embeddings: NDArray[np.float32], seconds: NDArray[np.float64]
    ) -> list[NDArray[np.float64]]:
        """The mean embeddings, norm 1, of stretches of the utterance that are like no known voice."""
        same, known = self._embedder.same_speaker, len(self._known())
        if known >= self._most:
            return []
        within = same + self._tuning.within_utterance * self._unit
        clusters = agglomerate(embeddings, seconds, threshold=within, most=self._most)
        weighted = embeddings.astype(np.float64) * seconds[:, None]
        lengths = np.bincount(clusters, weights=seconds)
        means = np.stack(
            [weighted[clusters == one].sum(axis=0) / lengths[one] for one in range(len(lengths))]
        )
        threshold = same - self._tuning.new_speaker * self._unit
        new: list[int] = []
        for one in np.argsort(-lengths, kind="stable").tolist():
            alike = max(
                (*self._centroids.linkage(means[one]), *(float(means[one] @ means[voice]) for voice in new)),
                default=-1.0,
            )
            room = known + len(new) < self._most
            if room and alike < threshold and lengths[one] >= self._tuning.shortest_new:
                new.append(one)
        # The first thing heard is somebody, however short it was.
        if not new and not known:
            new = [int(lengths.argmax())]
        return list(unit_rows(means[sorted(new)]))

    def _remember(self, part: Part, embeddings: NDArray[np.float32], seconds: NDArray[np.float64]) -> None:
        voice = _voice(part.speaker)
        for begin in range(0, len(seconds), PIECE):
            mine = slice(begin, begin + PIECE)
            total = float(seconds[mine].sum())
            mean = (embeddings[mine].astype(np.float64) * seconds[mine, None]).sum(axis=0) / total
            self._centroids.feed(voice, mean, total)
            self._heard.append(_Heard(part.id, voice, total, mean.astype(np.float16)))
        self._forgotten.update(heard.voice for heard in self._heard[:-HISTORY])
        self._heard = self._heard[-HISTORY:]
        self._revised = False

    def _clusters(self, embeddings: NDArray[np.float64], seconds: NDArray[np.float64]) -> NDArray[np.int64]:
        """int64 [pieces]: the pieces grouped anew; numbers mean nothing yet."""
        tuning = self._tuning
        clear = seconds >= tuning.shortest_new if (seconds >= tuning.shortest_new).any() else seconds > 0
        clusters = tell_apart(
            embeddings[clear],
            seconds[clear],
            same=self._embedder.same_speaker,
            most=self._most,
            expected=self._expected,
            certain=2 if self._expected > 1 and seconds.sum() >= tuning.conversation else 1,
            smallest=tuning.smallest_voice,
        )
        weighted = embeddings[clear] * seconds[clear, None]
        means = unit_rows(
            np.stack([weighted[clusters == one].sum(axis=0) for one in range(clusters.max() + 1)])
        )
        return np.asarray((embeddings @ means.T).argmax(axis=1))

    def _of_parts(
        self, pieces: NDArray[np.float64], sums: NDArray[np.float64], before: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """int64 [pieces]: whose the part is that each piece belongs to; who is about as likely as any keeps it."""
        starts = [n for n, heard in enumerate(self._heard) if n == 0 or heard.id != self._heard[n - 1].id]
        alike = unit_rows(np.add.reduceat(pieces, starts)) @ unit_rows(sums).T
        voices, part = np.flatnonzero(sums.any(axis=1)), np.arange(len(starts))
        best, held = voices[alike[:, voices].argmax(axis=1)], before[starts]
        gain = alike[part, best] - alike[part, held]
        kept = np.isin(held, voices) & (gain < self._tuning.keep * self._unit)
        return np.repeat(np.where(kept, held, best), np.diff([*starts, len(before)]))

    def _slots(
        self, clusters: NDArray[np.int64], seconds: NDArray[np.float64], before: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """int64 [pieces]: each cluster's slot, the one it shares the most speech with, or a free one."""
        shared = np.zeros((int(clusters.max()) + 1, int(before.max()) + 1))
        np.add.at(shared, (clusters, before), seconds)
        slot = {row: column for row, column in best_pairs(shared) if shared[row, column] > 0}
        for one in np.unique(clusters).tolist():
            if one not in slot:
                slot[one] = self._free_slot(list(slot.values()))
        return np.array([slot[one] for one in clusters.tolist()], dtype=np.int64)


def _label(voice: int) -> str:
    return f"SPEAKER_{voice:02d}"


def _voice(label: str) -> int:
    return int(label.removeprefix("SPEAKER_"))


def _windows(length: int) -> list[tuple[int, int]]:
    """(begin, end) in samples: one every hop, the last ending with the audio; none if it is too short."""
    if length < SHORTEST:
        return []
    begins = list(range(0, max(0, length - WINDOW) + 1, HOP))
    if length - WINDOW - begins[-1] > HOP // 2:
        begins.append(length - WINDOW)
    return [(begin, min(begin + WINDOW, length)) for begin in begins]


def _turns(
    spans: Sequence[tuple[int, int]], voices: NDArray[np.int64], start: float
) -> tuple[SpeakerTurn, ...]:
    """Stretches of one voice; a change lies halfway between the middles of the two windows around it."""
    changes = [
        start + (left[0] + left[1] + right[0] + right[1]) / 4 / SAMPLE_RATE for left, right in pairwise(spans)
    ]
    turns: list[SpeakerTurn] = []
    for window, voice in enumerate(voices.tolist()):
        begin = changes[window - 1] if window else start
        end = changes[window] if window < len(changes) else start + spans[-1][1] / SAMPLE_RATE
        if turns and turns[-1].speaker == _label(voice):
            turns[-1] = replace(turns[-1], end=end)
        else:
            turns.append(SpeakerTurn(_label(voice), begin, end))
    return tuple(turns)


def _windows_of(
    part: Part, spans: Sequence[tuple[int, int]], voices: NDArray[np.int64], start: float
) -> NDArray[np.int64]:
    """The windows of the part's voice whose middle lies within its words, or the nearest one if none does."""
    mine = np.flatnonzero(voices == _voice(part.speaker))
    if not part.words:
        return mine
    middles = np.array([start + sum(spans[window]) / 2 / SAMPLE_RATE for window in mine.tolist()])
    begin, end = part.words[0].start, part.words[-1].end
    inside = (middles >= begin) & (middles <= end)
    if inside.any():
        return mine[inside]
    distance = np.maximum(begin - middles, middles - end)
    return mine[[int(distance.argmin())]]
