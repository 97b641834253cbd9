"""A note as a file that can be filed, printed or pasted: Markdown, plain text, HTML, JSON.

Pure: note and heading in, text out. What is not signed carries a watermark. Evidence quotes are transcript
and stay here: only the JSON form, meant for the platform that holds the transcript anyway, has them.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from scribe.note import DraftNote, Note, SignedNote
from scribe.session import Consent, Participant, SessionContext

Format: TypeAlias = Literal["markdown", "text", "html", "json"]
FORMATS: Mapping[Format, tuple[str, str]] = {
    "markdown": ("text/markdown; charset=utf-8", "md"),
    "text": ("text/plain; charset=utf-8", "txt"),
    "html": ("text/html; charset=utf-8", "html"),
    "json": ("application/json", "json"),
}
"""Format to media type and file suffix."""

WATERMARK = "DRAFT – not reviewed, not signed, not part of the record"


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands above the note: from the session's own record, never from a model."""

    session_id: str
    started_at: datetime
    ended_at: datetime | None
    participants: tuple[Participant, ...]
    consents: tuple[Consent, ...]
    context: SessionContext


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of the written note; what it looks like is the format's business."""

    kind: Literal["watermark", "title", "field", "heading", "statement", "paragraph", "quote", "remark"]
    text: str
    label: str = ""


def export_note(note: Note, heading: Heading, form: Format) -> str:
    """The whole note in one of the FORMATS."""
    match form:
        case "markdown":
            return _markdown(blocks(note, heading))
        case "text":
            return _text(blocks(note, heading))
        case "html":
            return _html(blocks(note, heading))
        case "json":
            return json.dumps(note.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"


def blocks(note: Note, heading: Heading) -> Iterator[Block]:
    """The written note from top to bottom."""
    draft = note.note if isinstance(note, SignedNote) else note
    if isinstance(note, DraftNote):
        yield Block("watermark", WATERMARK)
    yield Block("title", draft.title)
    yield from _fields(heading)
    if draft.risk:
        yield Block("heading", "Risk statements, in the speaker's own words")
        for risk in draft.risk:
            if risk.question is not None:
                yield Block("quote", risk.question.quote, "Asked")
            yield Block("quote", risk.quote, risk.role.capitalize())
    for section in draft.sections:
        yield Block("heading", section.title)
        if section.status == "not_discussed":
            yield Block("remark", "Not discussed.")
        if draft.layout == "sentences" and section.statements:
            yield Block("paragraph", " ".join(statement.text for statement in section.statements))
        else:
            for statement in section.statements:
                yield Block("statement", statement.text)
    yield Block("heading", "Record")
    yield Block("remark", _consent_line(heading))
    made = draft.provenance
    yield Block(
        "remark",
        f"Drafted from the session by {made.product} {made.version} ({made.recognizer} {made.recognizer_model}, "
        f"{made.engine}); audio was not kept.",
    )
    for section in draft.sections:
        if section.engine:
            yield Block("remark", f"The section {section.title} was drafted anew by {section.engine}.")
    if made.recognizer_notice:
        yield Block("remark", made.recognizer_notice)
    if isinstance(note, SignedNote):
        yield from _signature(note)


def _fields(heading: Heading) -> Iterator[Block]:
    start, end = heading.started_at, heading.ended_at
    yield Block("field", start.strftime("%Y-%m-%d"), "Date of service")
    clock = start.strftime("%H:%M")
    if end is not None:
        clock += f" to {end.strftime('%H:%M')}"
    yield Block("field", f"{clock} UTC", "Recorded")
    people = ", ".join(f"{p.label} ({p.role})" if p.label else p.role for p in heading.participants)
    yield Block("field", people, "Participants")
    if heading.context.modality:
        yield Block("field", heading.context.modality, "Modality")
    for diagnosis in heading.context.diagnoses:
        yield Block("field", f"{diagnosis} (given by the clinician)", "Diagnosis")
    for goal in heading.context.treatment_goals:
        yield Block("field", goal.text, f"Goal {goal.id}")


def _consent_line(heading: Heading) -> str:
    given = [
        f"{consent.participant_id} ({consent.method}, {consent.given_at.strftime('%Y-%m-%d')}, "
        f"statement {consent.statement_version})"
        for consent in heading.consents
        if consent.revoked_at is None
    ]
    return (
        f"Consent to recording, transcription and drafting with AI: {'; '.join(given) or 'none on record'}."
    )


def _signature(note: SignedNote) -> Iterator[Block]:
    signature = note.signature
    yield Block("heading", "Signature")
    yield Block("remark", signature.attestation)
    yield Block(
        "remark",
        f"Signed by {signature.name}, {signature.credentials}, {signature.at.strftime('%Y-%m-%d %H:%M')} UTC.",
    )
    yield Block("remark", f"SHA-256 {note.sha256}")
    for addendum in note.addenda:
        when = addendum.at.strftime("%Y-%m-%d %H:%M")
        yield Block("heading", addendum.kind.replace("_", " ").capitalize())
        yield Block("statement", addendum.text)
        yield Block(
            "remark", f"{addendum.author}, {addendum.credentials}, {when} UTC. SHA-256 {addendum.sha256}"
        )


def _markdown(written: Iterator[Block]) -> str:
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


def _text(written: Iterator[Block]) -> str:
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


def _html(written: Iterator[Block]) -> str:
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
