"""Utterances to turns, and evidence back to utterances."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribe.drafting import stitch, template_named
from scribe.errors import BadRequest
from scribe.wire import TranscriptLine
from summarizer.types import Span


def line(number: int, speaker: str, text: str) -> TranscriptLine:
    role = "clinician" if speaker == "A" else "client"
    return TranscriptLine(
        id=f"u{number}",
        speaker=speaker,
        role=role,
        start=float(number),
        end=number + 0.9,
        text=text,
        words=(),
    )


def test_a_pause_to_breathe_does_not_end_a_turn_and_another_speaker_does() -> None:
    stitched = stitch(
        [line(1, "A", "How are"), line(2, "A", "you?"), line(3, "B", "Tired."), line(4, "A", "I see.")]
    )
    assert [(turn.id, turn.role, turn.text, turn.end) for turn in stitched.turns] == [
        ("u1", "clinician", "How are you?", 2.9),
        ("u3", "client", "Tired.", 3.9),
        ("u4", "clinician", "I see.", 4.9),
    ]


def test_evidence_over_two_utterances_points_into_both() -> None:
    stitched = stitch([line(1, "B", "I sleep"), line(2, "B", "four hours")])
    found = stitched.evidence(Span("u1", 2, 12))
    assert [(e.utterance, e.quote) for e in found] == [("u1", "sleep"), ("u2", "four")]


@given(st.lists(st.text("ab .", min_size=1, max_size=8), min_size=1, max_size=6), st.data())
def test_evidence_always_quotes_exactly_what_the_span_says(texts: list[str], data: st.DataObject) -> None:
    stitched = stitch([line(number, "B", text) for number, text in enumerate(texts)])
    (turn,) = stitched.turns
    start = data.draw(st.integers(0, len(turn.text)))
    end = data.draw(st.integers(start, len(turn.text)))
    found = stitched.evidence(Span(turn.id, start, end))
    for evidence in found:
        assert texts[int(evidence.utterance[1:])][evidence.start : evidence.end] == evidence.quote
    # All but the spaces between utterances, which no utterance says, is quoted once and in order.
    joints = {sum(len(text) + 1 for text in texts[:number]) - 1 for number in range(1, len(texts))}
    said = "".join(turn.text[index] for index in range(start, end) if index not in joints)
    assert "".join(evidence.quote for evidence in found) == said


def test_an_unknown_template_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(BadRequest, match="soap"):
        template_named("haiku")
