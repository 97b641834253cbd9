"""SCRIBE_URL=… SCRIBE_TOKEN=… python examples/two_channels.py clinician.wav client.wav

Each voice from a file of its own, as a telehealth platform has them: nobody has to be told apart.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import numpy as np
from common import connect, new_session, read_wav
from file import send

from scribe.client import ClientError
from scribe.wire import UtteranceMessage


def interleaved(first: bytes, second: bytes) -> bytes:
    """Two voices as two channels; the shorter one is silent at its end."""
    both = np.zeros((max(len(first), len(second)) // 2, 2), "<i2")
    for channel, voice in enumerate((first, second)):
        both[: len(voice) // 2, channel] = np.frombuffer(voice, "<i2")
    return both.tobytes()


async def main(clinician: Path, other: Path) -> None:
    """Both files must have one channel and the same rate."""
    (rate, *_, first), (_, *_, second) = read_wav(clinician), read_wav(other)
    async with connect() as client:
        session = await client.create_session(new_session(channels=2))
        async with (
            client.stream(session, sample_rate=rate, channels=2) as stream,
            asyncio.TaskGroup() as tasks,
        ):
            tasks.create_task(send(stream, interleaved(first, second)))
            async for message in stream:
                if isinstance(message, UtteranceMessage) and message.is_final:
                    print(f"{message.role}: {message.text}")


if __name__ == "__main__":
    try:
        asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
    except* ClientError as errors:
        sys.exit(str(errors.exceptions[0]))
