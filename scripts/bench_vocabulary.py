"""What a session's vocabulary does to the words: how many of its terms are heard, and how many are invented.

    python scripts/bench_vocabulary.py --model FOLDER [--data ../shared/data] [--set report] [--quick]

Needs Debian's `flite` and `espeak-ng`, whose speech stays in memory. Prints one JSON line per arm and a table.
`prompt` arms hand the vocabulary to a recogniser that puts it into the prompt. In `alike` a look-alike of a listed
term is spoken. Whatever is to make more of the vocabulary is tuned on `development`; figures to quote are those of
`report`.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from asr.decoder import decode
from asr.metrics import normalize_words, word_errors
from asr.recognizer import Request
from asr.resampler import Resampler
from asr.types import SAMPLE_RATE, Audio, Word
from asr.whisper import WhisperRecognizer

SENTENCES = Path(__file__).with_name("vocabulary_sentences.toml")
TERM = re.compile(r"\{([^}|]*)(?:\|([^}]*))?\}")
VOICES = (
    ("flite", "slt"),
    ("espeak-ng", "en-us"),
    ("flite", "rms"),
    ("flite", "awb"),
    ("flite", "kal16"),
    ("espeak-ng", "en-gb"),
)
QUICK = 3
"""With --quick each third sentence is spoken."""

LEVEL = 0.05
"""Root mean square of each clip."""
WAVE_HEADER_BYTES = 44


@dataclass(frozen=True, slots=True)
class Clip:
    """Speech, its words as written, the terms among them, and the terms that its vocabulary lists."""

    audio: Audio
    text: str
    terms: tuple[str, ...]
    listed: tuple[str, ...]


def synthesized(text: str, engine: str, voice: str) -> Audio:
    """The sentence as one voice says it, by way of a pipe."""
    command = (
        ["flite", "-voice", voice, "-t", text, "-o", "/dev/stdout"]
        if engine == "flite"
        else ["espeak-ng", "-v", voice, "-s", "150", "--stdout", text]
    )
    wave = subprocess.run(command, capture_output=True, check=True).stdout
    # Both write a plain header into a pipe, with the rate where RIFF has it and a length that is not true.
    rate = int.from_bytes(wave[24:28], "little")
    samples = np.frombuffer(wave[WAVE_HEADER_BYTES : len(wave) // 2 * 2], dtype="<i2")
    resampler = Resampler(rate, 1)
    blocks = (resampler.push(samples.astype(np.float32)[:, None] / np.float32(32768)), resampler.flush())
    audio: Audio = np.concatenate(blocks)[:, 0]
    audio *= np.float32(LEVEL / np.sqrt(np.mean(audio**2)))
    return audio


def said(line: str, voice: tuple[str, str], listed: str | None = None) -> Clip:
    """One sentence by one voice; its vocabulary lists its terms, or `listed` in their place."""
    terms = tuple(found[1] for found in TERM.finditer(line))
    return Clip(
        synthesized(TERM.sub(lambda found: found[2] or found[1], line), *voice),
        TERM.sub(lambda found: found[1], line),
        terms,
        terms if listed is None else (listed,),
    )


def sentences(lines: Sequence[str]) -> list[Clip]:
    """Each sentence by one voice, in turn."""
    return [said(line, VOICES[index % len(VOICES)]) for index, line in enumerate(lines)]


def read_speech(folder: Path) -> list[Clip]:
    clips = []
    for line in (folder / "transcripts.tsv").read_text().splitlines():
        name, _, text = line.partition("\t")
        with (folder / f"{name}.flac").open("rb") as file:
            audio = np.concatenate(list(decode(file).blocks))[:, 0].copy()
        clips.append(Clip(audio, text, (), ()))
    return clips


def drawn(clip: Clip, others: Sequence[str], size: int, seed: int, *, listed: bool = True) -> tuple[str, ...]:
    """A vocabulary of `size` terms with those that the clip lists among them, the order by chance."""
    terms = clip.listed if listed else ()
    rest = [term for term in others if term not in (*clip.terms, *clip.listed)]
    vocabulary = [*terms, *random.Random(seed).sample(rest, max(0, size - len(terms)))]
    random.Random(seed).shuffle(vocabulary)
    return tuple(vocabulary)


def count(words: Sequence[str], term: str) -> int:
    parts = normalize_words(term)
    return sum(list(words[at : at + len(parts)]) == parts for at in range(len(words)))


def measure(
    name: str,
    clips: Sequence[Clip],
    vocabularies: Sequence[tuple[str, ...]],
    hear: Callable[[Clip, tuple[str, ...]], Sequence[Word]],
) -> dict[str, object]:
    began = time.process_time()
    wrong = words = spoken = recalled = 0
    invented: Counter[str] = Counter()
    for clip, vocabulary in zip(clips, vocabularies, strict=True):
        heard = normalize_words(" ".join(word.text for word in hear(clip, vocabulary)))
        truth = normalize_words(clip.text)
        *errors, length = word_errors(truth, heard)
        wrong, words = wrong + sum(errors), words + length
        for term in {*vocabulary, *clip.terms}:
            there, found = count(truth, term), count(heard, term)
            spoken, recalled = spoken + there, recalled + min(there, found)
            if found > there:
                invented[term] += found - there
    seconds = sum(len(clip.audio) for clip in clips) / SAMPLE_RATE
    return {
        "arm": name,
        "clips": len(clips),
        "wer": round(wrong / words, 4),
        "words": words,
        "terms_spoken": spoken,
        "terms_recalled": recalled,
        "terms_invented": invented.total(),
        "invented": dict(invented),
        "cpu_seconds_per_audio_second": round((time.process_time() - began) / seconds, 4),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True, help="folder of a Whisper model")
    parser.add_argument(
        "--data", type=Path, default=Path("../shared/data"), help="folder with speech/ljspeech"
    )
    parser.add_argument("--set", choices=("report", "earlier", "development"), default="report")
    parser.add_argument("--quick", action="store_true", help="each third sentence")
    arguments = parser.parse_args()
    absent = [tool for tool in ("flite", "espeak-ng") if shutil.which(tool) is None]
    if absent:
        sys.exit(
            f"Expected flite and espeak-ng to speak the sentences, but {' and '.join(absent)} is not there; "
            "install both with apt."
        )
    text = tomllib.loads(SENTENCES.read_text())
    others = text["distractors"]["terms"]
    recognizer = WhisperRecognizer(arguments.model, device="cpu", threads=1)
    prompting = WhisperRecognizer(arguments.model, device="cpu", threads=1, prompt_vocabulary=True)

    def plain(clip: Clip, vocabulary: tuple[str, ...]) -> Sequence[Word]:
        return recognizer.recognize([Request(clip.audio, "final", vocabulary)])[0].words

    def prompted(clip: Clip, vocabulary: tuple[str, ...]) -> Sequence[Word]:
        return prompting.recognize([Request(clip.audio, "final", vocabulary)])[0].words

    every = QUICK if arguments.quick else 1
    chosen = text[arguments.set]
    sets = {
        "terms": sentences(chosen["spoken"][::every]),
        "alike": [
            said(line, VOICES[index % len(VOICES)], listed)
            for index, (listed, line) in enumerate(chosen.get("alike", ())[::every])
        ],
        "no terms": sentences(chosen["other"][::every]),
    }
    speech = arguments.data / "speech" / "ljspeech"
    if speech.is_dir():
        sets["read"] = read_speech(speech)[::every]
    else:
        print(
            f"Expected read speech in {speech}, but it is not there; its arms are left out.", file=sys.stderr
        )
    rows = []
    for name, clips in sets.items():
        if not clips:
            continue
        of = {size: [drawn(clip, others, size, at) for at, clip in enumerate(clips)] for size in (1, 5, 30)}
        arms = [
            ("none", of[30], plain),
            ("prompt 1", of[1], prompted),
            ("prompt 5", of[5], prompted),
            ("prompt 30", of[30], prompted),
        ]
        if name == "terms":
            unspoken = [drawn(clip, others, 30, at, listed=False) for at, clip in enumerate(clips)]
            arms.append(("prompt 30 unspoken", unspoken, prompted))
        for arm, vocabularies, hear in arms:
            rows.append(measure(f"{name}: {arm}", clips, vocabularies, hear))
            print(json.dumps(rows[-1]), flush=True)
    print(f"\n{'arm':34}{'WER':>8}{'recalled':>12}{'invented':>10}{'CPU':>8}")
    for row in rows:
        print(
            f"{row['arm']:34}{row['wer']:8.1%}{row['terms_recalled']:>6} of {row['terms_spoken']:<3}"
            f"{row['terms_invented']:>9}{row['cpu_seconds_per_audio_second']:>9}"
        )


if __name__ == "__main__":
    main()
