"""A real server for tests: its own process, its own data folder, a real socket."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx

from scribe.client import SessionStream
from scribe.note import Provenance
from scribe.session import NewSession

REPOSITORY = Path(__file__).parents[2]
SHARED = Path(os.environ.get("SCRIBE_SHARED", REPOSITORY.parent / "shared"))
MODELS = Path(os.environ.get("SCRIBE_MODELS_DIR", SHARED / "models"))
StartServer = Callable[..., "RunningServer"]
TOKEN = "a token for the tests only"


def whisper_is_here() -> bool:
    """Whether a Whisper model lies where this machine keeps its models."""
    return any(MODELS.glob("*/model.bin"))


@dataclass
class RunningServer:
    """A server process: where it answers, and what it said on its error stream."""

    url: str
    data_dir: Path
    process: subprocess.Popen[str]
    said: Path

    @property
    def http(self) -> httpx.Client:
        """A client with the token; close it or use it as a context manager."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60.0, trust_env=False)

    def kill(self) -> None:
        """As a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """As a service manager would; the exit status."""
        self.process.terminate()
        return self.process.wait(timeout=30)


def environment(data_dir: Path, **settings: str) -> dict[str, str]:
    """Nothing of the caller's settings; home and temporary folder lie in the data folder's parent."""
    home = data_dir.parent / "home"
    temporary = data_dir.parent / "tmp"
    for folder in (home, temporary):
        folder.mkdir(exist_ok=True)
    # CI is left out: libraries are on their best behaviour where they see it.
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith("SCRIBE_") and name != "CI"
    }
    return kept | {
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "PYTHONPATH": str(REPOSITORY),
        "PYTHONDONTWRITEBYTECODE": "1",
        "SCRIBE_DATA_DIR": str(data_dir),
        "SCRIBE_TOKEN": TOKEN,
        "SCRIBE_MODELS_DIR": str(MODELS),
        "SCRIBE_MAX_STREAMS": "8",  # measuring takes a second or more at every start
        "SCRIBE_CALLS_PER_SECOND": "10000",  # tests poll as fast as they can
        "SCRIBE_STREAMS_PER_SECOND": "10000",
        "SCRIBE_SIGN_IN_FAILURES_PER_MINUTE": "10000",
        **{f"SCRIBE_{name.upper()}": value for name, value in settings.items()},
    }


@contextmanager
def server(
    data_dir: Path, *, port: int = 0, prefix: tuple[str, ...] = (), **settings: str
) -> Iterator[RunningServer]:
    """Start `scribe serve` and wait until it takes connections; `prefix` is a command that runs it."""
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    said = data_dir.parent / "server.log"
    command = [*prefix, sys.executable, "-m", "scribe", "serve", "--port", str(port)]
    with said.open("a") as log:
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=environment(data_dir, **settings),
            cwd=data_dir.parent,
            start_new_session=bool(prefix),
        )

    def end(number: signal.Signals) -> None:
        # A program that runs the server may keep signals to itself: strace does.
        if prefix:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)

    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        if not line.startswith("Listening on "):
            process.wait(timeout=30)
            raise AssertionError(f"the server did not start: {said.read_text()}")
        yield RunningServer(line.removeprefix("Listening on ").strip(), data_dir, process, said)
    finally:
        if process.poll() is None:
            end(signal.SIGTERM)
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                end(signal.SIGKILL)
                process.wait()
        process.stdout.close()


PROVENANCE = Provenance(
    product="ambient-scribe",
    version="0",
    recognizer="whisper",
    recognizer_model="tiny",
    speakers="channels",
    engine="extractive",
    engine_model="",
    template="soap",
    template_version="1",
)
"""Of notes that tests write by hand."""


async def fed(stream: SessionStream, audio: bytes) -> None:
    """All of the audio, then the end."""
    await stream.send(audio)
    await stream.stop()


def consented(
    *, channels: int = 1, template: str = "soap", consents: bool = True, **context: object
) -> NewSession:
    """A session of a clinician and a client who agreed to everything."""
    people = [{"id": "cl", "role": "clinician"}, {"id": "pt", "role": "client"}]
    if channels == 2:
        for number, person in enumerate(people):
            person["channel"] = number
    given = [
        {
            "participant_id": person["id"],
            "method": "verbal",
            "statement_version": "1",
            "given_at": datetime.now(UTC),
            "jurisdiction": "US-NY",
        }
        for person in people
    ]
    return NewSession.model_validate(
        {
            "template": template,
            "participants": people,
            "consents": given if consents else [],
            "context": context,
        }
    )
