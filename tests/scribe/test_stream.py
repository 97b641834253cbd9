"""The stream protocol without a socket."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribe.errors import BadRequest, ScribeError, TooLarge, UnusableAudio
from scribe.stream import MAX_FRAME_BYTES, AudioFrame, Phase, RefusedFrame, StreamProtocol
from scribe.wire import FactChoice, Mark, Pause, Start, Stop

START = json.dumps({"type": "start", "encoding": "pcm_s16le", "sample_rate": 16000, "channels": 1})


def live(**changes: object) -> StreamProtocol:
    protocol = StreamProtocol()
    protocol.receive_text(json.dumps(json.loads(START) | changes))
    return protocol


def test_start_then_audio_then_stop() -> None:
    protocol = StreamProtocol()
    assert isinstance(protocol.receive_text(START), Start)
    assert protocol.receive_bytes(b"\0" * 640) == AudioFrame(b"\0" * 640)
    assert isinstance(protocol.receive_text('{"type":"mark","label":"goal"}'), Mark)
    assert isinstance(protocol.receive_text('{"type":"stop"}'), Stop)
    assert protocol.phase is Phase.STOPPED


def test_a_fact_is_chosen_on_the_record_and_off_it() -> None:
    protocol = live(facts=True)
    chosen = '{"type":"fact","id":"u1.0.sleep","status":"pinned"}'
    assert protocol.receive_text(chosen) == FactChoice(type="fact", id="u1.0.sleep", status="pinned")
    protocol.receive_text('{"type":"pause"}')
    assert isinstance(protocol.receive_text(chosen), FactChoice)
    assert protocol.phase is Phase.PAUSED
    with pytest.raises(BadRequest, match="status"):
        protocol.receive_text(chosen.replace("pinned", "liked"))


@pytest.mark.parametrize("first", ['{"type":"stop"}', '{"type":"pause"}', '{"type":"mark","label":""}'])
def test_nothing_but_start_may_come_first(first: str) -> None:
    with pytest.raises(BadRequest, match="first message must be"):
        StreamProtocol().receive_text(first)


def test_audio_before_start_is_refused() -> None:
    with pytest.raises(BadRequest, match="audio came"):
        StreamProtocol().receive_bytes(b"\0\0")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Invalid JSON"),
        ("{", "Invalid JSON"),
        ("[]", "object"),
        ('{"type":"dance"}', "does not match any of the expected tags"),
        (START.replace("pcm_s16le", "morse"), "encoding"),
        (START.replace("16000", "100"), "sample_rate"),
        (START.replace("16000", "96000"), "sample_rate"),
        (START.replace('"channels": 1', '"channels": 5'), "channels"),
        (START.replace("}", ', "volume": 11}'), "volume"),
    ],
)
def test_a_message_that_is_not_of_the_contract_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(BadRequest, match=why):
        StreamProtocol().receive_text(text)


def test_a_refusal_does_not_repeat_what_came() -> None:
    with pytest.raises(BadRequest) as refused:
        StreamProtocol().receive_text('{"type":"start","encoding":"zebra crossing"}')
    assert "zebra" not in refused.value.detail


def test_a_frame_over_the_limit_is_too_large() -> None:
    protocol = live()
    protocol.receive_bytes(b"\0" * MAX_FRAME_BYTES)
    with pytest.raises(TooLarge, match="65536"):
        protocol.receive_bytes(b"\0" * (MAX_FRAME_BYTES + 2))


@pytest.mark.parametrize(
    ("encoding", "channels", "size"),
    [("pcm_s16le", 1, 3), ("pcm_s16le", 2, 6), ("pcm_f32le", 1, 6), ("mulaw", 2, 5), ("pcm_s16le", 1, 0)],
)
def test_a_frame_with_part_of_a_sample_is_refused(encoding: str, channels: int, size: int) -> None:
    with pytest.raises(UnusableAudio, match="whole samples"):
        live(encoding=encoding, channels=channels).receive_bytes(b"\0" * size)


def test_off_the_record_audio_is_not_handed_on() -> None:
    protocol = live()
    assert isinstance(protocol.receive_text('{"type":"pause"}'), Pause)
    assert protocol.receive_bytes(b"\1\1") == RefusedFrame(2)
    protocol.receive_text('{"type":"resume"}')
    assert protocol.receive_bytes(b"\1\1") == AudioFrame(b"\1\1")


def test_nothing_may_follow_stop() -> None:
    protocol = live()
    protocol.receive_text('{"type":"stop"}')
    with pytest.raises(BadRequest, match="was stopped"):
        protocol.receive_bytes(b"\0\0")


def test_start_comes_once() -> None:
    with pytest.raises(BadRequest, match="Not possible while the stream is live"):
        live().receive_text(START)


messages = st.sampled_from(
    [START, '{"type":"pause"}', '{"type":"resume"}', '{"type":"mark"}', '{"type":"stop"}', "x"]
)


@given(st.lists(st.one_of(messages, st.binary(max_size=9), st.text(max_size=30))))
def test_whatever_comes_is_an_event_or_a_refusal_and_never_audio_when_paused(
    frames: list[str | bytes],
) -> None:
    protocol = StreamProtocol()
    refused = None
    for frame in frames:
        before = protocol.phase
        try:
            event = protocol.receive_text(frame) if isinstance(frame, str) else protocol.receive_bytes(frame)
        except ScribeError as error:
            refused = error
            break
        assert isinstance(event, AudioFrame) == (isinstance(frame, bytes) and before is Phase.LIVE)
    assert refused is None or refused.close_code in (4400, 4413, 4422)
