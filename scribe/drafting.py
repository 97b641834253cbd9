"""From a stored transcript to a draft note that waits for review.

Utterances become turns, the summariser drafts, and every statement's evidence is pointed back at the
utterances it came from. Nothing here judges or rewrites what the summariser found.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import version

from asr.recognizer import RecognizerInfo
from scribe.config import Settings
from scribe.errors import BadRequest, NotFound
from scribe.marking import EVERY_FACT, Chosen
from scribe.note import (
    DraftNote,
    Evidence,
    NoteFinding,
    NoteRisk,
    NoteSection,
    NoteStatement,
    Provenance,
)
from scribe.on_loop import apart
from scribe.roles import with_roles
from scribe.store import StoredSession
from scribe.template_folder import TemplateFolder
from scribe.wire import DraftRequest, StyleRequest, TranscriptLine
from summarizer.engine import Engine
from summarizer.errors import SummarizerError
from summarizer.example import likeness
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


def templates_of(settings: Settings) -> TemplateFolder:
    """The templates of a server or a command with these settings."""
    return TemplateFolder(settings.templates_dir or settings.data_dir / "templates")


AS_TEMPLATE = ""
"""The client's term of a style in which nobody chose one."""


def default_style(settings: Settings) -> Style:
    """How notes are worded where nobody says otherwise; the client's term may be left to the template."""
    return Style(
        client_term=settings.note_client_term or AS_TEMPLATE,
        clinician_term=settings.note_clinician_term,
        person=settings.note_person,
        tense=settings.note_tense,
        detail=settings.note_detail,
        layout=settings.note_layout,
    )


def template_named(
    name: str, templates: TemplateFolder | None = None, version: int | None = None
) -> Template:
    """The template, a shipped one or of `templates`; raises BadRequest with the names there are."""
    try:
        if templates is None:
            return load_template(name)
        return templates.current(name) if version is None else templates.version(name, version)
    except SummarizerError as error:
        raise BadRequest(f"{str(error).rstrip('.')}.") from None


def template_of_note(note: DraftNote, templates: TemplateFolder) -> Template:
    """The template that a note was drafted with, in that version, changed or deleted since or not."""
    return template_named(note.template, templates, int(note.provenance.template_version))


def request_as(note: DraftNote) -> DraftRequest:
    """A request for a draft like this one: the same template in the same version, the same style."""
    # Built without validation: what an older version accepted as a term must not stop a redraft.
    return DraftRequest.model_construct(
        template=note.template,
        template_version=int(note.provenance.template_version),
        **note.model_dump(include=_WORDING),
    )


def chosen(
    request: StyleRequest,
    template: str | None,
    otherwise: str,
    templates: TemplateFolder,
    defaults: Style,
    version: int | None = None,
) -> tuple[Template, Style]:
    """Template and style of a draft: what was asked for, else what the example shows, else what is set."""
    if request.like is not None:
        shown = likeness(request.like, templates.templates())
        defaults, otherwise = shown.over(defaults), shown.template or otherwise
    asked = request.model_dump(include=_WORDING, exclude_none=True)
    found, style = template_named(template or otherwise, templates, version), replace(defaults, **asked)
    return found, style_for(found, style)


def style_for(template: Template, style: Style) -> Style:
    """The style with the template's term for the client where nobody chose one."""
    return style if style.client_term != AS_TEMPLATE else replace(style, client_term=template.client_term)


_WORDING = {"detail", "client_term", "clinician_term", "person", "tense", "layout"}


async def draft_note(
    session: StoredSession,
    lines: Sequence[TranscriptLine],
    request: DraftRequest,
    *,
    engine: Engine,
    recognizer: RecognizerInfo,
    speakers: str,
    now: datetime,
    templates: TemplateFolder,
    defaults: Style,
    facts: Chosen = EVERY_FACT,
) -> DraftNote:
    """A new draft of the whole note; `speakers` names what told the voices apart.

    The template's version is kept in `templates`, so that the note can be redrafted with it.
    """
    participants = session.details.participants
    stitched = stitch(with_roles(lines, session.speakers, participants))
    template, style = chosen(
        request, request.template, session.template, templates, defaults, request.template_version
    )
    await asyncio.to_thread(templates.keep, template)
    draft = await _summarize(session, stitched, template, style, engine, facts)
    return DraftNote(
        session_id=session.id,
        template=template.name,
        title=template.title,
        detail=style.detail,
        client_term=style.client_term,
        clinician_term=style.clinician_term,
        person=style.person,
        tense=style.tense,
        layout=style.layout,
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
            engine_version=draft.engine.version,
            template=template.name,
            template_version=str(template.version),
        ),
    )


async def draft_section(
    session: StoredSession,
    lines: Sequence[TranscriptLine],
    note: DraftNote,
    code: str,
    *,
    engine: Engine,
    templates: TemplateFolder,
    facts: Chosen = EVERY_FACT,
) -> tuple[NoteSection, tuple[NoteFinding, ...]]:
    """One section drafted anew with the note's own template and style, and what was found about it."""
    stitched = stitch(with_roles(lines, session.speakers, session.details.participants))
    template = _only(template_of_note(note, templates), code)
    style = Style(**note.model_dump(include=_WORDING))
    draft = await _summarize(session, stitched, template, style, engine, facts)
    section, made = _section(draft.body.sections[0], template, stitched), note.provenance
    if (draft.engine.engine, draft.engine.model) != (made.engine, made.engine_model):
        wrote = f"{draft.engine.engine} {draft.engine.model} {draft.engine.version}"
        section = section.model_copy(update={"engine": wrote.strip()})
    return section, _findings(draft)


def _only(template: Template, code: str) -> Template:
    try:
        return template.only(code)
    except SummarizerError as error:
        raise NotFound(f"{str(error).rstrip('.')}.") from None


async def _summarize(
    session: StoredSession,
    stitched: Stitched,
    template: Template,
    style: Style,
    engine: Engine,
    facts: Chosen,
) -> Draft:
    details = session.details
    client = next((p for p in details.participants if p.role == "client"), None)
    style = replace(style, pronouns=client.pronouns if client else "")
    context = Context(
        modality=details.context.modality,
        diagnoses=details.context.diagnoses,
        treatment_goals=tuple((goal.id, goal.text) for goal in details.context.treatment_goals),
    )
    return await apart(
        lambda on_loop: summarize(
            stitched.turns,
            template=template,
            engine=on_loop,
            style=style,
            context=context,
            discarded=facts.discarded,
            pinned=facts.pinned,
        ),
        engine,
    )


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
