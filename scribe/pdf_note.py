"""The written note as a PDF: blocks in, the bytes of a file out; with `pdf_fonts` the one door to reportlab.

Letter paper, a running head and the page's number on each page, risk in a box, DRAFT across every page of a draft.
The same note gives the same bytes on machines with the same fonts.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.pagesizes import letter
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    HRFlowable,
    PageTemplate,
    Paragraph,
    Table,
    TableStyle,
)

from scribe.blocks import Block, Properties
from scribe.pdf_fonts import BOLD, REGULAR, missing, runs
from scribe.pdf_tags import Mark, tagged
from scribe.text_note import without_controls

_MARGIN = 20 * mm
_WIDTH = letter[0] - 2 * _MARGIN
_LABEL_WIDTH = 38 * mm
_BOX_PADDING = 3 * mm
_INK, _GREY, _RULE = HexColor("#1a1a1a"), HexColor("#4d4d4d"), HexColor("#8c8c8c")
_RISK_EDGE, _RISK_FILL = HexColor("#8a1c1c"), HexColor("#fdf4f3")
_FAINT = Color(0.45, 0.45, 0.45, alpha=0.22)
_UNSET = (
    "Characters shown by their code, such as [U+05D0], could not be set on the machine that made this file."
)

_BODY = ParagraphStyle(
    "body",
    fontName=REGULAR,
    bulletFontName=REGULAR,
    fontSize=9.5,
    leading=13.5,
    textColor=_INK,
    spaceAfter=3,
)
_STYLES = {
    "title": ParagraphStyle("title", _BODY, fontName=BOLD, fontSize=16, leading=20, spaceAfter=6),
    "heading": ParagraphStyle("heading", _BODY, fontName=BOLD, fontSize=11, leading=14, spaceBefore=10),
    "label": ParagraphStyle("label", _BODY, fontName=BOLD, textColor=_GREY, spaceAfter=0),
    "value": ParagraphStyle("value", _BODY, spaceAfter=0),
    "statement": ParagraphStyle("statement", _BODY, leftIndent=13, bulletIndent=1),
    "paragraph": _BODY,
    "last": ParagraphStyle("last", _BODY, keepWithNext=1),
    "quote": ParagraphStyle("quote", _BODY, spaceAfter=0),
    "remark": ParagraphStyle("remark", _BODY, textColor=_GREY),
    "small": ParagraphStyle("small", _BODY, fontSize=8, leading=11, textColor=_GREY, spaceAfter=2),
    "signed": ParagraphStyle("signed", _BODY, fontName=BOLD, spaceBefore=2),
    "watermark": ParagraphStyle("watermark", _BODY, fontName=BOLD, textColor=_RISK_EDGE, spaceAfter=6),
}


@dataclass
class _Marks:
    """The marked contents of one document being drawn, in reading order."""

    kept: list[Mark] = field(default_factory=list)

    def begin(self, canvas: Canvas, role: str) -> None:
        """Begin one on the canvas's page; the numbers begin anew on each page (ISO 32000-1, 14.7.4.4)."""
        page = canvas.getPageNumber()
        number = sum(mark.page == page for mark in self.kept)
        self.kept.append(Mark(role, page, number))
        canvas.addLiteral(f"/{role} <</MCID {number}>> BDC")


class _Text(Paragraph):  # type: ignore[misc]  # reportlab has no types
    """A paragraph that says what it is; a heading is also an entry of the outline."""

    # Set after it is made: reportlab makes the parts of one that goes over a page by itself.
    role = "P"
    outline = ""
    marks: _Marks

    def split(self, width: float, height: float) -> list[Flowable]:
        parts: list[Flowable] = super().split(width, height)
        for number, part in enumerate(parts):
            part.role, part.marks = self.role, self.marks
            part.outline = self.outline if number == 0 else ""
        return parts

    def draw(self) -> None:
        if self.outline:
            key = f"h{len(self.marks.kept)}"
            self.canv.bookmarkHorizontal(key, 0, self.height)
            self.canv.addOutlineEntry(self.outline, key, 0 if self.role == "H1" else 1)
        self.marks.begin(self.canv, self.role)
        super().draw()
        self.canv.addLiteral("EMC")


def note_pdf(written: Sequence[Block], about: Properties) -> bytes:
    """The file, tagged for whoever has it read aloud."""
    texts = (about.running_head, *(part for block in written for part in (block.text, block.label)))
    unset = missing(_clean(text) for text in texts)
    title, author = _clean(about.title), _clean(about.author)
    pages = 0
    # Twice: how many pages there are is known only when they are set.
    for _ in range(2):
        marks = _Marks()
        out = io.BytesIO()
        template = BaseDocTemplate(
            out,
            pagesize=letter,
            title=title,
            author=author,
            subject="",
            creator="",
            producer="",
            keywords=None,
            lang="en-US",
            invariant=1,
            displayDocTitle=True,
        )
        frame = Frame(_MARGIN, _MARGIN, _WIDTH, letter[1] - 2 * _MARGIN - 6 * mm, 0, 0, 0, 0)
        on_page = partial(
            _draw_page,
            head=about.running_head,
            of=pages,
            draft=written[0].text if written[0].kind == "watermark" else "",
        )
        template.addPageTemplates([PageTemplate("page", [frame], onPage=on_page)])
        template.build(list(_story(written, marks, unset)))
        pages = template.page
    return tagged(out.getvalue(), marks.kept, title=title, author=author)


def _story(written: Sequence[Block], marks: _Marks, unset: bool) -> Iterator[Flowable]:
    def text(block_text: str, style: str, role: str = "P", **more: str) -> _Text:
        paragraph = _Text(_markup(block_text, bold=_STYLES[style].fontName == BOLD), _STYLES[style], **more)
        paragraph.role, paragraph.marks = role, marks
        paragraph.outline = _clean(block_text) if role in ("H1", "H2") else ""
        return paragraph

    for kind, group in groupby(written, lambda block: "risk" if block.part == "risk" else block.kind):
        these = list(group)
        if kind == "field":
            rows = [[text(block.label, "label"), text(block.text, "value")] for block in these]
            yield _table(
                rows, [_LABEL_WIDTH, _WIDTH - _LABEL_WIDTH], [("BOTTOMPADDING", (0, 0), (-1, -1), 2)]
            )
        elif kind == "risk":
            yield from _risk(these, text)
        else:
            for block in these:
                yield from _piece(block, text)
    if unset:
        yield text(_UNSET, "small")


def _piece(block: Block, text: Callable[..., _Text]) -> Iterator[Flowable]:
    match block.kind:
        case "watermark":
            yield text(block.text, "watermark")
        case "title":
            yield text(block.text, "title", "H1")
            yield HRFlowable("100%", 0.8, color=_RULE, spaceAfter=6)
        case "heading":
            # A heading does not stand alone at the foot of a page, nor is a signature torn.
            yield CondPageBreak({"signature": 45, "addendum": 32}.get(block.part, 22) * mm)
            yield text(block.text, "heading", "H2")
            yield HRFlowable("100%", 0.4, color=_RULE, spaceAfter=4)
        case "statement" if block.part == "addendum":
            *lines, last = block.text.splitlines() or [""]
            yield from (text(line, "paragraph") for line in lines)
            yield text(last, "last")  # who added it stands on the same page
        case "statement":
            yield text(block.text, "statement", bulletText="•")
        case "paragraph":
            yield text(block.text, "paragraph")
        case "remark":
            yield text(block.text, _remark_style(block))


def _remark_style(block: Block) -> str:
    if block.part == "signature" and not block.text.startswith("SHA-256 "):
        return "signed" if block.text.startswith("Signed by ") else "paragraph"
    return "remark" if block.part in ("facts", "section") else "small"


def _risk(these: Sequence[Block], text: Callable[..., _Text]) -> Iterator[Flowable]:
    """Heading and quotes in one box, which may go over pages."""
    rows = [
        [text(block.text, "heading", "H2")]
        if block.kind == "heading"
        else [text(f"{block.label}: “{block.text}”", "quote")]
        for block in these
    ]
    style = [
        ("BACKGROUND", (0, 0), (-1, -1), _RISK_FILL),
        ("LINEBEFORE", (0, 0), (0, -1), 2.5, _RISK_EDGE),
        ("LEFTPADDING", (0, 0), (-1, -1), _BOX_PADDING),
        ("RIGHTPADDING", (0, 0), (-1, -1), _BOX_PADDING),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
    ]
    yield _table(rows, [_WIDTH], style)


def _table(rows: list[list[_Text]], widths: list[float], style: list[Any]) -> Table:
    plain = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 1),
    ]
    return Table(rows, widths, style=TableStyle([*plain, *style]), spaceBefore=4, spaceAfter=4, splitInRow=1)


def _draw_page(canvas: Canvas, _: BaseDocTemplate, *, head: str, of: int, draft: str) -> None:
    """What is no part of the text: running head, page number, watermark."""
    canvas.addLiteral("/Artifact BMC")
    canvas.saveState()
    canvas.setFillColor(_GREY)
    top = letter[1] - _MARGIN + 2 * mm
    _line(canvas, _MARGIN, top, head)
    _line(canvas, _MARGIN, _MARGIN - 8 * mm, draft)
    canvas.setFont(REGULAR, 8)
    canvas.drawRightString(letter[0] - _MARGIN, _MARGIN - 8 * mm, f"Page {canvas.getPageNumber()} of {of}")
    canvas.setStrokeColor(_RULE)
    canvas.setLineWidth(0.4)
    canvas.line(_MARGIN, _MARGIN - 4 * mm, letter[0] - _MARGIN, _MARGIN - 4 * mm)
    if draft:
        canvas.translate(letter[0] / 2, letter[1] / 2)
        canvas.rotate(52)
        canvas.setFillColor(_FAINT)
        canvas.setFont(BOLD, 120)
        canvas.drawCentredString(0, -40, "DRAFT")
    canvas.restoreState()
    canvas.addLiteral("EMC")


def _line(canvas: Canvas, x: float, y: float, text: str) -> None:
    for font, piece in runs(_clean(text)):
        canvas.setFont(font, 8)
        canvas.drawString(x, y, piece)
        x += canvas.stringWidth(piece, font, 8)


def _markup(text: str, *, bold: bool) -> str:
    """The text in reportlab's markup: each run in its font, nothing of it read as a mark."""
    pieces = runs(_clean(text), bold=bold)
    return "".join(f'<font name="{font}">{escape(piece)}</font>' for font, piece in pieces)


def _clean(text: str) -> str:
    return " ".join(without_controls(text).split())
