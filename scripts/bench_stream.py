"""How streaming holds up, measured as a user meets it: quality, latency, cost, load, hours, noise and tails.

Every case starts a server in a process of its own and speaks to it over its socket. Prints one JSON line for each
measurement and a table at the end; what is going on stands on the error stream. What a machine lacks (a model,
recordings) is left out and said.

    python scripts/bench_stream.py --quick                       # every case, short: about a quarter of an hour
    python scripts/bench_stream.py --case latency --case tails   # some cases, in full
    python scripts/bench_stream.py --case streams --streams 8 --model DIR

A model folder written by `random_model.py` is measured for cost alone: its words come from an oracle (see
`scripted.py`), and the cases that ask how well words are heard are left out. `--oracle` does so with a real model.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from measuring.benching import (
    Run,
    framed,
    percentile,
    processor_seconds,
    streamed,
)
from measuring.endurance import STREAM_STEPS, hours, streams
from measuring.latency import reference_ends
from measuring.losses import phantoms, tails
from measuring.recordings import Recording, named
from measuring.report import Bench, table
from measuring.scoring import Latencies, errors, text_errors
from random_model import MARK

from asr.errors import AsrError
from asr.models import resolve
from asr.types import SAMPLE_RATE, Word
from scribe.client import ScribeClient
from scribe.config import Settings, read_settings
from scribe.errors import ScribeError
from scribe.wire import UtteranceMessage

OFFLINE = Path(__file__).with_name("offline.py")

LATENCY_FRAME = SAMPLE_RATE // 20
"""50 ms: a latency is known no better than the frame in which its word ended."""


# --- quality ---------------------------------------------------------------------------------------------


async def quality(bench: Bench) -> None:
    """Words wrong in streamed finals and offline, on the same model in the same run, and what each cost.

    Streamed is held against the better of the two offline ways, with and without the library's own vad filter.
    """
    if bench.oracle or bench.model is None:
        bench.say("quality is left out: it needs a Whisper model with real weights")
        return
    names = bench.playable("sample", "ljspeech", "jfk", "clinic")
    recordings = {name: named(name, bench.data, quick=bench.quick) for name in names}
    counts: dict[str, list[tuple[int, int]]] = {}
    costs: dict[str, list[tuple[float, float]]] = {}

    def count(way: str, name: str, found: tuple[int, int], cpu: float) -> None:
        counts.setdefault(way, []).append(found)
        costs.setdefault(way, []).append((cpu, recordings[name].seconds))
        figures = {"way": way, "wer": found[0] / found[1], "errors": found[0], "words": found[1]}
        bench.tell(
            "quality",
            name,
            figures | {"cpu_seconds_per_audio_second": cpu / recordings[name].seconds},
        )

    async with bench.served() as address, ScribeClient(address.url, address.token) as client:
        await streamed(client, framed(recordings["sample"].audio[: 5 * SAMPLE_RATE]), channels=2)
        for name, recording in recordings.items():
            bench.say(f"quality: streaming {name}, {recording.seconds:.0f} s, as fast as it is taken")
            before = processor_seconds(address.process)
            run = await streamed(client, framed(recording.audio), channels=recording.channels)
            cpu = processor_seconds(address.process) - before
            count("streamed", name, errors(run, recording), cpu)
    for threads in (1, 0):
        for vad in (True, False):
            way = f"offline, {'its' if vad else 'no'} vad filter, {threads or 'default'} threads"
            bench.say(f"quality: {way}")
            async for answer in library(bench, "offline", names, threads=threads, vad=vad):
                name = answer["recording"]
                count(way, name, text_errors(answer["texts"], recordings[name]), answer["cpu_seconds"])
    pooled = {
        way: sum(wrong for wrong, _ in found) / sum(words for _, words in found)
        for way, found in counts.items()
    }
    best = min(rate for way, rate in pooled.items() if way != "streamed")
    for way, rate in pooled.items():
        cpu = sum(cost for cost, _ in costs[way]) / sum(seconds for _, seconds in costs[way])
        figures = {"way": way, "wer": rate, "cpu_seconds_per_audio_second": cpu}
        if way == "streamed":
            figures["wer_points_over_offline"] = 100 * (rate - best)
        bench.tell(
            "quality",
            f"pooled, {way}",
            figures,
            "wer",
            "cpu_seconds_per_audio_second",
            "wer_points_over_offline",
        )


async def library(
    bench: Bench, what: str, names: Sequence[str], *, threads: int, vad: bool = False
) -> AsyncIterator[dict[str, Any]]:
    """The library's answers to a job, one for each recording, from a process of its own.

    Threads 0 are the library's and numpy's own choice; 1 is one for both.
    """
    job = {
        "what": what,
        "model": str(bench.model),
        "threads": threads,
        "vad": vad,
        "recordings": list(names),
        "data": str(bench.data),
        "quick": bench.quick,
        "scripted": bench.oracle,
    }
    only_one = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"} if threads == 1 else {}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(OFFLINE),
        json.dumps(job),
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | only_one,
        limit=1 << 24,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        async for line in process.stdout:
            yield json.loads(line)
        if await process.wait():
            raise RuntimeError("the library's process failed; its own message stands above")
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


# --- latency, and the yardstick --------------------------------------------------------------------------


async def live_run(
    bench: Bench, name: str, settings: Mapping[str, str] | None = None
) -> tuple[Run, Recording, float]:
    """One real-time stream by itself; the run, what was played, and the server's CPU seconds."""
    recording = named(name, bench.data, quick=bench.quick)
    frames = framed(recording.audio, LATENCY_FRAME)
    async with (
        bench.served(name, settings=settings) as address,
        ScribeClient(address.url, address.token) as client,
    ):
        warm = frames[: 5 * SAMPLE_RATE // LATENCY_FRAME]
        await streamed(client, warm, channels=recording.channels, frame=LATENCY_FRAME)
        before = processor_seconds(address.process)
        run = await streamed(client, frames, channels=recording.channels, frame=LATENCY_FRAME, speed=1.0)
        cpu = processor_seconds(address.process) - before
    return run, recording, cpu


async def latency(bench: Bench) -> None:
    """Real time: when words are stable and when their finals come."""
    for name in bench.playable(*(("clinic",) if bench.quick else ("clinic", "sample", "sample-mono"))):
        bench.say(f"latency: {name} in real time")
        run, recording, cpu = await live_run(bench, name)
        figures = Latencies.of(run, recording).figures() | {
            "cpu_seconds_per_audio_second": cpu / recording.seconds,
            "partials_a_second": run.partials / recording.seconds,
            "stable_by": stable_by(),
            "frame_ms": 1000 * LATENCY_FRAME // SAMPLE_RATE,
        }
        bench.tell(
            "latency",
            name,
            figures,
            "stable_median_seconds",
            "stable_p95_seconds",
            "final_median_seconds",
            "final_p95_seconds",
            "final_after_utterance_median_seconds",
            "final_after_utterance_p95_seconds",
            "stable_words_changed",
            "stable_words_changed_by_final",
        )


def stable_by() -> str:
    """How it is known that a word was stable."""
    told = "stable" in UtteranceMessage.model_fields
    return "the server said so" if told else "it appeared and never changed afterwards"


async def yardstick(bench: Bench) -> None:
    """Ours and whisper_streaming's policy on the same audio and model: CPU, and when words are stable."""
    if bench.model is None:
        bench.say("yardstick is left out: it needs a Whisper model; name one with --model")
        return
    for name in bench.playable("clinic", *(() if bench.quick else ("sample-mono",))):
        for threads in (1,) if bench.quick else (1, 0):
            of = f"{name}, {threads or 'default'} threads"
            bench.say(f"yardstick: {of}; ours in real time")
            run, recording, cpu = await live_run(bench, name, {"threads": "1"} if threads else None)
            ours = Latencies.of(run, recording).figures()
            bench.say(f"yardstick: {of}; whisper_streaming's policy on a simulated clock")
            async for theirs in library(bench, "yardstick", [name], threads=threads):
                out = [Word(text, start, end, 1.0) for text, start, end, _ in theirs["words"]]
                ends = reference_ends(out, recording.words[0])
                behind = [at - end for (*_, at), end in zip(theirs["words"], ends, strict=True)]
                wrong, words = text_errors([" ".join(word.text for word in out)], recording)
                our_wrong, _ = errors(run, recording)
                ratio = cpu / theirs["cpu_seconds"]
                bench.tell(
                    "yardstick",
                    of,
                    {
                        "cpu_seconds_per_audio_second": cpu / recording.seconds,
                        "yardstick_cpu_seconds_per_audio_second": theirs["cpu_seconds"] / recording.seconds,
                        "cpu_ratio_to_yardstick": ratio,
                        "stable_median_seconds": ours["stable_median_seconds"],
                        "stable_p95_seconds": ours["stable_p95_seconds"],
                        "yardstick_stable_median_seconds": percentile(behind, 0.5),
                        "yardstick_stable_p95_seconds": percentile(behind, 0.95),
                        "wer": our_wrong / words,
                        "yardstick_wer": wrong / words,
                        "yardstick_calls": theirs["calls"],
                        "yardstick_prompt": "off: models that loop on their own text cannot take it",
                    },
                    "cpu_seconds_per_audio_second",
                    "yardstick_cpu_seconds_per_audio_second",
                    "cpu_ratio_to_yardstick",
                    "yardstick_stable_median_seconds",
                    "yardstick_stable_p95_seconds",
                )


# --- the command -----------------------------------------------------------------------------------------

CASES: dict[str, Callable[[Bench], Awaitable[None]]] = {
    "quality": quality,
    "latency": latency,
    "yardstick": yardstick,
    "streams": streams,
    "hours": hours,
    "phantoms": phantoms,
    "tails": tails,
}


def found_model(option: str | None) -> Path | None:
    """The folder of the model that a server would take; None where it would take the embedded recogniser."""
    settings: Settings = read_settings(model=option)
    try:
        return resolve(settings.model, settings.models_dir).path
    except AsrError as error:
        if option is not None:
            raise SystemExit(str(error)) from None
        return None


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--case", action="append", choices=CASES, help="a case; may be given again; all without"
    )
    parser.add_argument("--quick", action="store_true", help="short recordings, few streams, no hours")
    parser.add_argument("--model", help="folder of a Whisper model; without, the one a server takes")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder of the recordings")
    parser.add_argument("--oracle", action="store_true", help="true words at the model's cost")
    parser.add_argument("--streams", type=int, action="append", help="this many at once; may be given again")
    parser.add_argument("--hours", type=float, help="simulated hours of the case hours (8; quick: 0.2)")
    parser.add_argument("--minutes", type=float, help="of each noise (30; quick: 1)")
    options = parser.parse_args()
    model = found_model(options.model)
    bench = Bench(
        cases=tuple(options.case or CASES),
        model=model,
        data=options.data,
        quick=options.quick,
        oracle=options.oracle or (model is not None and (model / MARK).exists()),
        streams=tuple(options.streams or ((1, 4) if options.quick else STREAM_STEPS)),
        hours=options.hours or (0.2 if options.quick else 8.0),
        minutes=options.minutes or (1.0 if options.quick else 30.0),
    )
    failed = False
    try:
        for case in bench.cases:
            try:
                await CASES[case](bench)
            except Exception:
                # The other cases are worth their figures all the same.
                traceback.print_exc()
                bench.say(f"{case} failed; why stands above")
                failed = True
    finally:
        # Whatever was measured before an interruption is worth its line.
        print(table(bench.rows), flush=True)
    if failed:
        raise SystemExit(1)


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except ScribeError as error:
        raise SystemExit(error.detail) from None
