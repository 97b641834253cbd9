"""A draft without a recording: a transcript or the clinician's own summary in, a draft as JSON or Markdown out.

Nothing is stored, and no speech model is loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, get_args

from scribe.drafting import template_named
from scribe.errors import BadRequest
from scribe.export import WATERMARK
from summarizer.errors import SummarizerError
from summarizer.extractive import ExtractiveEngine
from summarizer.summarize import summarize
from summarizer.templates import Template
from summarizer.transcript import read_transcript
from summarizer.types import DetailLevel, Draft, Span, Style, Turn


@dataclass(frozen=True, slots=True)
class TextDraft:
    """A draft and the turns that its evidence points into."""

    draft: Draft
    template: Template
    turns: tuple[Turn, ...]

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
                "template_version": self.template.version,
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
            lines += [f"- {risk.role.capitalize()}: “{risk.quote}”" for risk in draft.risk]
        for section in draft.body.sections:
            lines += ["", f"## {section.title}"]
            if section.status == "not_discussed":
                lines.append("*Not discussed.*")
            lines += [f"- {statement.text}" for statement in section.statements]
        if draft.findings:
            lines += ["", "## To look at before signing"]
            lines += [f"- {finding.severity}: {finding.detail}" for finding in draft.findings]
        return "\n".join(lines) + "\n"


async def draft_text(text: str, *, template: str, detail: str) -> TextDraft:
    """The draft of a transcript's text; raises BadRequest where it is no transcript or the options are unknown."""
    if detail not in get_args(DetailLevel):
        raise BadRequest(f"Expected --detail {', '.join(get_args(DetailLevel))}; {detail!r} came.")
    chosen = template_named(template)
    try:
        turns = read_transcript(text)
    except SummarizerError as error:
        raise BadRequest(str(error)) from None
    style = Style(detail=detail)  # type: ignore[arg-type]  # just checked
    draft = await summarize(turns, template=chosen, engine=ExtractiveEngine(), style=style)
    return TextDraft(draft, chosen, tuple(turns))


def _turn_ids(spans: Sequence[Span]) -> list[str]:
    return list(dict.fromkeys(span.turn for span in spans))
