"""Filled-in forms as text or JSON: lines or objects in, questions with what was answered to them out.

Read are `Label: value` lines, questions with the answer beside or under them, tick lists (`[x] sleep`, `☒ yes ☐ no`),
headings, and nested JSON objects. A box that is not ticked and a question left blank are no answers. It judges
nothing: what an answer is about is `intake`'s.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from summarizer.errors import UnreadableForm
from summarizer.wording import tidied

MAX_FIELDS = 1000
"""Questions of one form, beyond which it is not one."""
MAX_CHARACTERS = 100_000
"""Of a whole form: about fifty pages, written full."""
_MAX_DEPTH = 12
_LONGEST_ROW = 2000
"""Characters of a line that is still looked at for columns."""
_TICK_JOINT = "\n"


@dataclass(frozen=True, slots=True)
class FormField:
    """One question of a form and what was written to it; `id` is its number in the form.

    `value` is empty where nothing was answered. `ticked` are the boxes that were ticked, and then `value` is
    those, one a line. `follows` is the id of the question that an `If yes, …` goes on from.
    """

    id: str
    heading: str
    label: str
    value: str
    ticked: tuple[str, ...] = ()
    follows: str = ""


_COLUMN_BLANKS = 4
"""Blanks that still part two columns."""


def read_form(text: str) -> tuple[FormField, ...]:
    """The questions of a form in either notation, in order, blank ones too.

    Raises `UnreadableForm` where there is none, where nothing was answered, or where it is too long for a form.
    """
    _require_length(len(text))
    text = tidied(text, blanks=_COLUMN_BLANKS)
    stripped = text.lstrip("\ufeff \t\r\n")
    if stripped[:1] in ("{", "["):
        try:
            return fields_of_json(json.loads(stripped))
        except json.JSONDecodeError as error:
            if not _TICKED_LINE.match(stripped):
                raise UnreadableForm(
                    f"the JSON of the form breaks off or is malformed at line {error.lineno}; give an object"
                ) from None
        except ValueError:
            raise UnreadableForm(
                "the JSON of the form holds a number of thousands of digits; give text"
            ) from None
        except RecursionError:
            raise UnreadableForm("the JSON of the form is nested too deeply; give a flatter object") from None
    return fields_of_lines(text.splitlines())


def require_answers(fields: Sequence[FormField]) -> tuple[FormField, ...]:
    """The fields, numbered in order. Raises `UnreadableForm` where there are none, too many, or none is answered."""
    if len(fields) > MAX_FIELDS:
        raise UnreadableForm(f"the form has more than {MAX_FIELDS} questions; give one intake form")
    if not any(field.value for field in fields):
        raise UnreadableForm(
            "no question with an answer was found in the form; give lines such as `Label: value`, or a filled-in form"
        )
    new = {field.id: str(number) for number, field in enumerate(fields, start=1)}
    return tuple(
        replace(
            field,
            id=new[field.id],
            follows=new.get(field.follows, ""),
            label=tidied(field.label),
            value=tidied(field.value),
        )
        for field in fields
    )


# ── lines ────────────────────────────────────────────────────────────────────────────────────────────────

_BOX = re.compile(r"\[(?P<a>[ xX✓✔✗*]?)\]|\((?P<b>[ xX✓✔])\)|(?P<c>[☐☑☒□■◻◼⬜✓✔])")
_TICKED_LINE = re.compile(r"\[[ xX]?\]")
_EMPTY_BOXES = frozenset(("", " ", "☐", "□", "◻", "⬜"))
_NUMBERING = re.compile(r"^\s*(?:(?:Q(?:uestion)?\.? ?)?\d{1,3}[.)](?!\d)|[a-zA-Z][.)](?=\s)|[-•*–‣·])\s*")
_LABEL = re.compile(
    r"^(?P<label>[A-Za-z(][^:?]{0,150}?(?:\([^)]*\)[^:?]{0,40})?)\s*:(?!\d\d\b|//)\s*(?P<value>.*)$", re.S
)
_QUESTION = re.compile(r"^(?P<label>[A-Z(“\"].{2,300}\?)\s*(?P<value>.*)$", re.S)
_ASIDE = re.compile(r"^(?P<aside>\([^)]*\)\s*:?)\s*(?P<rest>.*)$", re.S)
_FILLER = re.compile(r"_{2,}|\.{4,}|…{2,}|-{4,}")
_FURNITURE = re.compile(
    r"^(?:page \d+(?: of \d+)?|\d+ ?/ ?\d+|confidential\w*|(?:please )?(?:turn|continue) over\b.*"
    r"|office use only)\W*$",
    re.I,
)
_NOT_ANSWERED = re.compile(r"^(?:n\s*/\s*a|n\.a\.|na|not applicable|[-–—?.]+)\W*$", re.I)
_MORE_ASKED = re.compile(
    r"(?:^|[\s,;])(?P<label>(?:if (?:yes|so|applicable|checked|any)\b[^:?]{0,80}"
    r"|(?:please )?(?:explain|describe|specify|list)\b[^:?]{0,60}|details?|comments?|which|when"
    r"|how (?:often|many|much|long)|other)\s*[:?])",
    re.I,
)
_HEADED = re.compile(
    r"^#{1,6}\s+(?P<a>.+?)\s*#*$|^(?:section|part)\s+[\dIVXA-F]+\s*[.:–—-]?\s*(?P<b>.*)$", re.I
)
_HEADING_WORDS = re.compile(
    r"\b(?:history|information|symptoms?|background|medical|psychiatric|family|social|substances?|safety"
    r"|risk|goals?"
    r"|strengths?|supports?|education|employment|work|legal|military|trauma|presenting|concerns?"
    r"|about you|consent"
    r"|questionnaire|referral|demographics|assessment|medications?|lifestyle|intake|form|checklist"
    r"|health|measures)\b",
    re.I,
)
_FIRST_PERSON = re.compile(r"\b(?:I|I['’](?:m|ve|d|ll)|my|me)\b")
_WRAPPED_FROM = 50
"""Characters of a line of an answer from which the next line is taken for the same paragraph."""
GOES_ON = re.compile(
    r"^(?:if\b|(?:how (?:often|many|much|long|so)|when|where|which|what kind|who"
    r"|(?:please )?(?:explain|describe|specify|list)|details?|comments?)"
    r"(?: and (?:when|where|how (?:often|much|long)|what|why|with whom))*\W*$)",
    re.I,
)
"""Questions that say nothing without the one before: `If yes, …`, `How often?`."""
_LONGEST_LABEL = 25
"""Words before a colon beyond which they are a sentence of an answer."""


def fields_of_lines(lines: Sequence[str]) -> tuple[FormField, ...]:
    """The questions of a form's lines; a line `# …` is a heading. Raises `UnreadableForm`."""
    _require_length(sum(len(line) for line in lines))
    reader = _Lines()
    for line in lines:
        for piece in _columns(line):
            reader.take(piece)
    return require_answers(reader.fields)


def _require_length(characters: int) -> None:
    if characters > MAX_CHARACTERS:
        raise UnreadableForm(f"the form has more than {MAX_CHARACTERS} characters; give one intake form")


def _columns(line: str) -> Iterator[str]:
    """A line cut where a second `Label:` stands in another column (`Name: Ada      Age: 34`)."""
    start = 0
    if len(line) > _LONGEST_ROW:
        yield line
        return
    for match in re.finditer(
        r"(?:\t+|\s{3,}|_{3,}\s+)(?=[A-Z][A-Za-z0-9/'’ -]{1,40}(?:\([^)]*\))?\s*:)", line
    ):
        if ":" in line[start : match.start()]:
            yield line[start : match.end()]
            start = match.end()
    yield line[start:]


class _Lines:
    """Takes line after line; holds the fields so far and the one that is still open.

    The open field awaits an answer where its line ended with the question, without a dotted line; it is decided
    where it offered yes and no, so that boxes below are not its own.
    """

    def __init__(self) -> None:
        self.fields: list[FormField] = []
        self._heading = ""
        self._open = False
        self._awaits = False
        self._decided = False
        self._gap = True

    def take(self, line: str) -> None:
        """The next line of the form."""
        text = " ".join(line.split())
        if not text or not text.strip("-=_*· "):
            self._gap = True
            return
        if _FURNITURE.match(text):
            return
        gap, self._gap = self._gap, False
        headed = _HEADED.match(text)
        if headed:
            self._head((headed["a"] or headed["b"] or text).strip(" *:"))
            return
        bare = _NUMBERING.sub("", text, count=1) if not _BOX.match(text) else text
        if _BOX.search(bare):
            self._boxes(bare)
            return
        if self._is_heading(text, gap=gap):
            self._head(text.strip(" *:"))
            return
        asked = self._asked(bare, numbered=bare != text, gap=gap)
        if asked is not None:
            self._ask(*asked)
        elif self._open:
            self._go_on(text)

    def _head(self, heading: str) -> None:
        self._heading, self._open = heading, False

    def _is_heading(self, text: str, *, gap: bool) -> bool:
        if len(text.split()) > 9 or text.endswith((".", "?", ",", ";")) or ":" in text[:-1]:
            return False
        letters = [c for c in text if c.isalpha()]
        awaits = self._open and self._awaits and not gap
        telling = len(_HEADING_WORDS.findall(text))
        if len(letters) > 3 and all(c.isupper() for c in letters):
            return telling > 0 or (len(text.split()) > 1 and not awaits)
        words = text.split()
        titled = all(word[:1].isupper() or len(word) < 4 for word in words) and not text.endswith(":")
        # Without a gap before it, a line is a heading only where hardly a word of it could be an answer's.
        if gap or not titled:
            return titled and telling > 0
        brief = (
            self._open and len(self.fields[-1].value) < _WRAPPED_FROM and "\n" not in self.fields[-1].value
        )
        return not awaits and telling * 2 >= len(words) and (len(words) > 1 or brief)

    def _asked(self, text: str, *, numbered: bool, gap: bool) -> tuple[str, str] | None:
        """Label and value of a line that asks; None where it goes on with an answer."""
        answering = self._open and not gap and not numbered
        question = _QUESTION.match(text)
        if question and not (answering and _FIRST_PERSON.search(question["label"])):
            return _with_aside(question["label"], question["value"])
        labelled = _LABEL.match(text)
        if labelled is None or len(labelled["label"].split()) > _LONGEST_LABEL:
            return None
        if answering and (_FIRST_PERSON.search(labelled["label"]) or labelled["label"][:1].islower()):
            return None
        return _with_aside(labelled["label"], labelled["value"])

    def _ask(self, label: str, value: str) -> None:
        follows = self.fields[-1].id if self.fields and GOES_ON.match(label) else ""
        field = FormField(
            str(len(self.fields) + 1), self._heading, label.strip(), _answered(value), follows=follows
        )
        self.fields.append(field)
        self._open, self._awaits, self._decided = True, not value.strip(), False

    def _go_on(self, text: str) -> None:
        field = self.fields[-1]
        added = _answered(text)
        if field.ticked or not (field.value or self._awaits):
            return
        self._awaits = False
        last = field.value.rpartition("\n")[2]
        # A line that is filled to its end, or one that goes on small, was only wrapped.
        joint = " " if len(last) >= _WRAPPED_FROM or added[:1].islower() else "\n"
        self.fields[-1] = replace(field, value=joint.join(part for part in (field.value, added) if part))

    def _boxes(self, text: str) -> None:
        """A line with boxes: what stands before the first is the label, unless the boxes stand after their words."""
        before, options = _options(text)
        if before:
            label, value = before.rstrip(": "), ""
            self._ask(label, value)
        elif not self._open or self._decided or (self.fields[-1].value and not self.fields[-1].ticked):
            self._ask("", "")
        self._awaits = False
        self._decided = any(re.match(r"(?:yes|no)\b", name, re.I) for name, _ in options)
        for name, ticked in options:
            more = _MORE_ASKED.search(name)
            option = name[: more.start()] if more else name
            if ticked and option.strip():
                field = self.fields[-1]
                chosen = (*field.ticked, option.strip(" ,;"))
                self.fields[-1] = replace(field, ticked=chosen, value=_TICK_JOINT.join(chosen))
            if more:
                open_question = self.fields[-1]
                self._ask(more["label"].strip(": "), name[more.end() :])
                self.fields[-1] = replace(self.fields[-1], follows=open_question.follows or open_question.id)


def _with_aside(label: str, value: str) -> tuple[str, str]:
    """An instruction in brackets right after a question belongs to the question."""
    aside = _ASIDE.match(value)
    if (
        aside
        and label.endswith("?")
        and re.search(r"\b(?:check|circle|list|please|if|describe|e\.g|tick|mark)\b", aside["aside"], re.I)
    ):
        return f"{label} {aside['aside'].rstrip(' :')}", aside["rest"]
    return label, value


def _answered(value: str) -> str:
    """What was written, without the dotted line that it was written on; empty where that is nothing."""
    text = " ".join(_FILLER.sub(" ", value).split()).strip()
    return "" if _NOT_ANSWERED.match(text) else text


def _options(text: str) -> tuple[str, list[tuple[str, bool]]]:
    """What stands before the boxes, and each box's words with whether it is ticked."""
    boxes = [(m.start(), m.end(), _is_ticked(m)) for m in _BOX.finditer(text)]
    first, last = boxes[0], boxes[-1]
    if text[last[1] :].strip(" .,;") or not text[: first[0]].strip():
        before = text[: first[0]].strip()
        ends = [box[0] for box in boxes[1:]] + [len(text)]
        named = [(text[box[1] : end].strip(" ,;|/"), box[2]) for box, end in zip(boxes, ends, strict=True)]
        return before, [option for option in named if option[0]]
    # The boxes stand after their words: `Trouble sleeping [x]  Poor appetite [ ]`.
    starts = [0] + [box[1] for box in boxes[:-1]]
    named = [(text[start : box[0]].strip(" ,;|/"), box[2]) for start, box in zip(starts, boxes, strict=True)]
    asked = re.match(r"^(?P<label>.+[?:])\s*(?P<option>[^?:]+)$", named[0][0])
    if asked:
        return asked["label"].rstrip(":"), [(asked["option"], named[0][1]), *named[1:]]
    return "", [(name.rstrip(":"), ticked) for name, ticked in named if name]


def _is_ticked(box: re.Match[str]) -> bool:
    inside = next(group for group in box.groups() if group is not None)
    return inside not in _EMPTY_BOXES


# ── JSON ─────────────────────────────────────────────────────────────────────────────────────────────────

_ASKS = ("question", "label", "prompt", "text", "title")
_ANSWERS = ("answer", "value", "response")


def fields_of_json(value: Any) -> tuple[FormField, ...]:
    """The questions of a JSON object; keys are labels, objects in it headings, `true` is a ticked box.

    Lists of `{"question", "answer"}` are read too. `false` under a key is a box that was not ticked, but an
    `answer` of `false` is a no. Raises `UnreadableForm`.
    """
    if not isinstance(value, dict | list):
        raise UnreadableForm(
            "the JSON of the form is neither an object nor a list; give an object of answers"
        )
    found: list[FormField] = []
    for heading, label, answer, ticked in _entries(value, "", 0):
        found.append(FormField(str(len(found) + 1), heading, label, answer, ticked))
    return require_answers(found)


def _entries(value: Any, heading: str, depth: int) -> Iterator[tuple[str, str, str, tuple[str, ...]]]:
    if depth > _MAX_DEPTH:
        raise UnreadableForm(
            f"the JSON of the form is nested deeper than {_MAX_DEPTH}; give a flatter object"
        )
    if isinstance(value, list):
        for entry in value:
            if isinstance(entry, dict | list):
                yield from _entries(entry, heading, depth + 1)
        return
    asks = next((key for key in _ASKS if isinstance(value.get(key), str)), None)
    answers = next((key for key in _ANSWERS if key in value), None)
    if asks is not None and answers is not None:
        text, ticked = _plain(value[answers], explicit=True)
        yield heading, value[asks].strip().rstrip(":"), text, ticked
        nested = [entry for key, entry in value.items() if key not in (asks, answers)]
        for entry in nested:
            if isinstance(entry, list):
                yield from _entries(entry, heading, depth + 1)
        return
    if asks is not None and isinstance(value.get("item"), list):
        yield from _entries(value["item"], value[asks].strip(), depth + 1)
        return
    boxes = [key for key, entry in value.items() if isinstance(entry, bool)]
    if len(boxes) > 1 and len(boxes) == len(value):
        chosen = tuple(humanized(key) for key in boxes if value[key])
        yield "", heading, _TICK_JOINT.join(chosen), chosen
        return
    for key, entry in value.items():
        label = humanized(key)
        if isinstance(entry, dict) or (isinstance(entry, list) and _is_listed(entry)):
            yield from _entries(entry, label, depth + 1)
        else:
            text, ticked = _plain(entry, explicit=False)
            yield heading, label, text, ticked


def _is_listed(entries: list[Any]) -> bool:
    """Whether a list holds questions of its own rather than the items of one answer."""
    return any(
        isinstance(entry, dict)
        and any(key in entry for key in _ASKS)
        and any(k in entry for k in (*_ANSWERS, "item"))
        for entry in entries
    )


def _plain(value: Any, *, explicit: bool) -> tuple[str, tuple[str, ...]]:
    """An answer in words, and its items where it is a list."""
    if isinstance(value, bool):
        return ("Yes" if value else "No" if explicit else ""), ()
    if isinstance(value, list):
        items = tuple(text for text in (_plain(entry, explicit=explicit)[0] for entry in value) if text)
        return (_TICK_JOINT.join(items), items) if len(items) > 1 else (items[0] if items else "", ())
    if isinstance(value, dict):
        parts = (_plain(entry, explicit=explicit)[0] for entry in value.values())
        return ", ".join(part for part in parts if part), ()
    return ("" if value is None else _answered(str(value))), ()


def humanized(name: str) -> str:
    """A machine's name for a field as a person would write it: `priorTreatment_type` → `prior treatment type`."""
    if " " in name.strip():
        return name.strip().rstrip(":")
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z0-9])|[_.\-\[\]]+", " ", name)
    return " ".join(word if word.isupper() else word.lower() for word in spaced.split())
