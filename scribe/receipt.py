"""The discard receipt: what became of a session's audio, chained to the receipt before it."""

from __future__ import annotations

from collections.abc import Iterable

from scribe.note import canonical_hash
from scribe.wire import Receipt


def make_receipt(body: dict[str, object], previous: str) -> Receipt:
    """A receipt from its figures and the hash of the one before it."""
    unsealed = Receipt.model_validate({**body, "previous_sha256": previous, "sha256": ""})
    return unsealed.model_copy(update={"sha256": canonical_hash(unsealed)})


def receipts_hold(receipts: Iterable[Receipt], genesis: str) -> bool:
    """Whether every receipt fits its own hash and the one before it."""
    previous = genesis
    for receipt in receipts:
        unsealed = receipt.model_copy(update={"sha256": ""})
        if receipt.previous_sha256 != previous or canonical_hash(unsealed) != receipt.sha256:
            return False
        previous = receipt.sha256
    return True
