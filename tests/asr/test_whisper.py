"""The Whisper recogniser, with a small real model on real speech."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from asr.decoder import decode
from asr.errors import ModelNotFound, ModelUnusable
from asr.recognizer import Request
from asr.types import Word
from asr.whisper import WhisperRecognizer, _complete, _loop, _without_loop

SHARED = Path(os.environ.get("SCRIBE_SHARED", Path(__file__).parents[2].parent / "shared"))
MODELS = Path(os.environ.get("SCRIBE_MODELS_DIR", SHARED / "models"))
SPEECH = SHARED / "data" / "speech"
JFK = (
    "And so my fellow Americans ask not what your country can do for you ask what you can do for your country"
)
JFK_WORDS = JFK.lower().split()
TERMS = ("Sertraline", "Zoloft")


@pytest.fixture(scope="module")
def recognizer() -> WhisperRecognizer:
    path = MODELS / "tiny.en-relearned"
    if not path.is_dir():
        pytest.skip(f"no model at {path}")
    return WhisperRecognizer(path, device="cpu", threads=2)


def load(path: Path) -> np.ndarray:
    if not path.exists():
        pytest.skip(f"{path} is absent")
    with path.open("rb") as file:
        return np.concatenate(list(decode(file).blocks))[:, 0].copy()


@pytest.fixture(scope="module")
def jfk() -> np.ndarray:
    return load(SPEECH / "jfk.flac")


def normal(words) -> list[str]:
    return [re.sub(r"[^a-z']", "", word.text.lower()) for word in words]


def errors(expected: list[str], heard: list[str]) -> int:
    """Words to change, add or drop (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for i, one in enumerate(expected, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (one != other))
    return row[-1]


@pytest.mark.whisper
@pytest.mark.parametrize("kind", ["final", "partial"])
def test_a_speech_is_heard_with_at_most_two_words_wrong(recognizer, jfk, kind):
    (hypothesis,) = recognizer.recognize([Request(jfk, kind)])

    assert errors(JFK_WORDS, normal(hypothesis.words)) <= 2
    assert -1.0 < hypothesis.avg_logprob < 0.0


@pytest.mark.whisper
def test_words_lie_where_they_were_spoken(recognizer, jfk):
    (hypothesis,) = recognizer.recognize([Request(jfk, "final")])
    words = dict(zip(normal(hypothesis.words), hypothesis.words, strict=True))

    # Heard and read off the waveform: "not" after 4 s, "country" (the last) from 10.1 s.
    assert words["not"].start == pytest.approx(4.2, abs=0.25)
    assert words["country"].start == pytest.approx(10.1, abs=0.25)
    assert all(0 <= word.start <= word.end <= len(jfk) / 16_000 for word in hypothesis.words)
    assert [w.start for w in hypothesis.words] == sorted(w.start for w in hypothesis.words)
    assert all(0 <= word.probability <= 1 and word.text == word.text.strip() for word in hypothesis.words)


@pytest.mark.whisper
def test_the_same_request_gives_the_same_hypothesis_whatever_was_asked_between(recognizer, jfk):
    request = Request(jfk[: 5 * 16_000], "final")
    first = recognizer.recognize([request])[0]
    other = Request(jfk[5 * 16_000 :], "partial", ("Kennedy",))

    assert recognizer.recognize([other, request, request])[1:] == [first, first]


@pytest.mark.whisper
def test_a_short_window_hears_what_the_full_window_hears(recognizer, jfk):
    full = WhisperRecognizer(MODELS / "tiny.en-relearned", device="cpu", threads=2, short_windows=False)
    short_errors = full_errors = 0
    for clip in sorted((SPEECH / "ljspeech").glob("LJ*.*"))[:3]:
        audio = load(clip)
        expected = dict(
            line.split("\t") for line in (SPEECH / "ljspeech" / "transcripts.tsv").read_text().splitlines()
        )[clip.stem]
        truth = [re.sub(r"[^a-z']", "", word) for word in expected.lower().split()]
        short_errors += errors(truth, normal(recognizer.recognize([Request(audio, "final")])[0].words))
        full_errors += errors(truth, normal(full.recognize([Request(audio, "final")])[0].words))

    assert short_errors <= full_errors + 3


@pytest.mark.whisper
def test_silence_and_noise_and_nothing_have_no_words_or_doubtful_ones(recognizer):
    rng = np.random.default_rng(1)
    silence = np.zeros(3 * 16_000, dtype=np.float32)
    hiss = (rng.standard_normal(3 * 16_000) * 0.001).astype(np.float32)

    hypotheses = recognizer.recognize([Request(audio, "final") for audio in (silence, hiss, silence[:0])])

    for hypothesis in hypotheses:
        assert len(hypothesis.words) <= 3, "no long invention"
    assert hypotheses[2].words == ()


@pytest.mark.whisper
def test_twenty_eight_seconds_are_heard_to_the_end(recognizer):
    clips = [load(path) for path in sorted((SPEECH / "ljspeech").glob("LJ*.*"))[:8]]
    audio = np.concatenate(clips)[: 28 * 16_000]

    (hypothesis,) = recognizer.recognize([Request(audio, "final")])

    assert len(audio) == 28 * 16_000
    assert 55 < len(hypothesis.words) < 100, "her pace is 2.7 words a second"
    assert 27.0 < hypothesis.words[-1].end <= 28.0


@pytest.mark.whisper
def test_a_vocabulary_changes_nothing_unless_it_is_put_into_the_prompt(recognizer, jfk):
    plain, listed = recognizer.recognize([Request(jfk, "final"), Request(jfk, "final", TERMS)])

    assert listed == plain


@pytest.mark.whisper
def test_a_vocabulary_in_the_prompt_is_heeded_and_does_not_enter_the_words_by_itself(recognizer, jfk):
    prompting = WhisperRecognizer(
        MODELS / "tiny.en-relearned", device="cpu", threads=1, prompt_vocabulary=True
    )
    plain, prompted = prompting.recognize([Request(jfk, "final"), Request(jfk, "final", TERMS)])

    assert plain.words == recognizer.recognize([Request(jfk, "final")])[0].words
    assert prompted.avg_logprob != plain.avg_logprob, "the decoder was given another prompt"
    assert not {"sertraline", "zoloft"} & set(normal(prompted.words))
    assert errors(normal(plain.words), normal(prompted.words)) <= 4


@pytest.mark.whisper
def test_a_language_that_the_model_does_not_know_is_refused(recognizer, jfk):
    with pytest.raises(ModelUnusable, match="'de'"):
        recognizer.recognize([replace(Request(jfk, "final"), language="de")])


@pytest.mark.whisper
def test_it_says_what_it_is(recognizer):
    info = recognizer.info

    assert (info.engine, info.model, info.device, info.weak) == (
        "whisper",
        "tiny.en-relearned",
        "cpu int8",
        False,
    )
    assert re.fullmatch(r"faster-whisper [\d.]+, ctranslate2 [\d.]+", info.version)


def test_a_folder_that_is_missing_incomplete_or_broken_is_refused(tmp_path):
    with pytest.raises(ModelNotFound, match="scribe models pull"):
        WhisperRecognizer(tmp_path / "none")
    with pytest.raises(ModelUnusable, match="not all of them"):
        WhisperRecognizer(tmp_path)
    for name in ("model.bin", "config.json", "tokenizer.json"):
        (tmp_path / name).write_bytes(b"{}")
    with pytest.raises(ModelUnusable, match="does not load"):
        WhisperRecognizer(tmp_path, device="cpu")


def test_a_phrase_repeated_without_end_is_a_loop_and_emphasis_is_none():
    assert _loop(["no", "no", "no", "no"]) is None
    assert _loop(["I", "do", "not", "know", "I", "do", "not", "know", "I", "do", "not", "know"]) is None
    assert _loop(("so " * 8).split()) == 1
    assert _loop(["well", "thank", "you", "thank", "you", "thank", "you", "thank", "you"]) == 3
    assert _loop([]) is None


def test_the_words_after_a_loop_are_dropped_and_its_first_round_is_kept():
    words = [
        Word(text, index, index + 1.0, 0.5)
        for index, text in enumerate(
            ["and", "then", "I", "go", "I", "go", "i", "go", "I", "go", "I", "go", "on"]
        )
    ]

    assert [word.text for word in _without_loop(words)] == ["and", "then", "I", "go"]
    assert _without_loop(words[:6]) == words[:6]


BEGIN = 1_000  # the token of timestamp 0.00; each later one is 20 ms more


@pytest.mark.parametrize(
    ("tokens", "kept", "samples"),
    [
        ([BEGIN, 5, 6, BEGIN + 100], [BEGIN, 5, 6, BEGIN + 100], 32_000),
        ([BEGIN, 5, BEGIN + 50, BEGIN + 60, 6], [BEGIN, 5, BEGIN + 50], 19_200),
        (
            [BEGIN, 5, BEGIN + 50, BEGIN + 60, 6, BEGIN + 90],
            [BEGIN, 5, BEGIN + 50, BEGIN + 60, 6, BEGIN + 90],
            28_800,
        ),
        ([BEGIN, 5, 6], [BEGIN, 5, 6], 48_000),
        ([5, 6], [5, 6], 48_000),
        ([], [], 48_000),
        ([BEGIN, 5, BEGIN + 1_000], [BEGIN, 5, BEGIN + 1_000], 48_000),
    ],
)
def test_what_a_window_finished_is_told_by_its_timestamps(tokens, kept, samples):
    assert _complete(tokens, BEGIN, 48_000) == (kept, samples)
