"""Keys and sealed values: everything clinical is encrypted before it reaches the store.

Each session has a data key of its own (AES-256-GCM), wrapped by the key-encryption key; destroying the
wrapped key destroys what it sealed. What a value belongs to (table, row, column, version) is bound into it as
associated data, so a sealed value cannot be moved to another place.

Layout of a sealed value: 1 byte version, 12 bytes nonce, ciphertext with 16 bytes tag. Nonces are random:
NIST SP 800-38D section 8.3 allows 2**32 of them per key, far more than a session has rows.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from pathlib import Path

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

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


class KeyEncryptionKey:
    """The one key that wraps all data keys, and the root of the server's other secrets."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise CannotStart(f"The key-encryption key must have {KEY_BYTES} bytes; this one has {len(key)}.")
        self._key = key

    def new_data_key(self, session_id: str) -> tuple[SessionCipher, bytes]:
        """A fresh data key as a cipher, and the same key wrapped for the store."""
        data_key = AESGCM.generate_key(bit_length=256)
        return SessionCipher(data_key), SessionCipher(self._key).seal(
            data_key, "sessions", session_id, "data_key"
        )

    def unwrap(self, wrapped: bytes, session_id: str) -> SessionCipher:
        """The cipher of a session from its wrapped key."""
        return SessionCipher(SessionCipher(self._key).open(wrapped, "sessions", session_id, "data_key"))

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


def load_key(given: str | None, folder: Path) -> KeyEncryptionKey:
    """The key from the setting if it is given, else from the folder, else a new one kept there (mode 0600)."""
    if given is not None:
        return KeyEncryptionKey(_decode(given, "SCRIBE_KEY"))
    path = folder / "key"
    if path.exists():
        require_private(path)
        return KeyEncryptionKey(_decode(path.read_text().strip(), path.name))
    key = os.urandom(KEY_BYTES)
    write_private(path, base64.b64encode(key).decode() + "\n")
    return KeyEncryptionKey(key)


def write_private(path: Path, text: str) -> None:
    """A new file that only its owner can read, never readable by others, not even for a moment."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def require_private(path: Path) -> None:
    """Raise CannotStart where a secret can be read by others."""
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise CannotStart(
            f"The file {path.name} in the data folder can be read by others; run `chmod 600` on it."
        )


def _decode(text: str, name: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise CannotStart(f"{name} must hold {KEY_BYTES} bytes in base64.") from None


def _bound(place: tuple[str, ...]) -> bytes:
    # A separator that no id can hold (see scribe.session.Identifier) keeps ("a", "bc") apart from ("ab", "c").
    return "\x1f".join(place).encode()
