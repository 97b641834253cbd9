"""What this server says of itself: ids, figures and the names of errors on standard error, never what was said.

Only our own loggers follow the level of the settings. A library's debug messages show what passes through it, and an
error's text may quote what it failed on; so of others only warnings are told, and of any error its type and place.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import traceback
from types import TracebackType
from typing import Any

OURS = ("scribe", "asr", "summarizer")

log = logging.getLogger("scribe.logs")


def log_to_stderr(level: str) -> None:
    """Log ours from `level` on and others' warnings; errors that nobody caught are logged the same way."""
    to_stderr = logging.StreamHandler(sys.stderr)
    to_stderr.setFormatter(PlacesOnly("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[to_stderr], force=True)
    for name in OURS:
        logging.getLogger(name).setLevel(level.upper())
    threading.excepthook = lambda lost: _tell("a thread failed", lost.exc_value)
    sys.unraisablehook = lambda lost: _tell("something could not be cleared away", lost.exc_value)


def log_lost_errors(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """The loop's handler for errors that no task waited for: asyncio's own message quotes the error."""
    _tell("a task failed", context.get("exception"))


class PlacesOnly(logging.Formatter):
    """Errors as their types and where they came from, innermost last; their texts are left out."""

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's name
        error: BaseException | None = ei[1]
        return "" if error is None else places(error)


def places(error: BaseException) -> str:
    """The types of an error and of those behind it, each with the lines it passed through."""
    said = []
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        said.append(f"{type(cause).__name__} at {_lines(cause.__traceback__)}")
        cause = cause.__cause__ or cause.__context__
    return ", after ".join(said)


def _lines(trace: TracebackType | None) -> str:
    return " > ".join(
        f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in traceback.extract_tb(trace)
    )


def _tell(what: str, error: BaseException | None) -> None:
    log.error("%s: %s", what, "no error is known" if error is None else places(error))
