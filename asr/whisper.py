"""Speech in, words with times and probabilities out, by a Whisper model in CTranslate2's format.

Uses faster-whisper's feature extractor, tokenizer and alignment, but not its `transcribe`, which pads every
request to 30 s. The cost of a request is here that of its own length: the encoder hears the audio and a few
seconds of silence. A short window is a shape that Whisper was not taught, so each result is checked for loops
and low confidence, and what fails is decoded again in the full 30 s window. Nothing is ever sampled: the same
request gives the same hypothesis.

This is the only file that imports faster_whisper and ctranslate2.
"""

from __future__ import annotations

import importlib.metadata
import math
import os
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import get_suppressed_tokens, merge_punctuations

from asr.errors import ModelNotFound, ModelUnusable
from asr.models import NEEDED, ResolvedModel, usable
from asr.recognizer import Hypothesis, RecognizerInfo, Request
from asr.types import SAMPLE_RATE, Audio, Word

FULL_WINDOW = 30 * SAMPLE_RATE
"""What Whisper was taught on."""

FINAL_PADDING = 4 * SAMPLE_RATE
PARTIAL_PADDING = 2 * SAMPLE_RATE
"""Silence after the speech, which the decoder waits for; below 2 s it loops.

Measured with a tiny.en on read speech, beam 5: 30 s window 9.3 % of words wrong, +4 s 9.3 %, +2 s 9.8 %,
+1 s 88 %.
"""

HOP = 160
"""Samples between two frames of the spectrogram: 10 ms."""

MAX_COMPRESSION = 2.4
MIN_LOGPROB = -1.0
MAX_NO_SPEECH = 0.6
"""Whisper's own thresholds (openai/whisper, transcribe.py): loop, low confidence, no speech."""

LOOP_REPEATS = 4
LOOP_WORDS = 8
LOOP_PHRASE = 8
"""A phrase of up to 8 words said 4 times in a row and 8 words long in all: no speaker, but a decoder that hangs."""

TOKENS_A_SECOND = 12
TOKENS_MORE = 24
"""Fast speech is 7 tokens a second with punctuation and timestamps; a decode that is longer hangs."""

_THREADS = ((200e6, 1), (700e6, 4), (math.inf, 8))
"""Size of a model's weights in bytes, and the threads that one request then uses."""

SHORTEST = SAMPLE_RATE // 10
REST = round(1.5 * SAMPLE_RATE)
"""Where the decoder stopped earlier than this before the end of the speech, the rest is decoded again."""

_TIMESTAMP_SECONDS = 0.02
_PREPENDED = "\"'“¿([{-"
_APPENDED = "\"'.。,，!！?？:：”)]}、"


@dataclass(frozen=True, slots=True)
class _Search:
    """How one attempt searches; `padding` None is the full window."""

    padding: int | None
    beam: int
    prompt: bool = True
    no_repeat: int = 0


_FINAL = (
    _Search(FINAL_PADDING, 5),
    _Search(None, 5),
    # Without the vocabulary in the prompt, whose words a decoder that does not hear anything likes to repeat.
    _Search(None, 5, prompt=False, no_repeat=3),
)
_PARTIAL = (_Search(PARTIAL_PADDING, 1),)
_FULL_ONLY = {"final": _FINAL[1:], "partial": (_Search(None, 1),)}
_SHORT_FIRST = {"final": _FINAL, "partial": _PARTIAL}


@dataclass(frozen=True, slots=True)
class _Found:
    """What one attempt found; `consumed` is where in its window it stopped, in samples."""

    tokens: list[int]
    encoded: ctranslate2.StorageView
    avg_logprob: float
    no_speech_prob: float
    loops: bool
    consumed: int

    @property
    def silent(self) -> bool:
        return self.no_speech_prob > MAX_NO_SPEECH and self.avg_logprob < MIN_LOGPROB

    @property
    def doubtful(self) -> bool:
        return not self.silent and (self.loops or self.avg_logprob < MIN_LOGPROB)


class WhisperRecognizer:
    """Implements `asr.recognizer.Recognizer`; requests are decoded one after the other.

    `device` is "cpu", "cuda" or "auto"; `compute_type` one of CTranslate2's, "auto" for int8 on a CPU and
    float16 on a GPU. `threads` is how many one request uses, `cores` how many all of them may use together;
    0 for either is the best for the model's size and this machine (see `_spread`). `short_windows` False always
    decodes in the full 30 s window, several times as dear, for a model that was measured to be worse in short
    ones. `recognize` may be called from `info.workers` threads at once.

    `prompt_vocabulary` puts a request's vocabulary into the decoder's prompt; without it the vocabulary is not
    heeded. With the tiny.en that was measured, 5 terms raised the word error rate of sentences that hold such terms
    from 37 % to 40 % and 30 terms to 101 %, and not one term more was recalled. A larger model may gain; none was
    measured: run scripts/bench_vocabulary.py before switching it on (docs/benchmarks.md, "Domain words").

    Raises ModelNotFound where the folder is missing, ModelUnusable where it does not load.
    """

    def __init__(
        self,
        model: ResolvedModel | Path | str,
        *,
        device: str = "auto",
        compute_type: str = "auto",
        threads: int = 0,
        cores: int = 0,
        short_windows: bool = True,
        prompt_vocabulary: bool = False,
    ) -> None:
        resolved = (
            model
            if isinstance(model, ResolvedModel)
            else ResolvedModel(Path(model).name, Path(model), "path")
        )
        if not resolved.path.is_dir():
            raise ModelNotFound(
                f"Expected the folder of a Whisper model at {resolved.path}, but there is none; "
                "run `scribe models pull` or name another."
            )
        if not usable(resolved.path):
            raise ModelUnusable(
                f"Expected {', '.join(NEEDED)} in {resolved.path}, but not all of them are there; "
                "pull the model again."
            )
        if device == "auto":
            device = "cuda" if ctranslate2.get_cuda_device_count() > 0 else "cpu"
        if compute_type == "auto":
            compute_type = "float16" if device == "cuda" else "int8"
        size = (resolved.path / "model.bin").stat().st_size
        threads, workers = (
            _spread(size, cores or os.cpu_count() or 1, threads) if device == "cpu" else (threads, 1)
        )
        try:
            self._model = WhisperModel(
                str(resolved.path),
                device=device,
                compute_type=compute_type,
                cpu_threads=threads,
                num_workers=workers,
                local_files_only=True,
            )
        except (RuntimeError, ValueError) as error:
            raise ModelUnusable(
                f"Expected a CTranslate2 Whisper model in {resolved.path} that runs as {compute_type} on "
                f"{device}, but it does not load; verify the model or choose another device or compute type."
            ) from error
        self._attempts = _SHORT_FIRST if short_windows else _FULL_ONLY
        self._prompt_vocabulary = prompt_vocabulary
        self._tokenizers: dict[str, Tokenizer] = {}
        versions = (
            f"{name} {importlib.metadata.version(name)}" for name in ("faster-whisper", "ctranslate2")
        )
        self._info = RecognizerInfo(
            engine="whisper",
            model=resolved.name,
            source=resolved.source,
            version=", ".join(versions),
            device=f"{device} {compute_type}",
            workers=workers,
            languages=tuple(self._model.supported_languages),
        )

    @property
    def info(self) -> RecognizerInfo:
        return self._info

    def recognize(self, requests: Sequence[Request]) -> list[Hypothesis]:
        """One hypothesis each, in order.

        Raises ModelUnusable for a language that the model does not know.
        """
        # One by one: on a CPU a batch costs more for each item than single requests do, and alone a request's
        # result cannot depend on its neighbours.
        return [self._recognize(request) for request in requests]

    def _recognize(self, request: Request) -> Hypothesis:
        language, certainty = (
            (request.language, 1.0) if request.language is not None else self._detect(request.audio)
        )
        tokenizer = self._tokenizer(language)
        words: list[Word] = []
        logprob = 0.0
        tokens = 0
        no_speech = 0.0
        at = 0
        while at == 0 or len(request.audio) - at >= REST:
            window = request.audio[at : at + FULL_WINDOW]
            if len(window) < SHORTEST:
                break
            found = self._search(window, request, tokenizer)
            if at == 0:
                no_speech = found.no_speech_prob
            heard = [] if found.silent else self._words(found, window, tokenizer)
            words += _shifted(heard, at / SAMPLE_RATE)
            if at > 0 and not heard:
                break
            logprob += found.avg_logprob * (len(found.tokens) + 1)
            tokens += len(found.tokens) + 1
            if found.loops or found.consumed < SHORTEST:
                break
            at += found.consumed
        return Hypothesis(
            tuple(_without_loop(words)),
            logprob / tokens if tokens else 0.0,
            no_speech,
            language,
            certainty,
        )

    def _detect(self, audio: Audio) -> tuple[str, float]:
        """The likeliest language of float32 [n] and its probability."""
        if not self._model.model.is_multilingual:
            return "en", 1.0
        encoded = self._encode(audio[:FULL_WINDOW], FULL_WINDOW)
        token, probability = self._model.model.detect_language(encoded)[0][0]
        return token.strip("<|>"), float(probability)

    def _tokenizer(self, language: str) -> Tokenizer:
        if language not in self._tokenizers:
            if language not in self._model.supported_languages:
                raise ModelUnusable(
                    f"Expected a model that knows the language {language!r}, but {self._info.model} does not; "
                    "choose a multilingual model."
                )
            self._tokenizers[language] = Tokenizer(
                self._model.hf_tokenizer,
                self._model.model.is_multilingual,
                task="transcribe",
                language=language,
            )
        return self._tokenizers[language]

    def _search(self, window: Audio, request: Request, tokenizer: Tokenizer) -> _Found:
        """The first attempt that is beyond doubt, else the likeliest of those that do not loop."""
        found: list[_Found] = []
        for attempt in self._attempts[request.kind]:
            found.append(self._attempt(window, attempt, request.vocabulary, tokenizer))
            if not found[-1].doubtful:
                return found[-1]
        return max(found, key=lambda one: (not one.loops, one.avg_logprob))

    def _attempt(
        self, window: Audio, search: _Search, vocabulary: tuple[str, ...], tokenizer: Tokenizer
    ) -> _Found:
        samples = FULL_WINDOW if search.padding is None else min(FULL_WINDOW, len(window) + search.padding)
        encoded = self._encode(window, samples)
        prompting = vocabulary and search.prompt and self._prompt_vocabulary
        hotwords = ", ".join(vocabulary) if prompting else None
        prompt = self._model.get_prompt(tokenizer, [], hotwords=hotwords)
        limit = math.ceil(len(window) / SAMPLE_RATE * TOKENS_A_SECOND) + TOKENS_MORE
        result = self._model.model.generate(
            encoded,
            [prompt],
            beam_size=search.beam,
            no_repeat_ngram_size=search.no_repeat,
            max_length=min(self._model.max_length, len(prompt) + limit),
            return_scores=True,
            return_no_speech_prob=True,
            suppress_tokens=list(get_suppressed_tokens(tokenizer, [-1])),
        )[0]
        tokens: list[int] = result.sequences_ids[0]
        # The score is the mean over the tokens; Whisper's figure counts the end of text as one more.
        avg_logprob = result.scores[0] * len(tokens) / (len(tokens) + 1)
        kept, consumed = _complete(tokens, tokenizer.timestamp_begin, len(window))
        text = tokenizer.decode(tokens).strip()
        loops = (
            len(tokens) >= limit or _compression(text) > MAX_COMPRESSION or _loop(text.split()) is not None
        )
        return _Found(kept, encoded, avg_logprob, result.no_speech_prob, loops, consumed)

    def _encode(self, audio: Audio, samples: int) -> ctranslate2.StorageView:
        """What the encoder makes of float32 [n] and silence up to `samples`."""
        padded = np.zeros(samples, dtype=np.float32)
        padded[: len(audio)] = audio
        # The encoder halves the frames; an odd one would be half a step.
        features = self._model.feature_extractor(padded)[:, : samples // HOP // 2 * 2]
        padded.fill(0.0)
        return self._model.encode(features)

    def _words(self, found: _Found, window: Audio, tokenizer: Tokenizer) -> list[Word]:
        """The words of the text tokens, by how the decoder's attention walks over the audio."""
        text = [token for token in found.tokens if token < tokenizer.eot]
        if not text:
            return []
        # The frames of the speech alone: no word lies in the padding.
        frames = max(2, len(window) // HOP)
        alignment: list[dict[str, Any]] = self._model.find_alignment(
            tokenizer, [text], found.encoded, frames
        )[0]
        merge_punctuations(alignment, _PREPENDED, _APPENDED)
        seconds = len(window) / SAMPLE_RATE
        words: list[Word] = []
        last = 0.0
        for piece in alignment:
            spelling = piece["word"].strip()
            if not spelling:
                continue
            start = min(max(float(piece["start"]), last), seconds)
            end = min(max(float(piece["end"]), start), seconds)
            words.append(Word(spelling, start, end, min(1.0, max(0.0, float(piece["probability"])))))
            last = start
        return words


def _spread(model_bytes: int, cores: int, threads: int) -> tuple[int, int]:
    """Threads of one request, and requests at once, for a model of this size on a CPU of `cores`.

    A small model gains nothing from a second thread: its steps are shorter than the wait at each barrier, and the
    waiting spins. Measured on two cores with a tiny shape: 0.024 CPU seconds for each second of audio with one
    thread, 0.071 with two, which also took twice as long on the clock. A large one would answer too late on one.
    """
    if threads == 0:
        threads = next(many for size, many in _THREADS if model_bytes <= size)
    threads = min(threads, cores)
    return threads, max(1, cores // threads)


def _complete(tokens: list[int], timestamp_begin: int, length: int) -> tuple[list[int], int]:
    """The tokens of finished segments, and the sample at which the decoder stopped hearing.

    Whisper writes a segment between two timestamps. A text that ends in one was heard up to it; a segment that
    was begun but not ended is left for the next window; a text without timestamps was heard to the end.
    """
    stamps = [index for index, token in enumerate(tokens) if token >= timestamp_begin]

    def sample(index: int) -> int:
        seconds = (tokens[index] - timestamp_begin) * _TIMESTAMP_SECONDS
        return min(length, round(seconds * SAMPLE_RATE))

    pairs = [index for index in stamps if index > 0 and tokens[index - 1] >= timestamp_begin]
    if len(tokens) >= 2 and stamps and stamps[-1] == len(tokens) - 1 and stamps[-1] not in pairs:
        return tokens, sample(stamps[-1])
    if pairs:
        return tokens[: pairs[-1]], sample(pairs[-1])
    return tokens, length


def _compression(text: str) -> float:
    """Bytes for each byte after compression: high for text that repeats itself."""
    encoded = text.encode()
    return len(encoded) / len(zlib.compress(encoded))


def _loop(words: Sequence[str]) -> int | None:
    """Where a phrase has been said once and begins to be repeated without end; None where none is."""
    for start in range(len(words)):
        for length in range(1, LOOP_PHRASE + 1):
            phrase = words[start : start + length]
            repeats = 1
            while words[start + repeats * length : start + (repeats + 1) * length] == phrase:
                repeats += 1
            if repeats >= LOOP_REPEATS and repeats * length >= LOOP_WORDS:
                return start + length
    return None


def _without_loop(words: list[Word]) -> list[Word]:
    """The words up to and with the first round of a loop; what comes after one was not heard."""
    end = _loop([word.text.casefold() for word in words])
    return words if end is None else words[:end]


def _shifted(words: Sequence[Word], seconds: float) -> list[Word]:
    return [Word(word.text, word.start + seconds, word.end + seconds, word.probability) for word in words]
