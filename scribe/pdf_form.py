"""PDF forms: the bytes of a file in, its fields or its lines out, read in memory; the one door to pypdf.

A form with fields that were filled in gives those; any other gives the lines of its pages. A scan without text,
an encrypted or a damaged file is refused with what to do. Nothing of a file is run, followed or written.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pypdf import PdfReader

from scribe.errors import BadRequest, TooLarge
from summarizer.form import MAX_CHARACTERS, FormField, humanized

logging.getLogger("pypdf").setLevel(logging.CRITICAL + 1)  # what it says of a broken file may quote the file

MAX_PAGES = 60
_LEAST_CHARACTERS = 20
"""Characters in all under which a file holds pictures of pages and no text."""
_RADIO, _PUSH_BUTTON = 1 << 15, 1 << 16
"""Bits of a button's flags (ISO 32000-1, table 226)."""
_PLAIN_TICKS = frozenset({"yes", "on", "1", "true", "checked", "x", "y"})
_YES_OR_NO = re.compile(r"^(?P<label>.{3,}?)[\s\W]+(?P<value>yes|no)$", re.I)


def read_pdf(data: bytes) -> tuple[FormField, ...] | tuple[str, ...]:
    """Filled-in fields (not yet numbered), or else the lines of the pages. Raises BadRequest or TooLarge."""
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise BadRequest("The PDF form is encrypted; save it without a password and send that.")
        if len(reader.pages) > MAX_PAGES:
            raise TooLarge(
                f"A PDF form has at most {MAX_PAGES} pages; this one has more, send the form alone."
            )
        fields = tuple(_fields(reader))
        if any(field.value for field in fields):
            return fields
        lines = tuple(_lines(reader))
    except (BadRequest, TooLarge):
        raise
    except Exception as error:
        # Hostile files break the library in many ways; each of them is this one thing to the sender.
        raise BadRequest(
            f"The PDF form is damaged or no PDF ({type(error).__name__}); save it again and send that."
        ) from None
    if fields:
        raise BadRequest("No field of the PDF form is filled in; fill it in, save it and send that.")
    if sum(len(line.strip()) for line in lines) < _LEAST_CHARACTERS:
        raise BadRequest(
            "The PDF form holds no text, so it is a scan or a picture; run text recognition over it, or type it."
        )
    return lines


def _lines(reader: PdfReader) -> Iterator[str]:
    count = 0
    for page in reader.pages:
        text = page.extract_text()
        count += len(text)
        if count > MAX_CHARACTERS:
            raise TooLarge(f"A PDF form holds at most {MAX_CHARACTERS} characters; send the form alone.")
        yield from text.splitlines()


def _fields(reader: PdfReader) -> Iterator[FormField]:
    """The fields in the file's order; neighbouring tick boxes of one group are one question."""
    found: Mapping[str, Any] = reader.get_fields() or {}
    group, seen = "", False
    ticked: list[str] = []
    for name, field in found.items():
        parent = name.rpartition(".")[0]
        kind = field.get("/FT") or (found[parent].get("/FT") if parent in found else None)
        if kind is None or any(other.startswith(f"{name}.") for other in found):
            continue
        label = str(field.get("/TU") or humanized(name.rpartition(".")[2]))
        flags = int(field.get("/Ff") or 0)
        value = field.get("/V")
        if kind == "/Btn" and flags & _PUSH_BUTTON:
            continue
        if kind == "/Btn" and not flags & _RADIO:
            chosen = str(value or "/Off").removeprefix("/")
            pair = _YES_OR_NO.match(label)
            if chosen.lower() not in _PLAIN_TICKS | {"off", ""}:
                yield _field(group, label, chosen)
            elif pair and chosen.lower() in _PLAIN_TICKS:
                yield _field("", pair["label"], pair["value"].capitalize())
            elif not pair:
                if seen and parent != group:
                    yield _ticks(group, ticked)
                    ticked = []
                group, seen = parent, True
                ticked += [label] if chosen.lower() in _PLAIN_TICKS else []
            continue
        if seen:
            yield _ticks(group, ticked)
            ticked, seen = [], False
        if kind in ("/Tx", "/Ch", "/Btn"):
            yield _field(_heading(parent), label, _plain(value))
    if seen:
        yield _ticks(group, ticked)


def _field(heading: str, label: str, value: str) -> FormField:
    return FormField("", heading, label.strip().rstrip(":").strip(), value)


def _ticks(group: str, ticked: list[str]) -> FormField:
    return FormField("", "", _heading(group), "\n".join(ticked), tuple(ticked))


def _heading(parent: str) -> str:
    return humanized(parent.rpartition(".")[2]) if parent else ""


def _plain(value: Any) -> str:
    """A field's value in words; empty where it was left as it was."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(_plain(entry) for entry in value)
    text = str(value).removeprefix("/") if str(value).startswith("/") else str(value)
    return (
        ""
        if text == "Off"
        else "\n".join(" ".join(line.split()) for line in text.splitlines() if line.strip())
    )
