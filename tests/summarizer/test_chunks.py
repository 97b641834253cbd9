"""Long transcripts in pieces, and one list of statements out of all of them."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from summarizer.chunks import Chunk, Passage, cut, merged, without_nested
from summarizer.templates import load_template
from summarizer.types import Fact, Span, Statement, Turn


def words(text: str) -> int:
    return len(text.split())


def fact(name: str, turn: str, text: str, kind: str = "symptom", **attributes: str) -> Fact:
    span = Span(turn, 0, len(text))
    return Fact(name, kind, text, "client", "affirmed", False, 0.9, (span,), tuple(attributes.items()))  # type: ignore[arg-type]


def statement(text: str, *spans: Span) -> Statement:
    return Statement("", text, spans)


TALK = (
    Turn("a", "clinician", "How have you slept this week?"),
    Turn("b", "client", "Badly. I lie awake until two most nights and then I give up."),
    Turn("c", "clinician", "What do you do when you give up?"),
    Turn("d", "client", "I get up and scrub the kitchen floor."),
)


def test_a_short_talk_is_one_chunk_with_a_label_for_each_turn() -> None:
    (chunk,) = cut(TALK, (), count=words, room=500)
    assert chunk.labels == ("T1", "T2", "T3", "T4")
    assert [p.text for p in chunk.passages] == [turn.text for turn in TALK]
    assert (
        chunk.passages[1].line == "[T2] client: Badly. I lie awake until two most nights and then I give up."
    )


def test_a_question_is_read_along_with_the_answer_that_begins_the_next_chunk() -> None:
    first, second = cut(TALK[2:] + TALK[:2], (), count=words, room=36)
    assert [p.turn.id for p in first.passages] == ["c", "d", "a"]
    assert [p.turn.id for p in second.passages] == ["a", "b"]
    assert (first.lead, second.lead) == (0, 1)


@given(
    st.lists(st.integers(min_value=1, max_value=90), min_size=1, max_size=12),
    st.integers(min_value=40, max_value=200),
)
def test_no_word_is_lost_and_no_chunk_is_over_its_room_however_long_the_turns_are(
    lengths: list[int], room: int
) -> None:
    turns = tuple(
        Turn(f"t{n}", "client", " ".join(f"w{n}x{k}" + ("." if k % 11 == 10 else "") for k in range(length)))
        for n, length in enumerate(lengths)
    )
    chunks = cut(turns, (), count=words, room=room)
    for chunk in chunks:
        assert sum(words(p.line) for p in chunk.passages) <= room
    own = [p for chunk in chunks for p in chunk.passages[chunk.lead :]]
    read = " ".join(p.text for p in own).split()
    assert read == " ".join(turn.text for turn in turns).split()
    assert all(p.text == p.turn.text[p.start : p.end] for p in own)


def test_a_fact_goes_with_the_turn_of_its_own_words() -> None:
    facts = (fact("x", "d", "I get up"), fact("y", "b", "Badly."))
    first, second = cut(TALK, facts, count=words, room=50)
    assert [(n.label, n.fact.id) for n in first.facts] == [("F2", "y")]
    assert [(n.label, n.fact.id) for n in second.facts] == [("F1", "x")]
    assert second.facts[0].line == "[F1] symptom, client: I get up"
    assert second.only(()).facts == ()


def test_halves_hold_all_passages_and_facts_and_repeat_one_line() -> None:
    (chunk,) = cut(TALK, (fact("x", "d", "I get up"), fact("y", "b", "Badly.")), count=words, room=500)
    halves = chunk.halves()
    assert halves is not None
    one, other = halves
    assert [p.turn.id for p in one.passages] == ["a", "b"]
    assert [p.turn.id for p in other.passages] == ["b", "c", "d"]
    assert other.lead == 1
    assert [p.turn.id for p in other.alone().passages] == ["c", "d"]
    assert {n.fact.id for n in one.facts} == {"y"}
    assert {n.fact.id for n in other.facts} == {"x"}
    assert Chunk((Passage("T1", TALK[0], 0, 5),)).halves() is None


def test_two_ways_to_say_the_same_become_the_longer_with_the_evidence_of_both() -> None:
    found = merged(
        [
            statement("Client reports lying awake until two.", Span("b", 0, 5)),
            statement("Client reports scrubbing the floor.", Span("d", 0, 8)),
            statement("Client reports lying awake until two most nights.", Span("b", 7, 60)),
        ],
        TALK,
    )
    assert [(s.text, s.evidence) for s in found] == [
        ("Client reports lying awake until two most nights.", (Span("b", 0, 5), Span("b", 7, 60))),
        ("Client reports scrubbing the floor.", (Span("d", 0, 8),)),
    ]


def test_what_differs_in_number_negation_or_speaker_stays_apart() -> None:
    one = statement("Client reports sleeping four hours.", Span("b", 0, 5))
    others = [
        statement("Client reports sleeping five hours.", Span("b", 0, 5)),
        statement("Client reports not sleeping four hours.", Span("b", 0, 5)),
        statement("Clinician reports sleeping four hours.", Span("a", 0, 5)),
    ]
    for other in others:
        assert len(merged([one, other], TALK)) == 2


def test_statements_come_in_the_order_of_the_session_and_those_without_evidence_last() -> None:
    found = merged(
        [statement("Nothing."), statement("Late.", Span("d", 0, 3)), statement("Early.", Span("a", 4, 6))],
        TALK,
    )
    assert [s.text for s in found] == ["Early.", "Late.", "Nothing."]


def test_a_fact_stands_in_the_section_that_names_its_aspect_and_risk_never_nowhere() -> None:
    template = load_template("soap")
    goal = fact("g", "b", "Badly.", kind="homework", aspect="assigned")
    danger = replace(fact("r", "b", "Badly."), kind="risk")
    found = template.only("PLAN").placed((goal, danger, fact("s", "b", "Badly.")))
    assert {f.id for f in found["PLAN"]} == {"g", "r"}
    assert {f.id for f in template.placed((goal, danger))["SUBJECTIVE"]} == {"r"}


def test_a_span_inside_another_is_left_out() -> None:
    spans = (Span("a", 2, 4), Span("a", 0, 9), Span("b", 2, 4), Span("a", 0, 9))
    assert without_nested(spans) == (Span("a", 0, 9), Span("b", 2, 4))
