"""A note as a file that can be filed, printed, pasted or sent to a health record. Pure: note and heading in, bytes out.

What is not signed carries a watermark, or says in the format's own code that it is preliminary. Evidence quotes are
transcript and stay here: the JSON form, meant for the platform that holds the transcript anyway, has them, and the
FHIR form where it is asked for. What a note looks like is written in one file for each kind of format.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Literal, TypeAlias

from scribe.blocks import WATERMARK, Heading, blocks, properties
from scribe.errors import BadRequest
from scribe.fhir import fhir_bundle
from scribe.healthscribe import clinical_documentation
from scribe.hl7v2 import hl7v2_messages
from scribe.note import Note
from scribe.text_note import html_page, markdown, plain_text

__all__ = ["FORMATS", "WATERMARK", "Format", "Heading", "export_note"]

Format: TypeAlias = Literal[
    "markdown", "text", "html", "pdf", "docx", "json", "fhir", "hl7v2", "healthscribe"
]
FORMATS: Mapping[Format, tuple[str, str]] = {
    "markdown": ("text/markdown; charset=utf-8", "md"),
    "text": ("text/plain; charset=utf-8", "txt"),
    "html": ("text/html; charset=utf-8", "html"),
    "pdf": ("application/pdf", "pdf"),
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
    "json": ("application/json", "json"),
    "fhir": ("application/fhir+json; charset=utf-8", "fhir.json"),
    "hl7v2": ("x-application/hl7-v2+er7; charset=utf-8", "hl7"),
    "healthscribe": ("application/json", "healthscribe.json"),
}
"""Format to media type and file suffix."""
_NAMES = {"pdf": "a PDF", "docx": "a Word document"}


def export_note(note: Note, heading: Heading, form: Format, *, evidence: bool = False) -> bytes:
    """The whole note in one of the FORMATS; `evidence` is for FHIR. Raises BadRequest where software is missing."""
    match form:
        case "markdown":
            return markdown(blocks(note, heading)).encode()
        case "text":
            return plain_text(blocks(note, heading)).encode()
        case "html":
            return html_page(blocks(note, heading)).encode()
        case "pdf" | "docx":
            return _printed(note, heading, form)
        case "json":
            return _as_json(note.model_dump(mode="json"))
        case "fhir":
            return _as_json(fhir_bundle(note, heading, evidence=evidence))
        case "hl7v2":
            return hl7v2_messages(note, heading)
        case "healthscribe":
            return _as_json(clinical_documentation(heading.session_id, note))


def _printed(note: Note, heading: Heading, form: Literal["pdf", "docx"]) -> bytes:
    try:
        if form == "docx":
            from scribe.docx_note import note_docx as printed
        else:
            from scribe.pdf_note import note_pdf as printed
    except ImportError:
        raise BadRequest(
            f"Writing {_NAMES[form]} needs more software on this machine; "
            "install it with: pip install 'ambient-scribe[documents]'."
        ) from None
    return printed(tuple(blocks(note, heading)), properties(note, heading))


def _as_json(value: object) -> bytes:
    """Indented, in UTF-8, with a line end."""
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()
