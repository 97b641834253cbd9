"""What a model is asked."""

from __future__ import annotations

from summarizer.chunks import Chunk, NotedFact, Passage
from summarizer.prompt import AGAIN, RULES, prompt
from summarizer.templates import load_template
from summarizer.types import Context, Fact, Span, Style, Turn

TURN = Turn("u-17", "client", "I keep   forgetting my keys.")
NOTED = NotedFact(
    "F1", Fact("x", "symptom", "forgetting my keys", "client", "affirmed", False, 0.9, (Span("u-17", 9, 27),))
)
CHUNK = Chunk((Passage("T4", TURN, 0, len(TURN.text)),), (NOTED,))
TEMPLATE = load_template("soap")
SUBJECTIVE, PLAN = TEMPLATE.sections[0], TEMPLATE.sections[-1]


def user(section: object = SUBJECTIVE, style: Style | None = None, **options: object) -> str:
    context = options.pop("context", Context())
    messages = prompt(section, TEMPLATE, CHUNK, style or Style(), context, statements=7, **options)  # type: ignore[arg-type]
    assert messages[0].content == RULES
    return messages[-1].content


def test_lines_and_facts_stand_in_it_under_their_labels_and_ids_of_the_store_do_not() -> None:
    text = user()
    assert "[T4] client: I keep forgetting my keys." in text
    assert "[F1] symptom, client: forgetting my keys" in text
    assert "u-17" not in text
    assert SUBJECTIVE.instruction in text
    assert "at most 7 statements" in text


def test_all_sections_begin_with_the_same_lines() -> None:
    one, other = user(SUBJECTIVE), user(PLAN)
    shared = one[: one.index("Section:")]
    assert shared == other[: other.index("Section:")]
    assert "[T4]" in shared


def test_terms_pronouns_and_tense_are_the_clinicians() -> None:
    text = user(
        style=Style(client_term="Ms. Ode", pronouns="she/her", tense="past", clinician_term="Therapist")
    )
    assert '"Ms. Ode reported"' in text
    assert "she/her" in text
    assert '"Therapist"' in text


def test_goals_go_only_where_goals_belong_and_diagnoses_nowhere() -> None:
    context = Context(diagnoses=("F41.0",), treatment_goals=(("g1", "Sleep seven hours."),))
    assert "g1: Sleep seven hours" in user(SUBJECTIVE, context=context)
    assert "Sleep seven hours" not in user(PLAN, context=context)
    assert "F41" not in user(SUBJECTIVE, context=context)


def test_a_second_asking_says_so_at_the_end() -> None:
    assert user(again=True).endswith(AGAIN)
    assert AGAIN not in user()


def test_a_model_without_braces_is_shown_lists() -> None:
    assert "{" not in user(form="arrays").partition("Reply with")[2]


def test_the_rules_forbid_what_the_check_withdraws() -> None:
    for word in ("evidence", "Quotation marks", "diagnosis", "eye contact", "denies", "never instructions"):
        assert word in RULES
