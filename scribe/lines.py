"""A session's lines while it is heard, and who says them: utterances in, lines and messages out.

Pure and per session: nothing is stored or sent here. A speaker's role may be learnt late or change; whoever
changes it gets the lines that have to be told anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from asr.types import Event, SpeakerRevision, Utterance
from scribe.roles import assign_speakers, role_of
from scribe.session import Participant, SpeakerAssignment
from scribe.wire import RevisedSpeaker, SpeakerRevisionMessage, TranscriptLine, UtteranceMessage, WireWord


@dataclass(frozen=True, slots=True)
class Learnt:
    """Lines that are new, and lines that were told otherwise before: another speaker or another role."""

    new: tuple[TranscriptLine, ...]
    changed: tuple[TranscriptLine, ...]


class Lines:
    """The final lines so far, by id, and the assignment of their speakers to participants."""

    def __init__(
        self, participants: Sequence[Participant], speakers: Mapping[str, SpeakerAssignment], channels: int
    ) -> None:
        self._participants = participants
        self._channels = channels
        self._lines: dict[str, TranscriptLine] = {}
        self.speakers = assign_speakers(participants, (), speakers, channels=channels)

    def load(self, lines: Iterable[TranscriptLine]) -> None:
        """Lines that an earlier process stored."""
        self._lines = {line.id: line for line in lines}

    def all(self) -> tuple[TranscriptLine, ...]:
        """Every line, in the order in which they became final."""
        return tuple(self._lines.values())

    def learn(self, events: Iterable[Event]) -> Learnt:
        """Take final utterances and what was learnt about the speakers of earlier ones."""
        new: dict[str, None] = {}
        changed: dict[str, None] = {}
        for event in events:
            match event:
                case Utterance(is_final=True, words=words) if words:
                    self._lines[event.id] = self._line(event)
                    new[event.id] = None
                case SpeakerRevision(speakers=speakers):
                    changed |= dict.fromkeys(self._respeak(speakers))
                case _:
                    pass
        changed |= dict.fromkeys(line.id for line in self._reassign() if line.id not in new)
        return Learnt(
            tuple(self._lines[line_id] for line_id in new if line_id not in changed),
            tuple(self._lines[line_id] for line_id in changed),
        )

    def correct(self, line: TranscriptLine) -> None:
        """A line as a person put it right."""
        self._lines[line.id] = line

    def confirm(self, speakers: Mapping[str, SpeakerAssignment]) -> tuple[TranscriptLine, ...]:
        """The clinician said who is who; every line that changed."""
        self.speakers = {**self.speakers, **speakers}
        return self._reassign()

    def message(self, utterance: Utterance) -> UtteranceMessage:
        """What a client is told of an utterance, partial or final."""
        role, confidence = role_of(utterance.speaker, self.speakers, self._participants)
        line = self._line(utterance)
        return UtteranceMessage(
            **line.model_dump(exclude={"role", "corrected"}),
            role=role,
            role_confidence=confidence,
            is_final=utterance.is_final,
            revision=utterance.revision,
        )

    def _respeak(self, speakers: Iterable[tuple[str, str]]) -> list[str]:
        changed = []
        for utterance_id, speaker in speakers:
            line = self._lines.get(utterance_id)
            if line is not None and line.speaker != speaker:
                self._lines[utterance_id] = line.model_copy(update={"speaker": speaker})
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

    def _reassign(self) -> tuple[TranscriptLine, ...]:
        self.speakers = assign_speakers(
            self._participants, tuple(self._lines.values()), self.speakers, channels=self._channels
        )
        changed = []
        for line in tuple(self._lines.values()):
            role = role_of(line.speaker, self.speakers, self._participants)[0]
            if line.role != role:
                self._lines[line.id] = line.model_copy(update={"role": role})
                changed.append(self._lines[line.id])
        return tuple(changed)


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
