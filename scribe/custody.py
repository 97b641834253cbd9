"""The data folder in the hands of one command: its database, keys, store and audit, without a server's answer.

For what is done to a store as a whole: rotating keys, purging, saving and bringing back. Whoever may read the data
folder may do it; the audit says that it was done at the command line.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from scribe.app import hold, open_data_dir, open_database, utc_now
from scribe.audit import Audit
from scribe.config import Settings
from scribe.database import Database
from scribe.errors import CannotStart
from scribe.keys import KeyRing, load_keys
from scribe.local import held
from scribe.store import Store
from scribe.tombstones import tombstone_file
from scribe.vault import Vault

ACTOR = "command-line"


@dataclass(frozen=True, slots=True)
class Custody:
    """What a command works with."""

    folder: Path
    database: Database
    keys: KeyRing
    store: Store
    vault: Vault

    def record(self, action: str, **figures: str | int) -> None:
        """One row of the audit, by the command line."""
        self.audit().record(ACTOR, action, "", **figures)

    def audit(self) -> Audit:
        """The audit of the store as it is now; a store that was brought back has another."""
        return Audit(self.database, utc_now, self.store.signing_key)


@contextmanager
def custody(settings: Settings, *, alone: bool, fresh: bool = False) -> Iterator[Custody]:
    """The parts of one data folder; raises CannotStart where there is none, unless it may be `fresh`.

    `alone` keeps servers out for as long as the block runs, and is refused while one holds the folder. A store of
    an older version is brought up to date first, by the server where one runs.
    """
    folder = settings.data_dir
    if not fresh and not folder.exists():
        raise CannotStart(f"There is no data folder {folder}; name another with --data-dir.")
    open_data_dir(folder)
    served = not alone and held(folder)
    with nullcontext() if served else hold(folder):
        keys = load_keys(settings, folder)
        with closing(open_database(settings, folder)) as database:
            store = Store(database, keys, tombstone_file(folder))
            if not served:
                store.migrate()
            yield Custody(folder, database, keys, store, Vault(database, keys))
