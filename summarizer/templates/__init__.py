"""Templates of notes: a TOML file in, the sections a note must hold out.

A template says which sections there are, in which order, and what may stand in each; it holds no wording of
its own beyond an instruction for the engine. The templates that ship lie beside this file, one each, with a
version, and as they were before in `earlier`; a clinician's own is read by `read_template`, `parse_template`
and `template_of`, and written out by `template_toml`. Nothing here writes a note or a file.

A section's `kinds` name the facts it takes, as `kind` or `kind.aspect` (`history.family`), in the order in
which they are written. Without `kinds` they are read off the header and the instruction; an empty list leaves
the section to the clinician.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, get_args

from summarizer.errors import UnknownTemplate, UnreadableTemplate
from summarizer.types import Fact, FactKind

MAX_SECTIONS = 20
_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,39}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_LOINC = re.compile(r"\d{1,7}-\d")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_LONGEST_TITLE, _LONGEST_INSTRUCTION = 120, 2000
_KINDS = frozenset(get_args(FactKind))
_ASPECTS: dict[str, frozenset[str]] = {
    "history": frozenset(
        {"allergy", "developmental", "family", "medical", "psychiatric", "social", "surgical", "trauma"}
    ),
    "medication": frozenset({"other", "psychiatric"}),
    "homework": frozenset({"assigned", "done"}),
    "symptom": frozenset({"cognition", "reviewed"}),
    "event": frozenset({"stressor"}),
    "goal": frozenset({"named"}),
    "observation": frozenset(
        {"examination", "identifying", "impression", "reason", "recalled", "result", "stated"}
    ),
}
"""What may follow the dot: the aspects that facts of a kind have."""
_TEMPLATE_KEYS = frozenset({"name", "version", "title", "loinc", "client_term", "sections"})
_SECTION_KEYS = frozenset({"code", "title", "loinc", "instruction", "kinds"})


CLIENT_TERM = "Client"


@dataclass(frozen=True, slots=True)
class TemplateSection:
    """One section: `kinds` are the facts it takes; none means that it is left to the clinician."""

    code: str
    title: str
    loinc: str
    instruction: str
    kinds: tuple[str, ...]

    def takes(self, kind: str, aspect: str = "") -> bool:
        """Whether a fact of this kind and aspect belongs here; a bare `kind` takes every aspect of it."""
        return kind in self.kinds or (aspect != "" and f"{kind}.{aspect}" in self.kinds)


@dataclass(frozen=True, slots=True)
class Template:
    """A kind of note: `name` finds it, `version` is kept in the note's provenance, `loinc` codes the document.

    `client_term` is what such notes call the client unless somebody chose otherwise: `Patient` where medicine does.
    """

    name: str
    version: int
    title: str
    loinc: str
    sections: tuple[TemplateSection, ...]
    client_term: str = CLIENT_TERM

    def only(self, code: str) -> Template:
        """The template with the one section `code`, for drafting that section anew.

        Raises `UnknownTemplate` where it has no such section.
        """
        kept = tuple(section for section in self.sections if section.code == code)
        if not kept:
            known = ", ".join(section.code for section in self.sections)
            raise UnknownTemplate(f"template {self.name} has no section {code!r}; its sections are {known}")
        return replace(self, sections=kept)

    def home(self, fact: Fact) -> TemplateSection | None:
        """The section that a fact stands in: the one that names its aspect, else the first that takes its kind.

        Risk that no section takes stands in the first one; any other fact that none takes has no home.
        """
        aspect = dict(fact.attributes).get("aspect", "")
        takers = [section for section in self.sections if section.takes(fact.kind, aspect)]
        exact = [section for section in takers if f"{fact.kind}.{aspect}" in section.kinds]
        return next(iter((*exact, *takers)), self.sections[0] if fact.kind == "risk" else None)

    def placed(self, facts: Sequence[Fact]) -> dict[str, tuple[Fact, ...]]:
        """The facts by the code of their home, in their order; those without one are left out."""
        found: dict[str, list[Fact]] = {section.code: [] for section in self.sections}
        for fact in facts:
            if (home := self.home(fact)) is not None:
                found[home.code].append(fact)
        return {code: tuple(its) for code, its in found.items()}

    def section(self, code: str) -> TemplateSection | None:
        """The section of that code, or None."""
        return next((section for section in self.sections if section.code == code), None)


@cache
def template_names() -> tuple[str, ...]:
    """Names of the templates that ship, in alphabetical order."""
    return tuple(
        sorted(f.name.removesuffix(".toml") for f in files(__name__).iterdir() if f.name.endswith(".toml"))
    )


def template_key(name: str) -> str:
    """The name as templates are kept under: `Physical-SOAP` → `physical_soap`; empty where it can be none."""
    key = name.strip().lower().replace("-", "_")
    return key if _NAME.fullmatch(key) else ""


@cache
def load_template(name: str) -> Template:
    """The shipped template of that name. Raises `UnknownTemplate`."""
    wanted = template_key(name)
    if wanted not in template_names():
        raise UnknownTemplate(f"no template is named {name!r}; there are {', '.join(template_names())}")
    return parse_template((files(__name__) / f"{wanted}.toml").read_text("utf-8"), source=f"{wanted}.toml")


@cache
def earlier_template(name: str, version: int) -> Template:
    """A shipped template as it was in an earlier version. Raises `UnknownTemplate`."""
    template = load_template(name)
    if template.version == version:
        return template
    kept = files(__name__) / "earlier" / f"{template.name}.{version}.toml"
    if not kept.is_file():
        raise UnknownTemplate(
            f"there is no version {version} of the template {template.name}; it has version {template.version}"
        )
    return parse_template(kept.read_text("utf-8"), source=f"{template.name}.{version}.toml")


def read_template(path: Path) -> Template:
    """A template from a file of the clinician's own. Raises `UnreadableTemplate`, which names the fault."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableTemplate(
            f"the template file {path.name} cannot be read ({type(error).__name__}); give a UTF-8 TOML file"
        ) from error
    return parse_template(text, source=path.name)


def parse_template(text: str, *, source: str = "template") -> Template:
    """A template from TOML text. Raises `UnreadableTemplate`, which names `source` and the fault."""
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a number of thousands of digits is a plain ValueError
        raise UnreadableTemplate(f"{source} is not TOML: {error}") from error
    return template_of(table, source=source)


def template_of(table: dict[str, Any], *, source: str = "template") -> Template:
    """A template from a table with the keys of the TOML form. Raises `UnreadableTemplate`."""
    _refuse_unknown(table, _TEMPLATE_KEYS, source)
    name = _string(table, "name", source)
    if not _NAME.fullmatch(name):
        raise UnreadableTemplate(f"{source}: name must be lower-case letters, digits and _, not {name!r}")
    version = table.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or not 1 <= version < 2**31:
        raise UnreadableTemplate(f"{source}: version must be a whole number from 1 up, not {version!r}")
    sections = table.get("sections")
    if not isinstance(sections, list) or not 1 <= len(sections) <= MAX_SECTIONS:
        came = len(sections) if isinstance(sections, list) else "none"
        raise UnreadableTemplate(
            f"{source}: there must be 1 to {MAX_SECTIONS} [[sections]], and there are {came}"
        )
    read = tuple(_section(entry, f"{source}, section {i}") for i, entry in enumerate(sections, 1))
    codes = [section.code for section in read]
    for code in codes:
        if codes.count(code) > 1:
            raise UnreadableTemplate(f"{source}: the section code {code} is used twice; each must be its own")
    title, loinc = _string(table, "title", source), _loinc(table, source)
    return Template(name, version, title, loinc, read, _string(table, "client_term", source, CLIENT_TERM))


def template_toml(template: Template) -> str:
    """The TOML file of a template, such that `parse_template` gives the same template again."""

    def pair(key: str, value: str) -> str:
        # JSON's escapes are TOML's; DEL is the one character that JSON leaves bare and TOML does not take.
        return f"{key} = {json.dumps(value, ensure_ascii=False)}".replace("\x7f", "\\u007f")

    lines = [pair("name", template.name), f"version = {template.version}", pair("title", template.title)]
    lines += [pair("loinc", template.loinc)] if template.loinc else []
    lines += [pair("client_term", template.client_term)]
    for section in template.sections:
        lines += ["", "[[sections]]", pair("code", section.code), pair("title", section.title)]
        lines += [pair("loinc", section.loinc)] if section.loinc else []
        lines += [pair("instruction", section.instruction)]
        lines += [f"kinds = [{', '.join(json.dumps(kind) for kind in section.kinds)}]"]
    return "\n".join(lines) + "\n"


def _section(entry: Any, where: str) -> TemplateSection:
    if not isinstance(entry, dict):
        raise UnreadableTemplate(f"{where} must be a table with code, title and instruction")
    _refuse_unknown(entry, _SECTION_KEYS, where)
    code = _string(entry, "code", where)
    if not _CODE.fullmatch(code):
        raise UnreadableTemplate(f"{where}: code must be capital letters, digits and _, not {code!r}")
    if "kinds" not in entry:
        entry = {
            **entry,
            "kinds": list(kinds_named_in(f"{entry.get('title', '')} {entry.get('instruction', '')}")),
        }
    kinds = entry["kinds"]
    if not isinstance(kinds, list) or not all(isinstance(kind, str) for kind in kinds):
        raise UnreadableTemplate(f"{where}: kinds must be a list of names")
    for named in kinds:
        kind, _, aspect = named.partition(".")
        if kind not in _KINDS:
            raise UnreadableTemplate(
                f"{where}: {kind!r} is no kind of fact; there are {', '.join(sorted(_KINDS))}"
            )
        known = _ASPECTS.get(kind, frozenset())
        if named != kind and aspect not in known:
            there = f"there are {', '.join(sorted(known))}" if known else f"write {kind!r} alone"
            raise UnreadableTemplate(f"{where}: {named!r} names no aspect of {kind}; {there}")
    return TemplateSection(
        code,
        _string(entry, "title", where),
        _loinc(entry, where),
        _string(entry, "instruction", where, longest=_LONGEST_INSTRUCTION),
        tuple(dict.fromkeys(kinds)),
    )


_KINDS_BY_WORD: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"risk|safety|suicid|harm", ("risk",)),
    (r"intervention|technique|clinician did|therapist did", ("intervention",)),
    (r"response|responded|reacted", ("client_response",)),
    (r"progress|barrier|improve", ("progress",)),
    (r"goal|objective|wants", ("goal",)),
    (r"homework|assign|practi[cs]e|between sessions", ("homework",)),
    (r"plan|next step|referral|follow", ("plan", "homework.assigned", "next_appointment", "agreement")),
    (r"appointment|next session|frequency", ("next_appointment",)),
    (r"report|symptom|complain|mood|anxi|subjective|present", ("symptom", "event", "trigger", "quote")),
    (r"sleep", ("sleep",)),
    (r"appetite|eating|weight", ("appetite",)),
    (r"energy|fatigue", ("energy",)),
    (r"function|work|school|daily", ("functioning",)),
    (r"medication|medicine", ("medication",)),
    (r"substance|alcohol|drug|tobacco", ("substance_use",)),
    (r"histor|background|past", ("history",)),
    (r"support|strength|protective|coping", ("protective",)),
    (r"measure|score|scale", ("measure",)),
    (r"exam|finding", ("observation.examination", "observation.stated")),
    (r"result|test|lab", ("observation.result",)),
    (r"assessment|impression|formulation", ("observation.impression", "progress")),
    (r"reason|chief", ("observation.reason",)),
)


def kinds_named_in(words: str) -> tuple[str, ...]:
    """The facts that a header and an instruction ask for, for a section that names no `kinds` of its own."""
    found = [kind for pattern, kinds in _KINDS_BY_WORD if re.search(pattern, words, re.I) for kind in kinds]
    return tuple(dict.fromkeys(found))


def _string(
    table: dict[str, Any], key: str, where: str, default: str | None = None, *, longest: int = _LONGEST_TITLE
) -> str:
    value = table.get(key, default)
    if not isinstance(value, str) or (default is None and not value.strip()):
        came = "missing" if value is None else "empty" if value == "" else f"a {type(value).__name__}"
        raise UnreadableTemplate(f"{where}: {key} must be text, and it is {came}")
    value = " ".join(value.split())
    if len(value) > longest:
        raise UnreadableTemplate(f"{where}: {key} may have {longest} characters, and it has {len(value)}")
    if _UNPRINTABLE.search(value):
        raise UnreadableTemplate(f"{where}: {key} must be text without control characters")
    return value


def _loinc(table: dict[str, Any], where: str) -> str:
    code = _string(table, "loinc", where, "")
    if code and not _LOINC.fullmatch(code):
        raise UnreadableTemplate(
            f"{where}: loinc must be a code such as 11506-3 or be left out, not {code!r}"
        )
    return code


def _refuse_unknown(table: dict[str, Any], known: frozenset[str], where: str) -> None:
    for key in table:
        if key not in known:
            raise UnreadableTemplate(
                f"{where}: {key!r} is not known here; the keys are {', '.join(sorted(known))}"
            )
