"""`scribe purge`, `backup` and `restore` on the command line: what is kept, and how it is brought back."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from scribe.app import utc_now
from scribe.backup import restore as bring_back
from scribe.backup import save, wrap_key
from scribe.config import read_settings
from scribe.custody import ACTOR, Custody, custody
from scribe.errors import BadRequest
from scribe.purge import Purge, retention_of
from scribe.tombstones import read_tombstones, tombstone_file

out = Console()
err = Console(stderr=True)

DataDir = Annotated[Path | None, typer.Option("--data-dir", help="Folder of the encrypted store.")]


def purge(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say only what would be destroyed.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For other programs.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Destroy now what its retention time is over for; a running server does it every hour."""
    settings = read_settings(data_dir=data_dir)
    with custody(settings, alone=False) as here:
        here.vault.open()
        report = Purge(here.store, here.audit(), retention_of(settings), utc_now, ACTOR).run(dry_run=dry_run)
    if as_json:
        print(json.dumps(report.as_json()))  # noqa: T201 - for other programs
        return
    verb = "Would be destroyed" if dry_run else "Destroyed"
    for what, ids in (
        ("transcripts of signed sessions", report.transcripts),
        ("signed sessions with their notes", report.notes),
        ("sessions that were never signed", report.unsigned),
    ):
        out.print(f"{verb}: {len(ids)} {what}{': ' if ids else ''}{', '.join(ids)}", highlight=False)


def backup(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not be there yet.")],
    with_key: Annotated[
        bool, typer.Option("--with-key", help="Bring the key along, wrapped by a passphrase.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Save the whole store to a file; what is encrypted stays so. A server may be running."""
    with custody(read_settings(data_dir=data_dir), alone=False) as here:
        here.vault.open()
        carried = _carried(here) if with_key else None
        with _progress("Saving") as told:
            saved = save(here.database, file, utc_now(), told, carried)
        here.record("backup made", rows=saved.rows, sha256=saved.sha256, with_key=int(with_key))
        key_id = here.keys.key_id
    out.print(f"{saved.rows} rows in {file}, SHA-256 {saved.sha256}", highlight=False, soft_wrap=True)
    if not with_key:
        out.print(f"The key {key_id} is not in it; keep that apart, without it nothing opens the backup.")


def restore(
    file: Annotated[Path, typer.Argument(help="A file that `scribe backup` wrote.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="In place of what the store holds, which is destroyed.")
    ] = False,
    data_dir: DataDir = None,
) -> None:
    """Bring a backup back into an empty store; what was destroyed since stays destroyed."""
    with custody(read_settings(data_dir=data_dir), alone=True, fresh=True) as here:
        with _progress("Bringing back") as told:
            restored = bring_back(
                here.database,
                here.keys,
                file,
                told,
                destroyed=read_tombstones(tombstone_file(here.folder)),
                passphrase=lambda: _ask("The backup's passphrase"),
                replace=replace,
            )
        here.vault.open()
        here.store.note_destroyed()
        again = restored.destroyed_again
        here.record("backup restored", rows=restored.rows, destroyed_again=again)
    out.print(f"{restored.sessions} sessions are back, {restored.rows} rows.")
    if restored.destroyed_again:
        count = restored.destroyed_again
        out.print(f"{count} sessions of it were destroyed since, wholly or in part, and stay so.")
    if not restored.kept_audit:
        out.print("The audit is that of the backup: the one that was here is another's or was lost.")


def _carried(here: Custody) -> dict[str, str]:
    if len(here.keys.key_ids) > 1:
        raise BadRequest("A rotation of the keys was cut off; end it with `scribe keys rotate` first.")
    passphrase = _ask("Passphrase for the key in the backup")
    if _ask("The same again") != passphrase:
        raise BadRequest("The two passphrases differ; nothing was written.")
    return wrap_key(here.keys.export(), passphrase)


def _ask(text: str) -> str:
    if sys.stdin.isatty():
        answer: str = typer.prompt(text, hide_input=True, err=True)
        return answer
    return sys.stdin.readline().rstrip("\n")


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
