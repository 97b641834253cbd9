"""Which speaker is which participant."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from in_process import in_process
from running import consented

from scribe.roles import assign_speakers, role_of, unsure, with_roles
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


COUPLE = (*MONO, Participant(id="pt2", role="client"))
ON_ONE = (
    Participant(id="cl", role="clinician", channel=0),
    Participant(id="pt", role="client", channel=1),
    Participant(id="mo", role="family", channel=1),
)


def test_a_guess_is_asked_about_until_it_is_sure_or_confirmed() -> None:
    first = assign_speakers(MONO, said(DIALOGUE[4:]), {}, channels=1)
    assert unsure(first)
    whole = assign_speakers(MONO, said(DIALOGUE * 3), {}, channels=1)
    assert unsure(whole) == ()
    confirmed = {
        name: SpeakerAssignment(participant_id=one.participant_id, confidence=1.0, confirmed=True)
        for name, one in first.items()
    }
    assert unsure(confirmed) == ()


def test_two_clients_are_clients_and_somebody_has_to_say_which_is_which() -> None:
    heard = (*DIALOGUE, *lines(("SPEAKER_02", "I feel alone and I can't sleep, my husband is always away.")))
    assigned = assign_speakers(COUPLE, said(heard), {}, channels=1)
    assert {speaker: role_of(speaker, assigned, COUPLE)[0] for speaker in assigned} == {
        "SPEAKER_00": "client",
        "SPEAKER_01": "clinician",
        "SPEAKER_02": "client",
    }
    assert set(unsure(assigned)) >= {"SPEAKER_00", "SPEAKER_02"}
    known = {"SPEAKER_00": SpeakerAssignment(participant_id="pt2", confidence=1.0, confirmed=True)}
    after = assign_speakers(COUPLE, said(heard), known, channels=1)
    assert after["SPEAKER_02"].participant_id == "pt"
    assert after["SPEAKER_02"].confidence > assigned["SPEAKER_02"].confidence


def test_of_two_clients_each_stays_whoever_they_were() -> None:
    heard = (*DIALOGUE, *lines(("SPEAKER_02", "I feel alone and I can't sleep, my husband is always away.")))
    turned = {
        "SPEAKER_00": SpeakerAssignment(participant_id="pt2", confidence=0.4),
        "SPEAKER_02": SpeakerAssignment(participant_id="pt", confidence=0.4),
    }
    assigned = assign_speakers(COUPLE, said(heard), turned, channels=1)
    assert (assigned["SPEAKER_00"].participant_id, assigned["SPEAKER_02"].participant_id) == ("pt2", "pt")


@pytest.mark.parametrize("names", [("SPEAKER_01", "SPEAKER_02"), ("SPEAKER_11", "SPEAKER_10")])
def test_several_on_one_channel_are_guessed_among_those_of_the_channel(names: tuple[str, str]) -> None:
    child, mother = names
    heard = lines(
        ("SPEAKER_00", "What brings you two in?"),
        (mother, "My daughter has been crying, she won't eat and she never leaves her room."),
        (child, "I feel sad all the time and I can't get out of bed."),
        (mother, "She gets angry when we ask."),
        (child, "I don't want to go to school."),
    )
    channel_of = {"SPEAKER_00": 0, child: 1, mother: 1}
    assigned = assign_speakers(ON_ONE, said(heard), {}, channels=2, channel_of=channel_of)
    assert assigned["SPEAKER_00"] == SpeakerAssignment(participant_id="cl", confidence=1.0)
    assert assigned[child].participant_id == "pt"
    assert assigned[mother].participant_id == "mo"


def test_a_second_voice_on_the_channel_of_one_is_left_open() -> None:
    heard = lines(("SPEAKER_00", "How are you?"), ("SPEAKER_01", "I'm tired."), ("SPEAKER_02", "She cries."))
    channel_of = {"SPEAKER_00": 0, "SPEAKER_01": 1, "SPEAKER_02": 1}
    assigned = assign_speakers(TWO, said(heard), {}, channels=2, channel_of=channel_of)
    assert set(assigned) == {"SPEAKER_00", "SPEAKER_01"}
    assert all(one.confidence == 1.0 for one in assigned.values())


def test_what_was_guessed_holds_until_something_is_heard_again() -> None:
    guessed = assign_speakers(MONO, said(DIALOGUE), {}, channels=1)
    assert assign_speakers(MONO, (), guessed, channels=1) == guessed


def test_whoever_has_no_channel_is_guessed_where_nobody_has_it() -> None:
    people = (Participant(id="cl", role="clinician", channel=0), Participant(id="pt", role="client"))
    heard = lines(("SPEAKER_00", "How are you?"), ("SPEAKER_01", "I'm tired."))
    assigned = assign_speakers(
        people, said(heard), {}, channels=2, channel_of={"SPEAKER_00": 0, "SPEAKER_01": 1}
    )
    assert assigned["SPEAKER_01"].participant_id == "pt"


def test_whoever_reads_a_session_is_told_whom_to_ask_about(tmp_path: Path) -> None:
    guessed = {
        "SPEAKER_00": SpeakerAssignment(participant_id="cl", confidence=0.97),
        "SPEAKER_01": SpeakerAssignment(participant_id="pt", confidence=0.6),
    }

    async def check() -> None:
        async with in_process(tmp_path) as on:
            answer = await on.http.post("/v1/sessions", json=consented().model_dump(mode="json"))
            path = f"/v1/sessions/{answer.json()['id']}"
            await asyncio.to_thread(on.server.store.confirm_speakers, answer.json()["id"], lambda _: guessed)
            assert (await on.http.get(path)).json()["unsure_speakers"] == ["SPEAKER_01"]
            right = {"speakers": {"SPEAKER_01": "pt"}}
            assert (await on.http.patch(f"{path}/speakers", json=right)).json()["unsure_speakers"] == []

    asyncio.run(check())
