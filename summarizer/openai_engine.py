"""A local OpenAI-compatible server as an engine: llama.cpp, Ollama, vLLM and their like.

Notes are asked for over `/v1/chat/completions` with a JSON schema, temperature 0 and a fixed seed. Clinical words
go to this machine only, unless the clinician's organisation allowed another server, and to that by TLS only. No
proxy of the environment is used, no redirect is followed, and no error tells what was sent or answered. Shared by
all sessions; a connection lives as long as one draft.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import httpx
from pydantic import BaseModel, Field, ValidationError

from summarizer.abstractive import Reply, write_note
from summarizer.errors import EngineFailed
from summarizer.parse import Form
from summarizer.prompt import Message
from summarizer.templates import Template
from summarizer.types import Context, EngineInfo, Fact, NoteBody, Style, Turn

CONTEXT_TOKENS = 4096
"""What a server is taken to read and write at once if nothing is said: Ollama cuts longer prompts silently."""
MOST_REPLY_TOKENS = 1024
_REPLY_SHARE = 4

_BYTES_PER_TOKEN = 3
"""Fewer than English has in any usual tokenizer (about four), so that a count errs on the safe side."""
_MESSAGE_TOKENS = 16
"""What a chat template adds around one message, at most."""

_ATTEMPTS = 3
_MAX_ANSWER_BYTES = 4 * 1024 * 1024
SEED = 0


class _Said(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    message: _Said
    finish_reason: str | None = None


class _Completion(BaseModel):
    """As much of a chat completion as is needed."""

    choices: Annotated[list[_Choice], Field(min_length=1)]


def server_address(url: str, *, allow_remote: bool = False) -> httpx.URL:
    """The address of a server's `/v1`. Raises `EngineFailed` for one that clinical words must not go to.

    Only a literal loopback address or `localhost` is this machine: what another name means is decided elsewhere.
    """
    try:
        address = httpx.URL(url)
    except (httpx.InvalidURL, TypeError):
        address = httpx.URL("")
    if address.scheme not in ("http", "https") or not address.host or address.userinfo or address.query:
        raise EngineFailed(
            "Expected the address of the note's server such as http://127.0.0.1:11434/v1, without a user, a password "
            "or a query; another one came. Set SCRIBE_NOTE_URL."
        )
    if not _is_this_machine(address.host):
        if not allow_remote:
            raise EngineFailed(
                f"The note's server {address.host} is not this machine, and clinical words would leave it; use a "
                "server on 127.0.0.1, or allow it with SCRIBE_NOTE_ALLOW_REMOTE=true."
            )
        if address.scheme != "https":
            raise EngineFailed(
                f"The note's server {address.host} is another machine; its address must be https."
            )
    path = address.path.rstrip("/")
    return address.copy_with(path=path if path.endswith("/v1") else f"{path}/v1", fragment=None)


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class OpenAIEngine:
    """Writes notes with the model of one server."""

    def __init__(
        self,
        url: str,
        model: str,
        *,
        api_key: str = "",
        allow_remote: bool = False,
        context_tokens: int = 0,
        timeout_seconds: float = 300.0,
        backoff_seconds: float = 0.5,
    ) -> None:
        """`timeout_seconds` is for one reply; asks nothing yet. Raises `EngineFailed` for a wrong address."""
        self._url = server_address(url, allow_remote=allow_remote)
        if not model:
            raise EngineFailed("Expected the name of the server's model; none came. Set SCRIBE_NOTE_MODEL.")
        self._model = model
        self._key = api_key
        self._timeout = timeout_seconds
        self._backoff = backoff_seconds
        self._context = context_tokens or CONTEXT_TOKENS

    @property
    def info(self) -> EngineInfo:
        return EngineInfo("openai", self._model, f"served by {self._url.netloc.decode('ascii')}")

    async def write(
        self, template: Template, turns: Sequence[Turn], facts: Sequence[Fact], style: Style, context: Context
    ) -> NoteBody:
        """The body of a note; see `Engine.write`. When cancelled, the connection is closed."""
        async with self._open() as http:
            server = _Server(http, self._url, self._model, self._context, self._timeout, self._backoff)
            return await write_note(server, template, turns, facts, style, context)

    async def models(self) -> tuple[str, ...]:
        """The models that the server says it has. Raises `EngineFailed` where it does not answer so."""
        async with self._open() as http:
            server = _Server(http, self._url, self._model, self._context, self._timeout, self._backoff)
            return await server.models()

    def _open(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            timeout=httpx.Timeout(self._timeout, connect=min(10.0, self._timeout)),
            headers={"Authorization": f"Bearer {self._key}"} if self._key else {},
            follow_redirects=False,
            trust_env=False,
        )


class _Server:
    """The server as a `LanguageModel`, over the connection of one draft."""

    form: Form = "objects"

    def __init__(
        self,
        http: httpx.AsyncClient,
        url: httpx.URL,
        model: str,
        context_tokens: int,
        timeout_seconds: float,
        backoff_seconds: float,
    ) -> None:
        self.reply_tokens = min(MOST_REPLY_TOKENS, context_tokens // _REPLY_SHARE)
        self.prompt_tokens = context_tokens - self.reply_tokens
        self._http = http
        self._url = url
        self._model = model
        self._timeout = timeout_seconds
        self._backoff = backoff_seconds

    def count(self, text: str) -> int:
        """Tokens of a text, rather too many than too few: the server's tokenizer is not known."""
        return -(-len(text.encode()) // _BYTES_PER_TOKEN)

    def length(self, messages: Sequence[Message]) -> int:
        """Tokens of a whole prompt."""
        return sum(self.count(message.content) + _MESSAGE_TOKENS for message in messages)

    async def models(self) -> tuple[str, ...]:
        answer = await self._answer("GET", "/models", None)
        try:
            return tuple(str(one["id"]) for one in json.loads(answer)["data"])
        except (ValueError, KeyError, TypeError):
            raise self._failed("lists no models; is it an OpenAI-compatible one?") from None

    async def reply(self, messages: Sequence[Message], schema: Mapping[str, Any]) -> Reply:
        """The reply of the server. Raises `EngineFailed`."""
        body = {
            "model": self._model,
            "messages": [{"role": message.role, "content": message.content} for message in messages],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "section", "strict": True, "schema": schema},
            },
            "temperature": 0,
            "seed": SEED,
            "max_tokens": self.reply_tokens,
            "stream": False,
        }
        answer = await self._answer("POST", "/chat/completions", body)
        try:
            choice = _Completion.model_validate_json(answer).choices[0]
        except ValidationError:
            raise self._failed(
                "answered with something that is no chat completion; is it an OpenAI-compatible one?"
            ) from None
        return Reply(choice.message.content or "", is_cut=choice.finish_reason == "length")

    async def _answer(self, method: Literal["GET", "POST"], path: str, body: object) -> bytes:
        """The body of a good answer; a server that is not there or busy is asked again, a slow one is not."""
        failure = ""
        for attempt in range(_ATTEMPTS):
            if attempt:
                await asyncio.sleep(self._backoff * 2 ** (attempt - 1))
            try:
                async with asyncio.timeout(self._timeout):
                    status, answer = await self._once(method, path, body)
            except (httpx.ConnectError, httpx.ConnectTimeout, httpx.RemoteProtocolError) as error:
                failure = f"does not answer ({type(error).__name__}); is it running?"
                continue
            except (TimeoutError, httpx.TimeoutException):
                raise self._failed(
                    f"took longer than {self._timeout:g} s for one reply; choose a smaller model, or set "
                    "SCRIBE_NOTE_TIMEOUT_SECONDS."
                ) from None
            except httpx.HTTPError as error:
                raise self._failed(f"broke off ({type(error).__name__}); look into its log.") from None
            if status == 200:
                return answer
            if status not in (429, 503):
                raise self._failed(_meaning(status))
            failure = f"is busy (HTTP status {status}); try again later."
        raise self._failed(failure)

    async def _once(self, method: str, path: str, body: object) -> tuple[int, bytes]:
        url = self._url.copy_with(path=f"{self._url.path}{path}")
        async with self._http.stream(method, url, json=body) as response:
            answer = bytearray()
            async for piece in response.aiter_bytes():
                answer += piece
                if len(answer) > _MAX_ANSWER_BYTES:
                    raise self._failed(
                        f"answered with more than {_MAX_ANSWER_BYTES} bytes; look into its log."
                    )
            return response.status_code, bytes(answer)

    def _failed(self, what: str) -> EngineFailed:
        return EngineFailed(f"The note's server at {self._url.netloc.decode('ascii')} {what}")


def _meaning(status: int) -> str:
    """What an HTTP status other than 200 means here, and what to do."""
    if 300 <= status < 400:
        return (
            f"sent the request elsewhere (HTTP status {status}), which is not followed; give its own address."
        )
    if status in (401, 403):
        return f"refused the key (HTTP status {status}); set SCRIBE_NOTE_API_KEY."
    if status == 404:
        return (
            "knows no such address or model (HTTP status 404); look at SCRIBE_NOTE_URL and SCRIBE_NOTE_MODEL."
        )
    if 400 <= status < 500:
        return (
            f"refused the request (HTTP status {status}); it must know `response_format` with a JSON schema and "
            "read SCRIBE_NOTE_CONTEXT_TOKENS at once."
        )
    return f"failed (HTTP status {status}); look into its log."
