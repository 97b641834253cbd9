"""Which speaker is which participant: by channel where each voice has its own, else by what was said.

Pure: the participants and what was said go in, an assignment with a confidence comes out. What the
clinician confirmed is never changed, and of voices and participants all are matched together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from scribe.session import Participant, Role, SpeakerAssignment
from scribe.wire import TranscriptLine
from summarizer.roles import SURE, evidence_of, match_roles


def assign_speakers(
    participants: Sequence[Participant],
    said: Sequence[tuple[str, str]],
    before: Mapping[str, SpeakerAssignment],
    *,
    channels: int,
    channel_of: Mapping[str, int] | None = None,
) -> dict[str, SpeakerAssignment]:
    """The assignment of every speaker heard so far; `said` is who said what, (speaker, text).

    With two channels whoever has a channel alone is certain; several on one are guessed among its speakers
    (`channel_of`). In mono all are guessed from the words. Where more speak than take part, some are left open. A
    confidence is that of the participant, not the role: of two clients, which is which cannot be guessed.
    """
    certain = _alone(participants) if channels == 2 else {}
    assigned = certain | {s: a for s, a in before.items() if a.confirmed}
    if not said:
        # What an earlier process guessed holds until something is heard here.
        return {**before, **assigned}
    taken = {assignment.participant_id for assignment in assigned.values()}
    free = [participant for participant in participants if participant.id not in taken]
    evidence = {speaker: one for speaker, one in evidence_of(said).items() if speaker not in assigned}
    groups: dict[int | None, list[Participant]] = {}
    for person in free:
        groups.setdefault(person.channel if channels == 2 else None, []).append(person)
    # Whoever is heard where nobody else is expected may still be one of those who have no channel.
    group_of = {s: c if (c := (channel_of or {}).get(s)) in groups else None for s in evidence}
    for channel, people in groups.items():
        here = {speaker: one for speaker, one in evidence.items() if group_of[speaker] == channel}
        roles = {person.id: person.role for person in people}
        held = {
            s: roles[before[s].participant_id]
            for s in here
            if s in before and before[s].participant_id in roles
        }
        assigned |= _named(match_roles(here, Counter(roles.values()), held), roles, before)
    return assigned


def _alone(participants: Sequence[Participant]) -> dict[str, SpeakerAssignment]:
    """Whoever is the only participant of a channel is its speaker."""
    counts = Counter(person.channel for person in participants)
    return {
        f"SPEAKER_{person.channel:02d}": SpeakerAssignment(participant_id=person.id, confidence=1.0)
        for person in participants
        if person.channel is not None and counts[person.channel] == 1
    }


def _named(
    found: Mapping[str, tuple[Role, float]],
    roles: Mapping[str, Role],
    before: Mapping[str, SpeakerAssignment],
) -> dict[str, SpeakerAssignment]:
    """Participants for the roles that were found: the one it was before, else the first who is left."""
    names: dict[str, str] = {}
    for speaker, (role, _) in found.items():
        held = before[speaker].participant_id if speaker in before else ""
        if roles.get(held) == role and held not in names.values():
            names[speaker] = held
    for speaker, (role, _) in found.items():
        left = (name for name, one in roles.items() if one == role and name not in names.values())
        names.setdefault(speaker, next(left, ""))
    alike = Counter(roles.values())
    return {
        speaker: SpeakerAssignment(participant_id=names[speaker], confidence=round(sure / alike[role], 2))
        for speaker, (role, sure) in found.items()
    }


def unsure(speakers: Mapping[str, SpeakerAssignment]) -> tuple[str, ...]:
    """The speakers of whom the page asks who they are."""
    return tuple(s for s, one in speakers.items() if not one.confirmed and one.confidence < SURE)


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
