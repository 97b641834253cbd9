"""`scribe` on the command line. Every failure is one sentence and a non-zero exit, never a traceback."""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, NoReturn

import numpy as np
import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn
from rich.table import Table

from asr.decoder import decode
from asr.errors import AsrError
from scribe.app import serve as run_server
from scribe.auth import load_token
from scribe.cli_access import app as access_app
from scribe.cli_audit import audit_app
from scribe.cli_draft import draft
from scribe.cli_export import export, push
from scribe.cli_intake import intake
from scribe.cli_keeping import backup, purge, restore
from scribe.cli_keys import keys_app
from scribe.client import ClientError, Refused, ScribeClient
from scribe.config import Settings, read_settings
from scribe.doctor import examine
from scribe.errors import BadRequest, CannotStart, ScribeError
from scribe.local import Address, serving
from scribe.logs import log_to_stderr
from scribe.sample import sample_audio, sample_mono
from scribe.statements import SHIPPED, SHIPPED_VERSION
from scribe.terminal import print_checklist, print_note, print_receipt, print_sessions
from scribe.transcribe import hear, new_session

app = typer.Typer(
    help="Listens to a consented session on your own machine and drafts the progress note.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
models_app = typer.Typer(help="Speech models on this machine.", no_args_is_help=True)
app.add_typer(models_app, name="models")
app.add_typer(audit_app, name="audit")
app.add_typer(keys_app, name="keys")
app.add_typer(access_app, name="access")

out = Console()
err = Console(stderr=True)

DataDir = Annotated[Path | None, typer.Option("--data-dir", help="Folder of the encrypted store.")]


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 picks a free one and prints it.")] = None,
    data_dir: DataDir = None,
    asr: Annotated[str | None, typer.Option(help="auto, whisper or pocketsphinx.")] = None,
    model: Annotated[str | None, typer.Option(help="Whisper model: a name or a folder.")] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="Certificate for TLS, PEM.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its private key, PEM.")] = None,
) -> None:
    """Start the server for the page and for platforms."""
    settings = read_settings(
        host=host,
        port=port,
        data_dir=data_dir,
        asr=asr,
        model=model,
        tls_cert=tls_cert,
        tls_key=tls_key,
    )
    log_to_stderr(settings.log_level, settings.log_format)

    def announce(line: str) -> None:
        print(line, flush=True)  # noqa: T201 - the line that other programs wait for
        if sys.stdout.isatty() and settings.access == "local":
            token = load_token(
                settings.token.get_secret_value() if settings.token else None, settings.data_dir
            )
            url = line.rpartition(" ")[2]
            _print_link(
                "Open the page with this link; it is your sign-in, so keep it to yourself:",
                f"{url}/#token={token}",
            )

    with suppress(KeyboardInterrupt):
        asyncio.run(run_server(settings, _say, announce))


@app.command()
def demo(
    exit_after: Annotated[bool, typer.Option("--exit", help="End when the note is shown.")] = False,
    mono: Annotated[bool, typer.Option(help="One channel: tell the voices apart by sound.")] = False,
    asr: Annotated[str | None, typer.Option(help="auto, whisper or pocketsphinx.")] = None,
) -> None:
    """Play the bundled sample session into a server of its own and show the draft note."""
    with tempfile.TemporaryDirectory(prefix="scribe-demo-") as folder:
        settings = read_settings(data_dir=Path(folder), port=0, asr=asr)
        _run(_demo(settings, mono=mono, stay=not exit_after))


async def _demo(settings: Settings, *, mono: bool, stay: bool) -> None:
    err.print("[dim]A sample session of two synthetic voices; everything stays on this machine.[/dim]")
    options = ("--asr", settings.asr)
    async with (
        serving(settings, *options) as address,
        ScribeClient(address.url, address.token, verify=address.trust) as client,
    ):
        audio = sample_audio()
        channels = 1 if mono else 2
        if mono:
            audio = sample_mono()[:, np.newaxis]
        new = new_session(
            template="soap",
            channels=channels,
            consent="verbal",
            statement_version=SHIPPED_VERSION,
            modality="individual psychotherapy, in person",
        )
        seconds = len(audio) / 16_000
        await hear(client, new, iter([audio]), channels=channels, seconds=seconds, console=out)
        if stay:
            _print_link("\nReview, edit and sign it here (Ctrl-C ends the demo):", address.sign_in)
            await asyncio.Event().wait()


@app.command()
def transcribe(
    file: Annotated[Path, typer.Argument(help="A recording: WAV, FLAC, MP3, M4A, Ogg or WebM.")],
    template: Annotated[str, typer.Option(help="Template of the note.")] = "soap",
    consent: Annotated[
        str | None,
        typer.Option(help="How both agreed: written, electronic or verbal. Asked for if left out."),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Hear a recording of a consented session and draft its note."""
    settings = read_settings(data_dir=data_dir)
    _run(_transcribe(settings, file, template, consent))


async def _transcribe(settings: Settings, file: Path, template: str, consent: str | None) -> None:
    with _open(file) as source:
        recording = decode(source)
        method = _ask_consent(consent)
        channels = recording.channels
        async with (
            serving(settings) as address,
            ScribeClient(address.url, address.token, verify=address.trust) as client,
        ):
            new = new_session(
                template=template, channels=channels, consent=method, statement_version=SHIPPED_VERSION
            )
            session_id = await hear(
                client, new, recording.blocks, channels=channels, seconds=recording.seconds, console=out
            )
        if session_id is not None:
            out.print(
                f"\nSession {session_id}. Review it with `scribe serve`, or `scribe note {session_id}`."
            )


app.command()(draft)
app.command()(intake)
for command in (export, push, purge, backup, restore):
    app.command()(command)


@app.command()
def sessions(data_dir: DataDir = None) -> None:
    """List the sessions."""

    async def listed(client: ScribeClient) -> None:
        print_sessions(out, await client.sessions())

    _ask_server(data_dir, listed)


@app.command()
def note(session_id: str, data_dir: DataDir = None) -> None:
    """Show a session's note with its evidence, and its discard receipt."""

    async def shown(client: ScribeClient) -> None:
        print_note(out, (await client.note(session_id)).note)
        with suppress(Refused):
            print_receipt(out, await client.receipt(session_id))

    _ask_server(data_dir, shown)


@app.command()
def checklist(session_id: str, data_dir: DataDir = None) -> None:
    """Show what payers look for in a session's note: what is there, what lacks, what the time supports."""

    async def shown(client: ScribeClient) -> None:
        print_checklist(out, await client.checklist(session_id))

    _ask_server(data_dir, shown)


@app.command()
def sign(
    session_id: str,
    name: Annotated[str, typer.Option(prompt="Your name", help="As it stands under the note.")],
    credentials: Annotated[str, typer.Option(prompt="Your credentials", help="For example LCSW.")],
    yes: Annotated[bool, typer.Option("--yes", help="Attest without being asked.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Sign a reviewed note; after that it takes addenda only."""

    async def signed(client: ScribeClient) -> None:
        view = await client.note(session_id)
        if not yes:
            print_note(out, view.note)
            out.print(f"\n{view.attestation}")
            if not typer.confirm("Do you attest this?"):
                _fail("Not signed.")
        signed_note = (await client.sign(session_id, name=name, credentials=credentials)).note
        out.print(f"Signed. SHA-256 {getattr(signed_note, 'sha256', '')}")

    _ask_server(data_dir, signed)


@app.command()
def token(data_dir: DataDir = None) -> None:
    """Print this machine's access token and, if a server runs, its sign-in link."""
    settings = read_settings(data_dir=data_dir)

    async def shown() -> Address | None:
        from scribe.local import running

        return await running(settings.data_dir, settings)

    address = asyncio.run(shown())
    print(load_token(settings.token.get_secret_value() if settings.token else None, settings.data_dir))  # noqa: T201
    if address is not None:
        err.print(f"Sign in: {address.sign_in}")


@app.command()
def doctor(data_dir: DataDir = None, port: Annotated[int | None, typer.Option()] = None) -> None:
    """Say what is missing on this machine and how to mend it."""
    marks = {"good": "[green]good[/green]", "weak": "[yellow]weak[/yellow]", "bad": "[red]bad[/red]"}
    bad = False
    for check in examine(read_settings(data_dir=data_dir, port=port)):
        out.print(f"{marks[check.verdict]:>4}  [bold]{check.name}[/bold]: {check.found}", highlight=False)
        if check.mend and check.verdict != "good":
            out.print(f"      → {check.mend}", highlight=False)
        bad = bad or check.verdict == "bad"
    raise typer.Exit(1 if bad else 0)


@models_app.command("list")
def list_models() -> None:
    """The models that can be had, and which are here."""
    from asr.models import CATALOGUE, EMBEDDERS, embedders, installed

    settings = read_settings()
    here = {model.name for model in installed(settings.models_dir)} | set(embedders(settings.models_dir))
    table = Table("Model", "Size", "Licence", "Here")
    for entry in CATALOGUE + EMBEDDERS:
        table.add_row(
            entry.name, f"{entry.bytes / 1e6:.0f} MB", entry.licence, "yes" if entry.name in here else ""
        )
    for name in sorted(here - {entry.name for entry in CATALOGUE + EMBEDDERS}):
        table.add_row(name, "", "", "yes")
    out.print(table)


@models_app.command("pull")
def pull_model(name: str) -> None:
    """Download a model from the hub into SCRIBE_MODELS_DIR, and keep its checksums."""
    from asr.models import pull

    settings = read_settings()
    folder = settings.models_dir
    with Progress(TextColumn("{task.description}"), BarColumn(), DownloadColumn(), console=err) as progress:
        tasks: dict[str, TaskID] = {}

        def show(file: str, done: int, total: int) -> None:
            if file not in tasks:
                tasks[file] = progress.add_task(file, total=total)
            progress.update(tasks[file], completed=done, total=total)

        path = pull(name, folder, show)
    out.print(f"{name} is in {path}.")


@models_app.command("verify")
def verify_model(name: str) -> None:
    """Check a model's files against the checksums of when it was pulled."""
    from asr.models import verify

    settings = read_settings()
    folder = settings.models_dir
    mismatches = verify(folder / name)
    if mismatches:
        _fail(f"{name} differs from what was pulled: {', '.join(mismatches)}; pull it again.")
    out.print(f"{name} is as it was pulled.")


def main() -> None:
    """The entry point: known errors become one line and exit status 1."""
    try:
        app()
    except (ScribeError, AsrError, ClientError) as error:
        _print_error(str(error))
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except BaseExceptionGroup as group:
        _print_error("; ".join(str(error) for error in group.exceptions))
        sys.exit(1)


# --- inside ---------------------------------------------------------------------------------------------


def _run(work: Coroutine[Any, Any, None]) -> None:
    with suppress(KeyboardInterrupt):
        asyncio.run(work)


def _ask_server(data_dir: Path | None, ask: Any) -> None:
    settings = read_settings(data_dir=data_dir)

    async def asked() -> None:
        async with (
            serving(settings) as address,
            ScribeClient(address.url, address.token, verify=address.trust) as client,
        ):
            await ask(client)

    asyncio.run(asked())


def _ask_consent(given: str | None) -> str:
    methods = ("written", "electronic", "verbal")
    if given is not None:
        if given not in methods:
            raise BadRequest(f"Expected --consent {', '.join(methods)}; {given!r} came.")
        return given
    if not sys.stdin.isatty():
        raise BadRequest("Consent must be on record before anything is heard; say how with --consent.")
    err.print(f"\nBefore anything is heard, both must have agreed to this:\n  “{SHIPPED.text}”\n")
    if not typer.confirm("Did the clinician and the client agree?", err=True):
        raise BadRequest("Without consent nothing is heard.")
    answer: str = typer.prompt("How (written, electronic, verbal)", default="verbal", err=True)
    return _ask_consent(answer)


def _open(file: Path) -> Any:
    try:
        return file.open("rb")
    except OSError as error:
        raise CannotStart(f"Cannot read {file} ({error.strerror}).") from None


def _say(text: str) -> None:
    if text:
        logging.getLogger("scribe").info(text)


def _print_link(text: str, link: str) -> None:
    err.print(f"{text}\n{link}", markup=False, highlight=False, soft_wrap=True)


def _print_error(text: str) -> None:
    err.print(f"[red]scribe:[/red] {text}", markup=True, highlight=False, soft_wrap=True)


def _fail(text: str) -> NoReturn:
    _print_error(text)
    raise typer.Exit(1)
