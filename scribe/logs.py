"""What this server says of itself: ids, figures and the names of errors on standard error, never what was said.

Only our own loggers follow the level of the settings. A library's debug messages show what passes through it, and an
error's text may quote what it failed on; so of others only warnings are told, and of any error its type and place.
A line is for a person or, as JSON, for a program: then it has the fields of `JsonLines` and no others.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import threading
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Literal

OURS = ("scribe", "asr", "summarizer")
ABOUT_SESSION = "session %s"
"""How every message begins that is about one session; its id comes first."""

log = logging.getLogger("scribe.logs")


def log_to_stderr(level: str, form: Literal["text", "json"] = "text") -> None:
    """Log ours from `level` on and others' warnings; errors that nobody caught are logged the same way."""
    to_stderr = logging.StreamHandler(sys.stderr)
    to_stderr.setFormatter(
        JsonLines() if form == "json" else PlacesOnly("%(asctime)s %(levelname)s %(message)s")
    )
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


class JsonLines(PlacesOnly):
    """An event as one line of JSON.

    time       UTC, ISO 8601 with milliseconds
    level      debug, info, warning, error, critical
    logger     who says it, as `scribe.live`
    event      what happened, the same for every such event
    message    the event with its ids and figures
    session    the id of the session that it is about, where it is about one
    error      types and places of what was raised, where something was
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line; where somebody logs a whole text the event is the message."""
        fields = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": str(record.msg).removeprefix(ABOUT_SESSION).lstrip(": "),
            "message": record.getMessage(),
        }
        if str(record.msg).startswith(ABOUT_SESSION) and isinstance(record.args, tuple):
            fields["session"] = str(record.args[0])
        if record.exc_info:
            fields["error"] = self.formatException(record.exc_info)
        return json.dumps(fields, ensure_ascii=False)


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
