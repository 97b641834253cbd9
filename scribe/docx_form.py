"""Word forms: the bytes of a .docx in, its lines out, read in memory; the one door to python-docx.

Headings come as `# …`, a table's row of question and answer as one line, boxes as ☒ and ☐ whatever kind of box it
is. A placeholder that nobody wrote over is no answer. Pictures, comments and deleted words are not read.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

from docx import Document

from scribe.errors import BadRequest, TooLarge

MAX_UNPACKED_BYTES = 50 * 1024 * 1024
"""Of all parts of the file together: a few kilobytes can unpack to gigabytes."""

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_W14 = "{http://schemas.microsoft.com/office/word/2010/wordml}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_TICKED_SYMBOLS = frozenset({"F0FE", "F0FD", "F052", "F054", "F0FC"})
"""Ticked boxes and tick marks of the Wingdings fonts."""
_EMPTY_SYMBOLS = frozenset({"F0A8", "F06F", "F071", "F0A3"})
_HEADING_WORDS = 8


def docx_lines(data: bytes) -> tuple[str, ...]:
    """The lines of a Word form. Raises BadRequest where it is none, TooLarge where it unpacks beyond measure."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
            locked = any(entry.flag_bits & 1 for entry in archive.infolist())
    except zipfile.BadZipFile:
        raise BadRequest("The Word form is damaged; save it again as .docx and send that.") from None
    if locked:
        raise BadRequest("The Word form is encrypted; save it without a password and send that.")
    if unpacked > MAX_UNPACKED_BYTES:
        raise TooLarge(f"The Word form unpacks to more than {MAX_UNPACKED_BYTES} bytes; send the form alone.")
    try:
        body = Document(io.BytesIO(data)).element.body
        return tuple(_blocks(body))
    except Exception as error:
        # Hostile files break the library in many ways; each of them is this one thing to the sender.
        raise BadRequest(
            f"The Word form cannot be read ({type(error).__name__}); save it again as .docx and send that."
        ) from None


def _blocks(parent: Any) -> Iterator[str]:
    """The lines of paragraphs, tables and content controls, in the order of the page."""
    for element in parent.iterchildren():
        if element.tag == f"{_W}p":
            yield from _paragraph(element)
        elif element.tag == f"{_W}tbl":
            yield from _table(element)
        elif element.tag == f"{_W}sdt":
            content = element.find(f"{_W}sdtContent")
            if content is not None and not _is_placeholder(element):
                yield from _blocks(content)


def _paragraph(element: Any) -> Iterator[str]:
    text = "".join(_words(element))
    lines = [line for line in text.split("\n") if line.strip()]
    if not lines:
        yield ""
        return
    style = element.find(f"{_W}pPr/{_W}pStyle")
    named = "" if style is None else str(style.get(f"{_W}val"))
    if len(lines) == 1 and (
        re.match(r"heading|title|subtitle", named, re.I) or _is_bold_heading(element, lines[0])
    ):
        yield ""
        yield f"# {lines[0].strip()}"
        return
    yield from lines


def _is_bold_heading(element: Any, text: str) -> bool:
    """Whether a short line is set bold throughout and asks nothing."""
    if len(text.split()) > _HEADING_WORDS or re.search(r"[:?.☒☐☑\[]", text):
        return False
    runs = [run for run in element.iter(f"{_W}r") if "".join(_words(run)).strip()]
    bold = [run.find(f"{_W}rPr/{_W}b") for run in runs]
    return bool(runs) and all(
        mark is not None and mark.get(f"{_W}val") not in ("0", "false") for mark in bold
    )


def _table(element: Any) -> Iterator[str]:
    """Rows of a table: two cells are question and answer; more are an entry under the words of the first row."""
    rows = [
        ["\n".join(_blocks(cell)).strip() for cell in _cells(row)] for row in element.iterchildren(f"{_W}tr")
    ]
    yield ""
    headed = len(rows) > 1 and len(rows[0]) > 2 and all(rows[0]) and not any(c.endswith(":") for c in rows[0])
    if headed:
        yield f"{' / '.join(' '.join(cell.split()) for cell in rows[0])}:"
        yield from (", ".join(cell for cell in row if cell) for row in rows[1:] if any(row))
        return
    for row in rows:
        if len(row) == 1:
            yield from row[0].split("\n")
            continue
        cells = row if len(row) % 2 == 0 else [*row, ""]
        for label, value in zip(cells[::2], cells[1::2], strict=True):
            yield from _pair(label, value)


def _cells(row: Any) -> Iterator[Any]:
    """The row's own cells; those of a table inside a cell are that table's."""
    for child in row.iterchildren():
        if child.tag == f"{_W}tc":
            yield child
        elif child.tag == f"{_W}sdt" and (content := child.find(f"{_W}sdtContent")) is not None:
            yield from _cells(content)


def _pair(label: str, value: str) -> Iterator[str]:
    if not label and not value:
        return
    if re.search(r"[☒☐☑]|\[[ xX]?\]", label) or not label:
        yield from (line for line in (*label.split("\n"), *value.split("\n")) if line)
        return
    asked = " ".join(label.split())
    first, *rest = value.split("\n")
    yield f"{asked} {first}" if asked.endswith("?") else f"{asked.rstrip(':')}: {first}"
    yield from rest


def _words(element: Any) -> Iterator[str]:
    """The words of an element with its tabs, breaks and boxes."""
    for child in element.iterchildren():
        tag = child.tag
        if tag == f"{_W}sdt":
            box = child.find(f"{_W}sdtPr/{_W14}checkbox")
            content = child.find(f"{_W}sdtContent")
            if box is not None:
                checked = box.find(f"{_W14}checked")
                yield "☒" if checked is not None and checked.get(f"{_W14}val") in ("1", "true") else "☐"
            elif content is not None and not _is_placeholder(child):
                yield from _words(content)
        elif tag == f"{_W}t":
            yield child.text or ""
        elif tag == f"{_W}tab":
            yield "\t"
        elif tag in (f"{_W}br", f"{_W}cr"):
            yield "\n"
        elif tag == f"{_W}sym":
            symbol = str(child.get(f"{_W}char")).upper()
            yield "☒" if symbol in _TICKED_SYMBOLS else "☐" if symbol in _EMPTY_SYMBOLS else " "
        elif tag == f"{_W}fldChar":
            yield from _legacy_box(child)
        elif tag not in (f"{_W}pPr", f"{_W}rPr", f"{_W}sdtPr", _FALLBACK):
            yield from _words(child)


def _legacy_box(field: Any) -> Iterator[str]:
    """The tick box of older forms, which is a field with its state and no words."""
    box = field.find(f"{_W}ffData/{_W}checkBox")
    if box is None:
        return
    state = box.find(f"{_W}checked")
    state = box.find(f"{_W}default") if state is None else state
    ticked = state is not None and state.get(f"{_W}val", "1") in ("1", "true")
    yield "☒" if ticked else "☐"


def _is_placeholder(control: Any) -> bool:
    """Whether a content control still shows `Click or tap here to enter text`."""
    return control.find(f"{_W}sdtPr/{_W}showingPlcHdr") is not None
