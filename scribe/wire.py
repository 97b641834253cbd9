"""Every message and body that crosses the wire, version `scribe.v1`.

What comes in is untrusted: unknown fields and types are refused with a sentence that says what was expected.
Positions are samples at 16 kHz and times are seconds, both from the start of the session's audio.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AwareDatetime, BaseModel, Field, SecretStr, TypeAdapter, ValidationError

from scribe.access import Right
from scribe.consent import ParticipantConsent
from scribe.errors import BadRequest
from scribe.note import DraftNote, Evidence, SignedNote
from scribe.session import (
    Consent,
    Identifier,
    Participant,
    Role,
    SessionContext,
    SpeakerAssignment,
    State,
    Strict,
)

SUBPROTOCOL = "scribe.v1"
TOKEN_SUBPROTOCOL_PREFIX = "token."  # noqa: S105 - a prefix, not a token

POSITION_RATE = 16_000
"""Positions on the wire are samples at this rate, whatever the encoding."""

Encoding: TypeAlias = Literal["pcm_s16le", "pcm_f32le", "mulaw", "alaw", "opus_webm", "opus_ogg", "flac"]
SAMPLE_BYTES: Mapping[Encoding, int] = {"pcm_s16le": 2, "pcm_f32le": 4, "mulaw": 1, "alaw": 1}
"""Bytes of one sample of one channel; a compressed encoding is not here, and is cut anywhere."""

# --- client → server ------------------------------------------------------------------------------------


class Start(Strict):
    """Must come first. `at` says where the first sample lies; it is `resume_from` where it is left out.

    `sample_rate` is that of PCM and FLAC; Opus is decoded at 48 kHz whatever is given here.
    """

    type: Literal["start"]
    encoding: Encoding
    sample_rate: Annotated[int, Field(ge=8_000, le=48_000)]
    channels: Literal[1, 2] = 1
    resume: bool = False
    at: Annotated[int, Field(ge=0)] | None = None
    facts: bool = False
    """Whether facts are to be told while the session is heard."""


class Pause(Strict):
    """Off the record from here."""

    type: Literal["pause"]


class Resume(Strict):
    """On the record again."""

    type: Literal["resume"]


class Mark(Strict):
    """A place the clinician wants to find again."""

    type: Literal["mark"]
    label: Annotated[str, Field(max_length=120)] = ""


class Stop(Strict):
    """The session is over: the rest is transcribed, the draft is written, the receipt is given."""

    type: Literal["stop"]


FactStatus: TypeAlias = Literal["found", "pinned", "discarded"]


class FactChoice(Strict):
    """The draft is to hold this fact, is not to hold it, or may do as it finds right."""

    type: Literal["fact"]
    id: Annotated[str, Field(min_length=1, max_length=200)]
    status: FactStatus


ClientMessage: TypeAlias = Annotated[
    Start | Pause | Resume | Mark | Stop | FactChoice, Field(discriminator="type")
]
_CLIENT_MESSAGE: TypeAdapter[ClientMessage] = TypeAdapter(ClientMessage)

# --- server → client ------------------------------------------------------------------------------------


class Ready(Strict):
    """The stream is open; replay audio from `resume_from` and keep at most `max_unacked_seconds` un-acked."""

    type: Literal["ready"] = "ready"
    resume_from: int
    max_unacked_seconds: float
    paused: bool = False
    notice: str = ""


class WireWord(Strict):
    """One word of an utterance."""

    text: str
    start: float
    end: float
    probability: float


class UtteranceMessage(Strict):
    """What one speaker said; the same id replaces until `is_final`.

    The first `stable` words do not change any more before the final.
    """

    type: Literal["utterance"] = "utterance"
    id: str
    speaker: str
    role: Role
    role_confidence: float
    start: float
    end: float
    text: str
    words: tuple[WireWord, ...]
    is_final: bool
    revision: int
    stable: int = 0


class RevisedSpeaker(Strict):
    """A final utterance whose speaker is now known better."""

    id: str
    speaker: str
    role: Role


class SpeakerRevisionMessage(Strict):
    """Speakers of final utterances that changed."""

    type: Literal["speaker_revision"] = "speaker_revision"
    utterances: tuple[RevisedSpeaker, ...]


class Ack(Strict):
    """Audio before `committed` is transcribed, stored and overwritten; the client may drop it."""

    type: Literal["ack"] = "ack"
    received: int
    committed: int


class Status(Strict):
    """How the server keeps up; at least every five seconds. Partials are thinned before anything else suffers."""

    type: Literal["status"] = "status"
    lag_seconds: float
    realtime_factor: float
    voice_active: bool
    partials: Literal["live", "thinned"] = "live"
    store: Literal["ok", "waiting"] = "ok"
    """`waiting` while the store takes nothing: no frame is read until it does."""


class AudioHealthMessage(Strict):
    """Something about the sound that the person recording can mend."""

    type: Literal["audio_health"] = "audio_health"
    kind: Literal["silence", "clipping", "low_level", "dual_mono", "noise"]
    channel: int


class Gap(Strict):
    """A stretch that is not in the transcript, and why.

    `off_the_record` has no length in audio, nor has `broken_off`: a recording began anew, how much later nobody knows.
    """

    type: Literal["gap"] = "gap"
    start: float
    end: float
    reason: Literal["off_the_record", "recognizer_failed", "broken_off"]


class WireFact(Strict):
    """One thing that was said, of one kind, with its evidence; `assessed` where it was asked and answered.

    The id stays while the words stay where they are in their utterance.
    """

    id: str
    kind: str
    text: str
    role: Role
    polarity: Literal["affirmed", "negated", "uncertain"]
    assessed: bool
    confidence: float
    evidence: tuple[Evidence, ...]
    attributes: dict[str, str]
    status: FactStatus = "found"


class FactsMessage(Strict):
    """Facts that are new or changed, and ids of facts that are no more; `anew`: forget all that were told before."""

    type: Literal["facts"] = "facts"
    facts: tuple[WireFact, ...]
    withdrawn: tuple[str, ...] = ()
    anew: bool = False


class NoteReady(Strict):
    """The draft waits for review at `url`, or too little was said for one."""

    type: Literal["note"] = "note"
    status: Literal["ready", "insufficient_audio"]
    url: str


class Receipt(Strict):
    """What became of a session's audio; chained to the receipt before it by hash, and signed.

    `audit_number` and `audit_sha256` are the last event of the audit as it stood then. What came after the first
    version is None in receipts from before it, and what is None is not part of the hash (see `receipt`).
    """

    session_id: str
    seconds_received: float
    seconds_transcribed: float
    seconds_discarded: float
    bytes_retained: int
    memory_locked: bool | None = None
    """Whether the system kept the audio out of swap; unknown in receipts of before this was told."""
    recognizer: str
    recognizer_model: str
    product_version: str
    started_at: AwareDatetime
    ended_at: AwareDatetime
    previous_sha256: str
    sha256: str
    audit_number: int | None = None
    audit_sha256: str | None = None
    key_id: str | None = None
    signature: str | None = None


class Ended(Strict):
    """The last message of a session."""

    type: Literal["ended"] = "ended"
    receipt: Receipt


class ErrorMessage(Strict):
    """What went wrong; sent before any abnormal close."""

    type: Literal["error"] = "error"
    code: str
    detail: str


ServerMessage: TypeAlias = Annotated[
    Ready
    | UtteranceMessage
    | SpeakerRevisionMessage
    | Ack
    | Status
    | AudioHealthMessage
    | Gap
    | FactsMessage
    | NoteReady
    | Ended
    | ErrorMessage,
    Field(discriminator="type"),
]
WORDS = (UtteranceMessage, SpeakerRevisionMessage, FactsMessage)
"""Messages that hold what was said: not for a caller who may stream and may not read."""
_SERVER_MESSAGE: TypeAdapter[ServerMessage] = TypeAdapter(ServerMessage)

# --- REST bodies ----------------------------------------------------------------------------------------


class StreamAccess(Strict):
    """Where and with what the session's stream is opened; the token is good for this session alone."""

    url: str
    token: str
    expires_at: AwareDatetime


class SessionView(Strict):
    """A session as it is shown."""

    id: str
    state: State
    created_at: AwareDatetime
    started_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None
    template: str
    owner: str
    participants: tuple[Participant, ...]
    consents: tuple[Consent, ...]
    context: SessionContext
    missing_consent: dict[str, tuple[str, ...]]
    consent: tuple[ParticipantConsent, ...] = ()
    """Where each participant stands."""
    consent_doubt: tuple[str, ...] = ()
    """Participants who may have refused in the session, by id; what they said is in their consent's `doubt`."""
    rights: tuple[Right, ...] = ()
    """What the caller may do to this session."""
    consent_rules: str = ""
    """The version of the table of jurisdictions by which consent was judged, and what it is not."""
    speakers: dict[str, SpeakerAssignment]
    unsure_speakers: tuple[str, ...] = ()
    """Speakers of whom a person has to say who they are; so has whoever speaks and is not in `speakers`."""
    seconds: float
    stream: StreamAccess | None = None
    transcript_until: AwareDatetime | None = None
    """When the words are destroyed; not known before the note is signed."""
    note_until: AwareDatetime | None = None
    """When the note and all else is destroyed; None where it is kept, or not signed."""


class StatementText(Strict):
    """The words that participants agree to, in one language."""

    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}$", examples=["en"])] = "en"
    text: Annotated[
        str,
        Field(
            min_length=1,
            max_length=20_000,
            examples=["I agree that this session is recorded, transcribed and drafted into a note."],
        ),
    ]


class StatementView(StatementText):
    """A version of the statement as it is kept; it never changes."""

    version: str
    sha256: str
    created_at: AwareDatetime


class StatementList(Strict):
    """All versions, the oldest first."""

    statements: tuple[StatementView, ...]


class ChooseEvidence(Strict):
    """The utterance in which a participant is heard to agree."""

    utterance_id: Annotated[Identifier, Field(examples=["u12"])]


class SessionList(Strict):
    """Sessions, the newest first."""

    sessions: tuple[SessionSummary, ...]


class SessionSummary(Strict):
    """One row of the list."""

    id: str
    state: State
    created_at: AwareDatetime
    template: str
    owner: str
    seconds: float
    ended_at: AwareDatetime | None = None
    signed_at: AwareDatetime | None = None
    transcript_until: AwareDatetime | None = None
    clients: tuple[str, ...] = ()
    """What the clients are called, for a caller who may read the session."""
    rights: tuple[Right, ...] = ()
    """What the caller may do to this session."""


class TranscriptLine(Strict):
    """One final utterance as it is kept; `corrected` once a person changed its words."""

    id: str
    speaker: str
    role: Role
    start: float
    end: float
    text: str
    words: tuple[WireWord, ...]
    corrected: bool = False


class TranscriptMark(Strict):
    """Something at a position: off the record, on the record again, a mark, a stretch that was not heard."""

    kind: Literal["pause", "resume", "mark", "gap"]
    at: float
    label: str = ""


class TranscriptView(Strict):
    """The whole transcript of a session."""

    session_id: str
    utterances: tuple[TranscriptLine, ...]
    marks: tuple[TranscriptMark, ...]


class FactList(Strict):
    """All facts of a session as they stand, in the order in which they were said."""

    session_id: str
    facts: tuple[WireFact, ...]


class ChangeFact(Strict):
    """What is to become of a fact in the draft."""

    status: FactStatus


class CorrectLine(Strict):
    """New words for one line."""

    text: Annotated[str, Field(min_length=1, max_length=10_000)]


class WebhookDelivery(Strict):
    """A webhook message: whom it tells what of which session, and what became of it."""

    id: str
    endpoint: str
    event: str
    session_id: str
    occurred_at: AwareDatetime
    attempts: int
    state: Literal["waiting", "delivered", "given_up"]
    next_at: AwareDatetime | None = None
    """When it is tried again; None where it is not."""
    delivered_at: AwareDatetime | None = None
    last_status: int | None = None
    last_error: str = ""
    """Why the last attempt does not count: `timeout`, `connection`, `tls`, `redirect` or `status`."""


class AssignSpeakers(Strict):
    """Which speaker label is which participant."""

    speakers: dict[Identifier, Identifier]


class RenameParticipant(Strict):
    """How a participant is to be called; what is left out stays."""

    label: Annotated[str, Field(max_length=120)] | None = None
    pronouns: Annotated[str, Field(max_length=40)] | None = None
    relationship: Annotated[str, Field(max_length=80)] | None = None


class TemplateView(Strict):
    """A template and the titles of its sections in order; `own` where it does not ship with the software."""

    name: str
    title: str
    version: int
    sections: tuple[str, ...]
    own: bool = False


class TemplateList(Strict):
    """The templates of this server, and a sentence for each file of the owner's that holds none."""

    templates: tuple[TemplateView, ...]
    faults: tuple[str, ...] = ()


class TemplateSectionView(Strict):
    """One section of a template; `kinds` are the facts it takes."""

    code: str
    title: str
    loinc: str
    instruction: str
    kinds: tuple[str, ...]


class TemplateDetail(Strict):
    """A whole template, in the form in which it can be put again."""

    name: str
    version: int
    title: str
    loinc: str
    sections: tuple[TemplateSectionView, ...]


Term: TypeAlias = Annotated[str, Field(pattern=r"^[^\W_](?:[\w.'’ -]{0,58}[\w.])?$")]
"""What a note calls somebody: letters, digits, blanks, full stops, hyphens; up to 60."""
EXAMPLE_CHARACTERS = 20_000
"""Of an example note; the longest notes that clinicians write have a quarter of it."""


class StyleRequest(Strict):
    """How a note is to be worded; what is left out is taken from the example, then from the settings."""

    detail: Literal["brief", "standard", "detailed"] | None = None
    client_term: Term | None = None
    clinician_term: Term | None = None
    person: Literal["third", "first"] | None = None
    tense: Literal["present", "past"] | None = None
    layout: Literal["bullets", "sentences"] | None = None
    like: Annotated[str, Field(min_length=1, max_length=EXAMPLE_CHARACTERS)] | None = None
    """The text of a note whose style is to be followed; its content is neither used nor kept."""


class DraftRequest(StyleRequest):
    """How the note is to be drafted; what is left out stays as the session has it."""

    template: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    template_version: Annotated[int, Field(ge=1, lt=2**31)] | None = None


DRAFT_CHARACTERS = 400_000
"""Of a transcript that is drafted without a session: about six hours of talk."""


class TypedTurn(Strict):
    """One turn of a transcript that was not heard here; a speaker's role is found where it is not given."""

    id: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    role: Role | None = None
    speaker: Annotated[str, Field(min_length=1, max_length=120)] | None = None
    text: str
    start: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    end: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0


class TextDraftRequest(StyleRequest):
    """A transcript or a summary to draft from, as `text` in any of the forms that are read or as `turns`."""

    text: Annotated[str, Field(max_length=DRAFT_CHARACTERS)] | None = None
    turns: Annotated[tuple[TypedTurn, ...], Field(max_length=20_000)] | None = None
    template: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    pronouns: Annotated[str, Field(max_length=40)] = ""


class ChangeStatement(Strict):
    """New words for a statement, or its removal."""

    text: str | None = None
    remove: bool = False


class WriteStatement(Strict):
    """A statement of the clinician's own."""

    text: str


class ResolveFinding(Strict):
    """A finding is accepted as it stands, or justified with a reason."""

    resolution: Literal["accepted", "justified"]
    reason: Annotated[str, Field(max_length=1000)] = ""


class SignRequest(Strict):
    """Signature and re-authentication: in local mode `token` is given anew, whatever the call came with.

    In organisation mode whoever signs has confirmed who they are at the provider, and no token is given.
    """

    name: Annotated[str, Field(min_length=1, max_length=120)]
    credentials: Annotated[str, Field(min_length=1, max_length=120)]
    attestation: str
    token: SecretStr | None = None


class AddendumRequest(Strict):
    """What is added to a signed note."""

    kind: Literal["addendum", "correction", "late_entry"]
    text: Annotated[str, Field(min_length=1, max_length=20_000)]
    author: Annotated[str, Field(min_length=1, max_length=120)]
    credentials: Annotated[str, Field(min_length=1, max_length=120)]


class NoteView(Strict):
    """The note, draft or signed, with the attestation that signing asks for."""

    note: Annotated[DraftNote | SignedNote, Field(discriminator="status")]
    attestation: str


class WriteProcessNote(Strict):
    """What the clinician writes for themselves alone."""

    text: Annotated[str, Field(min_length=1, max_length=100_000)]


class ProcessNoteView(Strict):
    """The caller's own process note of a session; never written where `changed_at` is None."""

    session_id: str
    text: str
    changed_at: AwareDatetime | None = None


class ChecklistItem(Strict):
    """One payer element: the statements (by id) and session facts that satisfy it, or what would."""

    number: int
    code: str
    title: str
    status: Literal["present", "absent", "not_applicable"]
    statements: tuple[str, ...]
    facts: tuple[str, ...]
    needs: str


class TimeBandView(Strict):
    """A CPT code whose time rule is met."""

    code: str
    title: str


class TimeSupportView(Strict):
    """Whole minutes and the codes that they support; the choice is the clinician's."""

    minutes: int
    supports: tuple[TimeBandView, ...]
    remark: str
    source: str


class ChecklistView(Strict):
    """The twenty elements in their order, and the time support."""

    session_id: str
    note_status: Literal["draft", "signed"]
    items: tuple[ChecklistItem, ...]
    time: TimeSupportView


class AuditEvent(Strict):
    """Who did what to which session when, with its place in the chain; `figures` are counts, ids and kinds."""

    number: int
    at: AwareDatetime
    actor: str
    action: str
    session: str
    figures: dict[str, str | int | float]
    sha256: str


class SigningKeyView(Strict):
    """The public half of what receipts and the audit are signed with: Ed25519, 32 bytes in base64."""

    key_id: str
    algorithm: Literal["Ed25519"] = "Ed25519"
    public_key: str


class SignIn(Strict):
    """The token of the sign-in link, exchanged for a cookie."""

    token: SecretStr


class Me(Strict):
    """Who the server takes the caller for; `confirmed_until` is set while they may sign, in organisation mode."""

    mode: Literal["local", "organisation"]
    actor: str
    roles: tuple[str, ...]
    rights: tuple[str, ...]
    until: AwareDatetime | None = None
    confirmed_until: AwareDatetime | None = None


class Problem(BaseModel):
    """RFC 9457 problem details with a stable `code`."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str


def parse_client_message(text: str) -> ClientMessage:
    """The message in a text frame; raises BadRequest with what was expected and what came."""
    try:
        return _CLIENT_MESSAGE.validate_json(text)
    except ValidationError as error:
        raise BadRequest(f"Expected a {SUBPROTOCOL} message; {first_fault(error)}.") from None


def parse_server_message(text: str | bytes) -> ServerMessage:
    """The message a server sent; raises BadRequest where it is none of this version."""
    try:
        return _SERVER_MESSAGE.validate_json(text)
    except ValidationError as error:
        raise BadRequest(f"The server sent no {SUBPROTOCOL} message; {first_fault(error)}.") from None


def first_fault(error: ValidationError) -> str:
    """The first fault in words, without the value that came: it may be clinical."""
    faults: list[Any] = list(error.errors(include_url=False, include_input=False, include_context=False))
    if not faults:
        return "it is not valid"
    where = ".".join(str(part) for part in faults[0]["loc"])
    what = str(faults[0]["msg"])
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return (f"at {where}: {what}" if where else what) + more
