"""Webhook messages in the store: kept with the step they tell of, due when they are, listed without a word."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from databases import Databases

from scribe.crypto import KeyEncryptionKey
from scribe.database import Database
from scribe.deliveries import KEPT, Deliveries, Waiting
from scribe.errors import WrongState
from scribe.session import NewSession, Participant, Step
from scribe.store import Store
from scribe.webhook import Endpoint, Event

KEK = KeyEncryptionKey(bytes(range(32)))
AT = datetime(2026, 3, 2, tzinfo=UTC)
SECOND = timedelta(seconds=1)
ALL: frozenset[Event] = frozenset({"session.ended", "note.drafted", "note.signed", "consent.revoked"})
ENDPOINTS = (
    Endpoint("all", "https://all.example", (bytes(24),), ALL),
    Endpoint("signed", "https://signed.example", (bytes(24),), frozenset({"note.signed"})),
)


class House:
    """A store whose steps are told."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.deliveries = Deliveries(database, ENDPOINTS)
        self.store = Store(database, KEK, None, self.deliveries.keep_step)
        self.store.migrate()

    def begun(self, session_id: str = "s1") -> None:
        new = NewSession(participants=(Participant(id="pt", role="client"),))
        self.store.create_session(session_id, new, AT, Step.CONSENTED)
        for what in (Step.OPENED, Step.STOPPED):
            self.store.advance(session_id, what, AT)

    def due(self, endpoint: str = "all", now: datetime = AT) -> Waiting:
        found = self.deliveries.due(endpoint, now)
        assert isinstance(found, Waiting)
        return found


@pytest.fixture
def house(databases: Databases) -> House:
    return House(databases.new())


def told(house: House) -> list[tuple[str, str]]:
    return [(one.endpoint, one.event) for one in reversed(house.deliveries.log(100))]


def test_each_endpoint_is_told_of_the_steps_it_wants(house: House) -> None:
    house.begun()
    for what in (Step.DRAFTED, Step.SIGNED, Step.REVOKED, Step.SHREDDED):
        house.store.advance("s1", what, AT)
    assert told(house) == [
        ("all", "session.ended"),
        ("all", "note.drafted"),
        ("all", "note.signed"),
        ("signed", "note.signed"),
        ("all", "consent.revoked"),
    ]


def drafted_and_stopped(store: Store) -> None:
    """The second is not possible, and so neither happens."""
    with store.together():
        store.advance("s1", Step.DRAFTED, AT)
        store.advance("s1", Step.STOPPED, AT)


def test_a_step_that_is_undone_is_not_told_and_wakes_nobody(house: House) -> None:
    house.begun()
    woken: list[None] = []
    before = told(house)
    with house.deliveries.told(lambda: woken.append(None)):
        with pytest.raises(WrongState):
            drafted_and_stopped(house.store)
        assert (told(house), woken) == (before, [])
        house.store.advance("s1", Step.DRAFTED, AT)
    assert woken == [None]
    house.store.advance("s1", Step.DRAFTED, AT)
    assert len(told(house)) == len(before) + 2
    assert woken == [None]


def test_the_longest_waiting_comes_first_and_a_later_one_says_when(house: House) -> None:
    assert house.deliveries.due("all", AT) is None
    house.begun()
    house.store.advance("s1", Step.DRAFTED, AT + SECOND)
    first = house.due()
    assert (first.event, first.session_id, first.occurred_at, first.attempts) == (
        *("session.ended", "s1", AT, 0),
    )
    house.deliveries.failed(first.id, AT, 503, "status", AT + 9 * SECOND)
    assert house.deliveries.due("all", AT) == AT + SECOND
    second = house.due(now=AT + SECOND)
    assert second.event == "note.drafted"
    house.deliveries.succeeded(second.id, AT, 204)
    assert house.deliveries.due("all", AT) == AT + 9 * SECOND
    assert house.due(now=AT + 9 * SECOND).attempts == 1
    assert house.deliveries.due("signed", AT) is None


def test_the_log_says_what_became_of_each(house: House) -> None:
    house.begun()
    house.store.advance("s1", Step.DRAFTED, AT)
    house.store.advance("s1", Step.SIGNED, AT)
    drafted, ended = (one.id for one in house.deliveries.log(10)[2:])
    house.deliveries.failed(ended, AT, None, "timeout", None)
    house.deliveries.failed(drafted, AT, 500, "status", AT + SECOND)
    house.deliveries.succeeded(drafted, AT + SECOND, 200)
    found = {one.id: one for one in house.deliveries.log(10)}
    assert (found[ended].state, found[ended].attempts, found[ended].last_error) == ("given_up", 1, "timeout")
    assert found[ended].next_at is None
    done = found[drafted]
    assert (done.state, done.attempts, done.last_status, done.last_error) == ("delivered", 2, 200, "")
    assert done.delivered_at == AT + SECOND
    assert [one.state for one in house.deliveries.log(2)] == ["waiting", "waiting"]


def test_messages_outlive_the_process_and_are_forgotten_in_time(databases: Databases) -> None:
    url = databases.new_url()
    House(databases.new(url)).begun()
    house = House(databases.new(url))
    assert house.due().event == "session.ended"
    house.deliveries.forget(AT + KEPT)
    assert len(house.deliveries.log(10)) == 1
    house.deliveries.forget(AT + KEPT + SECOND)
    assert house.deliveries.log(10) == ()
