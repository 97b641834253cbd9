"""Notes by a model of a folder: random weights, the actual library, decoding under a schema.

What such a model writes is junk, and nearly all of it is withdrawn by the check. What is tested is that it is
always of the schema, that it cites nothing else than it was given, and that it is the same each time.
"""

from __future__ import annotations

import asyncio
import json
import resource
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="the extra `llm` is not installed; `make test-llm` runs this")
pytest.importorskip("transformers", reason="the extra `llm` is not installed; `make test-llm` runs this")
pytest.importorskip("llguidance", reason="the extra `llm` is not installed; `make test-llm` runs this")

from random_language_model import Kind, damage, save_model

from summarizer.errors import EngineFailed
from summarizer.parse import schema
from summarizer.prompt import Message
from summarizer.summarize import summarize
from summarizer.templates import load_template
from summarizer.transformers_engine import TransformersEngine
from summarizer.types import Turn

Session = Callable[[str], tuple[Turn, ...]]
Load = Callable[..., TransformersEngine]
LABELS = ("T1", "T2", "T17", "F3")
ASKED = [Message("system", "You draft a note."), Message("user", "[T1] client: I have not been myself.")]


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Load]:
    """Models saved to a folder of the test's own and loaded from there, closed in the end."""
    loaded: list[TransformersEngine] = []

    def make(kind: Kind = "causal", *, reply_tokens: int = 400, **shape: Any) -> TransformersEngine:
        folder = save_model(tmp_path / f"model-{len(loaded)}", kind, **shape)
        loaded.append(TransformersEngine(folder, device="cpu", reply_tokens=reply_tokens, threads=1))
        return loaded[-1]

    yield make
    for engine in loaded:
        engine.close()


def replied(engine: TransformersEngine, asked: list[Message] = ASKED) -> str:
    wanted = schema(LABELS, statements=2, characters=50, form=engine.form)
    found = asyncio.run(engine.reply(asked, wanted))
    assert not found.is_cut
    return found.text


@pytest.mark.parametrize("kind", ["causal", "seq2seq"])
@pytest.mark.parametrize("seed", range(4))
def test_every_reply_is_json_of_the_schema_and_cites_only_what_was_given(
    load: Load, kind: Kind, seed: int
) -> None:
    engine = load(kind, seed=seed)
    for asked in (ASKED, [*ASKED, Message("user", "Section: Plan")]):
        found = json.loads(replied(engine, asked))
        assert set(found) == {"statements"}
        assert len(found["statements"]) <= 2
        for statement in found["statements"]:
            assert set(statement) == {"text", "evidence"}
            assert 1 <= len(statement["text"]) <= 50
            assert statement["evidence"]
            assert set(statement["evidence"]) <= set(LABELS)


def test_a_tokenizer_without_braces_writes_lists(load: Load) -> None:
    engine = load("seq2seq", braces=False)
    assert engine.form == "arrays"
    for text, cited in json.loads(replied(engine)):
        assert text
        assert set(cited) <= set(LABELS)


@pytest.mark.parametrize("kind", ["causal", "seq2seq"])
def test_the_same_model_writes_the_same_bytes_loaded_twice(load: Load, tmp_path: Path, kind: Kind) -> None:
    engine = load(kind, seed=5)
    again = TransformersEngine(tmp_path / "model-0", device="cpu", reply_tokens=400, threads=1)
    try:
        assert replied(engine) == replied(engine) == replied(again)
        assert engine.info == again.info
    finally:
        again.close()


def test_habits_of_sampling_in_the_folder_change_nothing(load: Load, tmp_path: Path) -> None:
    engine = load(seed=1)
    before = replied(engine)
    habits = tmp_path / "model-0" / "generation_config.json"
    habits.write_text(
        json.dumps(
            json.loads(habits.read_text())
            | {"do_sample": True, "temperature": 9.0, "repetition_penalty": 3.0}
        )
    )
    sampling = TransformersEngine(tmp_path / "model-0", device="cpu", reply_tokens=400, threads=1)
    try:
        assert replied(sampling) == before
    finally:
        sampling.close()


@pytest.mark.parametrize(
    ("kind", "shape"), [("causal", {}), ("causal", {"chat": False}), ("seq2seq", {"positions": 2600})]
)
def test_a_whole_draft_comes_with_the_templates_sections_and_its_findings(
    load: Load, session: Session, kind: Kind, shape: dict[str, Any]
) -> None:
    engine = load(kind, reply_tokens=192, **{"positions": 4096} | shape)
    found = asyncio.run(summarize(session("panic"), template=load_template("dap"), engine=engine))
    assert [section.code for section in found.body.sections] == ["DATA", "ASSESSMENT", "PLAN"]
    texts = {turn.id: turn.text for turn in session("panic")}
    for section in found.body.sections:
        for statement in section.statements:
            assert statement.evidence
            assert all(0 <= s.start < s.end <= len(texts[s.turn]) for s in statement.evidence)
    assert found.engine.engine == "transformers"
    assert found.engine.version.startswith("sha256:")
    told = [s.text for s in found.body.sections[0].statements]
    assert any(text.startswith("Client denies") for text in told), "risk does not wait for a model"


def test_a_session_longer_than_the_context_is_read_in_chunks(load: Load, session: Session) -> None:
    engine = load(reply_tokens=128, positions=2048)
    turns = tuple(Turn(f"{turn.id}.{n}", turn.role, turn.text) for n in range(2) for turn in session("panic"))
    assert sum(engine.count(turn.text) for turn in turns) > 2048
    found = asyncio.run(summarize(turns, template=load_template("dap").only("PLAN"), engine=engine))
    assert found.engine.model == "model-0"


def test_the_event_loop_stays_free_and_a_cancelled_reply_stops_within_a_token(load: Load) -> None:
    engine = load(positions=65_536, reply_tokens=16_000)
    long = schema(LABELS, statements=500, characters=400, form="objects")

    async def cancelled() -> tuple[int, str]:
        writing = asyncio.create_task(engine.reply(ASKED, long))
        turns = 0
        while turns < 50:
            await asyncio.sleep(0.001)
            turns += 1
        assert not writing.done(), "it would go on for minutes"
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
        # The one thread is free again, or this would wait for 16,000 tokens.
        short = schema(LABELS, statements=1, characters=20, form="objects")
        return turns, (await asyncio.wait_for(engine.reply(ASKED, short), 30)).text

    turns, after = asyncio.run(cancelled())
    assert turns == 50
    json.loads(after)


def test_nothing_is_asked_of_the_network(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the engine opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    replied(load())


def test_weights_that_are_not_those_of_the_configuration_are_refused(load: Load, tmp_path: Path) -> None:
    damage(save_model(tmp_path / "broken"))
    with pytest.raises(EngineFailed, match="do not fit"):
        TransformersEngine(tmp_path / "broken", device="cpu")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"model_type": "nothing-known"}, "cannot be loaded"),
        ({"model_type": "own", "auto_map": {"AutoConfig": "evil.Config"}}, "cannot be loaded"),
    ],
)
def test_a_model_that_the_library_does_not_know_is_refused_and_its_code_is_not_run(
    tmp_path: Path, change: dict[str, Any], told: str
) -> None:
    folder = save_model(tmp_path / "odd")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | change))
    (folder / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Config: pass\n")
    with pytest.raises(EngineFailed, match=told):
        TransformersEngine(folder, device="cpu")
    assert not (tmp_path / "ran").exists()


def test_a_model_that_reads_too_little_says_so(load: Load, session: Session) -> None:
    engine = load(positions=512)
    with pytest.raises(EngineFailed, match="choose a model with a longer context"):
        asyncio.run(summarize(session("panic"), template=load_template("soap"), engine=engine))


def test_memory_that_does_not_suffice_is_told_as_that(load: Load) -> None:
    engine = load("seq2seq", positions=40_000, reply_tokens=64)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    before = resource.getrlimit(resource.RLIMIT_AS)
    huge = [Message("user", "I have not been myself. " * 3_000)]  # attention grows with the square of it
    resource.setrlimit(resource.RLIMIT_AS, (used + 64 * 1024**2, hard))
    try:
        with pytest.raises(EngineFailed, match="memory does not suffice"):
            asyncio.run(engine.reply(huge, schema(LABELS, statements=1, characters=20)))
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.mark.parametrize("tokens", [0, 1200])
def test_the_budget_is_the_models_or_what_is_set_if_less(load: Load, tmp_path: Path, tokens: int) -> None:
    save_model(tmp_path / "own", positions=2048)
    engine = TransformersEngine(tmp_path / "own", device="cpu", context_tokens=tokens)
    try:
        assert engine.prompt_tokens + engine.reply_tokens == (tokens or 2048)
        assert engine.length(ASKED) > engine.count(ASKED[1].content) > 5
    finally:
        engine.close()
