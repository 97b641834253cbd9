"""A draft without a recording: a transcript or the clinician's own summary in, a draft as JSON or Markdown out.

Nothing is stored, and no speech model is loaded.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from typing import Any

from scribe.drafting import chosen
from scribe.errors import BadRequest
from scribe.export import WATERMARK
from scribe.template_folder import TemplateFolder
from scribe.wire import TextDraftRequest
from summarizer.engine import Engine
from summarizer.errors import SummarizerError
from summarizer.summarize import summarize
from summarizer.templates import Template
from summarizer.transcript import read_transcript
from summarizer.types import Draft, Span, Style, Turn

TEMPLATE = "soap"
"""Where neither a template is named nor an example shows one."""


@dataclass(frozen=True, slots=True)
class TextDraft:
    """A draft and the turns that its evidence points into."""

    draft: Draft
    template: Template
    turns: tuple[Turn, ...]
    style: Style

    def as_json(self) -> dict[str, Any]:
        """The draft for other programs; evidence is given as turn ids."""
        draft = self.draft
        return {
            "template": draft.body.template,
            "insufficient": draft.insufficient,
            "sections": [
                {
                    "code": section.code,
                    "title": section.title,
                    "status": section.status,
                    "statements": [
                        {
                            "id": statement.id,
                            "text": statement.text,
                            "evidence": _turn_ids(statement.evidence),
                            "support": statement.support,
                        }
                        for statement in section.statements
                    ],
                }
                for section in draft.body.sections
            ],
            "findings": [
                {
                    "kind": finding.kind,
                    "severity": finding.severity,
                    "statement": finding.statement,
                    "detail": finding.detail,
                }
                for finding in draft.findings
            ],
            "risk": [
                {
                    "quote": risk.quote,
                    "role": risk.role,
                    "topic": risk.topic,
                    "polarity": risk.polarity,
                    "evidence": _turn_ids(risk.evidence),
                    "question": risk.question.turn if risk.question else None,
                }
                for risk in draft.risk
            ],
            "provenance": {
                "product": "ambient-scribe",
                "version": version("ambient-scribe"),
                "engine": draft.engine.engine,
                "engine_model": draft.engine.model,
                "engine_version": draft.engine.version,
                "template": self.template.name,
                "template_version": self.template.version,
                "style": asdict(self.style),
            },
            "turns": [{"id": turn.id, "role": turn.role, "text": turn.text} for turn in self.turns],
        }

    def as_markdown(self) -> str:
        """The draft for a person, watermarked."""
        draft = self.draft
        lines = [f"> **{WATERMARK}**", "", f"# {self.template.title}"]
        if draft.insufficient:
            lines += ["", "*Too little was said for a note.*"]
        if draft.risk:
            lines += ["", "## Risk statements, in the speaker's own words"]
            for risk in draft.risk:
                if risk.question is not None:
                    lines.append(f"- Asked: “{self._words(risk.question)}”")
                lines.append(f"- {risk.role.capitalize()}: “{risk.quote}”")
        for section in draft.body.sections:
            lines += ["", f"## {section.title}"]
            if section.status == "not_discussed":
                lines.append("*Not discussed.*")
            if self.style.layout == "bullets":
                lines += [f"- {statement.text}" for statement in section.statements]
            elif section.statements:
                lines.append(" ".join(statement.text for statement in section.statements))
        if draft.findings:
            lines += ["", "## To look at before signing"]
            lines += [f"- {finding.severity}: {finding.detail}" for finding in draft.findings]
        return "\n".join(lines) + "\n"

    def _words(self, span: Span) -> str:
        return next(turn.text for turn in self.turns if turn.id == span.turn)[span.start : span.end]


async def draft_text(
    request: TextDraftRequest, *, engine: Engine, templates: TemplateFolder, defaults: Style
) -> TextDraft:
    """The draft of a transcript or a summary.

    Raises BadRequest where there is no transcript to read or no such template, and what the engine raises.
    """
    turns = _turns(request)
    template, style = chosen(request, request.template, TEMPLATE, templates, defaults)
    style = replace(style, pronouns=request.pronouns)
    draft = await summarize(turns, template=template, engine=engine, style=style)
    return TextDraft(draft, template, turns, style)


def _turns(request: TextDraftRequest) -> tuple[Turn, ...]:
    if (request.text is None) == (request.turns is None):
        raise BadRequest(
            'Send either "text" or "turns"; the one is a transcript as text, the other as a list.'
        )
    text = request.text
    if text is None:
        given = [turn.model_dump(exclude_none=True) for turn in request.turns or ()]
        text = json.dumps(given, ensure_ascii=False)
    try:
        return read_transcript(text)
    except SummarizerError as error:
        raise BadRequest(f"{str(error).rstrip('.')}.") from None


def _turn_ids(spans: Sequence[Span]) -> list[str]:
    return list(dict.fromkeys(span.turn for span in spans))
