"""Words heard that were never said, and words said that are lost: in noises, and at edges, stops and cuts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from asr.noises import KINDS, NoiseKind, babble, noise
from asr.types import SAMPLE_RATE, Audio
from measuring.benching import Run, Wire, framed, processor_seconds, streamed
from measuring.recordings import Recording, named, read_audio
from measuring.report import Bench
from measuring.scoring import Loss
from scribe.client import ScribeClient

CUT_FRAME = SAMPLE_RATE // 20
"""50 ms: short enough that a cut lies in the middle of a word."""

STOP_SECONDS = 12.0
"""Speech before each stop."""


async def phantoms(bench: Bench) -> None:
    """Words that are heard where nothing is said."""
    if bench.oracle:
        bench.say("phantoms are left out: an oracle hears none")
        return
    seconds = 60 * bench.minutes
    total = 0
    async with bench.served() as address, ScribeClient(address.url, address.token) as client:
        for kind in (*KINDS, "babble"):
            audio = _noise(bench, kind, seconds)
            if audio is None:
                continue
            bench.say(f"phantoms: {bench.minutes:g} min of {kind}")
            before = processor_seconds(address.process)
            run = await streamed(client, framed(audio[:, np.newaxis]), channels=1)
            cpu = processor_seconds(address.process) - before
            words = sum(len(message.words) for message in run.finals)
            # Babble is speech, though nobody can follow it: what is heard in it need not be invented.
            figure = "words_in_babble" if kind == "babble" else "phantom_words"
            total += 0 if kind == "babble" else words
            bench.tell(
                "phantoms",
                kind,
                {
                    figure: words,
                    "words_an_hour": words / (seconds / 3600),
                    # A partial that its final erases was still seen.
                    "partials_with_words": sum(
                        bool(message.words) and not message.is_final for _, message in run.told
                    ),
                    "utterances": len(run.finals),
                    "minutes": bench.minutes,
                    "cpu_seconds_per_audio_second": cpu / seconds,
                },
                figure,
            )
    bench.tell("phantoms", "all but babble", {"phantom_words": total}, "phantom_words")


def _noise(bench: Bench, kind: str, seconds: float) -> Audio | None:
    """float32 [n] at 16 kHz; None where babble lacks its voices."""
    if kind != "babble":
        of: NoiseKind = next(one for one in KINDS if one == kind)
        return noise(of, seconds, 1)
    folder = bench.data / "speakers/librispeech_train-clean-100"
    files = sorted(folder.glob("*.flac"))[:12]
    if len(files) < 12:
        bench.say(
            "phantoms: babble is left out: its voices (speakers/librispeech) are not in the data folder"
        )
        return None
    return babble([read_audio(file)[:, 0] for file in files], seconds, 1)


async def tails(bench: Bench) -> None:
    """Words lost or misheard where audio ends, is cut or is parted: an oracle hears, so the policy is at fault.

    The bundled session's words lie where its voices were made to say them. The clinic dialogue's were aligned to
    noisy sound and lie beside it in places, so what is lost there is told but held against no target.
    """
    exact = ("sample-mono", "sample-dense", "sample")
    rough = tuple(bench.playable("clinic", "clinic-dense"))
    async with bench.served(*exact, *rough, oracle=True) as address:
        async with ScribeClient(address.url, address.token) as client:
            for name in (*exact, *rough):
                bench.say(f"tails: utterance edges of {name}")
                recording = named(name, bench.data)
                run = await streamed(client, framed(recording.audio), channels=recording.channels)
                tell_loss(bench, f"utterance edges, {name}", [(run, recording)], exact=name in exact)
            await _stops(bench, client, named("sample-mono", bench.data))
        wire = Wire()
        async with wire.to(address) as url, ScribeClient(url, address.token) as client:
            await _cuts(bench, client, wire, named("sample-mono", bench.data))


async def _stops(bench: Bench, client: ScribeClient, recording: Recording) -> None:
    """Stop at once behind the last sample of a word, at many words."""
    count = 5 if bench.quick else 25
    words = recording.words[0]
    bench.say(f"tails: {count} stops right behind a word")
    ended = []
    for number in range(1, count + 1):
        last = words[number * len(words) // (count + 1)]
        first = next(index for index, word in enumerate(words) if word.end > last.end - STOP_SECONDS)
        # Nothing of the word before: what is cut off there is not what is asked here.
        begin = max(words[first - 1].end if first else 0.0, words[first].start - 0.5)
        part = recording.between(begin, last.end)
        ended.append((await streamed(client, framed(part.audio), channels=1), part))
    tell_loss(bench, f"{count} stops behind a word", ended)


async def _cuts(bench: Bench, client: ScribeClient, wire: Wire, recording: Recording) -> None:
    """Reset the connection in the middle of words; the client goes on by itself."""
    count = 4 if bench.quick else 20
    words = recording.words[0]
    bench.say(f"tails: {count} cuts of the connection in the middle of a word")
    frames = framed(recording.audio, CUT_FRAME)
    chosen = [words[number * len(words) // (count + 1)] for number in range(1, count + 1)]
    cuts = {round((word.start + word.end) / 2 * SAMPLE_RATE) // CUT_FRAME for word in chosen}

    def cutting() -> Iterator[bytes]:
        for number, frame in enumerate(frames):
            if number in cuts:
                wire.cut()
            yield frame

    # Four times real time: some of what was sent is decoded and some still on its way when the cut comes.
    run = await streamed(client, cutting(), channels=1, frame=CUT_FRAME, speed=4.0)
    tell_loss(bench, f"{wire.cuts} cuts in a word", [(run, recording)], reconnects=run.reconnects)


def tell_loss(
    bench: Bench, of: str, runs: Sequence[tuple[Run, Recording]], *, exact: bool = True, **more: Any
) -> None:
    """What of the recordings' words is lost; `exact` where their times can be relied on."""
    loss = Loss()
    for run, recording in runs:
        loss.add(run, recording)
    names: tuple[str, ...] = ("words_lost", "words_misheard", "words_invented")
    figures = loss.figures() | more
    if not exact:
        figures = {(f"{name}_by_rough_times" if name in names else name): figures[name] for name in figures}
        names = tuple(f"{name}_by_rough_times" for name in names)
    bench.tell("tails", of, figures, *names)
