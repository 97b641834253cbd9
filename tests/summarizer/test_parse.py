"""Replies of models: what is asked for, what is read over, and which words a citation stands for."""

from __future__ import annotations

import json

import pytest

from summarizer.chunks import Chunk, NotedFact, Passage
from summarizer.errors import UnreadableReply
from summarizer.parse import read, schema
from summarizer.types import Fact, Span, Turn

QUESTION = Turn("q", "clinician", "Thanks. Have you had any thoughts of hurting yourself?")
ANSWER = Turn("a", "client", "No, never. But the nights are long. I paint until my hands hurt.")
PLAN = Turn("p", "clinician", "Let's meet again on Thursday at ten.")
PAINTS = Fact("x", "event", "I paint", "client", "affirmed", False, 0.9, (Span("a", 36, 64),))
CHUNK = Chunk(
    tuple(Passage(f"T{n}", turn, 0, len(turn.text)) for n, turn in enumerate((QUESTION, ANSWER, PLAN), 1)),
    (NotedFact("F1", PAINTS),),
)


def one(text: str, *cited: str) -> str:
    return json.dumps({"statements": [{"text": text, "evidence": list(cited)}]})


def said(reply: str, **options: bool) -> list[tuple[str, list[str]]]:
    texts = {turn.id: turn.text for turn in (QUESTION, ANSWER, PLAN)}
    return [
        (s.text, [texts[span.turn][span.start : span.end] for span in s.evidence])
        for s in read(reply, CHUNK, **options)
    ]


def test_the_schema_lets_only_what_was_given_be_cited() -> None:
    asked = schema(("T1", "F2"), statements=3, characters=90)
    item = asked["properties"]["statements"]["items"]
    assert item["properties"]["evidence"]["items"]["enum"] == ["T1", "F2"]
    assert item["properties"]["evidence"]["minItems"] == 1
    assert item["required"] == ["text", "evidence"]
    assert item["additionalProperties"] is False
    assert asked["properties"]["statements"]["maxItems"] == 3
    assert item["properties"]["text"]["maxLength"] == 90


def test_a_schema_for_models_without_braces_is_of_lists_alone() -> None:
    asked = schema(("T1",), statements=2, characters=50, form="arrays")
    assert asked["type"] == "array"
    assert asked["items"]["prefixItems"][1]["items"]["enum"] == ["T1"]


def test_a_citation_stands_for_the_sentences_that_carry_the_statement() -> None:
    assert said(one("Client reports painting until the hands hurt.", "T2")) == [
        ("Client reports painting until the hands hurt.", ["I paint until my hands hurt."])
    ]


def test_a_denial_rests_on_the_question_and_on_the_bare_no() -> None:
    reply = one("Client denies thoughts of hurting self.", "T1", "T2")
    ((_, evidence),) = said(reply)
    assert evidence[0] == "Have you had any thoughts of hurting yourself?"
    assert evidence[1].startswith("No, never")


def test_a_quotation_rests_on_the_whole_of_what_it_quotes() -> None:
    quote = "the nights are long. I paint"
    ((_, evidence),) = said(one(f"Client states, “{quote}”.", "T2"))
    assert any(quote in words for words in evidence)


def test_a_cited_fact_stands_for_its_own_evidence() -> None:
    assert said(one("Client reports an evening pastime.", "F1"))[0][1] == [ANSWER.text[36:64]]


def test_a_citation_whose_words_share_nothing_stands_for_the_whole_turn() -> None:
    assert said(one("Client enjoys opera.", "T3"))[0][1] == [PLAN.text]


def test_what_was_not_given_is_no_evidence() -> None:
    assert said(one("Client enjoys opera.", "T9", "F7", "page 3")) == [("Client enjoys opera.", [])]


def test_the_code_says_how_a_statement_is_supported() -> None:
    reply = json.dumps(
        {
            "statements": [
                {"text": "Next appointment Thursday at ten.", "evidence": ["T3"], "support": "context"},
                {"text": "Client paints.", "evidence": ["T2"]},
            ]
        }
    )
    assert [s.support for s in read(reply, CHUNK)] == ["clinician", "direct"]


@pytest.mark.parametrize(
    "reply",
    [
        '```json\n{"statements": [{"text": "Client paints.", "evidence": ["T2"]}]}\n```',
        'Here it is:\n{"statements": [{"text": "Client paints.", "evidence": "T2"}]} I hope it helps.',
        '<think>Maybe {this}.</think>{"statements": [{"statement": "Client paints.", "ids": ["[t2]"]}]}',
        '[{"sentence": "Client paints.", "sources": [{"id": "T02"}]}]',
        '[["Client paints.", ["T2"]]]',
        '[["Client paints.", "T2"]]',
        '{"statements": ["Client paints. [T2]"]}',
        '{"text": "Client\\n  paints.", "evidence": ["T2"]}',
    ],
)
def test_small_slips_of_form_are_read_over(reply: str) -> None:
    assert said(reply) == [("Client paints.", ["I paint until my hands hurt."])]


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "I cannot help with that.",
        '{"statements": [{"text": "Client paints.", "evid',
        '{"note": "Client paints."}',
        '{"statements": "Client paints."}',
        '{"statements": [{"evidence": ["T2"]}]}',
        '{"statements": [7]}',
        "[" * 100_000,
    ],
)
def test_what_is_no_list_of_statements_is_refused_without_repeating_it(reply: str) -> None:
    with pytest.raises(UnreadableReply) as failure:
        read(reply, CHUNK)
    assert "paints" not in str(failure.value)


def test_an_empty_list_is_an_answer() -> None:
    assert said('{"statements": []}') == []
    assert said("[]") == []


@pytest.mark.parametrize("form", ["objects", "arrays"])
def test_of_a_reply_that_was_cut_off_the_whole_statements_stay(form: str) -> None:
    pairs = [["Client paints.", ["T2"]], ["Next appointment Thursday.", ["T3"]]]
    whole = json.dumps(
        pairs if form == "arrays" else {"statements": [{"text": t, "evidence": e} for t, e in pairs]}
    )
    for end in range(1, len(whole)):
        kept = [text for text, _ in said(whole[:end], is_cut=True)]
        assert kept == [text for text, _ in pairs][: len(kept)]
    assert len(said(whole[: whole.index("Thursday")], is_cut=True)) == 1
