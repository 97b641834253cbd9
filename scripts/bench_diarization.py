"""How well voices are told apart: dialogues of held-out real voices through the pipeline that the server runs.

    python scripts/bench_diarization.py --quick      # a few minutes
    python scripts/bench_diarization.py              # whole: about an hour, for the greater part voice activity
    python scripts/bench_diarization.py --embedder spectral --case two

Dialogues are made as `measuring/conversations.py` says; the words are true, so what is measured is who said them.
Then the bundled session on one microphone and every labelled recording of the data folder. All embedders of a run
hear the same. Prints one JSON line for each measurement and a table at the end. Where `pyannote.metrics` and
`meeteval` are installed (scripts/diarization-yardsticks.txt), their figures of a session stand beside ours; with
Resemblyzer installed it is measured too, as a yardstick.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measuring.benching import commit, machine
from measuring.conversations import CONDITIONS, Spoken, dialogue, heard
from measuring.diarization import Figures, checked, equal_error, told_of
from measuring.recordings import CLINIC, missing, read_audio
from measuring.resemblyzer_yardstick import ResemblyzerEmbedder

from asr.embedding import SpeakerEmbedder, SpectralEmbedder
from asr.neural_embedding import NeuralEmbedder
from asr.types import Word
from asr.vad import VoiceActivityModel
from scribe.sample import sample_mono, sample_truth

CASES = ("two", "more", "long", "unknown", "channels", "couple", "labelled")
COLUMNS = {
    "der_percent": "DER %",
    "der_collar_percent": "collar .25",
    "jer_percent": "JER %",
    "cpwer_percent": "cpWER %",
    "words_of_wrong_speaker_percent": "wrong %",
    "words_of_wrong_speaker": "words",
    "speaker_count_right_percent": "count %",
    "flips_an_hour": "flips/h",
    "stable_p95_seconds": "stable s",
    "cpu_seconds_an_audio_second": "CPU",
    "equal_error_percent": "EER %",
}
"""The figures of the table and what stands over them; `words` and `wrong` are of words given to another speaker."""
NO_LEAK, LEAK = None, -15.0


@dataclass(frozen=True, slots=True)
class Measured:
    """A case with its sessions and what the pipeline is told of them; `targets` are the most of some figures."""

    case: str
    of: str
    sessions: tuple[Spoken, ...]
    arguments: dict[str, Any]
    targets: dict[str, float]


def measured(case: str, data: Path, *, quick: bool) -> Iterator[Measured]:
    """The measurements of a case, made when they are asked for: an hour of audio takes 230 MB."""
    count, minutes = (3, 3.0) if quick else (12, 5.0)
    most = {"clean": 12.0, "10 dB": 18.0, "8 kHz": 18.0}
    ours = {"flips_an_hour": 2.0, "cpu_seconds_an_audio_second": 0.03}
    match case:
        case "two":
            for condition in CONDITIONS:
                sessions = _dialogues(data, count, minutes, 2, condition)
                targets = {"der_percent": most[condition]} | ours
                yield Measured(case, condition, sessions, {"speakers": (2,)}, targets)
        case "more":
            for speakers in (3,) if quick else (3, 4):
                for condition in CONDITIONS[: 1 if quick else None]:
                    sessions = _dialogues(data, max(2, count // 2), minutes, speakers, condition)
                    of = f"{speakers} voices, {condition}"
                    yield Measured(case, of, sessions, {"speakers": (speakers,)}, {})
        case "unknown":
            for speakers in (1, 2, 3):
                sessions = _dialogues(data, max(2, count // 2), minutes, speakers, "clean")
                yield Measured(case, f"{speakers} voices, number not given", sessions, {}, {})
        case "long":
            for condition in CONDITIONS[: 1 if quick else None]:
                length = 15.0 if quick else 60.0
                sessions = _dialogues(data, 1 if quick else 2, length, 2, condition)
                yield Measured(case, f"{length:.0f} min, {condition}", sessions, {"speakers": (2,)}, ours)
        case "channels":
            for name, leak in (("clean", NO_LEAK), (f"leak of {LEAK:.0f} dB", LEAK)):
                sessions = _dialogues(data, count, minutes, 2, "clean", (0, 1), leak)
                yield Measured(case, name, sessions, {}, {"words_of_wrong_speaker": 0.0})
        case "couple":
            sessions = _dialogues(data, max(2, count // 2), minutes, 3, "clean", (0, 1, 1), NO_LEAK)
            yield Measured(case, "two on one channel", sessions, {"speakers": (1, 2)}, {})
        case "labelled":
            yield Measured(case, "sample, one microphone", (_sample(),), {"speakers": (2,)}, {})
            reason = missing("clinic", data)
            if reason is None:
                yield Measured(case, "clinic dialogue", (_clinic(data),), {"speakers": (3,)}, {})
            else:
                _say(reason)


def _dialogues(
    data: Path,
    count: int,
    minutes: float,
    speakers: int,
    condition: str,
    channel_of: tuple[int, ...] = (),
    leak: float | None = None,
) -> tuple[Spoken, ...]:
    """Two voices are of one gender in every second dialogue."""
    return tuple(
        heard(
            dialogue(
                data,
                seed=seed,
                seconds=60 * minutes,
                speakers=speakers,
                held_out=True,
                one_gender=seed % 2 == 1 if speakers == 2 else None,
                channel_of=channel_of,
            ),
            condition,
            seed=seed,
            leak_db=leak,
        )
        for seed in range(count)
    )


def _sample() -> Spoken:
    words = [(str(turn.role), 0, word) for turn in sample_truth().turns for word in turn.words]
    return Spoken("sample", sample_mono()[:, None], tuple(sorted(words, key=lambda one: one[2].start)))


def _clinic(data: Path) -> Spoken:
    """Its word times are off by up to a second behind the first minute; that counts against whoever is measured."""
    truth = json.loads((data / CLINIC).read_text(encoding="utf-8"))
    audio = read_audio((data / CLINIC).with_name(truth["file"]))
    words = [
        (word["speaker"], 0, Word(word["text"], word["start"], word["end"], 1.0)) for word in truth["words"]
    ]
    return Spoken("clinic", audio, tuple(sorted(words, key=lambda one: one[2].start)))


def _embedders(names: Sequence[str]) -> list[SpeakerEmbedder]:
    found: list[SpeakerEmbedder] = []
    for name in names:
        match name:
            case "ours":
                found.append(NeuralEmbedder())
            case "spectral":
                found.append(SpectralEmbedder())
            case "resemblyzer":
                try:
                    found.append(ResemblyzerEmbedder())
                except ImportError:
                    _say("resemblyzer is left out: it is not installed (pip install resemblyzer)")
    return found


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer and shorter dialogues: a few minutes")
    parser.add_argument("--case", action="append", choices=CASES, help="only this; may be given again")
    parser.add_argument(
        "--embedder", action="append", choices=("ours", "spectral", "resemblyzer"), help="only this one"
    )
    parser.add_argument(
        "--data",
        type=Path,
        default=Path(__file__).parents[2] / "shared" / "data",
        help="folder of recordings",
    )
    asked = parser.parse_args()
    embedders = _embedders(asked.embedder or ("ours", "spectral", "resemblyzer"))
    vad = VoiceActivityModel()
    rows = [("case", "of", "embedder", *COLUMNS.values())]
    shown: set[str] = set()

    def tell(case: str, of: str, embedder: str, figures: dict[str, Any]) -> None:
        line = {"case": case, "of": of, "embedder": embedder} | {
            name: round(value, 4) if isinstance(value, float) else value for name, value in figures.items()
        }
        print(json.dumps(line | {"quick": asked.quick, "commit": commit(), "machine": machine()}), flush=True)

    for case in asked.case or CASES:
        for one in measured(case, asked.data, quick=asked.quick):
            _say(f"{one.case}: {one.of}")
            for embedder in embedders:
                figures = Figures()
                for spoken in one.sessions:
                    told = told_of(spoken, embedder, vad, **one.arguments)
                    figures.add(spoken, told)
                    if embedder.name not in shown:
                        shown.add(embedder.name)
                        for library, pair in checked(spoken, told).items():
                            tell("check", library, embedder.name, pair)
                found = figures.rates()
                if case in ("two", "more"):
                    found["equal_error_percent"] = 100 * equal_error(one.sessions, embedder)
                tell(one.case, one.of, embedder.name, found)
                rows.append((one.case, one.of, embedder.name, *_cells(found, one.targets)))
    print(_table(rows))
    print("A figure with ! misses its target.")


def _cells(found: dict[str, float], targets: dict[str, float]) -> list[str]:
    return [
        "" if name not in found else f"{found[name]:.3g}{'!' * (found[name] > targets.get(name, 1e9))}"
        for name in COLUMNS
    ]


def _table(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


if __name__ == "__main__":
    main()
