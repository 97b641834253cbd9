"""A recording through the server and back as a draft note: what `scribe transcribe` and `scribe demo` share.

Goes in: samples in memory, who took part and what they consented to. Comes out: the live words on the
terminal, the note and the discard receipt. It uses nothing but the public client.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from asr.types import SAMPLE_RATE
from scribe.client import ScribeClient, SessionStream
from scribe.session import Consent, NewSession, Participant, SessionContext
from scribe.terminal import Listening, print_note, print_receipt
from scribe.wire import Ended, ErrorMessage, NoteReady

FRAME_SAMPLES = SAMPLE_RATE // 4


def new_session(
    *,
    template: str,
    channels: int,
    consent: str,
    statement_version: str,
    modality: str = "",
    given_at: datetime | None = None,
) -> NewSession:
    """A session of one clinician and one client who both consented in the same way.

    With two channels the clinician is the first and the client the second.
    """
    two = channels == 2
    people = (
        Participant(id="clinician", role="clinician", channel=0 if two else None),
        Participant(id="client", role="client", channel=1 if two else None),
    )
    at = given_at or datetime.now(UTC)
    consents = tuple(
        Consent.model_validate(
            {
                "participant_id": person.id,
                "method": consent,
                "statement_version": statement_version,
                "given_at": at,
            }
        )
        for person in people
    )
    return NewSession(
        template=template, participants=people, consents=consents, context=SessionContext(modality=modality)
    )


async def hear(
    client: ScribeClient,
    new: NewSession,
    blocks: Iterator[NDArray[np.float32]],
    *,
    channels: int,
    seconds: float | None,
    console: Console,
) -> str | None:
    """Stream float32 [n, channels] blocks at 16 kHz through a new session; its id, None if no note came of it."""
    session = await client.create_session(new)
    stream = client.stream(session, channels=channels)
    note_ready = False
    async with stream:
        feeding = asyncio.create_task(_feed(stream, blocks))
        with Listening(console, seconds) as listening:
            try:
                async for message in stream:
                    listening.show(message)
                    match message:
                        case NoteReady(status=status):
                            note_ready = status == "ready"
                        case Ended(receipt=receipt):
                            ended = receipt
                        case ErrorMessage(detail=detail):
                            console.print(f"[red]{detail}[/red]")
                        case _:
                            pass
                await feeding
            finally:
                feeding.cancel()
                with suppress(asyncio.CancelledError):
                    await feeding
    if note_ready:
        print_note(console, (await client.note(session.id)).note)
    else:
        console.print("\nToo little was said for a note; nothing was drafted.")
    print_receipt(console, ended)
    return session.id if note_ready else None


async def _feed(stream: SessionStream, blocks: Iterator[NDArray[np.float32]]) -> None:
    while (block := await asyncio.to_thread(next, blocks, None)) is not None:
        for begin in range(0, len(block), FRAME_SAMPLES):
            frame = block[begin : begin + FRAME_SAMPLES]
            await stream.send((np.clip(frame, -1.0, 1.0) * 32767.0).astype("<i2").tobytes())
    await stream.stop()
