"""What a balancer asks: a real server that is ready, full, and ready again, by nobody's token."""

from __future__ import annotations

import asyncio
import json

import httpx
from running import TOKEN, StartServer, consented
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from scribe.client import ScribeClient

START = {"type": "start", "encoding": "pcm_s16le", "sample_rate": 16_000, "channels": 1}


def test_a_full_server_says_so_and_is_alive(start_server: StartServer) -> None:
    running = start_server(asr="pocketsphinx", max_streams="1")

    async def check() -> None:
        async with (
            ScribeClient(running.url, TOKEN) as client,
            httpx.AsyncClient(base_url=running.url, trust_env=False) as nobody,
        ):
            before = await nobody.get("/readyz")
            assert (before.status_code, before.json()["status"]) == (200, "ready")
            session = await client.create_session(consented())
            async with connect(
                f"{running.url.replace('http', 'ws')}/v1/sessions/{session.id}/stream",
                subprotocols=[Subprotocol("scribe.v1")],
                additional_headers={"Authorization": f"Bearer {TOKEN}"},
                proxy=None,
            ) as socket:
                await socket.send(json.dumps(START))
                assert json.loads(await socket.recv())["type"] == "ready"
                full = await nobody.get("/readyz")
                assert (full.status_code, full.json()["status"], full.json()["streams"]) == (503, "full", 1)
                assert (await nobody.get("/healthz")).json() == {"status": "ok"}
                assert (await nobody.get("/metrics")).status_code == 401

    asyncio.run(check())
