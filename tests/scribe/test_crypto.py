"""Sealed values and the keys they hang on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scribe.crypto import KeyEncryptionKey, load_key, write_private
from scribe.errors import CannotStart, StoreFailed

KEY = KeyEncryptionKey(bytes(range(32)))


def test_what_was_sealed_opens_at_its_place_only() -> None:
    cipher, _ = KEY.new_data_key("s1")
    sealed = cipher.seal(b"slept badly", "utterances", "s1", "u1")
    assert cipher.open(sealed, "utterances", "s1", "u1") == b"slept badly"
    assert b"slept" not in sealed
    with pytest.raises(StoreFailed, match="utterances"):
        cipher.open(sealed, "utterances", "s1", "u2")


def test_places_that_read_alike_when_joined_are_different() -> None:
    cipher, _ = KEY.new_data_key("s1")
    sealed = cipher.seal(b"x", "a", "bc")
    with pytest.raises(StoreFailed):
        cipher.open(sealed, "ab", "c")


def test_any_changed_bit_is_noticed() -> None:
    cipher, _ = KEY.new_data_key("s1")
    sealed = cipher.seal(b"words", "p")
    for index in range(len(sealed)):
        changed = bytearray(sealed)
        changed[index] ^= 1
        with pytest.raises(StoreFailed):
            cipher.open(bytes(changed), "p")


def test_the_same_words_never_look_the_same() -> None:
    cipher, _ = KEY.new_data_key("s1")
    assert len({cipher.seal(b"no", "p") for _ in range(50)}) == 50


def test_a_wrapped_key_opens_with_its_own_session_and_key_only() -> None:
    cipher, wrapped = KEY.new_data_key("s1")
    sealed = cipher.seal(b"x", "p")
    assert KEY.unwrap(wrapped, "s1").open(sealed, "p") == b"x"
    with pytest.raises(StoreFailed):
        KEY.unwrap(wrapped, "s2")
    with pytest.raises(StoreFailed):
        KeyEncryptionKey(os.urandom(32)).unwrap(wrapped, "s1")


def test_derived_secrets_differ_by_purpose_and_stay_the_same() -> None:
    assert KEY.derive("a") != KEY.derive("b")
    assert KEY.derive("a") == KeyEncryptionKey(bytes(range(32))).derive("a")


def test_a_key_is_made_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    first = load_key(None, tmp_path)
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    assert load_key(None, tmp_path).derive("x") == first.derive("x")


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    load_key(None, tmp_path)
    (tmp_path / "key").chmod(0o644)
    with pytest.raises(CannotStart, match="chmod 600"):
        load_key(None, tmp_path)


@pytest.mark.parametrize("given", ["not base64!", "c2hvcnQ="])
def test_a_key_that_is_none_is_refused(given: str, tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="32"):
        load_key(given, tmp_path)


def test_a_secret_is_never_written_over_another_file(tmp_path: Path) -> None:
    write_private(tmp_path / "token", "a")
    with pytest.raises(FileExistsError):
        write_private(tmp_path / "token", "b")
