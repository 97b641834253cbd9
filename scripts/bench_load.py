"""How many sessions a server bears at once: a load of whole sessions in real time, each on two channels.

The server runs in a process of its own and is fed the bundled session from this one, beginning a little later for
each stream, for `--minutes`. First one session is heard alone, as fast as the server takes it: what the others hear is
held against its words, channel by channel, so a word that is lost or changed under load is told from one that the
model never heard. Prints a line of JSON for each number of streams.

    python scripts/bench_load.py                        # as many streams as the server takes, five minutes
    python scripts/bench_load.py --quick                # one minute
    python scripts/bench_load.py --streams 2 --streams 4

A stream is held where it was taken, ended in order without a gap or a reconnect, and had its final words in time.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import time
from collections.abc import Sequence
from math import ceil
from typing import Any

import httpx
from measuring.benching import (
    Run,
    commit,
    framed,
    machine,
    megabytes,
    percentile,
    processor_seconds,
    served,
    streamed,
)
from measuring.endurance import STREAM_STAGGER
from measuring.report import FINALS_WITHIN

from asr.metrics import align_words, normalize_words
from asr.types import SAMPLE_RATE
from scribe.client import ClientError, ScribeClient
from scribe.local import Address
from scribe.sample import sample_audio

FRAMES_A_SECOND = 10


def words_of(run: Run, channel: int) -> list[str]:
    """What was heard on one channel, as it is compared; each is a speaker of its own."""
    said = [message.text for message in run.finals if message.speaker == f"SPEAKER_{channel:02d}"]
    return normalize_words(" ".join(said))


def held_against(alone: Run, run: Run) -> tuple[int, int, int]:
    """Words that the session alone has and this one has not, has otherwise, and those of the session alone."""
    lost = changed = words = 0
    for channel in range(2):
        reference, heard = words_of(alone, channel), words_of(run, channel)
        words += len(reference)
        for at, index in align_words(reference, heard):
            lost += index is None
            # Where nothing is across, a word was made up: that is a change too.
            changed += index is not None and (at is None or reference[at] != heard[index])
    return lost, changed, words


def latencies_of(run: Run) -> list[float]:
    """Seconds from handing over the last sample of an utterance's last word until its final came."""
    return [
        at - run.sent_at(message.words[-1].end)
        for at, message in run.told
        if message.is_final and message.words
    ]


async def load(address: Address, frames: Sequence[bytes], alone: Run, count: int) -> dict[str, Any]:
    """So many sessions at once in real time, and what became of them."""
    runs: list[Run] = []
    refused: list[str] = []

    async def one(client: ScribeClient, number: int) -> None:
        await asyncio.sleep(STREAM_STAGGER * number)
        try:
            runs.append(await streamed(client, frames, channels=2, speed=1.0))
        except ClientError as error:
            refused.append(str(error))

    server, ours, began = processor_seconds(address.process), time.process_time(), time.perf_counter()
    async with ScribeClient(address.url, address.token) as client, asyncio.TaskGroup() as tasks:
        for number in range(count):
            tasks.create_task(one(client, number))
    wall = time.perf_counter() - began
    server, ours = processor_seconds(address.process) - server, time.process_time() - ours
    finals = [seconds for run in runs for seconds in latencies_of(run)]
    lags = [lag for run in runs for lag in run.lags]
    compared = [held_against(alone, run) for run in runs]
    in_time = [
        run
        for run in runs
        if not run.gaps and not run.reconnects and percentile(latencies_of(run), 0.95) < FINALS_WITHIN
    ]
    return {
        "streams": count,
        "streams_held": len(in_time),
        "refused": len(refused),
        "minutes": round(len(frames) / FRAMES_A_SECOND / 60, 2),
        "words_lost": sum(lost for lost, _, _ in compared),
        "words_changed": sum(changed for _, changed, _ in compared),
        "words_compared": sum(words for _, _, words in compared),
        "gaps": sum(run.gaps for run in runs),
        "reconnects": sum(run.reconnects for run in runs),
        "lag_p50_seconds": round(percentile(lags, 0.5), 2),
        "lag_p95_seconds": round(percentile(lags, 0.95), 2),
        "final_p50_seconds": round(percentile(finals, 0.5), 2),
        "final_p95_seconds": round(percentile(finals, 0.95), 2),
        "final_worst_seconds": round(max(finals, default=float("nan")), 2),
        "server_cores": round(server / wall, 2),
        "client_cores": round(ours / wall, 2),
        "peak_memory_megabytes": round(megabytes(address.process, "VmHWM")),
        **await told_by_server(address),
    }


async def told_by_server(address: Address) -> dict[str, float]:
    """What the server's own figures say of the same, since it began."""
    headers = {"Authorization": f"Bearer {address.token}"}
    async with httpx.AsyncClient(headers=headers, trust_env=False) as http:
        text = (await http.get(f"{address.url}/metrics")).text

    def figure(name: str) -> float:
        found = re.search(rf"^{name} (\S+)$", text, re.MULTILINE)
        assert found is not None, name
        return float(found[1])

    return {
        "server_words": figure("scribe_words_total"),
        "server_store_errors": figure("scribe_store_errors_total"),
        "server_realtime_factor": round(figure("scribe_realtime_factor"), 3),
    }


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one minute")
    parser.add_argument("--minutes", type=float, help="of each stream (5)")
    parser.add_argument("--streams", type=int, action="append", help="this many at once; may be given again")
    parser.add_argument("--asr", default="auto", help="auto, whisper or pocketsphinx")
    options = parser.parse_args()
    minutes = options.minutes or (1.0 if options.quick else 5.0)
    once = framed(sample_audio())
    wanted = round(60 * FRAMES_A_SECOND * minutes)
    frames = (once * ceil(wanted / len(once)))[:wanted]
    assert len(once[0]) == SAMPLE_RATE // FRAMES_A_SECOND * 2 * 2
    # Room for every step that is asked for; what the machine is measured to hold is read from a first start.
    counts = options.streams
    if counts is None:
        async with (
            served("--asr", options.asr) as address,
            ScribeClient(address.url, address.token) as client,
        ):
            counts = [int((await client.ready())["max_streams"])]
    async with served("--asr", options.asr, max_streams=str(max(counts))) as address:
        async with ScribeClient(address.url, address.token) as client:
            ready = await client.ready()
            alone = await streamed(client, frames, channels=2)
        about = {name: ready[name] for name in ("recognizer", "model", "device")}
        for count in counts:
            figures = await load(address, frames, alone, count)
            about |= {"load_average": round(os.getloadavg()[0], 2), "commit": commit(), "machine": machine()}
            print(json.dumps(figures | about), flush=True)


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        raise SystemExit(130) from None
