"""Keys and sealed values: everything clinical is encrypted before it reaches the store.

Each session has a data key of its own (AES-256-GCM), wrapped by a key-encryption key, which a provider keeps (see
`keys`); destroying the wrapped key destroys what it sealed. What a value belongs to (table, row, column, version)
is bound into it as associated data, so a sealed value cannot be moved to another place.

Layout of a sealed value: 1 byte version, 12 bytes nonce, ciphertext with 16 bytes tag. Nonces are random:
NIST SP 800-38D section 8.3 allows 2**32 of them per key, far more than a session has rows.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from scribe.errors import BadRequest, CannotStart, StoreFailed

KEY_BYTES = 32
NONCE_BYTES = 12
VERSION = b"\x01"


class SessionCipher:
    """Seals and opens the values of one session."""

    def __init__(self, data_key: bytes) -> None:
        self._aead = AESGCM(data_key)

    def seal(self, plain: bytes, *place: str) -> bytes:
        """`plain` encrypted for one place (table, row, column)."""
        nonce = os.urandom(NONCE_BYTES)
        return VERSION + nonce + self._aead.encrypt(nonce, plain, _bound(place))

    def open(self, sealed: bytes, *place: str) -> bytes:
        """What was sealed for that place; raises StoreFailed if it was changed, moved or has another key."""
        nonce, ciphertext = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        if sealed[:1] != VERSION:
            raise StoreFailed("A stored value has an unknown format; it was written by a newer version.")
        try:
            return self._aead.decrypt(nonce, ciphertext, _bound(place))
        except InvalidTag:
            raise StoreFailed(
                f"A stored value of {place[0]} does not decrypt: it was changed, or this is not the key it "
                "was sealed with. Start the server with the data folder's own key."
            ) from None


class Secret:
    """32 random bytes from which other secrets follow."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise CannotStart(f"A key must have {KEY_BYTES} bytes; this one has {len(key)}.")
        self._key = key

    def derive(self, purpose: str) -> bytes:
        """32 bytes for another purpose (RFC 5869), the same at every start."""
        return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose.encode()).derive(self._key)


class PublicKey:
    """What anyone may know of a signing key, and all that verifying takes (Ed25519, RFC 8032)."""

    def __init__(self, raw: bytes) -> None:
        if len(raw) != KEY_BYTES:
            raise BadRequest(f"A public key has {KEY_BYTES} bytes in base64; this one has {len(raw)}.")
        self._raw = raw

    @classmethod
    def parse(cls, text: str) -> PublicKey:
        """The key from its base64; raises BadRequest where it is none."""
        try:
            return cls(base64.b64decode(text, validate=True))
        except (binascii.Error, ValueError):
            raise BadRequest(f"Expected a public key of {KEY_BYTES} bytes in base64.") from None

    @property
    def text(self) -> str:
        """The key in base64."""
        return base64.b64encode(self._raw).decode()

    @property
    def id(self) -> str:
        """The first 16 digits of the key's SHA-256, to tell keys apart."""
        return hashlib.sha256(self._raw).hexdigest()[:16]

    def signed(self, message: str, signature: str) -> bool:
        """Whether the signature (base64) is this key's, over this message."""
        try:
            Ed25519PublicKey.from_public_bytes(self._raw).verify(
                base64.b64decode(signature, validate=True), message.encode()
            )
        except (InvalidSignature, ValueError):
            return False
        return True


class SigningKey:
    """Signs what must be known to come from this server; from a seed of 32 bytes, the same at every start."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = PublicKey(self._key.public_key().public_bytes_raw())

    def sign(self, message: str) -> str:
        """The signature in base64."""
        return base64.b64encode(self._key.sign(message.encode())).decode()


class KeyWrapper(Protocol):
    """What wraps data keys. `key_id` names the key that wraps from now on; others may still unwrap."""

    @property
    def key_id(self) -> str: ...

    def wrap(self, secret: bytes, *place: str) -> bytes:
        """`secret` encrypted for one place, by the key of `key_id`."""

    def unwrap(self, key_id: str | None, wrapped: bytes, *place: str) -> bytes:
        """What was wrapped for that place by that key; raises StoreFailed where that cannot be.

        None is the one key of a store that was written before keys had ids.
        """


class KeyEncryptionKey(Secret):
    """One key that wraps data keys; its id is derived from it and tells nothing about it."""

    def __init__(self, key: bytes) -> None:
        super().__init__(key)
        self.key_id = self.derive("key id")[:8].hex()

    def wrap(self, secret: bytes, *place: str) -> bytes:
        """See `KeyWrapper.wrap`."""
        return SessionCipher(self._key).seal(secret, *place)

    def unwrap(self, key_id: str | None, wrapped: bytes, *place: str) -> bytes:
        """See `KeyWrapper.unwrap`."""
        if key_id not in (None, self.key_id):
            raise unknown_key(key_id, (self.key_id,))
        return SessionCipher(self._key).open(wrapped, *place)


def new_data_key(keys: KeyWrapper, *place: str) -> tuple[SessionCipher, bytes]:
    """A fresh data key as a cipher, and the same key wrapped for its place in the store."""
    data_key = AESGCM.generate_key(bit_length=256)
    return SessionCipher(data_key), keys.wrap(data_key, *place)


def unknown_key(key_id: str | None, here: Iterable[str]) -> StoreFailed:
    """The error for what was wrapped by a key that is not at hand."""
    return StoreFailed(
        f"What was asked for is wrapped by the key {key_id or 'of an older version'}, and at hand is "
        f"{', '.join(sorted(here)) or 'none'}; give that key."
    )


SCRYPT_COST = 2**17
"""Of RFC 7914, with blocks of 8: 128 MiB and about half a second for each guess (OWASP's advice for scrypt)."""
SALT_BYTES = 16


def passphrase_key(passphrase: str, salt: bytes) -> KeyEncryptionKey:
    """The key that a passphrase stands for."""
    scrypt = Scrypt(salt=salt, length=KEY_BYTES, n=SCRYPT_COST, r=8, p=1)
    return KeyEncryptionKey(scrypt.derive(passphrase.encode()))


def encode_key(key: bytes) -> str:
    """A key as settings and files hold it."""
    return base64.b64encode(key).decode()


def decode_key(text: str, name: str) -> bytes:
    """The key of a setting or a file of that name; raises CannotStart where it is none."""
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise CannotStart(f"{name} must hold {KEY_BYTES} bytes in base64.")
    return key


def write_private(path: Path, text: str) -> None:
    """A new file that only its owner can read, never readable by others, not even for a moment."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable (POSIX keeps them apart from what the files hold)."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def require_private(path: Path) -> None:
    """Raise CannotStart where a secret can be read by others."""
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise CannotStart(
            f"The file {path.name} in the data folder can be read by others; run `chmod 600` on it."
        )


def _bound(place: tuple[str, ...]) -> bytes:
    # A separator that no id can hold (see scribe.session.Identifier) keeps ("a", "bc") apart from ("ab", "c").
    return "\x1f".join(place).encode()
