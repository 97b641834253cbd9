"""One recogniser for all sessions: whose turn it is, and that no audio stays behind."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Sequence
from contextlib import suppress

import numpy as np
import pytest

from asr.recognizer import Hypothesis, RecognizerInfo, Request
from asr.types import Word
from scribe.errors import RecognizerStuck, Restarting
from scribe.recognition import BEHIND_SECONDS, REMEMBERED_SECONDS, Recognition


class Gate:
    """A recogniser that waits until it is let on, and remembers the order in which it was asked."""

    def __init__(self, workers: int = 1) -> None:
        self.info = RecognizerInfo("gate", "none", "test", "0", "cpu", workers=workers)
        self.open = threading.Event()
        self.asked: list[float] = []
        self.at_once = 0
        self.most_at_once = 0
        self.fails = False
        self._lock = threading.Lock()
        self._entered = threading.Condition(self._lock)

    async def entered(self, count: int) -> None:
        """Wait until so many requests have reached it."""

        def wait() -> bool:
            with self._entered:
                return self._entered.wait_for(lambda: len(self.asked) >= count, 20)

        assert await asyncio.to_thread(wait)

    def recognize(self, requests: Sequence[Request]) -> list[Hypothesis]:
        with self._lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            self.asked += [float(request.audio[0]) for request in requests]
            self._entered.notify_all()
        assert self.open.wait(20)
        with self._lock:
            self.at_once -= 1
        if self.fails:
            raise RuntimeError("out of memory")
        return [Hypothesis((Word(str(request.audio[0]), 0.0, 0.1, 1.0),)) for request in requests]


def request(number: float) -> Request:
    return Request(np.full(1600, number, np.float32), "final")


async def others(count: int = 20) -> None:
    """Let other tasks take their turn."""
    for _ in range(count):
        await asyncio.sleep(0)


async def heard(recognition: Recognition, one: Request, *, urgent: bool = True) -> Hypothesis:
    async with recognition.turn(lambda: urgent) as turn:
        return await turn.recognize(one)


def run(check: Coroutine[None, None, None]) -> None:
    asyncio.run(check)


def test_finals_come_before_partials_and_otherwise_who_waits_longest() -> None:
    async def check() -> None:
        gate = Gate()
        recognition = Recognition(gate)
        asked = [(0, False), (1, False), (2, True), (3, False), (4, True)]
        waiting = []
        for number, urgent in asked:
            waiting.append(asyncio.create_task(heard(recognition, request(number), urgent=urgent)))
            await others()
        gate.open.set()
        await asyncio.gather(*waiting)
        assert gate.asked == [0, 2, 4, 1, 3]
        await recognition.close()

    run(check())


def test_a_wish_that_becomes_urgent_while_it_waits_goes_first() -> None:
    async def check() -> None:
        gate = Gate()
        recognition = Recognition(gate)
        urgent: set[int] = set()

        async def wish(number: int) -> None:
            async with recognition.turn(lambda: number in urgent) as turn:
                await turn.recognize(request(number))

        waiting = []
        for number in range(4):
            waiting.append(asyncio.create_task(wish(number)))
            await others()
        urgent.add(3)
        recognition.reconsider()
        gate.open.set()
        await asyncio.gather(*waiting)
        assert gate.asked == [0, 3, 1, 2]
        await recognition.close()

    run(check())


def test_what_waited_as_a_partial_is_no_late_final() -> None:
    async def check() -> None:
        gate = Gate(workers=2)
        now = [0.0]
        recognition = Recognition(gate, clock=lambda: now[0])
        urgent: set[int] = set()

        async def wish(number: int) -> None:
            async with recognition.turn(lambda: number in urgent) as turn:
                await turn.recognize(request(number))

        partials = [asyncio.create_task(wish(number)) for number in (1, 2)]
        await gate.entered(1)
        await others()
        now[0] = 100.0
        urgent.add(2)
        recognition.reconsider()
        await gate.entered(2)
        assert not recognition.behind
        gate.open.set()
        await asyncio.gather(*partials)
        await recognition.close()

    run(check())


def test_with_two_workers_one_is_kept_for_finals() -> None:
    async def check() -> None:
        gate = Gate(workers=2)
        recognition = Recognition(gate)
        partials = [
            asyncio.create_task(heard(recognition, request(number), urgent=False)) for number in (1, 2)
        ]
        await gate.entered(1)
        await others()
        assert gate.at_once == 1
        final = asyncio.create_task(heard(recognition, request(3)))
        await gate.entered(2)
        gate.open.set()
        await asyncio.gather(*partials, final)
        assert gate.most_at_once == 2
        assert gate.asked == [1, 3, 2]
        await recognition.close()

    run(check())


def test_a_turn_that_decodes_nothing_goes_to_the_next() -> None:
    async def check() -> None:
        gate = Gate()
        gate.open.set()
        recognition = Recognition(gate)
        async with recognition.turn(lambda: True):
            pass
        with pytest.raises(ValueError, match="the pipeline broke"):
            async with recognition.turn(lambda: True):
                raise ValueError("the pipeline broke")
        assert (await heard(recognition, request(1))).words
        await recognition.close()

    run(check())


def test_audio_is_overwritten_once_it_was_decoded_whether_that_worked_or_not() -> None:
    async def check() -> None:
        gate = Gate()
        gate.open.set()
        recognition = Recognition(gate)
        good, bad = request(1), request(2)
        await heard(recognition, good)
        gate.fails = True
        with pytest.raises(RuntimeError):
            await heard(recognition, bad)
        await others()
        assert not good.audio.any()
        assert not bad.audio.any()
        gate.fails = False
        assert (await heard(recognition, request(3))).words, "it goes on after a failure"
        await recognition.close()

    run(check())


def test_who_leaves_while_it_is_decoded_gives_the_turn_on_when_that_is_done() -> None:
    async def check() -> None:
        gate = Gate()
        recognition = Recognition(gate)
        given_up = request(1)
        leaving = asyncio.create_task(heard(recognition, given_up))
        await gate.entered(1)
        leaving.cancel()
        with suppress(asyncio.CancelledError):
            await leaving
        last = asyncio.create_task(heard(recognition, request(2)))
        await others()
        assert gate.asked == [1], "the worker is still busy"
        gate.open.set()
        await last
        assert gate.asked == [1, 2]
        assert not given_up.audio.any()
        await recognition.close()

    run(check())


def test_who_leaves_the_queue_is_passed_over() -> None:
    async def check() -> None:
        gate = Gate()
        recognition = Recognition(gate)
        tasks = [asyncio.create_task(heard(recognition, request(number))) for number in (1, 2, 3)]
        await others()
        tasks[1].cancel()
        await others()
        gate.open.set()
        await asyncio.gather(tasks[0], tasks[2])
        assert gate.asked == [1, 3]
        await recognition.close()

    run(check())


def test_a_worker_that_comes_free_in_the_moment_somebody_is_cancelled_is_not_lost() -> None:
    async def check() -> None:
        gate = Gate()
        gate.open.set()
        recognition = Recognition(gate)
        async with recognition.turn(lambda: True):
            leaving = asyncio.create_task(heard(recognition, request(1)))
            last = asyncio.create_task(heard(recognition, request(2)))
            await others()
            leaving.cancel()
        assert (await last).words
        assert gate.asked == [2]
        await recognition.close()

    run(check())


def test_at_the_end_nobody_waits_any_more() -> None:
    async def check() -> None:
        gate = Gate()
        recognition = Recognition(gate)
        held = request(1)
        running = asyncio.create_task(heard(recognition, held))
        waiting = asyncio.create_task(heard(recognition, request(2)))
        await others()
        gate.open.set()
        await recognition.close()
        assert (await running).words
        with pytest.raises(Restarting):
            await waiting
        with pytest.raises(Restarting):
            await heard(recognition, request(3))
        assert not held.audio.any()
        assert gate.asked == [1]

    run(check())


def test_a_final_that_waits_too_long_says_that_there_are_too_many_streams() -> None:
    async def check() -> None:
        gate = Gate()
        now = [0.0]
        recognition = Recognition(gate, clock=lambda: now[0])
        tasks = [asyncio.create_task(heard(recognition, request(number))) for number in (1, 2)]
        await others()
        now[0] = BEHIND_SECONDS - 0.1
        assert not recognition.behind
        now[0] = BEHIND_SECONDS + 0.1
        assert recognition.behind, "one still waits"
        gate.open.set()
        await asyncio.gather(*tasks)
        assert recognition.behind, "one has waited"
        now[0] += REMEMBERED_SECONDS
        assert not recognition.behind
        await recognition.close()

    run(check())


def test_a_recogniser_that_does_not_come_back_is_stuck_until_it_does() -> None:
    async def check() -> None:
        gate = Gate()
        recognition = Recognition(
            gate, patience_seconds=-1.9
        )  # and two seconds for a tenth of a second of audio
        hanging = asyncio.create_task(heard(recognition, request(1)))
        await gate.entered(1)
        waiting = asyncio.create_task(heard(recognition, request(2)))
        for one in (hanging, waiting):
            with pytest.raises(RecognizerStuck):
                await one
        assert recognition.stuck
        with pytest.raises(RecognizerStuck):
            await heard(recognition, request(3))
        gate.open.set()
        async with asyncio.timeout(20):
            while recognition.stuck:  # noqa: ASYNC110 - it heals by itself and tells nobody
                await asyncio.sleep(0)
        assert (await heard(recognition, request(4))).words
        assert gate.asked == [1, 4]
        await recognition.close()

    run(check())


def test_one_stuck_worker_of_two_is_no_end() -> None:
    async def check() -> None:
        gate = Gate(workers=2)
        recognition = Recognition(gate, patience_seconds=-1.9)
        with pytest.raises(RecognizerStuck):
            await heard(recognition, request(1))
        assert not recognition.stuck
        gate.open.set()
        assert (await heard(recognition, request(2))).words
        await recognition.close()

    run(check())


def test_the_end_does_not_wait_for_a_stuck_recogniser() -> None:
    async def check() -> None:
        gate = Gate()
        recognition = Recognition(gate, patience_seconds=-1.9)
        held = request(1)
        with pytest.raises(RecognizerStuck):
            await heard(recognition, held)
        await recognition.close()
        assert held.audio.any(), "it is still being decoded"
        gate.open.set()

    run(check())
