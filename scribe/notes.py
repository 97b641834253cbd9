"""The REST calls for a session's note: draft, read, review, sign, add to, export.

Reviewing itself is in `review`; here it is made one transaction of the store and one row of the audit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query, Response

from scribe.access import Caller, Right, refused, rights_to
from scribe.blocks import Heading, drafted
from scribe.calls import On, SessionId, Who, reach, reached
from scribe.drafting import draft_section, templates_of
from scribe.errors import BadRequest, NotFound, WrongState
from scribe.export import FORMATS, Format, export_note
from scribe.note import DraftNote, Note, NoteFinding, NoteSection, SignedNote
from scribe.review import (
    ATTESTATION,
    add_addendum,
    edit_statement,
    redraft_section,
    remove_statement,
    resolve_finding,
    sign,
    undo,
    write_statement,
)
from scribe.server import Server
from scribe.session import (
    Step,
)
from scribe.store import StoredSession
from scribe.wire import (
    AddendumRequest,
    ChangeStatement,
    DraftRequest,
    NoteView,
    ResolveFinding,
    SignRequest,
    WriteStatement,
)
from summarizer.errors import SummarizerError

router = APIRouter(prefix="/v1")

_EXPORTS = {
    kind: {"schema": {"type": "object" if "json" in kind else "string"}} for kind, _ in FORMATS.values()
}


@router.post("/sessions/{session_id}/note", status_code=201)
async def draft_note(session_id: SessionId, request: DraftRequest, who: Who, on: On) -> NoteView:
    """Draft the note anew, with another template or detail if asked; edits in it are kept in its history only."""
    await reached(on, who, session_id, Right.CHANGE)
    draft = await on.live.draft(
        session_id, request, lambda: on.audit.record(who.actor, "note drafted", session_id)
    )
    if draft.insufficient:
        raise WrongState("Too little was said for a note; nothing was drafted.")
    return NoteView(note=await asyncio.to_thread(on.store.note, session_id), attestation=ATTESTATION)


@router.get("/sessions/{session_id}/note")
def read_note(session_id: SessionId, who: Who, on: On) -> NoteView:
    """The note, draft or signed, every statement with its evidence."""
    reach(on, who, session_id, Right.READ)
    note = on.store.note(session_id)
    on.audit.record(who.actor, "note read", session_id)
    return NoteView(note=note, attestation=ATTESTATION)


@router.patch("/sessions/{session_id}/note/statements/{statement_id}")
def change_statement(
    session_id: SessionId, statement_id: SessionId, change: ChangeStatement, who: Who, on: On
) -> NoteView:
    """Edit or remove one statement; the change is kept with what stood there before."""
    reach(on, who, session_id, Right.CHANGE)
    if change.remove == (change.text is not None):
        raise BadRequest('Send either {"text": …} to edit the statement or {"remove": true} to take it out.')

    def review(draft: DraftNote) -> DraftNote:
        if change.text is None:
            return remove_statement(draft, statement_id, author=who.actor, at=on.clock())
        return edit_statement(draft, statement_id, change.text, author=who.actor, at=on.clock())

    return _reviewed(on, who, session_id, review, "statement changed")


@router.post("/sessions/{session_id}/note/sections/{code}/statements", status_code=201)
def add_statement(
    session_id: SessionId, code: SessionId, statement: WriteStatement, who: Who, on: On
) -> NoteView:
    """Write a statement of one's own into a section."""
    return _reviewed(
        on,
        who,
        session_id,
        lambda draft: write_statement(draft, code, statement.text, author=who.actor, at=on.clock()),
        "statement written",
    )


@router.post("/sessions/{session_id}/note/undo")
def undo_edit(session_id: SessionId, who: Who, on: On) -> NoteView:
    """Take back the last edit that still stands; what was there before comes back with its evidence."""
    reach(on, who, session_id, Right.CHANGE)
    earlier = [note for note in on.store.note_history(session_id) if isinstance(note, DraftNote)]
    return _reviewed(
        on,
        who,
        session_id,
        lambda draft: undo(draft, earlier, author=who.actor, at=on.clock()),
        "edit undone",
    )


@router.patch("/sessions/{session_id}/note/findings/{finding_id}")
def resolve(
    session_id: SessionId, finding_id: SessionId, resolution: ResolveFinding, who: Who, on: On
) -> NoteView:
    """Accept or justify a finding; a blocking one needs a reason."""
    return _reviewed(
        on,
        who,
        session_id,
        lambda draft: resolve_finding(draft, finding_id, resolution.resolution, resolution.reason),
        "finding resolved",
    )


@router.post("/sessions/{session_id}/note/sections/{code}/redraft")
async def redraft(session_id: SessionId, code: SessionId, who: Who, on: On) -> NoteView:
    """Draft one section anew; edits elsewhere are untouched."""
    await reached(on, who, session_id, Right.CHANGE)

    async def drafted(stored: StoredSession) -> tuple[NoteSection, tuple[NoteFinding, ...]]:
        note = _draft(await asyncio.to_thread(on.store.note, session_id))
        lines = await asyncio.to_thread(on.store.transcript, session_id)
        return await draft_section(
            stored,
            lines,
            note,
            code,
            engine=on.engines.note,
            templates=templates_of(on.settings),
            facts=await on.live.chosen_ids(stored, lines),
        )

    section, findings = await on.live.while_consented(session_id, drafted)
    return await asyncio.to_thread(
        _reviewed,
        on,
        who,
        session_id,
        lambda draft: redraft_section(draft, section, findings),
        "section redrafted",
    )


@router.post("/sessions/{session_id}/note/sign", status_code=201)
def sign_note(session_id: SessionId, request: SignRequest, who: Who, on: On) -> NoteView:
    """Sign: re-authentication, attestation, no blocking finding open; then the note never changes again."""
    reach(on, who, session_id, Right.SIGN)
    on.identity.require_confirmed(who, request.token.get_secret_value() if request.token else None)

    def change(note: Note | None) -> Note:
        draft = _draft(_there(note, session_id))
        return sign(
            draft,
            name=request.name,
            credentials=request.credentials,
            attestation=request.attestation,
            at=on.clock(),
            account=who.actor,
        )

    with on.traces.span("sign", session_id), on.store.together():
        note = on.store.save_note(session_id, change, Step.SIGNED, on.clock())
        assert isinstance(note, SignedNote)
        on.audit.record(who.actor, "note signed", session_id, sha256=note.sha256)
    on.metrics.signed()
    return NoteView(note=note, attestation=ATTESTATION)


@router.post("/sessions/{session_id}/note/addenda", status_code=201)
def add_to_note(session_id: SessionId, request: AddendumRequest, who: Who, on: On) -> NoteView:
    """Add an addendum, correction or late entry to a signed note; the original stays intact."""
    reach(on, who, session_id, Right.SIGN)

    def change(note: Note | None) -> Note:
        signed = _there(note, session_id)
        if not isinstance(signed, SignedNote):
            raise WrongState("Only a signed note takes an addendum; edit the draft instead.")
        return add_addendum(
            signed,
            kind=request.kind,
            text=request.text,
            author=request.author,
            credentials=request.credentials,
            at=on.clock(),
        )

    with on.store.together():
        note = on.store.save_note(session_id, change, None, on.clock())
        on.audit.record(who.actor, "addendum added", session_id)
    return NoteView(note=note, attestation=ATTESTATION)


@router.get(
    "/sessions/{session_id}/note/export",
    response_class=Response,
    responses={200: {"content": _EXPORTS}},
)
def export(
    session_id: SessionId,
    who: Who,
    on: On,
    format: Annotated[str, Query()] = "markdown",
    draft: Annotated[bool, Query()] = False,
    evidence: Annotated[bool, Query()] = False,
) -> Response:
    """The note as a file; final needs a signed note, `draft=true` gives a watermarked preliminary one.

    `evidence=true` puts the quotes that statements rest on, which are transcript, into the FHIR form.
    """
    if format not in FORMATS:
        raise BadRequest(f"Expected format to be one of {', '.join(FORMATS)}; another one came.")
    chosen: Format = format  # type: ignore[assignment]  # just checked
    stored = reach(on, who, session_id, Right.READ)
    note = on.store.note(session_id)
    if isinstance(note, SignedNote) and Right.EXPORT not in rights_to(who, stored.whose):
        on.audit.record(who.actor, "access refused", session_id, right=Right.EXPORT.value)
        raise refused(Right.EXPORT)
    if isinstance(note, DraftNote) and not draft:
        raise WrongState(
            "The note is not signed; sign it first, or ask for a watermarked draft with draft=true."
        )
    heading = Heading(
        session_id=session_id,
        started_at=stored.started_at or stored.created_at,
        ended_at=stored.ended_at,
        participants=stored.details.participants,
        consents=stored.details.consents,
        context=stored.details.context,
        loinc=_loinc(on, note),
    )
    content = export_note(note, heading, chosen, evidence=evidence)
    quoted = {"evidence": 1} if evidence and format == "fhir" else {}
    on.audit.record(who.actor, "note exported", session_id, format=format, **quoted)
    kind, suffix = FORMATS[chosen]
    name = f"note-{session_id}{'' if isinstance(note, SignedNote) else '-draft'}.{suffix}"
    return Response(
        content,
        media_type=kind,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _reviewed(
    on: Server, who: Caller, session_id: str, review: Callable[[DraftNote], DraftNote], action: str
) -> NoteView:
    reach(on, who, session_id, Right.CHANGE)
    with on.store.together():
        note = on.store.save_note(
            session_id, lambda note: review(_draft(_there(note, session_id))), None, on.clock()
        )
        on.audit.record(who.actor, action, session_id)
    return NoteView(note=note, attestation=ATTESTATION)


def _loinc(on: Server, note: Note) -> str:
    """The code of the note's kind of document; empty where its template is no longer there or says none."""
    try:
        return templates_of(on.settings).current(drafted(note).template).loinc
    except SummarizerError:
        return ""


def _draft(note: Note) -> DraftNote:
    if isinstance(note, SignedNote):
        raise WrongState("The note is signed and does not change; add an addendum.")
    return note


def _there(note: Note | None, session_id: str) -> Note:
    if note is None:
        raise NotFound(f"The session {session_id} has no note yet; draft one with POST …/note.")
    return note
