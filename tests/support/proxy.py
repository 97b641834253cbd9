"""A TCP proxy that does to a connection what networks do: cuts, stalls, delays, half-closes, loses one way, is slow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Weather:
    """What the network does now; change it at any time."""

    delay_seconds: float = 0.0
    bytes_per_second: float = 0.0
    """0 is as fast as it can."""
    to_server: bool = True
    to_client: bool = True
    """Whether what is sent that way arrives; if not it is swallowed, and the sender never knows."""
    still: asyncio.Event = field(default_factory=asyncio.Event)
    """Cleared while nothing moves in either direction."""


class Proxy:
    """Between a client and a server on loopback."""

    def __init__(self, port: int, target: int) -> None:
        self.port, self._target = port, target
        self.weather = Weather()
        self.weather.still.set()
        self.connections = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._upstream: set[asyncio.StreamWriter] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.connections += 1
        try:
            back, forth = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.close()
            return
        ends = {writer, forth}
        self._writers |= ends
        self._upstream.add(forth)
        try:
            async with asyncio.TaskGroup() as ways:
                ways.create_task(self._carry(reader, forth, up=True))
                ways.create_task(self._carry(back, writer, up=False))
        except* OSError:
            pass
        finally:
            self._writers -= ends
            self._upstream.discard(forth)
            for end in ends:
                end.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, up: bool) -> None:
        while piece := await reader.read(4096):
            await self.weather.still.wait()
            if self.weather.delay_seconds:
                await asyncio.sleep(self.weather.delay_seconds)
            if self.weather.bytes_per_second:
                await asyncio.sleep(len(piece) / self.weather.bytes_per_second)
            if self.weather.to_server if up else self.weather.to_client:
                writer.write(piece)
                await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()

    def cut(self) -> None:
        """Reset every connection at once."""
        for writer in list(self._writers):
            writer.transport.abort()

    def half_close(self) -> None:
        """The server hears that the client says no more; the client hears nothing of it."""
        for writer in list(self._upstream):
            if writer.can_write_eof():
                writer.write_eof()


@asynccontextmanager
async def proxy(port: int, target: int) -> AsyncIterator[Proxy]:
    """A proxy that listens until the block ends."""
    one = Proxy(port, target)
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(one.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    listener = await asyncio.start_server(accept, "127.0.0.1", port)
    try:
        yield one
    finally:
        listener.close()
        one.weather.still.set()
        one.cut()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
