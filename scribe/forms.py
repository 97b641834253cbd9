"""Filled-in forms as files: bytes of a PDF, a Word document, plain text or JSON in, questions and answers out.

What a file is, is seen from its first bytes; a media type that says otherwise is refused. All is read in memory and
nothing is written anywhere. The libraries for PDF and Word are in the extra `documents`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal, TypeAlias

from scribe.errors import BadRequest, TooLarge
from summarizer.errors import SummarizerError
from summarizer.form import FormField, fields_of_lines, read_form, require_answers

MAX_FORM_BYTES = 10 * 1024 * 1024
"""Of one form, which is held whole, in memory only."""

Kind: TypeAlias = Literal["pdf", "docx", "text"]
MEDIA_TYPES: Mapping[str, Kind | None] = {
    "application/pdf": "pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "text/plain": "text",
    "text/markdown": "text",
    "application/json": "text",
    "application/octet-stream": None,
    "": None,
}
"""Media type to the kind of file; None where the bytes decide."""

_NAMES: Mapping[Kind, str] = {"pdf": "a PDF", "docx": "a Word document", "text": "text or JSON"}
_OLD_WORD = b"\xd0\xcf\x11\xe0"
"""First bytes of an OLE file: Word before 2007, or a newer one with a password."""


def read_form_file(data: bytes, media_type: str = "") -> tuple[FormField, ...]:
    """The questions of a form and its answers, blank ones too.

    Raises TooLarge for a file over its limit, and BadRequest for one that is empty, damaged, encrypted, a scan, of
    another type than it says, or without any answer.
    """
    if len(data) > MAX_FORM_BYTES:
        raise TooLarge(f"A form has at most {MAX_FORM_BYTES} bytes; this one has {len(data)}.")
    if not data.strip():
        raise BadRequest("The form is empty; send a filled-in PDF, Word document, text or JSON form.")
    said = media_type.partition(";")[0].strip().lower()
    if said not in MEDIA_TYPES:
        known = ", ".join(name for name in MEDIA_TYPES if name)
        raise BadRequest(f"A form of this media type cannot be read; expected one of {known}.")
    kind = _kind(data)
    if MEDIA_TYPES[said] not in (None, kind):
        raise BadRequest(f"The form is said to be {said}, but its bytes are {_NAMES[kind]}; say what it is.")
    try:
        return _read(data, kind)
    except SummarizerError as error:
        text = str(error)
        raise BadRequest(f"{text[0].upper()}{text[1:]}.") from None


def joined(forms: Sequence[Sequence[FormField]]) -> tuple[FormField, ...]:
    """The questions of several forms as those of one, numbered on; raises BadRequest where they are too many."""
    if len(forms) == 1:
        return tuple(forms[0])
    apart = [
        replace(
            field, id=f"{number}-{field.id}", follows=f"{number}-{field.follows}" if field.follows else ""
        )
        for number, fields in enumerate(forms, start=1)
        for field in fields
    ]
    try:
        return require_answers(apart)
    except SummarizerError as error:
        raise BadRequest(f"Together {error}.") from None


def _kind(data: bytes) -> Kind:
    start = data[:1024].lstrip()
    if start.startswith(_OLD_WORD):
        raise BadRequest(
            "The form is an old or encrypted Word document; save it as .docx without a password and send that."
        )
    if b"%PDF-" in data[:1024]:
        return "pdf"
    return "docx" if start.startswith(b"PK\x03\x04") else "text"


def _read(data: bytes, kind: Kind) -> tuple[FormField, ...]:
    if kind == "text":
        try:
            return read_form(data.decode("utf-8-sig"))
        except UnicodeDecodeError:
            raise BadRequest(
                "The form is neither a PDF, a Word document nor UTF-8 text; save it as one of these."
            ) from None
    try:
        if kind == "docx":
            from scribe.docx_form import docx_lines

            return fields_of_lines(docx_lines(data))
        from scribe.pdf_form import read_pdf
    except ImportError:
        raise BadRequest(
            f"Reading {_NAMES[kind]} needs more software on this machine; "
            "install it with: pip install 'ambient-scribe[documents]'."
        ) from None
    found = read_pdf(data)
    if isinstance(found[0], FormField):
        fields = tuple(field for field in found if isinstance(field, FormField))
        return require_answers([replace(field, id=str(n)) for n, field in enumerate(fields, start=1)])
    return fields_of_lines([line for line in found if isinstance(line, str)])
