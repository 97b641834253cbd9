"""All sessions that are heard now: opening, cutting, ending, with the real store and a recogniser that is a fake."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from running import consented

from asr.recognizer import Hypothesis, Recognizer, Request
from asr.testing import ScriptedRecognizer, SteadyEmbedder
from asr.vad import VoiceActivityModel
from scribe.config import Settings
from scribe.crypto import KeyEncryptionKey
from scribe.database import Database
from scribe.drafting import draft_section
from scribe.engines import Engines
from scribe.errors import (
    BadRequest,
    NotConsented,
    RecognizerStuck,
    Restarting,
    StoreFailed,
    StreamBusy,
    Unavailable,
    WrongState,
)
from scribe.live import Live, replaced_by
from scribe.note import DraftNote, Provenance
from scribe.outbox import Outbox
from scribe.recognition import Recognition
from scribe.sample import sample_audio
from scribe.session import Consent, SpeakerAssignment, State, Step
from scribe.store import Details, Store
from scribe.surroundings import Surroundings
from scribe.template_folder import TemplateFolder
from scribe.wire import DraftRequest, Ended, Gap, Ready, ServerMessage, Start, TranscriptLine
from summarizer.extractive import ExtractiveEngine
from summarizer.testing import FakeEngine

RATE = 16_000
START = Start(type="start", encoding="pcm_s16le", sample_rate=RATE, channels=2)
AUDIO = sample_audio()[: 20 * RATE]


@asynccontextmanager
async def living(
    folder: Path,
    *,
    recognizer: Recognizer | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    capacity: int = 8,
    recognition: Callable[[Recognizer], Recognition] = Recognition,
    **settings: object,
) -> AsyncIterator[tuple[Live, Store]]:
    """Two consented sessions, s1 and s2, that nobody streams yet."""
    database = Database(f"sqlite:///{folder / 's.db'}")
    store = Store(database, KeyEncryptionKey(os.urandom(32)))
    store.migrate()
    now = datetime.now(UTC)
    for name in ("s1", "s2"):
        store.create_session(name, consented(channels=2), now)
        store.advance(name, Step.CONSENTED, now)
    engines = Engines(
        recognition(recognizer or ScriptedRecognizer()),
        VoiceActivityModel(),
        SteadyEmbedder(),
        ExtractiveEngine(),
        capacity,
    )
    chosen = Settings.model_validate({"data_dir": folder} | settings)
    live = Live(Surroundings(chosen, engines, store, clock))
    try:
        yield live, store
    finally:
        await live.close()
        await engines.recognition.close()
        database.close()


async def turns(count: int = 50) -> None:
    """Let other tasks take their turn."""
    for _ in range(count):
        await asyncio.sleep(0)


@contextmanager
def broken(store: Store) -> Iterator[None]:
    """No transaction can begin."""

    def refuse(_connection: sa.Connection) -> None:
        raise sa.exc.OperationalError("", {}, Exception("gone"))

    sa.event.listen(store._database._engine, "begin", refuse)
    yield
    sa.event.remove(store._database._engine, "begin", refuse)


def test_a_client_that_comes_back_goes_on_at_the_very_sample(tmp_path: Path) -> None:
    async def check() -> None:
        async with living(tmp_path) as (live, store):
            capture, ready = await live.open("s1", START, Outbox())
            assert ready.resume_from == 0
            await capture.hear_samples(AUDIO[: 5 * RATE + 77])
            await live.leave(capture)
            assert store.session("s1").state is State.INTERRUPTED
            again, ready = await live.open("s1", START, Outbox())
            assert again is capture
            assert ready.resume_from == 5 * RATE + 77

    asyncio.run(check())


def test_a_client_that_does_not_come_back_in_time_has_its_last_words_stored(tmp_path: Path) -> None:
    async def check() -> None:
        async with living(tmp_path, linger_seconds=0) as (live, store):
            capture, _ = await live.open("s1", START, Outbox())
            await capture.hear_samples(AUDIO)
            await live.leave(capture)
            await turns()  # the wait of no seconds is over: its last words are being stored
            fresh, ready = await live.open("s1", START, Outbox())
            assert fresh is not capture
            assert ready.resume_from == len(AUDIO)
            assert store.transcript("s1")

    asyncio.run(check())


def test_a_cut_that_could_not_be_stored_does_not_lock_the_session(tmp_path: Path) -> None:
    async def check() -> None:
        async with living(tmp_path) as (live, store):
            capture, _ = await live.open("s1", START, Outbox())
            with broken(store):
                await live.leave(capture)
            assert store.session("s1").state is State.RECORDING
            _, ready = await live.open("s1", START, Outbox())
            assert ready.resume_from == 0
            assert store.session("s1").state is State.RECORDING

    asyncio.run(check())


def test_one_stream_a_session_and_no_more_streams_than_the_server_has(tmp_path: Path) -> None:
    async def check() -> None:
        async with living(tmp_path, capacity=1) as (live, _store):
            capture, _ = await live.open("s1", START, Outbox())
            with pytest.raises(StreamBusy):
                await live.open("s1", START, Outbox())
            with pytest.raises(Unavailable):
                await live.open("s2", START, Outbox())
            await live.leave(capture)
            await live.open("s2", START, Outbox())
            await live.open("s1", START.model_copy(update={"resume": True}), Outbox())

    asyncio.run(check())


@pytest.mark.parametrize("known", [("en",), ("en", "es"), tuple(f"x{letter}" for letter in "abcdefgh")])
def test_a_language_that_the_model_does_not_know_is_refused(tmp_path: Path, known: tuple[str, ...]) -> None:
    class Knows(ScriptedRecognizer):
        info = replace(ScriptedRecognizer().info, languages=known)

    async def check() -> None:
        async with living(tmp_path, recognizer=Knows()) as (live, store):
            german = consented(channels=2)
            german = german.model_copy(
                update={"context": german.context.model_copy(update={"language": "de"})}
            )
            store.create_session("s3", german, datetime.now(UTC))
            store.advance("s3", Step.CONSENTED, datetime.now(UTC))
            with pytest.raises(BadRequest, match="'de'"):
                await live.open("s3", START, Outbox())
            assert store.session("s3").state is State.READY

    asyncio.run(check())


def test_a_session_is_ended_without_its_stream_and_only_then(tmp_path: Path) -> None:
    async def check() -> None:
        async with living(tmp_path) as (live, store):
            with pytest.raises(WrongState, match="no capture"):
                await live.end("s1")
            capture, _ = await live.open("s1", START, Outbox())
            with pytest.raises(StreamBusy):
                await live.end("s1")
            await capture.hear_samples(AUDIO)
            await live.leave(capture)
            await live.end("s1")
            assert store.session("s1").state in (State.ENDED, State.IN_REVIEW)
            assert store.receipt("s1").seconds_transcribed == len(AUDIO) / RATE
            assert store.receipt("s1").bytes_retained == 0
            with pytest.raises(WrongState):
                await live.open("s1", START, Outbox())

    asyncio.run(check())


def test_a_stop_that_cannot_be_stored_leaves_a_session_that_can_go_on(tmp_path: Path) -> None:
    async def check() -> None:
        async with living(tmp_path, store_seconds=0) as (live, store):
            capture, _ = await live.open("s1", START, Outbox())
            await capture.hear_samples(AUDIO)
            with broken(store), pytest.raises(Exception, match="database refused"):
                await live.stop(capture)
            _, ready = await live.open("s1", START, Outbox())
            assert ready.resume_from == store.session("s1").position

    asyncio.run(check())


def test_revoking_ends_the_capture_and_says_why(tmp_path: Path) -> None:
    async def check() -> None:
        async with living(tmp_path) as (live, _store):
            outbox = Outbox()
            capture, _ = await live.open("s1", START, outbox)
            await capture.hear_samples(AUDIO[:RATE])
            await live.revoke("s1")
            while await outbox.get() is not None:
                pass
            assert isinstance(outbox.closed, NotConsented)
            with pytest.raises(NotConsented):
                await capture.hear_samples(AUDIO[:RATE])

    asyncio.run(check())


def test_a_server_that_goes_down_takes_no_new_stream(tmp_path: Path) -> None:
    async def check() -> None:
        async with living(tmp_path) as (live, _store):
            await live.close()
            with pytest.raises(Restarting):
                await live.open("s1", START, Outbox())

    asyncio.run(check())


class Slow(ScriptedRecognizer):
    """Waits before each final until it is let on."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()

    def recognize(self, requests: Sequence[Request]) -> list[Hypothesis]:
        if requests[0].kind == "final":
            assert self.go.wait(30)
        return super().recognize(requests)


def test_revoking_while_a_session_is_being_ended_stores_nothing_more(tmp_path: Path) -> None:
    async def check() -> None:
        slow = Slow()
        async with living(tmp_path, recognizer=slow) as (live, store):
            capture, _ = await live.open("s1", START, Outbox())
            await capture.hear_samples(AUDIO)
            stopping = asyncio.create_task(live.stop(capture))
            await turns()
            store.change_consents("s1", lambda details: details.consents[:1], Step.REVOKED, datetime.now(UTC))
            revoking = asyncio.create_task(live.revoke("s1"))
            await turns()
            slow.go.set()
            await revoking
            with pytest.raises(NotConsented):
                await stopping
            assert store.transcript("s1") == ()
            assert store.session("s1").state is State.REVOKED

    asyncio.run(check())


def test_a_session_is_ended_once_whoever_asks(tmp_path: Path) -> None:
    async def check() -> None:
        slow = Slow()
        async with living(tmp_path, recognizer=slow) as (live, store):
            capture, _ = await live.open("s1", START, Outbox())
            await capture.hear_samples(AUDIO)
            await live.leave(capture)
            ends = [asyncio.create_task(live.end("s1")) for _ in range(2)]
            await turns()
            slow.go.set()
            outcomes = await asyncio.gather(*ends, return_exceptions=True)
            assert sorted(type(outcome) for outcome in outcomes if outcome) == [WrongState]
            assert store.receipt("s1").seconds_transcribed == len(AUDIO) / RATE
            assert store.session("s1").checkpoint is None

    asyncio.run(check())


def test_a_client_that_goes_while_the_pause_is_stored_stays_off_the_record(tmp_path: Path) -> None:
    async def check() -> None:
        slow = Slow()
        async with living(tmp_path, recognizer=slow) as (live, store):
            capture, _ = await live.open("s1", START, Outbox())
            await capture.hear_samples(AUDIO)
            pausing = asyncio.create_task(capture.pause())
            await turns()
            leaving = asyncio.create_task(live.leave(capture))
            await turns()
            slow.go.set()
            await asyncio.gather(pausing, leaving)
            assert store.session("s1").state is State.INTERRUPTED_PAUSED
            again, ready = await live.open("s1", START, Outbox())
            assert ready.paused
            await again.resume()
            assert store.session("s1").state is State.RECORDING

    asyncio.run(check())


def test_one_slow_session_does_not_keep_others_from_opening(tmp_path: Path) -> None:
    async def check() -> None:
        slow = Slow()
        async with living(tmp_path, recognizer=slow, ring_seconds=40) as (live, _store):
            capture, _ = await live.open("s1", START, Outbox())
            feeding = asyncio.create_task(capture.hear_samples(sample_audio()[: 60 * RATE]))
            await turns()
            ending = asyncio.create_task(live.stop(capture))
            await turns()
            await live.open("s2", START, Outbox())
            slow.go.set()
            await asyncio.gather(feeding, ending)

    asyncio.run(check())


def test_consent_that_expires_during_the_session_ends_it(tmp_path: Path) -> None:
    async def check() -> None:
        base = datetime.now(UTC)
        now = [base]
        async with living(tmp_path, clock=lambda: now[0]) as (live, store):
            until = base + timedelta(minutes=1)

            def limited(details: Details) -> tuple[Consent, ...]:
                return tuple(c.model_copy(update={"expires_at": until}) for c in details.consents)

            store.change_consents("s1", limited, None, base)
            capture, _ = await live.open("s1", START, Outbox())
            await capture.hear_samples(AUDIO[:RATE])
            now[0] = until
            with pytest.raises(NotConsented, match="expired"):
                await capture.hear_samples(AUDIO[:RATE])
            await live.leave(capture)
            store.change_consents("s1", lambda _: consented(channels=2).consents, None, until)
            again, ready = await live.open("s1", START, Outbox())
            await again.hear_samples(AUDIO[RATE : 2 * RATE])
            assert (ready.resume_from, again.position) == (RATE, 2 * RATE)

    asyncio.run(check())


def test_a_line_corrected_while_recording_stays_corrected(tmp_path: Path) -> None:
    async def check() -> None:
        async with living(tmp_path) as (live, store):
            capture, _ = await live.open("s1", START, Outbox())
            await capture.hear_samples(AUDIO)
            await capture.pause()
            line = store.transcript("s1")[0].model_copy(
                update={"text": "as it was", "words": (), "corrected": True}
            )
            store.commit_words("s1", (line,))
            live.correct("s1", line)
            other = {"SPEAKER_00": SpeakerAssignment(participant_id="pt", confidence=1.0, confirmed=True)}
            live.confirm("s1", other)
            await capture.resume()
            await capture.hear_samples(AUDIO)
            await live.stop(capture)
            kept = next(one for one in store.transcript("s1") if one.id == line.id)
            assert (kept.text, kept.corrected) == ("as it was", True)

    asyncio.run(check())


def test_of_two_choices_at_once_both_are_told_to_whoever_listens(tmp_path: Path) -> None:
    """The first to be stored is held up until the second was told, or for half a second where that one waits."""
    told, marking, firsts = threading.Event(), threading.local(), iter([True])

    def marks(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        marking.now = statement.startswith("UPDATE sessions SET fact_marks")

    def stored(_connection: object, _record: object) -> None:
        if getattr(marking, "now", False) and next(firsts, False):
            told.wait(0.5)

    async def check() -> None:
        async with living(tmp_path) as (live, store):
            said = ("client", "I sleep badly and I only get four hours."), ("client", "I feel sad every day.")
            lines = [
                TranscriptLine(id=f"u{n}", speaker="ch1", role=role, start=n, end=n + 1, text=text, words=())
                for n, (role, text) in enumerate(said)
            ]
            store.commit_words("s1", lines)
            capture, _ = await live.open("s1", START.model_copy(update={"facts": True}), Outbox())
            first, *_, second = [fact.id for fact in await live.facts("s1")]
            engine = store._database._engine
            sa.event.listen(engine, "before_cursor_execute", marks)
            sa.event.listen(engine, "checkin", stored)

            async def later() -> None:
                await live.mark_fact("s1", second, "pinned")
                told.set()

            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(live.mark_fact("s1", first, "pinned"))
                await turns(3)
                tasks.create_task(later())
            assert capture.facts is not None
            shown = {fact.id for fact in capture.facts.facts if fact.status == "pinned"}
            assert shown == set(store.fact_marks("s1")) == {first, second}

    asyncio.run(check())


def test_facts_that_cannot_be_told_leave_a_session_that_can_be_opened_again(tmp_path: Path) -> None:
    async def check() -> None:
        async with living(tmp_path) as (live, store):

            def refuse(*call: object) -> None:
                if str(call[2]).startswith("SELECT sessions.fact_marks"):
                    raise sa.exc.OperationalError("", {}, Exception("gone"))

            sa.event.listen(store._database._engine, "before_cursor_execute", refuse)
            with pytest.raises(StoreFailed):
                await live.open("s1", START.model_copy(update={"facts": True}), Outbox())
            sa.event.remove(store._database._engine, "before_cursor_execute", refuse)
            assert store.session("s1").state is State.INTERRUPTED
            capture, _ = await live.open("s1", START.model_copy(update={"facts": True}), Outbox())
            assert capture.facts is not None

    asyncio.run(check())


def test_a_draft_does_not_replace_a_note_that_was_changed_while_it_was_made() -> None:
    made = Provenance(
        product="p",
        version="1",
        recognizer="r",
        recognizer_model="m",
        speakers="channels",
        engine="extractive",
        engine_model="rules",
        template="soap",
        template_version="1",
    )
    note = DraftNote(
        session_id="s1",
        template="soap",
        title="SOAP",
        created_at=datetime.now(UTC),
        sections=(),
        provenance=made,
    )
    edited = note.model_copy(update={"revision": 2})
    with pytest.raises(WrongState, match="changed while"):
        replaced_by(note, 1)(edited)
    assert replaced_by(note, 2)(edited).revision == 3  # type: ignore[union-attr]
    assert replaced_by(note, 0)(None) == note


def test_a_section_drafted_anew_by_another_engine_says_by_which(tmp_path: Path) -> None:
    async def check() -> None:
        async with living(tmp_path) as (live, store):
            capture, _ = await live.open("s1", START, Outbox())
            await capture.hear_samples(AUDIO)
            await live.leave(capture)
            await live.end("s1")
            note = await live.draft("s1", DraftRequest())
            stored, lines = store.session("s1"), store.transcript("s1")
            folder = TemplateFolder(tmp_path / "templates")
            section, _ = await draft_section(
                stored, lines, note, "PLAN", engine=ExtractiveEngine(), templates=folder
            )
            assert section.engine == ""
            section, _ = await draft_section(
                stored, lines, note, "PLAN", engine=FakeEngine(), templates=folder
            )
            assert section.engine == "fake none 0"

    asyncio.run(check())


def test_a_recording_that_begins_anew_shows_where_it_broke_off(tmp_path: Path) -> None:
    async def check() -> None:
        async with living(tmp_path) as (live, store):
            capture, _ = await live.open("s1", START, Outbox())
            await capture.hear_samples(AUDIO)
            await capture.pause()
            await capture.resume()
            await live.leave(capture)
            _, ready = await live.open("s1", START, Outbox())
            gap = store.marks("s1")[-1]
            assert (gap.kind, gap.at) == ("gap", ready.resume_from / RATE)

    asyncio.run(check())


def test_what_a_client_says_again_of_a_pause_is_kept_once(tmp_path: Path) -> None:
    async def check() -> None:
        async with living(tmp_path) as (live, store):
            capture, _ = await live.open("s1", START, Outbox())
            await capture.hear_samples(AUDIO[: 3 * RATE])
            for _ in range(2):
                await capture.pause()
                await capture.resume()
            assert [mark.kind for mark in store.marks("s1")] == ["pause", "resume"]

    asyncio.run(check())


async def messages(outbox: Outbox) -> list[ServerMessage]:
    """All that is told until it is closed."""
    told: list[ServerMessage] = []
    while (message := await outbox.get()) is not None:
        told.append(message)
    return told


def test_a_client_cut_off_after_its_stop_hears_how_the_session_ended(tmp_path: Path) -> None:
    async def check() -> None:
        slow = Slow()
        async with living(tmp_path, recognizer=slow) as (live, store):
            capture, _ = await live.open("s1", START, Outbox())
            await capture.hear_samples(AUDIO)
            stopping = asyncio.create_task(live.stop(capture))
            await turns()
            await live.leave(capture)
            assert await live.has_stopped("s1")
            again = Outbox()
            await live.tell_end("s1", again)
            with pytest.raises(StreamBusy):
                await live.tell_end("s1", Outbox())
            slow.go.set()
            await stopping
            told = await messages(again)
            assert isinstance(told[0], Ready)
            assert isinstance(told[-1], Ended)
            later = Outbox()
            await live.tell_end("s1", later)
            assert [message.type for message in await messages(later)] == ["ready", "note", "ended"]
            assert store.receipt("s1") == told[-1].receipt

    asyncio.run(check())


def test_a_clock_that_is_set_back_ends_no_consent_and_loses_no_session(tmp_path: Path) -> None:
    async def check() -> None:
        base = datetime.now(UTC)
        now = [base]
        async with living(tmp_path, clock=lambda: now[0]) as (live, store):
            capture, _ = await live.open("s1", START, Outbox())
            await capture.hear_samples(AUDIO[: 5 * RATE])
            now[0] = base - timedelta(hours=1)
            await capture.hear_samples(AUDIO[5 * RATE : 10 * RATE])
            await live.leave(capture)
            capture, ready = await live.open("s1", START, Outbox())
            assert ready.resume_from == 10 * RATE
            now[0] = base + timedelta(hours=1)
            await capture.hear_samples(AUDIO[10 * RATE :])
            now[0] = base - timedelta(hours=1)
            await live.stop(capture)
            receipt = store.receipt("s1")
            assert receipt.seconds_received == receipt.seconds_transcribed == len(AUDIO) / RATE
            assert receipt.ended_at >= receipt.started_at
            ended = store.session("s1").ended_at
            assert ended is not None
            assert ended >= base

    asyncio.run(check())


def test_a_recogniser_that_hangs_costs_one_stretch_and_closes_the_stream(tmp_path: Path) -> None:
    class Short(Recognition):
        """Loses patience at once."""

        def __init__(self, recognizer: Recognizer) -> None:
            super().__init__(recognizer, patience_seconds=-1000.0)

    async def check() -> None:
        slow = Slow()
        async with living(tmp_path, recognizer=slow, recognition=Short) as (live, store):
            outbox = Outbox()
            capture, ready = await live.open("s1", START, outbox)
            outbox.put(ready)
            await capture.hear_samples(AUDIO)
            told = await messages(outbox)
            assert isinstance(outbox.closed, RecognizerStuck)
            gaps = [message for message in told if isinstance(message, Gap)]
            assert [gap.reason for gap in gaps] == ["recognizer_failed"]
            assert [mark.kind for mark in store.marks("s1")] == ["gap"]
            with pytest.raises(RecognizerStuck):
                await capture.hear_samples(AUDIO)
            await live.leave(capture)
            assert live.full
            with pytest.raises(RecognizerStuck):
                await live.open("s1", START, Outbox())
            slow.go.set()
            async with asyncio.timeout(20):
                while live.full:  # noqa: ASYNC110 - it heals by itself and tells nobody
                    await asyncio.sleep(0)
            _, ready = await live.open("s1", START.model_copy(update={"resume": True}), Outbox())
            assert ready.resume_from == store.session("s1").position, "all behind the gap is heard again"

    asyncio.run(check())
