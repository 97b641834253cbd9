"""Which speaker is which participant: by channel where each voice has its own, else by what was said.

Pure: the participants and what was said go in, an assignment with a confidence comes out. What the
clinician confirmed is never changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scribe.session import Participant, Role, SpeakerAssignment
from scribe.wire import TranscriptLine
from summarizer.transcript import guess_roles


def assign_speakers(
    participants: Sequence[Participant],
    said: Sequence[tuple[str, str]],
    before: Mapping[str, SpeakerAssignment],
    *,
    channels: int,
) -> dict[str, SpeakerAssignment]:
    """The assignment of every speaker heard so far; `said` is who said what, (speaker, text).

    With two channels the participant of that channel is certain. In mono the roles are guessed from the words;
    a guess takes the first participant of that role who is not yet spoken for.
    """
    speakers = sorted({speaker for speaker, _ in said})
    if channels == 2:
        owners = {f"SPEAKER_{p.channel:02d}": p for p in participants if p.channel is not None}
        certain = {s: SpeakerAssignment(participant_id=p.id, confidence=1.0) for s, p in owners.items()}
    else:
        certain = {}
    assigned = certain | {s: a for s, a in before.items() if a.confirmed}
    open_speakers = [speaker for speaker in speakers if speaker not in assigned]
    if not open_speakers:
        return assigned
    taken = {assignment.participant_id for assignment in assigned.values()}
    free = [participant for participant in participants if participant.id not in taken]
    guesses = guess_roles(said)
    for speaker in sorted(open_speakers, key=lambda name: -guesses[name][1]):
        role, confidence = guesses[speaker]
        fitting = next((participant for participant in free if participant.role == role), None)
        if fitting is None and len(free) == 1 and len(open_speakers) == 1:
            fitting = free[0]
        if fitting is not None:
            free.remove(fitting)
            assigned[speaker] = SpeakerAssignment(participant_id=fitting.id, confidence=round(confidence, 2))
    return assigned


def role_of(
    speaker: str, speakers: Mapping[str, SpeakerAssignment], participants: Sequence[Participant]
) -> tuple[Role, float]:
    """The role of a speaker and how sure it is; `other` with 0 where nobody fits."""
    assignment = speakers.get(speaker)
    if assignment is None:
        return "other", 0.0
    roles: dict[str, Role] = {participant.id: participant.role for participant in participants}
    role = roles.get(assignment.participant_id, "other")
    return role, 1.0 if assignment.confirmed else assignment.confidence


def with_roles(
    lines: Sequence[TranscriptLine],
    speakers: Mapping[str, SpeakerAssignment],
    participants: Sequence[Participant],
) -> tuple[TranscriptLine, ...]:
    """The lines with the roles that their speakers have now."""
    return tuple(
        line.model_copy(update={"role": role_of(line.speaker, speakers, participants)[0]}) for line in lines
    )
