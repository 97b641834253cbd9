"""The models of this server, loaded once and shared by all sessions: recogniser, voice activity, speakers, note.

Which recogniser runs and what writes the notes is decided here and said out loud; a weak recogniser never takes
over silently, and no engine takes over for another.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from asr.embedding import SpeakerEmbedder
from asr.errors import AsrError, ModelNotFound
from asr.models import embedder_folder, resolve
from asr.neural_embedding import PACKAGED, NeuralEmbedder
from asr.recognizer import Recognizer
from asr.sphinx import SphinxRecognizer
from asr.vad import VoiceActivityModel
from asr.whisper import WhisperRecognizer
from scribe.capacity import measure_capacity
from scribe.config import Settings
from scribe.errors import CannotStart
from scribe.recognition import Recognition
from summarizer.engine import Engine
from summarizer.errors import EngineFailed
from summarizer.extractive import ExtractiveEngine
from summarizer.openai_engine import OpenAIEngine

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


def load_embedder(settings: Settings) -> NeuralEmbedder:
    """The speaker embedder that the settings ask for; raises CannotStart where it cannot be had."""
    try:
        name = settings.embedder
        return NeuralEmbedder(PACKAGED if name is None else embedder_folder(name, settings.models_dir))
    except AsrError as error:
        raise CannotStart(str(error)) from None


def _tenths(say: Callable[[str], None]) -> Callable[[str, int, int], None]:
    """Progress of a download as a line for each tenth of a file."""
    told: dict[str, int] = {}

    def progress(file: str, done: int, whole: int) -> None:
        tenth = 10 * done // whole if whole else 10
        if tenth > told.get(file, -1):
            told[file] = tenth
            say(f"Downloading {file}: {tenth * 10} %")

    return progress


def note_engine(settings: Settings, say: Callable[[str], None]) -> Engine:
    """The engine that the settings ask for; raises CannotStart where it cannot be had.

    A model of a folder is loaded here, which takes seconds to minutes. A server is not asked yet: it may be started
    after this one.
    """
    if settings.note_engine == "extractive":
        return ExtractiveEngine()
    try:
        if settings.note_engine == "openai":
            server = openai_engine(settings)
            say(f"Notes: openai, model {server.info.model}, {server.info.version}.")
            return server
        if not settings.note_model:
            raise CannotStart(
                "SCRIBE_NOTE_ENGINE=transformers needs the model's folder in SCRIBE_NOTE_MODEL."
            )
        # Imported only when asked for: torch takes seconds and some hundred megabytes.
        from summarizer.transformers_engine import TransformersEngine

        model = TransformersEngine(
            Path(settings.note_model).expanduser(),
            device=settings.device,
            context_tokens=settings.note_context_tokens,
            # One core is left for what is heard meanwhile.
            threads=max(1, (os.cpu_count() or 2) - 1),
        )
    except (EngineFailed, ImportError) as error:
        raise CannotStart(str(error)) from None
    say(f"Notes: transformers, model {model.info.model}, {model.description}.")
    return model


def openai_engine(settings: Settings) -> OpenAIEngine:
    """The engine for the server that the settings name; raises EngineFailed for an address that is refused."""
    return OpenAIEngine(
        settings.note_url,
        settings.note_model,
        api_key=settings.note_api_key.get_secret_value() if settings.note_api_key else "",
        allow_remote=settings.note_allow_remote,
        context_tokens=settings.note_context_tokens,
        timeout_seconds=settings.note_timeout_seconds,
    )


def load_engines(settings: Settings, say: Callable[[str], None]) -> Engines:
    """All models of this server; takes seconds."""
    recognizer = load_recognizer(settings, say)
    info = recognizer.info
    say(f"Recogniser: {info.engine}, model {info.model} from {info.source}, on {info.device}.")
    if info.weak:
        log.warning("%s", info.notice)
    capacity = settings.max_streams or measure_capacity(recognizer, os.cpu_count() or 1)
    say(f"Live streams at once: {capacity}{'' if settings.max_streams else ', as measured on this machine'}.")
    embedder = load_embedder(settings)
    say(f"Speakers: {embedder.name}.")
    note = note_engine(settings, say)
    recognition = Recognition(recognizer, patience_seconds=settings.recognizer_seconds)
    return Engines(recognition, VoiceActivityModel(), embedder, note, capacity)
