"""More than a million inputs into everything that reads what a client sends; `make fuzz` shows the rates."""

from __future__ import annotations

from pathlib import Path

import pytest
from frames import battered
from fuzzing import Target, fuzz, incoming, protocol, recording, server_message
from running import server


@pytest.mark.faults
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("name", "target", "inputs"),
    [
        ("protocol", protocol, 1_000_000),
        ("server message", server_message, 200_000),
        ("incoming", incoming(), 200_000),
        ("recording", recording(), 3_000),
    ],
)
def test_a_million_inputs_raise_nothing_but_our_own_errors(name: str, target: Target, inputs: int) -> None:
    print(fuzz(name, target, inputs, seed=1_000_000))  # noqa: T201 - the rate is what a person wants to know


@pytest.mark.faults
@pytest.mark.timeout(600)
def test_thousands_of_random_conversations_do_not_hurt_the_server(tmp_path: Path) -> None:
    with server(
        tmp_path / "data", asr="pocketsphinx", start_seconds="1", idle_seconds="1", linger_seconds="1"
    ) as running:
        codes = battered(running, 3_000, seed=1_000_000)
    print(f"3,000 conversations, close codes {dict(codes.most_common())}")  # noqa: T201
    assert 1011 not in codes
    assert {1002, 1007, 1009, 4400, 4413} <= codes.keys()
