"""Our REST contract held against a running server by schemathesis, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from running import TOKEN, RunningServer

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "ignored_auth",
    "unsupported_method",
)


def holds(
    running: RunningServer,
    folder: Path,
    *,
    phases: str,
    examples: int,
    session: str | None = None,
    leave_out: Sequence[str] = (),
) -> str:
    """What schemathesis says; AssertionError with all of it where a call broke the contract or the server broke.

    `session` is the id that every call uses, made-up ones where it is None; `leave_out` are operations, by their ids.
    """
    config = folder / "schemathesis.toml"
    config.write_text(f"[parameters]\nsession_id = {json.dumps(session)}\n" if session else "")
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(config)),
        *("run", f"{running.url}/v1/openapi.json", "-H", f"Authorization: Bearer {TOKEN}"),
        *("--checks", ",".join(CHECKS), "--phases", phases, "--max-examples", str(examples)),
        *("--generation-deterministic", "--no-color", "--request-timeout", "60"),
    ]
    for operation in leave_out:
        command += ["--exclude-operation-id", operation]
    environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=560, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with running.http as http:
        assert http.get("/healthz").json() == {"status": "ok"}
    said = running.said.read_text()
    for word in ("Traceback", "a call failed"):
        assert word not in said, said[-2000:]
    return done.stdout
