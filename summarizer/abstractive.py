"""What engines with a language model share: section by section over chunks, replies to statements, then one body.

Goes in: a model behind `LanguageModel`, and what every engine is given. Comes out: a `NoteBody`. Risk is written
by the rules of `phrasing`, word for word, and never by a model. What a model wrote is checked by `grounding` like
everything else; nothing is checked here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from summarizer.chunks import Chunk, cut, merged
from summarizer.errors import EngineFailed, UnreadableReply
from summarizer.parse import Form, read, schema
from summarizer.phrasing import worded
from summarizer.prompt import AGAIN, Message, prompt
from summarizer.templates import Template, TemplateSection
from summarizer.types import Context, DetailLevel, Fact, NoteBody, Section, Span, Statement, Style, Turn

_STATEMENTS: dict[DetailLevel, int] = {"brief": 5, "standard": 15, "detailed": 30}
"""Statements of a section; a chunk of several may give its share."""
_LEAST_STATEMENTS = 4

_LONGEST_STATEMENT = 400
"""Characters; a clinician's sentence seldom has 200."""
_REPLY_SHARE = 4
"""A statement may take one part in this of the reply, each character counted as a token: so one always fits."""

MIN_ROOM = 128
"""Tokens of lines below which a chunk holds too little of a conversation to be understood."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model wrote; `is_cut` where its budget ended before it did."""

    text: str
    is_cut: bool = False


class LanguageModel(Protocol):
    """A model that answers messages with JSON of a schema. Shared by all sessions, and keeps nothing of one."""

    @property
    def prompt_tokens(self) -> int:
        """Tokens that a prompt may have."""
        ...

    @property
    def reply_tokens(self) -> int:
        """Tokens that a reply may have."""
        ...

    @property
    def form(self) -> Form:
        """The form of JSON that the model can write."""
        ...

    def count(self, text: str) -> int:
        """Tokens of a text."""
        ...

    def length(self, messages: Sequence[Message]) -> int:
        """Tokens of a whole prompt, with what a chat template adds."""
        ...

    async def reply(self, messages: Sequence[Message], schema: Mapping[str, Any]) -> Reply:
        """The reply; the same messages and schema give the same. Raises `EngineFailed`."""
        ...


@dataclass(frozen=True, slots=True)
class _Task:
    """One section to be written, and how."""

    model: LanguageModel
    template: Template
    section: TemplateSection
    style: Style
    context: Context
    statements: int

    def messages(self, chunk: Chunk, *, again: bool = False) -> tuple[Message, ...]:
        return prompt(
            self.section,
            self.template,
            chunk,
            self.style,
            self.context,
            statements=self.statements,
            form=self.model.form,
            again=again,
        )

    def schema(self, chunk: Chunk) -> dict[str, Any]:
        characters = min(_LONGEST_STATEMENT, max(40, self.model.reply_tokens // _REPLY_SHARE))
        return schema(chunk.labels, statements=self.statements, characters=characters, form=self.model.form)


async def write_note(
    model: LanguageModel,
    template: Template,
    turns: Sequence[Turn],
    facts: Sequence[Fact],
    style: Style,
    context: Context,
) -> NoteBody:
    """The body of a note; see `Engine.write`. A section that takes no facts is left to the clinician.

    Raises `EngineFailed` where the model is too small for the task or gives nothing that can be read.
    """
    homes = template.placed(facts)
    chunks = _chunks(model, template, turns, facts, style, context)
    share = max(_LEAST_STATEMENTS, -(-_STATEMENTS[style.detail] // max(1, len(chunks))))
    sections = []
    for section in template.sections:
        dangers, denials = _risk([f for f in homes[section.code] if f.kind == "risk"], turns, style)
        others = [fact for fact in homes[section.code] if fact.kind != "risk"]
        task = _Task(model, template, section, style, context, share)
        written: list[Statement] = []
        if section.kinds:
            for chunk in chunks:
                written += await _written(task, chunk.only(others))
        told = [span for statement in (*dangers, *denials) for span in statement.evidence]
        rest = [statement for statement in merged(written, turns) if not _is_told(statement, told)]
        statements = tuple(
            Statement(f"{section.code.lower()}-{n}", s.text, s.evidence, s.support)
            for n, s in enumerate((*dangers, *rest, *denials), 1)
        )
        sections.append(
            Section(section.code, section.title, "drafted" if statements else "not_discussed", statements)
        )
    return NoteBody(template.name, tuple(sections))


def _chunks(
    model: LanguageModel,
    template: Template,
    turns: Sequence[Turn],
    facts: Sequence[Fact],
    style: Style,
    context: Context,
) -> tuple[Chunk, ...]:
    asked = [section for section in template.sections if section.kinds]
    nothing = Chunk(())
    tasks = [_Task(model, template, section, style, context, max(_STATEMENTS.values())) for section in asked]
    around = max((model.length(task.messages(nothing)) for task in tasks), default=0)
    # A second asking is a sentence longer, and the line before the facts is not in an empty chunk.
    room = model.prompt_tokens - around - 2 * model.count(AGAIN)
    if tasks and room < MIN_ROOM:
        raise EngineFailed(
            f"The model reads {model.prompt_tokens} tokens at once, and the instructions and {MIN_ROOM} tokens of "
            f"transcript need {model.prompt_tokens - room + MIN_ROOM}; choose a model with a longer context."
        )
    # Risk is not the model's to write, so its facts take no room.
    noted = [fact for fact in facts if fact.kind != "risk"]
    return cut(turns, noted, count=model.count, room=room)


async def _written(task: _Task, chunk: Chunk, *, may_halve: bool = True) -> list[Statement]:
    """The statements of a chunk; one whose reply was cut off is asked for in halves, once."""
    if task.model.length(task.messages(chunk, again=True)) > task.model.prompt_tokens:
        return await _in_parts(task, chunk)
    reply, statements = await _answered(task, chunk)
    halves = chunk.halves() if reply.is_cut and may_halve else None
    if halves is not None:
        return [statement for half in halves for statement in await _written(task, half, may_halve=False)]
    if reply.is_cut and not statements:
        raise EngineFailed(
            f"The model's reply was cut off at {task.model.reply_tokens} tokens before one statement was whole; "
            "choose a larger model, or one with a longer context."
        )
    return statements


async def _in_parts(task: _Task, chunk: Chunk) -> list[Statement]:
    """A chunk whose lines together have more tokens than they had one by one."""
    halves = chunk.halves()
    if halves is None and not chunk.lead:
        raise EngineFailed(
            f"One line of the transcript is longer than the {task.model.prompt_tokens} tokens that the model "
            "reads at once; choose a model with a longer context."
        )
    parts = halves or (chunk.alone(),)
    return [statement for part in parts for statement in await _written(task, part)]


async def _answered(task: _Task, chunk: Chunk) -> tuple[Reply, list[Statement]]:
    """A reply and what it says; one that cannot be read is asked for once more."""
    form = task.schema(chunk)
    reply = await task.model.reply(task.messages(chunk), form)
    try:
        return reply, list(read(reply.text, chunk, is_cut=reply.is_cut))
    except UnreadableReply:
        reply = await task.model.reply(task.messages(chunk, again=True), form)
    return reply, list(read(reply.text, chunk, is_cut=reply.is_cut))


def _risk(
    facts: Sequence[Fact], turns: Sequence[Turn], style: Style
) -> tuple[list[Statement], list[Statement]]:
    """Risk in its exact words: what opens a section, and the plain denials that end it."""
    by_id = {turn.id: turn for turn in turns}
    dangers: dict[str, Statement] = {}
    denials: dict[str, Statement] = {}
    for fact in facts:
        wording = worded(fact, by_id, style)
        if wording is None:
            continue
        into = denials if fact.polarity == "negated" and fact.assessed else dangers
        before = into[wording.text].evidence if wording.text in into else ()
        evidence = tuple(dict.fromkeys((*before, *wording.evidence)))
        into[wording.text] = Statement("", wording.text, evidence, wording.support)
    return list(dangers.values()), list(denials.values())


def _is_told(statement: Statement, told: Sequence[Span]) -> bool:
    """Whether a statement rests on nothing but what the risk statements quote: it could only soften them."""
    return bool(statement.evidence) and all(
        any(t.turn == span.turn and t.start <= span.start and span.end <= t.end for t in told)
        for span in statement.evidence
    )
