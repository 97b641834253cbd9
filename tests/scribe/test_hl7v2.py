"""HL7 v2 messages: parsed and validated by a library of its own, and true of the note."""

from __future__ import annotations

import warnings

import pytest
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.core import Message
from hl7apy.parser import parse_message, parse_segment
from notes_of_record import ADDENDUM, HOSTILE, State, heading_of, note_of

from scribe.hl7v2 import hl7v2_messages
from scribe.session import RecordLink
from summarizer.templates import template_names

HEADING = heading_of("soap")


def messages(template: str, state: State) -> list[str]:
    """Each message of the file; what stands before the first one is nothing."""
    nothing, *found = hl7v2_messages(note_of(template, state), heading_of(template)).decode().split("MSH|")
    assert nothing == ""
    return [f"MSH|{message}" for message in found]


def parsed(message: str) -> Message:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found: Message = parse_message(message, find_groups=True)
    return found


def fields(message: str, segment: str) -> list[str]:
    """The fields of the first such segment, by their number."""
    found = next(line for line in message.split("\r") if line.startswith(segment)).split("|")
    return ["MSH", *found] if segment == "MSH" else found


def text(message: str) -> str:
    """What the observations say, unescaped as a receiver does it (2.5.1, section 2.7)."""
    lines = [line.split("|")[5] for line in message.split("\r") if line.startswith("OBX")]
    joined = "\n".join(lines)
    for escaped, mark in (("\\F\\", "|"), ("\\S\\", "^"), ("\\T\\", "&"), ("\\R\\", "~"), ("\\E\\", "\\")):
        joined = joined.replace(escaped, mark)
    return joined


@pytest.mark.parametrize(
    ("template", "state"), [*((name, "draft") for name in template_names()), ("soap", "added")]
)
def test_every_note_of_every_template_is_a_valid_message(template: str, state: State) -> None:
    for message in messages(template, state):
        assert message.endswith("\r")
        assert "\n" not in message
        assert parsed(message).validate()
        for segment in message.rstrip("\r").split("\r"):
            # The library takes every OBX-5 for the short type ST; the whole message was validated above.
            if not segment.startswith("OBX"):
                parse_segment(segment, version="2.5.1", validation_level=VALIDATION_LEVEL.STRICT)


def test_a_draft_is_documented_and_unavailable_and_a_signed_note_authenticated() -> None:
    (draft,), (signed,) = messages("soap", "draft"), messages("soap", "signed")
    assert fields(draft, "MSH")[9] == fields(signed, "MSH")[9] == "MDM^T02^MDM_T02"
    assert fields(signed, "MSH")[18] == "UNICODE UTF-8"
    (at_draft, at_signed) = (fields(message, "TXA") for message in (draft, signed))
    assert (at_draft[17], at_draft[19]) == ("DO", "UN")
    assert (at_signed[17], at_signed[18], at_signed[19]) == ("AU", "R", "AV")
    assert at_signed[22] == "^R. Díaz, LCSW^^^^^^^^^^^^^20260302160400+0000"
    assert len(at_draft) <= 20, "nobody authenticated a draft"
    assert at_draft[12] == at_signed[12], "the document is the same one"
    assert fields(draft, "MSH")[10] != fields(signed, "MSH")[10]
    assert {line.split("|")[11] for line in draft.split("\r") if line.startswith("OBX")} == {"P"}


def test_what_is_added_names_its_parent() -> None:
    first, addendum, correction, late = messages("soap", "added")
    events = [fields(message, "MSH")[9][4:7] for message in (first, addendum, correction, late)]
    assert events == ["T02", "T06", "T10", "T06"]
    numbers = [fields(message, "TXA")[12] for message in (first, addendum, correction, late)]
    parents = [fields(message, "TXA")[13] for message in (first, addendum, correction, late)]
    assert parents == ["", numbers[0], numbers[0], numbers[2]]
    assert fields(first, "TXA")[19] == "OB", "what was replaced is obsolete"
    assert fields(correction, "TXA")[21] == "Correction"
    assert ADDENDUM in text(addendum)
    assert HOSTILE in text(correction)
    assert HOSTILE not in text(addendum)


def test_hostile_words_are_only_words() -> None:
    (message,) = messages("soap", "signed")
    assert HOSTILE in text(message)
    found = parsed(message)
    assert found.pid.pid_5.pid_5_1.value == "Zoë <K> Łukasz"
    assert fields(message, "PID")[3] == "MRN\\F\\77^^^&urn:oid:1.2.36.146&URI"
    assert fields(message, "PV1")[19] == "V\\T\\1"


def test_what_nobody_told_stays_empty() -> None:
    heading = heading_of("soap", record=RecordLink())
    message = hl7v2_messages(note_of("soap", "draft"), heading).decode()
    assert fields(message, "PID")[3] == ""
    assert len(fields(message, "PID")) == 6
    assert len(fields(message, "PV1")) == 3


def test_an_authority_that_is_no_uri_is_a_namespace() -> None:
    heading = heading_of("soap", record=RecordLink(patient_id="77", patient_system="Clinic A"))
    assert fields(hl7v2_messages(note_of("soap", "draft"), heading).decode(), "PID")[3] == "77^^^Clinic A"


def test_an_unchanged_document_has_the_same_control_id_again() -> None:
    assert messages("soap", "added")[0].split("|")[9] == messages("soap", "signed")[0].split("|")[9]
    ids = [message.split("|")[9] for message in messages("soap", "added")]
    assert len(set(ids)) == 4
    assert all(len(control) == 20 for control in ids)
