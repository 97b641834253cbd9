"""Whatever is sent, the cores raise errors of their own; a short run of tests/faults/test_fuzz.py."""

from __future__ import annotations

import pytest
from fuzzing import Target, fuzz, incoming, protocol, recording, server_message


@pytest.mark.parametrize(
    ("name", "target", "inputs"),
    [
        ("protocol", protocol, 30_000),
        ("server message", server_message, 10_000),
        ("incoming", incoming(), 5_000),
        ("recording", recording(), 100),
    ],
)
def test_no_input_raises_anything_but_our_own_errors(name: str, target: Target, inputs: int) -> None:
    print(fuzz(name, target, inputs, seed=1))  # noqa: T201 - the rate is what a person wants to know
