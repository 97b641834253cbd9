"""The whole main job on real input: sound in over a real socket, a signed and exported note out."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from running import TOKEN, RunningServer, StartServer, consented, whisper_is_here

from asr.metrics import word_error_rate
from scribe.app import utc_now
from scribe.audit import Audit
from scribe.client import ScribeClient
from scribe.database import Database
from scribe.export import WATERMARK
from scribe.keys import file_keys
from scribe.note import DraftNote, SignedNote
from scribe.proof import GENESIS, first_broken, prove
from scribe.receipt import receipts_hold
from scribe.review import intact
from scribe.sample import sample_audio, sample_truth
from scribe.session import State
from scribe.store import Store
from scribe.wire import Ack, Ended, NoteReady, ServerMessage, SessionView, UtteranceMessage

RATE = 16_000


def pcm(audio: NDArray[np.float32]) -> bytes:
    return (np.clip(audio, -1, 1) * 32767).astype("<i2").tobytes()


async def streamed(
    running: RunningServer, audio: NDArray[np.float32], **context: object
) -> tuple[SessionView, list[ServerMessage]]:
    """Everything the server said while it heard `audio` (float32 [n, channels]) as fast as it could."""
    channels = audio.shape[1]
    async with ScribeClient(running.url, TOKEN) as client:
        session = await client.create_session(consented(channels=channels, **context))
        async with client.stream(session, channels=channels) as stream:

            async def feed() -> None:
                for begin in range(0, len(audio), RATE // 2):
                    await stream.send(pcm(audio[begin : begin + RATE // 2]))
                await stream.stop()

            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(feed())
                heard = [message async for message in stream]
        return await client.session(session.id), heard


def finals(heard: Iterable[ServerMessage]) -> list[UtteranceMessage]:
    said = {m.id: m for m in heard if isinstance(m, UtteranceMessage) and m.is_final}
    return sorted((m for m in said.values() if m.text), key=lambda m: m.start)


def text_of(role: str, heard: Iterable[ServerMessage]) -> str:
    return " ".join(message.text for message in finals(heard) if message.role == role)


@pytest.mark.whisper
@pytest.mark.skipif(not whisper_is_here(), reason="no Whisper model in SCRIBE_MODELS_DIR or ../shared/models")
def test_a_session_becomes_a_signed_exported_note_with_whisper(start_server: StartServer) -> None:
    running = start_server(asr="whisper")
    audio, truth = sample_audio(), sample_truth()
    session, heard = asyncio.run(streamed(running, audio))

    for role in ("clinician", "client"):
        reference = " ".join(turn.text for turn in truth.turns if turn.role == role)
        assert word_error_rate(reference, text_of(role, heard)) < 0.15, (
            "words of one channel only, nearly all right"
        )
    assert session.state is State.IN_REVIEW
    partials = [m for m in heard if isinstance(m, UtteranceMessage) and not m.is_final]
    assert partials, "words are shown before an utterance ends"
    assert isinstance(heard[-2], NoteReady)
    assert isinstance(heard[-1], Ended)
    check_acknowledgements(heard)
    check_receipt(heard[-1], len(audio) / RATE)
    check_note(running, session.id)
    check_records(running, session.id)


def test_a_session_becomes_a_note_with_the_embedded_default_and_says_that_it_is_weak(
    start_server: StartServer, tmp_path: Path
) -> None:
    running = start_server(models_dir=str(tmp_path / "no models here"), HF_HOME="")
    with running.http as http:
        ready = http.get("/readyz").json()
    assert ready["weak"] is True
    assert "scribe models pull" in ready["notice"]
    assert "often wrong" in running.said.read_text().replace("\n", " ")

    audio = sample_audio()[: 45 * RATE]
    session, heard = asyncio.run(streamed(running, audio))
    reference = " ".join(turn.text for turn in sample_truth().turns if turn.end < 45)
    said = " ".join(message.text for message in finals(heard))
    assert word_error_rate(reference, said) < 0.9, "weak, but it did listen"
    assert {message.role for message in finals(heard)} == {"clinician", "client"}
    ended = heard[-1]
    assert isinstance(ended, Ended)
    assert ended.receipt.recognizer == "pocketsphinx"
    check_receipt(ended, 45.0)
    with running.http as http:
        note = http.get(f"/v1/sessions/{session.id}/note").json()["note"]
    assert "often wrong" in note["provenance"]["recognizer_notice"]


def test_one_microphone_still_tells_two_speakers_apart(shared_server: RunningServer) -> None:
    if not whisper_is_here():
        pytest.skip("no Whisper model in SCRIBE_MODELS_DIR or ../shared/models")
    audio = sample_audio().mean(axis=1, keepdims=True, dtype=np.float32)
    _, heard = asyncio.run(streamed(shared_server, audio))
    truth = [turn for turn in sample_truth().turns if turn.end - turn.start > 1.0]
    right = 0
    for turn in truth:
        overlap: dict[str, float] = {}
        for message in finals(heard):
            both = min(turn.end, message.end) - max(turn.start, message.start)
            overlap[message.role] = overlap.get(message.role, 0.0) + max(0.0, both)
        right += max(overlap, key=lambda role: overlap[role]) == turn.role
    assert right / len(truth) > 0.8


def check_acknowledgements(heard: list[ServerMessage]) -> None:
    """Audio is acknowledged only after the words in it were told as final, and never taken back."""
    when_final = {
        m.id: index for index, m in enumerate(heard) if isinstance(m, UtteranceMessage) and m.is_final
    }
    ends = {m.id: m.end for m in heard if isinstance(m, UtteranceMessage) and m.is_final}
    committed = 0
    for index, message in enumerate(heard):
        if isinstance(message, Ack):
            assert committed <= message.committed <= message.received
            committed = message.committed
            assert all(when_final[name] < index for name, end in ends.items() if end * RATE <= committed)
    assert committed > 0


def check_receipt(ended: Ended, seconds: float) -> None:
    receipt = ended.receipt
    assert receipt.seconds_received == pytest.approx(seconds, abs=0.05)
    assert receipt.seconds_transcribed == pytest.approx(seconds, abs=0.05)
    assert receipt.seconds_discarded == receipt.seconds_received
    assert receipt.bytes_retained == 0


def check_note(running: RunningServer, session_id: str) -> None:
    """Review, sign and export; every statement rests on words that were said."""

    async def check() -> None:
        async with ScribeClient(running.url, TOKEN) as client:
            note = (await client.note(session_id)).note
            assert isinstance(note, DraftNote)
            lines = {line.id: line for line in (await client.transcript(session_id)).utterances}
            statements = [statement for section in note.sections for statement in section.statements]
            assert len(statements) >= 6
            for statement in statements:
                assert statement.evidence
                for evidence in statement.evidence:
                    assert lines[evidence.utterance].text[evidence.start : evidence.end] == evidence.quote
            assert any(section.status == "drafted" for section in note.sections)
            assert WATERMARK in await client.export(session_id, draft=True)
            http = running.http
            with http:
                refused = http.get(f"/v1/sessions/{session_id}/note/export")
                assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")
                for finding in note.blocking:
                    answer = http.patch(
                        f"/v1/sessions/{session_id}/note/findings/{finding.id}",
                        json={"resolution": "justified", "reason": "Checked against the transcript."},
                    )
                    assert answer.status_code == 200
                first = statements[0].id
                edit = {"text": "Client spoke of sleep."}
                edited = http.patch(f"/v1/sessions/{session_id}/note/statements/{first}", json=edit)
                assert edited.status_code == 200
            signed = (await client.sign(session_id, name="R. Diaz", credentials="LCSW")).note
            assert isinstance(signed, SignedNote)
            assert intact(signed)
            exported = await client.export(session_id)
            assert "Client spoke of sleep." in exported
            assert "R. Diaz, LCSW" in exported
            assert WATERMARK not in exported
            with running.http as http:
                again = http.patch(f"/v1/sessions/{session_id}/note/statements/{first}", json=edit)
                assert again.status_code == 409
                body = {
                    "kind": "correction",
                    "text": "Tuesday, not Monday.",
                    "author": "R. Diaz",
                    "credentials": "LCSW",
                }
                assert http.post(f"/v1/sessions/{session_id}/note/addenda", json=body).status_code == 201
            assert "Tuesday, not Monday." in await client.export(session_id, "text")

    asyncio.run(check())


def check_records(running: RunningServer, session_id: str) -> None:
    """The audit and the receipts verify offline, with the key of the data folder."""
    database = Database(f"sqlite:///{running.data_dir / 'scribe.db'}")
    store = Store(database, file_keys(running.data_dir))
    with contextlib.closing(database):
        audit = Audit(database, utc_now, store.signing_key)
        rows = audit.rows()
        assert first_broken(rows) is None
        told = " ".join(event for event, _ in rows)
        for action in ("session created", "stream opened", "note signed", "note exported", "addendum added"):
            assert action in told
        assert receipts_hold([store.receipt(session_id)], GENESIS)
        assert prove(audit.export(), store.signing_key.public).faults == ()
        assert store.session(session_id).checkpoint is None
