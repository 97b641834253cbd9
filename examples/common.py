"""What the examples share: a session of a clinician and a client who agreed to everything, and WAV files."""

from __future__ import annotations

import os
import wave
from datetime import UTC, datetime
from pathlib import Path

from scribe.client import ScribeClient
from scribe.session import Consent, NewSession, Participant


def connect() -> ScribeClient:
    """The server that SCRIBE_URL and SCRIBE_TOKEN name."""
    return ScribeClient(os.environ["SCRIBE_URL"], os.environ["SCRIBE_TOKEN"])


def new_session(channels: int = 1) -> NewSession:
    """With two channels the clinician has the first and the client the second."""
    apart = channels == 2
    people = (
        Participant(id="t1", role="clinician", channel=0 if apart else None),
        Participant(id="c1", role="client", channel=1 if apart else None),
    )
    given = datetime.now(UTC)
    consents = tuple(
        Consent(participant_id=person.id, method="electronic", statement_version="2026-03", given_at=given)
        for person in people
    )
    return NewSession(participants=people, consents=consents)


def read_wav(path: Path) -> tuple[int, int, bytes]:
    """Sample rate, channels and 16-bit samples of a WAV file."""
    with wave.open(str(path), "rb") as file:
        if file.getsampwidth() != 2:
            raise SystemExit(f"{path} is no 16-bit WAV file; convert it first.")
        return file.getframerate(), file.getnchannels(), file.readframes(file.getnframes())
