"""Section by section over chunks, with a model whose replies the test decides."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable

import pytest

from summarizer.abstractive import Reply, write_note
from summarizer.errors import EngineFailed, UnreadableReply
from summarizer.facts import extract_facts
from summarizer.templates import load_template, parse_template
from summarizer.testing import FakeLanguageModel
from summarizer.types import Context, NoteBody, Style, Turn

Session = Callable[[str], tuple[Turn, ...]]
Talk = Callable[[str], tuple[Turn, ...]]
NOTHING = '{"statements": []}'


def reply(*statements: tuple[str, list[str]]) -> str:
    return json.dumps({"statements": [{"text": text, "evidence": cited} for text, cited in statements]})


def write(model: FakeLanguageModel, turns: tuple[Turn, ...], name: str = "soap", **style: object) -> NoteBody:
    template = load_template(name)
    facts = extract_facts(turns)
    return asyncio.run(write_note(model, template, turns, facts, Style(**style), Context()))  # type: ignore[arg-type]


def lines(asked: str) -> list[tuple[str, str]]:
    """(label, words) of the transcript's lines in a prompt."""
    return re.findall(r"^\[(T\d+)\] \w+: (.*)$", asked, re.M)


def test_every_section_is_asked_for_by_its_name_and_its_statements_stand_in_it(session: Session) -> None:
    turns = session("panic")
    model = FakeLanguageModel(
        lambda asked: reply(("Client plans to walk.", ["T4"])) if "Section: Plan" in asked else NOTHING
    )
    body = write(model, turns)
    assert [re.search("Section: (\\w+)", asked).group(1) for asked in model.asked] == [  # type: ignore[union-attr]
        "Subjective",
        "Objective",
        "Assessment",
        "Plan",
    ]
    assert [(s.status, len(s.statements)) for s in body.sections][-1] == ("drafted", 1)
    assert body.sections[2].status == "not_discussed"
    assert body.sections[-1].statements[0].id == "plan-1"
    assert body.sections[-1].statements[0].evidence[0].turn == turns[3].id


def test_a_section_that_takes_no_facts_is_left_to_the_clinician(talk: Talk) -> None:
    template = parse_template(
        'name = "own"\nversion = 1\ntitle = "Own"\n[[sections]]\ncode = "SEEN"\ntitle = "Seen"\n'
        'instruction = "What was seen."\nkinds = []\n'
    )
    model = FakeLanguageModel(lambda _: reply(("Client wore a hat.", ["T1"])))
    turns = talk("C: I bought a hat yesterday.")
    body = asyncio.run(write_note(model, template, turns, (), Style(), Context()))
    assert model.asked == []
    assert body.sections[0].status == "not_discussed"


def test_risk_stands_first_in_its_exact_words_whatever_the_model_makes_of_it(talk: Talk) -> None:
    turns = talk(
        "T: How have the evenings been?\nC: Long. I mostly watch films.\n"
        "T: And your mood?\nC: I want to kill myself.\nT: Thank you for telling me that."
    )
    model = FakeLanguageModel(
        lambda asked: (
            reply(("Client reports watching films.", ["T2"]), ("Client reports some low moments.", ["T4"]))
            if "Section: Subjective" in asked
            else NOTHING
        )
    )
    texts = [s.text for s in write(model, turns).sections[0].statements]
    assert "I want to kill myself" in texts[0]
    assert "Client reports watching films." in texts
    assert "Client reports some low moments." not in texts


def test_a_long_session_is_read_in_chunks_that_fit_and_nothing_of_it_is_left_out(session: Session) -> None:
    turns = session("panic") * 4
    turns = tuple(Turn(f"{turn.id}.{n}", turn.role, turn.text) for n, turn in enumerate(turns))
    model = FakeLanguageModel(lambda _: NOTHING, prompt_tokens=900, reply_tokens=200)
    write(model, turns)
    assert all(model.count(asked) < 900 for asked in model.asked)
    plans = [asked for asked in model.asked if "Section: Plan" in asked]
    assert len(plans) > 2
    read = {words for asked in plans for _, words in lines(asked)}
    assert {turn.text for turn in turns} <= read


def test_statements_of_all_chunks_come_together_without_repeats_and_with_all_evidence(
    session: Session,
) -> None:
    def answer(asked: str) -> str:
        if "Section: Subjective" not in asked:
            return NOTHING
        badly = [label for label, words in lines(asked) if "sleeping badly" in words]
        return reply(*(("Client reports sleeping badly since March.", [label]) for label in badly))

    turns = session("panic")
    turns = tuple(Turn(f"{turn.id}.{n}", turn.role, turn.text) for n in (1, 2, 3) for turn in turns)
    body = write(FakeLanguageModel(answer, prompt_tokens=900, reply_tokens=200), turns)
    told = [s for s in body.sections[0].statements if s.text == "Client reports sleeping badly since March."]
    assert len(told) == 1
    assert len({span.turn for span in told[0].evidence}) == 3


def test_a_reply_that_cannot_be_read_is_asked_for_once_more(session: Session) -> None:
    model = FakeLanguageModel(lambda asked: NOTHING if "was not the JSON" in asked else "Certainly! Client …")
    write(model, session("panic"))
    assert len(model.asked) == 8
    hopeless = FakeLanguageModel(lambda _: "Certainly! Client …")
    with pytest.raises(UnreadableReply):
        write(hopeless, session("panic"))
    assert len(hopeless.asked) == 2


def test_a_reply_that_was_cut_off_is_asked_for_in_halves(session: Session) -> None:
    whole = max(len(lines(asked)) for asked in _asked(session))

    def answer(asked: str) -> Reply | str:
        return Reply('{"statements": [{"te', is_cut=True) if len(lines(asked)) == whole else NOTHING

    model = FakeLanguageModel(answer)
    write(model, session("panic"))
    sizes = [len(lines(asked)) for asked in model.asked if "Section: Plan" in asked]
    assert sizes[0] == whole
    assert sum(sizes[1:]) == whole + 1
    assert len(sizes) == 3


def _asked(session: Session) -> list[str]:
    model = FakeLanguageModel(lambda _: NOTHING)
    write(model, session("panic"))
    return model.asked


def test_of_replies_that_are_cut_off_even_so_the_whole_statements_stay_and_none_is_a_failure(
    session: Session,
) -> None:
    begun = reply(("Client plans to walk daily.", ["T4"])).removesuffix("]}") + ', {"text": "Client pl'
    body = write(FakeLanguageModel(lambda _: Reply(begun, is_cut=True)), session("panic"))
    assert [s.text for s in body.sections[-1].statements] == ["Client plans to walk daily."]
    with pytest.raises(EngineFailed, match="cut off at 1000 tokens"):
        write(FakeLanguageModel(lambda _: Reply('{"statements": [', is_cut=True)), session("panic"))


def test_a_model_that_reads_too_little_is_refused_with_the_figures(session: Session) -> None:
    with pytest.raises(EngineFailed, match="reads 300 tokens at once"):
        write(FakeLanguageModel(lambda _: NOTHING, prompt_tokens=300), session("panic"))


def test_less_detail_asks_for_fewer_statements(session: Session) -> None:
    asked = {}
    for detail in ("brief", "standard", "detailed"):
        model = FakeLanguageModel(lambda _: NOTHING)
        write(model, session("panic"), detail=detail)
        asked[detail] = model.schemas[0]["properties"]["statements"]["maxItems"]
    assert asked["brief"] < asked["standard"] < asked["detailed"]


def test_only_facts_of_the_section_and_none_of_risk_are_given_to_the_model(session: Session) -> None:
    model = FakeLanguageModel(lambda _: NOTHING)
    write(model, session("risk"))
    noted = [re.findall(r"^\[F\d+\] ([a-z_]+),", asked, re.M) for asked in model.asked]
    assert "intervention" in noted[1]
    assert "intervention" not in noted[0] + noted[3]
    assert not any("risk" in kinds for kinds in noted)
