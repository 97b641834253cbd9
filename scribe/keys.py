"""Who keeps the key-encryption key: a file, the environment, the operating system's keyring, or a service.

A `KeyProvider` wraps and unwraps data keys by key id, so that the key itself need never be here (a KMS, Vault).
The three that ship keep one key, and during a rotation a second one; both unwrap until the first is destroyed.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Protocol

from scribe import os_keyring
from scribe.config import Settings
from scribe.crypto import (
    KEY_BYTES,
    KeyEncryptionKey,
    KeyWrapper,
    decode_key,
    encode_key,
    require_private,
    sync_folder,
    unknown_key,
    write_private,
)
from scribe.errors import CannotStart

SERVICE = "ambient-scribe"
"""Under which the operating system's keyring keeps our keys."""


class KeyProvider(KeyWrapper, Protocol):
    """A `KeyWrapper` whose key can be renewed; shared by all calls, thread-safe.

    The order of a rotation: `renew`, every data key wrapped anew, `retire`. It may be cut off between any two
    steps and begun again. A provider without a key has no `key_ids`; `renew` gives it its first.
    """

    @property
    def name(self) -> str:
        """What keeps the key, for a person."""

    @property
    def key_ids(self) -> tuple[str, ...]:
        """The keys that can unwrap now, the one that wraps first."""

    def renew(self) -> None:
        """A new key wraps from now on; does nothing where one waits already. Raises CannotStart."""

    def retire(self) -> str:
        """Destroy every key but the one that wraps; a sentence on what is left to do by hand, or nothing."""


class KeyPlace(Protocol):
    """Where a `KeyRing` keeps its key and, during a rotation, the new one."""

    name: str

    def read(self, *, new: bool) -> bytes | None: ...

    def write(self, key: bytes, *, new: bool) -> None: ...

    def promote(self) -> str:
        """The new key takes the place of the other, which is destroyed; says what is left to do by hand."""


class KeyRing:
    """A provider whose keys are here, in memory and in their place."""

    def __init__(self, place: KeyPlace) -> None:
        self.name = place.name
        self._place = place
        current, new = (self._read(new=new) for new in (False, True))
        # During a rotation the new key wraps, so that nothing has to be wrapped twice.
        self._keys = {key.key_id: key for key in (new, current) if key is not None}
        self._renewing = new is not None

    @property
    def key_id(self) -> str:
        """See `KeyWrapper`; raises CannotStart where there is no key yet."""
        if not self._keys:
            raise CannotStart("There is no key yet; the first start of the server makes one.")
        return self.key_ids[0]

    @property
    def key_ids(self) -> tuple[str, ...]:
        """See `KeyProvider`."""
        return tuple(self._keys)

    def wrap(self, secret: bytes, *place: str) -> bytes:
        """See `KeyWrapper`."""
        return self._keys[self.key_id].wrap(secret, *place)

    def unwrap(self, key_id: str | None, wrapped: bytes, *place: str) -> bytes:
        """See `KeyWrapper`."""
        for key in reversed(self._keys.values()):
            # What has no id was wrapped before there was any rotation: by the older key.
            if key_id in (None, key.key_id):
                return key.unwrap(key_id, wrapped, *place)
        raise unknown_key(key_id, self.key_ids)

    def renew(self) -> None:
        """See `KeyProvider`."""
        if self._renewing:
            return
        key = os.urandom(KEY_BYTES)
        self._renewing = bool(self._keys)
        self._place.write(key, new=self._renewing)
        fresh = KeyEncryptionKey(key)
        self._keys = {fresh.key_id: fresh, **self._keys}

    def retire(self) -> str:
        """See `KeyProvider`."""
        if not self._renewing:
            return ""
        self._renewing = False
        self._keys = {self.key_id: self._keys[self.key_id]}
        return self._place.promote()

    def export(self) -> bytes:
        """The key that wraps, for a backup that brings its key along."""
        key = self._place.read(new=self._renewing)
        assert key is not None
        return key

    def _read(self, *, new: bool) -> KeyEncryptionKey | None:
        key = self._place.read(new=new)
        return None if key is None else KeyEncryptionKey(key)


class FilePlace:
    """The file `key` in the data folder, and `key.new` during a rotation; both mode 0600."""

    name = "file"

    def __init__(self, folder: Path) -> None:
        self._current, self._new = folder / "key", folder / "key.new"

    def read(self, *, new: bool) -> bytes | None:
        path = self._new if new else self._current
        if not path.exists():
            return None
        require_private(path)
        return decode_key(path.read_text(), path.name)

    def write(self, key: bytes, *, new: bool) -> None:
        path = self._new if new else self._current
        # Written whole under another name first: a file that was cut off is no key, and would be in the way.
        partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        write_private(partial, encode_key(key) + "\n")
        try:
            # Unlike a rename this never takes the place of a key that another process made meanwhile.
            path.hardlink_to(partial)
        except FileExistsError:
            raise CannotStart(f"Another process just made {path.name}; try again.") from None
        finally:
            partial.unlink()
        sync_folder(path.parent)

    def promote(self) -> str:
        with self._current.open("r+b") as old:
            self._new.replace(self._current)
            sync_folder(self._current.parent)
            # The bytes of the old key as well as its name; a disk that copies on write keeps them nonetheless.
            old.write(bytes(os.fstat(old.fileno()).st_size))
            old.flush()
            os.fsync(old.fileno())
        return ""


class EnvironmentPlace:
    """SCRIBE_KEY, and SCRIBE_NEW_KEY during a rotation; whoever sets the environment keeps them."""

    name = "environment"

    def __init__(self, key: str | None, new: str | None) -> None:
        self._current = None if key is None else decode_key(key, "SCRIBE_KEY")
        self._new = None if new is None else decode_key(new, "SCRIBE_NEW_KEY")
        if self._current is None:
            raise CannotStart(
                "The key is to come from the environment; set SCRIBE_KEY to 32 bytes in base64."
            )
        if self._new == self._current:
            self._new = None

    def read(self, *, new: bool) -> bytes | None:
        return self._new if new else self._current

    def write(self, key: bytes, *, new: bool) -> None:  # noqa: ARG002 - nobody can write an environment
        raise CannotStart(
            "The key comes from the environment; set SCRIBE_NEW_KEY to the new one "
            "(32 bytes in base64, as `openssl rand -base64 32` makes them) beside SCRIBE_KEY, then rotate."
        )

    def promote(self) -> str:
        return "Set SCRIBE_KEY to what SCRIBE_NEW_KEY holds, unset SCRIBE_NEW_KEY, and destroy the old key."


class KeyringPlace:
    """The operating system's keyring; the file `key.keyring` in the data folder says under which name."""

    name = "keyring"

    def __init__(self, folder: Path) -> None:
        self._path = keyring_file(folder)

    def read(self, *, new: bool) -> bytes | None:
        if not self._path.exists():
            return None
        text = os_keyring.read(SERVICE, self._entry(new))
        return None if text is None else decode_key(text, "The entry in the keyring")

    def write(self, key: bytes, *, new: bool) -> None:
        if not self._path.exists():
            write_private(self._path, secrets.token_hex(8) + "\n")
        os_keyring.write(SERVICE, self._entry(new), encode_key(key))

    def promote(self) -> str:
        key = self.read(new=True)
        assert key is not None
        self.write(key, new=False)
        os_keyring.remove(SERVICE, self._entry(True))
        return ""

    def _entry(self, new: bool) -> str:
        return self._path.read_text().strip() + (".new" if new else "")


def keyring_file(folder: Path) -> Path:
    """The file that is there where the operating system's keyring keeps the key."""
    return folder / "key.keyring"


def load_keys(settings: Settings, folder: Path) -> KeyRing:
    """The keys of a data folder, none where it has none yet; raises CannotStart where they cannot be read."""
    key, new = (secret.get_secret_value() if secret else None for secret in (settings.key, settings.new_key))
    chosen = settings.key_provider
    if chosen == "environment" or (chosen == "auto" and key is not None):
        return KeyRing(EnvironmentPlace(key, new))
    if chosen == "keyring" or (chosen == "auto" and keyring_file(folder).exists()):
        return KeyRing(KeyringPlace(folder))
    return file_keys(folder)


def file_keys(folder: Path) -> KeyRing:
    """The keys in a data folder's own files."""
    return KeyRing(FilePlace(folder))
