"""The pre-sign checklist over REST: what payers look for in a note, and which codes its time supports.

Drafts and signed notes alike; reading it is audited, and nothing is stored. The rules are `summarizer`'s; here the
session as it is kept becomes the plain data that they judge.
"""

from __future__ import annotations

from fastapi import APIRouter

from asr.types import SAMPLE_RATE
from scribe.access import Right
from scribe.calls import On, SessionId, Who, reach
from scribe.consent import Agreement
from scribe.drafting import template_of_note, templates_of
from scribe.jurisdictions import Rules
from scribe.note import DraftNote, Evidence, Note, NoteRisk, SignedNote
from scribe.store import StoredSession
from scribe.wire import ChecklistItem, ChecklistView, TimeBandView, TimeSupportView
from summarizer.checklist import Attendee, SessionRecord, checklist
from summarizer.cpt import SOURCE, time_support
from summarizer.templates import Template
from summarizer.types import Context, NoteBody, RiskStatement, Section, Span, Statement

router = APIRouter(prefix="/v1")


@router.get("/sessions/{session_id}/note/checklist")
def read_checklist(session_id: SessionId, who: Who, on: On) -> ChecklistView:
    """The payer elements of a note as it stands, and the time support; BadRequest where its template is gone."""
    stored = reach(on, who, session_id, Right.READ)
    note = on.store.note(session_id)
    on.audit.record(who.actor, "checklist read", session_id)
    draft = note.note if isinstance(note, SignedNote) else note
    return checked(stored, note, template_of_note(draft, templates_of(on.settings)), on.rules)


def checked(stored: StoredSession, note: Note, template: Template, rules: Rules) -> ChecklistView:
    """The checklist of a stored session's note, which was drafted with `template`."""
    draft = note.note if isinstance(note, SignedNote) else note
    record = _record(stored, note, rules)
    details = stored.details
    context = Context(
        modality=details.context.modality,
        diagnoses=details.context.diagnoses,
        treatment_goals=tuple((goal.id, goal.text) for goal in details.context.treatment_goals),
    )
    items = checklist(_body(draft), template, context, record, tuple(map(_risk, draft.risk)))
    roles = {attendee.role for attendee in record.attendees}
    time = time_support(
        record.seconds,
        client_present="client" in roles,
        family_present="family" in roles,
        psychotherapy_minutes=record.psychotherapy_minutes,
    )
    return ChecklistView(
        session_id=stored.id,
        note_status=note.status,
        items=tuple(
            ChecklistItem(
                number=item.number,
                code=item.code,
                title=item.title,
                status=item.status,
                statements=item.statements,
                facts=item.facts,
                needs=item.needs,
            )
            for item in items
        ),
        time=TimeSupportView(
            minutes=time.minutes,
            supports=tuple(TimeBandView(code=band.code, title=band.title) for band in time.bands),
            remark=time.remark,
            source=SOURCE,
        ),
    )


def _record(stored: StoredSession, note: Note, rules: Rules) -> SessionRecord:
    """The session as the checklist sees it; consent is judged as of when it was recorded."""
    details, context = stored.details, stored.details.context
    began = stored.started_at or stored.created_at
    lacking = Agreement.of(details.participants, details.consents, context, rules).missing(began)
    signature = note.signature if isinstance(note, SignedNote) else None
    return SessionRecord(
        started_at=stored.started_at,
        stopped_at=stored.ended_at,
        seconds=stored.position / SAMPLE_RATE,
        attendees=tuple(Attendee(p.id, p.role, p.label, p.relationship) for p in details.participants),
        place=context.place,
        client_place=context.client_place,
        platform=context.platform,
        consented=frozenset(p.id for p in details.participants) - lacking.keys(),
        psychotherapy_minutes=context.psychotherapy_minutes,
        signed_by=signature.name if signature else "",
        credentials=signature.credentials if signature else "",
        signed_at=signature.at if signature else None,
    )


def _body(draft: DraftNote) -> NoteBody:
    return NoteBody(
        draft.template,
        tuple(
            Section(
                section.code,
                section.title,
                "drafted" if section.statements else "not_discussed",
                tuple(Statement(s.id, s.text, _spans(s.evidence), s.support) for s in section.statements),
            )
            for section in draft.sections
        ),
    )


def _risk(risk: NoteRisk) -> RiskStatement:
    return RiskStatement(risk.quote, risk.role, risk.topic, risk.polarity, _spans(risk.evidence))


def _spans(evidence: tuple[Evidence, ...]) -> tuple[Span, ...]:
    return tuple(Span(e.utterance, e.start, e.end) for e in evidence)
