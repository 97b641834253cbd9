"""The written note as Markdown, plain text and HTML. Pure: blocks in, text out."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

from scribe.blocks import Block

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def markdown(written: Iterable[Block]) -> str:
    """Headings, lists and emphasis; what the words hold of marks is escaped."""
    lines: list[str] = []
    last = ""
    for block in written:
        text = _markdown_safe(block.text)
        if lines and not (block.kind == last and block.kind in ("field", "statement", "quote")):
            lines.append("")
        match block.kind:
            case "watermark":
                lines.append(f"> **{text}**")
            case "title":
                lines.append(f"# {text}")
            case "heading":
                lines.append(f"## {text}")
            case "field":
                lines.append(f"- **{block.label}:** {text}")
            case "statement":
                lines.append(f"- {text}")
            case "paragraph":
                lines.append(text)
            case "quote":
                lines.append(f"- {block.label}: “{text}”")
            case "remark":
                lines.append(f"*{text}*")
        last = block.kind
    return "\n".join(lines) + "\n"


def plain_text(written: Iterable[Block]) -> str:
    """For pasting into a form: headings in capitals, one line for each piece."""
    lines: list[str] = []
    for block in written:
        match block.kind:
            case "watermark":
                lines += [f"*** {block.text} ***", ""]
            case "title":
                lines += [block.text.upper(), ""]
            case "heading":
                lines += ["", block.text.upper()]
            case "field":
                lines.append(f"{block.label}: {block.text}")
            case "quote":
                lines.append(f'{block.label}: "{block.text}"')
            case "statement" | "paragraph" | "remark":
                lines.append(block.text)
    return "\n".join(lines) + "\n"


def html_page(written: Iterable[Block]) -> str:
    """A page of its own, without scripts and styles from elsewhere."""
    body: list[str] = []
    title = "Progress note"
    for block in written:
        text, label = html.escape(block.text), html.escape(block.label)
        match block.kind:
            case "watermark":
                body.append(
                    f'<p role="note" style="border:2px solid;padding:.5em"><strong>{text}</strong></p>'
                )
            case "title":
                title = text
                body.append(f"<h1>{text}</h1>")
            case "heading":
                body.append(f"<h2>{text}</h2>")
            case "field":
                body.append(f"<p><strong>{label}:</strong> {text}</p>")
            case "quote":
                body.append(f"<blockquote>{label}: “{text}”</blockquote>")
            case "statement" | "paragraph":
                body.append(f"<p>{text}</p>")
            case "remark":
                body.append(f"<p><small>{text}</small></p>")
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>\n<body>\n'
        + "\n".join(body)
        + "\n</body></html>\n"
    )


def _markdown_safe(text: str) -> str:
    # Only what would change the structure of a line: the words of a note are plain sentences.
    for mark in ("\\", "*", "_", "`", "<", "[", "#"):
        text = text.replace(mark, "\\" + mark)
    return text


def without_controls(text: str) -> str:
    """The text without characters that XML and its kin cannot hold (XML 1.0, section 2.2)."""
    return _CONTROLS.sub("", text)
