"""What one session's stream, decodes, commits, draft and signature took, as OpenTelemetry spans. The door to its SDK.

Goes in: the name of a step and the id of its session. Comes out: a span with that id, a count or two and the type of
what was raised, never a text; all spans of a session are one trace. Nothing is made or sent unless an endpoint is set,
and libraries that trace by themselves are not listened to.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Literal, TypeAlias

from scribe.errors import CannotStart

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

SpanName: TypeAlias = Literal["stream", "decode", "commit", "draft", "sign"]


class Traces:
    """The spans of one server; thread-safe. With no `endpoint` (OTLP over HTTP) there are none.

    Raises CannotStart where the extra `telemetry` is missing.
    """

    def __init__(self, endpoint: str = "") -> None:
        self._provider = _provider(endpoint) if endpoint else None

    @contextmanager
    def span(self, name: SpanName, session_id: str, **figures: int) -> Iterator[None]:
        """What is done within is one step of a session."""
        if self._provider is None:
            yield
            return
        from opentelemetry.trace import (
            NonRecordingSpan,
            SpanContext,
            StatusCode,
            TraceFlags,
            set_span_in_context,
        )

        # Whoever looks for a session finds its trace: one parent that was never sent, made of the session's id.
        digest = hashlib.sha256(session_id.encode()).digest()
        parent = SpanContext(
            int.from_bytes(digest[:16]),
            int.from_bytes(digest[16:24]),
            is_remote=True,
            trace_flags=TraceFlags(1),
        )
        span = self._provider.get_tracer("scribe").start_span(
            name,
            set_span_in_context(NonRecordingSpan(parent)),
            attributes={"scribe.session": session_id, **{f"scribe.{name}": n for name, n in figures.items()}},
        )
        try:
            yield
        except BaseException as error:
            # Its text may quote what it failed on.
            span.set_status(StatusCode.ERROR, type(error).__name__)
            raise
        finally:
            span.end()

    def close(self) -> None:
        """Send what was not sent yet; blocks, at most some seconds."""
        if self._provider is not None:
            self._provider.shutdown()


def _provider(endpoint: str) -> TracerProvider:
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.trace.sampling import ALWAYS_ON
    except ModuleNotFoundError:
        raise CannotStart(
            "SCRIBE_OTLP_ENDPOINT needs OpenTelemetry; install it with `pip install 'ambient-scribe[telemetry]'`."
        ) from None
    # Made by hand: the detectors would add the machine's and the process's own.
    resource = Resource({"service.name": "ambient-scribe", "service.version": version("ambient-scribe")})
    provider = TracerProvider(ALWAYS_ON, resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint, timeout=5)))
    return provider
