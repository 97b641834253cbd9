"""The written note as a Word document: blocks in, the bytes of a file out.

Real heading and list styles, so that whoever has it read aloud can move by them; a running head, fields for the
page's number, a watermark on every page of a draft. The same note gives the same bytes; nothing hidden is in it but
title, author and the time of the signature or the draft.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

from docx import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt, RGBColor

from scribe.blocks import Block, Properties
from scribe.text_note import without_controls

_FONT = "Arial"
_INK, _GREY, _RISK = RGBColor(0x1A, 0x1A, 0x1A), RGBColor(0x4D, 0x4D, 0x4D), RGBColor(0x8A, 0x1C, 0x1C)
_LABEL_WIDTH = Mm(40)
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The first time that a ZIP archive can name."""
_HIDDEN = ("/docProps/app.xml", "/docProps/thumbnail.jpeg")
"""What the library's template says of the program and the page it was made with."""
_WATERMARK = (
    f"<w:pict {nsdecls('w')} xmlns:v='urn:schemas-microsoft-com:vml' xmlns:o='urn:schemas-microsoft-com:office:office'>"
    # Text between two level lines (ECMA-376, part 4, 19.1: preset shape 136).
    "<v:shapetype id='between_lines' coordsize='21600,21600' o:spt='136' path='m,l21600,m,21600l21600,21600e'>"
    "<v:path textpathok='t'/><v:textpath on='t' fitshape='t'/></v:shapetype>"
    "<v:shape id='watermark' type='#between_lines' alt='DRAFT' fillcolor='#d9d9d9' stroked='f' style='"
    "position:absolute;width:430pt;height:160pt;rotation:308;z-index:-1;"
    "mso-position-horizontal:center;mso-position-horizontal-relative:margin;"
    "mso-position-vertical:center;mso-position-vertical-relative:margin'>"
    "<v:fill opacity='.6'/><v:textpath style='font-family:Arial;font-weight:bold' string='DRAFT'/></v:shape></w:pict>"
)


def note_docx(written: Sequence[Block], about: Properties) -> bytes:
    """The file, for Word and its kin."""
    document = Document()
    _set_page(document)
    _set_styles(document)
    _set_properties(document, about)
    draft = written[0].text if written[0].kind == "watermark" else ""
    _set_head_and_foot(document.sections[0], about.running_head, draft)
    last = [number for number, block in enumerate(written) if block.part == "risk"][-1:]
    for number, block in enumerate(written):
        _add(document, block, last_of_box=number in last)
    out = io.BytesIO()
    document.save(out)
    return _timeless(out.getvalue())


def _add(document: Any, block: Block, *, last_of_box: bool) -> None:
    text = _clean(block.text)
    match block.kind:
        case "watermark":
            document.add_paragraph(text, "Draft Mark")
        case "title":
            document.add_paragraph(text, "Title")
        case "heading":
            paragraph = document.add_paragraph(text, "Heading 1")
            if block.part == "risk":
                _box(paragraph)
        case "field":
            paragraph = document.add_paragraph(style="Fact")
            paragraph.add_run(_clean(block.label)).bold = True
            paragraph.add_run(f"\t{text}")
        case "quote":
            paragraph = document.add_paragraph(f"{_clean(block.label)}: “{text}”", "Risk Quote")
            _box(paragraph)
            if last_of_box:
                paragraph.paragraph_format.space_after = Pt(8)
        case "statement" if block.part == "addendum":
            for line in block.text.splitlines():
                # Who added it stands on the same page.
                document.add_paragraph(_clean(line), "Normal").paragraph_format.keep_with_next = True
        case "statement":
            document.add_paragraph(text, "List Bullet")
        case "paragraph":
            document.add_paragraph(text, "Normal")
        case "remark":
            paragraph = document.add_paragraph(text, _remark_style(block))
            if block.text.startswith("Signed by "):
                paragraph.runs[0].bold = True


def _remark_style(block: Block) -> str:
    if block.part == "signature" and not block.text.startswith("SHA-256 "):
        return "Normal"
    return "Remark" if block.part in ("facts", "section") else "Small Print"


def _set_page(document: Any) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(215.9), Mm(279.4)  # Letter
    section.left_margin = section.right_margin = Mm(20)
    section.top_margin = section.bottom_margin = Mm(22)
    section.header_distance = section.footer_distance = Mm(10)


def _set_styles(document: Any) -> None:
    styles = document.styles
    normal = styles["Normal"]
    _font(normal, 10, _INK)
    normal.paragraph_format.space_after = Pt(4)
    _font(styles["Title"], 17, _INK, bold=True)
    _font(styles["Heading 1"], 12, _INK, bold=True)
    styles["Heading 1"].paragraph_format.space_before = Pt(10)
    styles["Heading 1"].paragraph_format.space_after = Pt(3)
    styles["List Bullet"].paragraph_format.space_after = Pt(2)
    made: dict[str, Callable[[Any], None]] = {
        "Fact": lambda style: _font(style, 10, _INK),
        "Risk Quote": lambda style: _font(style, 10, _INK),
        "Remark": lambda style: _font(style, 10, _GREY),
        "Small Print": lambda style: _font(style, 8, _GREY),
        "Draft Mark": lambda style: _font(style, 10, _RISK, bold=True),
    }
    for name, look in made.items():
        style = styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        style.base_style = normal
        look(style)
    fact = styles["Fact"].paragraph_format
    # A value of several lines hangs under its first one.
    fact.left_indent, fact.first_line_indent = _LABEL_WIDTH, -_LABEL_WIDTH
    fact.tab_stops.add_tab_stop(_LABEL_WIDTH)
    fact.space_after = Pt(1)
    styles["Risk Quote"].paragraph_format.space_after = Pt(0)


def _font(style: Any, size: int, colour: RGBColor, *, bold: bool = False) -> None:
    style.font.name, style.font.size, style.font.bold = _FONT, Pt(size), bold
    style.font.color.rgb = colour
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{theme}"), None)
    fonts.set(qn("w:cs"), _FONT)


def _box(paragraph: Any) -> None:
    """A bar at the left and a tint behind; neighbours that have the same become one box."""
    properties = paragraph._p.get_or_add_pPr()
    border = (
        f"<w:pBdr {nsdecls('w')}><w:left w:val='single' w:sz='24' w:space='6' w:color='8A1C1C'/></w:pBdr>"
    )
    shade = f"<w:shd {nsdecls('w')} w:val='clear' w:color='auto' w:fill='FDF4F3'/>"
    for made in (border, shade):
        properties.insert_element_before(
            parse_xml(made), "w:tabs", "w:spacing", "w:ind", "w:jc", "w:outlineLvl", "w:rPr"
        )


def _set_head_and_foot(section: Any, running_head: str, draft: str) -> None:
    head = section.header.paragraphs[0]
    head.style = "Small Print"
    if draft:
        head.add_run()._r.append(parse_xml(_WATERMARK))
    head.add_run(_clean(running_head))
    foot = section.footer.paragraphs[0]
    foot.style = "Small Print"
    foot.paragraph_format.tab_stops.add_tab_stop(
        section.page_width - section.left_margin - section.right_margin, WD_TAB_ALIGNMENT.RIGHT
    )
    foot.add_run(f"{draft}\tPage ")
    _field(foot, "PAGE")
    foot.add_run(" of ")
    _field(foot, "NUMPAGES")


def _field(paragraph: Any, code: str) -> None:
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), code)
    # What is shown until a program has counted.
    field.append(parse_xml(f"<w:r {nsdecls('w')}><w:t>1</w:t></w:r>"))
    paragraph._p.append(field)


def _set_properties(document: Any, about: Properties) -> None:
    core = document.core_properties
    core.title, core.author, core.last_modified_by = _clean(about.title), _clean(about.author), ""
    core.language, core.comments, core.keywords = "en-US", "", ""
    core.created = core.modified = about.at.replace(tzinfo=None)
    core.revision = 1
    package = document.part.package
    for key, link in list(package.rels.items()):
        if not link.is_external and str(link.target_part.partname) in _HIDDEN:
            del package.rels[key]


def _timeless(data: bytes) -> bytes:
    """The archive without the times at which its parts were packed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as packed, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name in packed.namelist():
            made.writestr(zipfile.ZipInfo(name, _EPOCH), packed.read(name), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _clean(text: str) -> str:
    return " ".join(without_controls(text).split())
