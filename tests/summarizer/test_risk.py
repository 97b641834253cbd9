"""Risk quoted as it was said, idioms passed over, nothing softened."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from summarizer.risk import risk_statements, topics_in
from summarizer.types import Turn

Talk = Callable[[str], tuple[Turn, ...]]


@pytest.mark.parametrize(
    ("said", "topic"),
    [
        ("I want to die", "suicidal ideation"),
        ("i do n't want to be here anymore", "suicidal ideation"),
        ("the kids would be better off without me", "suicidal ideation"),
        ("sometimes I wish I wouldn't wake up", "suicidal ideation"),
        ("I just want to go to sleep and not wake up", "suicidal ideation"),
        ("I'm tired of living like a ghost, tired of life", "suicidal ideation"),
        ("there's no way out of this", "suicidal ideation"),
        ("what's the point of going on", "suicidal ideation"),
        ("maybe I shouldn't be alive", "suicidal ideation"),
        ("I took the whole bottle of pills last year", "suicidal ideation"),
        ("i wanna kill myself", "suicidal ideation"),
        ("I've been cutting myself again", "self-harm"),
        ("I could kill him, I mean it", "thoughts of harming others"),
        ("my boyfriend hits me when he drinks", "violence"),
        ("he molested me as a child", "abuse"),
        ("he won't let me see my sister", "abuse"),
        ("he put his hands around my neck", "abuse"),
        ("she throws plates at me", "violence"),
        ("she told me she'd kill me if I told anyone", "violence"),
        ("my husband would kill me if he knew", "violence"),
        ("I used to burn myself when I was in college", "self-harm"),
        ("I don't see much point in living", "suicidal ideation"),
        ("everybody would be happier if I were gone", "suicidal ideation"),
        ("I am such a burden", "suicidal ideation"),
        ("I looked up how many tablets it would take", "suicidal ideation"),
        ("I thought about steering into the oncoming lane, into a truck", "suicidal ideation"),
        ("I can't keep myself safe", "suicidal ideation"),
        ("I cut again on Tuesday", "self-harm"),
        ("I burned my hand on purpose", "self-harm"),
        ("he made me have sex with him", "abuse"),
        ("he pinned me against the fridge", "violence"),
        ("I took out the old revolver", "access to means"),
        ("there's a gun in the closet", "access to means"),
        ("I've been saving up my pills", "access to means"),
    ],
)
def test_what_touches_safety_is_surfaced(said: str, topic: str) -> None:
    assert topic in [name for name, _ in topics_in(said)]


@pytest.mark.parametrize(
    "said",
    [
        "I'm dying to see that movie",
        "my back is killing me",
        "work is killing me",
        "that cake was to die for",
        "it hit me that I was wrong",
        "I hurt my knee playing soccer",
        "I cut down on sugar",
        "a history of alcohol abuse",
        "I beat myself up about it",
        "I was scared to death",
        "I hurt myself when I fell off a ladder",
        "I don't want to go on medication",
        "I don't want to live with my parents",
        "the driver who hit me was texting",
    ],
)
def test_plain_idioms_and_accidents_are_passed_over(said: str) -> None:
    assert topics_in(said) == ()


def test_an_answer_is_quoted_whole_with_its_question(talk: Talk) -> None:
    turns = talk("T: Any thoughts of suicide?\nC: No. Nothing like that.")
    (risk,) = risk_statements(turns)
    assert risk.quote == "No. Nothing like that."
    assert risk.polarity == "negated"
    assert risk.question is not None
    assert turns[0].text[risk.question.start : risk.question.end] == "Any thoughts of suicide?"


def test_a_no_that_goes_on_is_not_counted_as_a_denial(talk: Talk) -> None:
    (risk,) = risk_statements(
        talk("T: Any thoughts of suicide?\nC: No, I mean, sometimes at night I do wonder about it.")
    )
    assert risk.polarity == "uncertain"
    assert "sometimes at night" in risk.quote


def test_a_follow_up_about_a_plan_belongs_to_the_topic_before_it(talk: Talk) -> None:
    found = risk_statements(
        talk("T: Are you thinking of suicide?\nC: Yes.\nT: Do you have a plan?\nC: The bridge by my house.")
    )
    assert [(r.topic, r.quote) for r in found] == [
        ("suicidal ideation", "Yes."),
        ("suicidal ideation", "The bridge by my house."),
    ]


def test_a_plan_for_the_week_belongs_to_no_risk(talk: Talk) -> None:
    assert risk_statements(talk("T: Do you have a plan for the week?\nC: I'll see my sister.")) == ()


def test_a_question_that_nobody_answers_is_surfaced_itself(talk: Talk) -> None:
    (risk,) = risk_statements(talk("C: I lost my job.\nT: Have you thought about killing yourself?"))
    assert (risk.role, risk.polarity) == ("clinician", "uncertain")
    assert risk.quote == "Have you thought about killing yourself?"


def test_general_teaching_about_risk_is_nobodys_statement(talk: Talk) -> None:
    assert (
        risk_statements(
            talk("T: Alcohol makes sexual assault more likely.\nC: I see what they mean by that.")
        )
        == ()
    )


def test_a_leading_no_does_not_negate_the_sentence_after_it(talk: Talk) -> None:
    (risk,) = risk_statements(talk("C: No, it seems that cutting myself is the only way out."))
    assert risk.polarity == "affirmed"


def test_quotes_are_exact_slices_and_come_in_order(session: Callable[[str], tuple[Turn, ...]]) -> None:
    turns = session("risk")
    texts = {turn.id: turn.text for turn in turns}
    found = risk_statements(turns)
    places = [int(r.evidence[0].turn[1:]) for r in found]
    assert places == sorted(places)
    for risk in found:
        span = risk.evidence[0]
        assert texts[span.turn][span.start : span.end] == risk.quote
    assert {"suicidal ideation", "self-harm", "access to means"} <= {r.topic for r in found}


def test_wanting_not_to_live_is_no_denial_though_it_says_not(talk: Talk) -> None:
    (risk,) = risk_statements(talk("C: I don't want to be here anymore."))
    assert risk.polarity == "affirmed"


def test_an_unasked_denial_is_quoted_as_negated(talk: Talk) -> None:
    (risk,) = risk_statements(talk("C: I haven't thought about suicide this week."))
    assert (risk.polarity, risk.question) == ("negated", None)


@pytest.mark.parametrize("said", ["I can't see any point in going on.", "I don't have a reason to live."])
def test_a_danger_that_is_named_by_its_own_not_is_affirmed(said: str, talk: Talk) -> None:
    (risk,) = risk_statements(talk(f"C: {said}"))
    assert risk.polarity == "affirmed"


@pytest.mark.parametrize(
    "answer",
    [
        "Not today.",
        "No, but last month yes.",
        "Not really.",
        "I don't want to say.",
        "I can't answer that.",
        "No. Last night I did.",
        "No, I have a plan now.",
    ],
)
def test_a_no_with_a_reserve_and_no_answer_at_all_are_no_denial(answer: str, talk: Talk) -> None:
    (risk,) = risk_statements(talk(f"T: Any thoughts of ending your life?\nC: {answer}"))
    assert risk.polarity == "uncertain"
    assert risk.quote == answer


@pytest.mark.parametrize(
    "said",
    ["These shoes are killing me.", "It kills me to see him sad.", "I burned myself when I was frying eggs."],
)
def test_a_turn_of_speech_and_an_accident_are_no_risk(said: str, talk: Talk) -> None:
    assert risk_statements(talk(f"C: {said}")) == ()


@pytest.mark.parametrize(
    ("answer", "polarity"),
    [
        ("No.", "affirmed"),
        ("Yes, I do.", "negated"),
        ("Yes. I mean, mostly. I lock the door.", "uncertain"),
        ("I guess.", "uncertain"),
    ],
)
def test_whoever_does_not_feel_safe_is_in_danger(answer: str, polarity: str, talk: Talk) -> None:
    (risk,) = risk_statements(talk(f"T: Do you feel safe at home?\nC: {answer}"))
    assert risk.polarity == polarity


def test_a_no_with_what_keeps_somebody_here_is_a_no(talk: Talk) -> None:
    (risk,) = risk_statements(talk("T: Any thoughts of suicide?\nC: No. Not at all. My son keeps me going."))
    assert risk.polarity == "negated"


def test_a_question_without_a_mark_takes_its_answer_along(talk: Talk) -> None:
    (risk,) = risk_statements(
        talk("T: okay and any thoughts about being dead or hurting yourself\nC: no i mean once in june")
    )
    assert risk.question is not None
    assert risk.quote == "no i mean once in june"


def test_the_answer_of_whoever_is_asked_is_told(talk: Talk) -> None:
    said = (
        Turn("1", "clinician", "Ann, are you thinking about killing yourself?"),
        Turn("2", "other", "Not right now. But on Tuesday I counted the pills."),
    )
    (risk,) = risk_statements(said)
    assert risk.quote == said[1].text


def test_the_same_words_again_and_again_stand_once(talk: Talk) -> None:
    (risk,) = risk_statements(talk("\n".join(["C: I want to die."] * 50)))
    assert 1 < len(risk.evidence) <= 20
