"""What a clinician does to a draft: edit, write, remove, resolve, take a new draft of a section, sign, add.

Pure: a note goes in, a new note comes out. Time and author are arguments. Nothing here clears a finding
unless the clinician touched what it is about or said why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Literal, TypeAlias

from scribe.errors import BadRequest, NotFound, SigningRefused, WrongState
from scribe.note import (
    Addendum,
    DraftNote,
    Edit,
    NoteFinding,
    NoteSection,
    NoteStatement,
    Signature,
    SignedNote,
    canonical_hash,
)

Resolution: TypeAlias = Literal["accepted", "edited", "removed", "justified"]

ATTESTATION = (
    "I have reviewed this note against what I heard in the session, corrected what needed correcting, "
    "and it is my record of the service."
)


def edit_statement(draft: DraftNote, statement_id: str, text: str, *, author: str, at: datetime) -> DraftNote:
    """The draft with new words for one statement; findings about it count as resolved by the edit."""
    text = _one_line(text)
    section, statement = find_statement(draft, statement_id)
    if statement.text == text:
        return draft
    edited = statement.model_copy(update={"text": text, "support": "clinician"})
    edit = Edit(
        at=at, author=author, section=section.code, statement=statement_id, before=statement.text, after=text
    )
    return _with_statement(draft, section, statement_id, (edited,), edit, "edited")


def remove_statement(draft: DraftNote, statement_id: str, *, author: str, at: datetime) -> DraftNote:
    """The draft without one statement; a section that loses its last one was `not_discussed`."""
    section, statement = find_statement(draft, statement_id)
    edit = Edit(
        at=at, author=author, section=section.code, statement=statement_id, before=statement.text, after=None
    )
    return _with_statement(draft, section, statement_id, (), edit, "removed")


def write_statement(
    draft: DraftNote, section_code: str, text: str, *, author: str, at: datetime
) -> DraftNote:
    """The draft with a statement of the clinician's own at the end of a section."""
    text = _one_line(text)
    section = find_section(draft, section_code)
    taken = {statement.id for statement in section.statements} | {edit.statement for edit in draft.edits}
    number = 1
    while (statement_id := f"{section.code.lower()}-c{number}") in taken:
        number += 1
    written = NoteStatement(id=statement_id, text=text, evidence=(), support="clinician")
    status = "written" if section.status == "not_discussed" else section.status
    changed = section.model_copy(update={"statements": (*section.statements, written), "status": status})
    edit = Edit(at=at, author=author, section=section.code, statement=statement_id, before=None, after=text)
    return _next(draft, _replace(draft, changed), edits=(*draft.edits, edit))


def undo(draft: DraftNote, earlier: Iterable[DraftNote], *, author: str, at: datetime) -> DraftNote:
    """The draft without its last edit that still stands; `earlier` are its former revisions, the newest first.

    What stood there before comes back whole, with its evidence and its findings; both changes stay in the history.
    Raises WrongState where there is nothing to undo.
    """
    standing = _standing(draft.edits)
    before = next((d for d in earlier if standing and d.edits == draft.edits[: standing[-1]]), None)
    if before is None:
        raise WrongState("There is no edit to undo; what stands here is as it was drafted.")
    last = draft.edits[standing[-1]]
    old, new = find_section(before, last.section), find_section(draft, last.section)
    here = {statement.id: statement for statement in new.statements}
    if last.after is not None and (last.statement not in here or here[last.statement].text != last.after):
        raise WrongState("What was edited last is no longer in the note; its section was drafted anew since.")
    kept = {name: statement for name, statement in here.items() if name != last.statement}
    # Each statement that was there before has its place again; what was written since follows.
    there = {statement.id for statement in old.statements}
    statements = tuple(
        statement if statement.id == last.statement else kept[statement.id]
        for statement in old.statements
        if statement.id == last.statement or statement.id in kept
    ) + tuple(statement for name, statement in kept.items() if name not in there)
    status = old.status if statements == old.statements else new.status
    section = new.model_copy(update={"statements": statements, "status": status})
    findings = {finding.id: finding for finding in before.findings}

    def restored(finding: NoteFinding) -> NoteFinding:
        return findings.get(finding.id, finding) if finding.statement == last.statement else finding

    edit = last.model_copy(update={"at": at, "author": author, "before": last.after, "after": last.before})
    return _next(
        draft, _replace(draft, section), edits=(*draft.edits, edit), findings=_map(restored, draft.findings)
    )


def resolve_finding(draft: DraftNote, finding_id: str, how: Resolution, reason: str) -> DraftNote:
    """The draft with one finding resolved as it stands; a blocking one needs the clinician's reason."""
    finding = next((f for f in draft.findings if f.id == finding_id), None)
    if finding is None:
        raise NotFound(f"This draft has no finding {finding_id}; read the note again for its findings.")
    if finding.severity == "blocking" and not reason.strip():
        raise BadRequest("A blocking finding needs a reason; say in `reason` why the statement may stand.")
    resolved = finding.model_copy(update={"resolution": how, "reason": reason.strip()})
    return _next(draft, draft.sections, findings=_swap(draft.findings, resolved))


def redraft_section(draft: DraftNote, section: NoteSection, findings: tuple[NoteFinding, ...]) -> DraftNote:
    """The draft with one section drafted anew; every other section, edits included, stays as it is.

    The new statements get ids of their own, so that the history of the old ones is not taken for theirs.
    """
    fresh_id = {statement.id: f"{statement.id}.r{draft.revision + 1}" for statement in section.statements}
    section = section.model_copy(
        update={
            "statements": tuple(
                statement.model_copy(update={"id": fresh_id[statement.id]})
                for statement in section.statements
            )
        }
    )
    old = {statement.id for statement in find_section(draft, section.code).statements}
    kept = tuple(f for f in draft.findings if f.statement not in old)
    taken = {f.id for f in kept}
    fresh: list[NoteFinding] = []
    for finding in findings:
        number = len(taken) + 1
        while f"f{number}" in taken:
            number += 1
        taken.add(f"f{number}")
        about = fresh_id.get(finding.statement, finding.statement) if finding.statement else None
        fresh.append(finding.model_copy(update={"id": f"f{number}", "statement": about}))
    return _next(draft, _replace(draft, section), findings=(*kept, *fresh))


def sign(
    draft: DraftNote, *, name: str, credentials: str, attestation: str, at: datetime, account: str = ""
) -> SignedNote:
    """The signed note; raises SigningRefused while a blocking finding is open or nothing stands in the note."""
    if draft.blocking:
        count = len(draft.blocking)
        raise SigningRefused(
            f"{count} blocking finding{'s' if count > 1 else ''} open "
            f"({', '.join(f.id for f in draft.blocking)}); edit or remove the statement, or give a reason, then sign."
        )
    if not any(section.statements for section in draft.sections):
        raise SigningRefused("The note holds no statement; write one before signing.")
    if attestation != ATTESTATION:
        raise SigningRefused(
            "The attestation must be the one that GET …/note gives in `attestation`, word for word."
        )
    signature = Signature(name=name, credentials=credentials, attestation=attestation, at=at, account=account)
    return SignedNote(note=draft, signature=signature, sha256=canonical_hash(draft, signature))


def add_addendum(
    signed: SignedNote,
    *,
    kind: Literal["addendum", "correction", "late_entry"],
    text: str,
    author: str,
    credentials: str,
    at: datetime,
) -> SignedNote:
    """The signed note followed by one more addendum, chained to what stood there before."""
    before = signed.addenda[-1].sha256 if signed.addenda else signed.sha256
    text = text.strip()
    if not text:
        raise BadRequest("An addendum needs text.")
    digest = canonical_hash(before, kind, text, author, credentials, at.isoformat())
    addendum = Addendum(kind=kind, text=text, author=author, credentials=credentials, at=at, sha256=digest)
    return signed.model_copy(update={"addenda": (*signed.addenda, addendum)})


def intact(signed: SignedNote) -> bool:
    """Whether the hashes still fit what they were made of."""
    if canonical_hash(signed.note, signed.signature) != signed.sha256:
        return False
    before = signed.sha256
    for addendum in signed.addenda:
        expected = canonical_hash(
            before,
            addendum.kind,
            addendum.text,
            addendum.author,
            addendum.credentials,
            addendum.at.isoformat(),
        )
        if expected != addendum.sha256:
            return False
        before = addendum.sha256
    return True


def find_section(draft: DraftNote, code: str) -> NoteSection:
    """The section of that code, whatever its case; raises NotFound with the codes there are."""
    for section in draft.sections:
        if section.code.lower() == code.lower():
            return section
    raise NotFound(f"This note has no section {code}; it has {', '.join(s.code for s in draft.sections)}.")


def find_statement(draft: DraftNote, statement_id: str) -> tuple[NoteSection, NoteStatement]:
    """A statement and its section; raises NotFound."""
    for section in draft.sections:
        for statement in section.statements:
            if statement.id == statement_id:
                return section, statement
    raise NotFound(
        f"This draft has no statement {statement_id}; read the note again, it may have been redrafted."
    )


def _standing(edits: tuple[Edit, ...]) -> list[int]:
    """The places of the edits that were not undone: an edit that takes back the one before it undoes it."""
    standing: list[int] = []
    for place, edit in enumerate(edits):
        last = edits[standing[-1]] if standing else None
        if last is not None and (last.statement, last.before, last.after) == (
            edit.statement,
            edit.after,
            edit.before,
        ):
            standing.pop()
        else:
            standing.append(place)
    return standing


def _with_statement(
    draft: DraftNote,
    section: NoteSection,
    statement_id: str,
    instead: tuple[NoteStatement, ...],
    edit: Edit,
    how: Resolution,
) -> DraftNote:
    statements = tuple(
        new for old in section.statements for new in (instead if old.id == statement_id else (old,))
    )
    status = section.status if statements else "not_discussed"
    changed = section.model_copy(update={"statements": statements, "status": status})

    def touched(finding: NoteFinding) -> NoteFinding:
        about = finding.statement == statement_id and finding.resolution == "open"
        return finding.model_copy(update={"resolution": how}) if about else finding

    return _next(
        draft, _replace(draft, changed), edits=(*draft.edits, edit), findings=_map(touched, draft.findings)
    )


def _replace(draft: DraftNote, changed: NoteSection) -> tuple[NoteSection, ...]:
    return tuple(changed if section.code == changed.code else section for section in draft.sections)


def _swap(findings: tuple[NoteFinding, ...], changed: NoteFinding) -> tuple[NoteFinding, ...]:
    return tuple(changed if finding.id == changed.id else finding for finding in findings)


def _map(
    change: Callable[[NoteFinding], NoteFinding], findings: tuple[NoteFinding, ...]
) -> tuple[NoteFinding, ...]:
    return tuple(change(finding) for finding in findings)


def _next(
    draft: DraftNote,
    sections: tuple[NoteSection, ...],
    *,
    edits: tuple[Edit, ...] | None = None,
    findings: tuple[NoteFinding, ...] | None = None,
) -> DraftNote:
    return draft.model_copy(
        update={
            "revision": draft.revision + 1,
            "sections": sections,
            "edits": draft.edits if edits is None else edits,
            "findings": draft.findings if findings is None else findings,
        }
    )


def _one_line(text: str) -> str:
    text = " ".join(text.split())
    if not text:
        raise BadRequest('A statement needs text; to take it out, send {"remove": true}.')
    if len(text) > 4000:
        raise BadRequest(f"A statement holds at most 4000 characters; this one has {len(text)}.")
    return text
