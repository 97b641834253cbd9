"""The language of a channel: settled once it is sure, the same for a session that was cut."""

from __future__ import annotations

import numpy as np
import pytest

from asr.language import LanguageChoice
from asr.pipeline import Pipeline
from asr.recognizer import Hypothesis, Request
from asr.testing import SteadyEmbedder
from asr.types import SAMPLE_RATE, Word
from asr.vad import VoiceActivityModel
from scribe.sample import sample_audio


def test_a_sure_sentence_settles_it_and_a_word_does_not() -> None:
    choice = LanguageChoice()
    choice.learn("cy", 0.6, 0.8)
    assert choice.settled is None
    choice.learn("en", 0.95, 4.5)
    assert choice.settled == "en"
    choice.learn("cy", 1.0, 60.0)
    assert choice.settled == "en", "what is settled is not doubted again"


def test_what_was_asked_for_is_not_doubted() -> None:
    choice = LanguageChoice("es")
    choice.learn("en", 1.0, 60.0)
    assert choice.settled == "es"
    assert choice.heard == {}


def test_it_goes_on_from_what_was_heard() -> None:
    before = LanguageChoice()
    before.learn("en", 1.0, 2.5)
    after = LanguageChoice(heard=before.heard)
    after.learn("en", 1.0, 2.0)
    assert after.settled == "en"


class Bilingual:
    """Takes the first channel for English and the second for Spanish, by how loud it is, and says what was asked."""

    def __init__(self) -> None:
        self.asked: list[str | None] = []

    def hear(self, request: Request) -> Hypothesis:
        self.asked.append(request.language)
        language = request.language or ("en" if float(np.abs(request.audio).max()) > 0.1 else "es")
        words = (Word(language, 0.0, len(request.audio) / SAMPLE_RATE, 0.9),)
        return Hypothesis(words, -0.1, 0.0, language, 0.9)


def finals(pipe: Pipeline, recognizer: Bilingual, audio: np.ndarray, *, one_by_one: bool) -> list[str]:
    """The language of each final in order of time; jobs are asked for one by one, or as many as there are."""
    said: list[tuple[float, str]] = []

    def work() -> None:
        while True:
            jobs = []
            while (job := pipe.next_job()) is not None:
                jobs.append(job)
                if one_by_one:
                    break
            if not jobs:
                return
            for job in jobs:
                for event in pipe.deliver(job, job.known or recognizer.hear(job.request)):
                    if getattr(event, "is_final", False):
                        said.append((event.start, f"{event.channel} {event.text}"))

    for start in range(0, len(audio), SAMPLE_RATE):
        pipe.push(audio[start : start + SAMPLE_RATE].copy())
        work()
    pipe.flush()
    work()
    return [text for _, text in sorted(said)]


@pytest.fixture(scope="module")
def bilingual() -> np.ndarray:
    """40 s of the sample; its second channel so quiet that it is taken for Spanish."""
    audio = sample_audio(40)
    audio[:, 1] *= 0.1
    return audio


def pipeline(**options: object) -> Pipeline:
    return Pipeline(channels=2, vad=VoiceActivityModel(), embedder=SteadyEmbedder(), **options)  # type: ignore[arg-type]


def test_each_channel_finds_its_own_language_and_then_asks_for_it(bilingual: np.ndarray) -> None:
    recognizer = Bilingual()
    said = finals(pipeline(language=None), recognizer, bilingual, one_by_one=True)

    assert {text for text in said if text.startswith("0")} == {"0 en"}
    assert {text for text in said if text.startswith("1")} == {"1 es"}
    assert recognizer.asked[0] is None
    assert set(recognizer.asked[-3:]) <= {"en", "es"}


def test_the_language_does_not_depend_on_how_many_jobs_are_taken_at_once(bilingual: np.ndarray) -> None:
    slow, fast = Bilingual(), Bilingual()
    assert finals(pipeline(language=None), slow, bilingual, one_by_one=True) == finals(
        pipeline(language=None), fast, bilingual, one_by_one=False
    )


def test_a_resumed_session_knows_the_language(bilingual: np.ndarray) -> None:
    first = pipeline(language=None)
    finals(first, Bilingual(), bilingual[: 30 * SAMPLE_RATE], one_by_one=True)
    checkpoint = first.checkpoint()

    second = pipeline(language=None, checkpoint=checkpoint)
    recognizer = Bilingual()
    finals(second, recognizer, bilingual[checkpoint.position :], one_by_one=True)

    assert recognizer.asked
    assert None not in recognizer.asked
