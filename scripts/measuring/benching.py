"""What the benches share: a real server started for the moment, a stream as its client sees it, a process's costs.

Goes in: frames, made beforehand so that the client costs little while it is timed. Comes out: every message with
the moment it came, and when each frame was handed over. Nothing here judges what was heard.
"""

from __future__ import annotations

import asyncio
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asr.types import SAMPLE_RATE
from scribe.auth import load_token
from scribe.client import ScribeClient, SessionStream
from scribe.config import read_settings
from scribe.errors import CannotStart
from scribe.local import ANNOUNCEMENT, Address, spawned
from scribe.transcribe import new_session
from scribe.wire import Ended, Gap, SessionView, Status, UtteranceMessage

FRAME = SAMPLE_RATE // 10
"""Samples of a frame unless a bench says otherwise: 100 ms, as a browser's recorder sends them."""

ORACLE_SERVER = Path(__file__).parents[1] / "oracle_server.py"


def pcm(audio: NDArray[np.float32]) -> bytes:
    """float32 in [-1, 1] as 16-bit samples."""
    return (np.clip(audio, -1, 1) * 32767).astype("<i2").tobytes()


def as_heard(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    """The samples that a server gets where `audio` is sent as `pcm_s16le`; same shape."""
    return np.frombuffer(pcm(audio), dtype="<i2").reshape(audio.shape).astype(np.float32) / np.float32(32_768)


def framed(audio: NDArray[np.float32], frame: int = FRAME) -> list[bytes]:
    """float32 [n] or [n, channels] as 16-bit frames of `frame` samples; the last may be shorter."""
    return [pcm(audio[begin : begin + frame]) for begin in range(0, len(audio), frame)]


@dataclass(slots=True)
class Run:
    """One stream as its client saw it; moments are seconds of `time.perf_counter`.

    `sent` is when each frame of `frame` samples was handed over, `told` each message about an utterance with the
    moment it came. `speed` 1 is real time; None is as fast as the server takes it.
    """

    frame: int
    speed: float | None
    began: float = 0.0
    ended: float = 0.0
    sent: list[float] = field(default_factory=list)
    told: list[tuple[float, UtteranceMessage]] = field(default_factory=list)
    gaps: int = 0
    worst_lag_seconds: float = 0.0
    lags: list[float] = field(default_factory=list)
    reconnects: int = 0

    @property
    def finals(self) -> list[UtteranceMessage]:
        """Finals with words, in order of time."""
        said = [message for _, message in self.told if message.is_final and message.text]
        return sorted(said, key=lambda message: message.start)

    @property
    def partials(self) -> int:
        """Partials that came."""
        return sum(not message.is_final for _, message in self.told)

    @property
    def wall_seconds(self) -> float:
        return self.ended - self.began

    def sent_at(self, seconds: float) -> float:
        """When the sample at `seconds` of the audio was handed over; the last frame's moment for one after it."""
        index = max(0, -(-round(seconds * SAMPLE_RATE) // self.frame) - 1)
        return self.sent[min(index, len(self.sent) - 1)]


async def streamed(
    client: ScribeClient,
    frames: Iterable[bytes],
    *,
    channels: int,
    frame: int = FRAME,
    speed: float | None = None,
    session: SessionView | None = None,
    keep_partials: bool = True,
) -> Run:
    """Stream 16-bit frames through a session, a new one where none is given, until it has ended.

    At a speed, each frame is handed over when its last sample was heard, as a microphone does it.
    """
    if session is None:
        session = await new_bench_session(client, channels)
    run = Run(frame, speed)

    async def feed(stream: SessionStream) -> None:
        for number, payload in enumerate(frames, start=1):
            if speed is not None:
                due = run.began + number * frame / SAMPLE_RATE / speed
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
            run.sent.append(time.perf_counter())
            await stream.send(payload)
        await stream.stop()

    async with client.stream(session, channels=channels) as stream:
        run.began = time.perf_counter()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(feed(stream))
            async for message in stream:
                match message:
                    case UtteranceMessage(is_final=final) if final or keep_partials:
                        run.told.append((time.perf_counter(), message))
                    case Gap():
                        run.gaps += 1
                    case Status(lag_seconds=lag):
                        run.worst_lag_seconds = max(run.worst_lag_seconds, lag)
                        run.lags.append(lag)
                    case Ended(receipt=receipt):
                        assert receipt.bytes_retained == 0
                    case _:
                        pass
        run.reconnects = stream.reconnects
    run.ended = time.perf_counter()
    return run


async def new_bench_session(client: ScribeClient, channels: int) -> SessionView:
    """A consented session of a clinician and a client."""
    return await client.create_session(
        new_session(template="soap", channels=channels, consent="verbal", statement_version="bench")
    )


@contextmanager
def environment(**variables: str) -> Iterator[None]:
    """Environment variables for the processes that are started within the block."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _variables(settings: dict[str, str]) -> dict[str, str]:
    return {f"SCRIBE_{name.upper()}": value for name, value in ({"log_level": "warning"} | settings).items()}


@asynccontextmanager
async def served(*options: str, **settings: str) -> AsyncIterator[Address]:
    """`scribe serve` in a process and a data folder of its own; settings by their names."""
    variables = _variables(settings)
    with tempfile.TemporaryDirectory() as folder, environment(**variables):
        ours = read_settings(data_dir=Path(folder))
        async with spawned(["serve", "--port", "0", "--data-dir", folder, *options], ours) as address:
            yield address


@asynccontextmanager
async def oracle_served(*options: str, **settings: str) -> AsyncIterator[Address]:
    """The same server with an oracle for a recogniser; see `oracle_server.py` for the options."""
    variables = _variables(settings)
    with tempfile.TemporaryDirectory() as folder, environment(**variables):
        ours = read_settings(data_dir=Path(folder))
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(ORACLE_SERVER),
            "--data-dir",
            folder,
            *options,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        try:
            assert process.stdout is not None
            url = ""
            while not url and (line := (await process.stdout.readline()).decode()):
                if line.startswith(ANNOUNCEMENT):
                    url = line.removeprefix(ANNOUNCEMENT).strip()
            if not url:
                raise CannotStart("The oracle's server did not start; its own message stands above.")
            token = load_token(ours.token.get_secret_value() if ours.token else None, Path(folder))
            yield Address(url, token, process.pid)
        finally:
            with suppress(ProcessLookupError):
                process.terminate()
            await process.wait()


class Wire:
    """A way to a server that can be cut: bytes are passed on until `cut` resets every connection."""

    def __init__(self) -> None:
        self._writers: set[asyncio.StreamWriter] = set()
        self.cuts = 0

    @asynccontextmanager
    async def to(self, address: Address) -> AsyncIterator[str]:
        """The URL that leads through here."""
        host, _, port = address.url.removeprefix("http://").rpartition(":")
        tasks: set[asyncio.Task[None]] = set()

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            there_reader, there_writer = await asyncio.open_connection(host, int(port))
            self._writers |= {writer, there_writer}
            for source, sink in ((reader, there_writer), (there_reader, writer)):
                task = asyncio.create_task(self._pass_on(source, sink))
                tasks.add(task)
                task.add_done_callback(tasks.discard)

        listener = await asyncio.start_server(connected, "127.0.0.1", 0)
        try:
            yield f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        finally:
            listener.close()
            self._abort()
            await asyncio.gather(*tuple(tasks), return_exceptions=True)

    def cut(self) -> None:
        """Reset every connection at once: nothing is said goodbye, what is on its way is lost."""
        self.cuts += 1
        self._abort()

    def _abort(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _pass_on(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65_536):
                sink.write(data)
                await sink.drain()
        self._writers.discard(sink)
        sink.close()
        with suppress(OSError):
            await sink.wait_closed()


def processor_seconds(process: int) -> float:
    """User and system seconds of a process and its threads (Linux, proc(5))."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def megabytes(process: int, what: str) -> float:
    """`VmRSS`, the resident set, or `VmHWM`, the largest so far (Linux, proc(5))."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{what}:")) / 1024


def percentile(values: Sequence[float], part: float) -> float:
    """The value under which `part` of all lie, the lower of two neighbours; nan where there is none."""
    ordered = sorted(values)
    return ordered[int(part * (len(ordered) - 1))] if ordered else float("nan")


def commit() -> str:
    """The commit that was measured, marked where the tree had changes."""
    here = Path(__file__).parent
    answer = subprocess.run(
        ["git", "describe", "--always", "--dirty"], capture_output=True, text=True, cwd=here, check=False
    )
    return answer.stdout.strip() or "unknown"


def machine() -> str:
    """What was measured on."""
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
