"""The models of this server, loaded once and shared by all sessions: recogniser, voice activity, speakers, note.

Which recogniser runs is decided here and said out loud; a weak one never takes over silently.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from time import perf_counter

from asr.embedding import SpeakerEmbedder, SpectralEmbedder
from asr.errors import AsrError, ModelNotFound
from asr.models import resolve
from asr.recognizer import Hypothesis, Recognizer, Request
from asr.sphinx import SphinxRecognizer
from asr.types import SAMPLE_RATE
from asr.vad import VoiceActivityModel
from asr.whisper import WhisperRecognizer
from scribe.config import Settings
from scribe.errors import CannotStart
from summarizer.engine import Engine
from summarizer.extractive import ExtractiveEngine

log = logging.getLogger("scribe.engines")


@dataclass(frozen=True, slots=True)
class Engines:
    """What a server listens and writes with."""

    recognition: Recognition
    vad: VoiceActivityModel
    embedder: SpeakerEmbedder
    note: Engine


class Recognition:
    """One recogniser for all sessions: one thread, finals before partials, first come first served."""

    def __init__(self, recognizer: Recognizer) -> None:
        self.info = recognizer.info
        self._recognizer = recognizer
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="recognizer")
        self._waiting: list[tuple[int, int, Request, asyncio.Future[Hypothesis]]] = []
        self._numbers = count()
        self._wake = asyncio.Event()
        self._ended = False
        self.busy_seconds = 0.0
        self.audio_seconds = 0.0

    async def recognize(self, request: Request) -> Hypothesis:
        """The hypothesis of one request; its audio is overwritten afterwards, whatever happened.

        Raises what the recogniser raised; CancelledError when the server goes down.
        """
        if self._ended:
            request.audio.fill(0.0)
            raise asyncio.CancelledError
        answer: asyncio.Future[Hypothesis] = asyncio.get_running_loop().create_future()
        urgency = 0 if request.kind == "final" else 1
        heappush(self._waiting, (urgency, next(self._numbers), request, answer))
        self._wake.set()
        return await answer

    async def run(self) -> None:
        """Serve requests until cancelled."""
        try:
            while True:
                while not self._waiting:
                    self._wake.clear()
                    await self._wake.wait()
                _, _, request, answer = heappop(self._waiting)
                if answer.cancelled():
                    request.audio.fill(0.0)
                else:
                    await self._serve(request, answer)
        finally:
            self._ended = True
            for _, _, request, answer in self._waiting:
                request.audio.fill(0.0)
                answer.cancel()
            self._thread.shutdown(wait=True, cancel_futures=True)

    @property
    def realtime_factor(self) -> float:
        """Seconds of computing for a second of audio that was decoded."""
        return self.busy_seconds / self.audio_seconds if self.audio_seconds else 0.0

    async def _serve(self, request: Request, answer: asyncio.Future[Hypothesis]) -> None:
        began = perf_counter()
        try:
            hypotheses = await asyncio.get_running_loop().run_in_executor(
                self._thread, self._recognizer.recognize, [request]
            )
        except (
            Exception
        ) as error:  # whatever a model library raises must reach the session, not end the server
            log.error("the recogniser failed: %s", type(error).__name__)
            if not answer.done():
                answer.set_exception(error)
        else:
            if not answer.done():
                answer.set_result(hypotheses[0])
        finally:
            answer.cancel()  # where we were cancelled ourselves, whoever waits must not wait for ever
            self.busy_seconds += perf_counter() - began
            self.audio_seconds += len(request.audio) / SAMPLE_RATE
            request.audio.fill(0.0)


def load_recognizer(settings: Settings, say: Callable[[str], None]) -> Recognizer:
    """The recogniser that the settings ask for; raises CannotStart where it cannot be had.

    With `auto`, the embedded recogniser takes over where no Whisper is found, and `say` tells so.
    """
    if settings.asr != "pocketsphinx":
        try:
            model = resolve(
                settings.model,
                settings.models_dir,
                allow_download=settings.download,
                progress=_tenths(say),
                say=say,
            )
            return WhisperRecognizer(
                model,
                device=settings.device,
                compute_type=settings.compute_type,
                threads=settings.threads or os.cpu_count() or 1,
            )
        except ModelNotFound as error:
            if settings.asr == "whisper" or settings.model is not None:
                raise CannotStart(str(error)) from None
            say(str(error))
        except AsrError as error:
            raise CannotStart(str(error)) from None
    return SphinxRecognizer()


def _tenths(say: Callable[[str], None]) -> Callable[[str, int, int], None]:
    """Progress of a download as a line for each tenth of a file."""
    told: dict[str, int] = {}

    def progress(file: str, done: int, whole: int) -> None:
        tenth = 10 * done // whole if whole else 10
        if tenth > told.get(file, -1):
            told[file] = tenth
            say(f"Downloading {file}: {tenth * 10} %")

    return progress


def load_engines(settings: Settings, say: Callable[[str], None]) -> Engines:
    """All models of this server; takes seconds."""
    recognizer = load_recognizer(settings, say)
    info = recognizer.info
    say(f"Recogniser: {info.engine}, model {info.model} from {info.source}, on {info.device}.")
    if info.weak:
        log.warning("%s", info.notice)
    return Engines(Recognition(recognizer), VoiceActivityModel(), SpectralEmbedder(), ExtractiveEngine())
