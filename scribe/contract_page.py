"""Both contracts as one page for people: OpenAPI and AsyncAPI documents in, HTML without any script out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

Document = Mapping[str, Any]


def contract_page(rest: Document, stream: Document) -> str:
    """The page; what it loads is its own style sheet."""
    groups = [_calls(rest), _stream(stream), _schemas("REST", rest), _schemas("stream", stream)]
    body = "\n".join(line for group in groups for line in group)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>Ambient scribe: the contract'
        '</title>\n<link rel="stylesheet" href="/page/contract.css">\n</head>\n<body>\n<header>'
        f"<h1>Ambient scribe {escape(rest['info']['version'])}</h1>\n<p>For programs: "
        '<a href="/openapi.json">OpenAPI 3.1</a>, <a href="/asyncapi.json">AsyncAPI 3.0</a>.</p>\n'
        '<nav><a href="#rest">REST</a> <a href="#stream">Stream</a> <a href="#schemas-rest">Schemas</a></nav>'
        f"</header>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _calls(rest: Document) -> Iterator[str]:
    yield '<h2 id="rest">REST</h2>'
    yield "<p>Send <code>Authorization: Bearer …</code>. Every refusal is a problem (RFC 9457) with a stable "
    yield f"<code>code</code>: {_link('REST', 'Problem')}.</p>"
    for path, calls in rest["paths"].items():
        for method, call in calls.items():
            yield f'<section id="{escape(call["operationId"])}">'
            yield f"<h3><code>{method.upper()} {escape(path)}</code></h3>"
            yield f"<p>{_prose(call.get('description') or call.get('summary', ''))}</p>"
            if not call["security"]:
                yield "<p>Open: it needs no sign-in.</p>"
            rows = [
                (f"<code>{escape(p['name'])}</code>", p["in"], _kind("REST", p["schema"]), p["required"])
                for p in call.get("parameters", ())
            ]
            if rows:
                yield _table(("parameter", "in", "type", "needed"), [(*r[:3], _yes(r[3])) for r in rows])
            for media, body in call.get("requestBody", {}).get("content", {}).items():
                yield f"<p>Body: {_kind('REST', body.get('schema', {}))} ({escape(media)})</p>"
            for status, answer in call["responses"].items():
                if status.startswith("2"):
                    kinds = [_kind("REST", c.get("schema", {})) for c in answer.get("content", {}).values()]
                    yield f"<p>{status}: {', '.join(kinds) or 'no body'}</p>"
            yield "</section>"


def _stream(stream: Document) -> Iterator[str]:
    (channel,) = stream["channels"].values()
    yield f'<h2 id="stream">Stream</h2><p><code>WS {escape(channel["address"])}</code>, subprotocol '
    yield f"<code>{escape(channel['x-subprotocol'])}</code>. {_prose(channel['description'])}</p>"
    yield f"<p>{_prose(stream['info']['description'])}</p>"
    for scheme in stream["components"]["securitySchemes"].values():
        yield f"<p>Sign-in: {_prose(scheme['description'])}</p>"
    for operation in stream["operations"].values():
        yield f"<h3>{_prose(operation['summary'])}</h3>"
        for reference in operation["messages"]:
            message = stream["components"]["messages"][reference["$ref"].rpartition("/")[2]]
            yield f'<section id="message-{escape(message["name"])}">'
            yield f"<h4><code>{escape(message['name'])}</code></h4>"
            yield f"<p>{_prose(message['summary'])}</p>"
            if "$ref" in message["payload"]:
                yield f"<p>{_kind('stream', message['payload'])}</p>"
            for example in message.get("examples", ()):
                yield f"<pre>{escape(json.dumps(example['payload'], ensure_ascii=False))}</pre>"
            yield "</section>"
    yield "<h3>Close codes</h3>"
    yield _table(
        ("code", "meaning"), [(code, escape(said)) for code, said in channel["x-close-codes"].items()]
    )


def _schemas(which: str, document: Document) -> Iterator[str]:
    yield f'<h2 id="schemas-{which.lower()}">Schemas of {which}</h2>'
    for name, schema in document["components"]["schemas"].items():
        yield f'<section id="{_anchor(which, name)}"><h3><code>{escape(name)}</code></h3>'
        yield f"<p>{_prose(schema.get('description', ''))}</p>"
        required = schema.get("required", ())
        rows = [
            (f"<code>{escape(field)}</code>", _kind(which, kind), _yes(field in required))
            for field, kind in schema.get("properties", {}).items()
        ]
        yield (
            _table(("field", "type", "always there"), rows)
            if rows
            else f"<p>{_kind(which, {k: v for k, v in schema.items() if k != 'title'})}</p>"
        )
        yield "</section>"


def _kind(which: str, schema: Document) -> str:
    """The type in words, with links to what it is made of."""
    if "$ref" in schema:
        return _link(which, schema["$ref"].rpartition("/")[2])
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return " or ".join(_kind(which, one) for one in schema[several])
    if "const" in schema or "enum" in schema:
        values = schema.get("enum", [schema.get("const")])
        return ", ".join(f"<code>{escape(json.dumps(value))}</code>" for value in values)
    if schema.get("type") == "array":
        return f"list of {_kind(which, schema.get('items', {}))}"
    if isinstance(schema.get("additionalProperties"), Mapping):
        return f"object of {_kind(which, schema['additionalProperties'])}"
    limits = [
        f"{name} {schema[key]}"
        for key, name in (
            ("minimum", "from"),
            ("maximum", "to"),
            ("minLength", "length from"),
            ("maxLength", "length to"),
            ("pattern", "pattern"),
            ("format", "format"),
        )
        if key in schema
    ]
    return escape(
        " ".join([str(schema.get("type", "anything")), *([f"({', '.join(limits)})"] if limits else [])])
    )


def _link(which: str, name: str) -> str:
    return f'<a href="#{_anchor(which, name)}">{escape(name)}</a>'


def _anchor(which: str, name: str) -> str:
    return escape(f"{which.lower()}-{name}")


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _prose(text: str) -> str:
    """Text with what stands between backquotes as code."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if number % 2 else part for number, part in enumerate(parts))


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    top = "".join(f"<th>{head}</th>" for head in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
