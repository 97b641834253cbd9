"""Whom a sentence is about: the style a clinician chose in, terms, pronouns and the verbs that follow them out.

It guesses nothing about anybody: without a pronoun that is known, it is they.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from summarizer.types import Role, Style, Tense
from summarizer.verbs import past, third


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


_FIRST = Pronouns("I", "me", "my", "mine", "myself")
_COMMON_NOUNS = frozenset(
    {"Client", "Patient", "Member", "Resident", "Student", "Consumer", "Participant", "Ct.", "Pt.", "Cl."}
    | {"Clinician", "Therapist", "Counselor", "Counsellor", "Provider", "Writer", "Psychologist", "Doctor"}
)
"""Terms that are written small inside a sentence; any other may be somebody's name."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a sentence is about: the term it opens with, the term inside a sentence, the pronouns.

    `first` where the term is `I`; `tense` is that of the verbs that `does` gives.
    """

    term: str
    inside: str
    pronouns: Pronouns
    tense: Tense = "present"
    first: bool = False

    def does(self, verb: str) -> str:
        """The verb (its base) as it follows the term: `reports`, `reported`, after `I` `report`."""
        if self.tense == "past":
            return past(verb)
        return verb if self.first else third(verb)

    def does_not(self, verb: str) -> str:
        """The same, negated: `does not believe`, `did not believe`."""
        return f"{self.does('do')} not {verb}"

    @property
    def object(self) -> str:
        """The term as an object: `client`, but `me`."""
        return self.pronouns.object if self.first else self.inside


def _inside(term: str) -> str:
    return term.lower() if term in _COMMON_NOUNS else term


def client_of(style: Style) -> Subject:
    """The client as the style names them: `Client` opens a sentence, `client` stands inside one."""
    return Subject(style.client_term, _inside(style.client_term), pronouns_of(style), style.tense)


def clinician_of(style: Style) -> Subject:
    """The clinician as the style names them: `Clinician` and `clinician`, a name, or `I`."""
    if style.person == "first":
        return Subject("I", "I", _FIRST, style.tense, first=True)
    return Subject(style.clinician_term, _inside(style.clinician_term), Pronouns(), style.tense)


def subject_of(role: Role, style: Style) -> Subject:
    """Whom a sentence of this role's is about."""
    client = client_of(style)
    if role == "family":
        return Subject("Family member", "family member", Pronouns(), style.tense)
    if role == "interpreter":
        return replace(client, term=f"{client.term} (through the interpreter)")
    if role == "other":
        return Subject("Another participant", "participant", Pronouns(), style.tense)
    return client
