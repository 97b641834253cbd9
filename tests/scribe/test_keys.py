"""Key providers: one contract for all of them, and what each does in its own way."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import keyring
import keyring.backend
import keyring.errors
import pytest

from scribe.config import Settings, read_settings
from scribe.errors import CannotStart, StoreFailed
from scribe.keys import EnvironmentPlace, KeyProvider, KeyRing, KeyringPlace, file_keys, load_keys
from scribe.testing import FakeKms

PLACE = ("sessions", "s1", "data_key")
Open = Callable[[], KeyProvider]


class Chain(keyring.backend.KeyringBackend):
    """A keyring of the operating system, as the library lets one be put in."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.entries[service, username]


@pytest.fixture
def chain() -> Iterator[Chain]:
    before, chain = keyring.get_keyring(), Chain()
    keyring.set_keyring(chain)
    yield chain
    keyring.set_keyring(before)


def new_key() -> str:
    return base64.b64encode(os.urandom(32)).decode()


@pytest.fixture(params=["file", "environment", "keyring", "fake KMS"])
def provider(request: pytest.FixtureRequest, tmp_path: Path, chain: Chain) -> Open:
    """Open the same provider again, as another start would; the environment already holds the key to rotate to."""
    kms = FakeKms()
    keys = (new_key(), new_key())
    opened: dict[str, Open] = {
        "file": lambda: file_keys(tmp_path),
        "environment": lambda: KeyRing(EnvironmentPlace(*keys)),
        "keyring": lambda: KeyRing(KeyringPlace(tmp_path)),
        "fake KMS": lambda: kms,
    }
    return opened[request.param]


def test_what_a_provider_wraps_it_unwraps_at_its_place_after_another_start(provider: Open) -> None:
    keys = provider()
    if not keys.key_ids:
        keys.renew()
    wrapped, key_id = keys.wrap(b"a data key", *PLACE), keys.key_id
    assert b"a data key" not in wrapped
    again = provider()
    assert again.unwrap(key_id, wrapped, *PLACE) == b"a data key"
    with pytest.raises(StoreFailed):
        again.unwrap(key_id, wrapped, "sessions", "s2", "data_key")
    with pytest.raises(StoreFailed, match="0123456789abcdef"):
        again.unwrap("0123456789abcdef", wrapped, *PLACE)


def test_during_a_rotation_both_keys_unwrap_and_the_new_one_wraps(provider: Open) -> None:
    keys = provider()
    if not keys.key_ids:
        keys.renew()
    old = keys.key_ids[-1]
    keys.renew()
    assert len(keys.key_ids) == 2
    assert keys.key_id != old
    renewed = keys.key_id
    keys.renew()
    assert keys.key_id == renewed, "a rotation that is under way is gone on with"
    wrapped = keys.wrap(b"a data key", *PLACE)
    assert provider().unwrap(renewed, wrapped, *PLACE) == b"a data key"
    keys.retire()
    assert keys.key_ids == (renewed,)
    assert keys.unwrap(renewed, wrapped, *PLACE) == b"a data key"
    with pytest.raises(StoreFailed, match=old):
        keys.unwrap(old, wrapped, *PLACE)


def test_retiring_without_a_renewal_destroys_nothing(provider: Open) -> None:
    keys = provider()
    if not keys.key_ids:
        keys.renew()
    keys.renew()
    keys.retire()
    key_id = keys.key_id
    assert keys.retire() == ""
    assert keys.key_ids == (key_id,)


def test_a_key_is_made_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    first = file_keys(tmp_path)
    assert first.key_ids == ()
    first.renew()
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    assert file_keys(tmp_path).key_id == first.key_id
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_two_processes_that_start_at_once_do_not_take_each_others_key(tmp_path: Path) -> None:
    first, second = file_keys(tmp_path), file_keys(tmp_path)
    first.renew()
    with pytest.raises(CannotStart, match="try again"):
        second.renew()
    assert file_keys(tmp_path).key_id == first.key_id


@pytest.mark.parametrize("name", ["key", "key.new"])
def test_a_key_that_others_can_read_is_refused(name: str, tmp_path: Path) -> None:
    keys = file_keys(tmp_path)
    keys.renew()
    keys.renew()
    (tmp_path / name).chmod(0o644)
    with pytest.raises(CannotStart, match="chmod 600"):
        file_keys(tmp_path)


def test_retiring_a_file_leaves_no_byte_of_the_old_key_in_it(tmp_path: Path) -> None:
    keys = file_keys(tmp_path)
    keys.renew()
    (tmp_path / "second name").hardlink_to(tmp_path / "key")
    old = (tmp_path / "key").read_bytes()
    keys.renew()
    keys.retire()
    assert old.strip(b"\n") not in b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert set((tmp_path / "second name").read_bytes()) == {0}
    assert file_keys(tmp_path).key_ids == keys.key_ids


@pytest.mark.parametrize("given", ["not base64!", "c2hvcnQ="])
@pytest.mark.parametrize("name", ["key", "new_key"])
def test_a_key_that_is_none_is_refused(given: str, name: str, tmp_path: Path) -> None:
    settings = read_settings(**{"key": new_key(), name: given})
    with pytest.raises(CannotStart, match=f"SCRIBE_{name.upper()} must hold 32 bytes"):
        load_keys(settings, tmp_path)


def chosen(tmp_path: Path, **settings: str) -> str:
    return load_keys(Settings(**settings), tmp_path).name  # type: ignore[arg-type]


def test_the_provider_is_found_unless_it_is_named(tmp_path: Path, chain: Chain) -> None:
    assert chosen(tmp_path) == "file"
    assert chosen(tmp_path, key=new_key()) == "environment"
    assert chosen(tmp_path, key_provider="keyring") == "keyring"
    assert chosen(tmp_path) == "file", "asking alone leaves nothing behind"
    load_keys(Settings(key_provider="keyring"), tmp_path).renew()
    assert chosen(tmp_path) == "keyring", "where a keyring was used it is used again"
    assert chosen(tmp_path, key_provider="file") == "file"
    with pytest.raises(CannotStart, match="SCRIBE_KEY"):
        chosen(tmp_path, key_provider="environment")


def test_an_environment_without_a_new_key_says_how_to_rotate(tmp_path: Path) -> None:
    keys = load_keys(Settings(key=new_key()), tmp_path)  # type: ignore[arg-type]
    with pytest.raises(CannotStart, match="SCRIBE_NEW_KEY"):
        keys.renew()
    both = KeyRing(EnvironmentPlace(new_key(), new_key()))
    both.renew()
    assert "unset SCRIBE_NEW_KEY" in both.retire()
    assert list(tmp_path.iterdir()) == []


def test_two_data_folders_have_two_keys_in_one_keyring(tmp_path: Path, chain: Chain) -> None:
    ids = set()
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        keys = KeyRing(KeyringPlace(tmp_path / name))
        keys.renew()
        ids.add(keys.key_id)
    assert len(ids) == len(chain.entries) == 2


def test_a_rotation_of_a_keyring_leaves_one_entry(tmp_path: Path, chain: Chain) -> None:
    keys = KeyRing(KeyringPlace(tmp_path))
    keys.renew()
    keys.renew()
    assert len(chain.entries) == 2
    keys.retire()
    assert len(chain.entries) == 1
    assert KeyRing(KeyringPlace(tmp_path)).key_ids == keys.key_ids


def test_a_machine_without_a_keyring_is_told_so(tmp_path: Path) -> None:
    from keyring.backends.fail import Keyring

    before = keyring.get_keyring()
    keyring.set_keyring(Keyring())
    try:
        with pytest.raises(CannotStart, match="SCRIBE_KEY_PROVIDER"):
            KeyRing(KeyringPlace(tmp_path)).renew()
    finally:
        keyring.set_keyring(before)


def test_a_keyring_that_forgets_is_not_trusted(tmp_path: Path) -> None:
    class Forgetful(Chain):
        def set_password(self, service: str, username: str, password: str) -> None:
            pass

    before = keyring.get_keyring()
    keyring.set_keyring(Forgetful())
    try:
        with pytest.raises(CannotStart, match="did not keep"):
            KeyRing(KeyringPlace(tmp_path)).renew()
    finally:
        keyring.set_keyring(before)
