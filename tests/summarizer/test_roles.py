"""Who is who, from how they talk."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from summarizer.roles import guess_roles, talk_of
from summarizer.types import Turn


def test_who_asks_is_the_clinician_and_who_suffers_the_client() -> None:
    found = guess_roles(
        [
            ("B", "so how have you been sleeping"),
            ("A", "i'm not sleeping and i feel awful and my job is a mess"),
            ("B", "tell me more about your job what happened"),
            ("A", "i missed a deadline and my boss yelled at me"),
        ]
    )
    assert (found["A"][0], found["B"][0]) == ("client", "clinician")


def test_confidence_is_a_share_and_grows_with_what_was_heard(
    session: Callable[[str], tuple[Turn, ...]],
) -> None:
    said = [(turn.role, turn.text) for turn in session("drinking")]
    short, long = guess_roles(said[:2]), guess_roles(said)
    assert 0.5 <= short["clinician"][1] < long["clinician"][1] <= 1.0


def test_a_third_who_speaks_of_the_client_is_family() -> None:
    found = guess_roles(
        [
            ("S0", "what brings you two in today and how have things been at home"),
            ("S1", "i feel sad all the time and i can't get out of bed and i don't want to go to school"),
            ("S2", "my daughter has been crying and she won't eat and she never leaves her room"),
            ("S0", "how long has this been going on can you tell me more"),
            ("S1", "i think since my birthday i felt really tired"),
            ("S2", "she gets angry when we ask"),
        ]
    )
    assert {speaker: role for speaker, (role, _) in found.items()} == {
        "S0": "clinician",
        "S1": "client",
        "S2": "family",
    }


def test_nobody_gives_nobody() -> None:
    assert guess_roles([]) == {}


def test_counts_are_of_sentences_and_words() -> None:
    talk = talk_of(["How are you? I'm fine."])
    assert (talk.sentences, talk.questions, talk.words) == (2, 1, 5)


@pytest.mark.data
def test_therapists_are_told_from_clients_in_recorded_demonstrations(therapy: list[tuple[Turn, ...]]) -> None:
    names = {"clinician": "B", "client": "A"}
    found = [guess_roles([(names[turn.role], turn.text) for turn in turns]) for turns in therapy]
    right = sum(guess["B"][0] == "clinician" and guess["A"][0] == "client" for guess in found)
    assert right / len(found) >= 0.95
