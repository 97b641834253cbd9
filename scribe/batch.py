"""Files to draft from and drafts as files: one transcript in and one draft out, or a folder of them.

A draft appears whole or not at all, readable by its owner only. One bad file does not stop the rest. Nothing else
is written anywhere; what a file says is told to nobody but its draft.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from scribe.dictation import TextDraft
from scribe.errors import BadRequest, ScribeError
from summarizer.errors import SummarizerError

Form: TypeAlias = Literal["markdown", "json"]
SUFFIXES = frozenset({".txt", ".text", ".md", ".vtt", ".srt", ".json"})
"""Of files in a folder that are taken for transcripts; a file that is named itself may have any."""
OUT_SUFFIX: dict[Form, str] = {"markdown": ".md", "json": ".json"}


def read_text(file: Path) -> str:
    """The text of a file, or of the standard input for `-`. Raises BadRequest where it is no text."""
    try:
        raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        # Some recorders' exports are UTF-16; they say so in their first two bytes.
        return raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadRequest(f"Cannot read {file} as text ({type(error).__name__}).") from None


def in_form(drafted: TextDraft, form: Form) -> str:
    """The draft as JSON for other programs or as Markdown for a person."""
    if form == "json":
        return json.dumps(drafted.as_json(), indent=2, ensure_ascii=False) + "\n"
    return drafted.as_markdown()


def write_private(path: Path, text: str) -> None:
    """Put a file in place at once, mode 0600. Raises BadRequest where that cannot be."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with os.fdopen(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
                # What cannot be encoded (half a character from broken JSON) must not cost the draft.
                file.write(text.encode("utf-8", "replace"))
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise BadRequest(f"Cannot write {path} ({os.strerror(error.errno or 0)}).") from None


@dataclass(frozen=True, slots=True)
class Job:
    """One transcript and where its draft goes."""

    source: Path
    target: Path


def jobs(folder: Path, out: Path, form: Form) -> tuple[Job, ...]:
    """The transcripts of a folder (not of folders in it) by name, each with its draft's place in `out`.

    Raises BadRequest where there are none, or where drafts would lie among the transcripts.
    """
    try:
        files = sorted(
            path
            for path in folder.iterdir()
            if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
        )
    except OSError as error:
        raise BadRequest(f"Cannot read the folder {folder} ({os.strerror(error.errno or 0)}).") from None
    if not files:
        raise BadRequest(f"{folder} holds no transcripts; they end in {', '.join(sorted(SUFFIXES))}.")
    if out.exists() and not out.is_dir():
        raise BadRequest(f"{out} is a file; name a folder for the drafts with --out.")
    if out.resolve() == folder.resolve():
        raise BadRequest("Drafts must not lie among the transcripts; name another folder with --out.")
    stems = Counter(path.stem.lower() for path in files)
    return tuple(
        Job(path, out / f"{path.stem if stems[path.stem.lower()] == 1 else path.name}{OUT_SUFFIX[form]}")
        for path in files
    )


@dataclass(slots=True)
class Tally:
    """How far a batch has come; readable while it runs and after it was stopped."""

    total: int
    drafted: int = 0
    failed: int = 0


async def draft_all(
    work: Sequence[Job],
    draft: Callable[[str], Awaitable[TextDraft]],
    form: Form,
    tally: Tally,
    told: Callable[[Job, str], None],
) -> None:
    """Draft each job in turn, counting in `tally`; `told` hears of each one that is done, with its fault or "".

    A task that is cancelled stops between two files: what is drafted stays, nothing is left half written.
    """
    for job in work:
        await asyncio.sleep(0)  # a place to be cancelled at: drafting itself may never wait
        try:
            drafted = await draft(read_text(job.source))
            write_private(job.target, in_form(drafted, form))
        except (ScribeError, SummarizerError) as error:
            tally.failed += 1
            told(job, str(error))
        except Exception as error:  # a fault of ours with one text: told, counted, and the others go on
            tally.failed += 1
            told(job, f"It could not be drafted ({type(error).__name__}).")
        else:
            tally.drafted += 1
            told(job, "")
