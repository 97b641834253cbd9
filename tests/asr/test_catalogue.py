"""The models that go by a name."""

from __future__ import annotations

import json
import re

from asr.catalogue import CATALOGUE, EMBEDDERS, catalogued, pullable


def test_every_catalogue_entry_is_pinned_to_a_commit_and_a_checksum():
    assert {model.name for model in CATALOGUE} == {
        "tiny.en", "base.en", "small.en", "small", "medium.en", "distil-large-v3", "large-v3-turbo",
    }  # fmt: skip
    for model in CATALOGUE + EMBEDDERS:
        assert re.fullmatch(r"[0-9a-f]{40}", model.revision)
        assert re.fullmatch(r"[0-9a-f]{64}", model.weights_sha256)
    assert len({model.weights_sha256 for model in CATALOGUE}) == len(CATALOGUE)


def test_a_model_is_found_by_its_name_and_no_other():
    small = catalogued("small.en")

    assert small is not None
    assert small.repository == "Systran/faster-whisper-small.en"
    assert catalogued("small.EN") is None


def test_an_embedder_is_pulled_by_its_name_and_is_no_recogniser():
    (recommended,) = EMBEDDERS

    assert recommended.name == "wespeaker-resnet34-lm"
    assert pullable(recommended.name) is recommended
    assert catalogued(recommended.name) is None
    described = json.loads(recommended.described)
    assert (described["model"], described["name"]) == (recommended.weights, recommended.name)
    assert described["features"]["bands"] == 80
