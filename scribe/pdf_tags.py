"""The structure of a PDF, for whoever has it read aloud: marked contents in, the file with their tree out.

The tree says which piece is a heading and which a paragraph, in reading order (ISO 32000-1, section 14.7). This is
not the whole of PDF/UA: lists and the table of facts are paragraphs. What pypdf would say of itself is left out.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    BooleanObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    TextStringObject,
)


@dataclass(frozen=True, slots=True)
class Mark:
    """A marked content: what it is (`H1`, `H2`, `P`), its page from 1, and its number on that page from 0."""

    role: str
    page: int
    number: int


def tagged(data: bytes, marks: Sequence[Mark], *, title: str, author: str) -> bytes:
    """The file with its structure tree, and with nothing else in its properties than title and author."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
    root = DictionaryObject({NameObject("/Type"): NameObject("/StructTreeRoot")})
    root_at = writer._add_object(root)
    document = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/StructElem"),
            NameObject("/S"): NameObject("/Document"),
            NameObject("/P"): root_at,
        }
    )
    document_at = writer._add_object(document)
    by_page: dict[int, ArrayObject] = {}
    elements = ArrayObject()
    for mark in marks:
        page = writer.pages[mark.page - 1]
        element = writer._add_object(
            DictionaryObject(
                {
                    NameObject("/Type"): NameObject("/StructElem"),
                    NameObject("/S"): NameObject(f"/{mark.role}"),
                    NameObject("/P"): document_at,
                    NameObject("/Pg"): page.indirect_reference,
                    NameObject("/K"): NumberObject(mark.number),
                }
            )
        )
        elements.append(element)
        by_page.setdefault(mark.page, ArrayObject()).append(element)
    parents = ArrayObject()
    for number, (page_number, found) in enumerate(sorted(by_page.items())):
        writer.pages[page_number - 1][NameObject("/StructParents")] = NumberObject(number)
        parents.extend((NumberObject(number), writer._add_object(found)))
    document[NameObject("/K")] = elements
    root[NameObject("/K")] = document_at
    root[NameObject("/ParentTree")] = DictionaryObject({NameObject("/Nums"): parents})
    root[NameObject("/ParentTreeNextKey")] = NumberObject(len(by_page))
    writer.root_object[NameObject("/StructTreeRoot")] = root_at
    writer.root_object[NameObject("/MarkInfo")] = DictionaryObject(
        {NameObject("/Marked"): BooleanObject(True)}
    )
    for page in writer.pages:
        page[NameObject("/Tabs")] = NameObject("/S")
    writer.metadata = {"/Title": TextStringObject(title), "/Author": TextStringObject(author)}
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
