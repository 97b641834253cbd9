"""WebSocket frames by hand, good and broken ones, and the close codes in what a server answered."""

from __future__ import annotations

import asyncio
import struct
from collections import Counter
from collections.abc import Iterator
from random import Random

import httpx
from fuzzing import MESSAGES, broken_text
from running import TOKEN, RunningServer, consented

AT_ONCE = 12
"""More than the streams that a server for tests takes, so that some are refused for that."""
PATIENCE_SECONDS = 1.0

HANDSHAKE = (
    "GET /v1/sessions/{session}/stream HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Protocol: scribe.v1\r\nAuthorization: Bearer {token}\r\n\r\n"
)


def frame(
    opcode: int,
    payload: bytes,
    *,
    fin: bool = True,
    reserved: int = 0,
    masked: bool = True,
    size: int | None = None,
) -> bytes:
    """RFC 6455, section 5.2; `size` is what the head says, where that is not the truth."""
    said = len(payload) if size is None else size
    first = bytes([(fin << 7) | (reserved << 4) | opcode])
    mask = masked << 7
    if said < 126:
        head = first + bytes([mask | said])
    elif said < 1 << 16:
        head = first + bytes([mask | 126]) + struct.pack("!H", said)
    else:
        head = first + bytes([mask | 127]) + struct.pack("!Q", said)
    return head + (b"\0\0\0\0" if masked else b"") + payload


def random_frame(random: Random) -> bytes:
    """One frame, good two times out of three."""
    match random.randrange(12):
        case 0 | 1 | 2:
            return frame(1, random.choice(MESSAGES).encode())
        case 3:
            return frame(1, broken_text(random, random.choice(MESSAGES)).encode(errors="replace"))
        case 4 | 5:
            return frame(2, random.randbytes(random.choice((0, 1, 640, 3200))))
        case 6:
            return frame(2, bytes(random.choice((65_536, 65_538, 300_000))))
        case 7:
            return frame(random.choice((8, 9, 10)), random.randbytes(random.choice((0, 1, 2, 50, 125, 126))))
        case 8:
            return frame(random.choice((0, 1, 2)), random.randbytes(20), fin=random.random() < 0.5)
        case 9:
            return frame(random.randrange(16), random.randbytes(8), reserved=random.randrange(8))
        case 10:
            return frame(
                1,
                b"{}",
                masked=random.random() < 0.5,
                size=random.choice((1, 3, 126, 1 << 16, 1 << 40, 1 << 63)),
            )
        case _:
            return random.randbytes(random.randrange(1, 200))


async def conversation(host: str, session: str, token: str, random: Random) -> list[int]:
    """One connection: a handshake, a few frames, and the close codes that came; the socket is then dropped."""
    reader, writer = await asyncio.open_connection(*host.rsplit(":", 1))
    head = HANDSHAKE.format(session=session, host=host, token=token).encode()
    if random.random() < 0.05:
        head = head.replace(b"Sec-WebSocket-Version: 13", random.choice((b"", b"Sec-WebSocket-Version: 99")))
    frames = [random_frame(random) for _ in range(random.randrange(1, 10))]
    if random.random() < 0.8:
        frames.insert(0, frame(1, MESSAGES[random.randrange(3)].encode()))
    # A close frame of our own is answered by everything that is still alive.
    sent = b"".join(frames) + frame(8, struct.pack("!H", 1000))
    came = b""
    try:
        writer.write(head)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(sent)
        await writer.drain()
        if random.random() < 0.8:
            # A frame that promises more than comes swallows what follows; such a stream is left as it is.
            async with asyncio.timeout(PATIENCE_SECONDS):
                while piece := await reader.read(65_536):
                    came += piece
    except (ConnectionError, TimeoutError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.transport.abort()
    return list(close_codes(came))


def close_codes(data: bytes) -> Iterator[int]:
    """The codes of the close frames in what a server sent after its handshake."""
    while len(data) >= 2:
        opcode, size, begin = data[0] & 15, data[1] & 127, 2
        if size == 126:
            size, begin = int.from_bytes(data[2:4]), 4
        elif size == 127:
            size, begin = int.from_bytes(data[2:10]), 10
        body, data = data[begin : begin + size], data[begin + size :]
        if opcode == 8 and len(body) >= 2:
            yield int.from_bytes(body[:2])


async def converse(url: str, token: str, count: int, seed: int) -> list[int]:
    """So many conversations, a few at a time, each over a session of its own; all close codes."""
    numbers = iter(range(count))
    codes: list[int] = []
    new = consented().model_dump(mode="json")

    async def one_after_another(http: httpx.AsyncClient) -> None:
        for number in numbers:
            session = (await http.post("/v1/sessions", json=new)).json()["id"]
            codes.extend(
                await conversation(url.removeprefix("http://"), session, token, Random(seed + number))
            )

    headers = {"Authorization": f"Bearer {token}"}
    async with (
        httpx.AsyncClient(base_url=url, headers=headers, trust_env=False, timeout=60) as http,
        asyncio.TaskGroup() as group,
    ):
        for _ in range(AT_ONCE):
            group.create_task(one_after_another(http))
    return codes


def battered(running: RunningServer, conversations: int, seed: int) -> Counter[int]:
    """The close codes of so many random conversations; fails where the server suffered."""
    codes = asyncio.run(converse(running.url, TOKEN, conversations, seed))
    with running.http as http:
        assert http.get("/healthz").json() == {"status": "ok"}
        assert http.get("/v1/sessions").status_code == 200
    assert running.process.poll() is None
    said = running.said.read_text()
    for word in ("Traceback", "failed:", "Exception", "breathing exercise"):
        assert word not in said, said[-2000:]
    return Counter(codes)
