"""Consent as it is spoken: what is a yes, what may be a no, and what is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribe.sample import sample_truth
from scribe.session import SpeakerAssignment
from scribe.spoken_consent import FIRST_SECONDS, ConsentWatch, SpokenConsent, spoken_consents
from scribe.wire import TranscriptLine

WHO = {
    name: SpeakerAssignment(participant_id=person, confidence=1.0)
    for name, person in (("C", "cl"), ("P", "pt"), ("M", "mo"))
}
ROLES = {"C": "clinician", "P": "client", "M": "family"}


def said(*turns: tuple[str, str], at: float = 1.0) -> list[TranscriptLine]:
    return [
        TranscriptLine.model_validate(
            {
                "id": f"u{number}",
                "speaker": speaker,
                "role": ROLES[speaker],
                "start": at + 4 * number,
                "end": at + 4 * number + 3,
                "text": text,
                "words": (),
            }
        )
        for number, (speaker, text) in enumerate(turns, start=1)
    ]


def heard(*turns: tuple[str, str], at: float = 1.0) -> dict[str, bool]:
    return {one.participant_id: one.agreed for one in spoken_consents(said(*turns, at=at), WHO)}


ASKED = "Before we start, is it okay with you if I record our session so that the software can draft my note?"
MINDS = "Do you mind if I record this for my notes?"


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (ASKED, "Yes."),
        (ASKED, "Yeah, that's fine."),
        (ASKED, "Sure, go ahead."),
        (ASKED, "No problem."),
        (ASKED, "I don't mind."),
        (ASKED, "Okay, that's fine with me."),
        (MINDS, "No, not at all."),
        (MINDS, "No, go ahead."),
        (MINDS, "No."),
        ("I use an AI scribe that transcribes what we say. Are you comfortable with that?", "Yes, I am."),
        ("I'd like to record today. Is that alright?", "Of course."),
    ],
)
def test_a_plain_yes_to_the_question_is_evidence(question: str, answer: str) -> None:
    (found,) = spoken_consents(said(("C", "Hello."), ("P", "Hi."), ("C", question), ("P", answer)), WHO)
    assert (found.participant_id, found.agreed) == ("pt", True)
    assert found.words.utterance_ids == ("u3", "u4")
    assert found.words.text == f"clinician: {question}\nclient: {answer}"
    assert (found.words.start, found.words.end, found.words.confirmed) == (13.0, 20.0, False)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (ASKED, "No."),
        (ASKED, "No, I don't want to be recorded."),
        (ASKED, "I'd rather not."),
        (ASKED, "I would prefer not to be recorded."),
        (ASKED, "Yeah, actually I'm not comfortable with that."),
        (ASKED, "Please don't."),
        (ASKED, "Okay, but I don't want the computer to listen."),
        (MINDS, "Yes, I do mind."),
        (MINDS, "I'd prefer that you didn't."),
        (MINDS, "No, I don't want that recorded."),
    ],
)
def test_what_may_be_a_no_is_a_doubt_and_never_evidence(question: str, answer: str) -> None:
    assert heard(("C", question), ("P", answer)) == {"pt": False}


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (ASKED, "Well, I guess so."),
        (ASKED, "Yes, but only until we talk about my brother."),
        (ASKED, "What do you mean by software?"),
        (ASKED, "I slept badly."),
        (MINDS, "Yes."),
        ("How was your week?", "Yes."),
        ("I'd like to record this. How have you been?", "Yes, fine."),
        ("Is it okay if we begin with your sleep?", "Yes."),
        ("Did you record your moods this week?", "Yes, I did."),
    ],
)
def test_what_is_neither_is_left_to_whoever_was_there(question: str, answer: str) -> None:
    assert heard(("C", question), ("P", answer)) == {}


def test_everybody_answers_for_themselves() -> None:
    asked = (("C", ASKED), ("P", "Yes."), ("C", "And you?"), ("M", "No, I'd rather not."))
    assert heard(*asked) == {"pt": True, "mo": False}
    assert heard(("C", ASKED), ("P", "Yes."), ("C", "How was your week?"), ("M", "No.")) == {"pt": True}


def test_whoever_takes_a_yes_back_when_asked_again_is_heard() -> None:
    asked = (("C", ASKED), ("P", "Yes."), ("C", "So is it okay to record?"), ("P", "No, I don't want that."))
    assert heard(*asked) == {"pt": False}


def test_what_is_said_of_recordings_later_is_about_something_else() -> None:
    assert heard(("C", ASKED), ("P", "Yes."), at=FIRST_SECONDS) == {}


def test_only_a_clinician_asks() -> None:
    assert heard(("P", ASKED), ("M", "Yes.")) == {}


def test_the_sample_session_has_its_consent_found() -> None:
    lines = [
        TranscriptLine.model_validate(
            {
                "id": turn.id,
                "speaker": "C" if turn.role == "clinician" else "P",
                "role": turn.role,
                "start": turn.start,
                "end": turn.end,
                "text": turn.text,
                "words": (),
            }
        )
        for turn in sample_truth().turns
    ]
    (found,) = spoken_consents(lines, WHO)
    assert (found.participant_id, found.agreed, found.words.utterance_ids) == ("pt", True, ("t01", "t02"))


@given(
    st.lists(
        st.tuples(st.sampled_from("CPM"), st.sampled_from((ASKED, MINDS, "Yes.", "No.", "Hm."))), max_size=8
    )
)
def test_only_who_said_something_after_a_question_has_words_and_they_are_their_own(
    turns: list[tuple[str, str]],
) -> None:
    lines = said(*turns)
    by_id = {line.id: line for line in lines}
    for found in spoken_consents(lines, WHO):
        own = [by_id[name] for name in found.words.utterance_ids]
        assert own[0].role == "clinician"
        assert WHO[own[-1].speaker].participant_id == found.participant_id
        first = next(i for i, line in enumerate(own) if line.role != "clinician")
        assert {line.role for line in own[:first]} == {"clinician"}


def test_a_refusal_is_told_once_and_as_soon_as_it_is_heard() -> None:
    watch = ConsentWatch()
    told: list[tuple[SpokenConsent, ...]] = []
    for line in said(
        ("C", ASKED), ("P", "No, I don't want to be recorded."), ("C", "I see."), ("P", "Good.")
    ):
        told.append(watch.push((line,), WHO))
    assert [len(found) for found in told] == [0, 1, 0, 0]
    assert told[1][0].participant_id == "pt"
