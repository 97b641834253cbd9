"""What the documents show is what happens."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from running import TOKEN, RunningServer

from scribe.cli import app as command_line
from scribe.sample import sample_audio

ROOT = Path(__file__).parents[2]


def test_the_example_of_the_readme_runs(
    shared_server: RunningServer, capsys: pytest.CaptureFixture[str]
) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    names: dict[str, object] = {}
    exec(compile(example, "README.md", "exec"), names)
    audio = sample_audio()[: 60 * 16_000].mean(axis=1)
    main = names["main"]
    assert callable(main)
    asyncio.run(main(shared_server.url, TOKEN, (audio * 32767).astype("<i2").tobytes()))
    printed = capsys.readouterr().out
    assert "clinician" in printed
    assert "NoteSection" in printed


def test_every_command_of_the_readme_exists() -> None:
    known = {command.name or command.callback.__name__ for command in command_line.registered_commands}
    known |= {group.name for group in command_line.registered_groups}
    shown = set(re.findall(r"^scribe ([a-z]+)", (ROOT / "README.md").read_text(), re.M))
    assert shown
    assert shown <= known


def test_every_link_of_the_documents_leads_somewhere() -> None:
    for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_every_call_is_in_the_contract_page(shared_server: RunningServer) -> None:
    page = (ROOT / "docs" / "protocol.md").read_text()
    with shared_server.http as http:
        paths = http.get("/v1/openapi.json").json()["paths"]
    assert len(paths) > 15
    for path, calls in paths.items():
        tail = re.sub(r"\{[^}]*\}", "", path.rpartition("/v1/sessions")[2]).strip("/")
        for part in (piece for piece in tail.split("/") if piece):
            assert part in page, path
        for method in calls:
            assert method.upper() in page
