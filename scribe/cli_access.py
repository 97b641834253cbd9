"""`scribe access` on the command line: platforms and their API keys, accounts, who supervises whom.

Goes straight to the store, whether or not a server runs on it; whoever can read the data folder administers it. What is
changed is audited. A key is printed once, on standard output and nowhere else.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from scribe.access import KeyScope
from scribe.accounts import KEY_LIFE, Accounts, ApiKey
from scribe.app import utc_now
from scribe.audit import Audit
from scribe.config import read_settings
from scribe.custody import ACTOR, custody
from scribe.errors import BadRequest

app = typer.Typer(
    help="Who may call this server in organisation mode: platforms, keys, accounts.", no_args_is_help=True
)
err = Console(stderr=True)

DataDir = Annotated[Path | None, typer.Option("--data-dir", help="Folder of the encrypted store.")]


@app.command("add-platform")
def add_platform(
    label: Annotated[str, typer.Argument(help="What you call it; kept sealed.")], data_dir: DataDir = None
) -> None:
    """Make an account for a platform; give it a key with `create-key`."""
    with _opened(data_dir) as (accounts, audit):
        account_id = accounts.add_platform(label, utc_now())
        audit.record(ACTOR, "platform added", account=account_id)
    _print(account_id)


@app.command("create-key")
def create_key(
    account: Annotated[str, typer.Argument(help="Account id of the platform.")],
    scope: Annotated[
        list[str] | None,
        typer.Option(
            help="sessions (begin, stream, consents) or read (transcripts, notes); may be repeated."
        ),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=3650, help="Days until it expires.")] = KEY_LIFE.days,
    data_dir: DataDir = None,
) -> None:
    """Make an API key; it is printed once."""
    try:
        scopes = frozenset(map(KeyScope, scope or [KeyScope.SESSIONS]))
    except ValueError:
        raise BadRequest(f"Expected --scope {' or '.join(KeyScope)}; another one came.") from None
    with _opened(data_dir) as (accounts, audit):
        key = accounts.create_key(account, scopes, utc_now(), timedelta(days=days))
        audit.record(ACTOR, "key created", account=account, key=key.split("_")[1], days=days)
    _print(key)
    err.print("Keep it now; it cannot be shown again.")


@app.command("list")
def list_accounts(data_dir: DataDir = None) -> None:
    """List accounts and keys."""
    with _opened(data_dir) as (accounts, _):
        found = accounts.all()
    for account in found:
        what = "person" if account.is_person else f"platform {account.label}"
        state = " (disabled)" if account.disabled_at else ""
        _print(f"{account.id}  {what}: {' '.join(sorted(account.roles))}{state}")
        for clinician in sorted(account.supervises):
            _print(f"    supervises {clinician}")
        for key in account.keys:
            _print(f"    key {_key_line(key)}")
    if not found:
        err.print("No accounts yet: persons get theirs when they first sign in.")


@app.command("revoke")
def revoke(
    key: Annotated[str, typer.Argument(help="Id of the key, the part after `sk_`.")], data_dir: DataDir = None
) -> None:
    """Revoke an API key; it is good for nothing from now on."""
    with _opened(data_dir) as (accounts, audit):
        accounts.revoke_key(key, utc_now())
        audit.record(ACTOR, "key revoked", key=key)
    err.print("Revoked.")


@app.command("disable")
def disable(account: Annotated[str, typer.Argument(help="Account id.")], data_dir: DataDir = None) -> None:
    """Disable an account: its sign-ins and keys end now, its sessions stay."""
    with _opened(data_dir) as (accounts, audit):
        accounts.disable(account, utc_now())
        audit.record(ACTOR, "account disabled", account=account)
    err.print("Disabled.")


@app.command("supervise")
def supervise(
    supervisor: Annotated[str, typer.Argument(help="Account id of the supervisor.")],
    clinician: Annotated[str, typer.Argument(help="Account id of the clinician.")],
    end: Annotated[bool, typer.Option("--end", help="End it instead.")] = False,
    data_dir: DataDir = None,
) -> None:
    """Let a supervisor read a clinician's sessions, or end that."""
    with _opened(data_dir) as (accounts, audit):
        accounts.supervise(supervisor, clinician, ended=end)
        action = "supervision ended" if end else "supervision begun"
        audit.record(ACTOR, action, supervisor=supervisor, clinician=clinician)
    err.print("Ended." if end else "Done.")


@contextmanager
def _opened(data_dir: Path | None) -> Iterator[tuple[Accounts, Audit]]:
    with custody(read_settings(data_dir=data_dir), alone=False, fresh=True) as here:
        yield Accounts(here.database, here.vault.open()), here.audit()


def _key_line(key: ApiKey) -> str:
    state = "revoked" if key.revoked_at else "expired" if key.expires_at <= utc_now() else "good"
    used = f"used {key.last_used_at:%Y-%m-%d}" if key.last_used_at else "never used"
    return f"{key.id} {state} until {key.expires_at:%Y-%m-%d} ({' '.join(sorted(key.scopes))}; {used})"


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
