"""The models of this server, loaded once and shared by all sessions: recogniser, voice activity, speakers, note.

Which recogniser runs is decided here and said out loud; a weak one never takes over silently.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass

from asr.embedding import SpeakerEmbedder, SpectralEmbedder
from asr.errors import AsrError, ModelNotFound
from asr.models import resolve
from asr.recognizer import Recognizer
from asr.sphinx import SphinxRecognizer
from asr.vad import VoiceActivityModel
from asr.whisper import WhisperRecognizer
from scribe.capacity import measure_capacity
from scribe.config import Settings
from scribe.errors import CannotStart
from scribe.recognition import Recognition
from summarizer.engine import Engine
from summarizer.extractive import ExtractiveEngine

log = logging.getLogger("scribe.engines")


@dataclass(frozen=True, slots=True)
class Engines:
    """What a server listens and writes with; `capacity` is how many streams this machine was measured to hold."""

    recognition: Recognition
    vad: VoiceActivityModel
    embedder: SpeakerEmbedder
    note: Engine
    capacity: int = 8


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
                threads=settings.threads,
                prompt_vocabulary=settings.prompt_vocabulary,
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
    capacity = settings.max_streams or measure_capacity(recognizer, os.cpu_count() or 1)
    say(f"Live streams at once: {capacity}{'' if settings.max_streams else ', as measured on this machine'}.")
    return Engines(
        Recognition(recognizer), VoiceActivityModel(), SpectralEmbedder(), ExtractiveEngine(), capacity
    )
