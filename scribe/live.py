"""All sessions that are heard now: who may open a stream, what happens when one is cut, ended or revoked.

Goes in: session ids, `start` messages and what the clinician decides. Comes out: captures to feed, and at the
end of each the receipt and the draft. One per server, in one event loop.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from importlib.metadata import version
from typing import Any, TypeAlias, TypeVar
from weakref import WeakValueDictionary

import numpy as np

from asr.types import SAMPLE_RATE
from scribe.capture import CANNOT_GO_ON, STATUS_SECONDS, Capture, keep_spoken
from scribe.consent import Agreement
from scribe.drafting import default_style, draft_note, request_as, templates_of
from scribe.engines import Engines
from scribe.errors import (
    GOING_DOWN,
    BadRequest,
    DraftFailed,
    NotConsented,
    NotFound,
    RecognizerStuck,
    Restarting,
    ScribeError,
    StreamBusy,
    Unavailable,
    WrongState,
)
from scribe.fact_stream import chosen_ids, facts_of
from scribe.jurisdictions import Rules
from scribe.marking import Chosen, FactMark, marked
from scribe.note import DraftNote, Note, SignedNote
from scribe.outbox import Outbox
from scribe.receipt import make_receipt
from scribe.roles import with_roles
from scribe.session import CAPTURING, UNFINISHED, SpeakerAssignment, State, Step
from scribe.shares import Refusal, Shares
from scribe.spoken_consent import spoken_consents
from scribe.store import StoredSession
from scribe.surroundings import Surroundings
from scribe.wire import (
    DraftRequest,
    Ended,
    ErrorMessage,
    FactStatus,
    NoteReady,
    Ready,
    Receipt,
    Start,
    Status,
    TranscriptLine,
    WireFact,
)
from summarizer.errors import EngineFailed

log = logging.getLogger("scribe.live")

SWEEP_SECONDS = 1.0
"""After a stream has ended: time for its socket to be closed and its tasks to be over."""

STOPPED = frozenset({State.ENDED, State.IN_REVIEW, State.SIGNED})
"""The stop was heard; what was said is stored and its receipt written."""

NO_ROOM: Mapping[Refusal, str] = {
    "full": "This server hears as many streams as it can; try again later.",
    "quota": "This account holds as many streams as it may at once (SCRIBE_STREAMS_PER_ACCOUNT); end one of them.",
    "share": "Others wait for a stream, longer than this account or with fewer than it has; try again later.",
}

Said: TypeAlias = NoteReady | ErrorMessage | Restarting
"""Of the note of a session that ended; where the server went down first, the next one says it."""

T = TypeVar("T")


class Live:
    """The captures of this server by session."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._captures: dict[str, Capture] = {}
        self._lingering: dict[str, asyncio.Task[None]] = {}
        self._ending: dict[str, Capture] = {}
        self._opening: dict[str, str] = {}
        self._shares = Shares(around.settings.streams_per_account)
        # What opens, cuts and ends one session waits for one another; sessions do not wait for each other.
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._draining = False
        self._sweep: asyncio.TimerHandle | None = None
        self._down = asyncio.Event()
        self._working: dict[str, set[asyncio.Task[Any]]] = {}
        # One thread reads facts for all: however many sessions there are, finals have the rest of the machine.
        self._reader = ThreadPoolExecutor(1, "facts")

    @property
    def streams(self) -> int:
        """Streams that are open now."""
        return sum(capture.outbox is not None for capture in self._captures.values()) + len(self._opening)

    def sweep_soon(self) -> None:
        """Free what only reference cycles keep of a stream that has ended: unread frames, a socket's buffers, a ring.

        The collector would come by itself, but on a quiet server after hours.
        """
        if self._sweep is None:
            self._sweep = asyncio.get_running_loop().call_later(SWEEP_SECONDS, self._sweep_now)

    def _sweep_now(self) -> None:
        self._sweep = None
        gc.collect()

    @property
    def not_locked(self) -> int:
        """Sessions that are heard, or wait to be taken up again, and whose audio the system may swap out."""
        return sum(not capture.memory_locked for capture in self._captures.values())

    @property
    def worst_lag_seconds(self) -> float:
        """Audio that waits for its words to be stored, of the open stream where it is most."""
        heard = [one.status().lag_seconds for one in self._captures.values() if one.outbox is not None]
        return max(heard, default=0.0)

    @property
    def waiting_for_store(self) -> int:
        """Sessions whose words wait for a store that fails."""
        return sum(one.status().store == "waiting" for one in self._captures.values())

    @property
    def draining(self) -> bool:
        """Whether the server goes down and takes no stream any more."""
        return self._draining

    @property
    def working(self) -> frozenset[asyncio.Task[Any]]:
        """What is being drafted now."""
        return frozenset(task for tasks in self._working.values() for task in tasks)

    @property
    def full(self) -> bool:
        """Whether one more stream would be refused."""
        engines = self._around.engines
        return (
            self._draining
            or self.streams >= engines.capacity
            or engines.recognition.behind
            or engines.recognition.stuck
        )

    async def open(self, session_id: str, start: Start, outbox: Outbox) -> tuple[Capture, Ready]:
        """Begin the capture of a session, or go on with it.

        Raises NotFound, NotConsented, WrongState, StreamBusy, BadRequest or Unavailable; nothing has changed then.
        """
        around = self._around
        async with self._alone(session_id):
            stored = await self._settled(session_id)
            require_capture(stored, around.clock(), around.rules)
            require_language(stored.details.context.language, around.engines)
            capture = self._captures.get(session_id)
            if capture is not None and capture.outbox is not None:
                raise StreamBusy("Another stream of this session is open; close it first.")
            if self._draining:
                around.metrics.refused("going_down")
                raise Restarting(GOING_DOWN)
            if around.engines.recognition.stuck:
                around.metrics.refused("stuck")
                raise RecognizerStuck
            # Who was cut off and comes back in time is not sent away: its audio is here, and more is on its way.
            if capture is None:
                self._require_room(stored.whose.made_by)
            fresh = capture is None
            self._opening[session_id] = stored.whose.made_by
            try:
                if capture is None:
                    capture = await self._begun(stored, stored.channels or start.channels)
                capture.renew(stored.details.consents)
                ready = capture.attach(outbox, start)
                if stored.position and not start.resume and start.at is None:
                    await capture.break_off()
                # Known from here on, so that a revocation that comes while the step is stored finds it.
                self._captures[session_id] = capture
                self._opening.pop(session_id, None)
                await asyncio.to_thread(around.store.advance, session_id, Step.OPENED, around.clock())
                if self._captures.get(session_id) is not capture:
                    raise NotConsented("Consent to this session was revoked while its stream was opened.")
            except BaseException:
                if capture is not None:
                    capture.outbox = None
                    if fresh:
                        self._captures.pop(session_id, None)
                        await capture.let_go()
                raise
            finally:
                self._opening.pop(session_id, None)
            self._stop_lingering(session_id)
            log.info("session %s: stream opened on %d channels", session_id, capture.channels)
        try:
            if start.facts:
                async with self._alone(_marks_of(session_id)):
                    await capture.tell_facts(self._reader)
            if self._captures.get(session_id) is not capture:
                raise NotConsented("Consent to this session was revoked while its stream was opened.")
        except BaseException:
            # The caller never gets this capture: it is left as if its socket had been cut.
            await self.leave(capture)
            raise
        return capture, ready

    async def leave(self, capture: Capture) -> None:
        """The socket of a session is gone; its un-committed audio waits a while for it to come back."""
        async with self._alone(capture.id):
            # Until this is done nobody may open the session: it would go on before it was cut.
            if self._ending.get(capture.id) is capture:
                capture.outbox = None  # its client may come back to hear the end
            if self._captures.get(capture.id) is not capture:
                return
            await capture.detach()
            log.info("session %s: stream cut at %.1f s", capture.id, capture.position / SAMPLE_RATE)
            try:
                await asyncio.to_thread(
                    self._around.store.advance, capture.id, Step.CUT, self._around.clock()
                )
            except ScribeError as error:
                log.error("session %s: the cut was not stored: %s", capture.id, error.code)
            if self._captures.get(capture.id) is not capture:
                return  # cut off in the meantime
            if capture.lost is not None:
                # It cannot go on; the next stream begins anew from the last checkpoint.
                del self._captures[capture.id]
                await capture.let_go()
            else:
                self._lingering[capture.id] = asyncio.create_task(self._linger(capture))

    async def stop(self, capture: Capture) -> None:
        """The session is over: the rest is decoded, the audio let go, the receipt given, the draft written."""
        around = self._around
        self._captures.pop(capture.id, None)
        self._ending[capture.id] = capture
        try:
            retained = await capture.finish()
            now = around.clock()

            def receipt_of(stored: StoredSession, previous: str) -> Receipt:
                return self._receipt(capture, retained, stored, previous, now)

            receipt = await asyncio.to_thread(around.store.end_capture, capture.id, now, receipt_of)
            log.info("session %s: ended after %.1f s", capture.id, capture.position / SAMPLE_RATE)
            await self._keep_spoken_consent(capture.id)
            said = await self._drafted(capture.id)
        except BaseException as error:
            # What was committed is safe: the session can be opened again and goes on from there.
            await capture.let_go()
            with suppress(ScribeError):
                await asyncio.to_thread(around.store.advance, capture.id, Step.CUT, around.clock())
            if capture.outbox is not None:
                capture.outbox.close(error if isinstance(error, ScribeError) else ScribeError(CANNOT_GO_ON))
            raise
        finally:
            capture.hush()
            self._ending.pop(capture.id, None)
        if capture.outbox is not None:
            _tell_last(capture.outbox, said, receipt)

    async def has_stopped(self, session_id: str) -> bool:
        """Whether the session takes no more audio because its stop was heard, here or before a restart."""
        if session_id in self._ending:
            # What ends without a stop is stored first, and then goes on; see `_linger`.
            return not self._alone(session_id).locked()
        return (await asyncio.to_thread(self._around.store.session, session_id)).state in STOPPED

    async def tell_end(self, session_id: str, outbox: Outbox) -> None:
        """What became of a session after its stop, for a client that was cut off before it heard; then closes.

        A draft that was not made is made now. Raises StreamBusy while another stream hears the same.
        """
        store = self._around.store
        capture = self._ending.get(session_id)
        if capture is not None:
            outbox.put(capture.follow(outbox))
            return
        stored = await asyncio.to_thread(store.session, session_id)
        receipt = await asyncio.to_thread(store.receipt, session_id)
        outbox.put(Ready(resume_from=stored.position, max_unacked_seconds=self._around.settings.ring_seconds))
        telling = asyncio.create_task(self._tell_waiting(outbox))
        try:
            said = await self._said_of(session_id)
        finally:
            telling.cancel()
        _tell_last(outbox, said, receipt)

    async def _said_of(self, session_id: str) -> Said:
        """What is to be said of the note of a session that has ended; drafted now where that was not done."""
        async with self._alone(session_id):
            stored = await asyncio.to_thread(self._around.store.session, session_id)
            if stored.state is State.ENDED:
                return await self._drafted(session_id)
        return NoteReady(status="ready", url=_note_url(session_id))

    async def _tell_waiting(self, outbox: Outbox) -> None:
        factor = round(self._around.engines.recognition.realtime_factor, 3)
        while True:
            await asyncio.sleep(STATUS_SECONDS)
            outbox.put(Status(lag_seconds=0.0, realtime_factor=factor, voice_active=False))

    def unfollow(self, session_id: str, outbox: Outbox) -> None:
        """The socket that heard the end of a session is gone."""
        capture = self._ending.get(session_id)
        if capture is not None and capture.outbox is outbox:
            capture.outbox = None

    async def _keep_spoken_consent(self, session_id: str) -> None:
        """Copy what was heard of consent into the consents; failing costs the evidence, never the session."""
        try:
            stored = await asyncio.to_thread(self._around.store.session, session_id)
            lines = await asyncio.to_thread(self._around.store.transcript, session_id)
            here = with_roles(lines, stored.speakers, stored.details.participants)
            found = await asyncio.to_thread(spoken_consents, here, stored.speakers)
            if found:
                await asyncio.to_thread(keep_spoken, self._around, session_id, found)
        except Exception as error:
            log.error("session %s: spoken consent was not kept: %s", session_id, type(error).__name__)

    async def end(self, session_id: str) -> None:
        """Stop a session that has no stream; raises StreamBusy while one is open, WrongState when it has ended."""
        async with self._alone(session_id):
            stored = await self._settled(session_id)
            capture = self._captures.get(session_id)
            if capture is not None and capture.outbox is not None:
                raise StreamBusy("The session's stream is open; send stop on it.")
            if stored.state not in UNFINISHED:
                raise WrongState(f"A session that is {stored.state.value} has no capture to end.")
            self._stop_lingering(session_id)
            if capture is None:
                capture = await self._begun(stored, stored.channels or 1)
            await self.stop(capture)

    async def draft(
        self, session_id: str, request: DraftRequest, record: Callable[[], None] = lambda: None
    ) -> DraftNote:
        """Draft the session's note anew and keep it, unless too little was said for one.

        `record` writes the audit row of whoever asked; it is kept with the note or not at all.
        Raises NotConsented, also where consent is revoked while the draft is being made.
        """
        return await self.while_consented(session_id, lambda stored: self._draft(stored, request, record))

    async def derive_again(self, stored: StoredSession) -> None:
        """Draft anew, as it was asked for, the note that waits for review: what its words follow has changed."""
        if stored.state is not State.IN_REVIEW:
            return
        note = await asyncio.to_thread(self._around.store.note, stored.id)
        if isinstance(note, DraftNote):
            await self.draft(stored.id, request_as(note))

    async def while_consented(
        self, session_id: str, work: Callable[[StoredSession], Coroutine[Any, Any, T]]
    ) -> T:
        """What `work` makes of a session's words while consent holds: a revocation calls it off.

        Raises NotConsented.
        """
        around = self._around

        async def consented() -> T:
            # Read after the task is known: whoever revokes finds it, or it finds the revocation.
            stored = await asyncio.to_thread(around.store.session, session_id)
            require_capture(stored, around.clock(), around.rules)
            return await work(stored)

        working = asyncio.create_task(consented())
        here = self._working.setdefault(session_id, set())
        here.add(working)
        try:
            await asyncio.wait({working})
        finally:
            here.discard(working)
            if not here and self._working.get(session_id) is here:
                del self._working[session_id]
            # Whoever asked is gone: nobody waits for it any more.
            working.cancel()
        if working.cancelled():
            raise NotConsented("Consent to this session was revoked; what was being drafted was called off.")
        return working.result()

    async def _draft(
        self, stored: StoredSession, request: DraftRequest, record: Callable[[], None]
    ) -> DraftNote:
        around, session_id = self._around, stored.id
        if stored.state not in (State.ENDED, State.IN_REVIEW):
            raise WrongState(f"A session that is {stored.state.value} cannot be drafted; end it first.")
        lines = await asyncio.to_thread(around.store.transcript, session_id)
        revision = await asyncio.to_thread(self._revision, session_id)
        drafting = draft_note(
            stored,
            lines,
            request,
            engine=around.engines.note,
            recognizer=around.engines.recognition.info,
            speakers=speaker_source(stored.channels, around.engines),
            now=around.clock(),
            templates=templates_of(around.settings),
            defaults=default_style(around.settings),
            facts=await self.chosen_ids(stored, lines),
        )
        with around.traces.span("draft", session_id):
            draft = await around.metrics.drafting(drafting)
        if not draft.insufficient:
            change = replaced_by(draft, revision)

            def keep() -> None:
                with around.store.together():
                    now = around.clock()
                    around.store.save_note(session_id, change, Step.DRAFTED, now, template=draft.template)
                    record()

            await asyncio.to_thread(keep)
        return draft

    def _revision(self, session_id: str) -> int:
        """The note's revision as it stands; 0 where there is none."""
        try:
            note = self._around.store.note(session_id)
        except NotFound:
            return 0
        return note.revision if isinstance(note, DraftNote) else note.note.revision

    async def facts(self, session_id: str) -> tuple[WireFact, ...]:
        """All facts of a session by time, each with its status; raises WrongState once the note is signed."""
        stored = await asyncio.to_thread(self._around.store.session, session_id)
        _require_open_facts(stored)
        return await self._read_facts(
            stored, await asyncio.to_thread(self._around.store.fact_marks, session_id)
        )

    async def mark_fact(self, session_id: str, fact_id: str, status: FactStatus) -> WireFact:
        """Pin or discard a fact, or leave it to the draft again; whoever listens is told.

        Raises NotFound, BadRequest where risk was to be discarded, WrongState once the note is signed.
        """
        facts = await self.facts(session_id)
        fact = next((fact for fact in facts if fact.id == fact_id), None)
        if fact is None:
            raise NotFound(
                f"This session has no fact {fact_id}; it may have been withdrawn as more was said. Read GET …/facts."
            )

        def change(stored: StoredSession, marks: Mapping[str, FactMark]) -> Mapping[str, FactMark]:
            _require_open_facts(stored)
            if stored.state is State.REVOKED:
                raise NotConsented("Consent to this session was revoked; its facts are no longer chosen.")
            return marked(marks, facts, fact, status)

        # Whoever stored last tells last; `open` reads the marks in the same turn.
        async with self._alone(_marks_of(session_id)):
            marks = await asyncio.to_thread(self._around.store.change_fact_marks, session_id, change)
            capture = self._heard_now(session_id)
            if capture is not None and capture.facts is not None:
                capture.facts.renew(marks)
        return fact.model_copy(update={"status": status})

    async def chosen_ids(self, stored: StoredSession, lines: Sequence[TranscriptLine]) -> Chosen:
        """What a draft of these lines must hold and must not hold."""
        marks = await asyncio.to_thread(self._around.store.fact_marks, stored.id)
        here = with_roles(lines, stored.speakers, stored.details.participants)
        return await asyncio.to_thread(chosen_ids, here, marks)

    async def _read_facts(self, stored: StoredSession, marks: Mapping[str, FactMark]) -> tuple[WireFact, ...]:
        capture = self._heard_now(stored.id)
        if capture is not None and capture.facts is not None:
            return await capture.facts.caught_up()
        lines = await asyncio.to_thread(self._around.store.transcript, stored.id)
        here = with_roles(lines, stored.speakers, stored.details.participants)
        return await asyncio.get_running_loop().run_in_executor(self._reader, facts_of, here, marks)

    def confirm(self, session_id: str, speakers: dict[str, SpeakerAssignment]) -> None:
        """The clinician said who is who while the session is heard."""
        capture = self._heard_now(session_id)
        if capture is not None:
            capture.confirm(speakers)

    def correct(self, session_id: str, line: TranscriptLine) -> None:
        """The clinician corrected a line while the session is heard."""
        capture = self._heard_now(session_id)
        if capture is not None:
            capture.correct(line)

    async def revoke(self, session_id: str) -> None:
        """Consent is gone, or the session is: capture stops at once, pending audio is overwritten, no draft goes on."""
        await self._cut_off(
            session_id, NotConsented("Consent to this session was revoked; recording has stopped.")
        )
        working = set(self._working.get(session_id, ()))
        for task in working:
            task.cancel()
        if working:
            await asyncio.wait(working)

    async def renew(self, session_id: str) -> None:
        """Consents changed while the session is heard: each frame is held against them from now on."""
        if session_id in self._ending:
            return
        async with self._alone(session_id):
            # Who opens it may have read the consents as they were before; read again, in its turn.
            capture = self._captures.get(session_id)
            if capture is not None:
                stored = await asyncio.to_thread(self._around.store.session, session_id)
                capture.renew(stored.details.consents)

    async def close(self) -> None:
        """The server goes down: every stream is told to reconnect; what is not committed will be replayed.

        What nobody will replay any more, the last words of a session that is being ended, is seen through.
        """
        self._draining = True
        for session_id in list(self._captures):
            await self._cut_off(session_id, Restarting("The server is restarting; reconnect and resume."))
        await asyncio.gather(*self._lingering.values(), return_exceptions=True)

    def _require_room(self, account: str) -> None:
        """Raise Unavailable unless this account, which began the session, may have one more stream."""
        around = self._around
        held = Counter(one.account for one in self._captures.values() if one.outbox is not None)
        held.update(self._opening.values())
        now = asyncio.get_running_loop().time()
        refusal = self._shares.ask(account, held, around.engines.capacity, now, full=self.full)
        if refusal is not None:
            around.metrics.refused(refusal)
            raise Unavailable(NO_ROOM[refusal])

    def leave_drafts(self) -> None:
        """Whatever is still being drafted is not waited for any more; its session can be drafted afterwards."""
        self._down.set()

    def _alone(self, what: str) -> asyncio.Lock:
        lock = self._locks.get(what)
        if lock is None:
            lock = self._locks[what] = asyncio.Lock()
        return lock

    def _heard_now(self, session_id: str) -> Capture | None:
        return self._captures.get(session_id) or self._ending.get(session_id)

    async def _begun(self, stored: StoredSession, channels: int) -> Capture:
        capture = Capture(stored, channels, self._around)
        try:
            await capture.load()
        except BaseException:
            await capture.let_go()
            raise
        return capture

    async def _settled(self, session_id: str) -> StoredSession:
        """The session as stored; one whose cut could not be stored when it happened is cut now."""
        if session_id in self._ending:
            raise WrongState("This session is being ended; it takes no more audio.")
        store = self._around.store
        stored = await asyncio.to_thread(store.session, session_id)
        capture = self._captures.get(session_id)
        if stored.state in CAPTURING and (capture is None or capture.outbox is None):
            await asyncio.to_thread(store.advance, session_id, Step.CUT, self._around.clock())
            stored = await asyncio.to_thread(store.session, session_id)
        return stored

    async def _cut_off(self, session_id: str, reason: ScribeError) -> None:
        self._stop_lingering(session_id)
        capture = self._captures.pop(session_id, None) or self._ending.get(session_id)
        if capture is not None:
            outbox = capture.outbox
            await capture.let_go(reason)
            self.sweep_soon()
            if outbox is not None:
                outbox.close(reason)

    async def _linger(self, capture: Capture) -> None:
        await asyncio.sleep(self._around.settings.linger_seconds)
        # From here on it is not called off: who comes now waits, and goes on after the last words.
        async with self._alone(capture.id):
            if self._captures.get(capture.id) is not capture or capture.outbox is not None:
                return
            del self._captures[capture.id]
            self._ending[capture.id] = capture
            try:
                await capture.finish()
            except Exception as error:
                log.error("session %s: the rest was not stored: %s", capture.id, type(error).__name__)
                await capture.let_go()
            finally:
                capture.hush()
                self._ending.pop(capture.id, None)
                self._lingering.pop(capture.id, None)
                self.sweep_soon()

    async def _drafted(self, session_id: str) -> Said:
        url = _note_url(session_id)
        try:
            note = await self._before_going_down(self.draft(session_id, DraftRequest()))
        except Restarting as error:
            log.info("session %s: not drafted: the server goes down", session_id)
            return error
        except NotConsented as error:
            return ErrorMessage(code=error.code, detail=error.detail)
        except EngineFailed as error:
            log.error("session %s: drafting failed: %s", session_id, type(error).__name__)
            return ErrorMessage(code=DraftFailed.code, detail=f"{error} Try again with POST {url}.")
        except Exception as error:  # whatever an engine raises: the session has ended and its words are safe
            log.error("session %s: drafting failed: %s", session_id, type(error).__name__)
            return ErrorMessage(
                code="draft_failed", detail=f"The note was not drafted; try again with POST {url}."
            )
        return NoteReady(status="insufficient_audio" if note.insufficient else "ready", url=url)

    async def _before_going_down(self, drafting: Coroutine[Any, Any, DraftNote]) -> DraftNote:
        """The draft; a model that still writes when the server is to end does not keep it. Raises Restarting then."""
        making = asyncio.create_task(drafting)
        down = asyncio.create_task(self._down.wait())
        try:
            await asyncio.wait({making, down}, return_when=asyncio.FIRST_COMPLETED)
            if not making.done():
                raise Restarting(
                    "The server goes down before the note is written; reconnect and resume to hear of it."
                )
            return await making
        finally:
            for task in (making, down):
                task.cancel()
            await asyncio.gather(making, down, return_exceptions=True)

    def _stop_lingering(self, session_id: str) -> None:
        lingering = self._lingering.get(session_id)
        if lingering is not None and session_id not in self._ending:
            del self._lingering[session_id]
            lingering.cancel()

    def _receipt(
        self, capture: Capture, retained: int, stored: StoredSession, previous: str, now: datetime
    ) -> Receipt:
        info = self._around.engines.recognition.info
        kept = retained / (np.dtype(np.float32).itemsize * capture.channels)
        body: dict[str, object] = {
            "session_id": capture.id,
            "seconds_received": round(capture.position / SAMPLE_RATE, 3),
            # A stretch that failed on both channels is taken off twice: rather too little than too much.
            "seconds_transcribed": round(max(0, stored.transcribed) / SAMPLE_RATE, 3),
            "seconds_discarded": round((capture.position - kept) / SAMPLE_RATE, 3),
            "bytes_retained": retained,
            "memory_locked": capture.memory_locked,
            "recognizer": info.engine,
            "recognizer_model": info.model,
            "product_version": version("ambient-scribe"),
            "started_at": (stored.started_at or now).isoformat(),
            "ended_at": max(now, stored.started_at or now).isoformat(),
        }
        return make_receipt(body, previous)


def _tell_last(outbox: Outbox, said: Said, receipt: Receipt) -> None:
    """The last messages of a stream, and its close."""
    if isinstance(said, Restarting):
        outbox.close(said)
        return
    outbox.put(said)
    outbox.put(Ended(receipt=receipt))
    outbox.close()


def _marks_of(session_id: str) -> str:
    """What the lock of a session's fact marks is called; no session has that id."""
    return f"{session_id} marks"


def _note_url(session_id: str) -> str:
    return f"/v1/sessions/{session_id}/note"


def require_capture(stored: StoredSession, now: datetime, rules: Rules) -> None:
    """Raise NotConsented unless this session may be recorded, transcribed and drafted now.

    Where the clock was set back, it is not before the session began.
    """
    if stored.state is State.REVOKED:
        raise NotConsented("Consent to this session was revoked; it cannot be recorded or drafted any more.")
    now = max(now, stored.started_at or now)
    details = stored.details
    Agreement.of(details.participants, details.consents, details.context, rules).require(now)


def _require_open_facts(stored: StoredSession) -> None:
    if stored.state is State.SIGNED:
        raise WrongState("The note is signed; its facts are no longer chosen. Add an addendum instead.")


def require_language(asked: str | None, engines: Engines) -> None:
    """Raise BadRequest where the session is in a language that the recogniser does not understand."""
    known = engines.recognition.info.languages
    if asked is not None and asked not in known:
        raise BadRequest(
            f"The model of this server understands {', '.join(known) if len(known) < 6 else f'{len(known)} languages'},"
            f" but the session is to be in {asked!r}; choose a multilingual model, or leave the language out."
        )


def speaker_source(channels: int, engines: Engines) -> str:
    """What told the voices apart, for the provenance."""
    return "channels" if channels == 2 else engines.embedder.name


def replaced_by(draft: DraftNote, revision: int) -> Callable[[Note | None], Note]:
    """A change that puts this draft in the place of an unsigned one of that revision, counting on from it.

    Raises WrongState where somebody changed the note while it was being drafted.
    """

    def change(before: Note | None) -> Note:
        if isinstance(before, SignedNote):
            raise WrongState("The note of this session is signed and does not change; add an addendum.")
        if (before.revision if before else 0) != revision:
            raise WrongState(
                "The note was changed while it was being drafted anew, and stays as it is now; ask for the draft again."
            )
        return draft.model_copy(update={"revision": before.revision + 1}) if before else draft

    return change
