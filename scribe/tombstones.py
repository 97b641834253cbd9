"""What was destroyed and must not come back from an older backup: a file of ids beside the store.

The store has a table of the same; the file outlives the store where that is lost or replaced.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from scribe.errors import StoreFailed

Destroyed: TypeAlias = Literal["session", "transcript"]


def tombstone_file(folder: Path) -> Path:
    """The file of a data folder."""
    return folder / "destroyed"


def read_tombstones(path: Path) -> frozenset[tuple[str, str]]:
    """What the file holds, (session id, what); a line that a kill cut off is left out."""
    try:
        lines = path.read_text().splitlines()
    except FileNotFoundError:
        return frozenset()
    except OSError as error:
        raise StoreFailed(f"The file {path.name} cannot be read ({type(error).__name__}).") from None
    pairs = (tuple(line.split()) for line in lines)
    return frozenset(
        (pair[0], pair[1]) for pair in pairs if len(pair) == 2 and pair[1] in get_args(Destroyed)
    )


def add_tombstones(path: Path, destroyed: Iterable[tuple[str, str]]) -> None:
    """Append what is not there yet, durably; raises StoreFailed where that cannot be."""
    new = sorted(set(destroyed) - read_tombstones(path))
    if not new:
        return
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "w") as file:
            # The first line break ends a line that a kill cut off; what it lacks is its last word.
            file.write("\n" + "".join(f"{session_id} {what}\n" for session_id, what in new))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise StoreFailed(
            f"What was destroyed cannot be noted in {path.name} ({type(error).__name__}); check the disk."
        ) from None
