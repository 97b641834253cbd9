"""The verifier: what it must tell apart, on sentences that no data set holds."""

from __future__ import annotations

import time

import pytest

from summarizer.types import Role, Turn
from summarizer.verifier import FILE, WEAK_BELOW, Model, Verifier
from summarizer.verifier_features import NAMES, RISING, Heard, features

Said = list[tuple[Role, str]]

MEDICATION: Said = [
    ("clinician", "What are you taking now?"),
    ("client", "I take forty milligrams of fluoxetine every morning."),
    ("client", "My sister reminds me, I might be getting used to it."),
]
ANSWERED: Said = [
    ("clinician", "Any trouble breathing or chest pain?"),
    ("client", "No."),
    ("clinician", "And do you still get headaches?"),
    ("client", "Yeah, most evenings."),
]


@pytest.mark.parametrize(
    ("said", "true", "false"),
    [
        (
            MEDICATION,
            "Client takes fluoxetine 40 mg every morning.",
            "Client takes fluoxetine 60 mg every morning.",
        ),
        (
            MEDICATION,
            "Client takes fluoxetine 40 mg every morning.",
            "Client takes sertraline 40 mg every morning.",
        ),
        (
            MEDICATION,
            "Client takes fluoxetine every morning.",
            "Client does not take fluoxetine every morning.",
        ),
        (
            MEDICATION,
            "Client takes fluoxetine every morning.",
            "The clinician takes fluoxetine every morning.",
        ),
        (MEDICATION, "Client's sister reminds them.", "Client's brother reminds them."),
        (MEDICATION, "Client might be getting used to it.", "Client is definitely getting used to it."),
        (MEDICATION, "Client takes fluoxetine every morning.", "Client is afraid of losing the flat."),
        (ANSWERED, "Client denies chest pain.", "Client reports chest pain."),
        (ANSWERED, "Client reports headaches most evenings.", "Client denies headaches."),
        (ANSWERED, "Client denies chest pain.", "Client denies headaches."),
    ],
)
def test_what_was_said_scores_above_what_was_changed(said: Said, true: str, false: str) -> None:
    verifier = Verifier.load()
    assert verifier.score(true, said) > verifier.score(false, said) + 0.1
    assert verifier.score(false, said) < 0.5


def test_faithful_statements_are_not_doubted_and_foreign_ones_are() -> None:
    verifier = Verifier.load()
    said = [("client", "I've been sleeping badly since March, and I worry about work.")]
    assert verifier.score("Client reports sleeping badly since March.", said) >= WEAK_BELOW
    assert verifier.score("Client reports a quarrel with a neighbour over a fence.", said) < WEAK_BELOW


def test_an_answer_named_before_its_question_still_answers_it() -> None:
    verifier = Verifier.load()
    asked, answered = ("clinician", "Do you smoke?"), ("client", "No.")
    assert verifier.score("Client denies smoking.", [answered, asked]) > 0.5
    assert verifier.score("Client smokes.", [answered, asked]) < 0.5


def test_a_whole_transcript_serves_as_evidence() -> None:
    turns = [Turn(f"t{i}", role, text) for i, (role, text) in enumerate((*ANSWERED, *MEDICATION))]
    verifier = Verifier.load()
    assert verifier.score_in("Client reports headaches most evenings.", turns) > verifier.score_in(
        "Client reports migraine with vomiting.", turns
    )


def test_a_text_without_a_speaker_serves_as_evidence() -> None:
    score = Verifier.load().score("Client takes fluoxetine.", "I take fluoxetine in the morning.")
    assert score > Verifier.load().score("Client takes lithium.", "I take fluoxetine in the morning.")


def test_the_same_words_give_the_same_score_and_every_score_is_a_probability() -> None:
    verifier = Verifier.load()
    for text in ("", "Client.", "No.", '"', "12", "é" * 50, "Client reports " + "and so on " * 200):
        for said in ([], [("client", "")], ANSWERED):
            score = verifier.score(text, said)
            assert 0.0 <= score <= 1.0
            assert score == verifier.score(text, said)


def test_no_figure_counts_against_the_direction_it_was_given() -> None:
    model = Model.read(FILE)
    row = features("Client takes fluoxetine 40 mg every morning.", Heard(MEDICATION), model.lexicon)
    for i, direction in enumerate(RISING):
        steps = [
            model.probability([*row[:i], value, *row[i + 1 :]]) for value in (0.0, 0.3, 0.7, 1.0, 2.0, 5.0)
        ]
        if direction:
            assert steps == sorted(steps, reverse=direction < 0), NAMES[i]


def test_a_model_of_other_figures_is_refused(tmp_path: object) -> None:
    path = FILE.parent / "verifier.json"
    text = path.read_text("utf-8").replace('"line_cover"', '"another"')
    other = type(path)(str(tmp_path)) / "verifier.json"
    other.write_text(text, "utf-8")
    with pytest.raises(ValueError, match="train it anew"):
        Model.read(other)


def test_a_statement_is_judged_in_a_fraction_of_a_millisecond_and_a_half() -> None:
    verifier = Verifier.load()
    verifier.score("Client takes fluoxetine.", MEDICATION)
    began = time.process_time()
    for i in range(200):
        verifier.score(f"Client takes fluoxetine {i} mg every morning.", MEDICATION)
    assert time.process_time() - began < 0.3 * 3  # 0.3 s are usual; shared machines are slow
