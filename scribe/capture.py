"""A session while it is heard: audio in, words out, each stored before its audio is let go.

A `Capture` outlives its socket: when one is cut, what is not yet committed stays in memory for a while, and
the client goes on where it was. Audio exists in the pipeline's ring, in the request that is being recognised,
and in the frame being read with what its decoder needs to go on, nowhere else; ending overwrites the ring and
counts what is left. Opening, ending and drafting are not decided here.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asr.errors import AsrError
from asr.incoming import Incoming
from asr.pipeline import Checkpoint, DecodeJob, Pipeline, Policy, Want
from asr.recognizer import Hypothesis
from asr.types import SAMPLE_RATE, AudioHealth, Event, SpeakerRevision, Utterance, VoiceActivity
from scribe.arrivals import Arrivals
from scribe.consent import Agreement, with_words
from scribe.errors import (
    BadRequest,
    NotConsented,
    ScribeError,
    StoreFailed,
    StreamBusy,
    UnusableAudio,
    WrongState,
)
from scribe.fact_stream import FactStream
from scribe.lines import Lines, revision_message
from scribe.outbox import Outbox
from scribe.retries import Retries
from scribe.session import Consent, Participant, SpeakerAssignment, State, Step
from scribe.spoken_consent import ConsentWatch, SpokenConsent
from scribe.store import Details, StoredSession
from scribe.surroundings import Surroundings
from scribe.threads import to_the_end
from scribe.wire import (
    Ack,
    AudioHealthMessage,
    ErrorMessage,
    FactsMessage,
    Gap,
    Ready,
    ServerMessage,
    Start,
    Status,
    TranscriptLine,
    TranscriptMark,
)

log = logging.getLogger("scribe.capture")

STATUS_SECONDS = 4.0
BROKEN_OFF = "the recording broke off here and began anew"
NOT_HEARD = Hypothesis(())
"""What the recogniser failed on, as one object."""
CANNOT_GO_ON = "The server failed; reconnect and resume, nothing acknowledged is lost."
COMMIT_STEP = 10 * SAMPLE_RATE
"""Samples of silence after which the watermark is stored again; words are stored at once."""


class Capture:
    """One session's capture; stateful, in one event loop, whether or not a socket is attached."""

    def __init__(self, stored: StoredSession, channels: int, around: Surroundings) -> None:
        self.id = stored.id
        self.account = stored.whose.made_by
        self.channels = channels
        self.paused = stored.state in (State.PAUSED, State.INTERRUPTED_PAUSED)
        self.outbox: Outbox | None = None
        self.facts: FactStream | None = None
        self._facts_told = False
        self.lost: Exception | None = None
        self._over: ScribeError | None = None
        self._around = around
        participants = stored.details.participants
        self._participants = participants
        self._context = stored.details.context
        self._began = stored.started_at or around.clock()
        self.renew(stored.details.consents)
        self._watch = ConsentWatch()
        self._lines = Lines(participants, stored.speakers, channels)
        self._incoming: Incoming | None = None
        self._due = 0
        self._arrivals = Arrivals()
        self._lock = asyncio.Lock()
        self._pausing = asyncio.Lock()
        self._urgent = False
        self._rested_at = 0.0
        self._longest_wait = 0.0
        self._asked_at = math.inf
        self._wake = asyncio.Event()
        self._progress = asyncio.Event()
        self._voice: set[int] = set()
        self._skip = 0
        self._failed_samples = 0
        self._retries = Retries(around.settings.store_seconds, self._tell_store_failed)
        checkpoint = Checkpoint(stored.position, stored.checkpoint) if stored.checkpoint else None
        self._committed = stored.position
        self._policy = Policy(ring_seconds=around.settings.ring_seconds)
        self._pipeline = Pipeline(
            channels=channels,
            vad=around.engines.vad,
            embedder=around.engines.embedder,
            policy=self._policy,
            speakers=speakers_of(participants, channels),
            vocabulary=stored.details.context.vocabulary,
            language=stored.details.context.language,
            checkpoint=checkpoint,
        )
        self._decoding = asyncio.create_task(self._decode_loop())
        self._telling = asyncio.create_task(self._status_loop())

    # --- the socket's side ---------------------------------------------------------------------------

    async def load(self) -> None:
        """Read what an earlier process already committed; roles are guessed from all that was said."""
        self._lines.load(await asyncio.to_thread(self._around.store.transcript, self.id))

    async def tell_facts(self, reader: ThreadPoolExecutor) -> None:
        """Facts are told from now on, those of what was said before first."""
        if self.facts is None:
            marks = await asyncio.to_thread(self._around.store.fact_marks, self.id)
            self._raise_if_over()
            lines = self._lines.all()
            self.facts = FactStream(self.id, self._participants, lines, marks, self._emit_facts, reader)
        self.facts.tell_anew()

    def renew(self, consents: Sequence[Consent]) -> None:
        """The consents as they stand now; each frame is held against them."""
        rules = self._around.rules
        self._agreement = Agreement.of(self._participants, consents, self._context, rules)

    def attach(self, outbox: Outbox, start: Start) -> Ready:
        """A client is there: where it has to go on, told before all else. Raises BadRequest or StreamBusy."""
        if self.outbox is not None:
            raise StreamBusy("Another stream of this session is open; close it first.")
        if start.channels != self.channels:
            raise BadRequest(
                f"This session is heard on {self.channels} channel(s); a resumed stream needs the same, "
                f"{start.channels} came."
            )
        resume_from = self._pipeline.position
        first = resume_from if start.at is None else start.at
        if first > resume_from:
            raise BadRequest(
                f"The stream goes on at sample {resume_from}; `at` is {first}, which would leave a hole."
            )
        try:
            incoming = Incoming(start.encoding, start.sample_rate, start.channels)
        except AsrError as error:
            raise BadRequest(str(error)) from None
        self._drop_incoming()
        self._incoming = incoming
        self._due = resume_from
        # A paused capture has nothing to replay: what is heard next is said after it resumed.
        self._skip = 0 if self.paused else resume_from - first
        outbox.hold()
        self.outbox = outbox
        self._facts_told = start.facts
        info = self._around.engines.recognition.info
        return Ready(
            resume_from=resume_from,
            max_unacked_seconds=self._around.settings.ring_seconds,
            paused=self.paused,
            notice=info.notice if info.weak else "",
        )

    def follow(self, outbox: Outbox) -> Ready:
        """A client came back after its stop, to hear the end. Raises StreamBusy where one already does."""
        if self.outbox is not None:
            raise StreamBusy("Another stream of this session hears how it ends; wait for it.")
        outbox.hold()
        self.outbox = outbox
        return Ready(
            resume_from=self._pipeline.position, max_unacked_seconds=self._around.settings.ring_seconds
        )

    async def break_off(self) -> None:
        """A client that has nothing of what was said before begins: the transcript says where."""
        await self._mark(TranscriptMark(kind="gap", at=self._seconds, label=BROKEN_OFF), None)
        self._emit(Gap(start=self._seconds, end=self._seconds, reason="broken_off"))

    async def hear(self, payload: bytes) -> None:
        """One frame in the declared encoding; waits while the ring is full. Raises UnusableAudio."""
        self._raise_if_over()
        incoming = self._incoming
        assert incoming is not None
        try:
            # A few compressed bytes may be hours: each block is made when the one before is in the ring.
            blocks = incoming.push(payload)
            while (block := next(blocks, None)) is not None:
                await self.hear_samples(block)
                block.fill(0.0)
                # What is replayed and skipped waits for nothing by itself; the other sessions get their turn.
                await asyncio.sleep(0)
        except AsrError as error:
            raise UnusableAudio(str(error)) from None

    async def hear_samples(self, audio: NDArray[np.float32]) -> None:
        """Audio, float32 [samples, channels] at 16 kHz; waits while the ring is full."""
        if self._skip:
            dropped = min(self._skip, len(audio))
            self._skip -= dropped
            audio = audio[dropped:]
        self._due = self._pipeline.position + len(audio)
        while len(audio):
            async with self._lock:
                # Judged with the lock held: what waited for it is not heard after a revocation or an expiry.
                self._raise_if_over()
                # Where the clock was set back, it is not before the session began.
                self._agreement.require(max(self._around.clock(), self._began))
                taken = min(len(audio), self._pipeline.room)
                if taken:
                    self._handle(await to_the_end(self._pipeline.push, audio[:taken]))
                    self._arrivals.heard(self._pipeline.position, perf_counter())
                    await self._commit_silence()
                    self._acknowledge()
                    self._look_again()
                else:
                    self._progress.clear()
            audio = audio[taken:]
            if not taken:
                await self._progress.wait()

    async def pause(self) -> None:
        """Off the record: what was said before is decoded and stored, nothing after is taken.

        Must be seen through to the end once begun; `detach` waits for it.
        """
        async with self._pausing:
            if self.paused:
                return
            self.paused = True
            try:
                await self._close_utterances()
                await self._drain()
                await self._mark(TranscriptMark(kind="pause", at=self._seconds), Step.PAUSED)
            except StoreFailed as error:
                # Off the record here and on the record in the store: the next stream begins anew from there.
                self.lost = error
                raise
            if self.facts is not None:
                self.facts.settle_soon()
            self._emit(Gap(start=self._seconds, end=self._seconds, reason="off_the_record"))

    async def resume(self) -> None:
        """On the record again."""
        if not self.paused:
            return
        await self._mark(TranscriptMark(kind="resume", at=self._seconds), Step.RESUMED)
        self.paused = False

    async def mark(self, label: str) -> None:
        """A place to find again."""
        await self._mark(TranscriptMark(kind="mark", at=self._seconds, label=label), None)

    async def finish(self) -> int:
        """Decode and store the rest, tell voices apart for the last time, and let the audio go.

        Returns the bytes of audio that are still held. Raises what made it impossible to store.
        """
        await self._close_utterances()
        await self._drain()
        async with self._lock:
            learnt = self._lines.learn(await to_the_end(self._pipeline.finish))
            if learnt.changed:
                await self._commit(learnt.changed)
                self._tell_again(learnt.changed)
        if self.facts is not None:
            await self.facts.settle()
        return await self._stopped(WrongState("This capture has ended."))

    async def detach(self) -> None:
        """The socket is gone: what came is kept for a while, so that the client can go on."""
        self.outbox = None
        async with self._pausing:
            # What the decoder holds back belongs to what was heard, and is heard if the client does not come back.
            # Behind samples that found no room, in what was skipped, or off the record it does not.
            if self.paused or self._skip or self._pipeline.position < self._due:
                self._drop_incoming()

    def correct(self, line: TranscriptLine) -> None:
        """The clinician corrected a line: it is not to be told or stored otherwise again."""
        self._lines.correct(line)
        if self.facts is not None:
            self.facts.push((line,))
            self.facts.settle_soon()

    def confirm(self, speakers: Mapping[str, SpeakerAssignment]) -> None:
        """The clinician said who is who."""
        self._tell_again(self._lines.confirm(speakers))

    @property
    def memory_locked(self) -> bool:
        """Whether the system keeps this session's audio out of swap."""
        return self._pipeline.memory_locked

    @property
    def position(self) -> int:
        """Samples heard since the session's audio began."""
        return self._pipeline.position

    def status(self) -> Status:
        """How this session keeps up."""
        now = perf_counter()
        waited = max(self._longest_wait, now - self._asked_at, self._rested_at - now)
        return Status(
            lag_seconds=round((self._pipeline.position - self._committed) / SAMPLE_RATE, 2),
            realtime_factor=round(self._around.engines.recognition.realtime_factor, 3),
            voice_active=bool(self._voice),
            partials="thinned" if waited > self._policy.stride else "live",
            store="waiting" if self._retries.waiting else "ok",
        )

    async def let_go(self, reason: ScribeError | None = None) -> int:
        """End at once and overwrite all audio; the bytes that are left are counted, not assumed.

        Whoever still feeds this capture gets `reason`. What was not committed is gone from here.
        """
        self.hush()
        return await self._stopped(reason or WrongState("This capture has ended."))

    def hush(self) -> None:
        """Tell no more how the session keeps up: after `finish`, once whatever follows it was told."""
        self._telling.cancel()

    async def _stopped(self, reason: ScribeError) -> int:
        self._over = reason
        self._retries.give_up()
        self._decoding.cancel()
        await asyncio.gather(self._decoding, return_exceptions=True)
        self._progress.set()
        async with self._lock:
            left = self._pipeline.discard() + self._drop_incoming()
        if self.facts is not None:
            await self.facts.let_go()
        return left

    # --- inside --------------------------------------------------------------------------------------

    @property
    def _seconds(self) -> float:
        return self._pipeline.position / SAMPLE_RATE

    def _drop_incoming(self) -> int:
        """Let go of what the decoder keeps; the bytes that are left."""
        incoming, self._incoming = self._incoming, None
        return 0 if incoming is None else incoming.discard()

    def _emit(self, message: ServerMessage) -> None:
        if isinstance(message, Gap):
            self._around.metrics.gap(message.reason)
        if self.outbox is not None:
            self.outbox.put(message)

    def _emit_facts(self, message: FactsMessage) -> None:
        if self._facts_told:
            self._emit(message)

    def _tell_store_failed(self, error: StoreFailed) -> None:
        log.error("session %s waits for the store", self.id)
        told = f"{error.detail} The recording waits and goes on by itself; keep the audio."
        self._emit(ErrorMessage(code=error.code, detail=told))

    async def _commit_words(self, *what: Any, **options: Any) -> None:
        """Have it stored, however long the store takes to be well again; raises why it is not any more."""
        try:
            with self._around.metrics.storing(), self._around.traces.span("commit", self.id):
                await self._retries.write(self._around.store.commit_words, self.id, *what, **options)
        except StoreFailed:
            self._raise_if_over()
            raise

    def _raise_if_over(self) -> None:
        if self._over is not None:
            raise self._over
        if self.lost is not None:
            raise self.lost

    async def _close_utterances(self) -> None:
        if self._incoming is not None:
            # What broke off, or comes after a consent, is not heard; a pause and an end are seen through.
            with suppress(AsrError, NotConsented):
                for tail in self._incoming.flush():
                    await self.hear_samples(tail)
                    tail.fill(0.0)
        async with self._lock:
            self._handle(await to_the_end(self._pipeline.flush))
            self._look_again()

    async def _drain(self) -> None:
        """Wait until every closed utterance is decoded and stored."""
        while True:
            self._raise_if_over()
            self._progress.clear()
            async with self._lock:
                if not self._pipeline.owes:
                    await self._commit(())
                    self._acknowledge()
                    return
            await self._progress.wait()

    def _look_again(self) -> None:
        """Something may have to be decoded now; called with the lock held."""
        want = self._pipeline.want
        self._urgent = want is not None and want.kind == "final"
        if self._urgent:
            self._around.engines.recognition.reconsider()
        self._wake.set()

    async def _wanted(self) -> Want:
        """Wait until something has to be decoded."""
        while True:
            async with self._lock:
                want = self._pipeline.want
            self._urgent = want is not None and want.kind == "final"
            if want is not None and (self._urgent or perf_counter() >= self._rested_at):
                return want
            self._wake.clear()
            await self._wake.wait()

    async def _decode_loop(self) -> None:
        try:
            while True:
                want = await self._wanted()
                heard = await self._heard_before() if want.known else await self._hear_next()
                if heard is not None:
                    async with self._lock:
                        await self._deliver(*heard)
                    self._progress.set()
        except asyncio.CancelledError:
            raise
        except Exception as error:
            # The store is gone or the pipeline broke: whoever waits must hear of it, and who sends nothing now too.
            log.error("session %s cannot go on: %s", self.id, type(error).__name__)
            self.lost = error
            self._progress.set()
            if self.outbox is not None:
                self.outbox.close(error if isinstance(error, ScribeError) else ScribeError(CANNOT_GO_ON))

    async def _heard_before(self) -> tuple[DecodeJob, Hypothesis] | None:
        """A final that came out as foreseen: it needs no recogniser."""
        async with self._lock:
            # Since it was wanted, another channel's final may have come before it.
            want = self._pipeline.want
            if want is None or not want.known:
                return None
            job = self._pipeline.next_job()
        assert job is not None
        assert job.known is not None
        return job, job.known

    async def _hear_next(self) -> tuple[DecodeJob, Hypothesis] | None:
        """What is wanted most when the recogniser is free; None where that has been overtaken."""
        self._asked_at = perf_counter()
        async with self._around.engines.recognition.turn(lambda: self._urgent) as turn:
            self._asked_at = math.inf
            async with self._lock:
                job = self._pipeline.next_job()
            if job is None:
                return None
            if job.known is not None:
                return job, job.known
            if job.kind == "partial":
                self._longest_wait = max(self._longest_wait, turn.waited)
            began = perf_counter()
            try:
                with self._around.traces.span("decode", self.id, samples=job.end - job.start):
                    hypothesis = await turn.recognize(job.request)
            except asyncio.CancelledError:
                raise
            except Exception:
                if job.kind == "partial":
                    return None
                hypothesis = NOT_HEARD
            if job.kind == "partial":
                # Half of one worker's time at most, however slow the model.
                self._rested_at = 2 * perf_counter() - began
            return job, hypothesis

    async def _deliver(self, job: DecodeJob, hypothesis: Hypothesis) -> None:
        events = await to_the_end(self._pipeline.deliver, job, hypothesis)
        if job.kind == "partial":
            self._handle(events)
            return
        learnt = self._lines.learn(events)
        gap = self._gap(job) if hypothesis is NOT_HEARD else None
        await self._commit(learnt.new + learnt.changed, gap)
        late = self._arrivals.seconds_since(job.end, perf_counter())
        self._around.metrics.final(late, sum(len(line.words) for line in learnt.new))
        if gap is not None:
            self._emit(gap)
        await self._tell_refusals(learnt.new + learnt.changed)
        # Only what is stored is told as final, and only then is its audio acknowledged.
        self._handle(events)
        if self.facts is not None:
            self.facts.push(learnt.new)
        self._tell_again(learnt.changed)
        self._acknowledge()

    async def _tell_refusals(self, lines: Sequence[TranscriptLine]) -> None:
        """A participant may just have refused: a rule's guess stops nothing, but it is never passed over."""
        for found in self._watch.push(lines, self._lines.speakers):
            await to_the_end(keep_spoken, self._around, self.id, (found,))
            detail = (
                f"Participant {found.participant_id} may have refused in the session; recording goes on. Ask them "
                "again, pause meanwhile, and revoke their consent if they do refuse."
            )
            self._emit(ErrorMessage(code="consent_doubt", detail=detail))

    def _gap(self, job: DecodeJob) -> Gap:
        """The recogniser failed on a final: the transcript says so, and the session goes on."""
        self._failed_samples += job.end - job.start
        return Gap(start=job.start / SAMPLE_RATE, end=job.end / SAMPLE_RATE, reason="recognizer_failed")

    async def _commit_silence(self) -> None:
        if self._pipeline.checkpoint().position - self._committed >= COMMIT_STEP:
            await self._commit(())

    async def _commit(self, lines: Sequence[TranscriptLine], gap: Gap | None = None) -> None:
        """Store words, gap and watermark together; only then is the audio overwritten and acknowledged."""
        checkpoint = self._pipeline.checkpoint()
        if not lines and gap is None and checkpoint.position == self._committed:
            return
        label = "" if gap is None else f"{gap.end - gap.start:.1f} s not recognised"
        await self._commit_words(
            lines,
            () if gap is None else (TranscriptMark(kind="gap", at=gap.start, label=label),),
            checkpoint=(checkpoint.position, checkpoint.state),
            channels=self.channels,
            transcribed=checkpoint.position - self._committed - self._failed_samples,
            speakers=self._lines.speakers,
        )
        self._failed_samples = 0
        self._committed = checkpoint.position
        self._pipeline.release(checkpoint)
        self._arrivals.forget(checkpoint.position)
        self._progress.set()

    def _acknowledge(self) -> None:
        self._emit(Ack(received=self._pipeline.position, committed=self._committed))

    async def _mark(self, mark: TranscriptMark, what: Step | None) -> None:
        await self._commit_words((), (mark,), what=what, now=self._around.clock())

    def _handle(self, events: Sequence[Event]) -> None:
        for event in events:
            match event:
                case Utterance():
                    self._emit(self._lines.message(event))
                case SpeakerRevision():
                    pass  # learnt with the words, told after them
                case VoiceActivity():
                    (self._voice.add if event.active else self._voice.discard)(event.channel)
                case AudioHealth():
                    self._emit(AudioHealthMessage(kind=event.kind, channel=event.channel))

    def _tell_again(self, lines: Sequence[TranscriptLine]) -> None:
        if lines:
            self._emit(revision_message(lines))
            if self.facts is not None:
                self.facts.push(lines)

    async def _status_loop(self) -> None:
        while True:
            await asyncio.sleep(STATUS_SECONDS)
            self._emit(self.status())
            self._longest_wait = 0.0


def speakers_of(participants: Sequence[Participant], channels: int) -> tuple[int, ...]:
    """How many voices each channel has; with two channels one, unless several participants have the same."""
    if channels == 1:
        return (max(2, len(participants)),)
    return tuple(
        max(1, sum(person.channel == channel for person in participants)) for channel in range(channels)
    )


def keep_spoken(around: Surroundings, session_id: str, found: Sequence[SpokenConsent]) -> None:
    """Copy what was heard of consent into the consents, and put each new doubt on the audit; blocks on the store.

    Raises NotConsented where consent was revoked meanwhile: no word is kept then.
    """
    before: set[str] = set()

    def change(details: Details) -> tuple[Consent, ...]:
        before.update(_doubted(details.consents))
        consents = details.consents
        for one in found:
            consents = with_words(consents, one.participant_id, agreed=one.agreed, words=one.words)
        return consents

    def still_open(stored: StoredSession) -> None:
        if stored.state is State.REVOKED:
            raise NotConsented("Consent to this session was revoked; no more of its words are kept.")

    stored = around.store.change_consents(session_id, change, still_open, around.clock())
    for participant_id in sorted(_doubted(stored.details.consents) - before):
        if around.audit is not None:
            around.audit.record("stream", "consent doubted", session_id, participant=participant_id)


def _doubted(consents: Sequence[Consent]) -> set[str]:
    return {consent.participant_id for consent in consents if consent.doubt is not None}
