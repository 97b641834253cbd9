"""Facts of the client's side, assessment in three values, stable ids."""

from __future__ import annotations

from collections.abc import Callable
from time import process_time

import pytest

from summarizer.facts import extract_facts, risk_statements
from summarizer.types import Fact, Turn

Talk = Callable[[str], tuple[Turn, ...]]
Session = Callable[[str], tuple[Turn, ...]]


def clients(turns: tuple[Turn, ...]) -> list[Fact]:
    return [fact for fact in extract_facts(turns) if fact.role == "client"]


def test_asked_and_answered_by_no_is_assessed_and_negative(talk: Talk) -> None:
    (fact,) = clients(talk("T: Do you smoke?\nC: No."))
    assert (fact.kind, fact.polarity, fact.assessed) == ("substance_use", "negated", True)
    assert [span.turn for span in fact.evidence] == ["t2", "t1"]


def test_asked_and_answered_by_yes_is_assessed_and_positive(talk: Talk) -> None:
    (fact,) = clients(talk("T: Are you taking your medication?\nC: Yes."))
    assert (fact.kind, fact.polarity, fact.assessed) == ("medication", "affirmed", True)


def test_what_nobody_spoke_of_is_not_assessed_because_there_is_no_fact(talk: Talk) -> None:
    assert "sleep" not in {fact.kind for fact in extract_facts(talk("T: Do you smoke?\nC: No."))}


def test_what_is_told_unasked_is_not_assessed(talk: Talk) -> None:
    (fact,) = clients(talk("C: I don't sleep well."))
    assert (fact.kind, fact.polarity, fact.assessed) == ("sleep", "negated", False)


def test_questions_greetings_and_back_channels_make_no_facts(talk: Talk) -> None:
    turns = talk(
        "T: Hi, how are you?\nC: Fine, thanks.\nT: Nice weather today.\nC: Mm-hmm.\nC: Is this the "
        "right room?"
    )
    assert extract_facts(turns) == ()


def test_the_first_answer_to_why_is_the_reason(talk: Talk) -> None:
    facts = clients(talk("T: What brings you in today?\nC: I've been having panic attacks at work."))
    assert [(fact.kind, dict(fact.attributes)["aspect"]) for fact in facts] == [("observation", "reason")]


def test_a_leading_he_is_tied_to_the_person_named_before(talk: Talk) -> None:
    facts = clients(talk("C: My husband lost his job last week. He yells at the kids when he drinks."))
    tied = [fact for fact in facts if dict(fact.attributes).get("antecedent")]
    assert [dict(fact.attributes)["antecedent"] for fact in tied] == ["my husband"]
    assert len(tied[0].evidence) == 2


def test_a_fact_repeats_the_words_its_first_span_points_at(session: Session) -> None:
    for name in ("panic", "risk", "drinking"):
        turns = session(name)
        texts = {turn.id: turn.text for turn in turns}
        for fact in extract_facts(turns):
            span = fact.evidence[0]
            assert texts[span.turn][span.start : span.end] == fact.text


def test_ids_are_unique_and_depend_on_place_alone(session: Session) -> None:
    turns = session("panic")
    facts = extract_facts(turns)
    assert len({fact.id for fact in facts}) == len(facts)
    early = {fact.id for fact in extract_facts(turns[:12])}
    assert early <= {fact.id for fact in facts}


def test_risk_comes_first_and_matches_the_risk_statements(session: Session) -> None:
    turns = session("risk")
    facts = extract_facts(turns)
    risks = [fact.text for fact in facts if fact.kind == "risk"]
    assert risks == [fact.text for fact in facts[: len(risks)]]
    assert risks == [risk.quote for risk in risk_statements(turns)]


def test_speech_without_capitals_or_marks_gives_facts_too(session: Session) -> None:
    kinds = {fact.kind for fact in extract_facts(session("drinking"))}
    assert {"substance_use", "symptom", "intervention", "homework", "next_appointment"} <= kinds


def test_what_a_client_takes_on_rests_on_the_question_too(talk: Talk) -> None:
    (fact,) = [
        fact
        for fact in clients(talk("T: What could you try this week?\nC: I'll call my sister on Friday."))
        if fact.kind == "agreement"
    ]
    assert [span.turn for span in fact.evidence] == ["t2", "t1"]


def told(turns: tuple[Turn, ...]) -> list[tuple[str, str]]:
    return [(fact.kind, fact.text) for fact in extract_facts(turns) if fact.role == "client"]


@pytest.mark.parametrize(
    "said",
    [
        "On Monday my manager criticized me in front of a customer.",
        "My girlfriend broke up with me in April.",
        "My grandfather passed away in the spring.",
        "I had a huge argument with my cousin.",
        "I got laid off two weeks ago.",
    ],
)
def test_what_somebody_did_and_what_was_lost_is_an_event_worth_telling(talk: Talk, said: str) -> None:
    (fact,) = extract_facts(talk(f"T: Mm-hmm.\nC: {said}"))
    assert (fact.kind, dict(fact.attributes)["aspect"]) == ("event", "stressor")
    assert fact.confidence >= 0.6


@pytest.mark.parametrize(
    "said", ["I am such a failure.", "I can never do anything right.", "Everyone thinks I am a fraud."]
)
def test_a_thought_about_oneself_is_kept_as_a_thought(talk: Talk, said: str) -> None:
    (fact,) = extract_facts(talk(f"T: Mm-hmm.\nC: {said}"))
    assert dict(fact.attributes) == {"aspect": "cognition", "form": "thought"}
    assert fact.text == said


def test_a_thought_is_told_of_the_client_and_not_of_what_they_did(talk: Talk) -> None:
    assert not any(
        "form" in dict(f.attributes) for f in extract_facts(talk("T: Hm.\nC: I am a teacher at night."))
    )


def test_support_named_unasked_is_protective(talk: Talk) -> None:
    said = talk("T: Mm-hmm.\nC: My best friend has been there for me. My daughter keeps me going.")
    assert [kind for kind, _ in told(said)] == ["protective", "protective"]


def test_a_sentence_that_leans_on_the_one_before_is_quoted_with_it(talk: Talk) -> None:
    said = talk("T: What happened?\nC: I went to the party with my boss. Otherwise I stayed home.")
    assert told(said)[0][1] == "I went to the party with my boss. Otherwise I stayed home."
    assert told(talk("C: Otherwise I stayed home from work.")) == []


def test_nobody_is_never_cut_from_what_it_answers(talk: Talk) -> None:
    facts = told(talk("T: Mm-hmm.\nC: I left work early on Friday, and nobody noticed."))
    assert [text for _, text in facts] == ["I left work early on Friday, and nobody noticed."]


def test_speech_without_marks_that_runs_on_is_quoted_and_not_rewritten(talk: Talk) -> None:
    (fact,) = extract_facts(talk("T: Hm.\nC: i skipped my pills on sunday he was angry about that"))
    assert dict(fact.attributes)["form"] == "quote"


def test_a_monologue_four_times_as_long_takes_about_four_times_as_long() -> None:
    sentence = "I keep thinking about it at night and I slept 3 hours. "

    def seconds(count: int) -> float:
        turns = [Turn("u1", "client", sentence * count, 0.0, 9000.0)]
        began = process_time()
        assert extract_facts(turns)
        return process_time() - began

    seconds(10)  # tables and patterns are made once
    # Going through the whole turn again for every fact in it would make it sixteen.
    assert seconds(1200) < 9 * seconds(300)
