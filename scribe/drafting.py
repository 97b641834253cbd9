"""From a stored transcript to a draft note that waits for review.

Utterances become turns, the summariser drafts, and every statement's evidence is pointed back at the
utterances it came from. Nothing here judges or rewrites what the summariser found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version

from asr.recognizer import RecognizerInfo
from scribe.errors import BadRequest
from scribe.note import (
    DraftNote,
    Evidence,
    NoteFinding,
    NoteRisk,
    NoteSection,
    NoteStatement,
    Provenance,
)
from scribe.roles import with_roles
from scribe.store import StoredSession
from scribe.wire import DraftRequest, TranscriptLine
from summarizer.engine import Engine
from summarizer.errors import SummarizerError
from summarizer.summarize import summarize
from summarizer.templates import Template, load_template
from summarizer.types import Context, Draft, Section, Span, Statement, Style, Turn


@dataclass(frozen=True, slots=True)
class Stitched:
    """Turns made of neighbouring utterances of one speaker, and where each utterance begins in its turn."""

    turns: tuple[Turn, ...]
    pieces: dict[str, tuple[tuple[int, TranscriptLine], ...]]

    def evidence(self, span: Span) -> tuple[Evidence, ...]:
        """The span as stretches of the utterances it crosses."""
        found = []
        for offset, line in self.pieces[span.turn]:
            start, end = max(0, span.start - offset), min(len(line.text), span.end - offset)
            if start < end:
                found.append(Evidence(utterance=line.id, start=start, end=end, quote=line.text[start:end]))
        return tuple(found)


def stitch(lines: Sequence[TranscriptLine]) -> Stitched:
    """Neighbouring utterances of one speaker as one turn: a pause to breathe does not end a sentence."""
    groups: list[list[TranscriptLine]] = []
    for line in lines:
        if groups and groups[-1][-1].speaker == line.speaker:
            groups[-1].append(line)
        else:
            groups.append([line])
    turns, pieces = [], {}
    for group in groups:
        offset, placed = 0, []
        for line in group:
            placed.append((offset, line))
            offset += len(line.text) + 1
        first = group[0]
        text = " ".join(line.text for line in group)
        turns.append(Turn(first.id, first.role, text, first.start, max(line.end for line in group)))
        pieces[first.id] = tuple(placed)
    return Stitched(tuple(turns), pieces)


def template_named(name: str) -> Template:
    """The template; raises BadRequest with the names there are."""
    try:
        return load_template(name)
    except SummarizerError as error:
        raise BadRequest(str(error)) from None


async def draft_note(
    session: StoredSession,
    lines: Sequence[TranscriptLine],
    request: DraftRequest,
    *,
    engine: Engine,
    recognizer: RecognizerInfo,
    speakers: str,
    now: datetime,
) -> DraftNote:
    """A new draft of the whole note; `speakers` names what told the voices apart."""
    participants = session.details.participants
    stitched = stitch(with_roles(lines, session.speakers, participants))
    template = template_named(request.template or session.template)
    draft = await _summarize(session, stitched, template, request, engine)
    return DraftNote(
        session_id=session.id,
        template=template.name,
        title=template.title,
        detail=request.detail,
        client_term=request.client_term,
        insufficient=draft.insufficient,
        created_at=now,
        sections=tuple(_section(section, template, stitched) for section in draft.body.sections),
        findings=_findings(draft),
        risk=tuple(
            NoteRisk(
                quote=risk.quote,
                role=risk.role,
                topic=risk.topic,
                polarity=risk.polarity,
                evidence=_evidence(risk.evidence, stitched),
                question=next(iter(stitched.evidence(risk.question)), None) if risk.question else None,
            )
            for risk in draft.risk
        ),
        provenance=Provenance(
            product="ambient-scribe",
            version=version("ambient-scribe"),
            recognizer=recognizer.engine,
            recognizer_model=recognizer.model,
            recognizer_notice=recognizer.notice if recognizer.weak else "",
            speakers=speakers,
            engine=draft.engine.engine,
            engine_model=draft.engine.model,
            template=template.name,
            template_version=str(template.version),
        ),
    )


async def draft_section(
    session: StoredSession, lines: Sequence[TranscriptLine], note: DraftNote, code: str, *, engine: Engine
) -> tuple[NoteSection, tuple[NoteFinding, ...]]:
    """One section drafted anew with the note's own template and style, and what was found about it."""
    stitched = stitch(with_roles(lines, session.speakers, session.details.participants))
    template = template_named(note.template).only(code)
    request = DraftRequest(detail=note.detail, client_term=note.client_term)
    draft = await _summarize(session, stitched, template, request, engine)
    return _section(draft.body.sections[0], template, stitched), _findings(draft)


async def _summarize(
    session: StoredSession, stitched: Stitched, template: Template, request: DraftRequest, engine: Engine
) -> Draft:
    details = session.details
    client = next((p for p in details.participants if p.role == "client"), None)
    style = Style(
        client_term=request.client_term, pronouns=client.pronouns if client else "", detail=request.detail
    )
    context = Context(
        modality=details.context.modality,
        diagnoses=details.context.diagnoses,
        treatment_goals=tuple((goal.id, goal.text) for goal in details.context.treatment_goals),
    )
    return await summarize(stitched.turns, template=template, engine=engine, style=style, context=context)


def _section(section: Section, template: Template, stitched: Stitched) -> NoteSection:
    loinc = next((part.loinc for part in template.sections if part.code == section.code), "")
    return NoteSection(
        code=section.code,
        title=section.title,
        loinc=loinc,
        status=section.status,
        statements=tuple(_statement(statement, stitched) for statement in section.statements),
    )


def _statement(statement: Statement, stitched: Stitched) -> NoteStatement:
    return NoteStatement(
        id=statement.id,
        text=statement.text,
        support=statement.support,
        evidence=_evidence(statement.evidence, stitched),
    )


def _evidence(spans: Sequence[Span], stitched: Stitched) -> tuple[Evidence, ...]:
    return tuple(evidence for span in spans for evidence in stitched.evidence(span))


def _findings(draft: Draft) -> tuple[NoteFinding, ...]:
    return tuple(
        NoteFinding(
            id=f"f{number}",
            kind=finding.kind,
            severity=finding.severity,
            statement=finding.statement,
            detail=finding.detail,
        )
        for number, finding in enumerate(draft.findings, start=1)
    )
