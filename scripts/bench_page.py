"""How heavy the clinician's page is and how soon it answers, in Debian's Chromium against a real server on loopback.

Prints one JSON line. `weight` is every file of the page; `interactive` is the time from the first request of a browser
that has nothing cached until the list of sessions is there and a click on it works; `long_session` is a review of four
hours of transcript: until its note and lines are there, and the frames while it scrolls (90th percentile).

    python scripts/bench_page.py
"""

from __future__ import annotations

import gzip
import json
import secrets
import statistics
import sys
import tempfile
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

from measuring.benching import commit, machine
from playwright.sync_api import Browser, Page, sync_playwright

from scribe.database import Database
from scribe.keys import file_keys
from scribe.session import NewSession, SpeakerAssignment, Step
from scribe.store import Store
from scribe.transcribe import new_session
from scribe.wire import TranscriptLine

sys.path.append(str(Path(__file__).parents[1] / "tests" / "support"))
from running import TOKEN, RunningServer, server

CHROMIUM = "/usr/bin/chromium"
RUNS = 7
LINES = 3600
LINE_SECONDS = 4.0
SAID = "I keep thinking about it at night and then I am tired the whole of the next day."
SCROLL = """list => new Promise(done => {
    const times = [];
    const step = now => {
        times.push(now);
        list.scrollTop += 900;
        if (times.length < 120) return requestAnimationFrame(step);
        done(times.slice(1).map((time, n) => time - times[n]).sort((a, b) => a - b));
    };
    requestAnimationFrame(step);
})"""


def weight() -> dict[str, int]:
    """Bytes of the page's files, as they are and compressed one by one."""
    contents = [
        entry.read_bytes()
        for entry in files("scribe.web").iterdir()
        if not entry.name.endswith(".py") and entry.is_file()
    ]
    return {
        "files": len(contents),
        "bytes": sum(map(len, contents)),
        "gzip_bytes": sum(len(gzip.compress(content)) for content in contents),
    }


def long_session(running: RunningServer) -> str:
    """A session of four hours in review, with the note that the server drafts of it."""
    database = Database(f"sqlite:///{running.data_dir / 'scribe.db'}")
    store = Store(database, file_keys(running.data_dir))
    session_id, now = secrets.token_hex(8), datetime.now(UTC)
    new: NewSession = new_session(
        template="soap",
        channels=2,
        consent="verbal",
        statement_version="1",
        modality="individual psychotherapy",
    )
    store.create_session(session_id, new, now)
    for what in (Step.CONSENTED, Step.OPENED):
        store.advance(session_id, what, now)
    lines = [
        TranscriptLine(
            id=f"u{n}",
            speaker="SPEAKER_01",
            role="client",
            start=LINE_SECONDS * n,
            end=LINE_SECONDS * n + 3,
            text=SAID,
            words=(),
        )
        for n in range(LINES)
    ]
    client = next(person.id for person in new.participants if person.role == "client")
    speakers = {"SPEAKER_01": SpeakerAssignment(participant_id=client, confidence=1.0)}
    store.commit_words(
        session_id, lines, checkpoint=(int(16_000 * LINE_SECONDS * LINES), b""), channels=2, speakers=speakers
    )
    store.advance(session_id, Step.STOPPED, now)
    database.close()
    with running.http as http:
        http.post(f"/v1/sessions/{session_id}/note", json={}).raise_for_status()
    return session_id


def fresh(browser: Browser, running: RunningServer) -> Page:
    """A signed-in browser with nothing in its cache."""
    context = browser.new_context(viewport={"width": 1280, "height": 860}, reduced_motion="reduce")
    assert context.request.post(f"{running.url}/v1/sign-in", data={"token": TOKEN}).status == 204
    return context.new_page()


def since_request(page: Page) -> float:
    """Milliseconds since the page was asked for."""
    return float(page.evaluate("performance.now()"))


def interactive(browser: Browser, running: RunningServer) -> float:
    page = fresh(browser, running)
    page.goto(running.url, wait_until="commit")
    page.get_by_role("button", name="New session").click()
    taken = since_request(page)
    page.context.close()
    return taken


def opened(browser: Browser, running: RunningServer, session_id: str) -> tuple[float, list[float]]:
    page = fresh(browser, running)
    page.goto(f"{running.url}/#/session/{session_id}", wait_until="commit")
    page.locator(".line").nth(LINES - 1).wait_for(state="attached")
    page.locator(".part .statement").first.wait_for()
    taken, frames = since_request(page), page.locator(".lines").evaluate(SCROLL)
    page.context.close()
    return taken, frames


def main() -> None:
    """Measure, and print what was found."""
    with (
        tempfile.TemporaryDirectory(prefix="scribe-bench-page-") as folder,
        server(Path(folder) / "data") as running,
    ):
        session_id = long_session(running)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            soon = [interactive(browser, running) for _ in range(RUNS)]
            taken, frames = opened(browser, running, session_id)
            browser.close()
    found = {
        "commit": commit(),
        "machine": machine(),
        "weight": weight(),
        "interactive_ms": {
            "median": round(statistics.median(soon)),
            "slowest": round(max(soon)),
            "runs": RUNS,
        },
        "long_session": {
            "lines": LINES,
            "open_ms": round(taken),
            "frame_p90_ms": round(frames[int(len(frames) * 0.9)], 1),
        },
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
