"""Stand-ins for what a site brings itself; they keep the promises of the Protocol they stand for."""

from __future__ import annotations

import os

from scribe.crypto import KEY_BYTES, KeyEncryptionKey, unknown_key


class FakeKms:
    """A `KeyProvider` as a key management service is: its keys never leave it, and every use is counted."""

    name = "fake KMS"

    def __init__(self) -> None:
        self._versions: list[KeyEncryptionKey] = []
        self._renewing = False
        self.uses = 0

    @property
    def key_id(self) -> str:
        return self.key_ids[0]

    @property
    def key_ids(self) -> tuple[str, ...]:
        return tuple(version.key_id for version in reversed(self._versions))

    def wrap(self, secret: bytes, *place: str) -> bytes:
        self.uses += 1
        return self._versions[-1].wrap(secret, *place)

    def unwrap(self, key_id: str | None, wrapped: bytes, *place: str) -> bytes:
        self.uses += 1
        for version in self._versions:
            if version.key_id == key_id:
                return version.unwrap(key_id, wrapped, *place)
        raise unknown_key(key_id, self.key_ids)

    def renew(self) -> None:
        if not self._renewing:
            self._renewing = bool(self._versions)
            self._versions.append(KeyEncryptionKey(os.urandom(KEY_BYTES)))

    def retire(self) -> str:
        self._renewing = False
        self._versions = self._versions[-1:]
        return ""
