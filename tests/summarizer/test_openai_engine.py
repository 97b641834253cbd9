"""Notes by a server: real HTTP on loopback, every kind of answer."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from completions import Completions, completion, completions
from fastapi import Request, Response

from summarizer.errors import EngineFailed, UnreadableReply
from summarizer.openai_engine import OpenAIEngine, server_address
from summarizer.summarize import summarize
from summarizer.templates import load_template
from summarizer.types import Draft, Turn

Session = Callable[[str], tuple[Turn, ...]]
SECRET_WORDS = "sleeping badly since March"


@pytest.fixture
def served() -> Iterator[Completions]:
    with completions() as running:
        yield running


def engine(served: Completions, **options: Any) -> OpenAIEngine:
    options = {"timeout_seconds": 20.0, "backoff_seconds": 0.01, "context_tokens": 8192} | options
    return OpenAIEngine(served.url, "small-instruct", **options)


def draft(writer: OpenAIEngine, turns: tuple[Turn, ...], section: str = "SUBJECTIVE") -> Draft:
    return asyncio.run(summarize(turns, template=load_template("soap").only(section), engine=writer))


def written(found: Draft) -> list[str]:
    """What is not the session's one answer about risk, which the rules write."""
    return [s.text for s in found.body.sections[0].statements if "(asked:" not in s.text]


def asked_label(request: dict[str, Any], words: str) -> str:
    lines = request["messages"][-1]["content"].splitlines()
    return next(line[1 : line.index("]")] for line in lines if line.startswith("[T") and words in line)


def test_a_good_answer_becomes_a_grounded_statement(served: Completions, session: Session) -> None:
    turns = session("panic")

    def answer(request: dict[str, Any]) -> Response:
        label = asked_label(request, SECRET_WORDS)
        said = {"text": "Client reports sleeping badly since March.", "evidence": [label]}
        return completion(json.dumps({"statements": [said]}))

    served.answer = answer
    found = draft(engine(served), turns)
    statement, denial = found.body.sections[0].statements
    at = next(turn for turn in turns if SECRET_WORDS in turn.text)
    assert statement.text == "Client reports sleeping badly since March."
    assert [at.text[s.start : s.end] for s in statement.evidence] == ["I've been sleeping badly since March."]
    assert denial.text.startswith("Client denies"), "risk is told by the rules, not by the server"
    assert found.engine.engine == "openai"
    assert found.engine.model == "small-instruct"


def test_what_is_asked_has_a_schema_no_chance_and_no_stream(served: Completions, session: Session) -> None:
    draft(engine(served, api_key="k-123"), session("panic"))
    (request,) = served.requests
    assert request["model"] == "small-instruct"
    assert request["temperature"] == 0
    assert isinstance(request["seed"], int)
    assert request["stream"] is False
    assert 0 < request["max_tokens"] <= 2048
    asked = request["response_format"]
    assert asked["type"] == "json_schema"
    assert asked["json_schema"]["strict"] is True
    cited = asked["json_schema"]["schema"]["properties"]["statements"]["items"]["properties"]["evidence"]
    assert asked_label(request, SECRET_WORDS) in cited["items"]["enum"]
    assert [message["role"] for message in request["messages"]] == ["system", "user"]
    assert served.headers[0]["authorization"] == "Bearer k-123"


def test_without_a_key_none_is_sent(served: Completions, session: Session) -> None:
    draft(engine(served), session("panic"))
    assert "authorization" not in served.headers[0]


def test_a_server_that_ignores_the_schema_is_asked_once_more_and_then_given_up(
    served: Completions, session: Session
) -> None:
    served.answer = lambda _: completion(f"Of course! The client is {SECRET_WORDS}.")
    with pytest.raises(UnreadableReply) as failure:
        draft(engine(served), session("panic"))
    assert len(served.requests) == 2
    assert "was not the JSON" in served.requests[1]["messages"][-1]["content"]
    assert SECRET_WORDS not in str(failure.value)

    answers = iter(["Of course!", '{"statements": []}'])
    served.answer = lambda _: completion(next(answers))
    assert written(draft(engine(served), session("panic"))) == []


def test_an_invented_sentence_is_withdrawn_though_the_server_kept_to_the_schema(
    served: Completions, session: Session
) -> None:
    said = {"text": "Client plans a journey to Peru by bicycle.", "evidence": ["T1"]}
    served.answer = lambda _: completion(json.dumps({"statements": [said]}))
    found = draft(engine(served), session("panic"))
    assert written(found) == []
    assert "withdrawn" in [finding.kind for finding in found.findings]


@pytest.mark.parametrize(
    ("status", "told", "calls"),
    [
        (500, "failed \\(HTTP status 500\\)", 1),
        (400, "refused the request", 1),
        (401, "SCRIBE_NOTE_API_KEY", 1),
        (404, "SCRIBE_NOTE_MODEL", 1),
        (503, "is busy", 3),
        (429, "is busy", 3),
    ],
)
def test_each_refusal_says_what_to_do_and_only_a_busy_server_is_asked_again(
    served: Completions, session: Session, status: int, told: str, calls: int
) -> None:
    served.answer = lambda _: Response(f"no: {SECRET_WORDS}", status_code=status)
    with pytest.raises(EngineFailed, match=told) as failure:
        draft(engine(served), session("panic"))
    assert len(served.requests) == calls
    assert SECRET_WORDS not in str(failure.value)


def test_a_server_that_is_busy_for_a_moment_is_waited_for(served: Completions, session: Session) -> None:
    answers = iter([Response(status_code=503), completion('{"statements": []}')])
    served.answer = lambda _: next(answers)
    draft(engine(served), session("panic"))
    assert len(served.requests) == 2


def test_a_redirect_is_not_followed(served: Completions, session: Session) -> None:
    with completions() as elsewhere:
        target = f"{elsewhere.url}/chat/completions"
        served.answer = lambda _: Response(status_code=307, headers={"Location": target})
        with pytest.raises(EngineFailed, match="not followed"):
            draft(engine(served), session("panic"))
        assert elsewhere.requests == []


def test_a_proxy_of_the_environment_gets_nothing(
    served: Completions, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    with completions() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url.removesuffix("/v1"))
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        draft(engine(served), session("panic"))
        assert len(served.requests) == 1
        assert proxy.requests == []


def test_a_slow_server_is_given_up_and_not_asked_again(served: Completions, session: Session) -> None:
    async def never(_request: dict[str, Any]) -> Response:
        await asyncio.Event().wait()
        raise AssertionError

    served.answer = never
    with pytest.raises(EngineFailed, match=r"took longer than 0\.3 s"):
        draft(engine(served, timeout_seconds=0.3), session("panic"))
    assert len(served.requests) == 1


@pytest.mark.parametrize("body", ["<html>", "{}", '{"choices": []}', '{"choices": [{"message": 3}]}'])
def test_what_is_no_completion_is_told_as_that(served: Completions, session: Session, body: str) -> None:
    served.answer = lambda _: Response(body)
    with pytest.raises(EngineFailed, match="no chat completion"):
        draft(engine(served), session("panic"))


def test_an_endless_answer_is_cut_off(served: Completions, session: Session) -> None:
    served.answer = lambda _: Response(b" " * (5 * 1024 * 1024))
    with pytest.raises(EngineFailed, match="more than 4194304 bytes"):
        draft(engine(served), session("panic"))


def test_a_reply_that_the_server_cut_off_keeps_its_whole_statements(
    served: Completions, session: Session
) -> None:
    def answer(request: dict[str, Any]) -> Response:
        label = asked_label(request, "T")
        return completion(f'{{"statements": [{{"text": "Um.", "evidence": ["{label}"]}}, {{"te', "length")

    served.answer = answer
    draft(engine(served), session("panic"))
    assert len(served.requests) == 3, "once whole, then in halves"


def test_no_server_is_told_with_its_address(session: Session) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    writer = OpenAIEngine(f"http://127.0.0.1:{port}/v1", "m", backoff_seconds=0.01)
    with pytest.raises(EngineFailed, match=f"127.0.0.1:{port} does not answer"):
        draft(writer, session("panic"))


def test_cancelling_a_draft_closes_the_connection(served: Completions, session: Session) -> None:
    waiting, gone = threading.Event(), threading.Event()

    async def wait(request: Request) -> Response:
        waiting.set()
        if (await request.receive())["type"] == "http.disconnect":
            gone.set()
        return Response(status_code=499)

    async def cancelled() -> None:
        writing = asyncio.create_task(
            summarize(session("panic"), template=load_template("soap"), engine=engine(served))
        )
        await asyncio.to_thread(waiting.wait, 20)
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing

    served.waits = wait
    asyncio.run(cancelled())
    assert gone.wait(20)


def test_the_models_of_a_server_are_listed(served: Completions) -> None:
    served.models = ("small-instruct", "other")
    assert asyncio.run(engine(served).models()) == ("small-instruct", "other")


@pytest.mark.parametrize(
    "url",
    [
        "http://192.168.1.7:8000/v1",
        "http://example.com/v1",
        "http://localhost.example.com/v1",
        "http://127.0.0.1.example.com/v1",
        "http://0.0.0.0:8000/v1",
        "http://[::ffff:10.0.0.1]/v1",
        "http://2130706433/v1",
    ],
)
def test_another_machine_is_refused_unless_it_is_allowed_and_reached_by_tls(url: str) -> None:
    with pytest.raises(EngineFailed, match="not this machine"):
        server_address(url)
    with pytest.raises(EngineFailed, match="must be https"):
        server_address(url, allow_remote=True)
    assert server_address(url.replace("http://", "https://"), allow_remote=True).scheme == "https"


@pytest.mark.parametrize(
    "url", ["", "ollama", "ftp://127.0.0.1/v1", "http://user:pass@127.0.0.1/v1", "http:///v1"]
)
def test_what_is_no_address_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(EngineFailed, match="Expected the address") as failure:
        server_address(url)
    assert "pass@" not in str(failure.value)


@pytest.mark.parametrize(
    ("given", "base"),
    [
        ("http://127.0.0.1:11434", "http://127.0.0.1:11434/v1"),
        ("http://localhost:8080/v1/", "http://localhost:8080/v1"),
        ("http://[::1]:8000/api/v1", "http://[::1]:8000/api/v1"),
    ],
)
def test_this_machine_is_taken_with_or_without_the_version_in_its_path(given: str, base: str) -> None:
    assert str(server_address(given)) == base


def test_a_model_must_be_named() -> None:
    with pytest.raises(EngineFailed, match="SCRIBE_NOTE_MODEL"):
        OpenAIEngine("http://127.0.0.1:1/v1", "")


def test_the_key_does_not_show(served: Completions) -> None:
    assert "k-123" not in repr(engine(served, api_key="k-123"))
