"""The operating system's keyring: Secret Service, KWallet, macOS Keychain, Windows Credential Locker.

The one door of `keyring`, which comes with the extra of that name.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from scribe.errors import CannotStart

try:
    import keyring
    from keyring.errors import KeyringError
except ImportError:  # the extra is not installed
    keyring = None  # type: ignore[assignment]  # the absence is looked at before every use
    KeyringError = RuntimeError  # type: ignore[assignment, misc]


def read(service: str, entry: str) -> str | None:
    """What the keyring holds under that name; raises CannotStart where there is no keyring or it stays locked."""
    with _refusals():
        return keyring.get_password(service, entry)


def write(service: str, entry: str, text: str) -> None:
    """Keep it under that name, and read it back: a keyring that forgets must not be trusted with a key."""
    with _refusals():
        keyring.set_password(service, entry, text)
        if keyring.get_password(service, entry) != text:
            raise CannotStart("The operating system's keyring did not keep the key; use another provider.")


def remove(service: str, entry: str) -> None:
    """Destroy what stands under that name; nothing where nothing does."""
    with _refusals():
        if keyring.get_password(service, entry) is not None:
            keyring.delete_password(service, entry)


@contextmanager
def _refusals() -> Iterator[None]:
    if keyring is None:
        raise CannotStart(
            "The operating system's keyring needs a library that is not here; "
            'pip install "ambient-scribe[keyring]", or set SCRIBE_KEY_PROVIDER=file.'
        )
    try:
        yield
    except KeyringError as error:
        raise CannotStart(
            f"The operating system's keyring refused ({type(error).__name__}); unlock it, or choose another "
            "provider with SCRIBE_KEY_PROVIDER."
        ) from None
