"""Traces of a real session at a receiver of our own: the steps are there, in one trace, and no word is."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from queue import Empty

import pytest
from in_process import in_process
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from receiver import Receiver, receiver
from running import TOKEN
from scenario import sound
from whole_session import one_session, oracle

from scribe.traces import Traces


def sent_to(there: Receiver) -> tuple[list[Span], bytes]:
    """Every span that came, and all bodies as they came."""
    spans: list[Span] = []
    raw = b""
    while True:
        try:
            taken = there.taken.get_nowait()
        except Empty:
            return spans, raw
        raw += taken.body
        message = ExportTraceServiceRequest.FromString(taken.body)
        spans += [span for one in message.resource_spans for scope in one.scope_spans for span in scope.spans]


def test_a_session_is_one_trace_of_its_steps_without_a_word(tmp_path: Path) -> None:
    pcm = sound(2, 40)

    async def heard(endpoint: str) -> set[str]:
        async with in_process(tmp_path / "data", recognizer=oracle(pcm), otlp_endpoint=endpoint) as on:
            lines = await one_session(on.url, pcm)
            (session,) = (await on.http.get("/v1/sessions")).json()["sessions"]
            path = f"/v1/sessions/{session['id']}/note"
            view = (await on.http.get(path)).json()
            for finding in view["note"]["findings"]:
                settled = {"resolution": "justified", "reason": "Read and right."}
                await on.http.patch(f"{path}/findings/{finding['id']}", json=settled)
            signed = {
                "name": "R. Diaz",
                "credentials": "LCSW",
                "token": TOKEN,
                "attestation": view["attestation"],
            }
            assert (await on.http.post(f"{path}/sign", json=signed)).status_code == 201
        return {
            word.text.strip(".,?!").lower() for line in lines for word in line.words if len(word.text) > 5
        }

    with receiver() as there:
        there.answers.put(200)
        words = asyncio.run(heard(there.url))
        spans, raw = sent_to(there)
    count = Counter(span.name for span in spans)
    assert (count["stream"], count["draft"], count["sign"]) == (1, 1, 1)
    assert min(count["decode"], count["commit"]) > 3
    assert count.keys() == {"stream", "decode", "commit", "draft", "sign"}
    assert len({span.trace_id for span in spans}) == 1
    assert {one.key for span in spans for one in span.attributes} == {"scribe.session", "scribe.samples"}
    assert all(span.end_time_unix_nano > span.start_time_unix_nano for span in spans)
    assert len(words) > 20
    # `scribe.session` is what the id is called.
    assert not [word for word in words - {"session"} | {"diaz", TOKEN} if word.encode() in raw.lower()]


def test_what_is_raised_is_told_by_its_type_alone() -> None:
    with receiver() as there:
        traces = Traces(there.url)
        with pytest.raises(ValueError, match="marigold"), traces.span("draft", "6f1c"):
            raise ValueError("marigold")
        traces.close()
        (span,), raw = sent_to(there)
    assert span.status.message == "ValueError"
    assert not span.events
    assert b"marigold" not in raw


def test_without_an_endpoint_nothing_is_made() -> None:
    traces = Traces()
    with traces.span("stream", "6f1c"):
        pass
    traces.close()
