"""The FHIR Bundle: valid for a library of its own, and true of the note."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from health_record import references
from notes_of_record import HOSTILE, NOW, QUOTE, State, draft_of, heading_of, note_of
from pydantic import BaseModel

from scribe.blocks import Heading
from scribe.fhir import EVIDENCE, about, fhir_bundle
from scribe.note import Note
from scribe.session import RecordLink
from summarizer.templates import load_template, template_names

Json = dict[str, Any]
SYSTEM = "http://terminology.hl7.org/CodeSystem/"


def bundled(note: Note, heading: Heading, **options: bool) -> Json:
    """The Bundle as it is read from a file."""
    made: Json = json.loads(json.dumps(fhir_bundle(note, heading, **options)))
    return made


def resources(bundle: Json, kind: str) -> list[Json]:
    return [e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == kind]


def nothing_empty(value: object) -> bool:
    """No element is empty (FHIR R4, section 2.6.2: `Objects are never empty`)."""
    if isinstance(value, dict):
        return bool(value) and all(map(nothing_empty, value.values()))
    if isinstance(value, list):
        return bool(value) and all(map(nothing_empty, value))
    return value is not None and not (isinstance(value, str) and not value.strip())


def unknown_codes(value: object) -> Iterator[str]:
    """Codes that the specification does not list where it lists them; the library knows the lists and keeps to none."""
    if isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            here, extra = getattr(value, name), field.json_schema_extra
            listed = extra.get("enum_values") if isinstance(extra, dict) else None
            if isinstance(here, str) and isinstance(listed, list) and here not in listed:
                yield f"{name}: {here}"
            yield from unknown_codes(here)
    elif isinstance(value, list):
        for inner in value:
            yield from unknown_codes(inner)


@pytest.mark.parametrize("state", ["draft", "added"])
@pytest.mark.parametrize("template", template_names())
def test_every_note_of_every_template_is_a_valid_bundle(template: str, state: State) -> None:
    for evidence in (False, True):
        bundle = bundled(note_of(template, state), heading_of(template), evidence=evidence)
        assert list(unknown_codes(Bundle.model_validate(bundle))) == []
        assert nothing_empty(bundle)
        here = [entry["fullUrl"] for entry in bundle["entry"]]
        assert len(set(here)) == len(here)
        assert set(references(bundle)) <= set(here), "every reference is to something in the Bundle"
    (composition,) = resources(bundle, "Composition")
    assert composition["type"]["coding"][0]["code"] == load_template(template).loinc
    written = [section.title for section in load_template(template).sections]
    titles = [section["title"] for section in composition["section"]]
    assert [title for title in titles if title in written] == written


def test_a_draft_is_preliminary_and_nobody_but_the_software_stands_for_it() -> None:
    bundle = bundled(draft_of("soap"), heading_of("soap"))
    (composition,), (reference,) = resources(bundle, "Composition"), resources(bundle, "DocumentReference")
    assert (composition["status"], reference["docStatus"]) == ("preliminary", "preliminary")
    assert composition["author"] == [{"type": "Device", "display": "ambient-scribe 0"}]
    assert "attester" not in composition
    (provenance,) = resources(bundle, "Provenance")
    assert [agent["type"]["coding"][0]["code"] for agent in provenance["agent"]] == ["assembler"]


def test_a_signed_note_is_final_and_says_who_wrote_what() -> None:
    bundle = bundled(note_of("soap", "signed"), heading_of("soap"))
    (composition,), (reference,) = resources(bundle, "Composition"), resources(bundle, "DocumentReference")
    assert (composition["status"], reference["docStatus"]) == ("final", "final")
    assert composition["attester"][0]["party"]["display"] == "R. Díaz, LCSW"
    (provenance,) = resources(bundle, "Provenance")
    who = {a["type"]["coding"][0]["code"]: a["who"] for a in provenance["agent"]}
    assert who["author"] == who["attester"] == {"type": "Practitioner", "display": "R. Díaz, LCSW"}
    assert who["assembler"]["reference"] == "#scribe"
    (device,) = provenance["contained"]
    assert {"type": {"text": "recognizer"}, "value": "whisper tiny"} in device["version"]


def test_what_is_added_is_appended_or_replaces_and_the_whole_is_amended() -> None:
    bundle = bundled(note_of("soap", "added"), heading_of("soap"))
    assert resources(bundle, "Composition")[0]["status"] == "amended"
    first, addendum, correction, late = resources(bundle, "DocumentReference")
    assert [d["docStatus"] for d in (first, addendum, correction, late)] == [
        "final",
        "final",
        "amended",
        "final",
    ]
    assert [d["status"] for d in (first, addendum, correction, late)] == [
        "superseded",
        "current",
        "current",
        "current",
    ]
    urls = [e["fullUrl"] for e in bundle["entry"] if e["resource"]["resourceType"] == "DocumentReference"]
    assert addendum["relatesTo"] == [{"code": "appends", "target": {"reference": urls[0]}}]
    assert correction["relatesTo"] == [{"code": "replaces", "target": {"reference": urls[0]}}]
    assert late["relatesTo"] == [{"code": "appends", "target": {"reference": urls[2]}}]
    assert addendum["type"]["coding"][0]["code"] == "55107-7"


def test_the_page_that_a_document_carries_is_whole() -> None:
    (reference,) = resources(bundled(note_of("soap", "signed"), heading_of("soap")), "DocumentReference")
    attachment = reference["content"][0]["attachment"]
    page = base64.b64decode(attachment["data"])
    assert len(page) == attachment["size"]
    assert "Łódź, Иванова, 王, שרה" in page.decode()


def test_everything_is_labelled_restricted_and_part_2_where_it_is() -> None:
    for part2 in (False, True):
        bundle = bundled(note_of("soap", "signed"), heading_of("soap", part2=part2))
        for holder in (bundle, *(entry["resource"] for entry in bundle["entry"])):
            codes = {(label["system"], label["code"]) for label in holder["meta"]["security"]}
            assert {(f"{SYSTEM}v3-Confidentiality", "R"), (f"{SYSTEM}v3-ActCode", "MH")} <= codes
            assert ((f"{SYSTEM}v3-ActCode", "42CFRPart2") in codes) == part2
        (reference,) = resources(bundle, "DocumentReference")
        assert len(reference["securityLabel"]) == 2 + part2


def test_a_section_that_nobody_spoke_of_is_empty_for_a_reason() -> None:
    (composition,) = resources(bundled(draft_of("soap"), heading_of("soap")), "Composition")
    section = next(s for s in composition["section"] if s["title"] == "Objective")
    assert section["emptyReason"]["coding"][0]["code"] == "notasked"
    assert section["code"]["coding"][0] == {"system": "http://loinc.org", "code": "61149-1"}
    assert "Not discussed." in section["text"]["div"]


def test_evidence_is_left_out_unless_it_is_asked_for() -> None:
    note, heading = draft_of("soap"), heading_of("soap")
    assert QUOTE not in json.dumps(bundled(note, heading))
    (composition,) = resources(bundled(note, heading, evidence=True), "Composition")
    section = next(s for s in composition["section"] if s["title"] == "Subjective")
    statement, *quotes = section["extension"][0]["extension"]
    assert section["extension"][0]["url"] == EVIDENCE
    assert statement["valueString"] == HOSTILE
    assert quotes[0]["extension"][1]["valueString"] == QUOTE


def test_every_consent_is_there_with_who_gave_it_and_whether_it_stands() -> None:
    client, clinician, mother = resources(bundled(draft_of("soap"), heading_of("soap")), "Consent")
    assert client["performer"] == [{"type": "RelatedPerson", "display": "mother for Zoë <K> Łukasz"}]
    assert [c["status"] for c in (client, clinician, mother)] == ["active", "active", "inactive"]
    assert [a["text"] for a in client["provision"]["action"]] == ["draft", "record", "transcribe"]
    assert client["provision"]["period"]["end"].startswith(str(NOW.year + 1))
    assert mother["policyRule"]["text"] == "Consent statement, version 2; given verbal"


def test_the_client_is_named_by_the_platforms_number_or_by_a_name_alone() -> None:
    note = note_of("soap", "signed")
    (composition,) = resources(bundled(note, heading_of("soap")), "Composition")
    assert composition["subject"]["identifier"] == {"system": "urn:oid:1.2.36.146", "value": "MRN|77"}
    assert composition["encounter"]["identifier"] == {"value": "V&1"}
    local = heading_of("soap", record=RecordLink(patient_id="77", patient_system="Clinic A"))
    (composition,) = resources(bundled(note, local), "Composition")
    assert composition["subject"]["identifier"] == {"value": "77", "assigner": {"display": "Clinic A"}}
    nobody = bundled(note, heading_of("soap", record=RecordLink()))
    (composition,) = resources(nobody, "Composition")
    assert composition["subject"] == {"type": "Patient", "display": "Zoë <K> Łukasz"}
    sent = about(nobody, "Patient/9")
    Bundle.model_validate(sent)
    for kind, key in (("Composition", "subject"), ("DocumentReference", "subject"), ("Consent", "patient")):
        assert {resource[key]["reference"] for resource in resources(sent, kind)} == {"Patient/9"}
    assert "reference" not in composition["subject"], "the Bundle itself is unchanged"


def test_words_with_characters_that_xml_cannot_hold_do_not_spoil_the_bundle() -> None:
    draft = draft_of("soap").model_copy(update={"title": "A\x00 note\x0b"})
    bundle = bundled(draft, heading_of("soap"))
    Bundle.model_validate(bundle)
    assert "\\u0000" not in json.dumps(bundle)
