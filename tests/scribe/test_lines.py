"""A session's lines while it is heard."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

from asr.types import SpeakerRevision, Utterance, VoiceActivity, Word
from scribe.lines import Lines
from scribe.session import Participant, SpeakerAssignment

PEOPLE = (Participant(id="cl", role="clinician"), Participant(id="pt", role="client"))
QUESTION = "How have you been sleeping, and what would you like to talk about today?"
ANSWER = "I sleep badly. I feel tired and I worry about my job all night."


def said(number: int, speaker: str, text: str, *, final: bool = True) -> Utterance:
    words = tuple(
        Word(word, number + i / 10, number + (i + 1) / 10, 0.9) for i, word in enumerate(text.split())
    )
    return Utterance(f"u{number}", speaker, 0, float(number), number + 1.0, words, final, 0)


def test_a_line_that_is_new_is_told_once_and_an_older_one_only_when_it_changes() -> None:
    lines = Lines(PEOPLE, {}, 1)
    first = lines.learn([said(1, "SPEAKER_00", QUESTION)])
    assert [line.id for line in first.new + first.changed] == ["u1"]
    second = lines.learn([said(2, "SPEAKER_01", ANSWER)])
    assert "u2" in [line.id for line in second.new]
    assert {line.id: line.role for line in lines.all()} == {"u1": "clinician", "u2": "client"}


def test_partials_and_final_utterances_without_words_leave_no_line() -> None:
    lines = Lines(PEOPLE, {}, 1)
    learnt = lines.learn([said(1, "SPEAKER_00", "half a", final=False), said(2, "SPEAKER_00", "")])
    assert learnt.new == learnt.changed == lines.all() == ()


def test_voices_that_share_a_channel_are_told_among_those_of_the_channel() -> None:
    people = (
        Participant(id="cl", role="clinician", channel=0),
        Participant(id="pt", role="client", channel=1),
        Participant(id="mo", role="family", channel=1),
    )
    spoken = [
        (0, "SPEAKER_00", "What brings you two in today?"),
        (1, "SPEAKER_01", "My daughter has been crying, she won't eat and she never leaves her room."),
        (1, "SPEAKER_03", "I feel sad all the time and I can't get out of bed."),
        (1, "SPEAKER_01", "She gets angry when we ask, and she says that nobody listens."),
    ]
    heard = []
    for number, (channel, speaker, text) in enumerate(spoken):
        one = said(number, speaker, text)
        heard.append(replace(one, id=f"u{channel}-{number:09d}", channel=channel))
    lines = Lines(people, {}, 2)
    lines.learn(heard)
    roles = ["clinician", "family", "client", "family"]
    assert [line.role for line in lines.all()] == roles
    again = Lines(people, lines.speakers, 2)
    again.load(lines.all())
    again.learn([replace(heard[1], id="u1-000000009")])
    assert [line.role for line in again.all()] == [*roles, "family"]


def test_another_voice_changes_the_line_and_its_role_together() -> None:
    lines = Lines(PEOPLE, {}, 1)
    lines.learn(
        [said(1, "SPEAKER_00", QUESTION), said(2, "SPEAKER_01", ANSWER), said(3, "SPEAKER_01", "Mm-hm.")]
    )
    learnt = lines.learn([SpeakerRevision((("u3", "SPEAKER_00"), ("gone", "SPEAKER_00")))])
    assert [(line.id, line.speaker, line.role) for line in learnt.changed] == [
        ("u3", "SPEAKER_00", "clinician")
    ]
    assert lines.learn([SpeakerRevision((("u3", "SPEAKER_00"),))]).changed == ()


def test_what_the_clinician_confirms_is_told_for_every_line_it_concerns() -> None:
    lines = Lines(PEOPLE, {}, 1)
    lines.learn([said(1, "SPEAKER_00", QUESTION), said(2, "SPEAKER_01", ANSWER)])
    swapped = {
        "SPEAKER_00": SpeakerAssignment(participant_id="pt", confidence=1.0, confirmed=True),
        "SPEAKER_01": SpeakerAssignment(participant_id="cl", confidence=1.0, confirmed=True),
    }
    assert {line.id: line.role for line in lines.confirm(swapped)} == {"u1": "client", "u2": "clinician"}
    lines.learn([said(3, "SPEAKER_00", QUESTION)])
    assert lines.all()[-1].role == "client"


def test_a_message_carries_the_words_with_their_times() -> None:
    message = Lines(PEOPLE, {}, 1).message(said(7, "SPEAKER_00", "good morning", final=False))
    assert (message.text, message.is_final, message.role) == ("good morning", False, "other")
    assert [(word.text, word.start) for word in message.words] == [("good", 7.0), ("morning", 7.1)]


def test_hours_of_lines_cost_little_memory_and_little_time() -> None:
    lines = Lines(PEOPLE, {}, 1)

    def hear(numbers: range) -> None:
        for number in numbers:
            lines.learn([said(number, f"SPEAKER_{number % 2:02d}", (QUESTION, ANSWER)[number % 2])])

    hear(range(400))
    tracemalloc.start()
    hear(range(400, 1400))
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert grown < 1_200_000, "a thousand lines, more than an hour of talk"
    last = lines.all()[-1]
    assert (len(lines.all()), last.text, last.words[0].text) == (1400, ANSWER, "I")


def test_other_events_teach_nothing() -> None:
    learnt = Lines(PEOPLE, {}, 1).learn([VoiceActivity(0, True, 100)])
    assert learnt.new == learnt.changed == ()
