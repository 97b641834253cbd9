"""The note as FHIR R4: a transaction Bundle of Composition, DocumentReferences, Provenance and Consents. Pure.

Each document of the note is a DocumentReference that carries its page; the Composition is the whole note as it stands
now, section by section. Every resource is put where its own identifier is found, so that sending a Bundle twice
changes nothing. Numbers of people are those that a platform gave; where it gave none, a name stands alone
(ADR 8). Evidence quotes are transcript and are left out unless asked for.
"""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeAlias
from urllib.parse import quote
from uuid import UUID

from scribe.blocks import Block, Heading, author, blocks, drafted
from scribe.document import Document, documents, named
from scribe.note import Note, NoteSection, NoteStatement, SignedNote
from scribe.session import Consent
from scribe.text_note import html_page, without_controls

Json: TypeAlias = dict[str, Any]

EVIDENCE = "urn:ambient-scribe:evidence"
"""Extension of a section: the words of the transcript that one statement rests on."""
_HL7 = "http://terminology.hl7.org/CodeSystem/"
_LOINC = "http://loinc.org"
_URI = "urn:ietf:rfc:3986"
_TAG = "urn:ambient-scribe:provenance"

_LABELS = (
    {"system": f"{_HL7}v3-Confidentiality", "code": "R", "display": "restricted"},
    {"system": f"{_HL7}v3-ActCode", "code": "MH", "display": "mental health information sensitivity"},
)
_PART2_LABEL = {"system": f"{_HL7}v3-ActCode", "code": "42CFRPart2", "display": "42 CFR Part2"}


def fhir_bundle(note: Note, heading: Heading, *, evidence: bool = False) -> Json:
    """The Bundle; with `evidence` each section holds the quotes that its statements rest on."""
    kept = documents(note, heading)
    labels = [*_LABELS, *([_PART2_LABEL] if heading.context.part2 else [])]
    made = [
        (composition_id(heading), _composition(note, heading, kept, evidence)),
        *((document.number, _document_reference(document, heading, labels)) for document in kept),
        (named(heading.session_id, "provenance"), _provenance(note, heading, kept)),
        *(
            (named(heading.session_id, f"consent {count}"), _consent(consent, count, heading))
            for count, consent in enumerate(heading.consents, 1)
        ),
    ]
    for _, resource in made:
        resource["meta"] = {"security": labels} | resource.get("meta", {})
    bundle = {
        "resourceType": "Bundle",
        "meta": {"security": labels},
        "type": "transaction",
        "entry": [_entry(number, resource) for number, resource in made],
    }
    printable: Json = _printable(bundle)
    return printable


def composition_id(heading: Heading) -> UUID:
    """Of the whole note, whatever is added to it."""
    return named(heading.session_id, "composition")


def about(bundle: Json, patient: str) -> Json:
    """The Bundle with every subject named by a receiver's own reference, such as `Patient/123`."""

    def changed(resource: Json) -> Json:
        key = "patient" if resource["resourceType"] == "Consent" else "subject"
        return resource | {key: resource[key] | {"reference": patient}} if key in resource else resource

    entries = [entry | {"resource": changed(entry["resource"])} for entry in bundle["entry"]]
    return bundle | {"entry": entries}


def _printable(value: Any) -> Any:
    """The same without characters that FHIR's strings and XHTML cannot hold."""
    if isinstance(value, dict):
        return {key: _printable(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_printable(inner) for inner in value]
    return without_controls(value) if isinstance(value, str) else value


def _entry(number: UUID, resource: Json) -> Json:
    kind = resource["resourceType"]
    # Provenance has no identifier in R4; any resource can be found by a tag.
    found = (
        f"_tag={quote(f'{_TAG}|{number}', safe=':')}"
        if kind == "Provenance"
        else f"identifier={quote(f'{_URI}|urn:uuid:{number}', safe=':')}"
    )
    return {
        "fullUrl": f"urn:uuid:{number}",
        "resource": resource,
        "request": {"method": "PUT", "url": f"{kind}?{found}"},
    }


def _composition(note: Note, heading: Heading, kept: Sequence[Document], evidence: bool) -> Json:
    draft = drafted(note)
    first, *parts = _parts(blocks(note, heading))
    made: Json = {
        "resourceType": "Composition",
        "identifier": _identifier(composition_id(heading)),
        "status": _status(note),
        "type": _code(kept[0].loinc, draft.title),
        "subject": _patient(heading),
        "date": _instant(kept[-1].at),
        "author": [_author(note, author(note))],
        "title": draft.title,
        "confidentiality": "R",
        "event": [{"period": _period(heading)}],
        "text": _narrative(first),
    }
    if heading.context.record.visit_id:
        made["encounter"] = _visit(heading)
    if isinstance(note, SignedNote):
        # Professional, not legal: whether a supervisor has to sign too is the record's to know.
        made["attester"] = [
            {
                "mode": "professional",
                "time": _instant(note.signature.at),
                "party": _author(note, author(note)),
            }
        ]
    written = iter(draft.sections)
    made["section"] = [
        _section(part, next(written) if part[0].part == "section" else None, evidence) for part in parts
    ]
    return made


def _parts(written: Iterable[Block]) -> Iterator[list[Block]]:
    """What stands before the first heading, then each heading with what stands under it."""
    part: list[Block] = []
    for block in written:
        if block.kind == "heading":
            yield part
            part = []
        part.append(block)
    yield part


def _section(part: Sequence[Block], of: NoteSection | None, evidence: bool) -> Json:
    made: Json = {"title": part[0].text, "text": _narrative(part[1:])}
    if of is None:
        return made
    if of.loinc:
        made["code"] = _code(of.loinc, of.title)
    if of.status == "not_discussed":
        made["emptyReason"] = {
            "coding": [{"system": f"{_HL7}list-empty-reason", "code": "notasked", "display": "Not Asked"}],
            "text": "Not discussed",
        }
    if evidence and (found := [_evidence(statement) for statement in of.statements if statement.evidence]):
        made["extension"] = found
    return made


def _evidence(statement: NoteStatement) -> Json:
    quotes = [
        {
            "url": "quote",
            "extension": [
                {"url": "utterance", "valueString": evidence.utterance},
                {"url": "text", "valueString": evidence.quote},
            ],
        }
        for evidence in statement.evidence
    ]
    text = {"url": "statement", "valueString": statement.text}
    return {"url": EVIDENCE, "extension": [text, *quotes]}


def _document_reference(document: Document, heading: Heading, labels: Sequence[Json]) -> Json:
    page = html_page(document.blocks(heading)).encode()
    made: Json = {
        "resourceType": "DocumentReference",
        "masterIdentifier": _identifier(document.number),
        "status": "superseded" if document.replaced else "current",
        "docStatus": _document_status(document),
        "type": _code(document.loinc, document.title),
        "category": [
            {
                "coding": [
                    {
                        "system": "http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category",
                        "code": "clinical-note",
                    }
                ]
            }
        ],
        "subject": _patient(heading),
        "date": _instant(document.at),
        "author": [_author(document.note, document.author)],
        "description": document.title,
        "securityLabel": [{"coding": [label]} for label in labels],
        "content": [
            {
                "attachment": {
                    "contentType": "text/html; charset=utf-8",
                    "language": "en",
                    "data": base64.b64encode(page).decode(),
                    "size": len(page),
                    # SHA-1 is what R4 has for this; it tells a damaged copy, and vouches for nothing.
                    "hash": base64.b64encode(hashlib.sha1(page, usedforsecurity=False).digest()).decode(),
                    "title": document.title,
                    "creation": _instant(document.at),
                }
            }
        ],
        "context": {
            "period": _period(heading),
            "related": [{"reference": f"urn:uuid:{composition_id(heading)}"}],
        },
    }
    if heading.context.record.visit_id:
        made["context"]["encounter"] = [_visit(heading)]
    if document.relation is not None:
        target = {"reference": f"urn:uuid:{document.parent}"}
        made["relatesTo"] = [{"code": document.relation, "target": target}]
    return made


def _provenance(note: Note, heading: Heading, kept: Sequence[Document]) -> Json:
    draft = drafted(note)
    made = draft.provenance
    parts = {
        "recognizer": f"{made.recognizer} {made.recognizer_model}".strip(),
        "speakers": made.speakers,
        "engine": " ".join(filter(None, (made.engine, made.engine_model, made.engine_version))),
        "template": f"{made.template} {made.template_version}",
    }
    device = {
        "resourceType": "Device",
        "id": "scribe",
        "deviceName": [{"name": made.product, "type": "user-friendly-name"}],
        "version": [
            {"type": {"text": "software"}, "value": made.version},
            *({"type": {"text": what}, "value": value} for what, value in parts.items() if value),
        ],
    }
    agents = [_agent("assembler", {"reference": "#scribe", "type": "Device", "display": made.product})]
    if isinstance(note, SignedNote):
        agents += [_agent(what, _author(note, author(note))) for what in ("author", "attester")]
        added = dict.fromkeys(document.author for document in kept[1:])
        agents += [_agent("author", _author(note, name)) for name in added if name != author(note)]
    number = named(heading.session_id, "provenance")
    targets = (composition_id(heading), *(document.number for document in kept))
    return {
        "resourceType": "Provenance",
        "meta": {"tag": [{"system": _TAG, "code": str(number)}]},
        "contained": [device],
        "target": [{"reference": f"urn:uuid:{target}"} for target in targets],
        "occurredPeriod": _period(heading),
        "recorded": _instant(kept[-1].at),
        "activity": {
            "coding": [{"system": f"{_HL7}v3-DataOperation", "code": "CREATE", "display": "create"}]
        },
        "agent": agents,
    }


def _agent(kind: str, who: Json) -> Json:
    coding = {"system": f"{_HL7}provenance-participant-type", "code": kind, "display": kind.capitalize()}
    return {"type": {"coding": [coding]}, "who": who}


def _consent(consent: Consent, count: int, heading: Heading) -> Json:
    wording = f"Consent statement, version {consent.statement_version}"
    if consent.statement_sha256:
        wording += f", SHA-256 {consent.statement_sha256}"
    by = consent.given_by
    period = {"start": _instant(consent.given_at)}
    if end := consent.revoked_at or consent.expires_at:
        period["end"] = _instant(end)
    provision: Json = {
        "type": "permit",
        "period": period,
        "action": [{"text": scope} for scope in sorted(consent.scope)],
    }
    if consent.purpose:
        provision["purpose"] = [{"display": consent.purpose}]
    role = next((p.role for p in heading.participants if p.id == consent.participant_id), "other")
    kind = {"clinician": "Practitioner", "client": "Patient"}.get(role, "RelatedPerson")
    who = heading.label(consent.participant_id)
    if by is not None:
        kind, who = "RelatedPerson", f"{by.label or by.relationship} for {who}"
    return {
        "resourceType": "Consent",
        "identifier": [_identifier(named(heading.session_id, f"consent {count}"))],
        "status": "inactive" if consent.revoked_at else "active",
        "scope": {"coding": [{"system": f"{_HL7}consentscope", "code": "patient-privacy"}]},
        "category": [_code("59284-0", "Consent to recording, transcription and drafting")],
        "patient": _patient(heading),
        "dateTime": _instant(consent.given_at),
        "performer": [{"type": kind, "display": who}],
        "policyRule": {"text": f"{wording}; given {consent.method}"},
        "provision": provision,
    }


def _status(note: Note) -> str:
    if not isinstance(note, SignedNote):
        return "preliminary"
    return "amended" if note.addenda else "final"


def _document_status(document: Document) -> str:
    if not document.signed:
        return "preliminary"
    return "amended" if document.relation == "replaces" else "final"


def _patient(heading: Heading) -> Json:
    """The client by the number that a platform gave, and by the label; never by an id of our own."""
    label = next((person.label for person in heading.participants if person.role == "client"), "")
    made: Json = {"type": "Patient", "display": label or "Client"}
    given = heading.context.record
    if given.patient_id:
        whose = given.patient_system
        made["identifier"] = {"value": given.patient_id} | (
            {"system": whose} if ":" in whose else {"assigner": {"display": whose}} if whose else {}
        )
    return made


def _visit(heading: Heading) -> Json:
    return {"type": "Encounter", "identifier": {"value": heading.context.record.visit_id}}


def _author(note: Note, name: str) -> Json:
    """Nobody but the software stands for a draft."""
    kind = "Practitioner" if isinstance(note, SignedNote) else "Device"
    return {"type": kind, "display": name}


def _identifier(number: UUID) -> Json:
    return {"system": _URI, "value": f"urn:uuid:{number}"}


def _code(loinc: str, text: str) -> Json:
    return {"coding": [{"system": _LOINC, "code": loinc}], "text": text}


def _period(heading: Heading) -> Json:
    end = {"end": _instant(heading.ended_at)} if heading.ended_at else {}
    return {"start": _instant(heading.started_at)} | end


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def _narrative(written: Iterable[Block]) -> Json:
    lines = []
    for block in written:
        text, label = (html.escape(part) for part in (block.text, block.label))
        lines.append(f"<p>{f'<b>{label}:</b> ' if label else ''}{text}</p>")
    body = "".join(lines) or "<p>Nothing is written here.</p>"
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{body}</div>'}
