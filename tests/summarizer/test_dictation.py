"""A clinician's own summary, sorted and not rewritten."""

from __future__ import annotations

import pytest

from summarizer.facts import extract_facts
from summarizer.transcript import read_transcript

SUMMARY = """Client reports poor sleep and low mood since the divorce.
Client denies suicidal ideation.
Therapist used cognitive restructuring around thoughts of failure.
Client was receptive and engaged.
Plan: continue weekly sessions. Client will keep a sleep log.
Next session: Thursday at 4."""


def test_every_sentence_of_a_summary_becomes_one_fact() -> None:
    facts = extract_facts(read_transcript(SUMMARY))
    kinds = [fact.kind for fact in sorted(facts, key=lambda fact: int(fact.evidence[0].turn[1:]))]
    assert kinds == ["sleep", "risk", "intervention", "client_response", "plan", "plan", "next_appointment"]


def test_headings_are_cut_off_and_decide_where_their_sentences_stand() -> None:
    plans = [fact.text for fact in extract_facts(read_transcript(SUMMARY)) if fact.kind == "plan"]
    assert plans == ["continue weekly sessions.", "Client will keep a sleep log."]


@pytest.mark.parametrize(
    ("sentence", "kind", "aspect"),
    [
        ("She did not do the journaling homework.", "homework", "done"),
        ("Client completed the thought record on four days.", "homework", "done"),
        ("She continues on Zoloft 100 mg and sleeps better.", "medication", "psychiatric"),
        ("Follow up Thursday.", "next_appointment", ""),
        ("Homework is to keep a sleep log.", "plan", ""),
    ],
)
def test_a_sentence_stands_where_a_note_has_it(sentence: str, kind: str, aspect: str) -> None:
    (fact,) = extract_facts(read_transcript(f"{sentence}"))
    assert fact.kind == kind
    assert dict(fact.attributes).get("aspect", "") == aspect


def test_dictated_facts_are_the_clinicians() -> None:
    assert {fact.role for fact in extract_facts(read_transcript(SUMMARY))} == {"clinician"}
