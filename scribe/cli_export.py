"""`scribe export` and `scribe push` on the command line: a note as a file, a signed note to a health record."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer
from rich.console import Console

from scribe.client import ScribeClient
from scribe.config import Settings, read_settings
from scribe.errors import BadRequest, CannotStart, NotSent
from scribe.export import FORMATS
from scribe.fhir import about
from scribe.local import serving
from scribe.smart import SCOPE, Credentials, HealthRecord

_PATIENT = re.compile(r"Patient/[A-Za-z0-9.-]{1,64}")
_BINARY = frozenset({"pdf", "docx"})

err = Console(stderr=True)

DataDir = Annotated[Path | None, typer.Option("--data-dir", help="Folder of the encrypted store.")]


def export(
    session_id: str,
    form: Annotated[str, typer.Option("--format", help=f"{', '.join(FORMATS)}.")] = "markdown",
    to: Annotated[Path | None, typer.Option("--out", help="File to write; else it is printed.")] = None,
    as_draft: Annotated[bool, typer.Option("--draft", help="Watermarked, before signing.")] = False,
    evidence: Annotated[bool, typer.Option("--evidence", help="With quotes, in FHIR.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Write a note out for the record."""
    if to is None and form in _BINARY and sys.stdout.isatty():
        raise BadRequest(f"A {form} is not for the terminal; say with --out where it is to be written.")
    content = asyncio.run(_exported(read_settings(data_dir=data_dir), session_id, form, as_draft, evidence))
    if to is None:
        sys.stdout.buffer.write(content)
        return
    try:
        to.write_bytes(content)
    except OSError as error:
        raise CannotStart(f"Cannot write {to} ({error.strerror}).") from None


def push(
    session_id: str,
    to: Annotated[str, typer.Option("--to", help="Base address of the FHIR R4 server.")],
    client_id: Annotated[str, typer.Option(help="What the server's administrator registered.")],
    key: Annotated[Path, typer.Option(help="Private key, PEM: RSA or EC P-384.")],
    key_id: Annotated[str, typer.Option(help="`kid` of the public key at the server.")] = "",
    scope: Annotated[str, typer.Option(help="Scopes to ask for.")] = SCOPE,
    patient: Annotated[str, typer.Option(help="The client there, as Patient/ID.")] = "",
    evidence: Annotated[bool, typer.Option("--evidence", help="With quotes of the transcript.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Send without being asked.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Send a signed note to a FHIR server (SMART Backend Services); sending it again changes nothing."""
    if patient and not _PATIENT.fullmatch(patient):
        raise BadRequest("Expected --patient as Patient/ID, with the id that the FHIR server gave.")
    try:
        private_key = key.read_text()
    except (OSError, UnicodeDecodeError):
        raise CannotStart(f"Cannot read a PEM key from {key}; check the path and its permissions.") from None
    record = HealthRecord(to, Credentials(client_id, private_key, key_id, scope), lambda: datetime.now(UTC))
    settings = read_settings(data_dir=data_dir)
    bundle = json.loads(asyncio.run(_exported(settings, session_id, "fhir", False, evidence)))
    _require_patient(bundle, patient)
    if not yes and not typer.confirm(f"Send the signed note to {urlsplit(to).hostname}?", err=True):
        raise NotSent("Nothing was sent.")
    statuses = asyncio.run(record.send(about(bundle, patient) if patient else bundle))
    err.print(f"Sent: {len(statuses)} resources ({', '.join(sorted(set(statuses)))}).", highlight=False)


def _require_patient(bundle: dict[str, Any], patient: str) -> None:
    """Raise BadRequest where nothing tells the receiver whose note it is."""
    subject = bundle["entry"][0]["resource"]["subject"]
    if not patient and "identifier" not in subject:
        raise BadRequest(
            "Nothing says whose record the note belongs to; give --patient Patient/ID, "
            "or the client's number as record.patient_id when the session begins."
        )


async def _exported(settings: Settings, session_id: str, form: str, as_draft: bool, evidence: bool) -> bytes:
    async with (
        serving(settings) as address,
        ScribeClient(address.url, address.token, verify=address.trust) as client,
    ):
        return await client.export_file(session_id, form, draft=as_draft, evidence=evidence)
