"""The twenty things payers look for in a note: note, context and session record in, what is there and what lacks out.

An element (`elements`) is present when each of its parts that applies is satisfied by statements of the note or by
facts of the session. Times come from the session's clock, the diagnosis from the clinician, the signature from the
signing; nothing is guessed, scored or written into the note.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from summarizer.cpt import REASON_FROM
from summarizer.elements import ELEMENTS, MEASURE, Element, Line
from summarizer.templates import Template
from summarizer.types import Context, NoteBody, RiskStatement, Role

Status: TypeAlias = Literal["present", "absent", "not_applicable"]


@dataclass(frozen=True, slots=True)
class Attendee:
    """Someone who took part; `relationship` is that of a family member to the client, as the clinician gave it."""

    id: str
    role: Role
    label: str = ""
    relationship: str = ""


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """What is known of the session beside its words; empty where it was not given.

    `seconds` are on the record, without pauses. `consented` are the attendees whose consent to recording,
    transcription and drafting stands. `psychotherapy_minutes` is given only for a session billed with an
    evaluation and management service.
    """

    started_at: datetime | None = None
    stopped_at: datetime | None = None
    seconds: float = 0.0
    attendees: tuple[Attendee, ...] = ()
    place: str = ""
    client_place: str = ""
    platform: str = ""
    consented: frozenset[str] = frozenset()
    psychotherapy_minutes: int | None = None
    signed_by: str = ""
    credentials: str = ""
    signed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One element: the ids of the statements and the facts that satisfy it, and what would, where it lacks.

    `needs` is one sentence, empty where the element is present; where it does not apply, it says why.
    """

    number: int
    code: str
    title: str
    status: Status
    statements: tuple[str, ...]
    facts: tuple[str, ...]
    needs: str


def checklist(
    body: NoteBody,
    template: Template,
    context: Context,
    record: SessionRecord,
    risk: Sequence[RiskStatement] = (),
) -> tuple[Item, ...]:
    """The twenty items in their order. `risk` is what was surfaced from the session, quoted or not."""
    lines = _lines(body, template)
    given = _given(context, record, risk, lines, template)
    return tuple(_item(element, given, lines) for element in ELEMENTS)


def _item(element: Element, given: Mapping[str, tuple[str, ...]], lines: Sequence[Line]) -> Item:
    parts = [part for part in element.parts if not part.only_if or given[part.only_if]]
    if not parts:
        return Item(element.number, element.code, element.title, "not_applicable", (), (), element.otherwise)
    statements: list[str] = []
    facts: list[str] = []
    lacking: list[str] = []
    for part in parts:
        held = [line for line in lines if part.written is not None and part.written(line)]
        known = given[part.given] if part.given else ()
        statements += [line.statement.id for line in held]
        facts += known
        incomplete = part.each is not None and not all(part.each(line, lines) for line in held)
        if not (held or known) or incomplete:
            lacking.append(part.needs)
    return Item(
        element.number,
        element.code,
        element.title,
        "absent" if lacking else "present",
        tuple(dict.fromkeys(statements)),
        tuple(dict.fromkeys(facts)),
        f"To complete it, {'; '.join(lacking)}." if lacking else "",
    )


def _lines(body: NoteBody, template: Template) -> tuple[Line, ...]:
    found = []
    for section in body.sections:
        outline = template.section(section.code)
        kinds = frozenset(outline.kinds) if outline else frozenset[str]()
        found += [Line(statement, kinds) for statement in section.statements]
    return tuple(found)


# ── what the session's record gives ──────────────────────────────────────────────────────────────────────

_TELEHEALTH = re.compile(r"\b(?:tele\w*|video|virtual|remote|online|phone|audio[- ]only)\b", re.I)
_SERVICE = re.compile(
    r"\b(?:individual|group|family|couples?|psychotherapy|therapy|intake|evaluation|assessment|crisis|consult\w*"
    r"|medication management|counsel\w+)\b",
    re.I,
)
_DELIVERY = re.compile(
    rf"\b(?:in[- ]person|face[- ]to[- ]face|office|clinic|home|school|on[- ]site)\b|{_TELEHEALTH.pattern}",
    re.I,
)
_MEASURABLE = re.compile(
    r"\d|\b(?:once|twice|three times|daily|nightly|weekly|every (?:day|night|week)|half|percent|no more than"
    r"|at least|most (?:days|nights)|by (?:january|february|march|april|may|june|july|august|september|october"
    r"|november|december))\b",
    re.I,
)


def _given(
    context: Context,
    record: SessionRecord,
    risk: Sequence[RiskStatement],
    lines: Sequence[Line],
    template: Template,
) -> Mapping[str, tuple[str, ...]]:
    """Every fact of the session by its name, in words; an empty tuple is a fact that was not given."""
    named = [match.group() for line in lines if (match := re.search(MEASURE, line.text, re.I))]
    clients = [a for a in record.attendees if a.role == "client"]
    family = [a for a in record.attendees if a.role == "family"]
    related = [f"{a.label or a.id}: {a.relationship}" for a in family if a.relationship]
    said = f"{context.modality} {record.place}"
    remote = _TELEHEALTH.search(said)
    minutes = int(record.seconds // 60)
    long = minutes >= REASON_FROM and record.psychotherapy_minutes is None
    agreed = [a.id for a in record.attendees if a.id in record.consented]
    return {
        "client": tuple(a.label for a in clients if a.label),
        "date": _told(record.started_at, "date of service {:%Y-%m-%d}"),
        "start": _told(record.started_at, "started {:%H:%M:%S %Z} by the session clock"),
        "stop": _told(record.stopped_at, "stopped {:%H:%M:%S %Z} by the session clock"),
        "service": _if(_SERVICE.search(context.modality), context.modality),
        "delivery": _if(_DELIVERY.search(context.modality), context.modality),
        "attendees": tuple(f"{a.id}: {a.role}" for a in record.attendees),
        "family": tuple(a.id for a in family),
        "relationships": tuple(related) if len(related) == len(family) else (),
        "place": _if(record.place, f"clinician at {record.place}"),
        "in person": _if(not remote, "in person"),
        "telehealth": _if(remote, "telehealth"),
        "client place": _if(record.client_place, f"client at {record.client_place}"),
        "platform": _if(record.platform, f"by {record.platform}"),
        "diagnoses": tuple(f"{diagnosis} (given by the clinician)" for diagnosis in context.diagnoses),
        "goals": tuple(f"goal {identity}" for identity, _ in context.treatment_goals),
        "measurable goal": tuple(
            f"goal {identity} can be measured"
            for identity, text in context.treatment_goals
            if _MEASURABLE.search(text)
        ),
        "risk affirmed": tuple(r.topic for r in risk if r.polarity == "affirmed"),
        "long": _if(long, f"{minutes} minutes on the record"),
        "with E/M": _if(record.psychotherapy_minutes is not None, "billed with E/M"),
        "psychotherapy time": _if(
            record.psychotherapy_minutes,
            f"{record.psychotherapy_minutes} minutes of psychotherapy (given by the clinician)",
        ),
        "signature": _if(record.signed_by, f"signed by {record.signed_by}"),
        "credentials": _if(record.credentials, record.credentials),
        "signed at": _told(record.signed_at, "authenticated {:%Y-%m-%d %H:%M %Z}"),
        "consent": tuple(f"consent of {one}" for one in agreed)
        if agreed and len(agreed) == len(record.attendees)
        else (),
        "measure": tuple(named),
        "takes intervention": _if(any(s.takes("intervention") for s in template.sections), "intervention"),
        "takes progress": _if(any(s.takes("progress") for s in template.sections), "progress"),
    }


def _told(moment: datetime | None, form: str) -> tuple[str, ...]:
    return () if moment is None else (form.format(moment),)


def _if(known: object, text: str) -> tuple[str, ...]:
    return (text,) if known else ()
