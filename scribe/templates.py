"""The REST calls for templates: list, read, put and delete the owner's own.

A template holds nothing about anybody; its calls are audited all the same, by name and version.
"""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from scribe.access import Right, require
from scribe.calls import On, Who
from scribe.drafting import templates_of
from scribe.errors import BadRequest, NotFound, TooLarge
from scribe.wire import TemplateDetail, TemplateList, TemplateSectionView, TemplateView
from summarizer.errors import SummarizerError
from summarizer.templates import Template, template_names

router = APIRouter(prefix="/v1/templates")

MAX_TEMPLATE_BYTES = 64 * 1024
"""Twenty sections with the longest titles and instructions that are taken, in UTF-8, and room to spare."""

Name = Annotated[str, Path(min_length=1, max_length=64)]


@router.get("")
def list_templates(on: On) -> TemplateList:
    """The templates that a note can be drafted with, and what is wrong with files that hold none."""
    folder = templates_of(on.settings)
    return TemplateList(
        templates=tuple(
            TemplateView(
                name=template.name,
                title=template.title,
                version=template.version,
                sections=tuple(section.title for section in template.sections),
                own=template.name not in template_names(),
            )
            for template in folder.templates()
        ),
        faults=folder.faults(),
    )


@router.get("/{name}")
def read_template(
    name: Name, on: On, version: Annotated[int | None, Query(ge=1, lt=2**31)] = None
) -> TemplateDetail:
    """One template; an earlier version if asked."""
    folder = templates_of(on.settings)
    try:
        return _detail(folder.current(name) if version is None else folder.version(name, version))
    except SummarizerError as error:
        raise NotFound(f"{str(error).rstrip('.')}.") from None


@router.put(
    "/{name}",
    status_code=201,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": {"type": "object"}},
                "application/toml": {"schema": {"type": "string"}},
            },
        }
    },
)
async def put_template(name: Name, request: Request, who: Who, on: On) -> TemplateDetail:
    """Add a template of one's own or a new version of it; JSON, or TOML with a content type that says so."""
    require(who, Right.MANAGE)
    body = await request.body()
    if len(body) > MAX_TEMPLATE_BYTES:
        raise TooLarge(f"A template holds at most {MAX_TEMPLATE_BYTES} bytes; this one has {len(body)}.")
    given = _given(body, is_toml="toml" in request.headers.get("content-type", ""))
    template = await asyncio.to_thread(templates_of(on.settings).put, name, given)
    await asyncio.to_thread(
        lambda: on.audit.record(who.actor, "template put", template=template.name, version=template.version)
    )
    return _detail(template)


@router.delete("/{name}", status_code=204)
def delete_template(name: Name, who: Who, on: On) -> Response:
    """Delete a template of one's own; notes that were drafted with it are redrafted with it still."""
    require(who, Right.MANAGE)
    templates_of(on.settings).delete(name)
    on.audit.record(who.actor, "template deleted", template=name)
    return Response(status_code=204)


def _given(body: bytes, *, is_toml: bool) -> dict[str, Any] | str:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise BadRequest("A template is text in UTF-8; this one is not.") from None
    if is_toml:
        return text
    try:
        table = json.loads(text)
    except (ValueError, RecursionError) as error:  # a number of thousands of digits is a plain ValueError
        raise BadRequest(
            f"The template is not JSON ({type(error).__name__}); send TOML with the content type application/toml."
        ) from None
    if not isinstance(table, dict):
        raise BadRequest('A template is an object with "title" and "sections".')
    return table


def _detail(template: Template) -> TemplateDetail:
    return TemplateDetail(
        name=template.name,
        version=template.version,
        title=template.title,
        loinc=template.loinc,
        sections=tuple(
            TemplateSectionView(
                code=section.code,
                title=section.title,
                loinc=section.loinc,
                instruction=section.instruction,
                kinds=section.kinds,
            )
            for section in template.sections
        ),
    )
