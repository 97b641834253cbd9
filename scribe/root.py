"""The server's root secret: random, wrapped by the key-encryption key, and what all its other secrets derive from.

It outlives every rotation of that key, and so do the tokens and the signatures that hang on it.
"""

from __future__ import annotations

import os

import sqlalchemy as sa

from scribe.crypto import KEY_BYTES, KeyWrapper, Secret
from scribe.tables import secrets

ROOT = "root"


def root_secret(connection: sa.Connection, keys: KeyWrapper) -> Secret:
    """The secret of this store, made where there is none; raises StoreFailed where the keys are not its own."""
    row = connection.execute(sa.select(secrets).where(secrets.c.name == ROOT)).first()
    if row is not None:
        return Secret(keys.unwrap(row.key_id, row.wrapped, "secrets", ROOT, "wrapped"))
    root = os.urandom(KEY_BYTES)
    wrapped = keys.wrap(root, "secrets", ROOT, "wrapped")
    connection.execute(sa.insert(secrets).values(name=ROOT, key_id=keys.key_id, wrapped=wrapped))
    return Secret(root)
