"""A real HTTP server that takes webhook messages and answers as it is told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue


@dataclass
class Taken:
    """One message as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """Where it listens, what came, and the statuses it answers with, one after the other, at last 204."""

    port: int = 0
    taken: Queue[Taken] = field(default_factory=Queue)
    answers: Queue[int] = field(default_factory=Queue)
    held: threading.Event = field(default_factory=threading.Event)
    """Cleared, no answer is given until it is set."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/in"

    def next(self) -> Taken:
        """The next message; fails after 20 s without one."""
        return self.taken.get(timeout=20)


@contextmanager
def receiver(port: int = 0) -> Iterator[Receiver]:
    """A receiver until the block is left."""
    told = Receiver()
    told.held.set()

    class Take(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            told.taken.put(Taken(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            told.held.wait(timeout=20)
            status = told.answers.get() if not told.answers.empty() else 204
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("location", f"http://127.0.0.1:{told.port}/elsewhere")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Take)
    told.port = server.server_address[1]
    serving = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    serving.start()
    try:
        yield told
    finally:
        told.held.set()
        server.shutdown()
        serving.join()
        server.server_close()
