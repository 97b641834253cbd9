"""The REST contract held against a running server at length: with made-up ids, and with a session that has a note."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from compressed import compressed
from contract import holds
from running import consented, server

from scribe.sample import sample_audio


@pytest.mark.faults
@pytest.mark.timeout(600)
def test_a_running_server_holds_to_its_contract_whatever_is_sent(tmp_path: Path) -> None:
    with server(tmp_path / "data", asr="pocketsphinx") as running:
        print(holds(running, tmp_path, phases="coverage,fuzzing", examples=30)[-600:])  # noqa: T201


@pytest.mark.faults
@pytest.mark.timeout(600)
def test_a_session_with_a_note_holds_to_the_contract_too(tmp_path: Path) -> None:
    with server(tmp_path / "data", asr="pocketsphinx") as running:
        with running.http as http:
            session = http.post("/v1/sessions", json=consented(channels=2).model_dump(mode="json")).json()[
                "id"
            ]
            sound = compressed("flac", np.ascontiguousarray(sample_audio()[: 40 * 16_000]))
            heard = http.post(f"/v1/sessions/{session}/audio", content=io.BytesIO(sound).read(), timeout=300)
            assert "event: ended" in heard.text, heard.text[-500:]
            assert http.get(f"/v1/sessions/{session}/note").status_code == 200
        gone = [
            "shred_session_v1_sessions__session_id__delete",
            "revoke_consent_v1_sessions__session_id__consents__participant_id__delete",
        ]
        print(holds(running, tmp_path, phases="fuzzing", examples=30, session=session, leave_out=gone)[-600:])  # noqa: T201
