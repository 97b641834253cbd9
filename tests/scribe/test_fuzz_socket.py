"""Random and broken WebSocket frames over real sockets: the server stays up and calls no client's fault its own."""

from __future__ import annotations

import httpx
from frames import battered, close_codes, frame
from running import RunningServer

TIMES = 150


def test_the_close_codes_of_an_answer_are_found() -> None:
    text = frame(1, b"x" * 200, masked=False)
    assert list(close_codes(text + frame(8, b"\x11\x30why", masked=False))) == [4400]


def test_random_frames_do_not_hurt_the_server(shared_server: RunningServer, http: httpx.Client) -> None:
    codes = battered(shared_server, TIMES, seed=1)
    assert codes.total() > TIMES // 2
    assert 1011 not in codes
    assert {1002, 4400} <= codes.keys()
    assert http.get("/readyz").json()["status"] in ("ready", "full")
