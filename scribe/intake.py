"""The intake summary from a filled-in form, alone or with an intake session; over REST and for the command line.

The form comes as the request's body, is read in memory and forgotten with the answer; nothing of it is stored or
logged, and the audit holds counts only.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request

from scribe.access import Caller, Right, require
from scribe.calls import On, Who, reach
from scribe.dictation import TextDraft
from scribe.drafting import default_style, stitch, style_for, template_named, templates_of
from scribe.errors import ScribeError, TooLarge
from scribe.fact_stream import chosen_ids
from scribe.forms import MAX_FORM_BYTES, read_form_file
from scribe.live import require_capture
from scribe.on_loop import apart
from scribe.roles import with_roles
from scribe.server import Server
from scribe.session import Identifier
from scribe.template_folder import TemplateFolder
from summarizer.engine import Engine
from summarizer.errors import SummarizerError
from summarizer.facts import extract_facts
from summarizer.form import FormField
from summarizer.form_risk import LABEL_SUFFIX
from summarizer.intake import summarize_intake
from summarizer.striking import without_struck
from summarizer.types import Context, Section, Style, Turn

router = APIRouter(prefix="/v1")

TEMPLATE = "intake"


@dataclass(frozen=True, slots=True)
class IntakeDraft:
    """A draft, the form's questions, and which turns are the form's.

    A turn of the form has the number of its question as id, its label's turn that and `.label`.
    """

    text: TextDraft
    fields: tuple[FormField, ...]
    form_turns: frozenset[str]
    administrative: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The draft as `scribe draft` gives it; each turn says its source, and `form` lists the questions."""
        found = self.text.as_json()
        for turn in found["turns"]:
            turn["source"] = "form" if turn["id"] in self.form_turns else "session"
        told = {span.turn for s in self._sections for line in s.statements for span in line.evidence}
        found["form"] = [
            {
                "id": field.id,
                "heading": field.heading,
                "label": field.label,
                "answered": bool(field.value),
                "told": field.id in told,
                "administrative": field.id in self.administrative,
            }
            for field in self.fields
        ]
        return found

    def as_markdown(self) -> str:
        """The draft for a person, each statement with the number of the question that it rests on."""
        body = self.text.draft.body
        marked = replace(body, sections=tuple(self._marked(section) for section in body.sections))
        return replace(self.text, draft=replace(self.text.draft, body=marked)).as_markdown()

    @property
    def _sections(self) -> tuple[Section, ...]:
        return self.text.draft.body.sections

    def _marked(self, section: Section) -> Section:
        lines = []
        for line in section.statements:
            numbers = [span.turn for span in line.evidence if span.turn in self.form_turns]
            asked = list(dict.fromkeys(number.removesuffix(LABEL_SUFFIX) for number in numbers))
            source = f"form {', '.join(asked)}" if asked else "session"
            lines.append(replace(line, text=f"{line.text} [{source}]"))
        return replace(section, statements=tuple(lines))


async def draft_intake(
    fields: Sequence[FormField],
    session: Sequence[Turn] = (),
    *,
    engine: Engine,
    templates: TemplateFolder,
    style: Style,
    context: Context | None = None,
) -> IntakeDraft:
    """The intake summary with the template `intake`; raises what the engine raises."""
    template = template_named(TEMPLATE, templates)
    summary = await summarize_intake(
        fields,
        session,
        template=template,
        engine=engine,
        style=style_for(template, style),
        context=context,
    )
    text = TextDraft(summary.draft, template, summary.turns, summary.style)
    return IntakeDraft(text, tuple(fields), summary.form_turns, summary.administrative)


@router.post(
    "/intake",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                kind: {"schema": {"type": "string", "format": "binary"}}
                for kind in ("application/pdf", "text/plain", "application/json", "application/octet-stream")
            },
        }
    },
)
async def intake(
    request: Request,
    who: Who,
    on: On,
    session: Annotated[Identifier | None, Query()] = None,
    detail: Annotated[Literal["brief", "standard", "detailed"] | None, Query()] = None,
) -> dict[str, Any]:
    """Summarise a form (PDF, DOCX, text or JSON as the body), with `session` that session's transcript too."""
    require(who, Right.CREATE)
    data = await _body(request)
    fields = await asyncio.to_thread(read_form_file, data, request.headers.get("content-type", ""))
    turns, context = await asyncio.to_thread(_spoken, on, who, session) if session else ((), None)
    style, templates = default_style(on.settings), templates_of(on.settings)
    if detail:
        style = replace(style, detail=detail)
    try:
        drafted = await apart(
            lambda engine: draft_intake(
                fields, turns, engine=engine, templates=templates, style=style, context=context
            ),
            on.engines.note,
        )
    except SummarizerError as error:
        raise ScribeError(f"{str(error).rstrip('.')}.") from None
    answered = sum(bool(field.value) for field in fields)
    await asyncio.to_thread(
        lambda: on.audit.record(
            who.actor,
            "intake drafted",
            session or "",
            questions=len(fields),
            answered=answered,
            turns=len(turns),
        )
    )
    return drafted.as_json()


async def _body(request: Request) -> bytes:
    """The body as it comes, in memory; raises TooLarge as soon as it is over the limit."""
    data = bytearray()
    async for piece in request.stream():
        data += piece
        if len(data) > MAX_FORM_BYTES:
            raise TooLarge(f"A form has at most {MAX_FORM_BYTES} bytes; this one has more.")
    return bytes(data)


def _spoken(on: Server, who: Caller, session_id: str) -> tuple[tuple[Turn, ...], Context]:
    """A session's turns and what was given with it; raises NotConsented where it may not be drafted."""
    stored = reach(on, who, session_id, Right.READ)
    require_capture(stored, on.clock(), on.rules)
    lines = with_roles(on.store.transcript(session_id), stored.speakers, stored.details.participants)
    given = stored.details.context
    context = Context(
        modality=given.modality,
        diagnoses=given.diagnoses,
        treatment_goals=tuple((goal.id, goal.text) for goal in given.treatment_goals),
    )
    turns = stitch(lines).turns
    discarded = chosen_ids(lines, on.store.fact_marks(session_id)).discarded
    if discarded:
        facts = extract_facts(turns)
        struck = [fact for fact in facts if fact.id in discarded]
        turns = without_struck(turns, struck, [fact for fact in facts if fact.id not in discarded])
    return turns, context
