"""Terms and pronouns."""

from __future__ import annotations

from summarizer.subject import client_of, clinician_of, pronouns_of, subject_of
from summarizer.types import Style


def test_pronouns_come_from_the_style_and_fall_back_to_they() -> None:
    assert pronouns_of(Style(pronouns="He/Him")).possessive == "his"
    assert pronouns_of(Style()).subject == "they"
    assert pronouns_of(Style(pronouns="unknown")).subject == "they"


def test_a_clients_own_name_keeps_its_capital_inside_a_sentence() -> None:
    assert client_of(Style(client_term="Ms. D")).inside == "Ms. D"
    assert client_of(Style(client_term="Patient")).inside == "patient"


def test_an_interpreters_words_are_the_clients_and_are_marked_as_such() -> None:
    assert subject_of("interpreter", Style()).term == "Client (through the interpreter)"
    assert subject_of("family", Style(pronouns="she/her")).pronouns.subject == "they"


def test_a_clinicians_name_keeps_its_capital_inside_a_sentence() -> None:
    assert clinician_of(Style()).inside == "clinician"
    assert clinician_of(Style(clinician_term="Dr. Okafor")).inside == "Dr. Okafor"
