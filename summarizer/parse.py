"""What a model must return for a section, and what is made of what it did return.

Goes in: the labels that may be cited; then the model's text. Comes out: a JSON schema; then statements whose
evidence is spans of the turns: the model cites labels, the sentences that carry the statement are found here.
Small slips of form are read over (a fence, words before the JSON, ids as one string). What it cites that was not
given is left out, so that the grounding check sees a statement without evidence. It judges no content.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, TypeAlias

from summarizer.chunks import Chunk, Passage, without_nested
from summarizer.content import content_stems, numbers
from summarizer.errors import UnreadableReply
from summarizer.language import sentences
from summarizer.polarity import answer_polarity, has_negation
from summarizer.types import Span, Statement, Support

Form: TypeAlias = Literal["objects", "arrays"]
"""`arrays` is for models whose tokenizer has no braces, as that of T5: `[["text", ["T1"]], …]`."""

MAX_CITED = 6
"""Labels that one statement may cite."""

_MOST_SENTENCES = 3
"""Sentences of one passage that a statement is taken to rest on."""

_FENCE = re.compile(r"```(?:json)?\s*(.*?)(?:```|\Z)", re.S | re.I)
_THOUGHT = re.compile(r"<think>.*?(?:</think>|\Z)", re.S | re.I)
_LABEL = re.compile(r"\b([TF])\s?0*(\d{1,6})\b", re.I)
_TRAILING = re.compile(r"\s*[\[(]\s*(?:[TF]\d+(?:\s*[,;]\s*|\s+and\s+|\s*))+[\])]\s*(?=[.]?\s*$)", re.I)
_QUOTE = re.compile(r"\"([^\"]+)\"|“([^”]+)”|«([^»]+)»")
_DENIES = re.compile(r"\b(?:den(?:y|ie[sd]|ying))\b", re.I)


def schema(
    labels: Sequence[str], *, statements: int, characters: int, form: Form = "objects"
) -> dict[str, Any]:
    """The JSON schema of a reply: at most so many statements, each citing at least one of the labels."""
    text = {"type": "string", "minLength": 1, "maxLength": characters}
    cited = {
        "type": "array",
        "items": {"type": "string", "enum": list(labels)},
        "minItems": 1,
        "maxItems": MAX_CITED,
    }
    if form == "arrays":
        pair = {"type": "array", "prefixItems": [text, cited], "items": False, "minItems": 2, "maxItems": 2}
        return {"type": "array", "items": pair, "maxItems": statements}
    statement = {
        "type": "object",
        "properties": {"text": text, "evidence": cited},
        "required": ["text", "evidence"],
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {"statements": {"type": "array", "items": statement, "maxItems": statements}},
        "required": ["statements"],
        "additionalProperties": False,
    }


def read(reply: str, chunk: Chunk, *, is_cut: bool = False) -> tuple[Statement, ...]:
    """The statements of a reply, without ids of their own; of one that was cut off, those that are whole.

    Raises `UnreadableReply` where it is no JSON of statements.
    """
    found = []
    for item in _items(reply, is_cut=is_cut):
        text, labels = _item(item)
        text, inside = _without_labels(text)
        if not text:
            continue
        evidence = _spans(text, tuple(dict.fromkeys((*labels, *inside))), chunk)
        found.append(Statement("", text, evidence, _support(evidence, chunk)))
    return tuple(found)


# ── the form ─────────────────────────────────────────────────────────────────────────────────────────────


def _items(reply: str, *, is_cut: bool) -> list[Any]:
    bare = _THOUGHT.sub("", reply).strip()
    fenced = _FENCE.search(bare)
    bare = fenced.group(1).strip() if fenced else bare
    start = min((at for at in (bare.find("{"), bare.find("[")) if at >= 0), default=-1)
    if start < 0:
        raise UnreadableReply("the model's reply holds no JSON; it was asked for statements as JSON")
    try:
        whole, _ = json.JSONDecoder().raw_decode(bare, start)
    except (ValueError, RecursionError):
        if not is_cut:
            raise UnreadableReply("the model's reply is broken JSON; it was asked for whole JSON") from None
        return list(_whole_ones(bare, start))
    if isinstance(whole, dict):
        whole = whole.get("statements", [whole] if "text" in whole else None)
    if not isinstance(whole, list):
        raise UnreadableReply(
            "the model's reply is JSON without `statements`; it was asked for a list of them"
        )
    return whole


def _whole_ones(text: str, start: int) -> Iterator[Any]:
    """The items of a list that was cut off, as far as they are whole."""
    at = text.find("[", start) + 1
    while at:
        at = next((n for n in range(at, len(text)) if text[n] not in " \t\r\n,"), len(text))
        try:
            item, at = json.JSONDecoder().raw_decode(text, at)
        except (ValueError, RecursionError):
            return
        yield item


def _item(item: Any) -> tuple[str, tuple[str, ...]]:
    """The text and the labels of one statement, whichever of the usual forms it has."""
    if isinstance(item, str):
        return item, ()
    if isinstance(item, list) and item and isinstance(item[0], str):
        return item[0], _labels(item[1:])
    if isinstance(item, dict):
        text = next((item[key] for key in ("text", "statement", "sentence") if key in item), None)
        cited = next((item[key] for key in ("evidence", "ids", "sources", "citations") if key in item), ())
        if isinstance(text, str):
            return text, _labels(cited)
    raise UnreadableReply(
        "the model's reply holds a statement without a text; each needs `text` and `evidence`"
    )


def _labels(cited: Any) -> tuple[str, ...]:
    if isinstance(cited, str):
        return tuple(f"{kind.upper()}{number}" for kind, number in _LABEL.findall(cited))
    if isinstance(cited, dict):
        return _labels(list(cited.values()))
    if isinstance(cited, list | tuple):
        return tuple(label for one in cited for label in _labels(one))
    return ()


def _without_labels(text: str) -> tuple[str, tuple[str, ...]]:
    """One line of text, and the labels that stood in brackets at its end."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    found = _TRAILING.search(line)
    if found is None:
        return line, ()
    return f"{line[: found.start()]}{line[found.end() :]}".strip(), _labels(found.group())


# ── the evidence ─────────────────────────────────────────────────────────────────────────────────────────


def _spans(text: str, labels: Sequence[str], chunk: Chunk) -> tuple[Span, ...]:
    facts = {noted.label: noted.fact for noted in chunk.facts}
    found: list[Span] = []
    for label in labels[:MAX_CITED]:
        if label in facts:
            found.extend(facts[label].evidence)
        for passage in chunk.passages:
            if passage.label == label:
                found.extend(_best(text, passage))
    return without_nested(found)


def _best(text: str, passage: Passage) -> list[Span]:
    """The sentences of a passage that carry a statement: its quotations, then its content; else all of it."""
    said = passage.text
    pieces = [(s.start, s.end) for s in sentences(said)] or [(0, len(said))]
    chosen: list[tuple[int, int]] = []
    for match in _QUOTE.finditer(text):
        quote = next(group for group in match.groups() if group)
        at = said.find(quote)
        if at >= 0:
            begins = max((start for start, _ in pieces if start <= at), default=at)
            ends = min((end for _, end in pieces if end >= at + len(quote)), default=at + len(quote))
            chosen.append((begins, ends))
    # A bare "no" shares no word with what it denies.
    if (has_negation(text) or _DENIES.search(text)) and answer_polarity(said) == "no":
        chosen.append(pieces[0])
    wanted = _content(text)
    for start, end in chosen:
        wanted -= _content(said[start:end])
    while wanted and len(chosen) < _MOST_SENTENCES:
        start, end = max(pieces, key=lambda piece: (len(wanted & _content(said[slice(*piece)])), -piece[0]))
        if not wanted & _content(said[start:end]):
            break
        chosen.append((start, end))
        wanted -= _content(said[start:end])
    if not chosen:
        chosen = [(pieces[0][0], pieces[-1][1])]
    return [
        Span(passage.turn.id, passage.start + start, passage.start + end)
        for start, end in sorted(set(chosen))
        if start < end
    ]


def _content(text: str) -> set[str]:
    return set(content_stems(text)) | set(numbers(text))


def _support(evidence: Sequence[Span], chunk: Chunk) -> Support:
    """How the statement rests on its evidence; the code says so, never the model."""
    roles = _roles(chunk)
    others = {span.turn for span in evidence if roles.get(span.turn) != "clinician"}
    if evidence and not others:
        return "clinician"
    return "inferred" if len(others) > 1 else "direct"


def _roles(chunk: Chunk) -> Mapping[str, str]:
    return {passage.turn.id: passage.turn.role for passage in chunk.passages}
