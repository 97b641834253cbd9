"""The check, each finding provoked on purpose."""

from __future__ import annotations

import time

import pytest

from summarizer.extractive import write_note
from summarizer.facts import extract_facts
from summarizer.grounding import check
from summarizer.templates import load_template
from summarizer.types import Context, NoteBody, Section, Span, Statement, Style, Support, Turn

TURNS = (
    Turn("q", "clinician", "Do you drink alcohol?"),
    Turn("a", "client", "No."),
    Turn("b", "client", "I take fifty milligrams of sertraline on Tuesdays."),
    Turn("c", "client", "I don't sleep well."),
    Turn("d", "clinician", "I want you to call your sister."),
    Turn("e", "client", "My sister is kind."),
)


def whole(*names: str) -> tuple[Span, ...]:
    lengths = {turn.id: len(turn.text) for turn in TURNS}
    return tuple(Span(name, 0, lengths[name]) for name in names)


def kinds(
    text: str, evidence: tuple[Span, ...], code: str = "SUBJECTIVE", support: Support = "direct"
) -> set[tuple[str, str]]:
    body = NoteBody("soap", (Section(code, "T", "drafted", (Statement("s-1", text, evidence, support),)),))
    return {
        (finding.kind, finding.severity) for finding in check(body, TURNS, template=load_template("soap"))
    }


@pytest.mark.parametrize(
    ("text", "evidence"),
    [
        ("Client reports taking 50 milligrams of sertraline on Tuesdays.", whole("b")),
        ("Client reports not sleeping well.", whole("c")),
        ("Client denies drinking alcohol.", whole("a", "q")),
        ('Client states, "I don\'t sleep well."', whole("c")),
        ('Asked, "Do you drink alcohol?", client answered, "No."', whole("a", "q")),
    ],
)
def test_what_was_said_is_found_in_order(text: str, evidence: tuple[Span, ...]) -> None:
    assert kinds(text, evidence) == set()


@pytest.mark.parametrize(
    ("text", "evidence", "kind"),
    [
        ("Client sleeps badly.", (), "no_evidence"),
        ("Client sleeps badly.", (Span("c", 0, 999),), "invalid_span"),
        ("Client sleeps badly.", (Span("zzz", 0, 1),), "invalid_span"),
        ("Client reports taking 75 milligrams of sertraline.", whole("b"), "unsupported_number"),
        ("Client reports taking sertraline on Thursdays.", whole("b"), "unsupported_date"),
        ("Client reports taking fluoxetine, fifty milligrams.", whole("b"), "unsupported_drug"),
        ('Client states, "I never sleep well."', whole("c"), "quote_not_exact"),
        ('Client states, "I want you to call your sister."', whole("d"), "quote_wrong_speaker"),
        ("Client denies sleeping.", whole("c"), "denial_without_question"),
        ("Client denies taking sertraline.", whole("b", "q"), "denial_without_question"),
        ("Client reports sleeping well.", whole("c"), "polarity"),
        ("Client reports not taking fifty milligrams of sertraline.", whole("b"), "polarity"),
        ("Client reports drinking alcohol.", whole("a", "q"), "polarity"),
        ("Client's sister is kind and client had flat affect.", whole("e"), "not_from_audio"),
        ("Client does not sleep well, which meets criteria for insomnia disorder.", whole("c"), "diagnosis"),
        ("Client does not sleep well and is at low risk.", whole("c"), "risk_level"),
        ("Client enjoys gardening, cycling and opera.", whole("e"), "unsupported"),
    ],
)
def test_what_was_not_said_blocks(text: str, evidence: tuple[Span, ...], kind: str) -> None:
    assert (kind, "blocking") in kinds(text, evidence)


def test_plans_and_interventions_must_rest_on_the_clinician() -> None:
    assert ("wrong_role", "blocking") in kinds("Client's sister is kind.", whole("e"), "PLAN")
    assert kinds("Client to call their sister.", whole("d"), "PLAN", "clinician") == set()
    body = NoteBody(
        "birp", (Section("INTERVENTION", "I", "drafted", (Statement("i-1", "Sister is kind.", whole("e")),)),)
    )
    assert [f.kind for f in check(body, TURNS, template=load_template("birp"))] == ["wrong_role"]


def test_thin_support_is_advised_of_and_does_not_block() -> None:
    assert kinds("Client describes kind sister, warm neighbours.", whole("e")) == {
        ("weak_support", "advisory")
    }


def test_a_goal_of_the_context_supports_itself() -> None:
    statement = Statement("g-1", "Treatment goal addressed (G7): Sleep 8 hours.", whole("c"), "context")
    body = NoteBody("girpp", (Section("GOAL", "Goal", "drafted", (statement,)),))
    assert check(body, TURNS, context=Context(treatment_goals=(("G7", "Sleep 8 hours"),))) == ()


def test_risk_that_the_note_does_not_quote_blocks_the_whole_note() -> None:
    turns = (Turn("r", "client", "I want to die."),)
    facts = extract_facts(turns)
    softened = NoteBody(
        "soap",
        (
            Section(
                "SUBJECTIVE", "S", "drafted", (Statement("s-1", "Client wants to die.", (Span("r", 0, 14),)),)
            ),
        ),
    )
    (finding,) = check(softened, turns, facts)
    assert (finding.kind, finding.severity, finding.statement) == ("risk_not_quoted", "blocking", None)
    body = write_note(load_template("soap"), turns, facts, Style(), Context())
    assert check(body, turns, facts, template=load_template("soap")) == ()


def test_a_dictated_denial_is_the_clinicians_own_word() -> None:
    turns = (Turn("n", "clinician", "Client denies suicidal ideation."),)
    said = (Span("n", 0, len(turns[0].text)),)
    body = NoteBody(
        "soap",
        (Section("SUBJECTIVE", "S", "drafted", (Statement("s-1", turns[0].text, said, "clinician"),)),),
    )
    assert check(body, turns) == ()


HEARD = (
    Turn("q1", "clinician", "Any chest pain?"),
    Turn("a1", "client", "Yes, when I climb stairs."),
    Turn("q2", "clinician", "Do you drink alcohol?"),
    Turn("a2", "client", "No, not at all."),
    Turn("m", "client", "I take fifty milligrams of sertraline once a day since March."),
    Turn("s", "client", "I sleep badly and I feel restless, and it doesn't affect my work."),
    Turn("b", "clinician", "Okay."),
    Turn("p", "clinician", "I want you to write down three worries each evening."),
    Turn("o", "clinician", "Would you like to try a sleep clinic?"),
    Turn("n", "client", "No, I don't want that."),
    Turn("w", "clinician", "Shall we meet on Tuesday at half past three?"),
    Turn("y", "client", "Yes, that works."),
    Turn("k", "clinician", "Have you had any thoughts of killing yourself?"),
    Turn("l", "client", "No."),
    Turn("d", "client", "I was told that I have bipolar disorder."),
    Turn("i", "clinician", "Let's breathe in slowly, and out, two, three, four."),
)


def heard(
    text: str, *names: str, code: str = "SUBJECTIVE", support: Support = "direct"
) -> set[tuple[str, str]]:
    lengths = {turn.id: len(turn.text) for turn in HEARD}
    spans = tuple(Span(name, 0, lengths[name]) for name in names)
    body = NoteBody("soap", (Section(code, "T", "drafted", (Statement("s-1", text, spans, support),)),))
    return {(f.kind, f.severity) for f in check(body, HEARD, template=load_template("soap"))}


@pytest.mark.parametrize(
    ("kind", "broken", "kept", "names"),
    [
        ("unsupported_number", "Client takes 60 mg of sertraline.", "Client takes 50 mg of sertraline.", "m"),
        ("unsupported_number", "Client takes 50 mcg of sertraline.", "Client takes 50mg of sertraline.", "m"),
        (
            "unsupported_number",
            "Client takes sertraline twice a day.",
            "Client takes sertraline once a day.",
            "m",
        ),
        (
            "unsupported_number",
            "Next meeting on Tuesday at 4:30.",
            "Next meeting on Tuesday at 3:30.",
            "w y",
        ),
        (
            "unsupported_date",
            "Client takes sertraline since April.",
            "Client takes sertraline since March.",
            "m",
        ),
        ("unsupported_drug", "Client takes Prozac since March.", "Client takes Zoloft since March.", "m"),
        ("unsupported_drug", "Client takes Florimax 50 mg.", "Client takes sertraline 50 mg.", "m"),
        ("quote_not_exact", "Client states, ‘I sleep terribly.’", "Client states, ‘I sleep badly’.", "s"),
        ("quote_not_exact", 'Client states, "I sleep badly.', 'Client states, "I sleep badly".', "s"),
        (
            "wrong_speaker",
            "Client reports writing down three worries.",
            "Client reports sleeping badly.",
            "p",
        ),
        ("denial_without_question", "Client does not endorse restlessness.", "Client denies alcohol.", "s"),
        ("polarity", "Client denies chest pain.", "Client denies drinking alcohol.", "q1 a1 q2 a2"),
        ("polarity", "Client drinks alcohol.", "Client does not drink alcohol.", "q2 a2"),
        (
            "not_from_audio",
            "Client sleeps badly with flat affect.",
            "Client feels restless and sleeps badly.",
            "s",
        ),
        ("not_from_audio", "Client appeared restless.", "Client reports feeling restless.", "s"),
        (
            "not_from_audio",
            "Client sleeps badly; speech was normal, oriented x3.",
            "Client sleeps badly; it does not affect work.",
            "s",
        ),
        (
            "diagnosis",
            "Client reports bipolar disorder and PTSD.",
            "Client was told that they have bipolar disorder.",
            "d",
        ),
        ("diagnosis", "Client sleeps badly (F51.01).", "Client sleeps badly.", "s"),
        (
            "risk_level",
            "Client denies thoughts of suicide; risk is low.",
            "Client denies thoughts of suicide.",
            "k l",
        ),
        (
            "risk_level",
            "Client denies suicidal thoughts and is safe.",
            "Client denies suicidal thoughts.",
            "k l",
        ),
        (
            "unsupported",
            "Client enjoys gardening with cousins.",
            "Client sleeps badly and feels restless.",
            "s",
        ),
    ],
)
def test_a_hostile_statement_is_caught_and_its_near_miss_is_not(
    kind: str, broken: str, kept: str, names: str
) -> None:
    assert (kind, "blocking") in heard(broken, *names.split())
    near = {"wrong_speaker": "s", "denial_without_question": "q2 a2"}.get(kind, names)
    assert {found for found, severity in heard(kept, *near.split()) if severity == "blocking"} == set()


def test_a_plan_is_the_clinicians_and_not_what_the_client_refused() -> None:
    plan = {"code": "PLAN"}
    assert ("wrong_role", "blocking") in heard("Client to sleep badly at work.", "b", "s", **plan)
    assert ("not_agreed", "blocking") in heard("Client to try a sleep clinic.", "o", "n", **plan)
    assert (
        heard("Client to write down three worries each evening.", "p", support="clinician", **plan) == set()
    )
    assert (
        heard("Next appointment: Tuesday at half past three.", "w", "y", support="clinician", **plan) == set()
    )


def test_a_technique_must_be_shown_by_the_clinicians_words() -> None:
    named = "Clinician guided a paced breathing exercise."
    body = {"code": "OBJECTIVE", "support": "clinician"}
    assert ("technique_not_shown", "blocking") in heard(named, "b", **body)
    assert heard(named, "i", **body) == set()


def test_support_that_is_only_claimed_is_no_support() -> None:
    assert ("wrong_support", "blocking") in heard("Client sleeps badly.", "s", support="clinician")
    assert ("wrong_support", "blocking") in heard("Client has three horses.", "s", support="context")
    assert heard("Client sleeps badly.", "s") == set()


def test_the_order_in_which_spans_are_named_changes_nothing() -> None:
    for names in (("k", "l"), ("l", "k")):
        assert heard("Client denies thoughts of suicide.", *names) == set()


@pytest.mark.parametrize("term", ["Client", "Patient", "Jordan"])
def test_whoever_takes_the_dose_is_no_drug(term: str) -> None:
    turns = (Turn("d", "clinician", "I want to start you on 20 milligrams a day."),)
    statement = Statement("s-1", f"Start {term.lower()} 20 mg a day.", (Span("d", 0, 44),), "clinician")
    body = NoteBody("soap", (Section("PLAN", "Plan", "drafted", (statement,)),))
    found = check(body, turns, template=load_template("soap"), style=Style(client_term=term))
    assert "unsupported_drug" not in {finding.kind for finding in found}


@pytest.mark.parametrize("lead", ["Really, ", "No. ", "And so ", "Um... ", "Oh, well, "])
def test_a_speaker_who_repeats_a_word_does_not_stop_the_check(lead: str) -> None:
    said = f"{lead * 40}I feel anxious every day."
    turns = (Turn("c", "client", said),)
    statement = Statement("s-1", "Client reports feeling anxious every day.", (Span("c", 0, len(said)),))
    body = NoteBody("soap", (Section("SUBJECTIVE", "S", "drafted", (statement,)),))
    began = time.process_time()
    check(body, turns, template=load_template("soap"))
    assert time.process_time() - began < 2.0
