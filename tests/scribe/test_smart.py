"""A signed note sent to a health record: by SMART Backend Services, to a server that really checks, over a socket."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from health_record import CLIENT_ID, HealthRecord, health_record
from notes_of_record import HOSTILE, heading_of, note_of
from running import StartServer, consented, environment

from scribe.database import Database
from scribe.errors import BadRequest, NotSent
from scribe.fhir import fhir_bundle
from scribe.keys import file_keys
from scribe.session import Step
from scribe.smart import Credentials
from scribe.smart import HealthRecord as Record
from scribe.store import Store

RSA = rsa.generate_private_key(65537, 2048)
OTHER_RSA = rsa.generate_private_key(65537, 2048)
P384 = ec.generate_private_key(ec.SECP384R1())
P256 = ec.generate_private_key(ec.SECP256R1())
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
BUNDLE = fhir_bundle(note_of("soap", "signed"), heading_of("soap"))


def pem(key: Key) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def record() -> Iterator[HealthRecord]:
    with health_record() as running:
        running.keys = {"rsa": RSA.public_key(), "ec": P384.public_key()}
        yield running


def sent(
    record: HealthRecord, *, key: Key = RSA, key_id: str = "rsa", bundle: Any = BUNDLE, clock: Any = now
) -> tuple[str, ...]:
    credentials = Credentials(CLIENT_ID, pem(key), key_id)
    return asyncio.run(Record(record.url, credentials, clock).send(bundle))


@pytest.mark.parametrize(("key", "key_id"), [(RSA, "rsa"), (P384, "ec")])
def test_a_note_is_taken_and_sending_it_again_changes_nothing(
    record: HealthRecord, key: Key, key_id: str
) -> None:
    assert set(sent(record, key=key, key_id=key_id)) == {"201 Created"}
    kept = dict(record.kept)
    assert set(sent(record, key=key, key_id=key_id)) == {"200 OK"}
    assert record.kept == kept
    assert len(kept) == len(BUNDLE["entry"])


def test_what_was_added_since_is_new_and_the_rest_is_brought_up_to_date(record: HealthRecord) -> None:
    sent(record)
    added = fhir_bundle(note_of("soap", "added"), heading_of("soap"))
    statuses = sent(record, bundle=added)
    assert statuses.count("201 Created") == 3
    found = [resource for resource in record.kept.values() if resource["resourceType"] == "Composition"]
    assert [composition["status"] for composition in found] == ["amended"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"key": P384, "key_id": "rsa"}, "gave no token"),
        ({"key": OTHER_RSA}, "gave no token"),
        ({"clock": lambda: now() + timedelta(minutes=30)}, "gave no token"),
        ({"clock": lambda: now() - timedelta(minutes=30)}, "gave no token"),
        ({"bundle": BUNDLE | {"type": "document"}}, r"status 400 \(invalid\)"),
        ({"bundle": BUNDLE | {"entry": [{"fullUrl": 4}]}}, r"status 422 \(structure\)"),
        ({"bundle": BUNDLE | {"entry": BUNDLE["entry"][:1] * 2}}, r"status 422 \(not-found\)"),
    ],
)
def test_a_record_that_does_not_take_it_is_told_in_one_sentence(
    record: HealthRecord, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(NotSent, match=words):
        sent(record, **options)
    assert record.kept == {}


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("no tls", "without TLS; nothing was sent"),
        ("passwords only", "no private_key_jwt"),
        ("in part", "in part"),
    ],
)
def test_a_record_that_misbehaves_is_not_believed(record: HealthRecord, fault: str, words: str) -> None:
    record.fault = fault
    with pytest.raises(NotSent, match=words):
        sent(record)
    if fault != "in part":
        assert record.asked == ["GET /fhir/.well-known/smart-configuration"], "nothing was sent"


def test_what_a_record_says_of_the_note_reaches_no_error(record: HealthRecord) -> None:
    record.fault = "says the note"
    with pytest.raises(NotSent) as told:
        sent(record)
    assert told.value.detail.count("(business-rule)") == 1
    assert "Łukasz" not in told.value.detail
    assert HOSTILE[:10] not in told.value.detail


def test_nothing_is_sent_in_clear_beyond_this_machine_nor_signed_with_another_kind_of_key() -> None:
    good = Credentials(CLIENT_ID, pem(RSA))
    for url in ("http://record.example/fhir", "ftp://127.0.0.1/", "record.example"):
        with pytest.raises(BadRequest, match="https address"):
            Record(url, good, now)
    for key in (pem(P256), "no key at all", ""):
        with pytest.raises(BadRequest, match="RSA, or EC on the curve P-384"):
            Record("https://record.example/fhir", Credentials(CLIENT_ID, key), now)
    assert "PRIVATE" not in repr(good)


def test_a_record_that_is_not_there_is_told_in_one_sentence() -> None:
    with health_record() as gone:
        url = gone.url
    with pytest.raises(NotSent, match="was not reached"):
        asyncio.run(Record(url, Credentials(CLIENT_ID, pem(RSA)), now).send(BUNDLE))


# --- the command -----------------------------------------------------------------------------------------


def pushed(folder: Path, record: HealthRecord, *more: str) -> subprocess.CompletedProcess[str]:
    (folder / "key.pem").write_text(pem(RSA))
    options = ("--to", record.url, "--client-id", CLIENT_ID, "--key", "key.pem", "--key-id", "rsa")
    return subprocess.run(
        [sys.executable, "-m", "scribe", "push", "s1", *options, *more],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
        cwd=folder,
        env=environment(folder / "data"),
    )


@pytest.mark.faults
def test_the_command_sends_a_signed_note_of_a_known_client_and_no_other(
    tmp_path: Path, start_server: StartServer, record: HealthRecord
) -> None:
    with start_server(asr="pocketsphinx").http as http:
        database = Database(f"sqlite:///{tmp_path / 'data' / 'scribe.db'}")
        store = Store(database, file_keys(tmp_path / "data"))
        store.create_session("s1", consented(), now(), owner="local", made_by="local")
        for step in (Step.CONSENTED, Step.OPENED, Step.STOPPED):
            store.advance("s1", step, now())
        store.save_note("s1", lambda _: note_of("soap", "draft"), Step.DRAFTED, now())
        refused = pushed(tmp_path, record, "--patient", "Patient/9", "--yes")
        assert refused.returncode == 1
        assert "not signed" in refused.stderr
        store.save_note("s1", lambda _: note_of("soap", "signed"), Step.SIGNED, now())

        for form, begins in (("pdf", b"%PDF-"), ("docx", b"PK"), ("hl7v2", b"MSH|"), ("fhir", b"{")):
            answer = http.get("/v1/sessions/s1/note/export", params={"format": form})
            assert answer.status_code == 200, answer.text
            assert answer.content.startswith(begins)
            assert re.search(r'filename="note-s1\.[a-z0-9.]+"', answer.headers["Content-Disposition"])
        assert answer.json()["entry"][0]["resource"]["type"]["coding"][0]["code"] == "11506-3"
        told = http.get("/v1/sessions/s1/transcript/healthscribe").json()
        assert told["Conversation"]["SessionId"] == "s1"

        nobody = pushed(tmp_path, record, "--yes")
        assert (nobody.returncode, record.asked) == (1, [])
        assert "whose record the note belongs to" in " ".join(nobody.stderr.split())
        done = pushed(tmp_path, record, "--patient", "Patient/9", "--yes")
        assert (done.returncode, done.stderr) == (0, "Sent: 5 resources (201 Created).\n")
        subjects = [resource.get("subject") for resource in record.kept.values()]
        assert {subject["reference"] for subject in subjects if subject} == {"Patient/9"}
        actions = [event["action"] for event in http.get("/v1/audit").json()]
        assert actions.count("note exported") == 6
        database.close()
