"""Filled-in forms made in memory: PDFs with text or with fields, and Word documents with boxes and tables."""

from __future__ import annotations

import io
from collections.abc import Sequence

from docx import Document
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    BooleanObject,
    DecodedStreamObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    NumberObject,
    TextStringObject,
)

_W14 = "http://schemas.microsoft.com/office/word/2010/wordml"


def pdf(pages: Sequence[str], *, password: str = "") -> bytes:
    """A PDF with these texts, one line of each under the other; an empty text is a page without words."""
    writer = PdfWriter()
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
            NameObject("/Encoding"): NameObject("/WinAnsiEncoding"),
        }
    )
    for text in pages:
        page = writer.add_blank_page(612, 792)
        fonts = DictionaryObject({NameObject("/F1"): font})
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
        rows = []
        for number, line in enumerate(text.splitlines()):
            escaped = line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
            rows.append(f"BT /F1 10 Tf 50 {760 - 14 * number} Td ({escaped}) Tj ET")
        stream = DecodedStreamObject()
        stream.set_data("\n".join(rows).encode("cp1252"))
        page[NameObject("/Contents")] = writer._add_object(stream)
    if password:
        writer.encrypt(password, algorithm="AES-256")
    return _bytes(writer)


def pdf_form(fields: Sequence[tuple[str, str, str]], *, filled: bool = True) -> bytes:
    """A PDF with fields `(name, tooltip, value)`; `☒` and `☐` make tick boxes, a value `/Name` a radio group."""
    writer = PdfWriter()
    page = writer.add_blank_page(612, 792)
    made = ArrayObject()
    for number, (name, tooltip, value) in enumerate(fields):
        field = DictionaryObject(
            {
                NameObject("/Type"): NameObject("/Annot"),
                NameObject("/Subtype"): NameObject("/Widget"),
                NameObject("/T"): TextStringObject(name),
                NameObject("/Rect"): ArrayObject(
                    [FloatObject(x) for x in (50, 700 - 20 * number, 300, 715 - 20 * number)]
                ),
            }
        )
        if tooltip:
            field[NameObject("/TU")] = TextStringObject(tooltip)
        if value in ("☒", "☐"):
            field[NameObject("/FT")] = NameObject("/Btn")
            field[NameObject("/V")] = NameObject("/Yes" if value == "☒" and filled else "/Off")
        elif value.startswith("/"):
            field[NameObject("/FT")] = NameObject("/Btn")
            field[NameObject("/Ff")] = NumberObject(1 << 15)
            field[NameObject("/V")] = NameObject(value if filled else "/Off")
        else:
            field[NameObject("/FT")] = NameObject("/Tx")
            field[NameObject("/V")] = TextStringObject(value if filled else "")
        made.append(writer._add_object(field))
    page[NameObject("/Annots")] = made
    writer._root_object[NameObject("/AcroForm")] = DictionaryObject(
        {NameObject("/Fields"): made, NameObject("/NeedAppearances"): BooleanObject(True)}
    )
    return _bytes(writer)


def _bytes(writer: PdfWriter) -> bytes:
    out = io.BytesIO()
    writer.write(out)
    assert PdfReader(io.BytesIO(out.getvalue())) is not None
    return out.getvalue()


class Word:
    """A Word document, line by line."""

    def __init__(self) -> None:
        self._document = Document()

    def heading(self, text: str) -> Word:
        self._document.add_heading(text, level=1)
        return self

    def line(self, text: str, *, bold: bool = False) -> Word:
        self._document.add_paragraph().add_run(text).bold = bold
        return self

    def table(self, *rows: Sequence[str]) -> Word:
        table = self._document.add_table(rows=0, cols=len(rows[0]))
        for row in rows:
            for cell, text in zip(table.add_row().cells, row, strict=True):
                cell.text = text
        return self

    def boxes(self, label: str, options: Sequence[tuple[str, bool]]) -> Word:
        """A label and tick boxes as Word's own content controls."""
        paragraph = self._document.add_paragraph(f"{label} ")
        for name, ticked in options:
            glyph = "☒" if ticked else "☐"
            paragraph._p.append(
                parse_xml(
                    f'<w:sdt {nsdecls("w")} xmlns:w14="{_W14}"><w:sdtPr><w14:checkbox>'
                    f'<w14:checked w14:val="{int(ticked)}"/></w14:checkbox></w:sdtPr>'
                    f"<w:sdtContent><w:r><w:t>{glyph}</w:t></w:r></w:sdtContent></w:sdt>"
                )
            )
            paragraph.add_run(f" {name}  ")
        return self

    def old_box(self, text: str, *, ticked: bool) -> Word:
        """A tick box of the older kind, before its words."""
        paragraph = self._document.add_paragraph()
        paragraph._p.append(
            parse_xml(
                f'<w:r {nsdecls("w")}><w:fldChar w:fldCharType="begin"><w:ffData><w:checkBox><w:sizeAuto/>'
                f'<w:default w:val="0"/><w:checked w:val="{int(ticked)}"/></w:checkBox></w:ffData>'
                "</w:fldChar></w:r>"
            )
        )
        paragraph.add_run(f" {text}")
        return self

    def control(self, label: str, text: str, *, placeholder: bool) -> Word:
        """A text control; a placeholder is what shows while nobody wrote anything."""
        paragraph = self._document.add_paragraph(f"{label} ")
        shown = "<w:showingPlcHdr/>" if placeholder else ""
        paragraph._p.append(
            parse_xml(
                f"<w:sdt {nsdecls('w')}><w:sdtPr>{shown}<w:text/></w:sdtPr>"
                f"<w:sdtContent><w:r><w:t>{text}</w:t></w:r></w:sdtContent></w:sdt>"
            )
        )
        return self

    def bytes(self) -> bytes:
        out = io.BytesIO()
        self._document.save(out)
        return out.getvalue()
