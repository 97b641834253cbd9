"""Which words nobody said, by rule and with a small real model."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from asr.noises import KINDS, at_level, babble, noise
from asr.phantoms import phantom, voice_of
from asr.recognizer import Hypothesis, Request
from asr.types import Word
from asr.vad import VoiceActivityDetector, VoiceActivityModel
from asr.whisper import WhisperRecognizer
from scribe.sample import sample_audio, sample_truth

SHARED = Path(os.environ.get("SCRIBE_SHARED", Path(__file__).parents[2].parent / "shared"))
MODELS = Path(os.environ.get("SCRIBE_MODELS_DIR", SHARED / "models"))
SECOND = 16_000


@pytest.fixture(scope="module")
def recognizer() -> WhisperRecognizer:
    path = MODELS / "tiny.en-relearned"
    if not path.is_dir():
        pytest.skip(f"no model at {path}")
    return WhisperRecognizer(path, device="cpu", threads=1)


def heard(text: str, confidence: float, logprob: float = -0.3, no_speech: float = 0.0) -> Hypothesis:
    words = tuple(Word(word, 0.1 * k, 0.1 * k + 0.1, confidence) for k, word in enumerate(text.split()))
    return Hypothesis(words, logprob, no_speech)


@pytest.mark.parametrize(
    "text",
    [
        "Thanks for watching!",
        "Thank you so much for watching.",
        "Thank you for listening to our podcast.",
        "Please subscribe to my channel.",
        "Don't forget to like and subscribe",
        "Subtitles by the Amara.org community",
        "Captioned by SomeBody",
        "I'll see you in the next video.",
        "© Copyright 2019 All rights reserved",
    ],
)
def test_what_only_films_say_is_dropped_unless_it_is_heard_beyond_doubt(text):
    assert phantom(heard(text, 0.7), voice=0.95)
    assert phantom(heard(text, 0.95), voice=0.6)
    assert phantom(heard(text, 0.95, no_speech=0.7), voice=0.95)
    assert not phantom(heard(text, 0.95), voice=0.95)


@pytest.mark.parametrize(
    "text", ["Thank you.", "Thank you very much.", "Bye.", "You", "Okay.", "No.", "Yes."]
)
def test_what_clients_say_too_is_dropped_only_where_both_sides_are_weak(text):
    assert phantom(heard(text, 0.4), voice=0.6)
    assert phantom(heard(text, 0.9, no_speech=0.8), voice=0.6)
    assert not phantom(heard(text, 0.4), voice=0.9)
    assert not phantom(heard(text, 0.95), voice=0.6)


@pytest.mark.parametrize("text", ["Uh-uh.", "Uh -huh.", "Hmm.", "Mm -hmm."])
def test_a_sung_vowel_is_no_word_and_a_spoken_hum_is(text):
    assert phantom(heard(text, 0.85), voice=0.6)
    assert not phantom(heard(text, 0.85), voice=0.85)
    assert not phantom(heard(text, 0.98), voice=0.6)


@pytest.mark.parametrize(
    "text", ["[Music]", "(applause)", "♪", "♪ ♪", "*sighs*", "[Music] (laughter)", "...", "-"]
)
def test_sounds_that_are_described_are_no_words_however_sure(text):
    assert phantom(heard(text, 1.0, -0.1), voice=1.0)


def test_a_remark_among_words_is_left_to_the_words():
    assert not phantom(heard("[sighs] I could not sleep at all", 0.9), voice=0.9)


def test_words_of_which_the_recogniser_doubts_each_are_dropped_and_doubt_about_some_is_not():
    said = "it is just a lot of things that had been said"

    assert phantom(heard(said, 0.45, -1.0), voice=0.95)
    assert phantom(heard(said, 0.53, -0.85), voice=0.95)
    assert not phantom(heard(said, 0.6, -0.9), voice=0.95)
    assert not phantom(heard(said, 0.45, -0.4), voice=0.95)


def test_doubt_alone_does_not_take_a_short_answer():
    assert not phantom(heard("Hmm.", 0.03, -0.55), voice=0.94)
    assert not phantom(heard("Nope.", 0.45, -0.8), voice=0.9)
    assert phantom(heard("E.", 0.3, -0.44), voice=0.5)


def test_a_loop_is_dropped_and_emphasis_is_not():
    loop = "I do not know what " * 8

    assert phantom(heard(loop, 0.7), voice=0.9)
    assert not phantom(heard("No, no, no, no.", 0.95), voice=0.9)


def test_no_words_are_no_phantom_and_nothing_is_asked_of_a_recogniser_without_figures():
    assert not phantom(Hypothesis(()), voice=0.0)
    assert not phantom(heard("my sleep is better", 0.9, 0.0, 0.0), voice=0.7)


def test_voice_is_the_mean_over_windows_that_hold_speech():
    assert voice_of([0.1, 0.6, 0.8, 0.49]) == pytest.approx(0.7)
    assert voice_of([0.2, 0.3]) == 0.0
    assert voice_of([]) == 0.0


def kept(recognizer: WhisperRecognizer, audio: np.ndarray) -> list[str]:
    """The words left of what is heard in audio that is given to the model as if it were speech."""
    probabilities = VoiceActivityDetector(VoiceActivityModel()).push(audio)
    (hypothesis,) = recognizer.recognize([Request(audio, "final")])
    dropped = phantom(hypothesis, voice_of(probabilities))
    return [] if dropped else [word.text for word in hypothesis.words]


@pytest.mark.whisper
@pytest.mark.parametrize("kind", KINDS)
def test_no_noise_becomes_words_even_where_it_gets_past_the_gates(recognizer, kind):
    sound = at_level(noise(kind, 12.0, seed=1), -35.0)

    assert [word for at in (0, 6) for word in kept(recognizer, sound[at * SECOND : (at + 6) * SECOND])] == []


@pytest.mark.whisper
def test_voices_that_nobody_could_understand_become_no_words(recognizer):
    audio = sample_audio()
    # Two people, moved against themselves: sixteen voices at once.
    voices = [np.roll(audio[:, k % 2], k * 11 * SECOND) for k in range(16)]
    mixed = at_level(babble(voices, 40.0), -35.0)

    assert [
        word for at in (0, 20) for word in kept(recognizer, mixed[at * SECOND : (at + 20) * SECOND])
    ] == []


@pytest.mark.whisper
def test_no_turn_of_the_sample_is_taken_for_a_phantom(recognizer):
    audio, truth = sample_audio(), sample_truth()

    for turn in truth.turns:
        start, end = round((turn.start - 0.3) * SECOND), round((turn.end + 0.3) * SECOND)
        if end - start <= 28 * SECOND:
            assert kept(recognizer, np.ascontiguousarray(audio[max(0, start) : end, turn.channel])), turn.id
