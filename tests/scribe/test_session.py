"""The life of a session and its consents."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from scribe.errors import WrongState
from scribe.session import TRANSITIONS, NewSession, Participant, State, Step, step


def test_a_session_goes_from_consent_to_signature() -> None:
    state = State.AWAITING_CONSENT
    for what in (
        Step.CONSENTED,
        Step.OPENED,
        Step.PAUSED,
        Step.RESUMED,
        Step.STOPPED,
        Step.DRAFTED,
        Step.SIGNED,
    ):
        state = step(state, what)
    assert state is State.SIGNED


def test_nothing_is_recorded_before_consent() -> None:
    with pytest.raises(WrongState, match="awaiting_consent"):
        step(State.AWAITING_CONSENT, Step.OPENED)


def test_off_the_record_stays_so_when_the_connection_is_cut() -> None:
    state = step(step(State.PAUSED, Step.CUT), Step.OPENED)
    assert state is State.PAUSED


@given(st.lists(st.sampled_from([s for s in Step if s is not Step.SHREDDED])))
def test_no_way_leads_back_to_recording_after_signing_or_revocation(steps: list[Step]) -> None:
    for start in (State.SIGNED, State.REVOKED):
        state = start
        for what in steps:
            try:
                state = step(state, what)
            except WrongState:
                continue
            assert state is start


@pytest.mark.parametrize("state", list(State))
def test_every_session_can_be_shredded(state: State) -> None:
    assert step(state, Step.SHREDDED) is State.SHREDDED


def test_patient_is_accepted_for_client() -> None:
    assert Participant.model_validate({"id": "p", "role": "patient"}).role == "client"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"participants": []}, "at least 1"),
        ({"participants": [{"id": "a", "role": "client"}, {"id": "a", "role": "other"}]}, "different ids"),
        ({"participants": [{"id": "a b", "role": "client"}]}, "pattern"),
        ({"participants": [{"id": "a", "role": "judge"}]}, "Input should be"),
        ({"participants": [{"id": "a", "role": "client"}], "colour": 1}, "Extra inputs"),
    ],
)
def test_a_session_that_makes_no_sense_is_refused(body: dict[str, object], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        NewSession.model_validate(body)


def test_from_wherever_a_session_can_get_it_can_be_reviewed_or_destroyed() -> None:
    def next_to(state: State) -> set[State]:
        return {after for (before, _), after in TRANSITIONS.items() if before is state}

    def within_reach(begin: State) -> set[State]:
        seen, to_do = {begin}, [begin]
        while to_do:
            new = next_to(to_do.pop()) - seen
            seen |= new
            to_do += new
        return seen

    reachable = within_reach(State.AWAITING_CONSENT)
    assert reachable == set(State), "no state is there for nothing"
    for state in reachable:
        assert State.SHREDDED in next_to(state)
        if state not in (State.REVOKED, State.SHREDDED, State.SIGNED):
            assert State.IN_REVIEW in within_reach(state), state
    for state in (State.RECORDING, State.PAUSED, State.INTERRUPTED, State.INTERRUPTED_PAUSED):
        assert (state, Step.STOPPED) in TRANSITIONS, "whatever is cut off can be ended"
