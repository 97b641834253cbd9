"""Pictures of the page for the documentation: a fresh server and the sample session in, docs/images/*.png out.

    python scripts/screenshots.py [FOLDER]

Needs Debian's Chromium and a Whisper model (SCRIBE_MODELS_DIR); with the embedded recogniser the pictures
would show its warning. What is on them is the bundled sample session: made up, with synthetic voices.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
import wave
from pathlib import Path

import numpy as np
from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from rich.console import Console

from scribe.client import ScribeClient
from scribe.config import read_settings
from scribe.local import Address, serving
from scribe.sample import sample_audio
from scribe.session import NewSession
from scribe.transcribe import hear, new_session

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
IMAGES = Path(__file__).parents[1] / "docs" / "images"
LARGEST_BYTES = 300_000
RATE = 16_000
SPOKEN_SECONDS = 60
LIT_SENTENCE = r"4 hours|four hours"
"""A word of the sentence whose evidence is lit; every recogniser that can be used hears it."""


def main(folder: Path) -> None:
    """Make every picture."""
    folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(make(folder))
    for picture in sorted(folder.glob("*.png")):
        size = picture.stat().st_size
        print(f"{picture.name}: {size / 1000:.0f} kB")
        if size > LARGEST_BYTES:
            sys.exit(f"{picture.name} is larger than {LARGEST_BYTES / 1000:.0f} kB; make its view smaller.")


async def make(folder: Path) -> None:
    """A server of its own, its sessions, and the pictures of them."""
    with tempfile.TemporaryDirectory(prefix="scribe-screenshots-") as data:
        async with serving(read_settings(data_dir=Path(data), port=0)) as address:
            reviewed = await fill(address)
            async with async_playwright() as playwright:
                microphone = Path(data) / "microphone.wav"
                speak(microphone)
                fake = (
                    "--use-fake-device-for-media-stream",
                    "--use-fake-ui-for-media-stream",
                    f"--use-file-for-fake-audio-capture={microphone}%noloop",
                )
                browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=(*FLAGS, *fake))
                await pictures(browser, address, reviewed, folder)
                await beginnings(browser, address, folder)
                await browser.close()


async def fill(address: Address) -> str:
    """A few sessions as a practice would have them; the id of the one under review."""
    quiet = Console(quiet=True)
    audio = sample_audio()

    def new(template: str) -> NewSession:
        return new_session(
            template=template,
            channels=2,
            consent="verbal",
            statement_version="1",
            modality="individual psychotherapy, in person",
        )

    async def heard(template: str, seconds: float) -> str:
        part = audio[: int(seconds * RATE)]
        session_id = await hear(
            client, new(template), iter([part]), channels=2, seconds=seconds, console=quiet
        )
        assert session_id is not None
        return session_id

    async with ScribeClient(address.url, address.token) as client:
        await client.shred(await heard("soap", 45))
        await client.sign(await heard("dap", 75), name="Dr. Ada Quill", credentials="LCSW")
        await client.create_session(new("intake").model_copy(update={"consents": ()}))
        return await heard("soap", len(audio) / RATE)


def speak(path: Path) -> None:
    """The sample session as what the browser takes for its microphone."""
    mono = sample_audio()[: SPOKEN_SECONDS * RATE].mean(axis=1) * 1.6
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(mono, -1, 1) * 32767).astype("<i2").tobytes())


async def beginnings(browser: Browser, address: Address, folder: Path) -> None:
    """A session that is begun, and one that is recorded."""
    page = await enter(browser, address, 1440, 1180)
    await page.get_by_role("button", name="New session").click()
    await page.get_by_label("Name or initials").nth(1).fill("Q. T.")
    for box in await page.get_by_role("checkbox", name="agrees").all():
        await box.check()
    await page.evaluate("window.scrollTo(0, 0)")
    await page.screenshot(path=folder / "start.png")
    await page.get_by_role("button", name="Consent is complete").click()
    await page.get_by_role("button", name="Start recording").click()
    await page.locator(".line:not(.partial)").nth(5).wait_for(timeout=120_000)
    await page.locator(".line.partial").first.wait_for(timeout=60_000)
    await page.get_by_role("button", name="Pin", exact=False).first.click()
    await page.set_viewport_size({"width": 1440, "height": 940})
    await page.screenshot(path=folder / "record.png")
    await page.context.close()


async def pictures(browser: Browser, address: Address, session_id: str, folder: Path) -> None:
    """Take them in an order in which each leaves what the next needs."""
    review = f"{address.url}/#/session/{session_id}"

    wide = await enter(browser, address, 1440, 940)
    await wide.get_by_text("Receipt").first.click()
    await wide.get_by_text("No sound is kept").wait_for()
    await wide.screenshot(path=folder / "sessions.png")

    await wide.get_by_role("listitem").filter(has_text="Waiting for consent").get_by_role("link").click()
    await wide.get_by_role("button", name="Record their consent").click()
    await wide.locator(".agreement").first.wait_for()
    await wide.screenshot(path=folder / "consent.png")

    for name, scheme in (("review", "light"), ("review-dark", "dark")):
        page = await enter(browser, address, 1440, 940, scheme)
        await page.goto(review)
        await page.locator(".part .statement", has_text=re.compile(LIT_SENTENCE)).first.hover()
        await page.locator(".used.lit").first.wait_for()
        await page.screenshot(path=folder / f"{name}.png")
        await page.context.close()

    phone = await enter(browser, address, 390, 844, scale=2)
    await phone.goto(review)
    sentence = phone.locator(".part .statement", has_text=re.compile(LIT_SENTENCE)).first
    await sentence.locator(".cite").click()
    await phone.mouse.move(2, 2)
    await sentence.evaluate("(node) => window.scrollBy(0, node.getBoundingClientRect().top - 360)")
    await phone.screenshot(path=folder / "phone.png")
    await phone.context.close()

    await wide.goto(review)
    await sign(wide, address)
    await wide.locator("#signature-title").evaluate(
        "(node) => window.scrollBy(0, node.getBoundingClientRect().top - 420)"
    )
    await wide.screenshot(path=folder / "signed.png")


async def enter(
    browser: Browser, address: Address, width: int, height: int, scheme: str = "light", scale: float = 1
) -> Page:
    """A page that is signed in and shows the list."""
    context: BrowserContext = await browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        device_scale_factor=scale,
        locale="en-US",
        reduced_motion="reduce",
    )
    page = await context.new_page()
    await page.goto(address.sign_in)
    await page.locator("ol.rows").wait_for()
    return page


async def sign(page: Page, address: Address) -> None:
    """Edit a sentence, sign, and add to what was signed."""
    sentence = page.locator(".part .statement", has_text=re.compile(LIT_SENTENCE)).first
    await sentence.hover()
    await sentence.get_by_role("button", name="Edit").click()
    await page.keyboard.type(" Wakes at three.")
    await page.keyboard.press("Enter")
    await page.get_by_text("Edited by you").wait_for()
    await page.get_by_role("textbox", name="Name", exact=True).fill("Dr. Ada Quill")
    await page.get_by_role("textbox", name="Credentials", exact=True).fill("LCSW")
    await page.get_by_label("Access token").fill(address.token)
    await page.get_by_role("checkbox").check()
    await page.get_by_role("button", name="Sign the note").click()
    await page.get_by_text("Add to this note").click()
    await page.get_by_role("radio", name="Late entry").check()
    await page.get_by_role("textbox", name="Text").fill(
        "Called the client's primary care doctor about sleep."
    )
    await page.get_by_role("button", name="Add", exact=True).click()
    await page.locator(".addenda li").wait_for()
    await page.mouse.move(5, 5)
    await page.locator(".said:empty").wait_for(state="attached", timeout=15_000)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES)
