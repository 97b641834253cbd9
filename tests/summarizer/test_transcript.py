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


def test_webvtt_is_read_with_notes_styles_regions_settings_and_markup() -> None:
    text = (
        "WEBVTT - export\nKind: captions\n\nSTYLE\n::cue(v[voice=Lee]) { color: lime }\n\nREGION\nid:fred\n\n"
        "NOTE 00:00:01.000 --> 00:00:02.000\nClient: never said\n\n"
        "1\n00:00:01.000 --> 00:00:04.000 align:start position:0%\n"
        "<v Dr. Lee>How <b>have</b> you <00:00:02.000>been?</v>\n\n"
        "intro\n00:04.500 --> 00:07.000\n<v.loud Ann O&#39;Neil>I&rsquo;m tired &amp; sad.\nIt is &lt;hard&gt;.\n\n"
        "NOTE\nmany\nlines\n\n"
        "00:07.000 --> 00:08.000\n- <v Dr. Lee>And sleep?\n- <v Ann O&#39;Neil>Four hours a night.\n"
    )
    turns = read_transcript(text)
    assert [(turn.role, turn.text, turn.start, turn.end) for turn in turns] == [
        ("clinician", "How have you been?", 1.0, 4.0),
        ("client", "I’m tired & sad. It is <hard>.", 4.5, 7.0),
        ("clinician", "And sleep?", 7.0, 8.0),
        ("client", "Four hours a night.", 7.0, 8.0),
    ]


def test_what_a_transcriber_puts_in_brackets_is_no_speaker() -> None:
    turns = read_transcript("[doctor] How are you?\n[laughs] oh\n[patient] Tired.\n[long pause]\n")
    assert [(turn.role, turn.text) for turn in turns] == [
        ("clinician", "How are you? [laughs] oh"),
        ("client", "Tired. [long pause]"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "[00:00:01] Therapist: How do you sleep?\n[00:00:05] Client: Badly.\n",
        "**Therapist:** How do you sleep?\n**Client:** Badly.\n",
        "**Therapist**: How do you sleep?\n**Client**: Badly.\n",
        "Therapist  00:01\nHow do you sleep?\n\nClient  00:05\nBadly.\n",
        "Speaker 1 [00:01]\nHow do you sleep?\nSpeaker 2 [00:05]\nI sleep badly, I think, and I feel tired.\n",
        "[doctor]: How do you sleep?\n[patient]: Badly.\n",
    ],
)
def test_speakers_are_found_however_their_lines_are_marked(text: str) -> None:
    turns = read_transcript(text)
    assert [turn.role for turn in turns] == ["clinician", "client"]
    assert turns[0].text == "How do you sleep?"


def test_a_time_of_day_in_a_summary_makes_no_speaker() -> None:
    turns = read_transcript("Client was seen at 10:30\nMood low since 8:00\n")
    assert [(turn.role, turn.text) for turn in turns] == [
        ("clinician", "Client was seen at 10:30"),
        ("clinician", "Mood low since 8:00"),
    ]


@pytest.mark.parametrize("start", ["1e400", "-1", "true", '"soon"'])
def test_a_time_that_is_none_is_refused(start: str) -> None:
    with pytest.raises(UnreadableTranscript, match="no number of seconds"):
        read_transcript(f'[{{"role": "client", "text": "I sleep badly.", "start": {start}}}]')


def test_half_a_character_is_replaced_and_a_time_that_is_not_given_is_none() -> None:
    (turn,) = read_transcript('[{"role": "client", "text": "I sleep\\ud800 badly.", "start": null}]')
    assert (turn.text, turn.start) == ("I sleep? badly.", 0.0)


def test_json_that_is_nested_without_end_is_refused_in_a_sentence() -> None:
    with pytest.raises(UnreadableTranscript, match="nested too deeply"):
        read_transcript("[" * 200_000)
