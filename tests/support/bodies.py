"""A small valid value for a JSON schema of an OpenAPI document: enough for a call to get past validation."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

BY_PATTERN = {
    r"^[A-Za-z0-9_.-]{1,64}$": "x1",
    r"^[a-z]{2,3}$": "en",
}


def smallest(schema: Schema, document: Schema) -> Any:
    """What is required and nothing more; raises KeyError for a kind of schema that it does not know."""
    if "$ref" in schema:
        found = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return smallest(found, document)
    for many in ("anyOf", "oneOf", "allOf"):
        if many in schema:
            return smallest(schema[many][0], document)
    if "const" in schema or "enum" in schema:
        return schema.get("const", next(iter(schema.get("enum", [None]))))
    match schema.get("type"):
        case "object":
            fields = schema.get("properties", {})
            return {name: smallest(fields[name], document) for name in schema.get("required", ())}
        case "array":
            return [smallest(schema["items"], document)] * schema.get("minItems", 0)
        case "string" if schema.get("format") == "date-time":
            return "2026-01-02T03:04:05Z"
        case "string":
            return BY_PATTERN.get(schema.get("pattern", ""), "x" * max(1, schema.get("minLength", 1)))
        case "integer" | "number":
            return schema.get("minimum", 0)
        case "boolean":
            return False
    raise KeyError(str(schema))
