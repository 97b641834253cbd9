"""The words of the note side: from what was said to what is written, each with its evidence.

Times are float seconds from the start of the session's audio. A `Span` is the only way to point at evidence.
What an engine may write (`NoteBody`) and what is said about it (`Finding`) are two types, so that no engine
can clear its own findings.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Role: TypeAlias = Literal["clinician", "client", "family", "interpreter", "other"]
Polarity: TypeAlias = Literal["affirmed", "negated", "uncertain"]
Support: TypeAlias = Literal["direct", "inferred", "clinician", "context"]
SectionStatus: TypeAlias = Literal["drafted", "not_discussed"]
Severity: TypeAlias = Literal["blocking", "advisory"]
DetailLevel: TypeAlias = Literal["brief", "standard", "detailed"]
Person: TypeAlias = Literal["third", "first"]
Tense: TypeAlias = Literal["present", "past"]
Layout: TypeAlias = Literal["bullets", "sentences"]

FactKind: TypeAlias = Literal[
    "symptom",
    "event",
    "history",
    "medication",
    "substance_use",
    "measure",
    "sleep",
    "appetite",
    "energy",
    "functioning",
    "trigger",
    "goal",
    "homework",
    "intervention",
    "client_response",
    "progress",
    "risk",
    "protective",
    "plan",
    "next_appointment",
    "agreement",
    "observation",
    "quote",
]


@dataclass(frozen=True, slots=True)
class Turn:
    """What one role said without interruption; `id` is unique in the transcript."""

    id: str
    role: Role
    text: str
    start: float = 0.0
    end: float = 0.0


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` to `end` (Python slice) of the text of one turn."""

    turn: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that was said, of one kind, with the words that say it.

    `text` is the transcript's own words (the first span's), `role` who said them. `assessed` is true where the
    clinician asked and was answered. `attributes` hold what the kind has: dose, frequency, technique, score.
    """

    id: str
    kind: FactKind
    text: str
    role: Role
    polarity: Polarity
    assessed: bool
    confidence: float
    evidence: tuple[Span, ...]
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence of the note and the spans it rests on; `id` is unique in the note."""

    id: str
    text: str
    evidence: tuple[Span, ...]
    support: Support = "direct"


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the note; one that nobody spoke of is `not_discussed` and holds no statement."""

    code: str
    title: str
    status: SectionStatus
    statements: tuple[Statement, ...] = ()


@dataclass(frozen=True, slots=True)
class NoteBody:
    """All that an engine may write."""

    template: str
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """What the check says about one statement (or, with no statement, about the note)."""

    kind: str
    severity: Severity
    statement: str | None
    detail: str


@dataclass(frozen=True, slots=True)
class RiskStatement:
    """A risk statement as it was said: an exact substring of a turn, surfaced first, never scored.

    `question` is the clinician's question that it answers, where there was one.
    """

    quote: str
    role: Role
    topic: str
    polarity: Polarity
    evidence: tuple[Span, ...]
    question: Span | None = None


@dataclass(frozen=True, slots=True)
class Style:
    """How the note is worded; chosen by the clinician, never by an engine.

    `person` is the clinician's: in the third "Clinician used …", in the first "I used …". `tense` is that of
    what the client reports ("Client reports", "Client reported"); what was done in the session is past in
    both. `layout` is how a section is set: one statement a line, or as running text.
    """

    client_term: str = "Client"
    clinician_term: str = "Clinician"
    pronouns: str = ""
    detail: DetailLevel = "standard"
    person: Person = "third"
    tense: Tense = "present"
    layout: Layout = "bullets"


@dataclass(frozen=True, slots=True)
class Context:
    """What the clinician gave beside the recording."""

    modality: str = ""
    diagnoses: tuple[str, ...] = ()
    treatment_goals: tuple[tuple[str, str], ...] = ()
    """(id, text) pairs."""


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What a note's provenance says of the engine that wrote it."""

    engine: str
    model: str
    version: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A body, what was found about it, and what it was made from.

    `insufficient` is true where too little was said for any note; the sections are then all `not_discussed`.
    """

    body: NoteBody
    findings: tuple[Finding, ...]
    risk: tuple[RiskStatement, ...]
    facts: tuple[Fact, ...]
    engine: EngineInfo
    insufficient: bool = field(default=False)
