"""A recording sent as a request body."""

from __future__ import annotations

import io
import json
import socket
import wave
from collections.abc import Iterator

import httpx
import pytest
from compressed import compressed
from running import TOKEN, RunningServer, consented, whisper_is_here

from scribe.sample import sample_audio
from scribe.upload import Body

Events = list[tuple[str, dict[str, object]]]


def events(answer: httpx.Response) -> Iterator[tuple[str, dict[str, object]]]:
    kind = ""
    for line in answer.iter_lines():
        if line.startswith("event: "):
            kind = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield kind, json.loads(line.removeprefix("data: "))


def wav(seconds: float) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(16_000)
        out.writeframes((sample_audio()[: int(16_000 * seconds)] * 32767).astype("<i2").tobytes())
    return file.getvalue()


def sent(http: httpx.Client, body: bytes, **options: object) -> tuple[str, Events]:
    session = http.post("/v1/sessions", json=consented(channels=2).model_dump(mode="json")).json()["id"]

    def pieces() -> Iterator[bytes]:
        for begin in range(0, len(body), 50_000):
            yield body[begin : begin + 50_000]

    with http.stream("POST", f"/v1/sessions/{session}/audio", content=pieces()) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        return session, list(events(answer))


@pytest.mark.skipif(not whisper_is_here(), reason="no Whisper model in SCRIBE_MODELS_DIR or ../shared/models")
def test_a_recording_gives_progress_words_a_receipt_and_a_note(http: httpx.Client) -> None:
    session, told = sent(http, wav(60))
    kinds = [kind for kind, _ in told]
    assert kinds[0] == "ready"
    assert kinds[-2:] == ["note", "ended"]
    assert kinds.count("ack") > 3
    receipt = told[-1][1]["receipt"]
    assert isinstance(receipt, dict)
    assert receipt["seconds_received"] == 60.0
    assert receipt["bytes_retained"] == 0
    lines = http.get(f"/v1/sessions/{session}/transcript").json()["utterances"]
    assert {line["role"] for line in lines} == {"clinician", "client"}


@pytest.mark.parametrize("body", [b"no recording", b"", wav(3)[:20]])
def test_a_body_that_is_no_recording_is_said_so_and_changes_nothing(http: httpx.Client, body: bytes) -> None:
    session, told = sent(http, body)
    assert [(kind, message["code"]) for kind, message in told] == [("error", "audio_undecodable")]
    assert http.get(f"/v1/sessions/{session}").json()["state"] == "ready"


def test_a_flac_of_which_a_tenth_of_a_second_cannot_be_read_is_said_to_be_damaged(http: httpx.Client) -> None:
    whole = compressed("flac", sample_audio()[: 16_000 * 8])
    _, told = sent(http, whole)
    assert told[-1][0] == "ended"
    half = len(whole) // 2
    _, told = sent(http, whole[:half] + bytes(500) + whole[half + 500 :])
    assert (told[-1][0], told[-1][1]["code"]) == ("error", "audio_undecodable")
    assert "damaged" in str(told[-1][1]["detail"])


def test_without_consent_not_one_byte_is_taken(http: httpx.Client) -> None:
    body = consented(consents=False).model_dump(mode="json")
    session = http.post("/v1/sessions", json=body).json()["id"]
    answer = http.post(f"/v1/sessions/{session}/audio", content=wav(1))
    assert (answer.status_code, answer.json()["code"]) == (403, "no_valid_consent")


def test_a_sender_that_goes_away_can_send_again_and_nothing_is_said_twice(
    shared_server: RunningServer,
) -> None:
    body = wav(40)
    with shared_server.http as http:
        session = http.post("/v1/sessions", json=consented(channels=2).model_dump(mode="json")).json()["id"]
        address = httpx.URL(shared_server.url)
        with socket.create_connection((address.host, address.port or 80)) as raw:
            head = (
                f"POST /v1/sessions/{session}/audio HTTP/1.1\r\nHost: {address.netloc.decode()}\r\n"
                f"Authorization: Bearer {TOKEN}\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            raw.sendall(head.encode() + body[: len(body) // 2])
            assert raw.recv(100).startswith(b"HTTP/1.1 200")
        state = "recording"
        while state in ("ready", "recording"):  # until the server noticed
            state = http.get(f"/v1/sessions/{session}").json()["state"]
        assert state == "interrupted"
        assert "scribe_streams 0.0" in http.get("/metrics").text
        with http.stream("POST", f"/v1/sessions/{session}/audio", content=body) as answer:
            again = list(events(answer))
        receipt = again[-1][1]["receipt"]
        assert isinstance(receipt, dict)
        assert receipt["seconds_received"] == 40.0
        lines = http.get(f"/v1/sessions/{session}/transcript").json()["utterances"]
        assert len({(line["speaker"], line["start"]) for line in lines}) == len(lines) > 4


def test_a_body_is_read_in_order_whatever_the_sizes() -> None:
    import asyncio

    async def check() -> None:
        body = Body()
        for piece in (b"ab", b"cdefg"):
            await body.put(piece)
        body.finish()
        read = await asyncio.to_thread(lambda: [body.read(3) for _ in range(4)])
        assert read == [b"ab", b"cde", b"fg", b""]

    asyncio.run(check())
