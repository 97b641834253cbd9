"""Which speaker is which participant."""

from __future__ import annotations

from scribe.roles import assign_speakers, role_of, with_roles
from scribe.session import Participant, SpeakerAssignment
from scribe.wire import TranscriptLine

TWO = (Participant(id="cl", role="clinician", channel=0), Participant(id="pt", role="client", channel=1))
MONO = (Participant(id="cl", role="clinician"), Participant(id="pt", role="client"))


def lines(*spoken: tuple[str, str]) -> tuple[TranscriptLine, ...]:
    return tuple(
        TranscriptLine(
            id=f"u{number}",
            speaker=speaker,
            role="other",
            start=float(number),
            end=float(number) + 1,
            text=text,
            words=(),
        )
        for number, (speaker, text) in enumerate(spoken)
    )


def said(heard: tuple[TranscriptLine, ...]) -> list[tuple[str, str]]:
    return [(line.speaker, line.text) for line in heard]


DIALOGUE = lines(
    ("SPEAKER_01", "Welcome back. How have you been sleeping since we last met?"),
    ("SPEAKER_00", "Badly. I wake up at three and I can't get back to sleep."),
    ("SPEAKER_01", "What goes through your mind when you are awake?"),
    ("SPEAKER_00", "I worry about my job. My boss hates me, I feel sick every morning."),
    ("SPEAKER_01", "It sounds like that is weighing on you. Shall we look at that thought together?"),
    ("SPEAKER_00", "Okay."),
)


def test_channels_are_certain_before_a_word_is_said() -> None:
    assigned = assign_speakers(TWO, (), {}, channels=2)
    assert role_of("SPEAKER_00", assigned, TWO) == ("clinician", 1.0)
    assert role_of("SPEAKER_01", assigned, TWO) == ("client", 1.0)


def test_on_one_microphone_the_words_tell_who_is_who() -> None:
    assigned = assign_speakers(MONO, said(DIALOGUE), {}, channels=1)
    assert [line.role for line in with_roles(DIALOGUE, assigned, MONO)] == ["clinician", "client"] * 3
    assert all(
        0 < assignment.confidence <= 1 and not assignment.confirmed for assignment in assigned.values()
    )


def test_what_the_clinician_confirmed_is_never_guessed_again() -> None:
    confirmed = {"SPEAKER_01": SpeakerAssignment(participant_id="pt", confidence=1.0, confirmed=True)}
    assigned = assign_speakers(MONO, said(DIALOGUE), confirmed, channels=1)
    assert role_of("SPEAKER_01", assigned, MONO) == ("client", 1.0)
    assert role_of("SPEAKER_00", assigned, MONO)[0] == "clinician"


def test_nobody_is_two_participants_and_a_stranger_is_other() -> None:
    crowd = (*DIALOGUE, *lines(("SPEAKER_02", "Your ride is here."))[:1])
    assigned = assign_speakers(MONO, said(crowd), {}, channels=1)
    people = [assignment.participant_id for assignment in assigned.values()]
    assert len(people) == len(set(people))
    assert role_of("SPEAKER_09", assigned, MONO) == ("other", 0.0)
