"""A server for the command line: the one that already serves this data folder, or one started for the moment.

Commands speak to it through the same API as everybody else, so there is one way in and one audit trail.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import ssl
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from scribe.auth import load_token
from scribe.config import Settings
from scribe.errors import CannotStart

ANNOUNCEMENT = "Listening on "
RUNNING = "server.json"
LOCK = "lock"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server answers, and the token that opens it; `process` is the id of its process.

    With TLS, `certificate` is the server's own, and no other is believed.
    """

    url: str
    token: str
    process: int
    certificate: Path | None = None

    @property
    def sign_in(self) -> str:
        """The link that signs a browser in; the token is in the fragment, which is never sent."""
        return f"{self.url}/#token={self.token}"

    @property
    def trust(self) -> ssl.SSLContext | None:
        """What a client must believe to speak to this server and to nobody else; raises CannotStart.

        The certificate is compared itself, so its names and who signed it do not matter here.
        """
        if self.certificate is None:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        try:
            context.load_verify_locations(cadata=first_certificate(self.certificate))
        except (OSError, ValueError):
            raise CannotStart(
                f"The certificate {self.certificate} of the server that runs here cannot be read; see --tls-cert."
            ) from None
        return context


@asynccontextmanager
async def serving(settings: Settings, *options: str) -> AsyncIterator[Address]:
    """The running server of this data folder, or a new one on a free port that ends with the block."""
    address = await running(settings.data_dir, settings)
    if address is not None:
        yield address
        return
    arguments = ["serve", "--port", "0", "--data-dir", str(settings.data_dir), *options]
    async with spawned(arguments, settings) as address:
        yield address


async def running(folder: Path, settings: Settings) -> Address | None:
    """The server that announced itself in this data folder, if it answers."""
    if not held(folder):
        return (
            None  # what stands there is of a server that is gone; another program may answer at its address
        )
    try:
        announced = json.loads((folder / RUNNING).read_text())
        certificate = Path(announced["certificate"]) if announced.get("certificate") else None
        address = Address(announced["url"], _token(settings), announced["process"], certificate)
    except (OSError, ValueError, KeyError, CannotStart):
        return None
    if announced.get("client_certificates"):
        raise CannotStart(
            "The server of this data folder asks its callers for certificates, which this command has none of; "
            "use the page or a client of your own."
        )
    try:
        async with httpx.AsyncClient(timeout=3.0, trust_env=False, verify=address.trust or True) as http:
            answer = await http.get(f"{address.url}/healthz")
    except httpx.TransportError:
        return None
    return address if answer.status_code == 200 else None


@asynccontextmanager
async def spawned(arguments: Sequence[str], settings: Settings) -> AsyncIterator[Address]:
    """A server process of our own; its messages go where ours go. Raises CannotStart if it does not start."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "scribe", *arguments, stdout=asyncio.subprocess.PIPE, start_new_session=True
    )
    try:
        assert process.stdout is not None
        url = ""
        while line := (await process.stdout.readline()).decode():
            if line.startswith(ANNOUNCEMENT):
                url = line.removeprefix(ANNOUNCEMENT).strip()
                break
        if not url:
            await process.wait()
            raise CannotStart("The server did not start; its own message stands above.")
        yield Address(
            url, _token(settings), process.pid, settings.tls_cert if url.startswith("https:") else None
        )
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.terminate()
            await process.wait()


def held(folder: Path) -> bool:
    """Whether a living server holds this data folder."""
    try:
        with (folder / LOCK).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def publish(settings: Settings, url: str) -> Path:
    """Leave the server's address in its data folder; the caller removes it at the end."""
    path = settings.data_dir / RUNNING
    announced = {"url": url, "process": os.getpid()}
    if settings.tls_cert is not None:
        announced["certificate"] = str(settings.tls_cert.absolute())
        announced["client_certificates"] = settings.tls_client_ca is not None
    path.write_text(json.dumps(announced))
    return path


def first_certificate(path: Path) -> str:
    """The server's own certificate out of a file that may hold its issuers too; raises ValueError where it has none."""
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    _, begun, rest = path.read_text("ascii").partition(begin)
    body, ended, _ = rest.partition(end)
    if not begun or not ended:
        raise ValueError("there is no certificate in it")
    return f"{begin}{body}{end}\n"


def _token(settings: Settings) -> str:
    return load_token(settings.token.get_secret_value() if settings.token else None, settings.data_dir)
