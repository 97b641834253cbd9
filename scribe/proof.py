"""Whether the chains hold: the lines of an export in, what is wrong with them out.

Pure: no store, no clock. An export is one JSON object a line: the header, then every receipt, then every event, in
their order (see docs/audit.md). What is verified is whatever was handed over; that the key in the header is the
server's own is for whoever knows that key to say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ValidationError

from scribe.crypto import PublicKey
from scribe.errors import BadRequest
from scribe.receipt import hash_holds, signature_holds
from scribe.session import Strict
from scribe.wire import Receipt, first_fault

GENESIS = "0" * 64
"""What the first link of a chain points to."""

BROKEN = "f" * 64
"""What a link points to where the chain before it was not as its signed head says: a break that stays to be seen."""

MOST_FAULTS = 20
"""Faults that are told one by one."""


class Head(Strict):
    """The last link of a chain, signed; links before `since` were written when nothing was signed yet."""

    since: int
    number: int
    sha256: str
    signature: str = ""

    def text(self, chain: str) -> str:
        """What the signature is over."""
        return f"ambient-scribe {chain} head\n{self.since}\n{self.number}\n{self.sha256}"


class Header(Strict):
    """The first line of an export; `events` and `receipts` are how many follow, `heads` are by chain."""

    format: Literal["ambient-scribe audit"] = "ambient-scribe audit"
    version: Literal[1] = 1
    public_key: str
    events: int
    receipts: int
    heads: dict[str, Head]


class ReceiptLine(Strict):
    """One receipt of an export."""

    number: int
    receipt: Receipt


class EventLine(Strict):
    """One event of an export: its text as it was hashed."""

    number: int
    event: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What verifying found; the chains hold where `faults` is empty. `key` is what was verified with."""

    events: int
    receipts: int
    head: str
    key: PublicKey
    faults: tuple[str, ...]
    remarks: tuple[str, ...]


def chained(previous: str, event: str) -> str:
    """The hash of an event's link: SHA-256 over the hash before it and the event."""
    return hashlib.sha256(f"{previous}\n{event}".encode()).hexdigest()


def prove(lines: Iterable[Mapping[str, Any]], key: PublicKey | None = None) -> Proof:
    """Verify an export, with the key of its own header where none is given.

    Raises BadRequest where the first line is no header or holds no key.
    """
    rows = iter(lines)
    header = _header(next(rows, {}))
    key = key or PublicKey.parse(header.public_key)
    proving = _Proving(header, key)
    try:
        for row in rows:
            proving.take(row)
    except ValidationError as error:
        proving.faults.append(
            f"A line of the export is neither an event nor a receipt; {first_fault(error)}."
        )
    return proving.proof()


class _Proving:
    """The state of one verification."""

    def __init__(self, header: Header, key: PublicKey) -> None:
        self.faults: list[str] = []
        self._remarks: list[str] = []
        self._header, self._key = header, key
        self._event = self._receipt = (0, GENESIS)
        self._mentioned: dict[int, list[tuple[str, str]]] = {}

    def take(self, row: Mapping[str, Any]) -> None:
        """One line after the header."""
        if "receipt" in row:
            self._take_receipt(ReceiptLine.model_validate(row))
        else:
            self._take_event(EventLine.model_validate(row))

    def _take_receipt(self, line: ReceiptLine) -> None:
        receipt, (number, previous) = line.receipt, self._receipt
        name = f"Receipt {line.number} (session {receipt.session_id})"
        if line.number != number + 1 or receipt.previous_sha256 != previous:
            self.faults.append(f"{name} does not follow the receipt before it: {_CHANGED}.")
        head = self._header.heads.get("receipts")
        if not hash_holds(receipt):
            self.faults.append(f"{name} was changed: its hash is not that of its figures.")
        elif receipt.signature is None:
            if head is None or line.number >= head.since:
                self.faults.append(f"{name} is not signed.")
        elif not signature_holds(receipt, self._key):
            self.faults.append(f"{name} is not signed with the key {self._key.id}.")
        if receipt.audit_number is not None:
            mentioned = (receipt.session_id, receipt.audit_sha256 or "")
            self._mentioned.setdefault(receipt.audit_number, []).append(mentioned)
        self._receipt = (line.number, receipt.sha256)

    def _take_event(self, line: EventLine) -> None:
        number, previous = self._event
        if line.number != number + 1 or chained(previous, line.event) != line.sha256:
            self.faults.append(f"Event {line.number} does not follow the event before it: {_CHANGED}.")
        for session_id, digest in self._mentioned.pop(line.number, ()):
            if digest != line.sha256:
                self.faults.append(
                    f"Event {line.number} is not the one that the receipt of session {session_id} was written after: "
                    "the events up to it were rewritten."
                )
        self._event = (line.number, line.sha256)

    def proof(self) -> Proof:
        """What was found, after the last line."""
        for session_id, _ in [one for number in sorted(self._mentioned) for one in self._mentioned[number]]:
            self.faults.append(
                f"The events end before those that the receipt of session {session_id} was written after."
            )
        said = {"audit": self._header.events, "receipts": self._header.receipts}
        for chain, (number, digest) in (("receipts", self._receipt), ("audit", self._event)):
            self._close(chain, number, digest, said[chain])
        faults = self.faults[:MOST_FAULTS]
        if len(self.faults) > MOST_FAULTS:
            faults.append(f"There are {len(self.faults) - MOST_FAULTS} more faults.")
        events, head = self._event
        return Proof(events, self._receipt[0], head, self._key, tuple(faults), tuple(self._remarks))

    def _close(self, chain: str, number: int, digest: str, said: int) -> None:
        head = self._header.heads.get(chain)
        if number != said:
            self.faults.append(f"The {chain} chain has {number} links here; the export was made of {said}.")
        if head is None:
            if number:
                self.faults.append(
                    f"The {chain} chain has no signed head: it is of a version before signing, or its head was "
                    "removed. The next link that the server writes is signed."
                )
            return
        if not self._key.signed(head.text(chain), head.signature):
            self.faults.append(f"The head of the {chain} chain is not signed with the key {self._key.id}.")
        elif (head.number, head.sha256) != (number, digest):
            self.faults.append(
                f"The {chain} chain ends with link {number}, but link {head.number} was signed as its last: links "
                "were removed, added or rewritten without the key."
            )
        if head.since > 1:
            self._remarks.append(
                f"Links 1 to {head.since - 1} of the {chain} chain were there before it was signed: that they were "
                f"not changed before then is not proved, only since."
            )


_CHANGED = "one of them was changed, removed or put in"


def first_broken(rows: Iterable[tuple[str, str]]) -> int | None:
    """The number (from 1) of the first (event, hash) that does not fit the chain; None where all do."""
    previous = GENESIS
    for number, (event, digest) in enumerate(rows, start=1):
        if chained(previous, event) != digest:
            return number
        previous = digest
    return None


def _header(row: Mapping[str, Any]) -> Header:
    try:
        return Header.model_validate(row)
    except ValidationError as error:
        raise BadRequest(
            f"This is no export of the audit ({first_fault(error)}); make one with `scribe audit export`."
        ) from None
