"""Inputs that nobody sends on purpose: broken out of good ones, from a seed, so that each can be made again.

A target takes one random generator and gives how many inputs it fed; whatever it raises but an error of ours is a
find. A find is made again with the seed that is printed with it.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterator, Mapping
from random import Random

import numpy as np
from compressed import compressed

from asr.decoder import decode
from asr.errors import AsrError
from asr.incoming import Incoming
from scribe.errors import ScribeError
from scribe.sample import sample_audio
from scribe.stream import StreamProtocol
from scribe.wire import parse_server_message

START = {"type": "start", "encoding": "pcm_s16le", "sample_rate": 16000, "channels": 1}
MESSAGES = [
    json.dumps(message)
    for message in (
        START,
        {**START, "encoding": "opus_webm", "resume": True, "at": 16000, "facts": True},
        {**START, "encoding": "pcm_f32le", "channels": 2},
        {"type": "pause"},
        {"type": "resume"},
        {"type": "mark", "label": "breathing exercise"},
        {"type": "fact", "id": "u1:sleep", "status": "pinned"},
        {"type": "stop"},
        {"type": "ready", "resume_from": 0, "max_unacked_seconds": 30.0},
        {"type": "ack", "received": 1, "committed": 1},
        {"type": "error", "code": "idle", "detail": "x"},
    )
]
SPLINTERS = [
    *(
        '"',
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\\",
        "\\u0000",
        "\\ud800",
        "\x00",
        "\x1f",
        "\u202e",
        "\ufeff",
        "\ud800",
    ),
    *(
        "NaN",
        "Infinity",
        "-0",
        "1e999",
        "9" * 400,
        "0.1",
        "true",
        "null",
        '""',
        "[" * 500,
        '{"a":' * 200,
        "ß€😀",
    ),
    *(
        '"type"',
        '"start"',
        '"stop"',
        '"pause"',
        '"label"',
        '"at"',
        '"at":-1',
        '"type":"stop",',
        "x" * 3000,
        " " * 100,
    ),
]
NUMBERS = [
    b"\x00",
    b"\xff",
    b"\x7f",
    b"\x80",
    b"\xff\xff\xff\xff",
    b"\x00" * 8,
    b"\x7f\xc0\x00\x00",
    b"OggS",
    b"fLaC",
]
Target = Callable[[Random], int]


def broken_text(random: Random, text: str) -> str:
    """The text with up to four cuts, repeats and splinters."""
    for _ in range(random.randrange(5)):
        at, end = sorted((random.randrange(len(text) + 1), random.randrange(len(text) + 1)))
        piece = random.choice((random.choice(SPLINTERS), "", text[at:end] * 2, chr(random.randrange(0xD7FF))))
        text = text[:at] + piece + text[random.choice((at, end)) :]
    return text[:20_000]


def broken_bytes(random: Random, data: bytes) -> bytes:
    """The bytes with up to six flips, cuts, repeats and numbers out of range."""
    changed = bytearray(data)
    for _ in range(random.randrange(7)):
        at = random.randrange(len(changed) + 1)
        match random.randrange(5):
            case 0 if at < len(changed):
                changed[at] ^= 1 << random.randrange(8)
            case 1:
                changed[at : at + 4] = random.choice(NUMBERS)
            case 2:
                del changed[at : at + random.randrange(1, 64)]
            case 3:
                changed[at:at] = changed[at : at + random.randrange(1, 256)]
            case _:
                changed[at:at] = random.randbytes(random.randrange(1, 32))
    return bytes(changed)


def protocol(random: Random) -> int:
    """One stream, up to its refusal: text and binary frames in any order."""
    stream, fed = StreamProtocol(), 0
    if random.random() < 0.7:
        stream.receive_text(MESSAGES[random.randrange(3)])
        fed += 1
    try:
        for _ in range(random.randrange(1, 12)):
            fed += 1
            if random.random() < 0.3:
                stream.receive_bytes(bytes(random.choice((0, 1, 2, 3, 640, 3200, 65_536, 65_537))))
            elif random.random() < 0.5:
                stream.receive_text(random.choice(MESSAGES[3:8]))
            else:
                stream.receive_text(broken_text(random, random.choice(MESSAGES)))
    except ScribeError as error:
        if error.close_code == ScribeError.close_code:
            raise RuntimeError("a client's fault was taken for one of the server") from error
    return fed


def server_message(random: Random) -> int:
    """What a client reads."""
    try:
        parse_server_message(broken_text(random, random.choice(MESSAGES)))
    except ScribeError:
        pass
    return 1


def _seeds() -> Mapping[tuple[str, int], list[bytes]]:
    speech = sample_audio()[16_000 : 2 * 16_000 + 8_000]
    return {
        (encoding, channels): [compressed(encoding, speech[:, :channels])]
        for encoding in ("opus_webm", "opus_ogg", "flac")
        for channels in (1, 2)
    }


def incoming() -> Target:
    """A live stream in any encoding, cut anywhere: each piece is one input."""
    seeds = _seeds()
    pcm = (np.sin(np.arange(4_000) / 9) * 9_000).astype("<i2").tobytes()
    encodings = ["pcm_s16le", "pcm_f32le", "mulaw", "alaw", "opus_webm", "opus_ogg", "flac"]

    def target(random: Random) -> int:
        encoding, channels = random.choice(encodings), random.choice((1, 2))
        stream = Incoming(encoding, random.choice((8_000, 16_000, 44_100, 48_000)), channels)
        good = seeds[encoding, channels][0] if (encoding, channels) in seeds else pcm
        data, fed = broken_bytes(random, good), 0
        try:
            while data:
                size = random.choice((1, 7, 100, 640, 3_000, 20_000))
                piece, data = data[:size], data[size:]
                fed += 1
                for block in stream.push(piece):
                    assert np.isfinite(block).all()
            for block in stream.flush():
                assert np.isfinite(block).all()
        except AsrError:
            pass
        return fed

    return target


def recording() -> Target:
    """A whole recording, as it is uploaded."""
    seeds = [data for several in _seeds().values() for data in several]

    def target(random: Random) -> int:
        try:
            for block in decode(io.BytesIO(broken_bytes(random, random.choice(seeds)))).blocks:
                assert np.isfinite(block).all()
        except AsrError:
            pass
        return 1

    return target


def fuzz(name: str, target: Target, inputs: int, seed: int) -> str:
    """Feed at least so many inputs; a line with the rate. AssertionError names the seed of a find."""
    fed, runs, began = 0, 0, time.perf_counter()
    for runs in _naturals():
        if fed >= inputs:
            break
        try:
            fed += target(Random(seed + runs))
        except Exception as error:
            raise AssertionError(f"{name}, seed {seed + runs}: {type(error).__name__}: {error}") from error
    seconds = time.perf_counter() - began
    return f"{name}: {fed:,} inputs in {runs:,} runs, {seconds:.0f} s, {fed / seconds:,.0f} a second"


def _naturals() -> Iterator[int]:
    number = 0
    while True:
        yield number
        number += 1
