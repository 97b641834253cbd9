"""Nobody reaches another's session: every route of a real server in organisation mode, asked by everybody else."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from bodies import smallest
from playwright.sync_api import expect, sync_playwright
from provider import CLIENT_ID, Provider, provider
from running import TOKEN, RunningServer, consented, server
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from scribe.access import KeyScope, Role
from scribe.accounts import Accounts
from scribe.audit import Audit
from scribe.database import Database
from scribe.keys import file_keys
from scribe.sample import sample_audio
from scribe.session import SpeakerAssignment, Step
from scribe.sign_ins import SignIns
from scribe.store import Store
from scribe.vault import Vault
from scribe.wire import AuditEvent, TranscriptLine

CHROMIUM = Path("/usr/bin/chromium")
LINES = (
    "I feel sad most of the day and I sleep badly.",
    "Last week I went for a walk twice as we planned.",
    "My mother called me and we argued about money again.",
    "I will write down my thoughts every evening until we meet.",
)


@dataclass
class Organisation:
    """A server with accounts in it; `victim` is a clinician's session with transcript and draft."""

    running: RunningServer
    provider: Provider
    accounts: Accounts
    sign_ins: SignIns
    store: Store
    audit: Audit
    people: dict[str, str]
    victim: str = ""

    @contextlib.contextmanager
    def signed_in(self, name: str) -> Iterator[httpx.Client]:
        """The page of one of the people."""
        cookie = self.sign_ins.begin(self.people[name], now())
        with httpx.Client(
            base_url=self.running.url,
            headers={"Origin": self.running.url},
            cookies={"scribe_session": cookie},
            trust_env=False,
            timeout=60,
        ) as http:
            yield http

    @contextlib.contextmanager
    def platform(self, *scopes: KeyScope) -> Iterator[httpx.Client]:
        """A platform with a new key of these scopes."""
        key = self.accounts.create_key(self.people["platform"], scopes, now())
        with httpx.Client(
            base_url=self.running.url,
            headers={"Authorization": f"Bearer {key}"},
            trust_env=False,
            timeout=60,
        ) as http:
            yield http

    def session_of(self, owner: str) -> str:
        """A session in review that belongs to one of the people, with a note that the server drafted."""
        session_id = f"of-{owner}-{len(self.store.list_sessions())}"
        account = self.people[owner]
        self.store.create_session(session_id, consented(channels=2), now(), owner=account, made_by=account)
        for step in (Step.CONSENTED, Step.OPENED):
            self.store.advance(session_id, step, now())
        lines = [
            TranscriptLine(
                id=f"u{number}",
                speaker="SPEAKER_01",
                role="client",
                start=float(number * 10),
                end=number * 10 + 9.0,
                text=text,
                words=(),
            )
            for number, text in enumerate(LINES)
        ]
        speakers = {"SPEAKER_01": SpeakerAssignment(participant_id="pt", confidence=1.0)}
        self.store.commit_words(
            session_id, lines, checkpoint=(16_000 * 60, b""), channels=2, speakers=speakers
        )
        self.store.advance(session_id, Step.STOPPED, now())
        with self.signed_in(owner) as http:
            drafted = http.post(f"/v1/sessions/{session_id}/note", json={})
            assert drafted.status_code == 201, drafted.text
        return session_id

    def audited(self, action: str) -> list[AuditEvent]:
        return [event for event in self.audit.events() if event.action == action]


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Organisation]:
    """Two clinicians, a supervisor of one of them and one of nobody, an administrator, a platform."""
    folder = tmp_path_factory.mktemp("ownership") / "data"
    with (
        provider() as identities,
        server(
            folder,
            asr="pocketsphinx",
            access="organisation",
            oidc_issuer=identities.url,
            oidc_client_id=CLIENT_ID,
        ) as running,
    ):
        database, keys = Database(f"sqlite:///{folder / 'scribe.db'}"), file_keys(folder)
        accounts = Accounts(database, Vault(database, keys).open())
        store = Store(database, keys)
        roles = {
            "ada": Role.CLINICIAN,
            "grace": Role.CLINICIAN,
            "her supervisor": Role.SUPERVISOR,
            "a supervisor": Role.SUPERVISOR,
            "administrator": Role.ADMINISTRATOR,
        }
        people = {
            name: accounts.person(identities.url, name, frozenset({role}), now())
            for name, role in roles.items()
        }
        people["platform"] = accounts.add_platform("A platform", now())
        accounts.supervise(people["her supervisor"], people["ada"])
        here = Organisation(
            running,
            identities,
            accounts,
            SignIns(database, None),
            store,
            Audit(database, now, store.signing_key),
            people,
        )
        here.victim = here.session_of("ada")
        yield here
        database.close()


Call = tuple[str, str, dict[str, Any]]


def session_calls(document: dict[str, Any], session_id: str) -> list[Call]:
    """Every call of the contract that names a session, as (method, path, what to send), valid as far as it can be."""
    calls: list[Call] = []
    for template, methods in document["paths"].items():
        for method, operation in methods.items():
            given = {p["name"]: p for p in operation.get("parameters", ())}
            if not {"session_id", "session"} & given.keys():
                continue
            path, query = template, {}
            for name, parameter in given.items():
                value = smallest(parameter["schema"], document)
                value = session_id if name in ("session_id", "session") else value
                if parameter["in"] == "path":
                    path = path.replace(f"{{{name}}}", str(value))
                elif parameter["required"] or name == "session":
                    query[name] = value
            sent: dict[str, Any] = {"params": query}
            body = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if body:
                sent["json"] = smallest(body["schema"], document)
            calls.append((method.upper(), path, sent))
    return calls


def asked(http: httpx.Client, call: Call) -> httpx.Response:
    method, path, sent = call
    if path == "/v1/intake":
        sent = sent | {"content": b"Reason for visit: sleep", "headers": {"Content-Type": "text/plain"}}
    return http.request(method, path, **sent)


OPEN = {"/v1/oidc/login", "/v1/audit"}
"""The one begins a sign-in and reads nothing; the other is an administrator's and holds no word of a session."""


@pytest.mark.parametrize("who", ["grace", "a supervisor", "administrator", "platform"])
def test_no_route_gives_anybody_anything_of_somebody_elses_session(there: Organisation, who: str) -> None:
    before = there.store.note(there.victim), there.store.transcript(there.victim)
    opened = there.platform(*KeyScope) if who == "platform" else there.signed_in(who)
    with opened as http:
        document = http.get("/v1/openapi.json").json()
        calls = [call for call in session_calls(document, there.victim) if call[1] not in OPEN]
        assert len(calls) >= 20, "the document lists the calls"
        answers = {f"{call[0]} {call[1]}": asked(http, call) for call in calls}
        nowhere = {
            f"{c[0]} {c[1]}": asked(http, c) for c in session_calls(document, "none") if c[1] not in OPEN
        }
    wrong = {name: a.status_code for name, a in answers.items() if a.status_code not in (403, 404)}
    assert not wrong
    for name, answer in answers.items():
        other = nowhere[name.replace(there.victim, "none")]
        told = answer.json()["detail"].replace(there.victim, "none")
        assert (answer.status_code, told) == (other.status_code, other.json()["detail"]), (
            f"nothing tells them apart: {name}"
        )
    assert (there.store.note(there.victim), there.store.transcript(there.victim)) == before
    refused = [e for e in there.audited("access refused") if e.actor == there.people[who]]
    assert len(refused) == sum(answer.status_code == 404 for answer in answers.values())
    assert {e.session for e in refused} <= {there.victim}


def test_the_owner_reaches_all_of_it(there: Organisation) -> None:
    """The same calls find something where they may: the test above does not pass for want of a session."""
    with there.signed_in("ada") as http:
        calls = session_calls(http.get("/v1/openapi.json").json(), there.victim)
        readings = [call for call in calls if call[0] == "GET" and call[1] not in OPEN]
        found = {call[1].removeprefix(f"/v1/sessions/{there.victim}"): asked(http, call) for call in readings}
    for path in ("", "/transcript", "/facts", "/note", "/note/checklist"):
        assert found[path].status_code == 200
    assert found["/note/export"].status_code == 409, "not signed yet"


def test_lists_show_ones_own_and_whom_one_supervises(there: Organisation) -> None:
    def listed(http: httpx.Client) -> set[str]:
        return {session["id"] for session in http.get("/v1/sessions").json()["sessions"]}

    own = there.session_of("grace")
    with there.signed_in("grace") as http:
        assert own in listed(http)
        assert there.victim not in listed(http)
    with there.signed_in("her supervisor") as http:
        assert there.victim in listed(http)
        assert own not in listed(http)
    with there.signed_in("a supervisor") as http:
        assert listed(http) == set()
    with there.signed_in("administrator") as http:
        assert http.get("/v1/sessions").status_code == 403


def test_a_supervisor_reads_and_no_more_and_every_read_is_audited(there: Organisation) -> None:
    at = f"/v1/sessions/{there.victim}"
    with there.signed_in("her supervisor") as http:
        assert LINES[0] in http.get(f"{at}/transcript").text
        assert http.get(f"{at}/note").status_code == 200
        assert http.get(at).json()["stream"] is None
        calls = session_calls(http.get("/v1/openapi.json").json(), there.victim)
        changes = [call for call in calls if call[0] != "GET" and call[1] != "/v1/intake"]
        assert len(changes) >= 12
        wrong = {f"{c[0]} {c[1]}": a.status_code for c in changes if (a := asked(http, c)).status_code != 403}
        assert not wrong
    read = {e.action for e in there.audit.events() if e.actor == there.people["her supervisor"]}
    assert {"transcript read", "note read", "session read"} <= read


def test_an_administrator_reads_the_audit_and_nobody_else_does(there: Organisation) -> None:
    with there.signed_in("administrator") as http:
        told = http.get("/v1/audit").text
        assert there.victim in told
        assert LINES[0] not in told
    for who in ("ada", "her supervisor"):
        with there.signed_in(who) as http:
            assert http.get("/v1/audit").status_code == 403
            assert http.delete("/v1/templates/own").status_code == 403


def test_a_clinician_signs_only_after_showing_anew_who_they_are(there: Organisation) -> None:
    there.provider.truthful()
    session_id = there.session_of("ada")
    at = f"/v1/sessions/{session_id}/note"
    with there.signed_in("ada") as http:
        view = http.get(at).json()
        for finding in view["note"]["findings"]:
            body = {"resolution": "justified", "reason": "Checked against the transcript."}
            assert http.patch(f"{at}/findings/{finding['id']}", json=body).status_code == 200
        body = {"name": "A. Lovelace", "credentials": "LCSW", "attestation": view["attestation"]}
        refused = http.post(f"{at}/sign", json=body)
        assert (refused.status_code, refused.json()["code"]) == (401, "not_confirmed")
        begun = http.get("/v1/oidc/login", params={"purpose": "sign", "session": session_id})
        back = httpx.get(begun.headers["Location"], trust_env=False).headers["Location"]
        assert http.get(back).headers["Location"] == f"/#/session/{session_id}"
        signed = http.post(f"{at}/sign", json=body)
        assert signed.status_code == 201, signed.text
        assert signed.json()["note"]["signature"]["account"] == there.people["ada"]
        assert http.get(f"{at}/export").status_code == 200
    with there.signed_in("her supervisor") as http:
        assert http.get(at).status_code == 200
        assert http.get(f"{at}/export").status_code == 403, "a supervisor takes nothing away as final"


def test_a_platform_begins_a_clinicians_session_and_hears_none_of_its_words(there: Organisation) -> None:
    new = consented().model_dump(mode="json") | {"clinician": there.people["grace"]}
    with there.platform(KeyScope.SESSIONS) as http:
        assert http.post("/v1/sessions", json=new | {"clinician": "nobody"}).status_code == 400
        made = http.post("/v1/sessions", json=new)
        assert made.status_code == 201, made.text
        session = made.json()
        assert session["owner"] == there.people["grace"]
        at = f"/v1/sessions/{session['id']}"
        sound = sample_audio()[: 16_000 * 10, :1]
        heard = asyncio.run(streamed(there, session["stream"]["token"], session["id"], sound.tobytes()))
        assert heard[-1]["type"] == "ended"
        assert not {m["type"] for m in heard} & {"utterance", "speaker_revision", "facts"}
        assert http.get(f"{at}/receipt").status_code == 200
        assert session["id"] in http.get("/v1/sessions").text
        for path in ("/transcript", "/note", "/facts", "/note/checklist"):
            assert http.get(at + path).status_code == 403
        signature = {"name": "x", "credentials": "x", "attestation": "x"}
        assert http.post(f"{at}/note/sign", json=signature).status_code == 403
    with there.platform(KeyScope.SESSIONS, KeyScope.READ) as http:
        assert http.get(f"{at}/transcript").status_code == 200
    with there.signed_in("grace") as http:
        assert http.get(f"{at}/transcript").json()["utterances"], "the words were heard, and are hers"
    opened = [e for e in there.audited("stream opened") if e.session == session["id"]]
    assert [e.actor for e in opened] == [there.people["platform"]]


def test_a_person_begins_sessions_for_nobody_else(there: Organisation) -> None:
    new = consented().model_dump(mode="json") | {"clinician": there.people["grace"]}
    with there.signed_in("ada") as http:
        assert http.post("/v1/sessions", json=new).status_code == 400
    for who in ("administrator", "a supervisor"):
        with there.signed_in(who) as http:
            assert http.post("/v1/sessions", json=consented().model_dump(mode="json")).status_code == 403


async def streamed(there: Organisation, token: str, session_id: str, sound: bytes) -> list[dict[str, Any]]:
    """All that the server said to whoever streamed float32 samples with this token."""
    start = {"type": "start", "encoding": "pcm_f32le", "sample_rate": 16_000, "channels": 1, "facts": True}
    heard = []
    async with connect(
        f"ws{there.running.url.removeprefix('http')}/v1/sessions/{session_id}/stream",
        subprotocols=["scribe.v1", f"token.{token}"],  # type: ignore[list-item]
        proxy=None,
    ) as socket:

        async def feed() -> None:
            await socket.send(json.dumps(start))
            for begin in range(0, len(sound), 32_000):
                await socket.send(sound[begin : begin + 32_000])
            await socket.send('{"type": "stop"}')

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(feed())
            async for message in socket:
                heard.append(json.loads(message))
    return heard


async def closed_with(there: Organisation, session_id: str, **options: Any) -> int:
    """The code with which the stream socket is closed at once."""
    options = {"subprotocols": ["scribe.v1"], "proxy": None} | options
    url = f"ws{there.running.url.removeprefix('http')}/v1/sessions/{session_id}/stream"
    async with connect(url, **options) as socket:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await socket.recv()
        assert socket.close_code is not None
        return socket.close_code


@pytest.mark.parametrize(
    ("who", "from_our_page", "code"),
    [("grace", True, 4404), ("her supervisor", True, 4403), ("ada", False, 4401)],
)
def test_a_cookie_opens_a_stream_for_whoever_may_and_from_our_own_page_only(
    there: Organisation, who: str, from_our_page: bool, code: int
) -> None:
    cookie = {"Cookie": f"scribe_session={there.sign_ins.begin(there.people[who], now())}"}
    origin = there.running.url if from_our_page else None
    closed = closed_with(there, there.victim, additional_headers=cookie, origin=origin)
    assert asyncio.run(closed) == code


@pytest.mark.parametrize("token", ["sk_0_0", TOKEN])
def test_a_token_that_is_none_opens_no_stream(there: Organisation, token: str) -> None:
    closed = closed_with(there, there.victim, additional_headers={"Authorization": f"Bearer {token}"})
    assert asyncio.run(closed) == 4401


def test_a_stream_token_ends_with_the_key_that_it_was_asked_for_with(there: Organisation) -> None:
    new = consented().model_dump(mode="json")
    with there.platform(KeyScope.SESSIONS) as http:
        session = http.post("/v1/sessions", json=new).json()
        key = http.headers["Authorization"].split("_")[1]
    token = session["stream"]["token"]
    there.accounts.revoke_key(key, now())
    offered = ["scribe.v1", f"token.{token}"]
    assert asyncio.run(closed_with(there, session["id"], subprotocols=offered)) == 4401


@pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}")
def test_a_clinician_signs_in_confirms_signs_and_signs_out_in_a_browser(there: Organisation) -> None:
    there.provider.truthful()
    session_id = there.session_of("ada")
    with there.signed_in("ada") as http:
        at = f"/v1/sessions/{session_id}/note"
        for finding in http.get(at).json()["note"]["findings"]:
            body = {"resolution": "justified", "reason": "Checked against the transcript."}
            assert http.patch(f"{at}/findings/{finding['id']}", json=body).status_code == 200
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        page = chromium.new_page()
        page.set_default_timeout(15_000)
        there.provider.roles = []
        page.goto(f"{there.running.url}/")
        page.get_by_role("button", name="Sign in with your organisation").click()
        expect(page.get_by_role("alert")).to_contain_text("no role here")
        there.provider.truthful()
        page.get_by_role("button", name="Sign in with your organisation").click()
        expect(page.get_by_role("heading", name="Sessions", exact=True)).to_be_visible()
        page.goto(f"{there.running.url}/#/session/{session_id}")
        page.get_by_role("button", name="Confirm who you are").click()
        page.get_by_role("checkbox", name="I have reviewed this note").check()
        page.get_by_label("Name", exact=True).fill("A. Lovelace")
        page.get_by_label("Credentials").fill("LCSW")
        expect(page.get_by_label("Access token")).to_have_count(0)
        page.get_by_role("button", name="Sign the note").click()
        expect(page.get_by_text("A. Lovelace, LCSW", exact=True)).to_be_visible()
        [cookie] = [c for c in page.context.cookies() if c["name"] == "scribe_session"]
        assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("button", name="Sign in with your organisation")).to_be_visible()
        chromium.close()
    headers = {"Cookie": f"scribe_session={cookie['value']}"}
    gone = httpx.get(f"{there.running.url}/v1/me", headers=headers, trust_env=False)
    assert gone.status_code == 401


@pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}")
def test_a_supervisor_reads_at_the_page_and_is_offered_no_change(there: Organisation) -> None:
    session_id = there.session_of("ada")
    cookie = there.sign_ins.begin(there.people["her supervisor"], now())
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = chromium.new_context()
        context.add_cookies([{"name": "scribe_session", "value": cookie, "url": there.running.url}])
        page = context.new_page()
        page.goto(f"{there.running.url}/#/session/{session_id}")
        expect(page.locator(".statement").first).to_be_visible()
        offered = page.locator("main").get_by_role("button").all_inner_texts()
        changes = (
            "Edit",
            "Remove",
            "Redraft",
            "Write",
            "Add a sentence",
            "Correct",
            "Revoke…",
            "Sign the note",
        )
        assert not [name for name in changes if name in offered], offered
        expect(page.locator(".process")).to_be_hidden()
        page.get_by_role("button", name="Save the draft as Text").click()
        expect(page.get_by_role("status").filter(has_text="is saved")).to_be_visible()
        page.goto(f"{there.running.url}/#/")
        expect(page.locator("ol.rows li").first).to_be_visible()
        expect(page.get_by_role("button", name="Shred")).to_have_count(0)
        chromium.close()
