"""The clinician's page in a real browser against a real server, on what was heard of the sample session.

One server and one streamed session for the module; a test that changes something works on a copy of it.
"""

from __future__ import annotations

import asyncio
import json
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote, urlsplit

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page, ViewportSize, expect, sync_playwright
from running import TOKEN, RunningServer, consented, server

from scribe.client import ScribeClient
from scribe.consent import with_words
from scribe.database import Database
from scribe.export import WATERMARK
from scribe.keys import file_keys
from scribe.note import DraftNote, NoteFinding, SignedNote
from scribe.sample import sample_audio
from scribe.session import NewSession, SpeakerAssignment, SpokenWords, Step
from scribe.store import Store
from scribe.wire import TranscriptLine
from summarizer.templates import load_template, template_names

expect.set_options(timeout=15_000)  # a machine that does other things as well must not fail a test
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
pytestmark = [
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}"),
    pytest.mark.timeout(180),
]

BEGIN_SECONDS, END_SECONDS = 112, 192
"""The part of the sample that is heard: breathing, the question about suicide, plans."""

HOSTILE = "<img src=x onerror=\"window.ran=1\"><script>window.ran=1</script> & 'so on'"
WIDE: ViewportSize = {"width": 1280, "height": 860}
PHONE: ViewportSize = {"width": 320, "height": 640}


@dataclass(frozen=True)
class Heard:
    """A running server and the session that it heard."""

    running: RunningServer
    session_id: str
    lines: tuple[TranscriptLine, ...]
    note: DraftNote


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Heard]:
    """The sample session heard over the stream, and its draft."""
    with server(tmp_path_factory.mktemp("page") / "data") as running:
        session_id, lines, note = asyncio.run(hear(running))
        yield Heard(running, session_id, lines, note)


async def hear(running: RunningServer) -> tuple[str, tuple[TranscriptLine, ...], DraftNote]:
    audio = sample_audio()[BEGIN_SECONDS * 16_000 : END_SECONDS * 16_000]
    pcm = (np.clip(audio, -1, 1) * 32767).astype("<i2")
    async with ScribeClient(running.url, TOKEN) as client:
        session = await client.create_session(consented(channels=2))
        async with client.stream(session, channels=2) as stream, asyncio.TaskGroup() as tasks:

            async def feed() -> None:
                for begin in range(0, len(pcm), 8_000):
                    await stream.send(pcm[begin : begin + 8_000].tobytes())
                await stream.stop()

            tasks.create_task(feed())
            async for _ in stream:
                pass
        note = (await client.note(session.id)).note
        assert isinstance(note, DraftNote)
        return session.id, (await client.transcript(session.id)).utterances, note


Copy = Callable[..., str]


@pytest.fixture
def copy(heard: Heard) -> Iterator[Copy]:
    """Make a session of one's own from what was heard; `lines` and `note` may be others."""
    folder = heard.running.data_dir
    database = Database(f"sqlite:///{folder / 'scribe.db'}")
    store = Store(database, file_keys(folder))

    def make(
        note: DraftNote | None = None,
        lines: tuple[TranscriptLine, ...] = heard.lines,
        new: NewSession | None = None,
        confidence: float = 1.0,
    ) -> str:
        session_id, now = secrets.token_hex(8), datetime.now(UTC)
        store.create_session(session_id, new or consented(channels=2), now)
        for what in (Step.CONSENTED, Step.OPENED):
            store.advance(session_id, what, now)
        speakers = {
            "SPEAKER_00": SpeakerAssignment(participant_id="cl", confidence=confidence),
            "SPEAKER_01": SpeakerAssignment(participant_id="pt", confidence=confidence),
        }
        store.commit_words(session_id, lines, checkpoint=(16_000 * 80, b""), channels=2, speakers=speakers)
        store.advance(session_id, Step.STOPPED, now)
        written = (note or heard.note).model_copy(update={"session_id": session_id})
        store.save_note(session_id, lambda _: written, Step.DRAFTED, now)
        return session_id

    yield make
    database.close()


@pytest.fixture(scope="module")
def browser(heard: Heard) -> Iterator[Browser]:
    """Debian's Chromium; started after the streaming, whose event loop it would be in the way of."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@dataclass(frozen=True)
class Tab:
    """A page and what its console and the network said."""

    page: Page
    url: str
    faults: list[str]
    asked: list[str]

    def review(self, session_id: str) -> Page:
        address = f"{self.url}/#/session/{session_id}"
        if self.page.url == address:
            self.page.reload()
        self.page.goto(address)
        expect(self.page.locator(f'.review[data-session="{session_id}"] article')).to_be_visible()
        return self.page

    def sessions(self) -> Page:
        self.page.goto(f"{self.url}/#/")
        expect(self.page.get_by_role("heading", name="Sessions", exact=True)).to_be_visible()
        return self.page


def open_tab(context: BrowserContext, url: str) -> Tab:
    page = context.new_page()
    tab = Tab(page, url, [], [])
    page.on("console", lambda m: tab.faults.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: tab.faults.append(str(error)))
    page.on("request", lambda request: tab.asked.append(request.url))
    return tab


@pytest.fixture(scope="module")
def signed_in(heard: Heard, browser: Browser) -> Iterator[Callable[[], Tab]]:
    """Gives a signed-in tab: the last one, or a new one where a dialog or an editor was left open in it."""
    with new_context(browser) as context:
        answer = context.request.post(f"{heard.running.url}/v1/sign-in", data={"token": TOKEN})
        assert answer.status == 204
        tabs = [open_tab(context, heard.running.url)]

        def clean() -> Tab:
            if tabs[-1].page.locator("dialog, .editor").count():
                tabs.append(open_tab(context, heard.running.url))
            return tabs[-1]

        yield clean


@pytest.fixture
def tab(signed_in: Callable[[], Tab]) -> Iterator[Tab]:
    """A signed-in tab; the test fails if its console said anything or it asked another host."""
    tab = signed_in()
    tab.page.set_viewport_size(WIDE)
    tab.faults.clear()
    tab.asked.clear()
    yield tab
    assert tab.faults == []
    own = urlsplit(tab.url).netloc
    assert {urlsplit(url).netloc for url in tab.asked if not url.startswith("blob:")} <= {own}


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that has not signed in."""
    with new_context(browser) as context:
        yield context


@contextmanager
def new_context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport=WIDE, locale="en-GB", reduced_motion="reduce")
    context.set_default_timeout(8_000)
    yield context
    context.close()


def statement(page: Page, text: str) -> Locator:
    return page.locator("li.statement", has_text=text)


def note_of(heard: Heard, session_id: str) -> DraftNote | SignedNote:
    with heard.running.http as http:
        answer = http.get(f"/v1/sessions/{session_id}/note").json()["note"]
    model = SignedNote if answer["status"] == "signed" else DraftNote
    return model.model_validate(answer)


def first_statement(note: DraftNote) -> tuple[str, str]:
    section = next(section for section in note.sections if section.statements)
    return section.statements[-1].id, section.statements[-1].text


# --- signing in -----------------------------------------------------------------------------------------


def test_the_link_signs_in_and_its_token_leaves_the_address(heard: Heard, context: BrowserContext) -> None:
    tab = open_tab(context, heard.running.url)
    tab.page.goto(f"{tab.url}/#token={quote(TOKEN)}")
    expect(tab.page.get_by_role("heading", name="Sessions", exact=True)).to_be_visible()
    assert urlsplit(tab.page.url).fragment == ""
    assert quote(TOKEN) not in json.dumps(tab.asked)
    assert tab.faults == []
    tab.page.go_back()
    assert "token" not in tab.page.url
    [cookie] = context.cookies()
    assert cookie["httpOnly"]


def test_without_a_cookie_the_page_says_how_to_sign_in(heard: Heard, context: BrowserContext) -> None:
    page = open_tab(context, heard.running.url).page
    page.goto(f"{heard.running.url}/#/session/{heard.session_id}")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.get_by_text("scribe token")).to_be_visible()
    page.get_by_label("Access token").fill("this is not the token")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="scribe token")).to_be_visible()
    page.get_by_label("Access token").fill(TOKEN)
    page.keyboard.press("Enter")
    expect(page.locator("article.sheet h1")).to_have_text(heard.note.title)


# --- evidence -------------------------------------------------------------------------------------------


def test_focusing_a_sentence_lights_the_very_words_it_rests_on(heard: Heard, tab: Tab) -> None:
    page = tab.review(heard.session_id)
    statement_id, text = first_statement(heard.note)
    section = next(s for s in heard.note.sections if any(st.id == statement_id for st in s.statements))
    evidence = next(s.evidence for s in section.statements if s.id == statement_id)
    assert evidence
    expect(page.locator(".used.lit")).to_have_count(0)
    statement(page, text).last.locator(".cite").focus()
    lit = page.locator(".used.lit").first
    expect(lit).to_be_in_viewport()
    shown = "".join(page.locator(".used.lit").all_inner_texts())
    order = {line.id: number for number, line in enumerate(heard.lines)}
    quotes = sorted(evidence, key=lambda e: (order[e.utterance], e.start))
    assert shown == "".join(e.quote for e in quotes)


def test_a_line_lights_the_sentences_that_rest_on_it(heard: Heard, tab: Tab) -> None:
    page = tab.review(heard.session_id)
    answer = heard.note.risk[0].evidence[0]
    resting = {
        s.id for section in heard.note.sections for s in section.statements
        if any(e.utterance == answer.utterance for e in s.evidence)
    }  # fmt: skip
    page.locator(f'[data-line="{answer.utterance}"] .at').click()
    lit = page.locator(".statement.lit").evaluate_all("nodes => nodes.map((n) => n.dataset.statement)")
    assert set(lit) == resting | {"risk:0"}


def test_evidence_is_cut_by_characters_as_the_server_counts_them(tab: Tab) -> None:
    page = tab.sessions()
    pieces = page.evaluate(
        """async () => {
            const { stretches } = await import("/page/evidence.js");
            const line = { id: "u", text: "🙂🙂 four hours, no more" };
            const evidence = [{ utterance: "u", start: 3, end: 13, quote: "four hours" }];
            const corrected = [{ utterance: "u", start: 0, end: 4, quote: "five" }];
            return stretches(line, [{ id: "s", evidence }, { id: "old", evidence: corrected }]);
        }"""
    )
    assert [(piece["text"], piece["ids"]) for piece in pieces] == [
        ("🙂🙂 ", []),
        ("four hours", ["s"]),
        (", no more", []),
    ]


def test_risk_stands_before_every_section_word_for_word(heard: Heard, tab: Tab) -> None:
    page = tab.review(heard.session_id)
    risk = heard.note.risk[0]
    assert risk.question is not None
    headings = page.locator("article h2").all_inner_texts()
    assert headings.index("Risk statements") < headings.index(heard.note.sections[0].title)
    assert page.locator(".risk q").all_inner_texts()[:2] == [risk.question.quote, risk.quote]


# --- changing the draft ---------------------------------------------------------------------------------


def test_an_edit_is_kept_and_marked_as_the_clinicians(heard: Heard, tab: Tab, copy: Copy) -> None:
    page = tab.review(copy())
    _, text = first_statement(heard.note)
    statement(page, text).get_by_role("button", name="Edit").click()
    page.keyboard.press("Escape")
    expect(page.locator("textarea:visible")).to_have_count(0)
    page.keyboard.press("Enter")
    page.get_by_role("textbox", name="The sentence, in your words").fill("Slept four hours a night.")
    page.keyboard.press("Enter")
    edited = statement(page, "Slept four hours a night.")
    expect(edited).to_contain_text("Edited by you")
    expect(edited.get_by_role("button", name="Edit")).to_be_focused()
    page.reload()
    expect(edited).to_contain_text("Edited by you")
    edited.get_by_text("Edited by you").click()
    expect(edited.locator("del")).to_have_text(text)


def test_what_is_being_written_is_not_lost_to_another_edit(heard: Heard, tab: Tab, copy: Copy) -> None:
    page = tab.review(copy())
    _, text = first_statement(heard.note)
    statement(page, text).get_by_role("button", name="Edit").click()
    page.get_by_role("textbox", name="The sentence, in your words").fill("Half a thought")
    page.get_by_role("button", name="Edit:").last.click()
    expect(page.get_by_role("status")).to_contain_text("first")
    expect(page.get_by_role("textbox", name="The sentence, in your words")).to_have_value("Half a thought")


def test_leaving_asks_first_while_words_are_unsaved(heard: Heard, tab: Tab, copy: Copy) -> None:
    session_id = copy()
    page = tab.review(session_id)
    _, text = first_statement(heard.note)
    statement(page, text).get_by_role("button", name="Edit").click()
    page.keyboard.type(" And half a thought")
    page.get_by_role("link", name="Sessions").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(page).to_have_url(f"{tab.url}/#/session/{session_id}")
    field = page.get_by_role("textbox", name="The sentence, in your words")
    expect(field).to_have_value(f"{text} And half a thought")
    page.get_by_role("link", name="Sessions").click()
    page.get_by_role("dialog").get_by_role("button", name="Leave").click()
    expect(page.get_by_role("heading", name="Sessions", exact=True)).to_be_visible()


def test_a_removed_sentence_can_be_put_back(heard: Heard, tab: Tab, copy: Copy) -> None:
    page = tab.review(copy())
    _, text = first_statement(heard.note)
    statement(page, text).get_by_role("button", name="Remove").click()
    expect(statement(page, text)).to_have_count(0)
    page.get_by_text("1 sentence taken out").click()
    page.get_by_role("button", name="Put it back").click()
    expect(statement(page, text)).to_contain_text("Written by you")


def test_a_section_nobody_spoke_of_takes_the_clinicians_own_words(heard: Heard, tab: Tab, copy: Copy) -> None:
    silent = heard.note.sections[0].model_copy(update={"statements": (), "status": "not_discussed"})
    note = heard.note.model_copy(update={"sections": (silent, *heard.note.sections[1:])})
    page = tab.review(copy(note))
    part = page.get_by_role("region", name=silent.title)
    expect(part).to_contain_text("Not discussed in the session.")
    part.get_by_role("button", name="Write").click()
    page.keyboard.type("Seen in person.")
    page.keyboard.press("Enter")
    expect(part).to_contain_text("Seen in person.")
    expect(part).not_to_contain_text("Not discussed")


def test_hostile_text_is_only_text(heard: Heard, tab: Tab, copy: Copy) -> None:
    new = consented(channels=2)
    people = tuple(p.model_copy(update={"label": HOSTILE[:110]}) for p in new.participants)
    lines = (heard.lines[0].model_copy(update={"text": HOSTILE, "words": ()}), *heard.lines[1:])
    page = tab.review(copy(new=new.model_copy(update={"participants": people}), lines=lines))
    _, text = first_statement(heard.note)
    statement(page, text).get_by_role("button", name="Edit").click()
    page.get_by_role("textbox", name="The sentence, in your words").fill(HOSTILE)
    page.keyboard.press("Enter")
    expect(statement(page, HOSTILE)).to_be_visible()
    page.reload()
    expect(statement(page, HOSTILE)).to_be_visible()
    expect(page.locator(".line").first).to_contain_text(HOSTILE)
    assert page.evaluate("window.ran") is None
    assert page.locator("article img, main script").count() == 0


def test_a_corrected_line_offers_to_draft_again(heard: Heard, tab: Tab, copy: Copy) -> None:
    page = tab.review(copy())
    page.locator(".line").last.get_by_role("button", name="Correct").click()
    page.get_by_role("textbox", name="What was said in this line").fill("I will see my doctor on Friday.")
    page.keyboard.press("Enter")
    expect(page.locator(".line").last).to_contain_text("Friday")
    offer = page.get_by_text("The transcript was corrected after this draft was made.")
    expect(offer).to_be_visible()
    page.locator(".outdated").get_by_role("button", name="Draft again").click()
    expect(page.get_by_role("status")).to_have_text("The note was drafted again.")
    expect(offer).to_have_count(0)


def test_another_template_is_drafted_after_a_question_where_edits_would_go(
    heard: Heard, tab: Tab, copy: Copy
) -> None:
    page = tab.review(copy())
    _, text = first_statement(heard.note)
    statement(page, text).get_by_role("button", name="Edit").click()
    page.keyboard.type(" Indeed.")
    page.keyboard.press("Enter")
    page.get_by_text("Change template or length").click()
    page.get_by_role("combobox", name="Template").select_option("dap")
    page.get_by_role("radio", name="Brief", exact=True).check()
    page.get_by_role("button", name="Draft again").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(page.locator("article h1")).to_have_text(heard.note.title)
    page.get_by_role("button", name="Draft again").click()
    page.get_by_role("dialog").get_by_role("button", name="Draft again").click()
    expect(page.locator("article h1")).to_have_text(load_template("dap").title)
    assert page.locator("article .part h2").all_inner_texts() == ["Data", "Assessment", "Plan"]
    expect(page.get_by_role("radio", name="Brief", exact=True)).to_be_checked()


def test_redrafting_a_section_asks_first_where_edits_would_go(heard: Heard, tab: Tab, copy: Copy) -> None:
    page = tab.review(copy())
    statement_id, text = first_statement(heard.note)
    title = next(s.title for s in heard.note.sections if any(st.id == statement_id for st in s.statements))
    statement(page, text).get_by_role("button", name="Edit").click()
    page.keyboard.type(" Indeed.")
    page.keyboard.press("Enter")
    expect(statement(page, "Indeed.")).to_be_visible()
    page.get_by_role("button", name=f"Redraft {title}").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("One change of yours")
    dialog.get_by_role("button", name="Redraft").click()
    expect(statement(page, "Indeed.")).to_have_count(0)
    expect(page.get_by_role("region", name=title)).not_to_contain_text("Edited by you")


def test_an_unsure_speaker_is_asked_about_and_confirmed(tab: Tab, copy: Copy) -> None:
    page = tab.review(copy(confidence=0.74))
    expect(page.get_by_text("74 % sure")).to_have_count(2)
    page.get_by_role("combobox", name="Voice 00").select_option("pt")
    page.get_by_role("combobox", name="Voice 01").select_option("cl")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("status")).to_contain_text("drafted again")
    expect(page.locator(".line.first").first.locator(".speaker")).to_have_text("Client")
    page.get_by_text("Who is who").click()
    expect(page.get_by_text("confirmed by you")).to_have_count(2)


# --- signing --------------------------------------------------------------------------------------------


def with_findings(note: DraftNote) -> DraftNote:
    ids = [s.id for section in note.sections for s in section.statements]
    found = (
        NoteFinding(id="f1", kind="made", severity="blocking", statement=ids[0], detail="A number is off."),
        NoteFinding(id="f2", kind="made", severity="advisory", statement=ids[1], detail="Little support."),
        NoteFinding(id="f3", kind="made", severity="advisory", statement=None, detail="One was withdrawn."),
    )
    return note.model_copy(update={"findings": found})


def test_a_blocking_finding_keeps_from_signing_until_a_reason_is_given(
    heard: Heard, tab: Tab, copy: Copy
) -> None:
    page = tab.review(copy(with_findings(heard.note)))
    sign = page.get_by_role("button", name="Sign the note")
    expect(sign).to_be_disabled()
    expect(page.locator(".banner")).to_contain_text("1 to resolve")
    expect(page.locator(".banner")).to_contain_text("2 to consider")
    page.get_by_role("link", name="A number is off.").click()
    box = page.locator("#finding-f1")
    expect(box).to_be_focused()
    box.get_by_text("Give a reason…").click()
    box.get_by_role("textbox").fill("It was read aloud from the form.")
    box.get_by_role("button", name="Keep with this reason").click()
    expect(box).to_contain_text("You let it stand: It was read aloud from the form.")
    expect(sign).to_be_enabled()
    page.get_by_role("button", name="It may stand: Little support.").click()
    expect(page.locator("#finding-f2")).to_contain_text("You let it stand.")


def sign_as(page: Page, name: str, token: str) -> None:
    page.get_by_role("textbox", name="Name", exact=True).fill(name)
    page.get_by_role("textbox", name="Credentials", exact=True).fill("LCSW")
    page.get_by_label("Access token").fill(token)
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Sign the note").click()


def test_signing_makes_the_note_final_and_saves_it_as_a_file(heard: Heard, tab: Tab, copy: Copy) -> None:
    session_id = copy()
    page = tab.review(session_id)
    with page.expect_download() as draft:
        page.get_by_role("button", name="Save the draft as Markdown").click()
    assert draft.value.suggested_filename == f"note-{session_id}-draft.md"
    assert WATERMARK in draft.value.path().read_text()
    with heard.running.http as http:
        assert http.get(f"/v1/sessions/{session_id}/note/export").status_code == 409
        attestation = http.get(f"/v1/sessions/{session_id}/note").json()["attestation"]
    expect(page.locator(".attestation")).to_have_text(attestation)

    sign_as(page, "Dr. Ada Quill", "not the token at all")
    expect(page.locator(".sign").get_by_role("alert")).to_contain_text("scribe token")
    assert isinstance(note_of(heard, session_id), DraftNote)
    assert tab.faults.pop().startswith("Failed to load resource")  # the browser's own note of the 401

    sign_as(page, "Dr. Ada Quill", TOKEN)
    expect(page.locator("article.signed .banner")).to_contain_text("Dr. Ada Quill, LCSW")
    for gone in ("Edit", "Remove", "Redraft", "Correct", "Draft again", "Add a sentence"):
        expect(page.get_by_role("button", name=gone)).to_have_count(0)
    signed = note_of(heard, session_id)
    assert isinstance(signed, SignedNote)
    expect(page.locator(".signature")).to_contain_text(signed.sha256)

    with page.expect_download() as final:
        page.get_by_role("button", name="Save as Markdown").click()
    text = final.value.path().read_text()
    assert WATERMARK not in text
    assert signed.sha256 in text

    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    section = next(s for s in signed.note.sections if s.statements)
    page.get_by_role("button", name=f"Copy {section.title}").click()
    expect(page.get_by_role("status")).to_contain_text("clipboard")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "\n".join(s.text for s in section.statements)

    page.get_by_text("Add to this note").click()
    page.get_by_role("radio", name="Late entry").check()
    page.get_by_role("textbox", name="Text").fill("Called the doctor\non Friday.")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".addenda li")).to_contain_text("Late entry")
    expect(page.locator(".addenda li")).to_contain_text("on Friday.")
    assert note_of(heard, session_id).sha256 == signed.sha256


def test_an_unticked_attestation_signs_nothing(heard: Heard, tab: Tab, copy: Copy) -> None:
    session_id = copy()
    page = tab.review(session_id)
    page.get_by_role("button", name="Sign the note").click()
    expect(page.locator(".sign").get_by_role("alert")).to_contain_text("Tick")
    expect(page.get_by_role("checkbox")).to_be_focused()
    assert isinstance(note_of(heard, session_id), DraftNote)


# --- the list -------------------------------------------------------------------------------------------


def test_the_list_shows_the_newest_first_and_shreds_after_a_question(tab: Tab, copy: Copy) -> None:
    copy()
    newest = copy()
    page = tab.sessions()
    row = page.locator("ol.rows > li").first
    expect(row.get_by_role("link")).to_have_attribute("href", f"#/session/{newest}")
    expect(row).to_contain_text("Draft to review")
    expect(row).to_contain_text("SOAP progress note · 1 min 20 s")
    row.get_by_role("button", name="Shred").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Shred for good")).to_be_disabled()
    page.keyboard.press("Escape")
    expect(row).to_contain_text("Draft to review")
    row.get_by_role("button", name="Shred").click()
    dialog.get_by_role("checkbox").check()
    dialog.get_by_role("button", name="Shred for good").click()
    expect(page.locator("ol.rows > li").first).to_contain_text("Shredded")
    expect(page.locator("ol.rows > li").first.get_by_role("link")).to_have_count(0)


def test_the_receipt_says_in_words_what_became_of_the_sound(heard: Heard, tab: Tab) -> None:
    page = tab.sessions()
    row = page.locator("ol.rows > li", has=page.locator(f'a[href$="{heard.session_id}"]'))
    row.get_by_role("button", name="Receipt").click()
    expect(row).to_contain_text("No sound is kept")
    with heard.running.http as http:
        receipt = http.get(f"/v1/sessions/{heard.session_id}/receipt").json()
    assert receipt["bytes_retained"] == 0
    expect(row).to_contain_text(receipt["sha256"])


def test_an_empty_list_says_what_to_do_and_a_weak_recogniser_is_named_on_every_view(
    browser: Browser, tmp_path: Path
) -> None:
    with server(tmp_path / "data", asr="pocketsphinx") as running:
        context = browser.new_context(viewport=WIDE)
        tab = open_tab(context, running.url)
        with running.http as http:
            notice = http.get("/readyz").json()["notice"]
        tab.page.goto(running.url)
        expect(tab.page.locator("header")).to_contain_text(notice)
        tab.page.goto(f"{running.url}/#token={quote(TOKEN)}")
        expect(tab.page.get_by_role("heading", name="No session yet")).to_be_visible()
        expect(tab.page.get_by_text("scribe transcribe FILE")).to_be_visible()
        expect(tab.page.locator("header")).to_contain_text(notice)
        context.close()


def test_a_session_without_consent_says_what_is_missing(heard: Heard, tab: Tab) -> None:
    with heard.running.http as http:
        body = consented(consents=False).model_dump(mode="json")
        session_id = http.post("/v1/sessions", json=body).json()["id"]
    tab.page.goto(f"{tab.url}/#/session/{session_id}")
    expect(tab.page.get_by_text("Clinician has not agreed.")).to_be_visible()
    expect(tab.page.get_by_text("Client has not agreed.")).to_be_visible()
    tab.page.get_by_role("button", name="Record their consent").click()
    tab.page.get_by_role("button", name="Consent is complete").click()
    expect(tab.page.locator(".consents").get_by_role("alert")).to_contain_text("has not agreed yet")
    for who in ("Clinician", "Client"):
        tab.page.get_by_label(f"{who} has read or heard").check()
    tab.page.get_by_role("button", name="Consent is complete").click()
    expect(tab.page.get_by_text("everybody has agreed")).to_be_visible()
    tab.page.get_by_role("button", name="Go to the recording").click()
    expect(tab.page.get_by_role("button", name="Start recording")).to_be_visible()


def test_words_of_refusal_stand_above_all_and_consent_can_be_revoked_there(
    heard: Heard, tab: Tab, copy: Copy
) -> None:
    session_id, line = copy(), heard.lines[1]
    refusal = SpokenWords(utterance_ids=(line.id,), text=line.text, start=line.start, end=line.end)
    folder = heard.running.data_dir
    database = Database(f"sqlite:///{folder / 'scribe.db'}")
    Store(database, file_keys(folder)).change_consents(
        session_id,
        lambda details: with_words(details.consents, "pt", agreed=False, words=refusal),
        None,
        datetime.now(UTC),
    )
    database.close()
    page = tab.review(session_id)
    panel = page.locator(".consents.ask")
    expect(panel).to_contain_text("May have refused:")
    expect(panel.locator("q")).to_have_text(line.text)
    panel.get_by_role("button", name="Show what was said at").click()
    expect(page.locator(f'[data-line="{line.id}"] .at')).to_be_focused()
    page.get_by_role("button", name="Revoke the consent of Client", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("Client has taken consent back.")).to_be_visible()
    expect(page.get_by_role("button", name="Revoke the consent of Client", exact=True)).to_have_count(0)


def test_a_spoken_yes_is_confirmed_or_taken_out(heard: Heard, tab: Tab, copy: Copy) -> None:
    session_id, line = copy(), heard.lines[0]
    with heard.running.http as http:
        path = f"/v1/sessions/{session_id}/consents/pt/evidence"
        assert http.put(path, json={"utterance_id": line.id}).status_code == 200
    page = tab.review(session_id)
    page.locator(".consents summary").click()
    expect(page.get_by_text("Said yes, confirmed by you:")).to_be_visible()
    page.get_by_role("button", name="This is not their yes").click()
    expect(page.get_by_text("Said yes, confirmed by you:")).to_have_count(0)
    expect(page.locator(".consents")).to_have_attribute("open", "")


def test_revoking_with_everything_destroys_it(tab: Tab, copy: Copy) -> None:
    session_id = copy()
    page = tab.review(session_id)
    page.locator(".consents summary").click()
    page.get_by_role("button", name="Revoke the consent of Client, and destroy what was heard").click()
    page.get_by_role("dialog").get_by_role("checkbox").check()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("heading", name="Sessions", exact=True)).to_be_visible()
    expect(page.locator(f'a[href*="{session_id}"]')).to_have_count(0)


def test_a_process_note_is_kept_apart_and_can_be_destroyed(heard: Heard, tab: Tab, copy: Copy) -> None:
    session_id = copy()
    page = tab.review(session_id)
    page.get_by_text("Process note, for yourself alone").click()
    field = page.get_by_role("textbox", name="Process note, for yourself alone")
    field.fill("My own thoughts.")
    page.locator(".statements .cite").first.click()
    expect(field).to_have_value("My own thoughts.")
    page.get_by_role("link", name="Sessions").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Save the process note").click()
    expect(page.get_by_text("Last changed")).to_be_visible()
    with heard.running.http as http:
        exported = http.get(f"/v1/sessions/{session_id}/note/export?format=json&draft=true").text
    assert "My own thoughts" not in exported
    page.reload()
    page.get_by_text("Process note, for yourself alone").click()
    expect(field).to_have_value("My own thoughts.")
    page.get_by_role("button", name="Destroy…").click()
    page.get_by_role("dialog").get_by_role("button", name="Destroy for good").click()
    expect(field).to_have_value("")


# --- for everyone ---------------------------------------------------------------------------------------

UNNAMED = """() => [...document.querySelectorAll("a, button, input, select, textarea, summary")]
    .filter((n) => n.checkVisibility())
    .filter((n) => !(n.ariaLabel || n.innerText?.trim() || [...(n.labels ?? [])].some((l) => l.innerText.trim())))
    .map((n) => n.outerHTML)"""

REPEATED_IDS = """() => {
    const ids = [...document.querySelectorAll("[id]")].map((n) => n.id);
    return ids.filter((id, at) => ids.indexOf(id) !== at);
}"""

FAINT = """() => {
    // WCAG 2.2, 1.4.3: relative luminance and contrast of every text with the first opaque ground behind it.
    const paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const rgb = (color) => {
        paint.clearRect(0, 0, 1, 1);
        paint.fillStyle = color;
        paint.fillRect(0, 0, 1, 1);
        return [...paint.getImageData(0, 0, 1, 1).data];
    };
    const light = (c) => {
        const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        const [r, g, b] = c.slice(0, 3).map((v) => linear(v / 255));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = (n) => {
        for (; n; n = n.parentElement) {
            const color = rgb(getComputedStyle(n).backgroundColor);
            if (color[3] === 255) return color;
        }
        return [255, 255, 255];
    };
    const hasText = (n) => [...n.childNodes].some((c) => c.nodeType === 3 && c.data.trim());
    const texts = [...document.querySelectorAll("body *")].filter(
        (n) => n.checkVisibility() && !n.matches(":disabled") && hasText(n));
    return texts.map((n) => {
        const style = getComputedStyle(n);
        const [a, b] = [light(rgb(style.color)), light(ground(n))].sort((x, y) => y - x);
        const size = parseFloat(style.fontSize);
        const large = size >= 24 || (size >= 18.66 && parseInt(style.fontWeight) >= 700);
        return { text: n.innerText.slice(0, 40), ratio: (a + 0.05) / (b + 0.05), needs: large ? 3 : 4.5 };
    }).filter(({ ratio, needs }) => ratio < needs);
}"""

SMALL = """() => [...document.querySelectorAll("button, summary, input, select, textarea")]
    .filter((n) => n.checkVisibility())
    .map((n) => [n.innerText || n.type, (n.closest("label") ?? n).getBoundingClientRect()])
    .filter(([, box]) => box.height < 24 || box.width < 24)
    .map(([text, box]) => `${text}: ${box.height}`)"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_control_has_a_name_and_every_text_can_be_read(
    heard: Heard, tab: Tab, copy: Copy, scheme: str
) -> None:
    tab.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    session_id = copy(with_findings(heard.note), confidence=0.6)
    _, text = first_statement(heard.note)

    def editing() -> None:
        page = tab.review(session_id)
        page.locator(".cite").first.click()
        statement(page, text).get_by_role("button", name="Edit").click()
        page.get_by_text("Change template or length").click()
        page.locator(".consents summary").click()
        page.get_by_text("Process note, for yourself alone").click()
        page.get_by_text("What payers look for").click()

    def signed() -> None:
        with heard.running.http as http:
            path = f"/v1/sessions/{session_id}/note"
            http.patch(f"{path}/findings/f1", json={"resolution": "justified", "reason": "so"})
            body = {
                "name": "A",
                "credentials": "B",
                "attestation": http.get(path).json()["attestation"],
                "token": TOKEN,
            }
            assert http.post(f"{path}/sign", json=body).status_code == 201
        tab.page.reload()
        tab.page.get_by_text("Add to this note").click()

    for arrive in (tab.sessions, editing, signed):
        arrive()
        assert tab.page.evaluate(UNNAMED) == []
        assert tab.page.evaluate(REPEATED_IDS) == []
        assert tab.page.evaluate(FAINT) == []
        assert tab.page.evaluate(SMALL) == []
        assert tab.page.locator("h1").count() == 1
        assert tab.page.evaluate("document.activeElement !== document.body")
        found = Axe().run(tab.page).response["violations"]
        assert [(fault["id"], [node["html"] for node in fault["nodes"]]) for fault in found] == []


def test_nothing_is_cut_off_on_a_narrow_phone(heard: Heard, tab: Tab, copy: Copy) -> None:
    tab.page.set_viewport_size(PHONE)
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    tab.sessions()
    assert tab.page.evaluate(overflow) == 0
    page = tab.review(copy(with_findings(heard.note), confidence=0.6))
    assert page.evaluate(overflow) == 0
    cite = page.locator(".part .cite").first
    cite.click()
    expect(page.locator(".quotes")).to_be_visible()
    page.locator(".quotes").get_by_role("button", name="Show in the transcript").first.click()
    expect(page.locator(".line .at:focus")).to_be_in_viewport()


def test_the_note_is_reached_and_edited_with_the_keyboard_alone(heard: Heard, tab: Tab, copy: Copy) -> None:
    page = tab.review(copy())
    page.locator(".cite").first.focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".cite").nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".quotes")).to_be_visible()
    expect(page.locator(".cite").nth(1)).to_be_focused()
    focused = "document.activeElement.getAttribute('aria-label') ?? ''"
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate(focused).startswith("Edit:"):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="The sentence, in your words")).to_be_focused()


# --- what the files hold --------------------------------------------------------------------------------

WEB = [
    entry for entry in files("scribe.web").iterdir() if entry.name.endswith((".html", ".css", ".js", ".svg"))
]


def test_the_page_is_small_and_holds_nothing_of_others() -> None:
    assert sum(len(entry.read_bytes()) for entry in WEB) < 300_000
    for entry in WEB:
        text = entry.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://", text), entry.name


def test_no_script_writes_markup_and_no_markup_holds_style_or_script() -> None:
    for entry in WEB:
        text = entry.read_text("utf-8")
        found = re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|DOMParser", text)
        assert found is None, entry.name
        if entry.name.endswith(".html"):
            assert not re.search(r"\sstyle=|\son[a-z]+=|<style|<script(?![^>]*\ssrc=)", text), entry.name


def test_the_templates_offered_are_those_that_ship() -> None:
    text = next(entry for entry in WEB if entry.name == "strings.js").read_text("utf-8")
    table = text.split("templates: {", 1)[1].split("}", 1)[0]
    offered = dict(re.findall(r'(\w+): "([^"]+)"', table))
    assert offered == {name: load_template(name).title for name in template_names()}


# --- long sessions --------------------------------------------------------------------------------------


def test_a_session_of_four_hours_opens_and_scrolls_at_once(
    heard: Heard, context: BrowserContext, copy: Copy
) -> None:
    words = "I keep thinking about it at night and then I am tired the whole of the next day"
    lines = tuple(
        heard.lines[0].model_copy(
            update={"id": f"u{n}", "text": words, "words": (), "start": 4.0 * n, "end": 4.0 * n + 3}
        )
        for n in range(3600)
    )
    session_id = copy(lines=(*heard.lines, *lines))
    context.request.post(f"{heard.running.url}/v1/sign-in", data={"token": TOKEN})
    page = open_tab(context, heard.running.url).review(session_id)
    expect(page.locator(".line")).to_have_count(len(lines) + len(heard.lines))
    ninth_of_ten = page.locator(".lines").evaluate(
        """list => new Promise(done => {
            const times = [];
            const step = now => {
                times.push(now);
                list.scrollTop += 900;
                if (times.length < 120) return requestAnimationFrame(step);
                const frames = times.slice(1).map((time, n) => time - times[n]).sort((a, b) => a - b);
                done(frames[Math.floor(frames.length * 0.9)]);
            };
            requestAnimationFrame(step);
        })"""
    )
    assert ninth_of_ten < 200, f"frames take {ninth_of_ten:.0f} ms"


def test_a_name_and_pronouns_given_in_review_reach_the_note(tab: Tab, copy: Copy) -> None:
    tab.sessions()
    page = tab.review(copy())
    page.get_by_text("Names and pronouns").click()
    client = page.get_by_role("group", name="Client")
    client.get_by_label("Name or initials").fill("Q. <b>X</b>")
    client.get_by_label("Pronouns").fill("she/her")
    page.get_by_role("button", name="Save, and draft again").click()
    expect(page.get_by_text("Saved, and the note was drafted again.")).to_be_visible()
    expect(page.locator("article > header")).to_contain_text("Q. <b>X</b>")
    expect(page.locator(".statements")).to_contain_text(["she"])
    expect(page.locator(".line .speaker").filter(has_text="Q. <b>X</b>").first).to_be_visible()
