"""A server that dies, as `kill -9` would have it, before the n-th statement to the database.

It listens on the port of argv, and counts from the moment that it gets SIGUSR1, which it confirms with a file.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import sqlalchemy as sa
import uvicorn

from asr.testing import ScriptedRecognizer, SteadyEmbedder
from asr.vad import VoiceActivityModel
from scribe.app import build_app
from scribe.config import Settings
from scribe.engines import Engines
from scribe.recognition import Recognition
from summarizer.extractive import ExtractiveEngine


class Death:
    """Comes at the n-th statement; committing counts as one."""

    def __init__(self, number: int) -> None:
        self._left = number
        self.armed = False

    def before(self, *_: object) -> None:
        """A statement is about to be executed."""
        if self.armed:
            self._left -= 1
            if self._left == 0:
                os._exit(77)


def engines() -> Engines:
    """What needs no model to be loaded."""
    return Engines(
        Recognition(ScriptedRecognizer()), VoiceActivityModel(), SteadyEmbedder(), ExtractiveEngine()
    )


def main(port: int, number: int) -> None:
    """Serve until death."""
    settings = Settings()
    app = build_app(settings, engines())
    death = Death(number)
    sa.event.listen(sa.Engine, "before_cursor_execute", death.before)
    sa.event.listen(sa.Engine, "commit", death.before)

    def arm(*_: object) -> None:
        death.armed = True
        Path(settings.data_dir, "armed").touch()

    signal.signal(signal.SIGUSR1, arm)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
