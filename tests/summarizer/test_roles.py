"""Who is who, from how they talk."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from summarizer.role_evidence import Evidence
from summarizer.roles import MOST_SURE, STAYS, SURE, evidence_of, guess_roles, match_roles
from summarizer.types import Role, Turn

INTERPRETED = [
    ("S0", "Hello, what brings you in today?"),
    ("S1", "Hola, ¿qué le trae por aquí hoy?"),
    ("S2", "No puedo dormir desde que murió mi hermano."),
    ("S1", "She says she cannot sleep since her brother died."),
    ("S0", "I'm so sorry. When did he die?"),
    ("S1", "Lo siente mucho. ¿Cuándo murió él?"),
    ("S2", "Hace tres semanas, en un accidente."),
    ("S1", "She says three weeks ago, in an accident."),
]
ALL: dict[Role, int] = {"clinician": 1, "client": 1, "family": 1, "interpreter": 1}


def weighed(clinician: float, client: float, words: int = 100) -> Evidence:
    return Evidence({"clinician": clinician, "client": client, "family": -9.0, "other": -9.0}, words)


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
    hello = guess_roles([("clinician", "Hello there."), ("client", "Hello.")])["clinician"][1]
    assert 0.5 <= hello < 0.8 < guess_roles(said)["clinician"][1] <= MOST_SURE


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


def test_who_renders_both_sides_is_the_interpreter() -> None:
    found = match_roles(evidence_of(INTERPRETED), ALL)
    assert {speaker: role for speaker, (role, _) in found.items()} == {
        "S0": "clinician",
        "S1": "interpreter",
        "S2": "client",
    }


def test_all_are_matched_together_and_not_one_after_the_other() -> None:
    # Alone each of them is likeliest the clinician; together A must be, for B would be the better client.
    found = match_roles({"B": weighed(3.0, 2.0), "A": weighed(2.5, -3.0)}, {"clinician": 1, "client": 1})
    assert {speaker: role for speaker, (role, _) in found.items()} == {"A": "clinician", "B": "client"}


def test_a_confidence_is_the_share_of_all_matchings() -> None:
    # Two matchings: 1 + 0 against 0 + 0, so the odds are e to one.
    found = match_roles({"A": weighed(1.0, 0.0), "B": weighed(0.0, 0.0)}, {"clinician": 1, "client": 1})
    assert found["A"] == ("clinician", 0.731)
    assert found["B"] == ("client", 0.731)


def test_the_only_place_that_is_left_is_taken_but_never_for_certain() -> None:
    assert match_roles({"A": weighed(5.0, -5.0)}, {"client": 1}) == {"A": ("client", MOST_SURE)}


def test_a_voice_too_many_that_says_little_is_left_open() -> None:
    found = match_roles(
        {"A": weighed(2.0, -2.0), "ghost": weighed(0.1, 0.1, 4), "B": weighed(-2.0, 2.0)},
        {"clinician": 1, "client": 1},
    )
    assert {speaker: role for speaker, (role, _) in found.items()} == {"A": "clinician", "B": "client"}


def test_a_role_that_was_told_changes_only_for_a_clearly_better_one() -> None:
    places: dict[Role, int] = {"clinician": 1, "client": 1}
    before: dict[str, Role] = {"A": "client", "B": "clinician"}
    for gap, role in ((STAYS, "client"), (5 * STAYS, "clinician")):
        evidence = {"A": weighed(gap, 0.0), "B": weighed(0.0, 0.0)}
        assert match_roles(evidence, places)["A"][0] == "clinician"
        assert match_roles(evidence, places, before)["A"][0] == role


def test_a_role_held_against_the_evidence_says_that_it_is_unlikely() -> None:
    evidence = {"A": weighed(STAYS, 0.0), "B": weighed(0.0, 0.0)}
    found = match_roles(evidence, {"clinician": 1, "client": 1}, {"A": "client", "B": "clinician"})
    assert found["A"][1] < 0.5


def test_whoever_says_nothing_that_can_be_read_still_has_a_place() -> None:
    found = match_roles(
        evidence_of([("A", "How are you feeling? What happened then?"), ("B", "мне плохо")]),
        {"clinician": 1, "client": 1},
    )
    assert (found["A"][0], found["B"][0]) == ("clinician", "client")


@pytest.mark.data
def test_therapists_are_told_from_clients_in_recorded_demonstrations(therapy: list[tuple[Turn, ...]]) -> None:
    names = {"clinician": "B", "client": "A"}
    found = [guess_roles([(names[turn.role], turn.text) for turn in turns]) for turns in therapy]
    right = [guess["B"][0] == "clinician" and guess["A"][0] == "client" for guess in found]
    assert sum(right) / len(right) >= 0.97
    sure = [is_right for is_right, guess in zip(right, found, strict=True) if guess["B"][1] >= SURE]
    assert len(sure) > 0.9 * len(found)
    assert sum(sure) / len(sure) >= 0.99


@pytest.mark.data
def test_what_is_sure_after_a_minute_is_right(therapy: list[tuple[Turn, ...]]) -> None:
    found = []
    for turns in therapy:
        heard, words = [], 0
        for turn in turns:
            words += len(turn.text.split())
            heard.append((turn.role, turn.text))
            if words > 130:
                break
        guess = guess_roles(heard)
        found.append((guess["clinician"][0] == "clinician", guess["clinician"][1] >= SURE))
    sure = [is_right for is_right, is_sure in found if is_sure]
    assert len(sure) >= 40
    assert all(sure)
