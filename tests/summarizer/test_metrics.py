"""Figures with answers that can be worked out by hand."""

from __future__ import annotations

import asyncio
import math

from summarizer.extractive import ExtractiveEngine
from summarizer.metrics import (
    claim_recall,
    claims,
    grounding_of,
    idf,
    is_recalled,
    recalled,
    sentence_recall,
    statements_of,
)
from summarizer.summarize import summarize
from summarizer.templates import load_template
from summarizer.types import Draft, EngineInfo, NoteBody, Section, Span, Statement, Turn


def test_claims_are_sentences_cut_where_clauses_join_and_headings_are_none() -> None:
    note = (
        "CHIEF COMPLAINT\n\nAnkle pain and swelling. The patient smokes daily, but he denies "
        "drinking alcohol."
    )
    assert claims(note) == (
        "Ankle pain and swelling.",
        "The patient smokes daily",
        "he denies drinking alcohol.",
    )


def test_a_word_of_every_document_weighs_least() -> None:
    weights = idf(["ankle pain", "knee pain"])
    assert math.isclose(weights["pain"], 1.0)
    assert weights["pain"] < weights["ankl"]


def test_a_claim_is_recalled_across_two_neighbouring_sentences_and_not_three() -> None:
    claim = "ankle swelling yesterday playing soccer"
    assert is_recalled(claim, ["Ankle swelling.", "Playing soccer yesterday."], {})
    assert not is_recalled(claim, ["Ankle.", "Rest.", "Playing soccer yesterday."], {})


def test_recall_counts_claims() -> None:
    body = NoteBody(
        "soap", (Section("S", "S", "drafted", (Statement("s-1", "Client reports ankle swelling.", ()),)),)
    )
    assert claim_recall("Ankle swelling. Chronic migraine headaches.", body, {}) == (1, 2)


def test_recall_is_the_same_for_sentences_that_are_no_note() -> None:
    body = NoteBody(
        "soap", (Section("S", "S", "drafted", (Statement("s-1", "Client reports ankle swelling.", ()),)),)
    )
    reference = "Ankle swelling. Chronic migraine headaches."
    assert statements_of(body) == ["Client reports ankle swelling."]
    assert sentence_recall(reference, statements_of(body), {}) == claim_recall(reference, body, {}) == (1, 2)
    assert sentence_recall(reference, [], {}) == (0, 2)


def test_a_rare_word_decides_whether_a_claim_is_recalled() -> None:
    weights = {"ankl": 8.0, "pain": 1.0}
    assert recalled(["ankle pain"], ["Ankle."], weights) == (True,)
    assert recalled(["ankle pain"], ["Pain."], weights) == (False,)


def test_faults_are_counted_from_the_transcript() -> None:
    turns = (Turn("a", "client", "I sleep four hours."),)
    span = (Span("a", 0, 19),)
    statements = (
        Statement("plan-1", "Client denies sleeping 5 hours.", span),
        Statement("plan-2", 'Client states, "I sleep six hours."', span),
    )
    body = NoteBody("soap", (Section("PLAN", "P", "drafted", statements),))
    found = grounding_of(Draft(body, (), (), (), EngineInfo("x", "x", "x")), turns)
    assert (found.statements, found.numbers, found.numbers_grounded) == (2, 2, 0)
    assert (found.quotes, found.inexact_quotes) == (1, 1)
    assert (found.denials, found.denials_without_question, found.plan_without_source) == (1, 1, 2)


def test_a_draft_of_the_extractive_engine_has_none() -> None:
    turns = (
        Turn("1", "clinician", "How have you been sleeping since we last met in March?"),
        Turn("2", "client", "I sleep about four hours a night and I drink two beers before bed."),
        Turn("3", "clinician", "Do you smoke?"),
        Turn("4", "client", "No."),
    )
    draft = asyncio.run(summarize(turns, template=load_template("soap"), engine=ExtractiveEngine()))
    found = grounding_of(draft, turns)
    assert found.statements >= 3
    assert found.numbers == found.numbers_grounded == 2
    assert found.denials == 1
    assert found.denials_without_question == 0
