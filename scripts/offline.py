"""The library by itself, in a process of its own: whole recordings transcribed, or the yardstick's policy played.

Started by `bench_stream.py` with a job as JSON; prints one JSON line for each recording. Its own process, so that
its CPU seconds are its own and the number of its threads can be set before numpy and CTranslate2 are loaded.

    python scripts/offline.py '{"what": "offline", "model": DIR, "threads": 1, "vad": true, "recordings": ["jfk"],
                                "data": "../shared/data", "quick": false, "scripted": false}'
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from faster_whisper import WhisperModel
from measuring.recordings import Recording, named
from measuring.scripted import ScriptedWhisper, say_next
from measuring.yardstick import Hypothesis, simulate

from asr.recognizer import Request
from asr.testing import OracleRecognizer
from asr.types import SAMPLE_RATE, Audio, Word

BEAM = 5
SEGMENT_PAUSE = 0.4
"""Seconds without a word at which a segment ends, where the words are known and not heard."""


def offline(model: WhisperModel, recording: Recording, *, vad: bool) -> dict[str, Any]:
    """Each channel of a recording transcribed whole: its text, and the CPU seconds of it all."""
    began = time.process_time()
    texts = []
    for channel in range(recording.channels):
        segments, _ = model.transcribe(
            np.ascontiguousarray(recording.audio[:, channel]),
            language="en",
            beam_size=BEAM,
            condition_on_previous_text=False,
            vad_filter=vad,
        )
        texts.append(" ".join(segment.text for segment in segments))
    return {"texts": texts, "cpu_seconds": time.process_time() - began}


def yardstick(model: WhisperModel, recording: Recording, *, scripted: bool) -> dict[str, Any]:
    """The policy of whisper_streaming on the first channel; each word with the moment at which it was out."""
    spent = 0.0
    audio = np.ascontiguousarray(recording.audio[:, 0])
    oracle = OracleRecognizer(audio, recording.words[0] if recording.words else (), edge=0.0)

    def hear(buffer: Audio, _begin: float) -> tuple[Hypothesis, float]:
        nonlocal spent
        words: Sequence[Word] = ()
        if scripted:
            words = oracle.recognize([Request(buffer, "final")])[0].words
            say_next(words)
        wall, cpu = time.perf_counter(), time.process_time()
        segments, _ = model.transcribe(
            buffer, language="en", beam_size=BEAM, word_timestamps=True, condition_on_previous_text=False
        )
        found = [
            [Word(word.word.strip(), word.start, word.end, word.probability) for word in segment.words or ()]
            for segment in segments
        ]
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        spent += cpu
        # With one thread what the CPU worked is what a quiet machine's clock would show.
        return (_segments(words) if scripted else found), min(cpu, wall)

    hear(audio[:SAMPLE_RATE], 0.0)  # the first call warms caches
    spent = 0.0
    outcome = simulate(audio, hear)
    return {
        "words": [(word.text, word.start, word.end, at) for word, at in outcome.words],
        "cpu_seconds": spent,
        "calls": outcome.calls,
    }


def _segments(words: Sequence[Word]) -> list[list[Word]]:
    """Words parted where a pause is."""
    segments: list[list[Word]] = []
    for word in words:
        if not segments or word.start - segments[-1][-1].end > SEGMENT_PAUSE:
            segments.append([])
        segments[-1].append(word)
    return segments


def main() -> None:
    job = json.loads(sys.argv[1])
    kind = ScriptedWhisper if job["scripted"] else WhisperModel
    model = kind(
        job["model"], device="cpu", compute_type="int8", cpu_threads=job["threads"], local_files_only=True
    )
    for name in job["recordings"]:
        recording = named(name, Path(job["data"]), quick=job["quick"])
        if job["what"] == "offline":
            answer = offline(model, recording, vad=job["vad"])
        else:
            answer = yardstick(model, recording, scripted=job["scripted"])
        print(json.dumps({"recording": name, "seconds": recording.seconds} | answer), flush=True)


if __name__ == "__main__":
    main()
