"""How well and how fast a session is heard, measured as a user meets it: a real server, a real socket.

Prints one JSON line. Words are counted wrong over the whole bundled session, streamed as fast as the server takes
it; the latency of finals is measured on its first part, streamed in real time: from the moment the last sample
of an utterance's last word was sent until its final words arrived. Quality and cost come from one run, on one
model. `bench_stream.py` measures the rest.

    python scripts/bench.py --quick     # 40 s in real time, the whole session fast; about a minute
    python scripts/bench.py             # the whole session in real time as well
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics

from measuring.benching import (
    commit,
    framed,
    machine,
    megabytes,
    percentile,
    processor_seconds,
    served,
    streamed,
)

from asr.metrics import normalize_words, word_errors
from scribe.client import ScribeClient
from scribe.local import Address
from scribe.sample import sample_audio, sample_truth
from scribe.wire import UtteranceMessage


def errors(finals: list[UtteranceMessage]) -> tuple[int, int]:
    """Word errors and reference words, each role against its own truth: a word of the wrong speaker is wrong."""
    wrong = spoken = 0
    for role in ("clinician", "client"):
        reference = " ".join(turn.text for turn in sample_truth().turns if turn.role == role)
        said = " ".join(message.text for message in finals if message.role == role)
        substitutions, deletions, insertions, words = word_errors(
            normalize_words(reference), normalize_words(said)
        )
        wrong += substitutions + deletions + insertions
        spoken += words
    return wrong, spoken


async def measure(address: Address, *, quick: bool) -> dict[str, object]:
    """One run on one server."""
    frames = framed(sample_audio())
    seconds = sample_truth().duration
    async with ScribeClient(address.url, address.token) as client:
        ready = await client.ready()
        await streamed(client, frames[:100], channels=2)  # the first run warms caches
        before = processor_seconds(address.process)
        fast = await streamed(client, frames, channels=2)
        spent = processor_seconds(address.process) - before
        live = await streamed(client, frames[:400] if quick else frames, channels=2, speed=1.0)
    wrong, spoken = errors(fast.finals)
    latencies = [
        at - (live.began + message.words[-1].end)
        for at, message in live.told
        if message.is_final and message.words
    ]
    return {
        "wer": round(wrong / spoken, 4),
        "words": spoken,
        "realtime_factor": round(fast.wall_seconds / seconds, 3),
        "cpu_seconds_per_audio_second": round(spent / seconds, 3),
        "final_latency_median_seconds": round(statistics.median(latencies), 2),
        "final_latency_p95_seconds": round(percentile(latencies, 0.95), 2),
        "finals_timed": len(latencies),
        "peak_memory_megabytes": round(megabytes(address.process, "VmHWM")),
        "recognizer": ready["recognizer"],
        "model": ready["model"],
        "device": ready["device"],
        "commit": commit(),
        "machine": machine(),
    }


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="40 s in real time instead of the whole session")
    parser.add_argument("--asr", default="auto", help="auto, whisper or pocketsphinx")
    options = parser.parse_args()
    async with served("--asr", options.asr) as address:
        print(json.dumps(await measure(address, quick=options.quick)))


if __name__ == "__main__":
    asyncio.run(main())
