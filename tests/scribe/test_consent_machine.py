"""Sessions, consents and frames in any order: a frame is taken exactly when everybody is covered at that instant.

Real calls to a real application, store and capture; only sound and words are made up. What should hold is
worked out here anew, from what was done, and never asked of the code under test.
"""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from in_process import app_of
from running import TOKEN

from scribe.capture import Capture
from scribe.errors import NotConsented, ScribeError
from scribe.outbox import Outbox
from scribe.sample import sample_mono
from scribe.wire import Start

RATE = 16_000
START = Start(type="start", encoding="pcm_s16le", sample_rate=RATE, channels=1)
AUDIO = sample_mono()[: 60 * RATE].reshape(-1, 1)
ALL = frozenset({"record", "transcribe", "draft"})
STATES = {"awaiting_consent", "ready", "recording", "paused", "interrupted", "ended", "in_review", "revoked"}


@dataclass
class Said:
    """One consent as it was given here."""

    person: str
    method: str
    scope: frozenset[str]
    given: datetime
    expires: datetime | None
    guardian: bool
    revoked: bool = False


class ConsentMachine(RuleBasedStateMachine):
    """One session of a clinician, a child in Illinois or not, and a parent."""

    @initialize(minor=st.booleans(), illinois=st.booleans(), lasts=st.sampled_from((0, 0, None, 15, 40)))
    def begin(self, minor: bool, illinois: bool, lasts: int | None) -> None:
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.now = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
        self.said: list[Said] = []
        self.revocations: dict[int, datetime] = {}
        self.minor, self.illinois = minor, illinois
        self.capture: Capture | None = None
        self.at = 0
        self.revoked_lines: tuple[Any, ...] | None = None
        self.app = app_of(Path(self.folder.name), clock=lambda: self.now)
        self.server = self.app.state.server
        transport = httpx.ASGITransport(self.app)
        headers = {"Authorization": f"Bearer {TOKEN}"}
        self.http = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers)
        people = [
            {"id": "cl", "role": "clinician"},
            {"id": "pt", "role": "client", "minor": minor, "jurisdiction": "US-IL" if illinois else ""},
            {"id": "mo", "role": "family"},
        ]
        self.id = self.call("POST", "/v1/sessions", json={"participants": people}).json()["id"]
        if lasts != 0:
            for person in ("cl", "pt", "mo"):
                self.consent(person, "written", ALL, 0, lasts, True)

    def do(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    def call(self, method: str, path: str, **options: Any) -> httpx.Response:
        answer: httpx.Response = self.do(self.http.request(method, path, **options))
        assert answer.status_code < 500
        return answer

    @property
    def state(self) -> str:
        return str(self.server.store.session(self.id).state.value)

    def counts(self, said: Said) -> bool:
        if said.person != "cl" and self.illinois and said.method == "verbal":
            return False
        return not (said.person == "pt" and self.minor and not said.guardian)

    def covered(self) -> bool:
        for person in ("cl", "pt", "mo"):
            for scope in ALL:
                for_it = [
                    said
                    for said in self.said
                    if said.person == person
                    and scope in said.scope
                    and not said.revoked
                    and self.counts(said)
                    and said.given <= self.now + timedelta(minutes=5)
                ]
                newest = max(enumerate(for_it), key=lambda one: (one[1].given, one[0]), default=(0, None))[1]
                if newest is None or (newest.expires is not None and newest.expires <= self.now):
                    return False
        return True

    @rule(
        person=st.sampled_from(("cl", "pt", "mo")),
        method=st.sampled_from(("written", "verbal")),
        scope=st.sampled_from((ALL, ALL, ALL, frozenset({"record"}), frozenset({"transcribe", "draft"}))),
        minutes=st.sampled_from((0, 0, -10, 3, 20)),
        lasts=st.sampled_from((None, None, 15, 40)),
        guardian=st.booleans(),
    )
    def consent(
        self, person: str, method: str, scope: frozenset[str], minutes: int, lasts: int | None, guardian: bool
    ) -> None:
        given = self.now + timedelta(minutes=minutes)
        expires = None if lasts is None else self.now + timedelta(minutes=lasts)
        body: dict[str, Any] = {
            "participant_id": person,
            "method": method,
            "scope": sorted(scope),
            "statement_version": "1",
            "given_at": given.isoformat(),
            "expires_at": expires and expires.isoformat(),
            "given_by": {"relationship": "mother", "guardian_id": "mo"}
            if guardian and person == "pt"
            else None,
        }
        answer = self.call("POST", f"/v1/sessions/{self.id}/consents", json=body)
        late = [
            s
            for s in self.said
            if s.person == person and s.revoked and given <= max(self.revocations[id(s)], s.given)
        ]
        assert answer.status_code == (409 if late else 201)
        if not late:
            self.said.append(Said(person, method, scope, given, expires, guardian and person == "pt"))

    @rule()
    def everybody_consents(self) -> None:
        for person in ("cl", "pt", "mo"):
            self.consent(person, "written", ALL, 0, None, True)

    @rule(person=st.sampled_from(("cl", "pt", "mo")), chance=st.integers(0, 3))
    def revoke(self, person: str, chance: int) -> None:
        if chance:
            return  # rarely: it ends a session
        self.call("DELETE", f"/v1/sessions/{self.id}/consents/{person}")
        for said in self.said:
            if said.person == person and not said.revoked:
                said.revoked = True
                self.revocations[id(said)] = self.now
        if self.state == "revoked":
            self.revoked_lines = self.server.store.transcript(self.id)

    @rule(minutes=st.sampled_from((1, 14, 15)))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @precondition(lambda self: self.capture is None)
    @rule()
    def open(self) -> None:
        openable = self.state in ("ready", "interrupted")
        may = self.covered() and openable
        try:
            self.capture, ready = self.do(self.server.live.open(self.id, START, Outbox()))
        except ScribeError:
            assert not may
            return
        assert may
        assert ready.resume_from <= self.at or self.at == 0
        self.at = ready.resume_from

    @rule(seconds=st.sampled_from((0.1, 1.0, 4.0)), minutes=st.sampled_from((0, 0, 0, 1, 15)))
    def frame(self, seconds: float, minutes: int) -> None:
        if self.capture is None:
            self.open()
        if self.capture is None:
            return
        self.now += timedelta(minutes=minutes)
        audio = AUDIO[self.at : self.at + int(seconds * RATE)]
        before = self.capture.position
        taken = self.covered() and self.state == "recording"
        try:
            self.do(self.capture.hear_samples(audio))
        except NotConsented:
            assert not taken
            assert self.capture.position == before
            self.leave()
            return
        assert taken
        self.at = self.capture.position

    @precondition(lambda self: self.capture is not None)
    @rule()
    def leave(self) -> None:
        self.do(self.server.live.leave(self.capture))
        self.capture = None

    @precondition(lambda self: self.capture is not None and self.state == "recording")
    @rule(chance=st.integers(0, 4))
    def stop(self, chance: int) -> None:
        if not chance:
            self.do(self.server.live.stop(self.capture))
            self.capture = None

    @invariant()
    def the_state_is_one_of_the_tables(self) -> None:
        if hasattr(self, "id"):
            assert self.state in STATES

    @invariant()
    def the_view_says_what_holds(self) -> None:
        if hasattr(self, "id"):
            view = self.call("GET", f"/v1/sessions/{self.id}").json()
            assert (view["missing_consent"] == {}) == self.covered()

    @invariant()
    def no_word_is_stored_after_a_revocation(self) -> None:
        if getattr(self, "revoked_lines", None) is not None:
            assert self.server.store.transcript(self.id) == self.revoked_lines

    def teardown(self) -> None:
        if hasattr(self, "loop"):
            self.do(self.server.live.close())
            self.do(self.server.engines.recognition.close())
            self.do(self.http.aclose())
            self.loop.run_until_complete(self.loop.shutdown_default_executor())
            self.loop.close()
            self.folder.cleanup()


FEW = settings(max_examples=5, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck))


class TestConsent(ConsentMachine.TestCase):  # type: ignore[misc, name-defined]
    """A few courses of events."""

    settings = FEW


@pytest.mark.faults
class TestConsentAtLength(ConsentMachine.TestCase):  # type: ignore[misc, name-defined]
    """Many."""

    settings = settings(FEW, max_examples=150)
