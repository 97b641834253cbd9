"""The REST calls under `/v1`, each as thin as it can be: check, ask the room that knows, record in the audit.

Calls that only read or write the store are plain functions and run in a thread; those that touch a live
session run in the event loop.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import Annotated, TypeAlias

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from asr.types import SAMPLE_RATE
from scribe.drafting import draft_section, template_named
from scribe.errors import BadRequest, NotFound, WrongState
from scribe.export import FORMATS, Format, Heading, export_note
from scribe.live import require_capture
from scribe.note import DraftNote, Note, SignedNote
from scribe.review import (
    ATTESTATION,
    add_addendum,
    edit_statement,
    redraft_section,
    remove_statement,
    resolve_finding,
    sign,
    write_statement,
)
from scribe.roles import with_roles
from scribe.server import Server
from scribe.session import (
    Consent,
    Identifier,
    NewSession,
    SpeakerAssignment,
    State,
    Step,
    missing_consent,
)
from scribe.store import Details, StoredSession
from scribe.wire import (
    AddendumRequest,
    AssignSpeakers,
    ChangeStatement,
    CorrectLine,
    DraftRequest,
    NoteView,
    Receipt,
    ResolveFinding,
    SessionList,
    SessionSummary,
    SessionView,
    SignRequest,
    StreamAccess,
    TranscriptView,
    WriteStatement,
)

ACTOR = "local"
"""Local single-user mode knows one person; organisations will name theirs."""


def the_server(request: Request) -> Server:
    """The running server of a request."""
    server: Server = request.app.state.server
    return server


On: TypeAlias = Annotated[Server, Depends(the_server)]
SessionId: TypeAlias = Annotated[Identifier, Path()]
router = APIRouter(prefix="/v1")

# --- sessions -------------------------------------------------------------------------------------------


@router.post("/sessions", status_code=201)
def create_session(new: NewSession, on: On) -> SessionView:
    """Begin a session; it is `awaiting_consent` until every participant's consent is complete."""
    template_named(new.template)
    session_id = secrets.token_hex(8)
    now = on.clock()
    on.store.create_session(session_id, new, now)
    if not missing_consent(new.participants, new.consents, now):
        on.store.advance(session_id, Step.CONSENTED, now)
    on.audit.record(ACTOR, "session created", session_id, participants=len(new.participants))
    return _view(on, on.store.session(session_id))


@router.get("/sessions")
def list_sessions(on: On) -> SessionList:
    """All sessions, the newest first."""
    on.audit.record(ACTOR, "sessions listed")
    return SessionList(
        sessions=tuple(
            SessionSummary(
                id=row.id,
                state=row.state,
                created_at=row.created_at,
                template=row.template,
                seconds=round(row.position / SAMPLE_RATE, 2),
            )
            for row in on.store.list_sessions()
        )
    )


@router.get("/sessions/{session_id}")
def read_session(session_id: SessionId, on: On) -> SessionView:
    """One session; while it may be recorded, with a fresh stream token."""
    stored = on.store.session(session_id)
    on.audit.record(ACTOR, "session read", session_id)
    return _view(on, stored)


@router.delete("/sessions/{session_id}", status_code=204)
async def shred_session(session_id: SessionId, on: On) -> None:
    """Crypto-shred: the data key and every sealed value are destroyed; receipt and audit trail stay."""
    await on.live.revoke(session_id)
    await asyncio.to_thread(on.store.shred, session_id, on.clock())
    await _audit(on, "session shredded", session_id)


@router.post("/sessions/{session_id}/end", status_code=202)
async def end_session(session_id: SessionId, on: On) -> SessionView:
    """End a session whose stream is gone: the rest is transcribed and the draft written."""
    await asyncio.shield(on.keep(on.live.end(session_id)))
    await _audit(on, "session ended", session_id)
    return _view(on, await asyncio.to_thread(on.store.session, session_id))


@router.post("/sessions/{session_id}/consents", status_code=201)
def add_consent(session_id: SessionId, consent: Consent, on: On) -> SessionView:
    """Record one participant's consent; a newer one stands beside the older ones."""

    def change(details: Details) -> tuple[Consent, ...]:
        if consent.participant_id not in {participant.id for participant in details.participants}:
            raise BadRequest("The consent names a participant_id that this session does not have.")
        if consent.revoked_at is not None:
            raise BadRequest(
                "A consent is revoked with DELETE …/consents/{participant_id}, not given revoked."
            )
        return (*details.consents, consent)

    now = on.clock()
    stored = on.store.session(session_id)
    covered = not missing_consent(stored.details.participants, (*stored.details.consents, consent), now)
    step = Step.CONSENTED if covered and stored.state in (State.AWAITING_CONSENT, State.READY) else None
    stored = on.store.change_consents(session_id, change, step, now)
    on.audit.record(
        ACTOR, "consent given", session_id, participant=consent.participant_id, method=consent.method
    )
    return _view(on, stored)


@router.delete("/sessions/{session_id}/consents/{participant_id}")
async def revoke_consent(
    session_id: SessionId, participant_id: SessionId, on: On, purge: Annotated[bool, Query()] = False
) -> Response:
    """Revoke: live capture stops at once; with `purge`, transcript and draft are crypto-shredded."""
    now = on.clock()

    def change(details: Details) -> tuple[Consent, ...]:
        if participant_id not in {participant.id for participant in details.participants}:
            raise NotFound("This session has no such participant.")
        return tuple(
            consent.model_copy(update={"revoked_at": now})
            if consent.participant_id == participant_id and consent.revoked_at is None
            else consent
            for consent in details.consents
        )

    await asyncio.to_thread(on.store.change_consents, session_id, change, Step.REVOKED, now)
    await on.live.revoke(session_id)
    await _audit(on, "consent revoked", session_id, participant=participant_id, purge=int(purge))
    if purge:
        await asyncio.to_thread(on.store.shred, session_id, now)
        await _audit(on, "session shredded", session_id)
    return Response(status_code=204)


# --- transcript -----------------------------------------------------------------------------------------


@router.get("/sessions/{session_id}/transcript")
def read_transcript(session_id: SessionId, on: On) -> TranscriptView:
    """Who said what when."""
    on.audit.record(ACTOR, "transcript read", session_id)
    return _transcript(on, session_id)


@router.patch("/sessions/{session_id}/transcript/{utterance_id}")
def correct_line(
    session_id: SessionId, utterance_id: SessionId, change: CorrectLine, on: On
) -> TranscriptView:
    """Correct the words of one line; draft again to have the note follow."""
    _require_unsigned(on, session_id)
    line = next((line for line in on.store.transcript(session_id) if line.id == utterance_id), None)
    if line is None:
        raise NotFound(f"This transcript has no line {utterance_id}.")
    text = " ".join(change.text.split())
    corrected = line.model_copy(update={"text": text, "words": (), "corrected": True})
    on.store.commit_words(session_id, (corrected,))
    on.audit.record(ACTOR, "line corrected", session_id, utterance=utterance_id)
    return _transcript(on, session_id)


@router.patch("/sessions/{session_id}/speakers")
async def assign_speakers(session_id: SessionId, assign: AssignSpeakers, on: On) -> SessionView:
    """Say which speaker is which participant; a draft in review is derived again."""
    stored = await asyncio.to_thread(on.store.session, session_id)
    if stored.state is State.SIGNED:
        raise WrongState("The note is signed; its speakers do not change. Add a correction instead.")
    known = {participant.id for participant in stored.details.participants}
    if not set(assign.speakers.values()) <= known:
        raise BadRequest("Every speaker must be one of the session's participants, by participant id.")
    confirmed = {
        speaker: SpeakerAssignment(participant_id=participant, confidence=1.0, confirmed=True)
        for speaker, participant in assign.speakers.items()
    }
    speakers = {**stored.speakers, **confirmed}
    await asyncio.to_thread(on.store.commit_words, session_id, (), speakers=speakers)
    on.live.confirm(session_id, confirmed)
    await _audit(on, "speakers confirmed", session_id, speakers=len(confirmed))
    if stored.state is State.IN_REVIEW:
        note = await asyncio.to_thread(on.store.note, session_id)
        if isinstance(note, DraftNote):
            request = DraftRequest(detail=note.detail, client_term=note.client_term)
            await on.live.draft(session_id, request)
    return _view(on, await asyncio.to_thread(on.store.session, session_id))


# --- note -----------------------------------------------------------------------------------------------


@router.post("/sessions/{session_id}/note", status_code=201)
async def draft_note(session_id: SessionId, request: DraftRequest, on: On) -> NoteView:
    """Draft the note anew, with another template or detail if asked; edits in it are kept in its history only."""
    if request.template is not None:
        template_named(request.template)
        await asyncio.to_thread(on.store.set_template, session_id, request.template)
    draft = await on.live.draft(session_id, request)
    if draft.insufficient:
        raise WrongState("Too little was said for a note; nothing was drafted.")
    await _audit(on, "note drafted", session_id)
    return NoteView(note=await asyncio.to_thread(on.store.note, session_id), attestation=ATTESTATION)


@router.get("/sessions/{session_id}/note")
def read_note(session_id: SessionId, on: On) -> NoteView:
    """The note, draft or signed, every statement with its evidence."""
    note = on.store.note(session_id)
    on.audit.record(ACTOR, "note read", session_id)
    return NoteView(note=note, attestation=ATTESTATION)


@router.patch("/sessions/{session_id}/note/statements/{statement_id}")
def change_statement(
    session_id: SessionId, statement_id: SessionId, change: ChangeStatement, on: On
) -> NoteView:
    """Edit or remove one statement; the change is kept with what stood there before."""
    if change.remove == (change.text is not None):
        raise BadRequest('Send either {"text": …} to edit the statement or {"remove": true} to take it out.')

    def review(draft: DraftNote) -> DraftNote:
        if change.text is None:
            return remove_statement(draft, statement_id, author=ACTOR, at=on.clock())
        return edit_statement(draft, statement_id, change.text, author=ACTOR, at=on.clock())

    return _reviewed(on, session_id, review, "statement changed")


@router.post("/sessions/{session_id}/note/sections/{code}/statements", status_code=201)
def add_statement(session_id: SessionId, code: SessionId, statement: WriteStatement, on: On) -> NoteView:
    """Write a statement of one's own into a section."""
    return _reviewed(
        on,
        session_id,
        lambda draft: write_statement(draft, code, statement.text, author=ACTOR, at=on.clock()),
        "statement written",
    )


@router.patch("/sessions/{session_id}/note/findings/{finding_id}")
def resolve(session_id: SessionId, finding_id: SessionId, resolution: ResolveFinding, on: On) -> NoteView:
    """Accept or justify a finding; a blocking one needs a reason."""
    return _reviewed(
        on,
        session_id,
        lambda draft: resolve_finding(draft, finding_id, resolution.resolution, resolution.reason),
        "finding resolved",
    )


@router.post("/sessions/{session_id}/note/sections/{code}/redraft")
async def redraft(session_id: SessionId, code: SessionId, on: On) -> NoteView:
    """Draft one section anew; edits elsewhere are untouched."""
    stored = await asyncio.to_thread(on.store.session, session_id)
    require_capture(stored, on.clock())
    note = _draft(await asyncio.to_thread(on.store.note, session_id))
    lines = await asyncio.to_thread(on.store.transcript, session_id)
    section, findings = await draft_section(stored, lines, note, code, engine=on.engines.note)
    return await asyncio.to_thread(
        _reviewed,
        on,
        session_id,
        lambda draft: redraft_section(draft, section, findings),
        "section redrafted",
    )


@router.post("/sessions/{session_id}/note/sign", status_code=201)
def sign_note(session_id: SessionId, request: SignRequest, on: On) -> NoteView:
    """Sign: re-authentication, attestation, no blocking finding open; then the note never changes again."""
    on.auth.check_token(request.token.get_secret_value())

    def change(note: Note | None) -> Note:
        draft = _draft(_there(note, session_id))
        return sign(
            draft,
            name=request.name,
            credentials=request.credentials,
            attestation=request.attestation,
            at=on.clock(),
        )

    note = on.store.save_note(session_id, change, Step.SIGNED, on.clock())
    assert isinstance(note, SignedNote)
    on.audit.record(ACTOR, "note signed", session_id, sha256=note.sha256)
    return NoteView(note=note, attestation=ATTESTATION)


@router.post("/sessions/{session_id}/note/addenda", status_code=201)
def add_to_note(session_id: SessionId, request: AddendumRequest, on: On) -> NoteView:
    """Add an addendum, correction or late entry to a signed note; the original stays intact."""

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

    note = on.store.save_note(session_id, change, None, on.clock())
    on.audit.record(ACTOR, "addendum added", session_id)
    return NoteView(note=note, attestation=ATTESTATION)


@router.get("/sessions/{session_id}/note/export")
def export(
    session_id: SessionId,
    on: On,
    format: Annotated[str, Query()] = "markdown",
    draft: Annotated[bool, Query()] = False,
) -> Response:
    """The note as a file; final needs a signed note, `draft=true` gives a watermarked preliminary one."""
    if format not in FORMATS:
        raise BadRequest(f"Expected format to be one of {', '.join(FORMATS)}; another one came.")
    chosen: Format = format  # type: ignore[assignment]  # just checked
    stored = on.store.session(session_id)
    note = on.store.note(session_id)
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
    )
    on.audit.record(ACTOR, "note exported", session_id, format=format)
    kind, suffix = FORMATS[chosen]
    name = f"note-{session_id}{'' if isinstance(note, SignedNote) else '-draft'}.{suffix}"
    return Response(
        export_note(note, heading, chosen),
        media_type=kind,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


# --- records --------------------------------------------------------------------------------------------


@router.get("/sessions/{session_id}/receipt")
def read_receipt(session_id: SessionId, on: On) -> Receipt:
    """What became of the session's audio."""
    return on.store.receipt(session_id)


@router.get("/audit")
def read_audit(on: On) -> list[dict[str, object]]:
    """Who did what when; each event with its link of the hash chain."""
    on.audit.record(ACTOR, "audit read")
    return list(on.audit.events())


# --- inside ---------------------------------------------------------------------------------------------


async def _audit(on: Server, action: str, session_id: str, **figures: str | int | float) -> None:
    await asyncio.to_thread(lambda: on.audit.record(ACTOR, action, session_id, **figures))


def _view(on: Server, stored: StoredSession) -> SessionView:
    now = on.clock()
    details = stored.details
    lacking = missing_consent(details.participants, details.consents, now)
    open_states = (State.READY, State.RECORDING, State.PAUSED, State.INTERRUPTED, State.INTERRUPTED_PAUSED)
    access = None
    if not lacking and stored.state in open_states:
        token = on.auth.new_stream_token(stored.id, now)
        access = StreamAccess(
            url=f"/v1/sessions/{stored.id}/stream", token=token.text, expires_at=token.expires_at
        )
    return SessionView(
        id=stored.id,
        state=stored.state,
        created_at=stored.created_at,
        started_at=stored.started_at,
        ended_at=stored.ended_at,
        template=stored.template,
        participants=details.participants,
        consents=details.consents,
        context=details.context,
        missing_consent=lacking,
        speakers=stored.speakers,
        seconds=round(stored.position / SAMPLE_RATE, 2),
        stream=access,
    )


def _transcript(on: Server, session_id: str) -> TranscriptView:
    stored = on.store.session(session_id)
    lines = with_roles(on.store.transcript(session_id), stored.speakers, stored.details.participants)
    return TranscriptView(session_id=session_id, utterances=lines, marks=on.store.marks(session_id))


def _reviewed(on: Server, session_id: str, review: Callable[[DraftNote], DraftNote], action: str) -> NoteView:
    note = on.store.save_note(
        session_id, lambda note: review(_draft(_there(note, session_id))), None, on.clock()
    )
    on.audit.record(ACTOR, action, session_id)
    return NoteView(note=note, attestation=ATTESTATION)


def _draft(note: Note) -> DraftNote:
    if isinstance(note, SignedNote):
        raise WrongState("The note is signed and does not change; add an addendum.")
    return note


def _there(note: Note | None, session_id: str) -> Note:
    if note is None:
        raise NotFound(f"The session {session_id} has no note yet; draft one with POST …/note.")
    return note


def _require_unsigned(on: Server, session_id: str) -> None:
    if on.store.session(session_id).state is State.SIGNED:
        raise WrongState("The note is signed; its transcript does not change. Add a correction instead.")
