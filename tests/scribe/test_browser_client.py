"""The JavaScript client in Chromium: the microphone example streams what a browser hears to a real server."""

from __future__ import annotations

import json
import wave
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Route, sync_playwright
from running import REPOSITORY, TOKEN, RunningServer

from scribe.sample import sample_audio

CHROMIUM = Path("/usr/bin/chromium")
CLIENT = REPOSITORY / "clients" / "javascript"

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not here")

RECORD = """
async ({ token }) => {
  // What the audio thread loads does not come by the way on which the test hands out the client's files.
  const load = AudioWorklet.prototype.addModule;
  AudioWorklet.prototype.addModule = async function (url) {
    const source = await (await fetch(url)).blob();
    return load.call(this, URL.createObjectURL(source));
  };
  const { ScribeClient } = await import("/client/src/index.js");
  const { record } = await import("/client/examples/browser/microphone.js");
  const { newSession } = await import("/client/examples/session.js");
  const client = new ScribeClient(location.origin, token);
  const session = await client.createSession(newSession());
  const finals = [];
  let heard;
  const enough = new Promise((resolve) => (heard = resolve));
  const stop = await record(client, session, (message) => {
    if (message.type !== "utterance" || !message.is_final) return;
    finals.push(message.text);
    heard();
  });
  await enough;
  const receipt = await stop();
  return { id: session.id, finals, seconds: receipt.seconds_received };
}
"""


@pytest.mark.faults
def test_what_a_browser_hears_becomes_words(
    shared_server: RunningServer, http: httpx.Client, tmp_path: Path
) -> None:
    sound = tmp_path / "microphone.wav"
    with wave.open(str(sound), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16_000)
        audio = sample_audio()[: 20 * 16_000].mean(axis=1)
        out.writeframes((audio * 32767).astype("<i2").tobytes())

    def ours(route: Route) -> None:
        # A platform's proxy serves its own files under the server's name.
        path = route.request.url.partition("/client/")[2]
        route.fulfill(content_type="text/javascript", body=(CLIENT / path).read_text())

    flags = [
        "--no-sandbox",
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={sound}",
    ]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        page = chromium.new_page(bypass_csp=True)
        page.route("**/client/**", ours)
        # A page of the server itself: a socket of one that the test made up is not let through to this machine.
        page.goto(f"{shared_server.url}/docs")
        told = page.evaluate(RECORD, {"token": TOKEN})
        chromium.close()
    assert told["finals"], json.dumps(told)
    lines = http.get(f"/v1/sessions/{told['id']}/transcript").json()["utterances"]
    assert {line["text"] for line in lines} == set(told["finals"])
    assert 2 < told["seconds"] < 60
