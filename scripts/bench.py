"""How well and how fast a session is heard, measured as a user meets it: a real server, a real socket.

Prints one JSON line. Words are counted wrong over the whole bundled session, streamed as fast as the server takes
it; the latency of finals is measured on its first part, streamed in real time: from the moment the last sample
of an utterance was sent until its final words arrived. Quality and cost come from one run, on one model.

    python scripts/bench.py --quick     # 40 s in real time, the whole session fast; about a minute
    python scripts/bench.py             # the whole session in real time as well
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asr.metrics import normalize_words, word_errors
from asr.types import SAMPLE_RATE
from scribe.client import ScribeClient
from scribe.config import read_settings
from scribe.local import Address, spawned
from scribe.sample import sample_audio, sample_truth
from scribe.transcribe import new_session
from scribe.wire import Ended, UtteranceMessage

FRAME = SAMPLE_RATE // 10


def pcm(audio: NDArray[np.float32]) -> bytes:
    """float32 in [-1, 1] as 16-bit samples."""
    return (np.clip(audio, -1, 1) * 32767).astype("<i2").tobytes()


async def streamed(
    client: ScribeClient, audio: NDArray[np.float32], *, speed: float | None
) -> tuple[list[UtteranceMessage], list[float], float]:
    """The finals, how long each took to come after its end was sent, and the wall time of it all.

    `speed` 1 is real time; None is as fast as the server takes it.
    """
    session = await client.create_session(
        new_session(template="soap", channels=2, consent="verbal", statement_version="bench")
    )
    finals: list[UtteranceMessage] = []
    latencies: list[float] = []
    began = time.perf_counter()

    async def feed() -> None:
        for begin in range(0, len(audio), FRAME):
            if speed is not None:
                # A microphone hands a frame over when its last sample was heard.
                due = began + (begin + FRAME) / SAMPLE_RATE / speed
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
            await stream.send(pcm(audio[begin : begin + FRAME]))
        await stream.stop()

    async with client.stream(session, channels=2) as stream:
        began = time.perf_counter()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(feed())
            async for message in stream:
                if isinstance(message, UtteranceMessage) and message.is_final and message.text:
                    finals.append(message)
                    if speed is not None and message.words:
                        spoken = began + message.words[-1].end / speed
                        latencies.append(time.perf_counter() - spoken)
                if isinstance(message, Ended):
                    assert message.receipt.bytes_retained == 0
    return finals, latencies, time.perf_counter() - began


def errors(finals: list[UtteranceMessage]) -> tuple[int, int]:
    """Word errors and reference words, each role against its own truth: a word of the wrong speaker is wrong."""
    wrong = spoken = 0
    for role in ("clinician", "client"):
        reference = " ".join(turn.text for turn in sample_truth().turns if turn.role == role)
        said = " ".join(m.text for m in sorted(finals, key=lambda m: m.start) if m.role == role)
        substitutions, deletions, insertions, words = word_errors(
            normalize_words(reference), normalize_words(said)
        )
        wrong += substitutions + deletions + insertions
        spoken += words
    return wrong, spoken


def processor_seconds(process: int) -> float:
    """User and system seconds of a process and its threads (Linux, proc(5))."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_megabytes(process: int) -> float:
    """The largest resident set so far (Linux, proc(5))."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


async def measure(address: Address, *, quick: bool) -> dict[str, object]:
    """One run on one server."""
    audio = sample_audio()
    seconds = len(audio) / SAMPLE_RATE
    async with ScribeClient(address.url, address.token) as client:
        ready = await client.ready()
        await streamed(client, audio[: 10 * SAMPLE_RATE], speed=None)  # the first run warms caches
        before = processor_seconds(address.process)
        finals, _, wall = await streamed(client, audio, speed=None)
        spent = processor_seconds(address.process) - before
        live = audio[: 40 * SAMPLE_RATE] if quick else audio
        _, latencies, _ = await streamed(client, live, speed=1.0)
    wrong, spoken = errors(finals)
    ordered = sorted(latencies)
    return {
        "wer": round(wrong / spoken, 4),
        "words": spoken,
        "realtime_factor": round(wall / seconds, 3),
        "cpu_seconds_per_audio_second": round(spent / seconds, 3),
        "final_latency_median_seconds": round(statistics.median(ordered), 2),
        "final_latency_p95_seconds": round(ordered[int(0.95 * (len(ordered) - 1))], 2),
        "finals_timed": len(ordered),
        "peak_memory_megabytes": round(peak_megabytes(address.process)),
        "recognizer": ready["recognizer"],
        "model": ready["model"],
        "device": ready["device"],
        "commit": commit(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
    }


def commit() -> str:
    """The commit that was measured, marked where the tree had changes."""
    here = Path(__file__).parent
    answer = subprocess.run(
        ["git", "describe", "--always", "--dirty"], capture_output=True, text=True, cwd=here, check=False
    )
    return answer.stdout.strip() or "unknown"


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="40 s in real time instead of the whole session")
    parser.add_argument("--asr", default="auto", help="auto, whisper or pocketsphinx")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = read_settings(data_dir=Path(folder), log_level="warning")
        arguments = ["serve", "--port", "0", "--data-dir", folder, "--asr", options.asr]
        async with spawned(arguments, settings) as address:
            print(json.dumps(await measure(address, quick=options.quick)))


if __name__ == "__main__":
    asyncio.run(main())
