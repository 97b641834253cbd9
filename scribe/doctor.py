"""What is missing on this machine, and how to mend it: each check says what it looked at and what it found."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from asr.errors import AsrError
from asr.models import installed
from asr.ring import lockable, ring_bytes
from asr.vad import VoiceActivityModel
from scribe.app import open_data_dir, open_database
from scribe.capacity import measure_capacity
from scribe.config import Settings
from scribe.engines import load_embedder, load_recognizer, openai_engine
from scribe.errors import CannotStart
from scribe.hardening import lockable_bytes
from scribe.keys import load_keys
from scribe.listening import listen
from scribe.sample import sample_truth
from scribe.store import Store
from scribe.vault import Vault
from summarizer.errors import EngineFailed
from summarizer.model_folder import read_model_folder
from summarizer.templates import template_names


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `mend` says what to do where it is not `good`."""

    name: str
    verdict: Literal["good", "weak", "bad"]
    found: str
    mend: str = ""


def examine(settings: Settings) -> Iterator[Check]:
    """Every check in turn; changes nothing but what a first start would make in the data folder."""
    yield Check("Python", "good", f"{sys.version.split()[0]}, {os.cpu_count()} cores")
    yield from _store(settings)
    yield _port(settings)
    yield _note(settings)
    yield from _models(settings)
    yield from _recognizer(settings)
    yield _memory(settings)
    try:
        VoiceActivityModel()
        yield Check("Voice activity", "good", "the model loads")
    except AsrError as error:
        yield Check("Voice activity", "bad", str(error), "Reinstall the package.")
    yield _embedder(settings)
    names = template_names()
    yield Check("Templates", "good" if names else "bad", ", ".join(names))
    yield Check("Sample session", "good", f"{sample_truth().duration:.0f} s")


def _store(settings: Settings) -> Iterator[Check]:
    try:
        folder = open_data_dir(settings.data_dir)
        keys = load_keys(settings, folder)
        yield Check("Data folder", "good", str(folder))
        database = open_database(settings, folder)
        store = Store(database, keys)
        store.migrate()
        Vault(database, keys).open()
        yield Check("Store", "good", f"{len(store.list_sessions())} sessions, encrypted")
        yield Check("Key", "good", f"{keys.key_id}, kept by: {keys.name}")
        database.close()
    except CannotStart as error:
        yield Check("Data folder", "bad", error.detail, "Choose another with --data-dir.")


def _port(settings: Settings) -> Check:
    try:
        listen(settings.host, settings.port).close()
    except CannotStart as error:
        return Check("Port", "bad", error.detail, "Stop the other program or choose another port.")
    return Check("Port", "good", f"{settings.host}:{settings.port} is free")


def _models(settings: Settings) -> Iterator[Check]:
    found = installed(settings.models_dir)
    yield Check(
        "Model folder",
        "good" if found else "weak",
        f"{len(found)} in {settings.models_dir}" if found else f"none in {settings.models_dir}",
        "" if found else "`scribe models pull base.en` puts one there.",
    )


def _embedder(settings: Settings) -> Check:
    try:
        embedder = load_embedder(settings)
    except CannotStart as error:
        return Check(
            "Speaker embedder", "bad", error.detail, "Leave SCRIBE_EMBEDDER out, or mend the folder."
        )
    whence = "in the package" if settings.embedder is None else settings.embedder
    return Check("Speaker embedder", "good", f"{embedder.name}, {whence}")


def _memory(settings: Settings) -> Check:
    """Whether the audio of streams is kept out of swap, and of how many at once."""
    size = ring_bytes(settings.ring_seconds, 2)
    limit = lockable_bytes()
    if not lockable(size):
        found = "the system lets no memory of this size be locked, so audio may be swapped out"
    elif limit is None or lockable(limit + size):  # a privileged process is not held to it
        return Check("Audio in memory", "good", "kept out of swap, whatever the number of streams")
    else:
        found = f"kept out of swap for {limit // size} streams of two channels at once"
    return Check(
        "Audio in memory",
        "weak",
        found,
        f"A limit on locked memory of {size // 1024} kB a stream (`ulimit -l`, LimitMEMLOCK= of a service) "
        "keeps all of them out; or switch swap off.",
    )


def _note(settings: Settings) -> Check:
    """What writes the notes, as far as that shows without loading gigabytes."""
    engine = settings.note_engine
    try:
        if engine == "openai":
            served = asyncio.run(openai_engine(settings).models())
            if settings.note_model in served:
                return Check("Note engine", "good", f"openai, model {settings.note_model} is served")
            return Check(
                "Note engine",
                "weak",
                f"openai, the server does not list the model {settings.note_model}",
                f"Set SCRIBE_NOTE_MODEL to one of {', '.join(served[:8]) or 'its models (it lists none)'}.",
            )
        if engine == "transformers":
            if importlib.util.find_spec("transformers") is None:
                return Check(
                    "Note engine",
                    "bad",
                    "transformers is not installed",
                    'pip install "ambient-scribe[llm]".',
                )
            folder = read_model_folder(Path(settings.note_model).expanduser())
            size = f"{folder.bytes / 1e9:.2f} GB"
            return Check(
                "Note engine", "good", f"transformers, {folder.name} ({folder.architecture}, {size}) is there"
            )
    except EngineFailed as error:
        return Check("Note engine", "bad", f"{engine}: {error}", "Mend SCRIBE_NOTE_MODEL or SCRIBE_NOTE_URL.")
    return Check("Note engine", "good", "extractive, rules without a model")


def _recognizer(settings: Settings) -> Iterator[Check]:
    try:
        recognizer = load_recognizer(settings, lambda _said: None)
    except CannotStart as error:
        yield Check("Recogniser", "bad", error.detail, "`scribe models pull base.en`.")
        return
    info = recognizer.info
    languages = "English only" if info.languages == ("en",) else f"{len(info.languages)} languages"
    yield Check(
        "Recogniser",
        "weak" if info.weak else "good",
        f"{info.engine}, model {info.model}, on {info.device}, {info.workers} at once, {languages}",
        info.notice,
    )
    streams = measure_capacity(recognizer, os.cpu_count() or 1)
    yield Check(
        "Live streams",
        "weak" if streams == 1 else "good",
        f"about {streams} at once with final words in time, measured now",
        "A smaller model, more cores or a GPU hold more." if streams == 1 else "",
    )
