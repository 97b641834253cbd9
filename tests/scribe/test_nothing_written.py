"""No audio on disk, and no clinical word in clear: every file that a session's server writes is looked at."""

from __future__ import annotations

import asyncio
import io
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from compressed import compressed
from memory import Search, forms_of
from running import TOKEN, consented, server, whisper_is_here

from asr.decoder import decode
from asr.errors import AsrError
from scribe.client import ScribeClient
from scribe.sample import sample_audio
from scribe.session import State
from scribe.statements import SHIPPED
from scribe.wire import UtteranceMessage

RATE = 16_000
WINDOW = 320
"""20 ms."""


def encoded_windows(audio: np.ndarray) -> dict[str, set[bytes]]:
    """The beginning of every 20 ms window that is not quiet, in each form in which it may lie in a file.

    As it was sent (16 bit, channels interleaved), each channel alone, and as floats in [-1, 1].
    """
    sent = (audio * 32767).astype("<i2")
    floats = sent.astype("<f4") / np.float32(32768)
    forms = {"sent": sent, "floats": floats}
    for channel in range(audio.shape[1]):
        forms |= {f"s16 {channel}": sent[:, channel], f"f32 {channel}": floats[:, channel]}
    begins = range(0, len(audio) - WINDOW, WINDOW)
    found = {
        name: {window for begin in begins if telling(window := samples[begin : begin + 16].tobytes())}
        for name, samples in forms.items()
    }
    assert all(len(windows) > 100 for windows in found.values())
    return found


def telling(window: bytes) -> bool:
    """Whether these bytes would hardly stand in a file by chance: silence and zero padding would."""
    return len(set(window)) > 16


def holds_audio(content: bytes, windows: dict[str, set[bytes]]) -> bool:
    """Whether any window's first samples stand anywhere in the bytes."""
    by_size: dict[int, set[bytes]] = {}
    for known in windows.values():
        by_size.setdefault(len(next(iter(known))), set()).update(known)
    return any(
        content[begin : begin + size] in known
        for size, known in by_size.items()
        for begin in range(len(content) - size + 1)
    )


def decodes_as_audio(content: bytes) -> bool:
    try:
        return sum(len(block) for block in decode(io.BytesIO(content)).blocks) > 0
    except AsrError:
        return False


def files_below(*folders: Path) -> dict[Path, bytes]:
    found = {}
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file():
                try:
                    found[path] = path.read_bytes()
                except FileNotFoundError:
                    continue
    return found


async def one_session(url: str, audio: np.ndarray, watch: Path) -> tuple[list[str], list[dict[Path, bytes]]]:
    """Stream a session; the words that came, and what lay on disk at each final word."""
    words: list[str] = []
    seen: list[dict[Path, bytes]] = []
    async with ScribeClient(url, TOKEN) as client:
        session = await client.create_session(consented(channels=2, notes_markdown="canary xylophone"))
        async with client.stream(session, channels=2) as stream:

            async def feed() -> None:
                for begin in range(0, len(audio), RATE):
                    await stream.send((audio[begin : begin + RATE] * 32767).astype("<i2").tobytes())
                await stream.stop()

            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(feed())
                async for message in stream:
                    if isinstance(message, UtteranceMessage) and message.is_final:
                        words += message.text.split()
                        seen.append(files_below(watch))
    return words, seen


def clinical(words: Iterable[str]) -> set[bytes]:
    """Words long enough that they do not stand in a database's own text by chance."""
    plain = (re.sub(r"[^a-z]", "", word.lower()) for word in words)
    # The consent statement is kept in clear: it is what is said to everybody.
    own = (
        {state.value for state in State}
        | {"session", "consent"}
        | set(re.findall(r"[a-z]+", SHIPPED.text.lower()))
    )
    return {word.encode() for word in plain if len(word) >= 7 and word not in own}


@pytest.mark.skipif(not whisper_is_here(), reason="no Whisper model in SCRIBE_MODELS_DIR or ../shared/models")
def test_no_file_of_a_session_holds_audio_or_words(tmp_path: Path) -> None:
    audio = sample_audio()[: 45 * RATE]
    windows = encoded_windows(audio)
    watch = tmp_path / "watched"
    with server(watch / "data") as running:
        words, seen = asyncio.run(one_session(running.url, audio, watch))
        seen.append(files_below(watch))
        log = running.said
    seen.append(files_below(watch))

    names = {str(path.relative_to(watch)) for state in seen for path in state}
    store = {"scribe.db", "scribe.db-wal", "scribe.db-shm", "key", "lock", "server.json", "token"}
    assert names <= {f"data/{name}" for name in store} | {"server.log"}, "no file but the store's own"
    assert not [path for path in (watch / "data").iterdir() if path.stat().st_mode & 0o077], (
        "for its owner alone"
    )
    canaries = clinical(words) | {b"xylophone"}
    assert len(canaries) > 8
    for content in {content for state in (seen[len(seen) // 2], *seen[-2:]) for content in state.values()}:
        assert not holds_audio(content, windows)
        assert not decodes_as_audio(content)
        lowered = content.lower()
        assert not [word for word in canaries if word in lowered]
    assert log.read_text(), "the server did log"


def test_the_search_finds_audio_and_words_where_they_are(tmp_path: Path) -> None:
    audio = sample_audio()[: 20 * RATE]
    windows = encoded_windows(audio)
    part = (audio[5 * RATE : 6 * RATE] * 32767).astype("<i2")
    assert holds_audio(b"x" * 1001 + part.tobytes() + b"y" * 77, windows)
    assert holds_audio(b"z" + (part[:, 0].astype("<f4") / np.float32(32768)).tobytes(), windows)
    assert not holds_audio(np.random.default_rng(0).bytes(200_000), windows)
    assert clinical(["Exhausting,", "so"]) == {b"exhausting"}


@pytest.fixture
def strace() -> str:
    found = shutil.which("strace")
    if found is None or subprocess.run([found, "-o", "/dev/null", "true"], check=False).returncode:
        pytest.skip("strace is not installed or may not trace here")
    return found


@pytest.mark.skipif(not whisper_is_here(), reason="no Whisper model in SCRIBE_MODELS_DIR or ../shared/models")
def test_the_kernel_saw_no_other_file_opened_for_writing_and_no_audio_written(
    tmp_path: Path, strace: str
) -> None:
    trace = tmp_path / "trace"
    audio = sample_audio()[: 20 * RATE]
    with server(tmp_path / "data", prefix=traced(strace, trace)) as running:
        asyncio.run(one_session(running.url, audio, tmp_path / "nothing"))
    sent = (audio * 32767).astype("<i2").tobytes()
    judge(trace, tmp_path, Search(forms_of("pcm_s16le", RATE, 2, sent)))


@pytest.mark.faults
@pytest.mark.timeout(480)
@pytest.mark.parametrize("encoding", ["opus_webm", "flac"])
def test_the_kernel_saw_no_audio_of_a_recording_written(tmp_path: Path, strace: str, encoding: str) -> None:
    trace = tmp_path / "trace"
    recording = compressed(encoding, sample_audio())
    with (
        server(tmp_path / "data", prefix=traced(strace, trace), asr="pocketsphinx") as running,
        running.http as http,
    ):
        session = http.post("/v1/sessions", json=consented(channels=2).model_dump(mode="json")).json()
        # Over a megabyte of a recording would be spooled by a form parser.
        answer = http.post(f"/v1/sessions/{session['id']}/audio", content=recording)
        assert "event: ended" in answer.text, answer.text
    rate = RATE if encoding == "flac" else 48_000
    judge(trace, tmp_path, Search(forms_of(encoding, rate, 2, recording)))


def test_the_trace_shows_audio_that_is_written(tmp_path: Path, strace: str) -> None:
    trace = tmp_path / "trace"
    sent = (sample_audio()[: 10 * RATE] * 32767).astype("<i2").tobytes()
    (tmp_path / "data").mkdir()
    program = "import os, sys; os.pwrite(os.open(sys.argv[1], os.O_RDWR | os.O_CREAT), sys.stdin.buffer.read(), 777)"
    command = [*traced(strace, trace), sys.executable, "-c", program, str(tmp_path / "data" / "scribe.db")]
    subprocess.run(command, input=b"x" * 20_000 + sent[100_001:200_000], check=True)

    with pytest.raises(AssertionError, match="pwrite64"):
        judge(trace, tmp_path, Search(forms_of("pcm_s16le", RATE, 2, sent)))


OPENS = "open,openat,creat,memfd_create,mknod,mknodat,rename,renameat,renameat2,link,linkat"
WRITES = "write,pwrite64,writev,pwritev,pwritev2"
COPIES = "sendfile,splice,tee,vmsplice,copy_file_range,msync,process_vm_writev"
"""Calls that write what is not in their arguments: none is expected."""


def traced(strace: str, trace: Path) -> tuple[str, ...]:
    """A command that runs another and notes what it opens and writes, every byte of it, and to what."""
    calls = f"trace={OPENS},{WRITES},{COPIES},mmap"
    return (strace, "-f", "--seccomp-bpf", "-qq", "-y", "-xx", "-s", "1000000", "-e", calls, "-o", str(trace))


def judge(trace: Path, folder: Path, wanted: Search) -> None:
    """No file but the store's own was opened for writing, and nothing that was written anywhere holds audio."""
    opened: set[str] = set()
    copied: list[str] = []
    shared: set[str] = set()
    written = 0
    for line in trace.read_text(errors="replace").splitlines():
        call = re.match(r"\d+\s+(\w+)\((.*)", line)
        if call is None or re.search(r"= -1 E", line):
            continue
        name, said = call[1], call[2]
        if name in COPIES.split(","):
            copied.append(line[:200])
        elif name == "mmap":
            if "MAP_SHARED" in said and "PROT_WRITE" in said:
                shared |= {plain(path) for path in re.findall(r"\d+<([^>]*)>", said)} or {line[:200]}
        elif name in WRITES.split(","):
            to = re.match(r"\d+<([^>]*)>", said)
            if to is None or not plain(to[1]).startswith(("socket:", "anon_inode:", "TCP")):
                content = b"".join(
                    bytes.fromhex(one.replace("\\x", "")) for one in re.findall(r'"([^"]*)"', said)
                )
                written += len(content)
                assert "..." not in said, "all bytes are in the trace"
                assert not list(wanted.within(content)), line[:200]
        elif name not in ("open", "openat") or re.search(r"O_WRONLY|O_RDWR|O_CREAT", said):
            opened |= {plain(path) for path in re.findall(r'"([^"]*)"', said)} or {line[:200]}
    data = re.escape(f"{folder}/data/")
    allowed = re.compile(
        rf"^(?:{data}(?:scribe\.db(?:-wal|-shm|-journal)?|key(?:\.[0-9a-f]{{8}})?|lock|token|server\.json|\.writable)"
        r"|/dev/(?:null|tty|shm/.*)|/proc/.*|/sys/.*)$"
    )
    assert not {path for path in opened if not allowed.match(path)}
    assert not copied
    assert shared <= {f"{folder}/data/scribe.db-shm"}, "no other file is written through memory"
    assert written > 10_000, "the trace saw the store being written"


def plain(text: str) -> str:
    """A string as it was before strace wrote its bytes in hexadecimal."""
    return re.sub(r"\\x([0-9a-f]{2})", lambda match: chr(int(match[1], 16)), text)
