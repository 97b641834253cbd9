"""The written note from top to bottom, as blocks that every format sets in its own way. Pure.

Goes in: a note, draft or signed, and its heading. Comes out: title, facts of the session, risk in the speaker's own
words, sections, how it was made, signature and addenda. Evidence quotes are transcript and are no part of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from scribe.note import Addendum, DraftNote, Note, SignedNote
from scribe.session import Consent, Participant, SessionContext

WATERMARK = "DRAFT – not reviewed, not signed, not part of the record"
PART2_NOTICE = "42 CFR part 2 prohibits unauthorized use or disclosure of these records."
"""The short statement that goes with every disclosure (42 CFR 2.32(a)(2), as of 2024)."""


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands above the note: from the session's own record, never from a model.

    `loinc` codes the kind of document, as its template says; empty where it says none.
    """

    session_id: str
    started_at: datetime
    ended_at: datetime | None
    participants: tuple[Participant, ...]
    consents: tuple[Consent, ...]
    context: SessionContext
    loinc: str = ""

    def label(self, participant_id: str) -> str:
        """What a participant is called; their id in the session where nobody named them."""
        return next(
            (p.label for p in self.participants if p.id == participant_id and p.label), participant_id
        )


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of the written note; what it looks like is the format's business."""

    kind: Literal["watermark", "title", "field", "heading", "statement", "paragraph", "quote", "remark"]
    text: str
    label: str = ""
    part: Literal["facts", "risk", "section", "record", "signature", "addendum"] = "facts"


@dataclass(frozen=True, slots=True)
class Properties:
    """What a file says of itself; `running_head` stands on every page, so that a loose one is known."""

    title: str
    author: str
    at: datetime
    running_head: str


def properties(note: Note, heading: Heading) -> Properties:
    """Of the whole note: title, who stands for it, when that was."""
    title = drafted(note).title
    who = next((person.label for person in heading.participants if person.role == "client"), "")
    pieces = (who, heading.context.record.patient_id, heading.started_at.strftime("%Y-%m-%d"), title)
    return Properties(title, author(note), stands_since(note), " · ".join(filter(None, pieces)))


def drafted(note: Note) -> DraftNote:
    """The note without its signature."""
    return note.note if isinstance(note, SignedNote) else note


def author(note: Note) -> str:
    """Who stands for the document, for its metadata: whoever signed it, else the software that drafted it."""
    if isinstance(note, SignedNote):
        return signed_by(note)
    return f"{note.provenance.product} {note.provenance.version}"


def stands_since(note: Note) -> datetime:
    """When it was signed; a draft, when it was changed last."""
    if isinstance(note, SignedNote):
        return note.signature.at
    return note.edits[-1].at if note.edits else note.created_at


def signed_by(note: SignedNote) -> str:
    """Name and credentials under the note."""
    return f"{note.signature.name}, {note.signature.credentials}"


def blocks(note: Note, heading: Heading) -> Iterator[Block]:
    """The written note from top to bottom."""
    draft = drafted(note)
    if isinstance(note, DraftNote):
        yield Block("watermark", WATERMARK)
    yield Block("title", draft.title)
    yield from _facts(heading)
    if draft.risk:
        yield Block("heading", "Risk statements, in the speaker's own words", part="risk")
        for risk in draft.risk:
            if risk.question is not None:
                yield Block("quote", risk.question.quote, "Asked", "risk")
            yield Block("quote", risk.quote, risk.role.capitalize(), "risk")
    for section in draft.sections:
        yield Block("heading", section.title, part="section")
        if section.status == "not_discussed":
            yield Block("remark", "Not discussed.", part="section")
        if draft.layout == "sentences" and section.statements:
            text = " ".join(statement.text for statement in section.statements)
            yield Block("paragraph", text, part="section")
        else:
            for statement in section.statements:
                yield Block("statement", statement.text, part="section")
    yield from _record(draft, heading)
    if isinstance(note, SignedNote):
        yield from _signature(note)
        for addendum in note.addenda:
            yield from addendum_blocks(addendum)


def addendum_blocks(addendum: Addendum) -> Iterator[Block]:
    """One addendum, correction or late entry, as it stands under the note."""
    yield Block("heading", addendum_title(addendum), part="addendum")
    yield Block("statement", addendum.text, part="addendum")
    when = addendum.at.strftime("%Y-%m-%d %H:%M")
    text = f"{addendum.author}, {addendum.credentials}, {when} UTC. SHA-256 {addendum.sha256}"
    yield Block("remark", text, part="addendum")


def addendum_title(addendum: Addendum) -> str:
    """`Addendum`, `Correction` or `Late entry`."""
    return addendum.kind.replace("_", " ").capitalize()


def _facts(heading: Heading) -> Iterator[Block]:
    start, end, context = heading.started_at, heading.ended_at, heading.context
    yield Block("field", start.strftime("%Y-%m-%d"), "Date of service")
    clock = start.strftime("%H:%M")
    if end is not None:
        clock += f" to {end.strftime('%H:%M')}"
    yield Block("field", f"{clock} UTC", "Recorded")
    people = ", ".join(f"{p.label} ({p.role})" if p.label else p.role for p in heading.participants)
    yield Block("field", people, "Participants")
    given = {
        "Record number": context.record.patient_id,
        "Modality": context.modality,
        "Place": context.place,
        "Client's place": context.client_place,
        "Platform": context.platform,
    }
    for label, text in given.items():
        if text:
            yield Block("field", text, label)
    if context.psychotherapy_minutes is not None:
        yield Block("field", f"{context.psychotherapy_minutes} minutes", "Psychotherapy")
    for diagnosis in context.diagnoses:
        yield Block("field", f"{diagnosis} (given by the clinician)", "Diagnosis")
    for goal in context.treatment_goals:
        yield Block("field", goal.text, f"Goal {goal.id}")
    if context.part2:
        yield Block("remark", PART2_NOTICE)


def _record(draft: DraftNote, heading: Heading) -> Iterator[Block]:
    yield Block("heading", "Record", part="record")
    yield Block("remark", _consent_line(heading), part="record")
    made = draft.provenance
    yield Block(
        "remark",
        f"Drafted from the session by {made.product} {made.version} ({made.recognizer} {made.recognizer_model}, "
        f"{made.engine}); audio was not kept.",
        part="record",
    )
    for section in draft.sections:
        if section.engine:
            text = f"The section {section.title} was drafted anew by {section.engine}."
            yield Block("remark", text, part="record")
    if made.recognizer_notice:
        yield Block("remark", made.recognizer_notice, part="record")


def _consent_line(heading: Heading) -> str:
    given = [
        f"{heading.label(consent.participant_id)} ({consent.method}, {consent.given_at.strftime('%Y-%m-%d')}, "
        f"statement {consent.statement_version}"
        + (f", given by {consent.given_by.relationship}" if consent.given_by else "")
        + ")"
        for consent in heading.consents
        if consent.revoked_at is None
    ]
    return (
        f"Consent to recording, transcription and drafting with AI: {'; '.join(given) or 'none on record'}."
    )


def _signature(note: SignedNote) -> Iterator[Block]:
    yield Block("heading", "Signature", part="signature")
    yield Block("remark", note.signature.attestation, part="signature")
    when = note.signature.at.strftime("%Y-%m-%d %H:%M")
    yield Block("remark", f"Signed by {signed_by(note)}, {when} UTC.", part="signature")
    yield Block("remark", f"SHA-256 {note.sha256}", part="signature")
