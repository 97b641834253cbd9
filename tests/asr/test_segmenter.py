"""Where utterances begin and end, from invented probabilities whose answer is known."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asr.segmenter import TRANSITIONS, Boundaries, Closed, Opened, Quiet, Segmenter, Signal, State

W = 512
SECOND = 16_000


def windows(seconds: float) -> int:
    return round(seconds * SECOND / W)


class Feeder:
    """Feeds a probability by position, and goes back where the segmenter says so."""

    def __init__(self, track: list[float], origin: int = 0) -> None:
        self.track = track
        self.segmenter = Segmenter(origin=origin)
        self.position = origin
        self.found: list[object] = []

    def run(self) -> list[object]:
        while self.position // W < len(self.track):
            boundaries = self.segmenter.push(self.track[self.position // W])
            self.position += W
            self.found += boundaries
            for boundary in boundaries:
                if isinstance(boundary, Closed):
                    assert boundary.end % W == 0
                    self.position = boundary.end
                elif isinstance(boundary, Quiet):
                    self.position = boundary.at
        return self.found


def heard(*parts: tuple[float, float]) -> list[object]:
    """What (probability, seconds) one after the other bring about."""
    return Feeder([p for p, seconds in parts for _ in range(windows(seconds))]).run()


def test_an_utterance_is_padded_by_320_ms_and_ends_after_800_ms_of_silence():
    found = heard((0.0, 1.024), (0.9, 2.048), (0.0, 1.024))

    begin, end = 32 * W, 96 * W
    assert found == [Opened(begin - 10 * W), Closed(begin - 10 * W, end + 10 * W, begin, end)]


def test_a_pause_shorter_than_768_ms_does_not_end_it():
    found = heard((0.9, 1.0), (0.0, 0.736), (0.9, 1.0), (0.0, 1.0))

    assert [type(item) for item in found] == [Opened, Closed]


def test_a_voice_between_the_thresholds_neither_begins_nor_ends_an_utterance():
    assert heard((0.45, 1.5)) == []
    assert [type(item) for item in heard((0.9, 0.5), (0.45, 5.0), (0.9, 0.5))] == [Opened]


def test_a_click_of_two_windows_is_no_utterance_and_three_windows_are():
    assert not any(isinstance(item, Opened) for item in heard((0.0, 0.5), (0.99, 0.064), (0.0, 1.0)))
    assert any(isinstance(item, Opened) for item in heard((0.0, 0.5), (0.99, 0.096), (0.0, 1.0)))


def test_an_utterance_never_begins_before_the_origin():
    assert heard((0.9, 0.5))[0] == Opened(0)


def test_a_long_silence_begins_anew_every_two_seconds_less_the_padding():
    found = heard((0.0, 6.0))

    assert [item.at for item in found if isinstance(item, Quiet)] == [
        (63 - 10) * W,
        (63 - 10) * 2 * W,
        (63 - 10) * 3 * W,
    ]


def test_an_endless_talker_is_cut_in_the_longest_pause_of_the_second_half():
    found = heard((0.9, 8.0), (0.0, 0.48), (0.9, 10.0), (0.2, 0.32), (0.9, 4.0), (0.2, 0.16), (0.9, 8.0))

    opened, closed = found[0], found[1]
    pause = windows(8.0) + windows(0.48) + windows(10.0)
    assert opened == Opened(0)
    assert closed.end == (pause + windows(0.32) / 2) * W
    assert closed.speech_end == closed.end


def test_an_endless_talker_without_a_pause_is_cut_where_speech_is_least_likely():
    track = [0.9] * windows(40)
    track[windows(20)] = 0.6

    found = Feeder(track).run()

    assert found[1] == Closed(0, windows(20) * W, 0, windows(20) * W)


def test_flush_closes_what_is_open_where_the_audio_ends():
    segmenter = Segmenter()
    for _ in range(10):
        segmenter.push(0.9)

    assert segmenter.flush(10 * W + 100) == (Closed(0, 10 * W + 100, 0, 10 * W + 100),)
    assert segmenter.origin == 10 * W + 100
    assert segmenter.flush(10 * W + 100) == ()


def test_flush_in_a_pause_keeps_the_padding_but_not_the_silence():
    segmenter = Segmenter()
    for probability in [0.9] * 10 + [0.0] * 15:
        segmenter.push(probability)

    assert segmenter.flush(25 * W) == (Closed(0, 20 * W, 0, 10 * W),)


def test_flush_in_silence_gives_nothing():
    segmenter = Segmenter()
    segmenter.push(0.0)

    assert segmenter.flush(W) == ()
    assert segmenter.state is State.SILENCE


def test_every_state_has_an_answer_to_every_window():
    for state in State:
        for signal in (Signal.VOICE, Signal.UNSURE, Signal.HUSH):
            assert (state, signal) in TRANSITIONS


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(st.sampled_from([0.0, 0.2, 0.4, 0.6, 1.0]), st.integers(1, 400)), min_size=1, max_size=25
    )
)
def test_whatever_is_heard_utterances_are_in_order_apart_and_at_most_28_seconds(parts):
    found = Feeder([p for p, count in parts for _ in range(count)]).run()

    closed = [item for item in found if isinstance(item, Closed)]
    opened = [item for item in found if isinstance(item, Opened)]
    assert [one.start for one in closed] == [one.at for one in opened][: len(closed)]
    assert len(opened) - len(closed) in (0, 1)
    for one in closed:
        assert one.start <= one.speech_start < one.speech_end <= one.end
        assert one.end - one.start <= Boundaries().max_utterance
    for before, after in pairwise(closed):
        assert before.end <= after.start


@pytest.mark.parametrize("probability", [0.0, 0.4, 1.0])
def test_memory_stays_bounded_whatever_goes_on(probability):
    segmenter = Segmenter()
    for _ in range(windows(120)):
        segmenter.push(probability)
        assert len(segmenter._probabilities) <= windows(30)


def test_padding_that_is_no_whole_window_is_refused():
    with pytest.raises(ValueError, match="whole windows of 512"):
        Boundaries(padding=3_200)
    with pytest.raises(ValueError, match="in rising order"):
        Boundaries(padding=30 * W)


def test_a_closed_utterance_says_how_sure_the_detector_was_of_its_speech():
    sure, unsure = (
        Feeder([0.0] * 20 + [level] * 30 + [0.4] * 5 + [level] * 10 + [0.0] * 30).run()
        for level in (0.95, 0.6)
    )

    assert sure[1].voice == pytest.approx(0.95)
    assert unsure[1].voice == pytest.approx(0.6)
