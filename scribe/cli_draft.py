"""`scribe draft` on the command line: options in, one draft printed or a folder of them written.

The summariser alone: no server is asked or started, no speech model is loaded, nothing is stored but the drafts
that `--out` asks for.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, get_args

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from scribe.batch import Form, Job, Tally, draft_all, in_form, jobs, read_text, write_private
from scribe.config import Settings, read_settings
from scribe.dictation import TEMPLATE, TextDraft, draft_text
from scribe.drafting import chosen, default_style, templates_of
from scribe.engines import note_engine
from scribe.errors import BadRequest, CannotStart
from scribe.wire import EXAMPLE_CHARACTERS, TextDraftRequest
from summarizer.errors import SummarizerError

err = Console(stderr=True)

INTERRUPTED = 130
"""Exit status of a command that Ctrl-C ended: 128 and the signal's number (POSIX shells)."""


def draft(
    file: Annotated[
        Path,
        typer.Argument(
            help="Transcript (JSON turns, WebVTT, SRT, `Speaker: text` lines) or a summary of your own; "
            "a folder of them; - for the standard input."
        ),
    ],
    template: Annotated[str | None, typer.Option(help="Template of the note; soap if not given.")] = None,
    form: Annotated[str, typer.Option("--format", help="markdown or json.")] = "markdown",
    to: Annotated[Path | None, typer.Option("--out", help="File or folder for the drafts.")] = None,
    like: Annotated[
        Path | None, typer.Option(help="A note of yours whose style is followed; its content is not used.")
    ] = None,
    detail: Annotated[str | None, typer.Option(help="brief, standard or detailed.")] = None,
    client_term: Annotated[str | None, typer.Option(help="Client, Patient or a name.")] = None,
    pronouns: Annotated[str, typer.Option(help="The client's: she/her, he/him, they/them.")] = "",
    clinician_term: Annotated[str | None, typer.Option(help="Clinician, Therapist or a name.")] = None,
    person: Annotated[str | None, typer.Option(help="The clinician in the third or the first.")] = None,
    tense: Annotated[str | None, typer.Option(help="What is reported: present or past.")] = None,
    layout: Annotated[str | None, typer.Option(help="bullets or sentences.")] = None,
    engine: Annotated[str | None, typer.Option(help="extractive, transformers or openai.")] = None,
    model: Annotated[str | None, typer.Option(help="The engine's model: a folder or a name.")] = None,
    data_dir: Annotated[
        Path | None, typer.Option("--data-dir", help="Folder whose templates are used.")
    ] = None,
) -> None:
    """Draft a note from a transcript; nothing is stored."""
    if form not in get_args(Form):
        raise BadRequest(f"Expected --format markdown or json; {form!r} came.")
    kind: Form = form  # type: ignore[assignment]  # just checked
    settings = read_settings(data_dir=data_dir, note_engine=engine, note_model=model)
    wording = {
        "template": template,
        "detail": detail,
        "client_term": client_term,
        "pronouns": pronouns,
        "clinician_term": clinician_term,
        "person": person,
        "tense": tense,
        "layout": layout,
        "like": None if like is None else _example(like),
    }
    drafted = _drafter(settings, wording)
    if file.is_dir():
        if to is None:
            raise BadRequest(
                f"{file} is a folder; say with --out in which folder its drafts are to be written."
            )
        _folder(jobs(file, to, kind), drafted, kind, to)
        return
    try:
        text = in_form(asyncio.run(drafted(read_text(file))), kind)
    except SummarizerError as error:
        raise CannotStart(str(error)) from None
    if to is None:
        print(text, end="")  # noqa: T201 - for other programs
    else:
        write_private(
            to / f"{file.stem}.{'md' if form == 'markdown' else 'json'}" if to.is_dir() else to, text
        )


def _example(file: Path) -> str:
    text = read_text(file)
    if not text.strip() or len(text) > EXAMPLE_CHARACTERS:
        raise BadRequest(
            f"Expected an example note of at most {EXAMPLE_CHARACTERS} characters in {file}; {len(text)} came."
        )
    return text


def _drafter(
    settings: Settings, wording: dict[str, str | None]
) -> Callable[[str], Coroutine[None, None, TextDraft]]:
    """What makes a draft of a text; raises BadRequest at once where an option does not hold."""
    try:
        options = TextDraftRequest.model_validate({k: v for k, v in wording.items() if v is not None})
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        option = str(fault["loc"][0]).replace("_", "-")
        raise BadRequest(f"The option --{option} does not hold: {fault['msg']}.") from None
    templates, defaults = templates_of(settings), default_style(settings)
    # A template or a style that does not hold is told before a model is loaded.
    chosen(options, options.template, TEMPLATE, templates, defaults)
    engine = note_engine(settings, _say)

    async def drafted(text: str) -> TextDraft:
        request = options.model_copy(update={"text": text})
        return await draft_text(request, engine=engine, templates=templates, defaults=defaults)

    return drafted


def _say(text: str) -> None:
    err.print(text, markup=False, highlight=False, soft_wrap=True)


def _folder(
    work: tuple[Job, ...], drafted: Callable[[str], Coroutine[None, None, TextDraft]], form: Form, out: Path
) -> None:
    tally = Tally(len(work))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        task = progress.add_task("Drafting", total=len(work))

        def told(job: Job, fault: str) -> None:
            progress.advance(task)
            if fault:
                _say(f"{job.source}: {fault}")
            elif not err.is_terminal:
                _say(str(job.target))

        try:
            asyncio.run(draft_all(work, drafted, form, tally, told))
            stopped = False
        except KeyboardInterrupt:
            stopped = True
    count = f"{tally.drafted} of {tally.total} drafted into {out}"
    if stopped:
        _say(f"Stopped: {count}.")
        sys.exit(INTERRUPTED)
    if tally.failed:
        raise BadRequest(f"{count}; {tally.failed} could not be, for the reasons above.")
    _say(f"{count}.")
