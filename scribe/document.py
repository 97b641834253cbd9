"""The documents that a note is to a health record: the note, and one more for everything added to it. Pure.

Goes in: a note as it stands now. Comes out, oldest first: the note as it was drafted or signed, an addendum that is
appended to it, and for a correction the whole note anew, which replaces what was there. A signed note's text never
changes, so an export made again later begins with the same documents.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, TypeAlias
from uuid import NAMESPACE_URL, UUID, uuid5

from scribe.blocks import (
    Block,
    Heading,
    addendum_blocks,
    addendum_title,
    author,
    blocks,
    drafted,
    stands_since,
)
from scribe.note import Addendum, Note, SignedNote

_NAMESPACE = uuid5(NAMESPACE_URL, "urn:ambient-scribe")
_PROGRESS_NOTE, _ADDENDUM = "11506-3", "55107-7"
"""LOINC: a progress note, and an addendum to whatever kind of document."""

Relation: TypeAlias = Literal["appends", "replaces"]
"""The words of FHIR; in HL7 v2 they are the events T06 and T10."""


@dataclass(frozen=True, slots=True)
class Document:
    """One document of the record.

    `number` stays the same from draft to signature. `parent` is what this one is appended to or replaces. `replaced`
    is whether a later one took its place. `note` is the note as it stood with this document.
    """

    number: UUID
    title: str
    loinc: str
    author: str
    at: datetime
    note: Note
    addendum: Addendum | None = None
    relation: Relation | None = None
    parent: UUID | None = None
    replaced: bool = False

    @property
    def signed(self) -> bool:
        """Whether somebody stands for it."""
        return isinstance(self.note, SignedNote)

    def blocks(self, heading: Heading) -> Iterator[Block]:
        """What is written in it; an appended one holds what was added alone."""
        if self.relation == "appends" and self.addendum is not None:
            yield Block("title", f"{addendum_title(self.addendum)} to: {drafted(self.note).title}")
            yield from addendum_blocks(self.addendum)
        else:
            yield from blocks(self.note, heading)


def documents(note: Note, heading: Heading) -> tuple[Document, ...]:
    """All documents of a note, oldest first. A draft is one."""
    draft = drafted(note)
    first = named(heading.session_id, "note")
    loinc = heading.loinc or _PROGRESS_NOTE
    if not isinstance(note, SignedNote):
        return (Document(first, draft.title, loinc, author(note), stands_since(note), note),)
    signed = note.model_copy(update={"addenda": ()})
    found = [Document(first, draft.title, loinc, author(note), stands_since(note), signed)]
    for count, addendum in enumerate(note.addenda, 1):
        parent = next(document for document in reversed(found) if document.relation != "appends")
        replaces = addendum.kind == "correction"
        found.append(
            Document(
                number=named(heading.session_id, f"{count} {addendum.sha256}"),
                title=draft.title if replaces else f"{addendum_title(addendum)} to: {draft.title}",
                loinc=loinc if replaces else _ADDENDUM,
                author=f"{addendum.author}, {addendum.credentials}",
                at=addendum.at,
                note=note.model_copy(update={"addenda": note.addenda[:count]}),
                addendum=addendum,
                relation="replaces" if replaces else "appends",
                parent=parent.number,
            )
        )
    replaced = {document.parent for document in found if document.relation == "replaces"}
    return tuple(replace(document, replaced=document.number in replaced) for document in found)


def named(session_id: str, what: str) -> UUID:
    """The same id for the same thing of a session, now and later (RFC 9562, version 5)."""
    return uuid5(_NAMESPACE, f"{session_id}/{what}")
