"""The note as it is kept, shown, edited and signed.

A `DraftNote` changes by review only; a `SignedNote` never changes, it can only be followed by addenda. Both
are plain data: reviewing is in `review`, writing them out in `export`.
"""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AwareDatetime, Field, SerializerFunctionWrapHandler, model_serializer

from scribe.session import Role, Strict

SCHEMA_VERSION: Literal[1] = 1

Severity: TypeAlias = Literal["blocking", "advisory"]
SectionStatus: TypeAlias = Literal["drafted", "not_discussed", "written"]
"""`written`: nothing was heard about it, and the clinician wrote it."""


class Evidence(Strict):
    """Characters `start` to `end` of one utterance, and those very words."""

    utterance: str
    start: int
    end: int
    quote: str


class NoteStatement(Strict):
    """One sentence of the note.

    `support` says what carries it: the speaker's words (`direct`), several of them together (`inferred`), the
    clinician's own words, spoken or written (`clinician`), or what was given beside the recording (`context`).
    Whether a person changed it stands in the note's `edits`.
    """

    id: str
    text: str
    evidence: tuple[Evidence, ...]
    support: Literal["direct", "inferred", "clinician", "context"]


class NoteSection(Strict):
    """A section in the template's order; `not_discussed` holds no statement and is never filled by itself.

    `engine` is what drafted it anew, by name, model and version, where that is another than the note's.
    """

    code: str
    title: str
    loinc: str = ""
    status: SectionStatus
    statements: tuple[NoteStatement, ...] = ()
    engine: str = ""


class NoteFinding(Strict):
    """What the check found; open until the clinician resolves it or changes the statement."""

    id: str
    kind: str
    severity: Severity
    statement: str | None
    detail: str
    resolution: Literal["open", "accepted", "edited", "removed", "justified"] = "open"
    reason: str = ""


class NoteRisk(Strict):
    """A risk statement as it was said; never scored, never softened."""

    quote: str
    role: Role
    topic: str
    polarity: Literal["affirmed", "negated", "uncertain"]
    evidence: tuple[Evidence, ...]
    question: Evidence | None = None


class Edit(Strict):
    """One change by a person: what stood there before and after; None where there was nothing."""

    at: AwareDatetime
    author: str
    section: str
    statement: str
    before: str | None
    after: str | None


class Provenance(Strict):
    """What heard, told apart and wrote; for the record and for whoever judges the draft."""

    product: str
    version: str
    recognizer: str
    recognizer_model: str
    recognizer_notice: str = ""
    speakers: str
    engine: str
    engine_model: str
    engine_version: str = ""
    template: str
    template_version: str


class DraftNote(Strict):
    """A draft that waits for review. `revision` counts every change."""

    schema_version: Literal[1] = SCHEMA_VERSION
    session_id: str
    revision: int = 1
    template: str
    title: str
    detail: Literal["brief", "standard", "detailed"] = "standard"
    client_term: str = "Client"
    clinician_term: str = "Clinician"
    person: Literal["third", "first"] = "third"
    tense: Literal["present", "past"] = "present"
    layout: Literal["bullets", "sentences"] = "bullets"
    status: Literal["draft"] = "draft"
    insufficient: bool = False
    created_at: AwareDatetime
    sections: tuple[NoteSection, ...]
    findings: tuple[NoteFinding, ...] = ()
    risk: tuple[NoteRisk, ...] = ()
    edits: tuple[Edit, ...] = ()
    provenance: Provenance

    @property
    def blocking(self) -> tuple[NoteFinding, ...]:
        """Findings that must be resolved before anyone can sign."""
        return tuple(f for f in self.findings if f.severity == "blocking" and f.resolution == "open")


class Signature(Strict):
    """Who stands for the note; `at` is the server's clock, `account` the sign-in that signed."""

    name: Annotated[str, Field(min_length=1, max_length=120)]
    credentials: Annotated[str, Field(min_length=1, max_length=120)]
    attestation: Annotated[str, Field(min_length=1, max_length=1000)]
    at: AwareDatetime
    account: str = ""

    @model_serializer(mode="wrap")
    def _as_signed(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without an account where none was recorded, so that what was signed before keeps its hash."""
        fields: dict[str, Any] = plain(self)
        if not self.account:
            del fields["account"]
        return fields


class Addendum(Strict):
    """What is added after signing; the original stays intact.

    The three kinds are those of the CMS Program Integrity Manual, chapter 3, section 3.3.2.5.
    """

    kind: Literal["addendum", "correction", "late_entry"]
    text: Annotated[str, Field(min_length=1, max_length=20_000)]
    author: str
    credentials: str
    at: AwareDatetime
    sha256: str


class SignedNote(Strict):
    """A note that a clinician stands for. `sha256` is over the note and the signature, in canonical JSON."""

    schema_version: Literal[1] = SCHEMA_VERSION
    status: Literal["signed"] = "signed"
    note: DraftNote
    signature: Signature
    sha256: str
    addenda: tuple[Addendum, ...] = ()


Note: TypeAlias = Annotated[DraftNote | SignedNote, Field(discriminator="status")]


def canonical_hash(*parts: Strict | str) -> str:
    """SHA-256 over the parts as JSON with sorted keys and no spaces; the same data gives the same hash."""
    plain = [part if isinstance(part, str) else part.model_dump(mode="json") for part in parts]
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
