"""`scribe intake` on the command line: filled-in forms in, one intake summary printed; nothing is stored.

No server is asked or started, and no speech model is loaded.
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, get_args

import typer

from scribe.batch import Form, read_text, write_private
from scribe.config import read_settings
from scribe.drafting import default_style, templates_of
from scribe.engines import note_engine
from scribe.errors import BadRequest
from scribe.forms import joined, read_form_file
from scribe.intake import draft_intake
from summarizer.errors import SummarizerError
from summarizer.form import FormField
from summarizer.transcript import read_transcript
from summarizer.types import DetailLevel, Turn


def intake(
    forms: Annotated[list[Path], typer.Argument(help="Filled-in forms: PDF, DOCX, text or JSON.")],
    transcript: Annotated[Path | None, typer.Option(help="Transcript of the intake session.")] = None,
    form: Annotated[str, typer.Option("--format", help="markdown or json.")] = "markdown",
    to: Annotated[Path | None, typer.Option("--out", help="File to write; else it is printed.")] = None,
    detail: Annotated[str | None, typer.Option(help="brief, standard or detailed.")] = None,
    pronouns: Annotated[str, typer.Option(help="The client's; else those on the form.")] = "",
    data_dir: Annotated[
        Path | None, typer.Option("--data-dir", help="Folder whose templates are used.")
    ] = None,
) -> None:
    """Summarise an intake form, alone or with the intake session; nothing is stored."""
    if form not in get_args(Form):
        raise BadRequest(f"Expected --format markdown or json; {form!r} came.")
    if detail is not None and detail not in get_args(DetailLevel):
        raise BadRequest(f"Expected --detail {', '.join(get_args(DetailLevel))}; {detail!r} came.")
    settings = read_settings(data_dir=data_dir)
    style = replace(default_style(settings), pronouns=pronouns)
    if detail is not None:
        style = replace(style, detail=detail)  # type: ignore[arg-type]  # just checked
    fields = joined([_read(file) for file in forms])
    drafting = draft_intake(
        fields,
        _turns(transcript),
        engine=note_engine(settings, lambda _: None),
        templates=templates_of(settings),
        style=style,
    )
    drafted = asyncio.run(drafting)
    if form == "json":
        text = json.dumps(drafted.as_json(), indent=2, ensure_ascii=False) + "\n"
    else:
        text = drafted.as_markdown()
    if to is None:
        sys.stdout.write(text)
    else:
        write_private(to, text)


def _read(file: Path) -> tuple[FormField, ...]:
    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise BadRequest(f"Cannot read {file} ({type(error).__name__}).") from None
    try:
        return read_form_file(data)
    except BadRequest as error:
        raise BadRequest(f"{file}: {error.detail}") from None


def _turns(transcript: Path | None) -> tuple[Turn, ...]:
    if transcript is None:
        return ()
    try:
        return read_transcript(read_text(transcript))
    except SummarizerError as error:
        raise BadRequest(f"{transcript}: {str(error).rstrip('.')}.") from None
