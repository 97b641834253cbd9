"""`scribe audit`: write the audit out, verify it or a receipt, print the public key.

These read the store themselves, so that they work where no server does; writing it out is itself recorded.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TextIO

import typer
from pydantic import ValidationError
from rich.console import Console

from scribe.audit import Audit
from scribe.config import Settings, read_settings
from scribe.crypto import PublicKey
from scribe.custody import custody
from scribe.errors import BadRequest, CannotStart
from scribe.proof import Proof, prove
from scribe.receipt import hash_holds, signature_holds
from scribe.store import Store
from scribe.wire import Receipt

audit_app = typer.Typer(
    help="Who did what to which session, and that nobody changed it.", no_args_is_help=True
)
out = Console()

DataDir = Annotated[Path | None, typer.Option("--data-dir", help="Folder of the encrypted store.")]
Key = Annotated[
    str | None, typer.Option("--key", help="The server's public key, as `scribe audit key` prints it.")
]


@audit_app.command()
def export(
    file: Annotated[Path, typer.Argument(help="A new file; one JSON object a line.")],
    data_dir: DataDir = None,
) -> None:
    """Write every event and receipt out, with what it takes to verify them elsewhere."""
    with _opened(read_settings(data_dir=data_dir)) as (_, audit), _new(file) as written:
        audit.record("local", "audit exported")
        count = 0
        for line in audit.export():
            written.write(json.dumps(line) + "\n")
            count += 1
    out.print(f"{count - 1} events and receipts are in {file}.", highlight=False, soft_wrap=True)


@audit_app.command()
def verify(
    file: Annotated[
        Path | None,
        typer.Argument(help="An export, or one receipt; else the store of the data folder is verified."),
    ] = None,
    key: Key = None,
    data_dir: DataDir = None,
) -> None:
    """Say whether the chains hold, and where not; the exit status is 1 where they do not."""
    known = PublicKey.parse(key) if key is not None else None
    if file is None:
        with _opened(read_settings(data_dir=data_dir)) as (store, audit):
            _tell(prove(audit.export(), known or store.signing_key.public))
        return
    try:
        with file.open(encoding="utf-8") as lines:
            receipt = _receipt(lines)
            if receipt is not None:
                _tell_receipt(receipt, known)
                return
            proof = prove(_objects(lines), known)
    except (OSError, UnicodeDecodeError) as error:
        raise CannotStart(f"Cannot read {file} ({getattr(error, 'strerror', None) or 'no text'}).") from None
    if known is None:
        _say(
            f"Verified with the key {proof.key.id} that the file itself names; whether that is the server's own says "
            "`scribe audit key` there. Give it with --key."
        )
    _tell(proof)


@audit_app.command("key")
def show_key(data_dir: DataDir = None) -> None:
    """Print the public key that receipts and the audit verify with; note it where the server cannot change it."""
    with _opened(read_settings(data_dir=data_dir)) as (store, _):
        print(store.signing_key.public.text)  # noqa: T201 - for other programs


def _tell(proof: Proof) -> None:
    for remark in proof.remarks:
        _say(remark)
    for fault in proof.faults:
        _say(f"[red]broken[/red]  {fault}")
    verdict = "do not hold" if proof.faults else "hold"
    _say(
        f"{proof.events} events and {proof.receipts} receipts {verdict}. Head {proof.head}, key {proof.key.id}."
    )
    if proof.faults:
        raise typer.Exit(1)


def _tell_receipt(receipt: Receipt, key: PublicKey | None) -> None:
    name = f"The receipt of session {receipt.session_id}"
    if not hash_holds(receipt):
        _say(f"[red]broken[/red]  {name} was changed: its hash is not that of its figures.")
        raise typer.Exit(1)
    if receipt.signature is None:
        _say(
            f"{name} has the hash of its figures. It is from before receipts were signed, so anyone can have made it."
        )
        return
    if key is None:
        raise BadRequest("A receipt is verified with the server's public key; give it with --key.")
    if not signature_holds(receipt, key):
        _say(f"[red]broken[/red]  {name} is not signed with the key {key.id}.")
        raise typer.Exit(1)
    _say(f"{name} holds. Key {key.id}.")


def _receipt(lines: TextIO) -> Receipt | None:
    """The one receipt that a file holds; None where it holds something else, which is read from the start then."""
    # An export's first line is short, and a receipt's file is not long.
    text = lines.read(16_384)
    lines.seek(0)
    try:
        return Receipt.model_validate_json(text)
    except ValidationError:
        return None


def _objects(lines: TextIO) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(lines, start=1):
        try:
            value = json.loads(line)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise BadRequest(
                f"Line {number} of the file is no JSON object; expected what `scribe audit export` wrote, whole."
            )
        yield value


@contextmanager
def _opened(settings: Settings) -> Iterator[tuple[Store, Audit]]:
    folder = settings.data_dir
    if not settings.database_url and not (folder / "scribe.db").is_file():
        raise CannotStart(f"There is no store in {folder}; name its folder with --data-dir.")
    with custody(settings, alone=False) as here:
        if not here.keys.key_ids:
            raise CannotStart(f"There is no key in {folder}; give the store's own with SCRIBE_KEY.")
        yield here.store, here.audit()


@contextmanager
def _new(file: Path) -> Iterator[TextIO]:
    """A new file of its owner's alone, there only when it is whole."""
    partial = file.with_name(f".{file.name}.partial")
    try:
        if file.exists():
            raise CannotStart(f"{file} is there already; choose another name.")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as written:
                yield written
            partial.replace(file)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise CannotStart(f"Cannot write {file} ({error.strerror}).") from None


def _say(text: str) -> None:
    out.print(text, highlight=False, soft_wrap=True)
