"""Make the bundled sample session: sample_script.toml in, scribe/sample/session.flac and session.json out.

    python scripts/make_sample.py [--mono FILE]

Needs Debian's `flite` (its libraries, version 2). Each sentence is synthesised by libflite, and the times of its
words are those of the very phones that it put into the waveform, so they are exact and nothing is aligned
afterwards. The same script gives the same samples on every run. `--mono` writes the mean of both channels as
well, as one microphone in the room would hear it.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

RATE = 16_000
SCRIPT = Path(__file__).with_name("sample_script.toml")
SAMPLE = Path(__file__).parents[1] / "scribe" / "sample"

CHANNELS = {"clinician": 0, "client": 1}
VOICES = {"clinician": "rms", "client": "slt"}
STRETCH = {"clinician": 0.9, "client": 0.95}
"""Duration of every phone over the voice's own: at their own they read aloud more than they talk."""

LEVEL = 0.022
"""Root mean square of speech: −33 dBFS, as from a microphone on the table."""
NOISE = 0.00003
"""Root mean square of the room's noise: −90 dBFS, so that a pause is not digital silence; one unit of 16 bits."""
PAUSE = (0.4, 1.2)
"""Seconds between turns, at random between these."""
SENTENCE_PAUSE = (0.25, 0.45)
"""Seconds between sentences of one turn."""
LEAD = 0.03
"""Seconds of flite's own silence left before and after a sentence, so that no sound is cut."""

Signal = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A word as it is written, as it is spoken, and when, in seconds from where its sentence's audio begins."""

    text: str
    spoken: str
    start: float
    end: float


class Wave(ctypes.Structure):
    """flite's `cst_wave`."""

    _fields_ = (
        ("type", ctypes.c_char_p),
        ("sample_rate", ctypes.c_int),
        ("num_samples", ctypes.c_int),
        ("num_channels", ctypes.c_int),
        ("samples", ctypes.POINTER(ctypes.c_short)),
    )


class Flite:
    """One voice of libflite: a sentence in; its samples and the time of each token out."""

    def __init__(self, voice: str, stretch: float) -> None:
        self._lib = ctypes.CDLL("libflite.so.1", mode=ctypes.RTLD_GLOBAL)
        for name in ("libflite_usenglish.so.1", "libflite_cmulex.so.1"):
            ctypes.CDLL(name, mode=ctypes.RTLD_GLOBAL)
        pointer, text = ctypes.c_void_p, ctypes.c_char_p
        for name, result, arguments in (
            ("flite_init", ctypes.c_int, ()),
            ("flite_synth_text", pointer, (text, pointer)),
            ("flite_feat_set_float", None, (pointer, text, ctypes.c_float)),
            ("utt_relation", pointer, (pointer, text)),
            ("relation_head", pointer, (pointer,)),
            ("item_next", pointer, (pointer,)),
            ("flite_ffeature_string", text, (pointer, text)),
            ("flite_ffeature_float", ctypes.c_float, (pointer, text)),
            ("utt_wave", ctypes.POINTER(Wave), (pointer,)),
            ("delete_utterance", None, (pointer,)),
        ):
            function = getattr(self._lib, name)
            function.restype, function.argtypes = result, arguments
        self._lib.flite_init()
        register = getattr(ctypes.CDLL(f"libflite_cmu_us_{voice}.so.1"), f"register_cmu_us_{voice}")
        register.restype, register.argtypes = pointer, (pointer,)
        self._voice = register(None)
        # The second field of cst_voice is its features.
        features = ctypes.cast(self._voice, ctypes.POINTER(pointer))[1]
        self._lib.flite_feat_set_float(features, b"duration_stretch", stretch)

    def speak(self, sentence: str) -> tuple[Signal, list[tuple[str, float, float]]]:
        """float32 [n] at 16 kHz, and (token, start, end) for each token between blanks."""
        utterance = self._lib.flite_synth_text(sentence.encode("ascii"), self._voice)
        try:
            wave = self._lib.utt_wave(utterance).contents
            if wave.sample_rate != RATE or wave.num_channels != 1:
                raise SystemExit(
                    f"expected one channel at {RATE} Hz, got {wave.num_channels} at {wave.sample_rate}"
                )
            samples = np.ctypeslib.as_array(wave.samples, (wave.num_samples,)).astype(np.float32) / 32_768
            return samples, list(self._tokens(utterance))
        finally:
            self._lib.delete_utterance(utterance)

    def _tokens(self, utterance: int) -> Iterator[tuple[str, float, float]]:
        token = self._lib.relation_head(self._lib.utt_relation(utterance, b"Token"))
        phone = "R:SylStructure.{0}.{0}.R:Segment.{1}"
        while token:
            first = "daughter1." + phone.format("daughter1", "p.end")
            last = "daughtern." + phone.format("daughtern", "end")
            yield (
                self._lib.flite_ffeature_string(token, b"name").decode("ascii"),
                self._lib.flite_ffeature_float(token, first.encode("ascii")),
                self._lib.flite_ffeature_float(token, last.encode("ascii")),
            )
            token = self._lib.item_next(token)


def sentence_words(sentence: str) -> list[tuple[str, str]]:
    """(written, spoken) for each word of a sentence with {written|spoken} marks."""
    words = []
    for chunk in re.findall(r"\{[^}]*\}\S*|\S+", sentence):
        marked = re.fullmatch(r"\{([^|]*)\|([^}]*)\}(\S*)", chunk)
        words.append((marked[1] + marked[3], marked[2] + marked[3]) if marked else (chunk, chunk))
    return words


def speak_sentence(voice: Flite, sentence: str) -> tuple[Signal, list[SpokenWord]]:
    """The sentence without flite's silence around it, at the level of the recording."""
    words = sentence_words(sentence)
    samples, tokens = voice.speak(" ".join(spoken for _, spoken in words))
    begin = max(0.0, tokens[0][1] - LEAD)
    samples = samples[round(begin * RATE) : round((tokens[-1][2] + LEAD) * RATE)]
    timed, left = [], iter(tokens)
    for written, spoken in words:
        own = [next(left) for _ in spoken.split()]
        timed.append(SpokenWord(written, spoken, own[0][1] - begin, own[-1][2] - begin))
    if next(left, None) is not None:
        raise SystemExit(f"flite made more tokens than there are words: {sentence}")
    return samples * (LEVEL / np.sqrt(np.mean(samples**2))), timed


def speak_turn(voice: Flite, says: str, rng: np.random.Generator) -> tuple[Signal, list[SpokenWord]]:
    """All sentences of a turn with pauses between them; times from the beginning of the turn."""
    pieces: list[Signal] = []
    words: list[SpokenWord] = []
    at = 0
    for part in re.findall(r"<[\d.]+>|[^<>.?!]+[.?!]", says):
        if part.startswith("<"):
            silence = round(float(part[1:-1]) * RATE)
        else:
            samples, timed = speak_sentence(voice, part.strip())
            words += [SpokenWord(w.text, w.spoken, at / RATE + w.start, at / RATE + w.end) for w in timed]
            pieces.append(samples)
            at += len(samples)
            silence = round(rng.uniform(*SENTENCE_PAUSE) * RATE)
        pieces.append(np.zeros(silence, dtype=np.float32))
        at += silence
    return np.concatenate(pieces[:-1]), words


def room_noise(length: int, rng: np.random.Generator) -> Signal:
    """float32 [length]: noise that falls off towards high frequencies, as a quiet room's does."""
    spectrum = np.fft.rfft(rng.standard_normal(length))
    spectrum /= 1 + np.fft.rfftfreq(length, 1 / RATE) / 200
    noise = np.fft.irfft(spectrum, length)
    return (noise * (NOISE / np.sqrt(np.mean(noise**2)))).astype(np.float32)


def make(script: dict[str, Any]) -> tuple[Signal, list[dict[str, Any]]]:
    """float32 [n, 2], and the turns of the truth."""
    rng = np.random.default_rng(20)
    voices = {role: Flite(name, STRETCH[role]) for role, name in VOICES.items()}
    turns: list[dict[str, Any]] = []
    spoken: list[tuple[int, int, Signal]] = []
    now = 0.8
    for number, turn in enumerate(script["turn"], start=1):
        samples, words = speak_turn(voices[turn["role"]], turn["says"], rng)
        usual_pause = rng.uniform(*PAUSE)
        if turns:
            now += turn.get("pause", usual_pause)
        first = round(now * RATE)
        spoken.append((CHANNELS[turn["role"]], first, samples))
        timed = [
            {
                "text": word.text,
                "start": round(first / RATE + word.start, 3),
                "end": round(first / RATE + word.end, 3),
            }
            | ({"spoken": word.spoken.rstrip(".,?!")} if word.spoken != word.text else {})
            for word in words
        ]
        turns.append(
            {
                "id": f"t{number:02d}",
                "role": turn["role"],
                "channel": CHANNELS[turn["role"]],
                "start": timed[0]["start"],
                "end": timed[-1]["end"],
                "text": " ".join(word.text for word in words),
                "words": timed,
            }
        )
        now = (first + len(samples)) / RATE
    length = round((now + 1.0) * 1_000) * RATE // 1_000
    audio = np.stack([room_noise(length, rng) for _ in CHANNELS], axis=1)
    for channel, first, samples in spoken:
        audio[first : first + len(samples), channel] += samples
    return audio, turns


def write_flac(path: Path, audio: Signal) -> None:
    """16 bits; `audio` is float32 [n, channels]."""
    pcm = np.round(audio * 32_768).clip(-32_768, 32_767).astype(np.int16)
    with av.open(str(path), "w", format="flac") as container:
        stream = container.add_stream("flac", rate=RATE, layout="stereo" if audio.shape[1] == 2 else "mono")
        stream.options = {"compression_level": "12"}
        for begin in range(0, len(pcm), 4_096):
            block = np.ascontiguousarray(pcm[begin : begin + 4_096])
            frame = av.AudioFrame.from_ndarray(block.reshape(1, -1), "s16", stream.layout.name)
            frame.sample_rate, frame.pts = RATE, begin
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--mono", type=Path, metavar="FILE", help="write the mean of both channels here as FLAC"
    )
    arguments = parser.parse_args()
    script = tomllib.loads(SCRIPT.read_text(encoding="utf-8"))
    audio, turns = make(script)
    truth = {
        "about": "A made-up session; both voices are synthetic (flite's rms and slt). Written for this project.",
        "audio": "session.flac",
        "sample_rate": RATE,
        "duration": round(len(audio) / RATE, 3),
        "turns": turns,
        "must": script["must"],
        "must_not": script["must_not"],
    }
    write_flac(SAMPLE / "session.flac", audio)
    text = json.dumps(truth, indent=1, ensure_ascii=False)
    # One word a line is enough: the file is read by people too.
    text = re.sub(
        r"\{\s+(\"text\": [^{}]*?)\s+\}", lambda word: "{" + re.sub(r"\s*\n\s*", " ", word[1]) + "}", text
    )
    (SAMPLE / "session.json").write_text(text + "\n", encoding="utf-8")
    if arguments.mono:
        write_flac(arguments.mono, audio.mean(axis=1, keepdims=True))
    words = sum(len(turn["words"]) for turn in turns)
    print(
        f"{truth['duration']} s, {len(turns)} turns, {words} words, {(SAMPLE / 'session.flac').stat().st_size} bytes"
    )


if __name__ == "__main__":
    main()
