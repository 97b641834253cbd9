"""A full disk and a locked database: a clear error, the stream waits and goes on by itself, nothing is lost."""

from __future__ import annotations

import asyncio
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from time import monotonic

import httpx
import pytest
from running import TOKEN, RunningServer, consented, server, whisper_is_here
from scenario import Scenario, pinned_scenario, progress, same

from scribe.client import Refused, ScribeClient
from scribe.note import DraftNote
from scribe.wire import ErrorMessage, Ready, ServerMessage, Status, UtteranceMessage

pytestmark = pytest.mark.skipif(
    not whisper_is_here(), reason="no Whisper model in SCRIBE_MODELS_DIR or ../shared/models"
)
Fault = Callable[[RunningServer], AbstractContextManager[None]]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of eight megabytes."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip("a small disk can be mounted by root only")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def full_disk(running: RunningServer) -> Iterator[None]:
    """Not one byte is left where the store lies."""
    filler = running.data_dir / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            pass
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def no_file_may_grow(running: RunningServer) -> Iterator[None]:
    """What a quota does: no file of the server may be written beyond its first bytes."""
    before = resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, (16, before[1]))
    try:
        yield
    finally:
        resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, before)


LOCKER = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
held.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.readline()
"""


@contextmanager
def locked(running: RunningServer) -> Iterator[None]:
    """Another program holds the database for itself."""
    command = [sys.executable, "-c", LOCKER, str(running.data_dir / "scribe.db")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as locker:
        assert locker.stdout is not None
        assert locker.stdin is not None
        assert locker.stdout.readline() == "locked\n"
        yield
        locker.stdin.close()


async def refused(client: ScribeClient) -> Refused:
    """How a call is answered that has to be stored."""
    with pytest.raises(Refused) as error:
        await client.create_session(consented())
    return error.value


async def heard_through(running: RunningServer, fault: Fault, seconds: float = 0.0) -> None:
    """A session during which the store fails, for so long at least and until that was told."""
    scenario, whole = await pinned_scenario(running.url, 2, 60)
    told: list[ServerMessage] = []
    failed, faulty = asyncio.Event(), asyncio.Event()

    async def hear(message: ServerMessage) -> None:
        told.append(message)
        if sum(isinstance(one, UtteranceMessage) and one.is_final for one in told) == 3:
            faulty.set()
        if isinstance(message, ErrorMessage):
            assert message.code == "store_failed"
            failed.set()

    async with ScribeClient(running.url, TOKEN) as client:
        session = asyncio.create_task(scenario.run(client, hear))
        await faulty.wait()
        before = len((await client.sessions()).sessions)
        with fault(running):
            began = monotonic()
            async with asyncio.timeout(60):
                await failed.wait()
            no = await refused(client)
            assert (no.status, no.code) == (503, "store_failed")
            assert "disk" in no.detail or "database" in no.detail
            # How long it lasts is what is tried here.
            await asyncio.sleep(max(0.0, seconds - (monotonic() - began)))
            assert not session.done()
        again = await session
        assert len((await client.sessions()).sessions) == before, "what was refused is not there half"
        await client.create_session(consented())
    errors = sum(isinstance(message, ErrorMessage) for message in told)
    waited = any(isinstance(message, Status) and message.store == "waiting" for message in told)
    progress(f"  {len(told)} messages, {errors} error(s), waiting told: {waited}")
    assert sum(isinstance(message, Ready) for message in told) == 1, (
        "it goes on by itself, on the same socket"
    )
    assert errors == 1
    same(again, whole)


def test_a_full_disk_is_waited_for(small_disk: Path) -> None:
    with server(small_disk / "data") as running:
        asyncio.run(heard_through(running, full_disk))


def test_a_quota_is_waited_for(tmp_path: Path) -> None:
    with server(tmp_path / "data") as running:
        asyncio.run(heard_through(running, no_file_may_grow))


def test_a_database_that_another_program_holds_is_waited_for(tmp_path: Path) -> None:
    with server(tmp_path / "data") as running:
        asyncio.run(heard_through(running, locked, 30.0))


def test_a_disk_that_stays_full_for_longer_than_a_ping_takes_cuts_no_stream(tmp_path: Path) -> None:
    with server(tmp_path / "data") as running:
        asyncio.run(heard_through(running, no_file_may_grow, 50.0))


def test_a_short_lock_is_not_even_noticed(tmp_path: Path) -> None:
    async def check(running: RunningServer) -> None:
        async with ScribeClient(running.url, TOKEN) as client:
            with locked(running):
                creating = asyncio.create_task(client.create_session(consented()))
                await asyncio.sleep(3.0)
                assert not creating.done()
            await creating

    with server(tmp_path / "data") as running:
        asyncio.run(check(running))


@pytest.mark.parametrize("fault", [no_file_may_grow, locked])
def test_an_edit_and_a_signature_that_cannot_be_stored_are_refused_whole_and_work_afterwards(
    tmp_path: Path, fault: Fault
) -> None:
    async def draft(url: str) -> str:
        async with ScribeClient(url, TOKEN) as client:
            await Scenario(seconds=40, pause=30).run(client)
            return (await client.sessions()).sessions[0].id

    with server(tmp_path / "data") as running, running.http as http:
        session_id = asyncio.run(draft(running.url))
        note = f"/v1/sessions/{session_id}/note"
        view = http.get(note).json()
        draft_note = DraftNote.model_validate(view["note"])
        statement = next(one for section in draft_note.sections for one in section.statements)
        signature = {"name": "A", "credentials": "LCSW", "attestation": view["attestation"], "token": TOKEN}

        def edit() -> httpx.Response:
            return http.patch(f"{note}/statements/{statement.id}", json={"text": "Sleep is better."})

        def sign() -> httpx.Response:
            return http.post(f"{note}/sign", json=signature)

        with fault(running):
            for answer in (edit(), sign()):
                assert (answer.status_code, answer.json()["code"]) == (503, "store_failed")
        assert DraftNote.model_validate(http.get(note).json()["note"]) == draft_note
        assert edit().status_code == 200
        for finding in DraftNote.model_validate(http.get(note).json()["note"]).findings:
            http.patch(
                f"{note}/findings/{finding.id}", json={"resolution": "justified", "reason": "Checked."}
            )
        assert sign().status_code == 201
