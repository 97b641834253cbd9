"""What a newer contract takes away of an older one: two OpenAPI or AsyncAPI documents in, sentences out.

A request may become wider and an answer richer, never the other way round. Only what such documents say is looked at:
calls, parameters, fields, types, listed values and limits; not what a field means.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Document = Mapping[str, Any]
UPPER = ("maximum", "maxLength", "maxItems")
LOWER = ("minimum", "minLength", "minItems")
REQUEST, ANSWER = "request", "answer"


def taken_away(old: Document, new: Document) -> list[str]:
    """A sentence for everything a client of `old` may rely on and `new` has not."""
    found = _stream(old, new) if "asyncapi" in old else _rest(old, new)
    return list(dict.fromkeys(found))


def _rest(old: Document, new: Document) -> Iterator[str]:
    for path, calls in old["paths"].items():
        for method, call in calls.items():
            where = f"{method.upper()} {path}"
            other = new["paths"].get(path, {}).get(method)
            if other is None:
                yield f"{where} is gone"
                continue
            if not call["security"] and other["security"]:
                yield f"{where} needs a sign-in now"
            yield from _parameters(where, call, other, old, new)
            yield from _body(where, call, other, old, new)
            yield from _answers(where, call, other, old, new)


def _parameters(where: str, call: Document, other: Document, old: Document, new: Document) -> Iterator[str]:
    before = {(p["in"], p["name"]): p for p in call.get("parameters", ())}
    after = {(p["in"], p["name"]): p for p in other.get("parameters", ())}
    for key, parameter in before.items():
        if key not in after:
            yield f"{where}: the parameter {key[1]} is gone"
        else:
            compared = _Compared(REQUEST, old, new)
            yield from compared.schemas(f"{where}: {key[1]}", parameter["schema"], after[key]["schema"])
    for key, parameter in after.items():
        if parameter.get("required") and not before.get(key, {}).get("required"):
            yield f"{where}: the parameter {key[1]} is needed now"


def _body(where: str, call: Document, other: Document, old: Document, new: Document) -> Iterator[str]:
    before, after = call.get("requestBody", {}), other.get("requestBody", {})
    if after.get("required") and not before.get("required"):
        yield f"{where}: a body is needed now"
    for media, content in before.get("content", {}).items():
        if media not in after.get("content", {}):
            yield f"{where}: no {media} is taken any more"
        else:
            schemas = content.get("schema", {}), after["content"][media].get("schema", {})
            yield from _Compared(REQUEST, old, new).schemas(where, *schemas)


def _answers(where: str, call: Document, other: Document, old: Document, new: Document) -> Iterator[str]:
    for status, answer in call["responses"].items():
        if status not in other["responses"]:
            if status.startswith("2"):
                yield f"{where}: the answer {status} is gone"
            continue
        for media, content in answer.get("content", {}).items():
            there = other["responses"][status].get("content", {})
            if media not in there:
                yield f"{where}: {status} gives no {media} any more"
            else:
                schemas = content.get("schema", {}), there[media].get("schema", {})
                yield from _Compared(ANSWER, old, new).schemas(f"{where}: {status}", *schemas)


def _stream(old: Document, new: Document) -> Iterator[str]:
    for name, channel in old["channels"].items():
        other = new["channels"].get(name)
        if other is None or other["address"] != channel["address"]:
            yield f"the channel {channel['address']} is gone"
            continue
        if other["x-subprotocol"] != channel["x-subprotocol"]:
            yield f"the subprotocol {channel['x-subprotocol']} is gone"
        for code in channel["x-close-codes"]:
            if code not in other["x-close-codes"]:
                yield f"the close code {code} is gone"
    for scheme in old["components"]["securitySchemes"]:
        if scheme not in new["components"]["securitySchemes"]:
            yield f"the sign-in by {scheme} is gone"
    for name, operation in old["operations"].items():
        direction = REQUEST if operation["action"] == "receive" else ANSWER
        there = {m["$ref"] for m in new["operations"].get(name, {}).get("messages", ())}
        for message in operation["messages"]:
            kind = message["$ref"].rpartition("/")[2]
            if message["$ref"] not in there:
                yield f"the message {kind} is gone"
                continue
            payloads = [document["components"]["messages"][kind]["payload"] for document in (old, new)]
            yield from _Compared(direction, old, new).schemas(kind, *payloads)


class _Compared:
    """Two schemas of one direction; remembers the pairs that it is at, since a schema may hold itself."""

    def __init__(self, direction: str, old: Document, new: Document) -> None:
        self._asks = direction == REQUEST
        self._old, self._new = old, new
        self._seen: set[tuple[str, str]] = set()

    def schemas(self, where: str, old: Document, new: Document) -> Iterator[str]:
        pair = str(old.get("$ref")), str(new.get("$ref"))
        if "$ref" in old and "$ref" in new:
            if pair in self._seen:
                return
            self._seen.add(pair)
        old, new = _resolved(old, self._old), _resolved(new, self._new)
        before, after = _kinds(old, self._old), _kinds(new, self._new)
        # What a client may send must still be taken; what it is answered must be of a kind that it knows.
        lost = before.keys() - after.keys() if self._asks else after.keys() - before.keys()
        if not before or not after:
            lost = set()
        for kind in sorted(lost):
            yield f"{where}: {kind} is {'not taken any more' if self._asks else 'answered now'}"
        for kind in sorted(before.keys() & after.keys()):
            yield from self._one(where, before[kind], after[kind])

    def _one(self, where: str, old: Document, new: Document) -> Iterator[str]:
        yield from self._limits(where, old, new)
        if "properties" in old:
            yield from self._fields(where, old, new)
        for inner in ("items", "additionalProperties"):
            if isinstance(old.get(inner), Mapping) and isinstance(new.get(inner), Mapping):
                yield from self.schemas(f"{where}[]", old[inner], new[inner])

    def _limits(self, where: str, old: Document, new: Document) -> Iterator[str]:
        if not self._asks:
            return
        values = _values(new)
        if values is not None:
            for value in sorted((_values(old) or {"any other value"}) - values):
                yield f"{where}: {value} is not taken any more"
        for limit in UPPER:
            if limit in new and new[limit] < old.get(limit, float("inf")):
                yield f"{where}: {limit} is {new[limit]} now"
        for limit in LOWER:
            if limit in new and new[limit] > old.get(limit, float("-inf")):
                yield f"{where}: {limit} is {new[limit]} now"
        if "pattern" in new and new["pattern"] != old.get("pattern"):
            yield f"{where}: the pattern is another"

    def _fields(self, where: str, old: Document, new: Document) -> Iterator[str]:
        fields, others = old["properties"], new.get("properties", {})
        before, after = set(old.get("required", ())), set(new.get("required", ()))
        for name, schema in fields.items():
            if name not in others:
                yield f"{where}.{name} is gone"
            else:
                yield from self.schemas(f"{where}.{name}", schema, others[name])
        for name in sorted(after - before if self._asks else before - after):
            if self._asks or name in others:
                yield f"{where}.{name} is {'needed now' if self._asks else 'not always there any more'}"


def _resolved(schema: Document, document: Document) -> Document:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def _kinds(schema: Document, document: Document) -> dict[str, Document]:
    """The forms that a value may have, each by a name that stays: its `type` or `status` where it says one."""
    several = schema.get("anyOf") or schema.get("oneOf")
    if several:
        forms = (_kinds(_resolved(one, document), document) for one in several)
        return {name: form for found in forms for name, form in found.items()}
    kind = schema.get("type")
    if kind is None and _values(schema):
        kind = "string"
    told = [schema.get("properties", {}).get(name, {}).get("const") for name in ("type", "status")]
    tag = next((value for value in told if value), "")
    return {f"{kind} {tag}".strip(): schema} if kind else {}


def _values(schema: Document) -> set[str] | None:
    """The values that are listed; None where any will do."""
    if "enum" in schema:
        return {str(value) for value in schema["enum"]}
    return {str(schema["const"])} if "const" in schema else None
