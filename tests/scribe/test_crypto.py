"""Sealed values and the keys they hang on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scribe.crypto import (
    SCRYPT_COST,
    KeyEncryptionKey,
    Secret,
    SessionCipher,
    new_data_key,
    passphrase_key,
    write_private,
)
from scribe.errors import StoreFailed

KEY = KeyEncryptionKey(bytes(range(32)))
PLACE = ("sessions", "s1", "data_key")


def test_what_was_sealed_opens_at_its_place_only() -> None:
    cipher, _ = new_data_key(KEY, *PLACE)
    sealed = cipher.seal(b"slept badly", "utterances", "s1", "u1")
    assert cipher.open(sealed, "utterances", "s1", "u1") == b"slept badly"
    assert b"slept" not in sealed
    with pytest.raises(StoreFailed, match="utterances"):
        cipher.open(sealed, "utterances", "s1", "u2")


def test_places_that_read_alike_when_joined_are_different() -> None:
    cipher, _ = new_data_key(KEY, *PLACE)
    sealed = cipher.seal(b"x", "a", "bc")
    with pytest.raises(StoreFailed):
        cipher.open(sealed, "ab", "c")


def test_any_changed_bit_is_noticed() -> None:
    cipher, _ = new_data_key(KEY, *PLACE)
    sealed = cipher.seal(b"words", "p")
    for index in range(len(sealed)):
        changed = bytearray(sealed)
        changed[index] ^= 1
        with pytest.raises(StoreFailed):
            cipher.open(bytes(changed), "p")


def test_the_same_words_never_look_the_same() -> None:
    cipher, _ = new_data_key(KEY, *PLACE)
    assert len({cipher.seal(b"no", "p") for _ in range(50)}) == 50


def test_a_wrapped_key_opens_at_its_own_place_and_with_its_own_key_only() -> None:
    cipher, wrapped = new_data_key(KEY, *PLACE)
    sealed = cipher.seal(b"x", "p")
    assert SessionCipher(KEY.unwrap(KEY.key_id, wrapped, *PLACE)).open(sealed, "p") == b"x"
    with pytest.raises(StoreFailed):
        KEY.unwrap(KEY.key_id, wrapped, "sessions", "s2", "data_key")
    with pytest.raises(StoreFailed):
        KeyEncryptionKey(os.urandom(32)).unwrap(None, wrapped, *PLACE)


def test_a_key_that_is_not_at_hand_is_named() -> None:
    _, wrapped = new_data_key(KEY, *PLACE)
    other = KeyEncryptionKey(os.urandom(32))
    with pytest.raises(StoreFailed, match=KEY.key_id) as refused:
        other.unwrap(KEY.key_id, wrapped, *PLACE)
    assert other.key_id in refused.value.detail


def test_an_id_tells_keys_apart_and_is_no_part_of_the_key() -> None:
    assert KEY.key_id == KeyEncryptionKey(bytes(range(32))).key_id
    assert KEY.key_id != KeyEncryptionKey(bytes(32)).key_id
    assert bytes.fromhex(KEY.key_id) not in bytes(range(32))


def test_a_passphrase_is_one_key_with_one_salt() -> None:
    key = passphrase_key("several plain words", b"s" * 16)
    assert key.key_id == passphrase_key("several plain words", b"s" * 16).key_id
    assert key.key_id != passphrase_key("several plain words", b"t" * 16).key_id
    assert key.key_id != passphrase_key("several other words", b"s" * 16).key_id


def test_guessing_a_passphrase_costs_what_owasp_asks_for() -> None:
    assert SCRYPT_COST >= 2**17


def test_derived_secrets_differ_by_purpose_and_stay_the_same() -> None:
    root = Secret(bytes(range(32)))
    assert root.derive("a") != root.derive("b")
    assert root.derive("a") == Secret(bytes(range(32))).derive("a")


def test_a_secret_is_never_written_over_another_file(tmp_path: Path) -> None:
    write_private(tmp_path / "token", "a")
    with pytest.raises(FileExistsError):
        write_private(tmp_path / "token", "b")
