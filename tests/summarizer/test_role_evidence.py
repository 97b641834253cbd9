"""What speaks for each role, and the file of weights."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from summarizer.role_evidence import FILE, RoleModel, features, shipped_model
from summarizer.talk import read_turn


def evidence(*texts: str) -> dict[str, float]:
    said = [sentence for text in texts for sentence in read_turn(text)]
    return dict(shipped_model().evidence(said).scores)


def test_asking_speaks_for_the_clinician_and_suffering_for_the_client() -> None:
    asked = evidence("How long have you had this? Tell me more about your week.")
    suffered = evidence("I feel terrible. I can't sleep and my chest hurts.")
    assert asked["clinician"] > asked["client"]
    assert suffered["client"] > suffered["clinician"]


def test_telling_of_somebody_else_speaks_for_family() -> None:
    told = evidence("He's been crying at night.", "She said he never eats, and we're worried about him.")
    assert told["family"] > max(told["client"], told["clinician"])


def test_more_sentences_of_one_kind_make_it_surer_and_not_without_end() -> None:
    gaps = []
    for count in (1, 4, 16, 64, 256):
        found = evidence(*["Do you have any questions for me?"] * count)
        gaps.append(found["clinician"] - found["client"])
    assert gaps == sorted(gaps)
    assert gaps[-1] - gaps[-2] < gaps[1] - gaps[0]


def test_saying_nothing_speaks_for_nobody() -> None:
    assert shipped_model().evidence([]).scores["clinician"] == 0


def test_features_are_words_pairs_the_first_word_and_cues() -> None:
    assert features(read_turn("Do you sleep?")[0]) == {
        *("do", "you", "sleep", "do you", "you sleep", "^do"),
        *("<asks>", "<short>"),
    }


def test_the_shipped_file_holds_everyday_words_alone() -> None:
    names = json.loads(FILE.read_text("utf-8"))["weights"]
    assert len(names) > 1000
    assert all(len(name.split()) <= 2 for name in names)
    words = {word for name in names if not name.startswith("<") for word in name.lstrip("^").split()}
    assert not words & {"pain", "cancer", "blood", "martha", "doctor", "alcohol", "depression", "insulin"}
    assert not any(character.isdigit() for word in words for character in word)


def test_weights_for_other_roles_are_refused(tmp_path: Path) -> None:
    given = json.loads(FILE.read_text("utf-8")) | {"roles": ["doctor", "patient"]}
    (tmp_path / "roles.json").write_text(json.dumps(given), "utf-8")
    with pytest.raises(ValueError, match="knows other roles than the code; train it anew"):
        RoleModel.read(tmp_path / "roles.json")
