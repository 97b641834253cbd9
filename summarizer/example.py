"""The style of a note that a clinician once wrote: its text in, terms, person, tense, detail, layout and template out.

Only forms are read: which of a closed list of terms it uses, how it conjugates, how long and how its sections are
headed. Nothing of its content is taken, not even a name or a pronoun: they are another client's. It keeps nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from summarizer.language import sentences
from summarizer.lexicon import word_set
from summarizer.templates import Template
from summarizer.types import DetailLevel, Layout, Person, Style, Tense
from summarizer.verbs import past, third
from summarizer.wording import tidied

_QUOTED = re.compile(r"\"[^\"\n]*\"|“[^”\n]*”|«[^»\n]*»")
_TERMS: tuple[tuple[str, str], ...] = (
    ("Client", r"[Cc]lients?"),
    ("Patient", r"[Pp]atients?"),
    ("Member", r"[Mm]embers?"),
    ("Consumer", r"[Cc]onsumers?"),
    ("Resident", r"[Rr]esidents?"),
    ("Student", r"[Ss]tudents?"),
    ("Participant", r"[Pp]articipants?"),
    ("Pt.", r"(?:Pt|pt|PT)\.?"),
    ("Ct.", r"(?:Ct|ct|CT)\.?"),
    ("Cl.", r"(?:Cl|cl|CL)\.?"),
)
_CLINICIANS: tuple[tuple[str, str], ...] = (
    ("Clinician", r"[Cc]linician"),
    ("Therapist", r"[Tt]herapist"),
    ("Counselor", r"[Cc]ounsell?or"),
    ("Provider", r"[Pp]rovider"),
    ("Writer", r"(?:[Tt]his )?[Ww]riter"),
    ("Psychologist", r"[Pp]sychologist"),
)
_REPORTS = word_set(
    """
    report state deny describe endorse express note believe share present identify say want feel
    verbalize discuss explain continue attend appear complain
    """
)
_PRESENT = "|".join(sorted(third(verb) for verb in _REPORTS))
_PAST = "|".join(sorted(past(verb) for verb in _REPORTS))
_ACTS = (
    r"(?:\w+ed|taught|led|gave|set|went|met|made|did|will|am|have|plan|use|provide|assist|encourage"
    r"|discuss|explore|review|recommend|validate|continue)"
)
_FIRST = re.compile(rf"\b(?:I|We) (?:(?:also|then|briefly) )?{_ACTS}\b")
_BULLET = re.compile(r"^\s*(?:[-*•·–]|\d{1,2}[.)])\s+")
_BRIEF, _DETAILED = 2.5, 7.0
"""Sentences a section: at most so many are a brief note, at least so many a detailed one."""
_LEAST_HEADINGS = 0.5
"""Share of a template's sections whose headings an example must have to be of that template."""


_LEAST_SENTENCES = 4
"""Of a text without known headings, below which its length and layout say nothing."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """What an example says of style; None where it does not say. `template` is the name of the one it fits best."""

    client_term: str | None = None
    clinician_term: str | None = None
    person: Person | None = None
    tense: Tense | None = None
    layout: Layout | None = None
    detail: DetailLevel | None = None
    template: str | None = None

    def over(self, style: Style) -> Style:
        """The style with all that the example says put in its place."""
        return replace(
            style,
            client_term=self.client_term or style.client_term,
            clinician_term=self.clinician_term or style.clinician_term,
            person=self.person or style.person,
            tense=self.tense or style.tense,
            layout=self.layout or style.layout,
            detail=self.detail or style.detail,
        )


def likeness(example: str, templates: Sequence[Template]) -> Likeness:
    """The style of an example note; any text gives one, and a text that is no note says little."""
    lines = [line.rstrip() for line in _QUOTED.sub(" ", tidied(example).replace("\r\n", "\n")).splitlines()]
    parts, template = _best_template(lines, templates)
    text = "\n".join(lines)
    is_note = template is not None or sum(map(_sentences, parts[0])) >= _LEAST_SENTENCES
    return Likeness(
        client_term=_commonest(text, _TERMS),
        clinician_term=_commonest(text, _CLINICIANS),
        person=_person(text),
        tense=_tense(text),
        layout=_layout(parts) if is_note else None,
        detail=_detail(parts) if is_note else None,
        template=template.name if template else None,
    )


def _commonest(text: str, terms: Sequence[tuple[str, str]]) -> str | None:
    """The term that stands most often; the earlier of the list where two stand equally often."""
    counts = [(len(re.findall(rf"(?<![\w.]){pattern}(?!\w)", text)), term) for term, pattern in terms]
    most = max(count for count, _ in counts)
    return next((term for count, term in counts if count == most and count > 0), None)


def _person(text: str) -> Person | None:
    terms = "|".join(pattern for _, pattern in _CLINICIANS)
    third_person = len(
        re.findall(rf"\b(?:{terms}) (?:\w+ly )?(?:\w+(?:ed|s|ught)|led|gave|met|set|will)\b", text)
    )
    first = len(_FIRST.findall(text))
    if first == third_person:
        return None
    return "first" if first > third_person else "third"


def _tense(text: str) -> Tense | None:
    counts = Counter(
        {
            "present": len(re.findall(rf"\b(?:{_PRESENT})\b", text, re.I)),
            "past": len(re.findall(rf"\b(?:{_PAST})\b", text, re.I)),
        }
    )
    if counts["present"] == counts["past"]:
        return None
    return "present" if counts["present"] > counts["past"] else "past"


def _layout(parts: Sequence[Sequence[str]]) -> Layout | None:
    lines = [line for part in parts for line in part]
    if not lines:
        return None
    bullets = sum(bool(_BULLET.match(line)) for line in lines)
    return "bullets" if 2 * bullets >= len(lines) else "sentences"


def _detail(parts: Sequence[Sequence[str]]) -> DetailLevel | None:
    sizes = [sum(_sentences(line) for line in part) for part in parts if part]
    if not sizes:
        return None
    mean = sum(sizes) / len(sizes)
    return "brief" if mean <= _BRIEF else "detailed" if mean >= _DETAILED else "standard"


def _sentences(line: str) -> int:
    return max(1, sum(1 for _ in sentences(_BULLET.sub("", line))))


def _best_template(
    lines: Sequence[str], templates: Sequence[Template]
) -> tuple[list[list[str]], Template | None]:
    """The lines under each heading, and the template whose headings they are (None where none fits)."""
    best: tuple[tuple[float, int, int, str], list[list[str]], Template] | None = None
    for template in templates:
        names = _names(template)
        parts: list[list[str]] = []
        seen: set[str] = set()
        for line in lines:
            code, rest = _heading(line, names)
            if code is not None:
                seen.add(code)
                parts.append([rest] if rest else [])
            elif line.strip() and parts:
                parts[-1].append(line)
        share = len(seen) / len(template.sections)
        rank = (-share, -len(seen), len(template.name), template.name)
        if share >= _LEAST_HEADINGS and (best is None or rank < best[0]):
            best = (rank, parts, template)
    if best is not None:
        return best[1], best[2]
    return [[line for line in lines if line.strip()]], None


def _heading(line: str, names: dict[str, str]) -> tuple[str | None, str]:
    """The section that a line heads and what stands behind the heading; (None, "") where it heads none."""
    for end in (":", "\n"):
        title, _, rest = (line + "\n").partition(end)
        code = names.get(_key(title))
        if code is not None:
            return code, rest.strip(" *:\n")
    return None, ""


def _names(template: Template) -> dict[str, str]:
    """Headings by which a section may go: its title, its code, its first letter where no other has that."""
    names: dict[str, str] = {}
    letters = Counter(section.title[:1].lower() for section in template.sections)
    for section in template.sections:
        for name in (section.title, section.code.replace("_", " ")):
            names.setdefault(_key(name), section.code)
            names.setdefault(_key(f"{name}s"), section.code)
            names.setdefault(_key(name.removesuffix("s")), section.code)
        if letters[section.title[:1].lower()] == 1:
            names.setdefault(section.title[:1].lower(), section.code)
    return names


def _key(title: str) -> str:
    return re.sub(r"[^a-z]+", " ", title.lower().replace("behaviour", "behavior")).strip()
