"""What whoever watches the server asks: does it live, does it take streams, and how does it do.

`/healthz` and `/readyz` tell nothing of anybody and are open. `/metrics` tells how much is going on, so it needs the
right to observe: the local person, an administrator, or whoever has SCRIBE_METRICS_TOKEN.
"""

from __future__ import annotations

from importlib.metadata import version

from fastapi import APIRouter, Response

from asr.ring import lockable, ring_bytes
from scribe.access import Right, require
from scribe.calls import On, Who
from scribe.database import Database
from scribe.metrics import CONTENT_TYPE
from scribe.server import Server

router = APIRouter()


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(on: On, response: Response) -> dict[str, object]:
    """What runs, and whether one more stream would be taken."""
    recognition, live = on.engines.recognition, on.live
    info = recognition.info
    if live.full:
        response.status_code = 503
    return {
        "status": state_of(on),
        "version": version("ambient-scribe"),
        "recognizer": info.engine,
        "model": info.model,
        "device": info.device,
        "weak": info.weak,
        "notice": info.notice,
        "note_engine": on.engines.note.info.engine,
        "access": on.settings.access,
        # Of a two-channel stream: what can be known before there is one. Each receipt says it of its own.
        "memory_locked": lockable(ring_bytes(on.settings.ring_seconds, 2)),
        "streams": live.streams,
        "max_streams": on.engines.capacity,
    }


@router.get("/metrics", include_in_schema=False)
async def metrics(on: On, who: Who) -> Response:
    """Figures for Prometheus; no label names a person or a session."""
    require(who, Right.OBSERVE)
    return Response(on.metrics.read(), media_type=CONTENT_TYPE)


def state_of(on: Server) -> str:
    """`ready`, or why no stream is taken: `draining`, `stuck` or `full`."""
    if on.live.draining:
        return "draining"
    return "stuck" if on.engines.recognition.stuck else "full" if on.live.full else "ready"


def tell_figures(on: Server, database: Database) -> None:
    """Have the metrics ask this server how it stands, whenever they are read."""
    live, recognition, told = on.live, on.engines.recognition, on.metrics
    for name, meaning, value in (
        ("scribe_streams", "Streams that are open now.", lambda: live.streams),
        ("scribe_streams_not_locked", "Sessions whose audio may be swapped out.", lambda: live.not_locked),
        ("scribe_streams_max", "Streams that may be open at once.", lambda: on.engines.capacity),
        ("scribe_full", "1 while one more stream would be refused.", lambda: live.full),
        ("scribe_draining", "1 while the server goes down.", lambda: live.draining),
        ("scribe_recognizer_stuck", "1 while the recogniser does not come back.", lambda: recognition.stuck),
        ("scribe_recognizer_behind", "1 while finals come late.", lambda: recognition.behind),
        ("scribe_realtime_factor", "Computing for a second of audio.", lambda: recognition.realtime_factor),
        ("scribe_lag_seconds", "Audio not stored as words, worst stream.", lambda: live.worst_lag_seconds),
        ("scribe_store_waits", "Sessions that wait for the store.", lambda: live.waiting_for_store),
    ):
        told.stands(name, meaning, value)
    told.adds_up(
        "scribe_recognized_seconds", "Seconds of audio recognised.", lambda: recognition.audio_seconds
    )
    told.adds_up("scribe_recognizing_seconds", "Seconds spent recognising.", lambda: recognition.busy_seconds)
    told.adds_up("scribe_store_errors", "Transactions the store refused.", lambda: database.refusals)
