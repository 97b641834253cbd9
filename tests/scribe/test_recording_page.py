"""The page while it records: Debian's Chromium with the sample session as its microphone, and a real server."""

from __future__ import annotations

import asyncio
import socket
import wave
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright
from proxy import Proxy, proxy
from running import TOKEN, RunningServer, consented, server, whisper_is_here

from scribe.sample import sample_audio

CHROMIUM = "/usr/bin/chromium"
RATE = 16_000
SPOKEN_SECONDS = 30
LONG_MS = 60_000

pytestmark = [
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason=f"{CHROMIUM} is not installed"),
    pytest.mark.skipif(
        not whisper_is_here(), reason="no Whisper model in SCRIBE_MODELS_DIR or ../shared/models"
    ),
]


@pytest.fixture(scope="module")
def microphone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A WAV file that the browser takes for what its microphone hears."""
    path = tmp_path_factory.mktemp("microphone") / "session.wav"
    mono = sample_audio()[: SPOKEN_SECONDS * RATE].mean(axis=1) * 1.6
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(mono, -1, 1) * 32767).astype("<i2").tobytes())
    return path


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    expect.set_options(timeout=LONG_MS)
    with sync_playwright() as playwright:
        yield playwright
    expect.set_options(timeout=5_000)


@pytest.fixture
def browser(playwright: Playwright, microphone: Path) -> Iterator[Browser]:
    """A browser of its own for each test, so that its microphone begins at the beginning."""
    flags = [
        "--no-sandbox",
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={microphone}%noloop",
    ]
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
    yield browser
    browser.close()


@dataclass
class Room:
    """A server that can be killed and started again at the same address, and a signed-in page."""

    data: Path
    port: int
    stack: ExitStack
    browser: Browser
    running: RunningServer = field(init=False)
    faults: list[str] = field(default_factory=list)

    def start(self, **settings: str) -> None:
        self.running = self.stack.enter_context(server(self.data, port=str(self.port), **settings))

    def sign_in(self, context: BrowserContext) -> None:
        answer = context.request.post(f"{self.running.url}/v1/sign-in", data={"token": TOKEN})
        assert answer.status == 204

    def context(self) -> BrowserContext:
        context = self.browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
        context.set_default_timeout(LONG_MS)
        self.sign_in(context)
        return context

    def page(self) -> Page:
        page = self.context().new_page()
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda m: self.faults.append(m.text) if "Content Security" in m.text else None)
        return page

    def session(self) -> str:
        with self.running.http as http:
            made = http.post("/v1/sessions", json=consented().model_dump(mode="json"))
        return str(made.json()["id"])

    def recording(self, session_id: str) -> Page:
        """The page of a session whose recording has begun."""
        page = self.page()
        page.goto(f"{self.running.url}/#/session/{session_id}/record")
        page.get_by_role("button", name="Start recording").click()
        expect(page.locator(".link.live")).to_be_visible()
        return page

    def transcript(self, session_id: str) -> str:
        with self.running.http as http:
            lines = http.get(f"/v1/sessions/{session_id}/transcript").json()["utterances"]
        return " ".join(line["text"] for line in lines)


@pytest.fixture
def room(tmp_path: Path, browser: Browser) -> Iterator[Room]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with ExitStack() as stack:
        room = Room(tmp_path / "data", port, stack, browser)
        room.start()
        yield room
        assert room.faults == []


def finals(page: Page) -> Callable[[int], None]:
    """Wait until so many final lines are shown."""
    return lambda count: expect(page.locator(".line:not(.partial)").nth(count - 1)).to_be_visible(
        timeout=LONG_MS
    )


def end(page: Page) -> None:
    page.get_by_role("button", name="End the session").click()
    page.get_by_role("dialog").get_by_role("button", name="End the session").click()
    expect(page.locator(".note-side h1")).to_be_visible()


def begin(page: Page, client: str) -> str:
    """A new session with everybody's consent, given at the page; it stands at the recording."""
    page.get_by_role("button", name="New session").click()
    page.get_by_label("Name or initials").nth(1).fill(client)
    for who in ("Clinician", client):
        page.get_by_label(f"{who} has read or heard").check()
    page.get_by_role("button", name="Consent is complete").click()
    expect(page.get_by_role("button", name="Start recording")).to_be_visible()
    return page.url.rpartition("/session/")[2].removesuffix("/record")


def test_the_whole_way_from_consent_to_an_addendum_over_a_killed_server(room: Room) -> None:
    page = room.page()
    page.goto(room.running.url)
    session_id = begin(page, "Q. T.")
    page.get_by_role("button", name="Start recording").click()
    finals(page)(2)
    room.running.kill()
    expect(page.locator(".link.cut")).to_be_visible()
    room.start()
    expect(page.locator(".link.live")).to_be_visible()
    finals(page)(5)
    end(page)
    said = room.transcript(session_id)
    for words in ("Hello, it is good to see you again", "how have you been sleeping", "four hours"):
        assert words in said
    expect(page.get_by_text("DRAFT", exact=False).first).to_be_visible()
    sentence = page.locator(".part .statement").filter(has=page.locator(".cite")).first
    sentence.hover()
    expect(page.locator(".used.lit").first).to_be_in_viewport()
    sentence.get_by_role("button", name="Edit").click()
    page.keyboard.type(" Said twice.")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Edited by you").first).to_be_visible()
    for detail in page.locator(".finding.blocking").all():
        detail.get_by_text("Give a reason…").click()
        detail.get_by_role("textbox").fill("As it was said.")
        detail.get_by_role("button", name="Keep with this reason").click()
    page.get_by_role("textbox", name="Name", exact=True).fill("Dr. Ada Quill")
    page.get_by_role("textbox", name="Credentials", exact=True).fill("LCSW")
    page.get_by_label("Access token").fill(TOKEN)
    page.get_by_label("I have reviewed this note").check()
    page.get_by_role("button", name="Sign the note").click()
    expect(page.locator(".signature")).to_contain_text("Dr. Ada Quill, LCSW")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save as Text").click()
    text = Path(saved.value.path()).read_text("utf-8")
    assert "Said twice." in text
    assert "DRAFT" not in text
    page.get_by_text("Add to this note").click()
    page.get_by_role("textbox", name="Text").fill("The doctor was called.")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".addenda li")).to_contain_text("The doctor was called.")


@contextmanager
def proxied(target: int) -> Iterator[Callable[[Callable[[Proxy], None]], int]]:
    """A network to the server that can be changed from here: gives a way to act on the proxy, which gives its port."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever)
    thread.start()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    running = proxy(port, target)
    between = asyncio.run_coroutine_threadsafe(running.__aenter__(), loop).result()

    def act(change: Callable[[Proxy], None]) -> int:
        done = Future[None]()

        def now() -> None:
            change(between)
            done.set_result(None)

        loop.call_soon_threadsafe(now)
        done.result()
        return port

    try:
        yield act
    finally:
        asyncio.run_coroutine_threadsafe(running.__aexit__(None, None, None), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.mark.faults
def test_a_network_that_is_cut_and_one_that_stands_still_lose_no_word(room: Room) -> None:
    room.running.kill()
    room.start(allowed_hosts="127.0.0.1")
    session_id = room.session()
    with proxied(room.port) as act:
        page = room.page()
        page.goto(f"http://127.0.0.1:{act(Proxy.cut)}/#/session/{session_id}/record")
        page.get_by_role("button", name="Start recording").click()
        expect(page.locator(".link.live")).to_be_visible()
        finals(page)(1)
        act(Proxy.cut)
        expect(page.locator(".link.cut")).to_be_visible()
        expect(page.locator(".link.live")).to_be_visible()
        finals(page)(2)
        act(lambda between: between.weather.still.clear())
        expect(page.get_by_text("Stored: everything but the last")).to_be_visible()
        page.evaluate("() => new Promise(done => setTimeout(done, 3000))")
        act(lambda between: between.weather.still.set())
        finals(page)(4)
        end(page)
    said = room.transcript(session_id)
    for words in ("Hello, it is good to see you again", "how have you been sleeping"):
        assert said.count(words) == 1


@pytest.mark.faults
def test_what_is_said_off_the_record_is_not_heard(room: Room) -> None:
    session_id = room.session()
    page = room.recording(session_id)
    finals(page)(1)
    page.get_by_role("button", name="Pause (off the record)").click()
    expect(page.get_by_text("Off the record. Nothing is heard")).to_be_visible()
    clock = page.locator(".clock").inner_text()
    for _ in range(5):
        # The browser's own clock passes while sound goes on coming in.
        page.evaluate("() => new Promise(done => setTimeout(done, 200))")
    assert page.locator(".clock").inner_text() == clock
    page.get_by_role("button", name="Go on, on the record").click()
    finals(page)(3)
    with room.running.http as http:
        marks = http.get(f"/v1/sessions/{session_id}/transcript").json()["marks"]
    assert [mark["kind"] for mark in marks] == ["pause", "resume"]


@pytest.mark.faults
def test_a_reload_goes_on_where_the_session_was(room: Room) -> None:
    session_id = room.session()
    page = room.recording(session_id)
    finals(page)(2)
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    page.get_by_role("button", name="Go on recording").click()
    expect(page.locator(".link.live")).to_be_visible()
    expect(page.locator(".line").filter(has_text="good to see you")).to_have_count(1)
    end(page)


@pytest.mark.faults
def test_revoked_consent_stops_the_recording_and_says_so(room: Room) -> None:
    session_id = room.session()
    page = room.recording(session_id)
    finals(page)(1)
    with room.running.http as http:
        assert http.delete(f"/v1/sessions/{session_id}/consents/pt").status_code == 204
    expect(page.get_by_role("alert").filter(has_text="revoked").first).to_be_visible()
    expect(page.get_by_role("button", name="End the session")).to_have_count(0)


@pytest.mark.faults
def test_a_sign_in_that_ends_in_mid_recording_loses_no_word(room: Room) -> None:
    room.running.kill()
    room.start(stream_token_minutes="0.05")
    session_id = room.session()
    page = room.recording(session_id)
    finals(page)(1)
    page.context.clear_cookies()
    room.running.kill()
    room.start(stream_token_minutes="0.05")
    expect(page.locator(".link.signed_out")).to_be_visible()
    room.sign_in(page.context)
    expect(page.locator(".link.live")).to_be_visible()
    finals(page)(3)
    end(page)
    assert "how have you been sleeping" in room.transcript(session_id)


@pytest.mark.faults
def test_a_second_window_is_told_that_the_session_is_being_recorded(room: Room) -> None:
    session_id = room.session()
    first = room.recording(session_id)
    second = room.page()
    second.goto(f"{room.running.url}/#/session/{session_id}/record")
    second.locator("button.big").click()
    expect(second.get_by_role("alert").filter(has_text="Another stream").first).to_be_visible()
    finals(first)(1)
    expect(first.locator(".link.live")).to_be_visible()


def test_a_session_begins_with_everybodys_consent_and_is_found_by_name(room: Room) -> None:
    page = room.page()
    page.goto(room.running.url)
    page.get_by_role("button", name="New session").click()
    hostile = '<img src=x onerror="document.title=1">'
    page.get_by_label("Name or initials").nth(1).fill(hostile)
    page.get_by_role("button", name="Consent is complete").click()
    expect(page.get_by_role("alert")).to_contain_text("Clinician has not agreed yet")
    page.get_by_label("Clinician has read or heard").check()
    page.get_by_label("How they agreed").nth(1).select_option("electronic")
    page.get_by_label(f"{hostile} has read or heard").check()
    page.get_by_role("button", name="Consent is complete").click()
    expect(page.get_by_role("alert")).to_contain_text("has not signed")
    page.get_by_label("Their name, typed by themselves").last.fill("Quetzal")
    page.get_by_role("button", name="Consent is complete").click()
    expect(page.get_by_role("button", name="Start recording")).to_be_visible()
    session_id = page.url.rpartition("/session/")[2].removesuffix("/record")
    with room.running.http as http:
        session = http.get(f"/v1/sessions/{session_id}").json()
    assert session["state"] == "ready"
    assert [(c["method"], c["signed_name"], bool(c["statement_sha256"])) for c in session["consents"]] == [
        ("verbal", "", True),
        ("electronic", "Quetzal", True),
    ]
    page.goto(f"{room.running.url}/#/")
    expect(page.get_by_role("listitem").filter(has_text="onerror")).to_have_count(1)
    page.get_by_label("Find a session").fill("somebody else")
    expect(page.get_by_role("listitem").filter(has_text="onerror")).to_be_hidden()
    page.get_by_label("Find a session").fill("img ready")
    expect(page.get_by_role("listitem").filter(has_text="onerror")).to_be_visible()
    assert page.title() == "Sessions · Ambient scribe"


@pytest.mark.parametrize(("scheme", "width"), [("light", 390), ("dark", 1280)])
def test_axe_finds_nothing_on_the_pages_of_a_recording(room: Room, scheme: str, width: int) -> None:
    session_id = room.session()
    context = room.context()
    page = context.new_page()
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 844})
    for address, there in (
        ("#/", "h1"),
        ("#/new", ".agreement"),
        (f"#/session/{session_id}/record", ".record button.big"),
    ):
        page.goto(f"{room.running.url}/{address}")
        page.wait_for_selector(there)
        expect(page.locator("main h1")).to_be_visible()
        found = Axe().run(page).response["violations"]
        told = [(fault["id"], [node["html"] for node in fault["nodes"]]) for fault in found]
        assert told == [], address
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (
            "nothing runs out of the page"
        )
