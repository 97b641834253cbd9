"""Turns stitched line by line are those of all lines stitched at once."""

from __future__ import annotations

import random

from scribe.drafting import Stitched, stitch
from scribe.stitching import LiveStitch
from scribe.wire import TranscriptLine, WireWord
from summarizer.types import Span, Turn


def line(number: int, speaker: int, text: str = "") -> TranscriptLine:
    return TranscriptLine(
        id=f"u{number}",
        speaker=f"SPEAKER_0{speaker}",
        role="clinician" if speaker == 0 else "client",
        start=float(number),
        end=number + 0.8,
        text=text or f"Words of line {number}.",
        words=(WireWord(text="Words", start=float(number), end=number + 0.2, probability=0.9),),
    )


class Follower:
    """Turns as somebody has them who takes every change."""

    def __init__(self) -> None:
        self.stitch = LiveStitch()
        self.turns: dict[str, Turn] = {}

    def push(self, *lines: TranscriptLine) -> int:
        restitched = self.stitch.push(lines)
        for turn_id in restitched.gone:
            del self.turns[turn_id]
        self.turns |= {turn.id: turn for turn in restitched.turns}
        return len(restitched.turns)

    def hold(self, lines: list[TranscriptLine]) -> None:
        ordered = sorted(lines, key=lambda one: (one.start, one.end, one.id))
        whole: Stitched = stitch(ordered)
        assert self.turns == {turn.id: turn for turn in whole.turns}
        assert self.stitch.stitched.pieces.keys() == whole.pieces.keys()
        for turn in whole.turns:
            span = Span(turn.id, 0, len(turn.text))
            assert self.stitch.stitched.evidence(span) == whole.evidence(span)


def test_any_order_of_lines_and_any_revision_of_speakers_gives_the_same_turns() -> None:
    for seed in range(40):
        chance = random.Random(seed)
        lines = [line(n, chance.randrange(3)) for n in range(25)]
        follower = Follower()
        for one in chance.sample(lines, len(lines)):
            follower.push(one)
        follower.hold(lines)
        for _ in range(15):
            revised = [
                line(n, chance.randrange(3), chance.choice(("", "Other words.")))
                for n in chance.sample(range(25), chance.randrange(1, 5))
            ]
            lines = [next((one for one in revised if one.id == old.id), old) for old in lines]
            follower.push(*revised)
            follower.hold(lines)


def test_only_the_neighbours_of_a_line_are_stitched_again() -> None:
    follower = Follower()
    follower.push(*(line(n, n % 2) for n in range(500)))
    assert follower.push(line(500, 0)) <= 3
    assert follower.push(line(250, 1)) <= 4


def test_a_line_that_changes_nothing_changes_no_turn() -> None:
    follower = Follower()
    follower.push(line(1, 0))
    assert follower.push(line(1, 0)) == 0
