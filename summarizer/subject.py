"""Whom a sentence is about: the style a clinician chose in, terms and pronouns out.

It guesses nothing about anybody: without a pronoun that is known, it is they.
"""

from __future__ import annotations

from dataclasses import dataclass

from summarizer.types import Role, Style


@dataclass(frozen=True, slots=True)
class Pronouns:
    """The third-person forms of one person; `singular` where the verb takes its -s."""

    subject: str = "they"
    object: str = "them"
    possessive: str = "their"
    possessive_alone: str = "theirs"
    reflexive: str = "themself"
    singular: bool = False


_PRONOUNS = {
    "she": Pronouns("she", "her", "her", "hers", "herself", singular=True),
    "he": Pronouns("he", "him", "his", "his", "himself", singular=True),
}


def pronouns_of(style: Style) -> Pronouns:
    """The pronouns that a style names (`she/her`); they, where it names none that are known."""
    return _PRONOUNS.get(style.pronouns.split("/")[0].strip().lower(), Pronouns())


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a sentence is about: the term it opens with, the term inside a sentence, the pronouns."""

    term: str
    inside: str
    pronouns: Pronouns


def client_of(style: Style) -> Subject:
    """The client as the style names them: `Client` opens a sentence, `client` stands inside one."""
    term = style.client_term
    inside = (
        term.lower() if term in ("Client", "Patient", "Member", "Resident", "Student", "Consumer") else term
    )
    return Subject(term, inside, pronouns_of(style))


def clinician_inside(style: Style) -> str:
    """The clinician's term inside a sentence: `clinician`, but `Dr. Okafor`."""
    term = style.clinician_term
    return term.lower() if term in ("Clinician", "Therapist", "Counselor", "Provider") else term


def subject_of(role: Role, style: Style) -> Subject:
    """Whom a sentence of this role's is about."""
    client = client_of(style)
    if role == "family":
        return Subject("Family member", "family member", pronouns_of(Style()))
    if role == "interpreter":
        return Subject(f"{client.term} (through the interpreter)", client.inside, client.pronouns)
    if role == "other":
        return Subject("Another participant", "participant", pronouns_of(Style()))
    return client
