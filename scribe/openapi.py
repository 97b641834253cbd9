"""The REST contract as an OpenAPI document: what the routes say of themselves, and what is true of all of them.

Every call needs a sign-in unless it is open, and every refusal is a problem (RFC 9457) whose status stands in the
tree of errors.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

from scribe.admission import OPEN_PATHS
from scribe.errors import CannotStart, ScribeError
from scribe.wire import Problem

PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
FRAMEWORK_SCHEMAS = ("HTTPValidationError", "ValidationError")
"""What the framework would answer to a body that does not fit; here that is a problem too."""


def describe(app: FastAPI) -> None:
    """Have the application's document say all of it."""
    plain = app.openapi

    def whole() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = complete(plain())
        return app.openapi_schema

    app.openapi = whole  # type: ignore[method-assign]  # the framework's own way of changing it


def complete(document: dict[str, Any]) -> dict[str, Any]:
    """The document with its problems and its sign-in."""
    parts = document.setdefault("components", {})
    schemas = parts.setdefault("schemas", {})
    for name in FRAMEWORK_SCHEMAS:
        schemas.pop(name, None)
    schemas["Problem"] = Problem.model_json_schema()
    parts["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    problems = {
        str(status): {"description": title, "content": PROBLEM}
        for status, title in sorted(refusals().items())
    }
    for path, calls in document["paths"].items():
        for call in calls.values():
            call["security"] = [] if path in OPEN_PATHS else [{"token": []}]
            own = {status: said for status, said in call["responses"].items() if status != "422"}
            call["responses"] = problems | own
    return document


def refusals() -> dict[int, str]:
    """Each status of the tree of errors with the title of its most general error."""
    found: dict[int, str] = {}
    for error in _tree(ScribeError):
        if error.status not in found and not issubclass(error, CannotStart) and error is not ScribeError:
            found[error.status] = error.title
    return found


def _tree(error: type[ScribeError]) -> Iterator[type[ScribeError]]:
    yield error
    for kind in error.__subclasses__():
        yield from _tree(kind)
