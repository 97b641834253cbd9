"""The Autobahn suite against the WebSocket layer with the server's own configuration; prints the cases by verdict.

The suite runs on Python 2.7 alone, so it has an environment of its own:
`python2.7 -m pip install virtualenv`, `python2.7 -m virtualenv ENV`, `ENV/bin/pip install autobahntestsuite==25.10.1`;
then `make autobahn ARGS=ENV/bin/wstest`. Compression (12.*, 13.*) is left out, as the server offers none. Messages
over the server's limit must be refused with close code 1009, and the suite calls that a failure: what it finds there
is compared with the sizes it sent.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from starlette.types import Receive, Scope, Send

from scribe.listening import listen, uvicorn_server

TOO_LARGE = 1009
SOUND = {"OK", "NON-STRICT", "INFORMATIONAL"}
KNOWN = {"7.1.5": 1002}
"""A close frame in the middle of a message: the library takes the message's missing end for a fault (1002)."""


async def echo(_scope: Scope, receive: Receive, send: Send) -> None:
    """Send back what comes."""
    while (message := await receive())["type"] != "websocket.disconnect":
        if message["type"] == "websocket.connect":
            await send({"type": "websocket.accept"})
        else:
            await send({**message, "type": "websocket.send"})


async def suite(wstest: str, folder: Path) -> dict[str, dict[str, Any]]:
    """Every case's report by its number."""
    logging.disable(logging.ERROR)  # each case that sends what is no UTF-8 has its line
    listener = listen("127.0.0.1", 0)
    listener.listen(128)
    server = uvicorn_server(echo)
    server.config.lifespan = "off"
    serving = asyncio.create_task(server.serve([listener]))
    spec = {
        "outdir": str(folder / "reports"),
        "servers": [{"agent": "scribe", "url": f"ws://127.0.0.1:{listener.getsockname()[1]}"}],
        "cases": ["*"],
        "exclude-cases": ["12.*", "13.*"],
        "exclude-agent-cases": {},
    }
    (folder / "spec.json").write_text(json.dumps(spec))
    try:
        process = await asyncio.create_subprocess_exec(
            wstest,
            *("--mode", "fuzzingclient", "--spec", str(folder / "spec.json")),
            cwd=folder,
            stdout=asyncio.subprocess.DEVNULL,
        )
        await process.wait()
    finally:
        server.should_exit = True
        await serving
    index = json.loads((folder / "reports" / "index.json").read_text())["scribe"]
    return {
        case: json.loads((folder / "reports" / found["reportfile"]).read_text())
        for case, found in index.items()
    }


def main() -> None:
    """Run, count, and say what is not sound."""
    if len(sys.argv) != 2:
        sys.exit(
            'Say where the suite is: make autobahn ARGS=…/bin/wstest (see the head of "scripts/autobahn.py").'
        )
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(suite(sys.argv[1], Path(folder)))
    verdicts: Counter[str] = Counter()
    unsound = []
    for case, report in sorted(found.items(), key=lambda item: [int(part) for part in item[0].split(".")]):
        verdict = report["behavior"]
        if verdict not in SOUND and report["remoteCloseCode"] == TOO_LARGE:
            verdict = "refused as too large"
        elif verdict not in SOUND and KNOWN.get(case) == report["remoteCloseCode"]:
            verdict = "known"
        elif verdict not in SOUND:
            unsound.append(f"{case}: {verdict}: {report['description'][:100]}; {report['result'][:200]}")
        verdicts[verdict] += 1
    print(f"{len(found)} cases: " + ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items()))
    for line in unsound:
        print(line)
    sys.exit(bool(unsound))


if __name__ == "__main__":
    main()
