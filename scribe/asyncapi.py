"""The stream's contract as an AsyncAPI document, made from the messages of the wire.

What comes out is what a client needs to know of `WS /v1/sessions/{session_id}/stream`: both directions, an example
of each message, the subprotocol, the ways to sign in and the close codes. A client leaves out of account what it does
not know, so fields and messages may be added within one version of the wire.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from scribe.errors import CannotStart, NotSent, ScribeError
from scribe.stream import MAX_FRAME_BYTES, MAX_TEXT_BYTES
from scribe.wire import SUBPROTOCOL, TOKEN_SUBPROTOCOL_PREFIX, ClientMessage, ServerMessage

ADDRESS = "/v1/sessions/{session_id}/stream"
CLIENT_MESSAGES: tuple[type[BaseModel], ...] = get_args(get_args(ClientMessage)[0])
SERVER_MESSAGES: tuple[type[BaseModel], ...] = get_args(get_args(ServerMessage)[0])

RECEIPT = {
    "session_id": "8f0c4e1d2b6a4f7e",
    "seconds_received": 2990.4,
    "seconds_transcribed": 2990.4,
    "seconds_discarded": 2990.4,
    "bytes_retained": 0,
    "memory_locked": True,
    "recognizer": "whisper",
    "recognizer_model": "small.en",
    "product_version": "0.1.0",
    "started_at": "2026-03-02T09:00:00Z",
    "ended_at": "2026-03-02T09:49:50Z",
    "previous_sha256": "0" * 64,
    "sha256": "5" * 64,
}
EXAMPLES: Mapping[str, tuple[dict[str, Any], ...]] = {
    "start": (
        {"type": "start", "encoding": "pcm_s16le", "sample_rate": 16_000, "channels": 2},
        {"type": "start", "encoding": "opus_webm", "sample_rate": 48_000, "resume": True, "at": 480_000},
    ),
    "pause": ({"type": "pause"},),
    "resume": ({"type": "resume"},),
    "mark": ({"type": "mark", "label": "homework"},),
    "stop": ({"type": "stop"},),
    "fact": ({"type": "fact", "id": "u3:0:symptom", "status": "pinned"},),
    "ready": ({"type": "ready", "resume_from": 0, "max_unacked_seconds": 30.0},),
    "utterance": (
        {
            "type": "utterance",
            "id": "u3",
            "speaker": "SPEAKER_01",
            "role": "client",
            "role_confidence": 0.97,
            "start": 12.4,
            "end": 13.1,
            "text": "I slept better.",
            "words": [
                {"text": "I", "start": 12.4, "end": 12.5, "probability": 0.98},
                {"text": "slept", "start": 12.5, "end": 12.8, "probability": 0.99},
                {"text": "better.", "start": 12.8, "end": 13.1, "probability": 0.96},
            ],
            "is_final": True,
            "revision": 2,
            "stable": 3,
        },
    ),
    "speaker_revision": (
        {
            "type": "speaker_revision",
            "utterances": [{"id": "u3", "speaker": "SPEAKER_00", "role": "clinician"}],
        },
    ),
    "ack": ({"type": "ack", "received": 224_000, "committed": 209_600},),
    "status": (
        {
            "type": "status",
            "lag_seconds": 0.9,
            "realtime_factor": 0.2,
            "voice_active": True,
            "partials": "live",
            "store": "ok",
        },
    ),
    "audio_health": ({"type": "audio_health", "kind": "clipping", "channel": 0},),
    "gap": ({"type": "gap", "start": 61.0, "end": 61.0, "reason": "off_the_record"},),
    "facts": (
        {
            "type": "facts",
            "facts": [
                {
                    "id": "u3:0:symptom",
                    "kind": "symptom",
                    "text": "slept better",
                    "role": "client",
                    "polarity": "affirmed",
                    "assessed": False,
                    "confidence": 0.9,
                    "evidence": [{"utterance": "u3", "start": 2, "end": 14, "quote": "slept better"}],
                    "attributes": {},
                    "status": "found",
                }
            ],
            "withdrawn": [],
            "anew": False,
        },
    ),
    "note": ({"type": "note", "status": "ready", "url": "/v1/sessions/8f0c4e1d2b6a4f7e/note"},),
    "ended": ({"type": "ended", "receipt": RECEIPT},),
    "error": (
        {
            "type": "error",
            "code": "idle",
            "detail": "Nothing came for 30 seconds; reconnect and resume, or send pause.",
        },
    ),
}
"""Of every message at least one; the words are made up."""


def stream_contract() -> dict[str, Any]:
    """The AsyncAPI 3.0 document."""
    schemas, of_client, of_server = _schemas()
    messages: dict[str, Any] = {}
    for model in (*CLIENT_MESSAGES, *SERVER_MESSAGES):
        name = type_of(model)
        messages[name] = {
            "name": name,
            "title": name,
            "summary": (model.__doc__ or "").strip(),
            "contentType": "application/json",
            "payload": {"$ref": f"#/components/schemas/{model.__name__}"},
            "examples": [
                {"name": f"{name}{number}", "payload": e} for number, e in enumerate(EXAMPLES[name])
            ],
        }
    messages["audio"] = {
        "name": "audio",
        "title": "audio",
        "summary": f"A binary frame of sound in the encoding that `start` named, at most {MAX_FRAME_BYTES} bytes; "
        "20 ms to 1 s are best. PCM holds whole samples of every channel; a compressed stream is cut anywhere.",
        "contentType": "application/octet-stream",
        "payload": {"type": "string", "format": "binary"},
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Ambient scribe, the stream",
            "version": version("ambient-scribe"),
            "description": "Sound goes in, words come out while they are spoken. Positions are samples at 16 kHz "
            "from the start of the session's audio, times are seconds from there. Fields and messages may be added "
            f"within {SUBPROTOCOL}: a client passes over what it does not know.",
        },
        "defaultContentType": "application/json",
        "servers": {
            "local": {
                "host": "127.0.0.1:8080",
                "protocol": "ws",
                "description": "`scribe serve` on this machine; `wss` where it serves others.",
                "security": [
                    {"$ref": "#/components/securitySchemes/token"},
                    {"$ref": "#/components/securitySchemes/streamToken"},
                ],
            }
        },
        "channels": {
            "stream": {
                "address": ADDRESS,
                "title": SUBPROTOCOL,
                "description": "One stream of one consented session. `start` comes first, within ten seconds. Text "
                f"frames are JSON of at most {MAX_TEXT_BYTES} characters, binary frames are sound.",
                "parameters": {
                    "session_id": {"description": "The `id` that `POST /v1/sessions` answered with."}
                },
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
                "bindings": {"ws": {"method": "GET", "headers": _handshake(), "bindingVersion": "0.1.0"}},
                "x-subprotocol": SUBPROTOCOL,
                "x-close-codes": close_codes(),
            }
        },
        "operations": {
            "sendToServer": _operation("receive", "What a client sends.", (*of_client, "audio")),
            "receiveFromServer": _operation("send", "What a client is told.", of_server),
        },
        "components": {
            "messages": messages,
            "schemas": schemas,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "`Authorization: Bearer …` with the access token, an API key or `stream.token`.",
                },
                "streamToken": {
                    "type": "httpApiKey",
                    "in": "header",
                    "name": "Sec-WebSocket-Protocol",
                    "description": f"For browsers: `{TOKEN_SUBPROTOCOL_PREFIX}<stream.token>` as a second subprotocol "
                    f"beside `{SUBPROTOCOL}`.",
                },
            },
        },
    }


def type_of(model: type[BaseModel]) -> str:
    """What a message says in `type`."""
    return str(get_args(model.model_fields["type"].annotation)[0])


def close_codes() -> dict[str, str]:
    """Each close code with what it means."""
    found = {1000: "The session has ended; `ended` came before.", 1008: "The Origin is not the server's own."}
    for error in _tree(ScribeError):
        if not issubclass(error, (CannotStart, NotSent)) and "close_code" in vars(error):
            found.setdefault(error.close_code, error.title)
    return {str(code): found[code] for code in sorted(found)}


def _tree(error: type[ScribeError]) -> Iterator[type[ScribeError]]:
    yield error
    for kind in error.__subclasses__():
        yield from _tree(kind)


def _schemas() -> tuple[dict[str, Any], tuple[str, ...], tuple[str, ...]]:
    template = "#/components/schemas/{model}"
    client = models_json_schema([(m, "validation") for m in CLIENT_MESSAGES], ref_template=template)[1][
        "$defs"
    ]
    server = models_json_schema([(m, "serialization") for m in SERVER_MESSAGES], ref_template=template)[1][
        "$defs"
    ]
    for schema in server.values():
        # The server refuses what it does not know; a client is to pass over it.
        schema.pop("additionalProperties", None)
    names = tuple(type_of(m) for m in CLIENT_MESSAGES), tuple(type_of(m) for m in SERVER_MESSAGES)
    return dict(sorted((server | client).items())), *names


def _handshake() -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "Sec-WebSocket-Protocol": {
                "type": "string",
                "description": f"`{SUBPROTOCOL}`, in a browser `{SUBPROTOCOL}, {TOKEN_SUBPROTOCOL_PREFIX}…`.",
            },
            "Authorization": {"type": "string", "description": "`Bearer …`, where the client can set it."},
        },
        "required": ["Sec-WebSocket-Protocol"],
    }


def _operation(action: str, summary: str, names: tuple[str, ...]) -> dict[str, Any]:
    return {
        "action": action,
        "summary": summary,
        "channel": {"$ref": "#/channels/stream"},
        "messages": [{"$ref": f"#/channels/stream/messages/{name}"} for name in names],
    }
