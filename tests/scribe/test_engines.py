"""One recogniser for all sessions."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import Literal

import numpy as np
import pytest

from asr.recognizer import Hypothesis, RecognizerInfo, Request
from asr.types import Word
from scribe.engines import Recognition


class Gate:
    """A recogniser that waits until it is let on, and remembers the order in which it was asked."""

    info = RecognizerInfo("gate", "none", "test", "0", "cpu")

    def __init__(self) -> None:
        self.open = threading.Event()
        self.asked: list[float] = []
        self.fails = False

    def recognize(self, requests: Sequence[Request]) -> list[Hypothesis]:
        assert self.open.wait(20)
        self.asked += [float(request.audio[0]) for request in requests]
        if self.fails:
            raise RuntimeError("out of memory")
        return [Hypothesis((Word(str(request.audio[0]), 0.0, 0.1, 1.0),)) for request in requests]


def request(number: float, kind: Literal["final", "partial"]) -> Request:
    return Request(np.full(1600, number, np.float32), kind)


async def turns(count: int = 20) -> None:
    """Let other tasks take their turn."""
    for _ in range(count):
        await asyncio.sleep(0)


def test_finals_come_before_partials_and_otherwise_first_come_first_served() -> None:
    async def check() -> None:
        gate = Gate()
        recognition = Recognition(gate)
        serving = asyncio.create_task(recognition.run())
        first = asyncio.create_task(recognition.recognize(request(0, "partial")))
        await turns()
        asked = [request(1, "partial"), request(2, "final"), request(3, "partial"), request(4, "final")]
        waiting = [asyncio.create_task(recognition.recognize(one)) for one in asked]
        await turns()
        gate.open.set()
        await asyncio.gather(first, *waiting)
        assert gate.asked == [0, 2, 4, 1, 3]
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)

    asyncio.run(check())


def test_audio_is_overwritten_once_it_was_decoded_whether_that_worked_or_not() -> None:
    async def check() -> None:
        gate = Gate()
        gate.open.set()
        recognition = Recognition(gate)
        serving = asyncio.create_task(recognition.run())
        good, bad = request(1, "final"), request(2, "final")
        await recognition.recognize(good)
        gate.fails = True
        with pytest.raises(RuntimeError):
            await recognition.recognize(bad)
        await turns()
        assert not good.audio.any()
        assert not bad.audio.any()
        gate.fails = False
        assert (await recognition.recognize(request(3, "final"))).words, "it goes on after a failure"
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)

    asyncio.run(check())


def test_a_request_nobody_waits_for_is_overwritten_unheard() -> None:
    async def check() -> None:
        gate = Gate()
        recognition = Recognition(gate)
        serving = asyncio.create_task(recognition.run())
        first = asyncio.create_task(recognition.recognize(request(1, "final")))
        await turns()
        given_up = request(2, "final")
        waiting = asyncio.create_task(recognition.recognize(given_up))
        await turns()
        waiting.cancel()
        last = asyncio.create_task(recognition.recognize(request(3, "final")))
        await turns()
        gate.open.set()
        await asyncio.gather(first, last)
        assert gate.asked == [1, 3]
        assert not given_up.audio.any()
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)

    asyncio.run(check())


def test_what_waits_at_the_end_is_overwritten() -> None:
    async def check() -> None:
        gate = Gate()
        recognition = Recognition(gate)
        serving = asyncio.create_task(recognition.run())
        held = [request(1, "final"), request(2, "final")]
        asking = [asyncio.create_task(recognition.recognize(one)) for one in held]
        await turns()
        gate.open.set()
        serving.cancel()
        await asyncio.gather(serving, *asking, return_exceptions=True)
        assert not held[0].audio.any()
        assert not held[1].audio.any()
        late = request(3, "final")
        with pytest.raises(asyncio.CancelledError):
            await recognition.recognize(late)
        assert not late.audio.any()

    asyncio.run(check())
