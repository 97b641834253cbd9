"""A real server on a real socket in the test's own process: so that a test may choose its engines and its clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx
from fastapi import FastAPI
from running import TOKEN

from asr.recognizer import Recognizer
from asr.testing import ScriptedRecognizer, SteadyEmbedder
from asr.vad import VoiceActivityModel
from scribe.app import build_app, listen, utc_now, uvicorn_server
from scribe.config import Settings
from scribe.engines import Engines
from scribe.recognition import Recognition
from scribe.server import Server
from summarizer.engine import Engine
from summarizer.extractive import ExtractiveEngine


@dataclass(frozen=True)
class InProcess:
    """Where it answers, its parts, and a client with the token."""

    url: str
    server: Server
    http: httpx.AsyncClient


def app_of(
    folder: Path,
    *,
    recognizer: Recognizer | None = None,
    note: Engine | None = None,
    clock: Callable[[], datetime] = utc_now,
    **settings: object,
) -> FastAPI:
    """The application with a scripted recogniser and the rules for notes, unless others are given."""
    engines = Engines(
        Recognition(recognizer or ScriptedRecognizer()),
        VoiceActivityModel(),
        SteadyEmbedder(),
        note or ExtractiveEngine(),
        8,
    )
    chosen = Settings.model_validate({"data_dir": folder, "token": TOKEN} | settings)
    return build_app(chosen, engines, clock)


@asynccontextmanager
async def in_process(folder: Path, **options: object) -> AsyncIterator[InProcess]:
    """Run it until the block is left; the options are those of `app_of`."""
    app = app_of(folder, **options)  # type: ignore[arg-type]
    listener = listen("127.0.0.1", 0)
    listener.listen(16)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = uvicorn_server(app)
    serving = asyncio.create_task(server.serve([listener]))
    headers = {"Authorization": f"Bearer {TOKEN}"}
    try:
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60, trust_env=False) as http:
            yield InProcess(url, app.state.server, http)
    finally:
        server.should_exit = True
        await serving
        listener.close()
