"""What the command line shows: live words, progress, a note with its evidence, a receipt.

Goes in: messages and notes. Comes out: lines for a person. Only what the person asked to see is printed, and
only to their terminal.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from scribe.note import DraftNote, Evidence, Note, SignedNote
from scribe.session import State
from scribe.wire import (
    POSITION_RATE,
    Ack,
    AudioHealthMessage,
    ChecklistView,
    Gap,
    Ready,
    Receipt,
    ServerMessage,
    SessionList,
    SessionSummary,
    SpeakerRevisionMessage,
    UtteranceMessage,
)

ROLE_STYLES = {"clinician": "cyan", "client": "green", "family": "magenta", "interpreter": "yellow"}
HEALTH = {
    "silence": "No sound arrives; is the microphone on?",
    "clipping": "The sound is too loud and distorted; turn the input down.",
    "low_level": "The sound is very quiet; move the microphone nearer.",
    "dual_mono": "Both channels carry the same sound, so who speaks cannot be told; check the second microphone.",
    "noise": "There is a lot of noise; move the microphone nearer.",
}


class Listening:
    """Words as they come, and how much of the recording is heard and safely stored."""

    def __init__(self, console: Console, seconds: float | None) -> None:
        self._console = console
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:5.0f} s of {task.fields[whole]}"),
            TimeElapsedColumn(),
            console=console,
        )
        whole = "?" if seconds is None else f"{seconds:.0f} s"
        self._task: TaskID = self._progress.add_task("Listening", total=seconds, whole=whole)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def show(self, message: ServerMessage) -> None:
        """Show what a message says to a person."""
        match message:
            case Ready(notice=notice) if notice:
                self._console.print(f"[yellow]{escape(notice)}[/yellow]")
            case UtteranceMessage(is_final=True) if message.text:
                self._console.print(_line(message))
            case UtteranceMessage(is_final=False):
                if self._console.is_terminal:
                    tail = message.text[-40:]
                    self._progress.update(self._task, description=f"[dim]… {escape(tail)}[/dim]")
            case Ack(committed=committed):
                self._progress.update(
                    self._task, completed=committed / POSITION_RATE, description="Listening"
                )
            case SpeakerRevisionMessage(utterances=revised):
                self._console.print(f"[dim]({len(revised)} earlier lines got a better speaker)[/dim]")
            case AudioHealthMessage(kind=kind):
                self._console.print(f"[yellow]{HEALTH[kind]}[/yellow]")
            case Gap(reason="off_the_record"):
                self._console.print("[dim](off the record)[/dim]")
            case Gap(start=start, end=end):
                self._console.print(f"[red]({end - start:.0f} s could not be recognised)[/red]")
            case _:
                pass


def _line(message: UtteranceMessage) -> str:
    style = ROLE_STYLES.get(message.role, "white")
    who = message.role if message.role != "other" else message.speaker
    return f"[dim]{_clock(message.start)}[/dim] [{style}]{who:>11}[/{style}]  {escape(message.text)}"


def print_note(console: Console, note: Note) -> None:
    """The note with the evidence of every statement under it."""
    draft = note.note if isinstance(note, SignedNote) else note
    state = "SIGNED" if isinstance(note, SignedNote) else "DRAFT – not reviewed, not signed"
    console.rule(f"[bold]{escape(draft.title)}[/bold] · {state}")
    if draft.risk:
        console.print("\n[bold red]Risk statements, verbatim[/bold red]")
        for risk in draft.risk:
            if risk.question is not None:
                console.print(f"  [dim]asked:[/dim] “{escape(risk.question.quote)}”")
            console.print(f"  {risk.role}: “{escape(risk.quote)}”")
    for section in draft.sections:
        console.print(f"\n[bold]{escape(section.title)}[/bold]")
        if section.status == "not_discussed":
            console.print("  [dim]not discussed[/dim]")
        for statement in section.statements:
            console.print(f"  {escape(statement.text)}")
            for evidence in _shortened(statement.evidence):
                console.print(f"    [dim]{evidence}[/dim]")
    _print_findings(console, draft)
    if isinstance(note, SignedNote):
        signature = note.signature
        console.print(
            f"\nSigned by {escape(signature.name)}, {escape(signature.credentials)}, {signature.at:%Y-%m-%d %H:%M} UTC"
        )
        for addendum in note.addenda:
            console.print(
                f"{addendum.kind.replace('_', ' ')}: {escape(addendum.text)} ({escape(addendum.author)})"
            )
    if draft.provenance.recognizer_notice:
        console.print(f"\n[yellow]{escape(draft.provenance.recognizer_notice)}[/yellow]")


def _print_findings(console: Console, draft: DraftNote) -> None:
    open_findings = [finding for finding in draft.findings if finding.resolution == "open"]
    if not open_findings:
        return
    console.print("\n[bold]To look at before signing[/bold]")
    for finding in open_findings:
        colour = "red" if finding.severity == "blocking" else "yellow"
        console.print(f"  [{colour}]{finding.severity}[/{colour}] {finding.id}: {escape(finding.detail)}")


def _shortened(evidence: Sequence[Evidence]) -> list[str]:
    return [
        f"{e.utterance}: “{escape(e.quote if len(e.quote) < 90 else e.quote[:87] + '…')}”" for e in evidence
    ]


CHECKED = {
    "present": "[green]present[/green]",
    "absent": "[red]absent[/red]",
    "not_applicable": "[dim]not applicable[/dim]",
}


def print_checklist(console: Console, checked: ChecklistView) -> None:
    """The payer elements as a table, and the time support under it."""
    table = Table("", "Element", "Status", "Satisfied by, or what would satisfy it", show_lines=False)
    for item in checked.items:
        held = "; ".join((*item.facts, *(f"statement {one}" for one in item.statements)))
        told = item.needs if item.status != "present" else held
        table.add_row(str(item.number), escape(item.title), CHECKED[item.status], escape(told))
    console.print(table)
    console.print(f"\n{escape(checked.time.remark)} Support, not a choice of code.", highlight=False)
    console.print(f"[dim]{escape(checked.time.source)}[/dim]", highlight=False)


def print_receipt(console: Console, receipt: Receipt) -> None:
    """What became of the audio."""
    console.print(
        f"\n[bold]Audio[/bold]: {receipt.seconds_received:.1f} s heard, {receipt.seconds_transcribed:.1f} s "
        f"transcribed, {receipt.seconds_discarded:.1f} s overwritten, {receipt.bytes_retained} bytes kept. "
        f"[dim]Receipt {receipt.sha256[:16]}…[/dim]"
    )


ID_LENGTH = 16
"""Characters of a session's id."""


def print_sessions(console: Console, listed: SessionList) -> None:
    """The sessions as a table."""
    # An id that is cut short is of no use to anybody.
    table = Table(
        Column("Session", no_wrap=True, min_width=ID_LENGTH),
        "State",
        "Begun (UTC)",
        "Template",
        "Length",
        "Unsigned for",
    )
    now = datetime.now(UTC)
    for row in listed.sessions:
        table.add_row(
            row.id,
            row.state.value.replace("_", " "),
            f"{row.created_at:%Y-%m-%d %H:%M}",
            row.template,
            _clock(row.seconds),
            _unsigned_for(row, now),
        )
    console.print(table)


def _unsigned_for(row: SessionSummary, now: datetime) -> str:
    """Whole days since the end of a session that is still to be signed."""
    if row.signed_at is not None or row.ended_at is None or row.state is State.SHREDDED:
        return ""
    days = (now - row.ended_at).days
    return f"{days} day{'' if days == 1 else 's'}"


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
