"""Notes as they leave the house: one of each template, as a draft, signed, and with additions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

from running import PROVENANCE

from scribe.blocks import Heading
from scribe.note import DraftNote, Evidence, Note, NoteRisk, NoteSection, NoteStatement
from scribe.review import ATTESTATION, add_addendum, sign
from scribe.session import Consent, Guardian, Participant, RecordLink, SessionContext, TreatmentGoal
from summarizer.templates import load_template

State = Literal["draft", "signed", "added"]
STATES: tuple[State, ...] = ("draft", "signed", "added")
NOW = datetime(2026, 3, 2, 15, 4, tzinfo=UTC)
QUOTE = "I lay there and counted the cars"
ASKED, ANSWERED = "Any thoughts of ending your life?", "No. Nothing like that."
HOSTILE = "Sleeps | four ^ hours ~ & \\ says “enough” <b>bold</b> *star* ]]> — naïve, Łódź, Иванова, 王, שרה."
"""What each format must carry as mere text."""
ADDENDUM, CORRECTION = "Her sister called.\nShe will come too.", "The appointment is on Tuesday, not Monday."


def heading_of(template: str, **context: object) -> Heading:
    """Of a session with a client, her mother and a clinician; the platform gave a number for the client."""
    given = {"modality": "telehealth", "part2": True, "client_place": "Albany, NY"} | context
    return Heading(
        session_id="s1",
        started_at=NOW,
        ended_at=NOW.replace(hour=15, minute=57),
        participants=(
            Participant(id="cl", role="clinician", label="R. Díaz"),
            Participant(id="pt", role="client", label="Zoë <K> Łukasz", minor=True),
            Participant(id="mo", role="family", relationship="mother"),
        ),
        consents=(
            Consent(
                participant_id="pt",
                method="written",
                statement_version="3",
                given_at=NOW,
                expires_at=NOW + timedelta(days=365),
                purpose="treatment",
                given_by=Guardian(relationship="mother"),
            ),
            Consent(participant_id="cl", method="electronic", statement_version="3", given_at=NOW),
            Consent(
                participant_id="mo", method="verbal", statement_version="2", given_at=NOW, revoked_at=NOW
            ),
        ),
        context=SessionContext.model_validate(
            {
                "diagnoses": ["F41.1 generalized anxiety disorder"],
                "treatment_goals": (TreatmentGoal(id="g1", text="Sleep 7 h"),),
                "record": RecordLink(
                    patient_id="MRN|77", patient_system="urn:oid:1.2.36.146", visit_id="V&1"
                ),
            }
            | given
        ),
        loinc=load_template(template).loinc,
    )


def draft_of(template: str) -> DraftNote:
    """Every second section has two statements; in the others nothing was discussed."""
    shape = load_template(template)
    evidence = (Evidence(utterance="u1", start=0, end=len(QUOTE), quote=QUOTE),)
    sections = tuple(
        NoteSection(
            code=section.code,
            title=section.title,
            loinc=section.loinc,
            status="not_discussed" if number % 2 else "drafted",
            statements=()
            if number % 2
            else tuple(
                NoteStatement(id=f"s{number}-{one}", text=text, evidence=evidence, support="direct")
                for one, text in enumerate((HOSTILE, "Client did the thought record."))
            ),
        )
        for number, section in enumerate(shape.sections)
    )
    asked = Evidence(utterance="u0", start=0, end=len(ASKED), quote=ASKED)
    return DraftNote(
        session_id="s1",
        template=template,
        title=shape.title,
        created_at=NOW,
        sections=sections,
        risk=(
            NoteRisk(
                quote=ANSWERED, role="client", topic="si", polarity="negated", evidence=(), question=asked
            ),
        ),
        provenance=PROVENANCE.model_copy(update={"template": template}),
    )


def note_of(template: str, state: State) -> Note:
    """The note in one of its STATES; `added` has an addendum, a correction and a late entry."""
    draft = draft_of(template)
    if state == "draft":
        return draft
    note = sign(
        draft, name="R. Díaz", credentials="LCSW", attestation=ATTESTATION, at=NOW + timedelta(hours=1)
    )
    if state == "signed":
        return note
    more: tuple[tuple[Literal["addendum", "correction", "late_entry"], str, str], ...] = (
        ("addendum", ADDENDUM, "R. Díaz"),
        ("correction", CORRECTION, "R. Díaz"),
        ("late_entry", "The form was found.", "O. Supervisor"),
    )
    for day, (kind, text, author) in enumerate(more, 1):
        at = NOW + timedelta(days=day)
        note = add_addendum(note, kind=kind, text=text, author=author, credentials="LCSW", at=at)
    return note
