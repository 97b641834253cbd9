"""The note as HL7 v2.5.1 messages: MDM^T02 for the note, T06 for an addendum, T10 for a correction. Pure.

One file holds the messages of all documents, oldest first; an unchanged document gives the same message with the same
control id again, so that a receiver knows it. What nobody told us (numbers of people, a birth date) stays empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from scribe.blocks import Heading, drafted
from scribe.document import Document, documents, named
from scribe.note import Note, SignedNote
from scribe.text_note import plain_text

_VERSION = "2.5.1"
_EVENTS = {None: "T02", "appends": "T06", "replaces": "T10"}
_DOCUMENT_TYPES = {"11506-3": "PR", "18842-5": "DS", "34117-2": "HP"}
"""LOINC to table 0270 (suggested values, user-defined): progress note, discharge summary, history and physical."""
_ESCAPES = {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\"}
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def hl7v2_messages(note: Note, heading: Heading) -> bytes:
    """One message a document, in UTF-8; every segment ends with a carriage return (2.5.1, section 2.3.2)."""
    return "".join(_message(document, heading) for document in documents(note, heading)).encode()


def _message(document: Document, heading: Heading) -> str:
    event = _EVENTS[document.relation]
    note = drafted(document.note)
    made = note.provenance
    said = f"{document.number} {note.revision} {document.signed}"
    control = named(heading.session_id, said).hex[:20]
    written = [
        # The separator of fields is itself field 1; character set by table 0211.
        _segment(
            "MSH",
            {
                2: "^~\\&",
                3: _text(made.product),
                7: _time(document.at),
                9: f"MDM^{event}^MDM_T02",
                10: control,
                11: "P",
                12: _VERSION,
                18: "UNICODE UTF-8",
            },
        ),
        _segment("EVN", {1: event, 2: _time(document.at)}),
        _segment("PID", {1: "1", 3: _patient_number(heading), 5: _patient_name(heading)}),
        # Patient class is required; what kind of visit it was is the record's to know (table 0004: unknown).
        _segment("PV1", {1: "1", 2: "U", 19: _text(heading.context.record.visit_id)}),
        _segment("TXA", _document_header(document, heading)),
        *_observations(document, heading),
    ]
    return "".join(f"{segment}\r" for segment in written)


def _document_header(document: Document, heading: Heading) -> dict[int, str]:
    draft = drafted(document.note)
    fields = {
        1: "1",
        2: _DOCUMENT_TYPES.get(document.loinc, document.loinc),
        3: "TX",
        4: _time(heading.started_at),
        5: _person(_clinician(document, heading)),
        6: _time(draft.created_at),
        7: _time(draft.created_at),
        8: _time(draft.edits[-1].at) if draft.edits else "",
        9: _person(document.author if document.signed else ""),
        12: _number(document, str(document.number)),
        13: _number(document, str(document.parent)) if document.parent else "",
        # Table 0271. Software has written it and nobody has read it yet: documented, as speech turned to text is.
        # Signed it is authenticated; whether by the one legally responsible is the record's to know.
        17: "AU" if document.signed else "DO",
        18: "R",
        19: ("OB" if document.replaced else "AV") if document.signed else "UN",
        22: _authentication(document) if document.signed else "",
    }
    if document.relation == "replaces":
        fields[21] = "Correction"
    return fields


def _observations(document: Document, heading: Heading) -> Iterator[str]:
    code = f"{document.loinc}^{_text(document.title)}^LN"
    status = "F" if document.signed else "P"
    if document.relation == "replaces":
        status = "C"
    lines = plain_text(document.blocks(heading)).rstrip("\n").split("\n")
    for count, line in enumerate(lines, 1):
        yield _segment("OBX", {1: str(count), 2: "TX", 3: code, 4: str(count), 5: _text(line), 11: status})


def _segment(name: str, fields: dict[int, str]) -> str:
    # MSH-1 is the separator itself, so MSH-2 is what stands first after it.
    first = 2 if name == "MSH" else 1
    filled = [position for position, value in fields.items() if value]
    return "|".join([name, *(fields.get(position, "") for position in range(first, max(filled) + 1))])


def _patient_number(heading: Heading) -> str:
    given = heading.context.record
    if not given.patient_id:
        return ""
    whose = _text(given.patient_system)
    return f"{_text(given.patient_id)}^^^{f'&{whose}&URI' if ':' in given.patient_system else whose}"


def _patient_name(heading: Heading) -> str:
    """The client's label, unparsed, as a name of unspecified type (table 0200)."""
    label = next((person.label for person in heading.participants if person.role == "client"), "")
    return f"{_text(label)}^^^^^^U"


def _clinician(document: Document, heading: Heading) -> str:
    if isinstance(document.note, SignedNote):
        return document.note.signature.name
    return next((person.label for person in heading.participants if person.role == "clinician"), "")


def _person(name: str) -> str:
    return f"^{_text(name)}" if name else ""


def _authentication(document: Document) -> str:
    # PPN: the name in its second component, the time in its fifteenth.
    return f"{_person(document.author)}{'^' * 13}{_time(document.at)}"


def _number(document: Document, number: str) -> str:
    return f"{number}^{_text(drafted(document.note).provenance.product[:20])}"


def _time(at: datetime) -> str:
    return at.strftime("%Y%m%d%H%M%S%z")


def _text(text: str) -> str:
    """Escaped (2.5.1, section 2.7); control characters, which would end a segment, become a space."""
    return "".join(_ESCAPES.get(mark, mark) for mark in _UNPRINTABLE.sub(" ", text))
