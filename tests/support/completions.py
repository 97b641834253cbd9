"""A server that speaks the chat completions of OpenAI on loopback, and answers as the test says."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response

Answer = Callable[[dict[str, Any]], Response | Awaitable[Response]]


def completion(content: str, finish: str = "stop") -> Response:
    """A good answer with this content."""
    body = {
        "id": "c1",
        "object": "chat.completion",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": finish}
        ],
        "usage": {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18},
    }
    return Response(json.dumps(body), media_type="application/json")


@dataclass
class Completions:
    """The running server: where it is, and every request that came."""

    url: str
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    answer: Answer = lambda _request: completion('{"statements": []}')
    waits: Callable[[Request], Awaitable[Response]] | None = None
    """Takes the request itself, where the connection matters."""
    models: tuple[str, ...] = ("small-instruct",)


@contextmanager
def completions() -> Iterator[Completions]:
    """Serve until the block ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    told = Completions(f"http://127.0.0.1:{listener.getsockname()[1]}/v1")
    app = FastAPI()

    @app.post("/v1/chat/completions")
    async def complete(request: Request) -> Response:
        body = await request.json()
        told.requests.append(body)
        told.headers.append(dict(request.headers))
        if told.waits is not None:
            return await told.waits(request)
        answer = told.answer(body)
        return answer if isinstance(answer, Response) else await answer

    @app.get("/v1/models")
    async def models() -> dict[str, Any]:
        return {"object": "list", "data": [{"id": name, "object": "model"} for name in told.models]}

    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", access_log=False, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield told
    finally:
        server.should_exit = True
        server.force_exit = True
        thread.join()
        listener.close()
