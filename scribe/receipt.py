"""The discard receipt: what became of a session's audio, chained to the receipt before it, and signed.

The hash is SHA-256 over the receipt as JSON in a list, with sorted keys and no spaces, `sha256` empty, and without
the signature and all that is null: a receipt from before a field was there keeps its hash. Signed is that hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from scribe.crypto import PublicKey, SigningKey
from scribe.wire import Receipt


def make_receipt(body: dict[str, object], previous: str) -> Receipt:
    """A receipt from its figures and the hash of the one before it; not signed yet."""
    return _hashed(Receipt.model_validate({**body, "previous_sha256": previous, "sha256": ""}))


def signed_receipt(receipt: Receipt, key: SigningKey, audit: tuple[int, str] | None) -> Receipt:
    """The receipt with the audit's last event (number and hash; None where there is none) and a signature."""
    number, digest = audit or (None, None)
    named = {"audit_number": number, "audit_sha256": digest, "key_id": key.public.id}
    whole = _hashed(receipt.model_copy(update=named))
    return whole.model_copy(update={"signature": key.sign(signed_text(whole))})


def hash_holds(receipt: Receipt) -> bool:
    """Whether a receipt is as it was when its hash was made."""
    return _hashed(receipt).sha256 == receipt.sha256


def signature_holds(receipt: Receipt, key: PublicKey) -> bool:
    """Whether a receipt was signed with this key, and nothing of it was changed since."""
    signature = receipt.signature
    return signature is not None and hash_holds(receipt) and key.signed(signed_text(receipt), signature)


def receipts_hold(receipts: Iterable[Receipt], genesis: str) -> bool:
    """Whether every receipt fits its own hash and the one before it."""
    previous = genesis
    for receipt in receipts:
        if receipt.previous_sha256 != previous or not hash_holds(receipt):
            return False
        previous = receipt.sha256
    return True


def signed_text(receipt: Receipt) -> str:
    """What the signature of a receipt is over."""
    return f"ambient-scribe receipt\n{receipt.sha256}"


def _hashed(receipt: Receipt) -> Receipt:
    plain = receipt.model_dump(mode="json", exclude_none=True, exclude={"signature"}) | {"sha256": ""}
    text = json.dumps([plain], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return receipt.model_copy(update={"sha256": hashlib.sha256(text.encode()).hexdigest()})
