"""`scribe keys` on the command line: which keys there are, and a new one in place of the old."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from scribe.config import read_settings
from scribe.custody import Custody, custody

keys_app = typer.Typer(help="The key-encryption key, on which every session hangs.", no_args_is_help=True)
out = Console()
err = Console(stderr=True)

DataDir = Annotated[Path | None, typer.Option("--data-dir", help="Folder of the encrypted store.")]


@keys_app.command()
def show(
    as_json: Annotated[bool, typer.Option("--json", help="For other programs.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Show the ids of the keys, what keeps them, and how many sessions hang on each."""
    with custody(read_settings(data_dir=data_dir), alone=False) as here:
        here.vault.open()
        counts = here.vault.sessions_by_key()
        rows = [
            {"key": key_id, "wraps": number == 0, "sessions": counts.get(key_id, 0)}
            for number, key_id in enumerate(here.keys.key_ids)
        ]
        provider = here.keys.name
    if as_json:
        print(json.dumps({"provider": provider, "keys": rows}))  # noqa: T201 - for other programs
        return
    table = Table("Key", "Kept by", "Sessions", "Wraps new sessions")
    for row in rows:
        table.add_row(str(row["key"]), provider, str(row["sessions"]), "yes" if row["wraps"] else "")
    out.print(table)
    if len(rows) > 1:
        out.print("A rotation was cut off; `scribe keys rotate` ends it.")


@keys_app.command()
def rotate(data_dir: DataDir = None) -> None:
    """Put a new key in place of the old one, which is destroyed; no session's words are touched."""
    with custody(read_settings(data_dir=data_dir), alone=True) as here:
        here.vault.open()
        done, left = rotated(here)
        key_id = here.keys.key_id
    out.print(f"{done} wrapped keys now hang on the key {key_id}. {left or 'The old key is destroyed.'}")


def rotated(here: Custody) -> tuple[int, str]:
    """Every step of a rotation, in an order that may be cut off anywhere; what is left to do by hand comes back."""
    old = here.keys.key_ids[-1]
    # First of all: no log, no new key.
    here.record("key rotation begun", old_key=old)
    here.keys.renew()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        task = progress.add_task("Wrapping", total=None)
        done = here.vault.rewrap(lambda count, total: progress.update(task, completed=count, total=total))
    left = here.keys.retire()
    here.record("keys rotated", old_key=old, new_key=here.keys.key_id, wrapped=done)
    return done, left
