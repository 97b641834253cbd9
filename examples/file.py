"""SCRIBE_URL=http://127.0.0.1:8080 SCRIBE_TOKEN=… python examples/file.py session.wav

Streams a recording of one or two channels, prints the words and then the note's sections.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from common import connect, new_session, read_wav

from scribe.client import ClientError, SessionStream
from scribe.wire import UtteranceMessage


async def send(stream: SessionStream, pcm: bytes) -> None:
    """All of it, then the end."""
    await stream.send(pcm)
    await stream.stop()


async def main(path: Path) -> None:
    """Sound goes out while words come in."""
    rate, channels, pcm = read_wav(path)
    async with connect() as client:
        session = await client.create_session(new_session(channels))
        async with (
            client.stream(session, sample_rate=rate, channels=channels) as stream,
            asyncio.TaskGroup() as tasks,
        ):
            tasks.create_task(send(stream, pcm))
            async for message in stream:
                if isinstance(message, UtteranceMessage) and message.is_final:
                    print(f"{message.role}: {message.text}")
        for section in (await client.note(session.id)).note.sections:
            print(f"{section.title}: {section.status}")


if __name__ == "__main__":
    try:
        asyncio.run(main(Path(sys.argv[1])))
    except* ClientError as errors:
        sys.exit(str(errors.exceptions[0]))
