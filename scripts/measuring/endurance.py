"""How much and how long a server bears: streams at once in real time, and one session for hours."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from typing import Any

from measuring.benching import Run, framed, megabytes, percentile, processor_seconds, streamed
from measuring.recordings import LOOP_PAUSE, Recording, named
from measuring.report import FINALS_WITHIN, Bench
from measuring.scoring import Latencies, errors, loop_offsets
from scribe.client import ClientError, ScribeClient

STREAM_STEPS = (1, 2, 4, 8, 12, 16, 24)
STREAM_STAGGER = 2.3
"""Seconds between two streams' first frames: no whole number of strides, so that their decodes do not line up."""


async def streams(bench: Bench) -> None:
    """Real-time streams at once: the largest number whose finals come in time."""
    names = bench.playable("clinic", "sample-mono", "sample")
    seconds = 45.0 if bench.quick else 150.0
    held = 0
    for count in bench.streams:
        bench.say(f"streams: {count} at once for {seconds:.0f} s")
        figures = await load(bench, names, count, seconds)
        in_time = figures["final_p95_seconds"] < FINALS_WITHIN and not figures["refused"]
        bench.tell(
            "streams",
            f"{count} at once",
            figures | {"held": in_time},
            "final_median_seconds",
            "final_p95_seconds",
            "partials_a_second_a_stream",
            "server_cores",
        )
        if not in_time:
            break
        held = count
    bench.tell("streams", "most held", {"streams_held": held, "tried": list(bench.streams)}, "streams_held")


async def load(bench: Bench, names: Sequence[str], count: int, seconds: float) -> dict[str, Any]:
    """`count` streams in real time, each begun a little later and elsewhere in its recording."""
    parts = []
    for number in range(count):
        whole = named(names[number % len(names)], bench.data).followed_by(LOOP_PAUSE)
        turn = whole.rotated(17.0 * (number // len(names))) if number >= len(names) else whole
        parts.append(turn.until(seconds))
    frames = [framed(part.audio) for part in parts]
    runs: list[Run | None] = [None] * count
    async with (
        bench.served(*names, settings={"max_streams": str(max(count, 8))}) as address,
        ScribeClient(address.url, address.token) as client,
    ):
        await streamed(client, frames[0][:50], channels=parts[0].channels)
        server, ours, began = (
            processor_seconds(address.process),
            time.process_time(),
            time.perf_counter(),
        )

        async def one(number: int) -> None:
            await asyncio.sleep(STREAM_STAGGER * number)
            try:
                runs[number] = await streamed(
                    client, frames[number], channels=parts[number].channels, speed=1.0
                )
            except ClientError as error:
                bench.say(f"streams: one was refused ({type(error).__name__})")

        async with asyncio.TaskGroup() as tasks:
            for number in range(count):
                tasks.create_task(one(number))
        wall = time.perf_counter() - began
        server, ours = processor_seconds(address.process) - server, time.process_time() - ours
        memory = megabytes(address.process, "VmHWM")
    finished = [(run, part) for run, part in zip(runs, parts, strict=True) if run is not None]
    pooled = Latencies()
    wrong = words = 0
    for run, part in finished:
        pooled.add(run, part)
        more_wrong, more_words = errors(run, part)
        wrong, words = wrong + more_wrong, words + more_words
    audio = sum(part.seconds for _, part in finished)
    return pooled.figures() | {
        "streams": count,
        "refused": count - len(finished),
        "partials_a_second_a_stream": sum(run.partials for run, _ in finished) / audio if audio else 0.0,
        "worst_lag_seconds": max((run.worst_lag_seconds for run, _ in finished), default=0.0),
        "wer": wrong / words if words else float("nan"),
        "gaps": sum(run.gaps for run, _ in finished),
        "server_cores": server / wall,
        "client_cores": ours / wall,
        "server_cpu_seconds_per_audio_second": server / audio if audio else float("nan"),
        "peak_memory_megabytes": memory,
    }


async def hours(bench: Bench) -> None:
    """Memory and word times over simulated hours, fed as fast as the server takes them."""
    one_channel = (bench.playable("clinic") or ["sample-mono"])[0]
    for name in (one_channel, "sample"):
        recording = named(name, bench.data).followed_by(LOOP_PAUSE)
        loops = max(2, round(bench.hours * 3600 / recording.seconds))
        bench.say(f"hours: {name}, {bench.hours:g} h in {loops} loops of {recording.seconds:.0f} s")
        bench.tell(
            "hours",
            f"{name}, {bench.hours:g} h",
            await long_run(bench, name, recording, loops),
            "growth_megabytes",
            "growth_within_first_hour_megabytes",
            "peak_memory_megabytes",
            "drift_seconds",
            "late_offset_p95_seconds",
        )


async def long_run(bench: Bench, name: str, recording: Recording, loops: int) -> dict[str, Any]:
    """A recording over and over in one session: memory by the hour, word times at the start, two hours in, the end."""
    frames = framed(recording.audio)
    memory: list[tuple[float, float]] = []
    async with bench.served(name) as address, ScribeClient(address.url, address.token) as client:

        def looped() -> Iterator[bytes]:
            last = 0.0
            for loop in range(loops):
                fed = loop * recording.seconds / 3600
                # The first hour is noted, then every half: what is loaded once is loaded by then.
                if fed - last >= (0.5 if bench.hours > 1 else bench.hours / 8):
                    last = fed
                    memory.append((fed, megabytes(address.process, "VmRSS")))
                    bench.say(f"hours: {fed:.2f} h, {memory[-1][1]:.0f} MB")
                yield from frames
            memory.append((loops * recording.seconds / 3600, megabytes(address.process, "VmRSS")))

        before = processor_seconds(address.process)
        run = await streamed(client, looped(), channels=recording.channels, keep_partials=False)
        cpu = processor_seconds(address.process) - before
        drafted = megabytes(address.process, "VmRSS")
        peak = megabytes(address.process, "VmHWM")
    settled = 1.0 if bench.hours > 1 else bench.hours / 8
    first_hour = next((size for at, size in memory if at >= settled), memory[0][1])
    two_hours = min(loops - 1, round(2 * 3600 / recording.seconds))
    early, late = (loop_offsets(run, recording, loop) for loop in (0, two_hours))
    return {
        "hours": memory[-1][0],
        "memory_first_hour_megabytes": first_hour,
        "memory_last_megabytes": memory[-1][1],
        # Within the first hour memory still grows into what every session needs.
        ("growth_megabytes" if bench.hours > 1 else "growth_within_first_hour_megabytes"): memory[-1][1]
        - first_hour,
        # Drafting the note of all these hours takes its own once, after the last word.
        "memory_after_the_draft_megabytes": drafted,
        "peak_memory_megabytes": peak,
        "memory_by_hour": [(round(at, 2), round(size)) for at, size in memory],
        "early_offset_median_seconds": percentile(early, 0.5),
        "late_offset_median_seconds": percentile(late, 0.5),
        "late_offset_p95_seconds": percentile([abs(offset) for offset in late], 0.95),
        "early_offset_p95_seconds": percentile([abs(offset) for offset in early], 0.95),
        "drift_seconds": abs(percentile(late, 0.5) - percentile(early, 0.5)),
        "drift_measured_at_hours": two_hours * recording.seconds / 3600,
        "realtime_factor": run.wall_seconds / (loops * recording.seconds),
        "cpu_seconds_per_audio_second": cpu / (loops * recording.seconds),
        "gaps": run.gaps,
    }
