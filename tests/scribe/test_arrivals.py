"""How long ago audio came."""

from __future__ import annotations

from scribe.arrivals import Arrivals


def test_a_position_was_heard_with_the_frame_that_holds_the_sample_before_it() -> None:
    arrivals = Arrivals()
    for position, moment in ((100, 1.0), (200, 2.0), (300, 3.0)):
        arrivals.heard(position, moment)
    ages = [arrivals.seconds_since(position, 10.0) for position in (1, 100, 101, 200, 300)]
    assert ages == [9.0, 9.0, 8.0, 8.0, 7.0]


def test_what_was_let_go_is_forgotten_and_what_was_never_heard_has_no_age() -> None:
    arrivals = Arrivals()
    arrivals.heard(100, 1.0)
    arrivals.heard(200, 2.0)
    arrivals.forget(150)
    assert arrivals.seconds_since(200, 5.0) == 3.0
    assert arrivals.seconds_since(50, 5.0) == 3.0  # the oldest that is left
    assert arrivals.seconds_since(201, 5.0) == 0.0
