"""A session's lines while it is heard, and who says them: utterances in, lines and messages out.

Pure and per session: nothing is stored or sent here. A speaker's role may be learnt late or change; whoever
changes it gets the lines that have to be told anew.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from asr.types import Event, SpeakerRevision, Utterance
from scribe.roles import assign_speakers, role_of
from scribe.session import Participant, Role, SpeakerAssignment
from scribe.wire import RevisedSpeaker, SpeakerRevisionMessage, TranscriptLine, UtteranceMessage, WireWord


@dataclass(frozen=True, slots=True)
class Learnt:
    """Lines that are new, and lines that were told otherwise before: another speaker or another role."""

    new: tuple[TranscriptLine, ...]
    changed: tuple[TranscriptLine, ...]


EVIDENCE = 150
"""Lines of a speaker, from the first on, by which the role is guessed: who asks and who tells shows in fewer."""


_CHANNEL = re.compile(r"u(\d+)-")
"""An utterance's id begins with its channel (`asr.types.Utterance`)."""


@dataclass(slots=True)
class _Kept:
    """A line as it is remembered: its packed JSON takes a tenth of the memory, and few are needed again."""

    speaker: str
    role: Role
    body: bytes


class Lines:
    """The final lines so far, by id, and the assignment of their speakers to participants."""

    def __init__(
        self, participants: Sequence[Participant], speakers: Mapping[str, SpeakerAssignment], channels: int
    ) -> None:
        self._participants = participants
        self._channels = channels
        self._kept: dict[str, _Kept] = {}
        self._evidence: dict[str, str] = {}
        self._guessed = True
        self._spoken: Counter[str] = Counter()
        self._channel_of: dict[str, int] = {}
        self.speakers = assign_speakers(participants, (), speakers, channels=channels)

    def load(self, lines: Iterable[TranscriptLine]) -> None:
        """Lines that an earlier process stored."""
        for line in lines:
            self._keep(line)

    def all(self) -> tuple[TranscriptLine, ...]:
        """Every line, in the order in which they became final."""
        return tuple(self._line_of(line_id) for line_id in self._kept)

    def learn(self, events: Iterable[Event]) -> Learnt:
        """Take final utterances and what was learnt about the speakers of earlier ones."""
        new: dict[str, None] = {}
        changed: dict[str, None] = {}
        for event in events:
            match event:
                case Utterance(is_final=True, words=words) if words:
                    self._keep(self._line(event))
                    new[event.id] = None
                case SpeakerRevision(speakers=speakers):
                    changed |= dict.fromkeys(self._respeak(speakers))
                case _:
                    pass
        changed |= dict.fromkeys(line_id for line_id in self._reassign() if line_id not in new)
        return Learnt(
            tuple(self._line_of(line_id) for line_id in new if line_id not in changed),
            tuple(self._line_of(line_id) for line_id in changed),
        )

    def correct(self, line: TranscriptLine) -> None:
        """A line as a person put it right."""
        self._keep(line)

    def confirm(self, speakers: Mapping[str, SpeakerAssignment]) -> tuple[TranscriptLine, ...]:
        """The clinician said who is who; every line that changed."""
        self.speakers = {**self.speakers, **speakers}
        self._guessed = False
        return tuple(self._line_of(line_id) for line_id in self._reassign())

    def message(self, utterance: Utterance) -> UtteranceMessage:
        """What a client is told of an utterance, partial or final."""
        role, confidence = role_of(utterance.speaker, self.speakers, self._participants)
        line = self._line(utterance)
        return UtteranceMessage(
            **line.model_dump(exclude={"role", "corrected"}),
            role=role,
            role_confidence=confidence,
            is_final=utterance.is_final,
            stable=utterance.stable,
            revision=utterance.revision,
        )

    def _keep(self, line: TranscriptLine) -> None:
        if found := _CHANNEL.match(line.id):
            self._channel_of[line.speaker] = int(found[1])
        known = self._kept.get(line.id)
        if known is None or known.speaker != line.speaker:
            self._spoken[line.speaker] += 1
            if known is not None:
                self._spoken[known.speaker] -= 1
        if line.id in self._evidence or self._spoken[line.speaker] <= EVIDENCE:
            self._evidence[line.id] = line.text
            self._guessed = False
        self._kept[line.id] = _Kept(
            line.speaker, line.role, zlib.compress(line.model_dump_json().encode(), 1)
        )

    def _line_of(self, line_id: str) -> TranscriptLine:
        kept = self._kept[line_id]
        line = TranscriptLine.model_validate_json(zlib.decompress(kept.body))
        return line.model_copy(update={"speaker": kept.speaker, "role": kept.role})

    def _respeak(self, speakers: Iterable[tuple[str, str]]) -> list[str]:
        changed = []
        for utterance_id, speaker in speakers:
            kept = self._kept.get(utterance_id)
            if kept is not None and kept.speaker != speaker:
                self._keep(self._line_of(utterance_id).model_copy(update={"speaker": speaker}))
                changed.append(utterance_id)
        return changed

    def _line(self, utterance: Utterance) -> TranscriptLine:
        return TranscriptLine(
            id=utterance.id,
            speaker=utterance.speaker,
            role=role_of(utterance.speaker, self.speakers, self._participants)[0],
            start=round(utterance.start, 3),
            end=round(utterance.end, 3),
            text=utterance.text,
            words=_words(utterance),
        )

    def _reassign(self) -> list[str]:
        """Guess the roles anew, if there is anything to go by that was not; the ids of the lines whose role changed."""
        if not self._guessed:
            said = [(self._kept[line_id].speaker, text) for line_id, text in self._evidence.items()]
            self.speakers = assign_speakers(
                self._participants,
                said,
                self.speakers,
                channels=self._channels,
                channel_of=self._channel_of,
            )
            self._guessed = True
        roles = {
            speaker: role_of(speaker, self.speakers, self._participants)[0]
            for speaker in {kept.speaker for kept in self._kept.values()}
        }
        changed = []
        for line_id, kept in self._kept.items():
            if kept.role != roles[kept.speaker]:
                kept.role = roles[kept.speaker]
                changed.append(line_id)
        return changed


def revision_message(lines: Sequence[TranscriptLine]) -> SpeakerRevisionMessage:
    """What a client is told of lines whose speaker or role changed."""
    return SpeakerRevisionMessage(
        utterances=tuple(RevisedSpeaker(id=line.id, speaker=line.speaker, role=line.role) for line in lines)
    )


def _words(utterance: Utterance) -> tuple[WireWord, ...]:
    return tuple(
        WireWord(
            text=word.text,
            start=round(word.start, 3),
            end=round(word.end, 3),
            probability=round(min(1.0, max(0.0, word.probability)), 3),
        )
        for word in utterance.words
    )
