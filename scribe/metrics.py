"""Figures for Prometheus: what happened is counted here, and read as text. The door to prometheus_client.

Goes in: events, from any thread, and functions that tell how things stand. Every label is one of a closed set; what
is not in it is counted as `other`, so no figure can name a person, a session or a path that somebody made up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Literal, TypeAlias, get_args

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from scribe.note import DraftNote

CONTENT_TYPE = CONTENT_TYPE_LATEST
disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series beside each that nobody asks for
OTHER = "other"

GapReason: TypeAlias = Literal["off_the_record", "recognizer_failed", "broken_off"]
DraftOutcome: TypeAlias = Literal["ready", "insufficient", "failed", "called_off"]
Delivery: TypeAlias = Literal["taken", "to_be_tried_again", "given_up"]
Refusal: TypeAlias = Literal["full", "share", "quota", "going_down", "stuck"]

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
CLOSE_CODES = frozenset({1000, 1008, 1011, 1012, 1013, 4400, 4401, 4403, 4404, 4408, 4409, 4413, 4422})
"""Those of the contract; every other one is a client's."""
FINDINGS = frozenset(
    {
        *(
            "invalid_span",
            "no_evidence",
            "wrong_role",
            "wrong_speaker",
            "quote_not_exact",
            "quote_wrong_speaker",
        ),
        *(
            "unsupported_number",
            "unsupported_date",
            "unsupported_drug",
            "polarity",
            "denial_without_question",
        ),
        *("technique_not_shown", "not_agreed", "not_from_audio"),
        *("diagnosis", "risk_level", "wrong_support", "risk_not_quoted", "unsupported", "weak_support"),
        *("insufficient", "withdrawn", "form_blank_risk", "form_differs", "form_unplaced"),
    }
)

FINAL_BUCKETS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0, 13.0, 30.0, 60.0)
DRAFT_BUCKETS = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0, 180.0, 600.0)
STORE_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0, 300.0)
HTTP_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)


class Metrics:
    """The figures of one server; thread-safe."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._totals = _Totals()
        self._registry.register(self._totals)
        ProcessCollector(registry=self._registry)  # memory, CPU, open files of this process (Linux)
        self._finals = self._histogram(
            "scribe_final_seconds",
            "Seconds from hearing the end of an utterance until its final words were stored.",
            FINAL_BUCKETS,
        )
        self._commits = self._histogram(
            "scribe_commit_seconds",
            "Seconds that storing words took, waiting for the store and all.",
            STORE_BUCKETS,
        )
        self._draft_seconds = self._histogram(
            "scribe_draft_seconds", "Seconds that drafting a note took.", DRAFT_BUCKETS
        )
        self._http_seconds = self._histogram(
            "scribe_http_seconds", "Seconds until a call was answered whole.", HTTP_BUCKETS, "route"
        )
        self._words = self._counter("scribe_words", "Words of finals that were stored.")
        self._gaps = self._counter("scribe_gaps", "Stretches that are in no transcript.", "reason")
        self._drafts = self._counter("scribe_drafts", "Drafts of whole notes of sessions.", "outcome")
        self._findings = self._counter("scribe_findings", "Findings of new drafts.", "kind", "severity")
        self._signed = self._counter("scribe_signed", "Notes that were signed.")
        self._deliveries = self._counter("scribe_webhook_attempts", "Webhook messages as sent.", "outcome")
        self._refused = self._counter("scribe_streams_refused", "Streams that were not taken.", "reason")
        self._closed = self._counter("scribe_streams_closed", "Sockets that ended, by close code.", "code")
        self._http = self._counter("scribe_http_requests", "Calls answered.", "method", "route", "status")
        # Told from the beginning: a rate over a series that is not there yet misses its first event.
        for counter, outcomes in (
            (self._gaps, get_args(GapReason)),
            (self._drafts, get_args(DraftOutcome)),
            (self._deliveries, get_args(Delivery)),
            (self._refused, get_args(Refusal)),
        ):
            for outcome in outcomes:
                counter.labels(outcome)

    def stands(self, name: str, meaning: str, value: Callable[[], float]) -> None:
        """A figure that is asked for whenever somebody reads: it goes up and down."""
        Gauge(name, meaning, registry=self._registry).set_function(value)

    def adds_up(self, name: str, meaning: str, value: Callable[[], float]) -> None:
        """A figure that is asked for and only grows; it is read as `<name>_total`."""
        self._totals.add(name, meaning, value)

    def read(self) -> bytes:
        """All figures in Prometheus' text format."""
        return generate_latest(self._registry)

    def final(self, seconds: float, words: int) -> None:
        """An utterance's final words are stored, so long after its end was heard."""
        self._finals.observe(seconds)
        self._words.inc(words)

    def gap(self, reason: GapReason) -> None:
        """The transcript says that something is not in it."""
        self._gaps.labels(reason).inc()

    def signed(self) -> None:
        """A note was signed."""
        self._signed.inc()

    async def drafting(self, work: Awaitable[DraftNote]) -> DraftNote:
        """The draft that comes of this, counted with its findings; raises what the work raises."""
        began, outcome = perf_counter(), "failed"
        try:
            draft = await work
            outcome = "insufficient" if draft.insufficient else "ready"
        except asyncio.CancelledError:
            outcome = "called_off"
            raise
        finally:
            self._drafts.labels(outcome).inc()
            self._draft_seconds.observe(perf_counter() - began)
        for finding in draft.findings:
            self._findings.labels(_of(finding.kind, FINDINGS), finding.severity).inc()
        return draft

    def delivery(self, outcome: Delivery) -> None:
        """A webhook message was sent once."""
        self._deliveries.labels(outcome).inc()

    def refused(self, reason: Refusal) -> None:
        """A stream was not taken."""
        self._refused.labels(reason).inc()

    def closed(self, code: int) -> None:
        """A socket ended."""
        self._closed.labels(str(code) if code in CLOSE_CODES else OTHER).inc()

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """A call was answered; `route` is the template of its path, "" where it met none."""
        self._http.labels(_of(method, METHODS), route or OTHER, str(status)).inc()
        self._http_seconds.labels(route or OTHER).observe(seconds)

    @contextmanager
    def storing(self) -> Iterator[None]:
        """Words are stored within."""
        began = perf_counter()
        try:
            yield
        finally:
            self._commits.observe(perf_counter() - began)

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(name, meaning, labels, registry=self._registry)

    def _histogram(self, name: str, meaning: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(name, meaning, labels, buckets=buckets, registry=self._registry)


class _Totals(Collector):
    """Figures that others count; prometheus_client has a function for gauges alone."""

    def __init__(self) -> None:
        self._asked: list[tuple[str, str, Callable[[], float]]] = []

    def add(self, name: str, meaning: str, value: Callable[[], float]) -> None:
        self._asked.append((name, meaning, value))

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Ask for them."""
        for name, meaning, value in self._asked:
            yield CounterMetricFamily(name, meaning, value=value())


def _of(given: str, known: frozenset[str]) -> str:
    return given if given in known else OTHER
