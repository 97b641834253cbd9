"""The file of what was destroyed."""

from __future__ import annotations

from pathlib import Path

import pytest

from scribe.errors import StoreFailed
from scribe.tombstones import add_tombstones, read_tombstones


def test_what_was_added_is_read_and_added_once(tmp_path: Path) -> None:
    path = tmp_path / "destroyed"
    assert read_tombstones(path) == frozenset()
    add_tombstones(path, [("s1", "session"), ("s2", "transcript")])
    size = path.stat().st_size
    add_tombstones(path, [("s1", "session")])
    assert path.stat().st_size == size
    add_tombstones(path, [("s2", "session")])
    assert read_tombstones(path) == {("s1", "session"), ("s2", "transcript"), ("s2", "session")}
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("cut", range(1, 24))
def test_a_line_that_was_cut_off_is_no_line_and_harms_no_other(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "destroyed"
    add_tombstones(path, [("aaaa", "session"), ("bbbb", "session")])
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    assert read_tombstones(path) <= {("aaaa", "session"), ("bbbb", "session")}
    add_tombstones(path, [("aaaa", "session"), ("bbbb", "session"), ("cccc", "transcript")])
    assert read_tombstones(path) == {("aaaa", "session"), ("bbbb", "session"), ("cccc", "transcript")}


def test_a_file_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StoreFailed, match="check the disk"):
        add_tombstones(tmp_path / "nowhere" / "destroyed", [("s1", "session")])
