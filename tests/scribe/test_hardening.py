"""A server's process as the system sees it: no core, no reader, a locked ring, and nothing left in what it freed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from memory import rings
from running import REPOSITORY, TOKEN, RunningServer, StartServer, consented, server

from asr.ring import ring_bytes
from scribe.client import ScribeClient
from scribe.sample import sample_mono
from scribe.wire import Ack, Ended, Receipt

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
NO_LOCKED_MEMORY = ("sh", "-c", 'ulimit -l 0 && exec "$@"', "sh")
ALL_OF_A_CORE = ("sh", "-c", 'ulimit -c unlimited && exec "$@"', "sh")


def in_another_users_name() -> tuple[str, ...]:
    """A command that runs what follows without privileges; nothing where the tests have none themselves."""
    return NOBODY if os.geteuid() == 0 else ()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder in which another user may write."""
    with tempfile.TemporaryDirectory(prefix="scribe-test-") as name:
        Path(name).chmod(0o777)
        yield Path(name)


async def heard(running: RunningServer) -> tuple[list[tuple[int, int, set[str]]], Receipt]:
    """The rings of the server while it hears a session, and the session's receipt."""
    audio = (sample_mono()[: 3 * 16_000] * 32767).astype("<i2").tobytes()
    found: list[tuple[int, int, set[str]]] = []
    async with ScribeClient(running.url, TOKEN) as client:
        session = await client.create_session(consented())
        async with client.stream(session) as stream:
            await stream.send(audio)
            async for message in stream:
                if isinstance(message, Ack) and not found:
                    found = rings(running.process.pid)
                    await stream.stop()
                if isinstance(message, Ended):
                    return found, message.receipt
    raise AssertionError("no receipt came")


def test_the_ring_is_locked_and_no_part_of_a_core_or_of_a_child(start_server: StartServer) -> None:
    running = start_server(asr="pocketsphinx")
    found, receipt = asyncio.run(heard(running))

    ((begin, end, flags),) = found
    assert end - begin >= ring_bytes(60.0, 1)
    assert {"lo", "dd", "wf"} <= flags
    assert receipt.memory_locked is True
    assert receipt.bytes_retained == 0
    with running.http as http:
        # Asked again and again until it is so, or the test's own time limit ends it.
        while rings(running.process.pid):
            http.get("/healthz")
        assert http.get("/readyz").json()["memory_locked"] is True
        assert "scribe_streams_not_locked 0.0" in http.get("/metrics").text


@pytest.mark.faults
def test_a_ring_that_cannot_be_locked_is_said_to_be_so(folder: Path) -> None:
    with server(
        folder / "data", prefix=(*NO_LOCKED_MEMORY, *in_another_users_name()), asr="pocketsphinx"
    ) as running:
        found, receipt = asyncio.run(heard(running))
        with running.http as http:
            assert http.get("/readyz").json()["memory_locked"] is False

    assert [flags & {"lo", "dd"} for _, _, flags in found] == [{"dd"}]
    assert receipt.memory_locked is False


@pytest.mark.faults
@pytest.mark.parametrize("number", [signal.SIGABRT, signal.SIGSEGV])
def test_a_server_that_dies_leaves_no_core(tmp_path: Path, number: signal.Signals) -> None:
    with waiting(ALL_OF_A_CORE, tmp_path) as plain:
        leaves_cores = os.WCOREDUMP(wait_status(plain, number))
    if not leaves_cores:
        pytest.skip("no process leaves a core on this system")
    before = set(tmp_path.rglob("*"))

    with server(tmp_path / "data", prefix=ALL_OF_A_CORE, asr="pocketsphinx") as running:
        limits = Path(f"/proc/{running.process.pid}/limits").read_text()
        found = wait_status(running.process, number)

    assert [line.split()[-3:-1] for line in limits.splitlines() if "core file" in line] == [["0", "0"]]
    assert os.WIFSIGNALED(found)
    assert not os.WCOREDUMP(found)
    assert not [path for path in set(tmp_path.rglob("*")) - before if "core" in path.name]


@contextmanager
def waiting(prefix: tuple[str, ...], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A program that does nothing special, once it runs."""
    with subprocess.Popen(
        [*prefix, "cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, cwd=folder
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"here\n")
        process.stdout.readline()
        yield process
        process.stdin.close()


def wait_status(process: subprocess.Popen[bytes] | subprocess.Popen[str], number: int) -> int:
    """What a process leaves behind that is sent a signal; it is reaped."""
    process.send_signal(number)
    _, found = os.waitpid(process.pid, 0)
    process.returncode = -number
    return found


@pytest.mark.faults
def test_no_other_program_of_the_same_user_may_read_the_server(folder: Path) -> None:
    prefix = in_another_users_name()
    with waiting(prefix, folder) as plain:
        readable = may_read(prefix, plain.pid)
    if not readable:
        pytest.skip("this system lets no program read another one's memory")

    with server(folder / "data", prefix=prefix, asr="pocketsphinx") as running:
        assert not may_read(prefix, running.process.pid)
        assert not may_read(prefix, running.process.pid, "environ"), "which may hold the token and the key"
        assert Path(f"/proc/{running.process.pid}/mem").stat().st_uid == 0


def may_read(prefix: tuple[str, ...], pid: int, what: str = "mem") -> bool:
    """Whether a program of that user can open a file of /proc of a process."""
    program = f"open('/proc/{pid}/{what}', 'rb')"
    command = [*prefix, sys.executable, "-c", program]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


FREED = """
import ctypes, sys
from scribe import hardening
if "wiping" in sys.argv:
    hardening.restart_with_wiping_heap()
    assert hardening.overwrite_freed_memory()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]
left = []
for size in (64, 160, 320, 640, 1280, 2560, 20_000, 60_000):
    pieces = [libc.malloc(size) for _ in range(12)]
    for piece in pieces:
        ctypes.memset(piece, 0x5A, size)
    for piece in pieces[1::2]:
        libc.free(piece)
    left += [size for piece in pieces[1::2] if b"Z" * 32 in ctypes.string_at(piece, size)]
print(left)
"""


def test_freed_memory_of_every_size_is_overwritten() -> None:
    def left(*arguments: str) -> str:
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
        program = [sys.executable, "-c", FREED, *arguments]
        return subprocess.run(
            program, check=True, capture_output=True, text=True, env=environment
        ).stdout.strip()

    assert left("wiping") == "[]"
    assert left() != "[]", "elsewhere it stays as it was"
