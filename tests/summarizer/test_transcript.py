"""Every form a transcript comes in, and the sentence that refuses a bad one."""

from __future__ import annotations

import json

import pytest

from summarizer.errors import UnreadableTranscript
from summarizer.transcript import read_transcript, role_of_label


def roles(text: str) -> list[str]:
    return [turn.role for turn in read_transcript(text)]


def test_labelled_lines_give_roles_and_unlabelled_ones_continue_the_turn() -> None:
    turns = read_transcript("Therapist: How are you?\nClient: Not well.\nI cried.\nTherapist: I see.")
    assert [(turn.role, turn.text) for turn in turns] == [
        ("clinician", "How are you?"),
        ("client", "Not well. I cried."),
        ("clinician", "I see."),
    ]
    assert len({turn.id for turn in turns}) == 3


def test_bracketed_tags_are_speakers() -> None:
    assert roles("[doctor] hi , martha .\n[patient] hello .") == ["clinician", "client"]


def test_captions_with_voices_give_times_and_join_neighbouring_cues() -> None:
    turns = read_transcript(
        "WEBVTT\n\n00:00:01.000 --> 00:00:03.500\n<v Counsellor>How are</v>\n\n"
        "00:00:03.500 --> 00:00:04.000\n<v Counsellor>you?</v>\n\n1:00:04.000 --> 1:00:06.000\n<v "
        "Client>Tired.</v>\n"
    )
    assert [(turn.role, turn.text) for turn in turns] == [("clinician", "How are you?"), ("client", "Tired.")]
    assert (turns[0].start, turns[0].end, turns[1].start) == (1.0, 4.0, 3604.0)


def test_subtitles_with_names_before_a_colon_are_read() -> None:
    assert roles(
        "1\n00:00:01,000 --> 00:00:02,000\nDoctor: Hello.\n\n2\n00:00:02,000 --> 00:00:03,000\nPatient: Hi."
    ) == [
        "clinician",
        "client",
    ]


def test_json_turns_keep_their_ids_and_times() -> None:
    (turn,) = read_transcript(
        json.dumps([{"id": "x1", "speaker": "client", "text": "Hi.", "start": 1, "end": 2.5}])
    )
    assert (turn.id, turn.role, turn.start, turn.end) == ("x1", "client", 1.0, 2.5)


def test_json_may_be_wrapped_and_name_roles() -> None:
    assert roles(json.dumps({"turns": [{"role": "family", "text": "He sleeps badly."}]})) == ["family"]


@pytest.mark.parametrize(
    ("label", "role"),
    [
        ("Dr. Smith", "clinician"),
        ("Counsellor", "clinician"),
        ("PATIENT", "client"),
        ("Me", "client"),
        ("Mother", "family"),
        ("Guest_family", "family"),
        ("Patient's wife", "family"),
        ("Interpreter", "interpreter"),
        ("SPEAKER_00", None),
        ("Alex", None),
    ],
)
def test_a_label_names_a_role_or_none(label: str, role: str | None) -> None:
    assert role_of_label(label) == role


def test_lone_letters_are_therapist_and_client() -> None:
    assert roles("T: And then?\nC: I left.") == ["clinician", "client"]


def test_numbered_speakers_are_told_apart_by_how_they_talk() -> None:
    text = (
        "SPEAKER_01: i can't sleep and i feel sick\nSPEAKER_00: how long have you felt "
        "that\nSPEAKER_01: since my mom died"
    )
    assert roles(text) == ["client", "clinician", "client"]


def test_a_name_beside_a_known_clinician_is_the_client() -> None:
    assert roles("Therapist: How was it?\nAlex: I was scared.\nTherapist: Mm-hmm.") == [
        "clinician",
        "client",
        "clinician",
    ]


def test_text_without_speakers_is_the_clinicians_summary() -> None:
    turns = read_transcript("Client slept badly this week.\n\nPlan: sleep log.\nAssessment: improving.")
    assert [turn.role for turn in turns] == ["clinician"] * 3
    assert turns[1].text == "Plan: sleep log."


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("   \n", "empty"),
        ('[{"speaker": "client"}]', 'no "text"'),
        ('[{"text": "hello there"}]', 'no "speaker"'),
        ('{"notes": 1}', "no turns"),
        ('[{"text": "a", "role": "client"}', "malformed"),
        (
            '[{"id": "1", "text": "a", "role": "client"}, {"id": "1", "text": "b", "role": "client"}]',
            "two turns",
        ),
        ('[{"text": "a", "role": "client", "start": "soon"}]', "no number of seconds"),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\n\n", "no words"),
    ],
)
def test_what_is_no_transcript_is_refused_with_a_sentence(text: str, says: str) -> None:
    with pytest.raises(UnreadableTranscript, match=says):
        read_transcript(text)
